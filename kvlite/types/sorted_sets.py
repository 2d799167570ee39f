"""Sorted sets: members in the order of their scores.

The halves give entries, `(score, member)`; the methods turn them round and shape them as redis-py does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import copysign
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast, overload

from ..deadlines import waiting_time
from ..effects import effect
from ..encoding import (
    Encodable,
    ScanCount,
    encode,
    encode_all,
    integer,
    keys_of,
    scan_count,
    scan_cursor,
)
from ..errors import (
    MUST_BE_POSITIVE,
    OUT_OF_RANGE,
    DataError,
    ResponseError,
    wrong_arity,
)
from ..globs import compile_glob
from ..keyspace import Keyspace, T
from ..numbers import (
    INT64_MAX,
    INT64_MIN,
    format_double,
)
from ..structs.collection import weight
from ..structs.limits import Limits
from ..structs.sorted_set import (
    Entry,
    SortedSet,
    is_small,
)
from ..waiting import Attempt
from .sorted_set_arguments import ByLex, ByRank, ByScore, lex_range, read_scores, read_zmpop, score_range

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    S = TypeVar("S", default=float)
else:
    from typing import TypeVar

    S = TypeVar("S")
ScoreCast: TypeAlias = Callable[[Any], S]
"""What makes a score of its text; if it cannot, it is given the float instead."""
Keys: TypeAlias = Iterable[Encodable]

NOT_A_NUMBER = "resulting score is not a number (NaN)"

_REMOVAL: dict[type, bytes] = {
    ByRank: b"zremrangebyrank",
    ByScore: b"zremrangebyscore",
    ByLex: b"zremrangebylex",
}
"""The event when a part of a sorted set is removed."""


def kept_score(
    value: SortedSet | None, changes: Mapping[bytes, float], member: bytes, score: float, limits: Limits
) -> float:
    """`score` as it is kept: a small set, as Redis's listpack, does not know the sign of a zero."""
    if score or copysign(1.0, score) > 0 or len(changes) > limits.zset_max_listpack_entries:
        return score
    if value is None:
        value = SortedSet()
    new = {*changes, member} - value.scores.keys()
    small = value.small and (not new or is_small(new, limits, len(value) + len(new)))
    return 0.0 if small else score


def scanned_text(score: float, small: bool) -> bytes:
    """The text of a score in ZSCAN, where a small set shows that it is kept with integers as such."""
    if small and abs(score) <= 0x4000000000000000 and score == int(score):
        return b"%d" % score
    return format_double(score)


def _cast(text: Any, function: ScoreCast[S]) -> S:
    try:
        return function(text)
    except (ValueError, TypeError):
        return function(float(text))


def _weight_of_new(held: SortedSet, scores: dict[bytes, float]) -> int:
    return weight(member for member in scores if member not in held.scores)


class SortedSets(Keyspace[T]):
    """The commands of sorted sets, but for those that read a part in order and those that combine several.

    Those need what these have: the effects, and how entries are shaped.
    """

    # Reading

    def zscore(self, name: Encodable, value: Encodable) -> float | None:
        """The score of a member, or None. O(1)."""
        key = name.encode() if isinstance(name, str) else encode(name)
        member = value.encode() if isinstance(value, str) else encode(value)
        db = self._db
        if key not in db.deadlines:
            found = db.data.get(key)
            if type(found) is SortedSet:
                score = found.scores.get(member)
                if db.doubt is None or not db.doubt(key):
                    return score
        return self._zscore(key, member)

    def _zscore(self, key: bytes, member: bytes) -> float | None:
        self._acquire()
        try:
            value = self._read(key, SortedSet)
            return None if value is None else value.scores.get(member)
        finally:
            self._release()

    def zmscore(self, key: Encodable, members: list[Encodable] | list[str]) -> list[float | None]:
        """The scores of several members, None for those that are not there. O(members)."""
        if not members:
            raise DataError("ZMSCORE members must be a non-empty list")
        name, *wanted = encode_all([key] + members)  # type: ignore[operator]  # noqa: RUF005  # lists only
        return self._zmscore(name, wanted)

    def _zmscore(self, key: bytes, members: Sequence[bytes]) -> list[float | None]:
        self._acquire()
        try:
            value = self._read(key, SortedSet)
            scores = {} if value is None else value.scores
            return [scores.get(member) for member in members]
        finally:
            self._release()

    def zcard(self, name: Encodable) -> int:
        """How many members there are, 0 if there is no such key. O(1)."""
        key = name.encode() if isinstance(name, str) else encode(name)
        db = self._db
        if key not in db.deadlines:
            found = db.data.get(key)
            if type(found) is SortedSet:
                size = len(found.scores)
                if db.doubt is None or not db.doubt(key):
                    return size
        return self._zcard(key)

    def _zcard(self, key: bytes) -> int:
        self._acquire()
        try:
            value = self._read(key, SortedSet)
            return 0 if value is None else len(value)
        finally:
            self._release()

    def zcount(self, name: Encodable, min: Encodable, max: Encodable) -> int:
        """How many members have a score from `min` to `max`; `"(1"` excludes 1. O(log n)."""
        key, low, high = encode(name), encode(min), encode(max)
        return self._zcount(key, score_range(low, high))

    def zlexcount(self, name: Encodable, min: Encodable, max: Encodable) -> int:
        """How many members are from `min` to `max`, such as `"[a"`, `"(a"`, `"-"` and `"+"`, where all
        scores are equal. O(log n)."""
        key, low, high = encode(name), encode(min), encode(max)
        return self._zcount(key, lex_range(low, high))

    def _zcount(self, key: bytes, by: ByScore | ByLex) -> int:
        self._acquire()
        try:
            value = self._read(key, SortedSet)
            if value is None:
                return 0
            start, stop = by.span(value)
            return stop - start
        finally:
            self._release()

    @overload
    def zrank(
        self,
        name: Encodable,
        value: Encodable,
        withscore: Literal[False] = False,
        score_cast_func: ScoreCast[Any] = ...,
    ) -> int | None: ...
    @overload
    def zrank(
        self,
        name: Encodable,
        value: Encodable,
        withscore: Literal[True],
        score_cast_func: ScoreCast[S] = ...,
    ) -> list[int | S] | None: ...
    @overload
    def zrank(
        self,
        name: Encodable,
        value: Encodable,
        withscore: bool = False,
        score_cast_func: ScoreCast[S] = ...,
    ) -> int | list[int | S] | None: ...
    def zrank(
        self,
        name: Encodable,
        value: Encodable,
        withscore: bool = False,
        score_cast_func: ScoreCast[Any] = float,
    ) -> int | list[Any] | None:
        """How many members come before this one, or None if it is not there. O(log n).

        With `withscore`, as in Redis 7.2, `[rank, score]`.
        """
        key = name.encode() if isinstance(name, str) else encode(name)
        member = value.encode() if isinstance(value, str) else encode(value)
        found = self._zrank(key, member)
        if found is None:
            return None
        return [found[0], _cast(format_double(found[1]), score_cast_func)] if withscore else found[0]

    @overload
    def zrevrank(
        self,
        name: Encodable,
        value: Encodable,
        withscore: Literal[False] = False,
        score_cast_func: ScoreCast[Any] = ...,
    ) -> int | None: ...
    @overload
    def zrevrank(
        self,
        name: Encodable,
        value: Encodable,
        withscore: Literal[True],
        score_cast_func: ScoreCast[S] = ...,
    ) -> list[int | S] | None: ...
    @overload
    def zrevrank(
        self,
        name: Encodable,
        value: Encodable,
        withscore: bool = False,
        score_cast_func: ScoreCast[S] = ...,
    ) -> int | list[int | S] | None: ...
    def zrevrank(
        self,
        name: Encodable,
        value: Encodable,
        withscore: bool = False,
        score_cast_func: ScoreCast[Any] = float,
    ) -> int | list[Any] | None:
        """How many members come after this one; see `zrank`. O(log n)."""
        found = self._zrank(encode(name), encode(value), reverse=True)
        if found is None:
            return None
        return [found[0], _cast(format_double(found[1]), score_cast_func)] if withscore else found[0]

    def _zrank(self, key: bytes, member: bytes, reverse: bool = False) -> tuple[int, float] | None:
        """The rank and the score."""
        self._acquire()
        try:
            value = self._read(key, SortedSet)
            score = None if value is None else value.scores.get(member)
            if score is None or value is None:
                return None
            rank: int = value.entries.bisect_left((score, member))
            return len(value) - 1 - rank if reverse else rank, score
        finally:
            self._release()

    @overload
    def zrandmember(
        self, key: Encodable, count: None = None, withscores: Literal[False] = False
    ) -> T | None: ...
    @overload
    def zrandmember(self, key: Encodable, count: int, withscores: Literal[False] = False) -> list[T]: ...
    @overload
    def zrandmember(self, key: Encodable, count: int, withscores: bool = False) -> list[T | bytes]: ...
    def zrandmember(
        self, key: Encodable, count: int | None = None, withscores: bool = False
    ) -> T | list[T] | list[T | bytes] | None:
        """A member at random, or None. O(1).

        With `count` a list: so many different ones, or all if there are fewer; if it is negative, so many
        that may repeat. O(count). With `withscores` each is followed by the text of its score.
        """
        name = encode(key)
        if count is None:
            if withscores:
                integer("WITHSCORES")  # what redis-py sends in the count's place
            picked = self._zrandmember(name, None)
            return self._one(picked[0][1]) if picked else None
        number = integer(encode(count))
        if number == INT64_MIN:
            raise ResponseError(f"{OUT_OF_RANGE}, value must between {-INT64_MAX} and {INT64_MAX}")
        if withscores and not -INT64_MAX // 2 < number <= INT64_MAX // 2:
            raise ResponseError(OUT_OF_RANGE)
        picked = self._zrandmember(name, number)
        return self._zflat(picked) if withscores else self._many([member for _, member in picked])

    def _zrandmember(self, key: bytes, count: int | None) -> list[Entry]:
        """One for None."""
        random = self._shared.random
        self._acquire()
        try:
            value = self._read(key, SortedSet)
            if value is None or count == 0:
                return []
            if count is None:
                members = [value.choose(random)]
            elif count > 0:
                members = value.sample(random, count)
            else:
                members = value.choices(random, -count)
            return [(value.scores[member], member) for member in members]
        finally:
            self._release()

    def zscan(
        self,
        name: Encodable,
        cursor: int = 0,
        match: Encodable | None = None,
        count: int | None = None,
        score_cast_func: ScoreCast[S] = float,  # type: ignore[assignment]
    ) -> tuple[int, list[tuple[T, S]]]:
        """About `count` members with their scores, and the cursor to go on with, 0 after the last. O(count).

        `match` is a glob pattern they have to match. What is there from the first call, with cursor 0, to
        the last is given at least once. Up to 128 members come all at once.
        """
        key, start = encode(name), encode(cursor)
        pattern = None if match is None else encode(match)
        limit = None if count is None else encode(count)
        position, entries, small = self._zscan(key, scan_cursor(start), pattern, limit)
        if score_cast_func is float:
            return position, self._scored([(member, cast("S", score)) for score, member in entries])
        return position, self._scored(
            [
                (member, _cast(self._one(scanned_text(score, small)), score_cast_func))
                for score, member in entries
            ]
        )

    def _zscan(
        self, key: bytes, cursor: int, pattern: bytes | None, count: ScanCount
    ) -> tuple[int, list[Entry], bool]:
        """The next cursor, the entries, and whether the set is small; see `scanned_text`.

        As Redis does, `count` is only read when there is a sorted set to scan.
        """
        self._acquire()
        try:
            value = self._read(key, SortedSet)
            if value is None:
                return 0, [], True
            cursor, entries = value.scan(cursor, scan_count(count))
            small = value.small
        finally:
            self._release()
        if pattern is not None:
            matches = compile_glob(pattern)
            entries = [entry for entry in entries if matches(entry[1])]
        return cursor, entries, small

    def zscan_iter(
        self,
        name: Encodable,
        match: Encodable | None = None,
        count: int | None = None,
        score_cast_func: ScoreCast[S] = float,  # type: ignore[assignment]
    ) -> Iterator[tuple[T, S]]:
        """All members with their scores, by `zscan`."""
        cursor, more = 0, True
        while more:
            cursor, entries = self.zscan(name, cursor, match, count, score_cast_func=score_cast_func)
            more = cursor != 0
            yield from entries

    def _zstore(self, dest: bytes, scores: dict[bytes, float], event: bytes) -> int:
        self._put_result(dest, SortedSet(scores, self._shared.limits) if scores else None, event)
        return len(scores)

    # Shaping

    def _zshaped(
        self, entries: list[Entry], withscores: bool, score_cast: ScoreCast[Any]
    ) -> list[T] | list[tuple[T, Any]]:
        if not withscores:
            return self._many([member for _, member in entries])
        if score_cast is float:
            return self._scored([(member, score) for score, member in entries])
        return self._scored([(member, _cast(format_double(score), score_cast)) for score, member in entries])

    def _zflat(self, entries: list[Entry]) -> list[T | bytes]:
        """Members and the texts of their scores, in turn."""
        flat: list[T | bytes] = []
        for score, member in entries:
            flat += (self._one(member), format_double(score))
        return flat

    # Adding

    @overload
    def zadd(
        self,
        name: Encodable,
        mapping: Mapping[Any, Encodable],
        nx: bool = False,
        xx: bool = False,
        ch: bool = False,
        incr: Literal[False] = False,
        gt: bool = False,
        lt: bool = False,
    ) -> int: ...
    @overload
    def zadd(
        self,
        name: Encodable,
        mapping: Mapping[Any, Encodable],
        nx: bool = False,
        xx: bool = False,
        ch: bool = False,
        *,
        incr: Literal[True],
        gt: bool = False,
        lt: bool = False,
    ) -> float | None: ...
    @overload
    def zadd(
        self,
        name: Encodable,
        mapping: Mapping[Any, Encodable],
        nx: bool = False,
        xx: bool = False,
        ch: bool = False,
        incr: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> int | float | None: ...
    def zadd(
        self,
        name: Encodable,
        mapping: Mapping[Any, Encodable],
        nx: bool = False,
        xx: bool = False,
        ch: bool = False,
        incr: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> int | float | None:
        """Give members scores; how many are new, with `ch` how many are new or changed. O(m log n).

        `nx` only adds, `xx` only changes what is there; `gt` and `lt` change a score only to a greater or
        a lesser one. With `incr` the one score given is added to what the member has, and the answer is the
        sum, or None if a condition did not hold.
        """
        if not mapping:
            raise DataError("ZADD requires at least one element/score pair")
        if nx or xx or gt or lt or incr:
            if nx and xx:
                raise DataError("ZADD allows either 'nx' or 'xx', not both")
            if gt and lt:
                raise DataError("ZADD allows either 'gt' or 'lt', not both")
            if incr and len(mapping) != 1:
                raise DataError("ZADD option 'incr' only works when passing a single element/score pair")
            if nx and (gt or lt):
                raise DataError("Only one of 'nx', 'lt', or 'gr' may be defined.")
        key = name.encode() if isinstance(name, str) else encode(name)
        pairs = read_scores(mapping.items())
        if incr:
            [(member, amount)] = pairs
            return self._zincr(key, member, amount, nx, xx, gt, lt)
        added, changed = self._zadd(key, pairs, nx, xx, gt, lt)
        return added + changed if ch else added

    def _zadd(
        self,
        key: bytes,
        pairs: Sequence[tuple[bytes, float]],
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> tuple[int, int]:
        """How many members are new, and how often a score changed."""
        added = changed = 0
        changes: dict[bytes, float] = {}
        self._acquire()
        try:
            if self._shared.next_due is not None:
                self._reap()
            db = self._db
            value = db.data.get(key)
            if type(value) is not SortedSet or key in db.special:
                value = self._held(key, SortedSet)
            scores = {} if value is None else value.scores
            for member, score in pairs:
                old = changes.get(member)
                if old is None:
                    old = scores.get(member)
                if old is None:
                    if xx:
                        continue
                    added += 1
                elif nx or score == old or (gt and score < old) or (lt and score > old):
                    continue
                else:
                    changed += 1
                if not score:
                    score = kept_score(value, changes, member, score, self._shared.limits)
                changes[member] = score
            if changes:
                self._effect_zadd(key, changes)
                if self._notify is not None:
                    self._notify(b"zadd", key)
        finally:
            self._release()
        return added, changed

    def zincrby(self, name: Encodable, amount: float, value: Encodable) -> float:
        """Add `amount` to a member's score, 0 if it is not there; the sum. O(log n).

        A ResponseError if the sum is no number: inf - inf.
        """
        key = name.encode() if isinstance(name, str) else encode(name)
        [(member, number)] = read_scores([(value, amount)])
        total = self._zincr(key, member, number)
        assert total is not None
        return total

    def _zincr(
        self,
        key: bytes,
        member: bytes,
        amount: float,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> float | None:
        """The new score; None if a condition did not hold."""
        self._acquire()
        try:
            value = self._write(key, SortedSet)
            old = None if value is None else value.scores.get(member)
            if old is None:
                if xx:
                    return None
                total = amount
            else:
                if nx:
                    return None
                total = old + amount
                if total != total:
                    raise ResponseError(NOT_A_NUMBER)
                if (gt and total <= old) or (lt and total >= old):
                    return None
                if total == old:
                    return total
            kept = total if total else kept_score(value, {}, member, total, self._shared.limits)
            self._effect_zadd(key, {member: kept})
            if self._notify is not None:
                self._notify(b"zincr", key)
            return total
        finally:
            self._release()

    # Removing

    def zrem(self, name: Encodable, *values: Encodable) -> int:
        """Remove members; how many were there. O(m log n)."""
        key, *members = encode_all([name, *values])
        if not members:
            raise wrong_arity("zrem")
        return self._zrem(key, members)

    def _zrem(self, key: bytes, members: Iterable[bytes]) -> int:
        self._acquire()
        try:
            value = self._write(key, SortedSet)
            if value is None:
                return 0
            found = [member for member in dict.fromkeys(members) if member in value.scores]
            self._ztake(key, found, b"zrem")
            return len(found)
        finally:
            self._release()

    def zremrangebyrank(self, name: Encodable, min: int, max: int) -> int:
        """Remove the members from rank `min` to rank `max`, both included; how many. O(m log n)."""
        key, first, last = encode(name), encode(min), encode(max)
        return self._zremrange(key, ByRank(integer(first), integer(last)))

    def zremrangebyscore(self, name: Encodable, min: Encodable, max: Encodable) -> int:
        """Remove the members `zrangebyscore` gives; how many. O(m log n)."""
        key, low, high = encode(name), encode(min), encode(max)
        return self._zremrange(key, score_range(low, high))

    def zremrangebylex(self, name: Encodable, min: Encodable, max: Encodable) -> int:
        """Remove the members `zrangebylex` gives; how many. O(m log n)."""
        key, low, high = encode(name), encode(min), encode(max)
        return self._zremrange(key, lex_range(low, high))

    def _zremrange(self, key: bytes, by: ByRank | ByScore | ByLex) -> int:
        self._acquire()
        try:
            value = self._write(key, SortedSet)
            if value is None:
                return 0
            members = [member for _, member in value.entries_between(*by.span(value))]
            self._ztake(key, members, _REMOVAL[type(by)])
            return len(members)
        finally:
            self._release()

    def _ztake(self, key: bytes, members: list[bytes], event: bytes) -> None:
        """Remove members, which are there, at once for those who read without the lock."""
        if not members:
            return
        if len(members) == 1:
            self._effect_zrem(key, members)
        else:
            self._begin()
            try:
                self._effect_zrem(key, members)
            finally:
                self._end()
        if self._notify is not None:
            self._notify(event, key)

    def zpopmin(self, name: Encodable, count: int | None = None) -> list[tuple[T, float]]:
        """Remove the member with the lowest score, or `count` of them; with their scores. O(m log n)."""
        return self._zpopped(name, count, reverse=False)

    def zpopmax(self, name: Encodable, count: int | None = None) -> list[tuple[T, float]]:
        """Remove the member with the highest score, or `count` of them; with their scores. O(m log n)."""
        return self._zpopped(name, count, reverse=True)

    def _zpopped(self, name: Encodable, count: int | None, reverse: bool) -> list[tuple[T, float]]:
        key = encode(name)
        number = 1 if count is None else integer(encode(count), MUST_BE_POSITIVE)
        if number < 0:
            raise ResponseError(MUST_BE_POSITIVE)
        return self._scored([(member, score) for score, member in self._zpop(key, number, reverse)])

    def _zpop(self, key: bytes, count: int, reverse: bool = False) -> list[Entry]:
        self._acquire()
        try:
            value = self._write(key, SortedSet)
            if value is None or not count:
                return []
            size = len(value)
            number = min(count, size)
            span = (size - number, size) if reverse else (0, number)
            entries = value.entries_between(*span, reverse)
            self._ztake(key, [member for _, member in entries], b"zpopmax" if reverse else b"zpopmin")
            return entries
        finally:
            self._release()

    def zmpop(
        self,
        num_keys: int,
        keys: list[Encodable] | list[str],
        min: bool | None = False,
        max: bool | None = False,
        count: int | None = 1,
    ) -> list[T | list[list[T | bytes]]] | None:
        """Remove the `count` lowest, with `max` highest, members of the first of `keys` that has any.

        `[key, [[member, text of its score], ...]]`, or None. O(keys + m log n).
        """
        arguments: list[Any] = [num_keys]
        arguments = arguments + keys  # redis-py takes lists only
        if (min and max) or not (min or max):
            raise DataError
        arguments.append(b"MIN" if min else b"MAX")
        if count != 1:
            arguments += [b"COUNT", count]
        words = encode_all(arguments)
        if len(words) < 3:
            raise wrong_arity("zmpop")
        return self._zmpopped(self._zmpop(*read_zmpop(words)))

    def _zmpop(
        self, keys: Iterable[bytes], reverse: bool, count: int = 1
    ) -> tuple[bytes, list[Entry]] | None:
        self._acquire()
        try:
            for key in keys:
                entries = self._zpop(key, count, reverse)
                if entries:
                    return key, entries
            return None
        finally:
            self._release()

    def _zmpopped(self, found: tuple[bytes, list[Entry]] | None) -> list[T | list[list[T | bytes]]] | None:
        if found is None:
            return None
        key, entries = found
        return [self._one(key), [[self._one(member), format_double(score)] for score, member in entries]]

    # Blocking

    def bzpopmin(self, keys: Encodable | Keys, timeout: float = 0) -> tuple[T, T, float] | None:
        """Remove the member with the lowest score of the first of `keys` that has any, waiting for one.

        `(key, member, score)`, or None after `timeout` seconds; 0 waits for ever. O(keys + log n).
        """
        return self._bzpopped("bzpopmin", keys, timeout, reverse=False)

    def bzpopmax(self, keys: Encodable | Keys, timeout: float = 0) -> tuple[T, T, float] | None:
        """`bzpopmin` for the highest score."""
        return self._bzpopped("bzpopmax", keys, timeout, reverse=True)

    def _bzpopped(
        self, command: str, keys: Encodable | Keys, timeout: float | None, reverse: bool
    ) -> tuple[T, T, float] | None:
        names = keys_of(keys)
        seconds = encode(0 if timeout is None else timeout)
        if not names:
            raise wrong_arity(command)
        return self._block(self._bzmpop(names, reverse, 1), waiting_time(seconds), self._bzpopped_one)

    def _bzpopped_one(self, found: tuple[bytes, list[Entry]]) -> tuple[T, T, float]:
        key, [(score, member)] = found
        return self._one(key), self._one(member), score

    def bzmpop(
        self,
        timeout: float,
        numkeys: int,
        keys: Keys,
        min: bool | None = False,
        max: bool | None = False,
        count: int | None = 1,
    ) -> list[T | list[list[T | bytes]]] | None:
        """`zmpop`, waiting up to `timeout` seconds for a member; 0 waits for ever."""
        arguments: list[Any] = [timeout, numkeys, *keys]
        if (min and max) or not (min or max):
            raise DataError("Either min or max, but not both must be set")
        arguments += [b"MIN" if min else b"MAX", b"COUNT", count]
        seconds, *words = encode_all(arguments)
        names, reverse, amount = read_zmpop(words)
        return self._block(self._bzmpop(names, reverse, amount), waiting_time(seconds), self._zmpopped)

    def _bzmpop(self, keys: list[bytes], reverse: bool, count: int) -> Attempt[tuple[bytes, list[Entry]]]:
        def serve(key: bytes) -> tuple[bytes, list[Entry]] | None:
            entries = self._zpop(key, count, reverse)
            return (key, entries) if entries else None

        def put_back(popped: tuple[bytes, list[Entry]]) -> None:
            key, entries = popped
            self._zadd(key, [(member, score) for score, member in entries], nx=True)

        return Attempt(self, keys, SortedSet, serve, put_back)

    # Effects

    @effect(50, on=SortedSet, weigh=_weight_of_new)
    def _effect_zadd(self, key: bytes, scores: dict[bytes, float]) -> None:
        """Give members of the sorted set at `key`, made if missing, these scores."""
        value: Any = self._db.data.get(key)
        if value is None:
            self._birth(key, SortedSet(scores, self._shared.limits))
        elif len(scores) == 1:
            [(member, score)] = scores.items()
            value.put(member, score, self._shared.limits)
        else:
            value.update(scores, self._shared.limits)

    @effect(51, on=SortedSet, weigh=lambda held, members: -weight(members))
    def _effect_zrem(self, key: bytes, members: list[bytes]) -> None:
        """Take these members out of the sorted set at `key`."""
        value: Any = self._db.data[key]
        if len(members) == len(value):
            self._db.remove(key)
        else:
            value.remove(members)
