"""Sorted sets: members in the order of their scores.

The halves give entries, `(score, member)`; the methods turn them round and shape them as redis-py does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import copysign, inf, nextafter
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, NoReturn, TypeAlias, cast, overload

from ..deadlines import waiting_time
from ..effects import effect
from ..encoding import (
    Encodable,
    ScanCount,
    encode,
    encode_all,
    integer,
    keys_of,
    pop_arguments,
    scan_count,
    scan_cursor,
)
from ..errors import (
    MUST_BE_POSITIVE,
    NOT_A_FLOAT,
    NOT_AN_INTEGER,
    OUT_OF_RANGE,
    SYNTAX,
    WRONG_TYPE,
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
    parse_double,
    parse_int,
    parse_score_bound,
)
from ..structs import Collection
from ..structs.limits import Limits
from ..structs.set import Set
from ..structs.sorted_set import (
    AGGREGATES,
    Combination,
    Entry,
    Ones,
    Scores,
    SortedSet,
    difference,
    intersection,
    intersection_size,
    is_small,
    union,
)
from ..waiting import Attempt

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    S = TypeVar("S", default=float)
else:
    from typing import TypeVar

    S = TypeVar("S")
ScoreCast: TypeAlias = Callable[[Any], S]
"""What makes a score of its text; if it cannot, it is given the float instead."""
Keys: TypeAlias = Iterable[Encodable]
WeightedKeys: TypeAlias = Iterable[Encodable] | Mapping[Any, float]
"""Keys, or a dict of keys and their weights."""

_STORED: dict[Combination, bytes] = {
    union: b"zunionstore",
    intersection: b"zinterstore",
    difference: b"zdiffstore",
}
"""The event when a combination is stored."""

NOT_A_NUMBER = "resulting score is not a number (NaN)"
NOT_A_SCORE_RANGE = "min or max is not a float"
NOT_A_LEX_RANGE = "min or max not valid string range item"
NOT_A_WEIGHT = "weight value is not a float"
LIMIT_NEEDS_A_RANGE = "syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX"
NEGATIVE_LIMIT = "LIMIT can't be negative"


class ByRank(NamedTuple):
    """The ranks from `first` to `last`, both included; negative ones count from the end. None is skipped."""

    first: int
    last: int

    def span(self, value: SortedSet, reverse: bool = False, skip: int = 0) -> tuple[int, int]:
        size = len(value)
        start = max(0, self.first + size if self.first < 0 else self.first)
        stop = min(size, (self.last + size if self.last < 0 else self.last) + 1)
        if start >= stop:
            return 0, 0
        return (size - stop, size - start) if reverse else (start, stop)


class ByScore(NamedTuple):
    """The scores from `low` up to `high`, `high` left out; None is no limit."""

    low: float
    high: float | None

    def span(self, value: SortedSet, reverse: bool = False, skip: int = 0) -> tuple[int, int]:
        start, stop = value.span_of_scores(self.low, self.high)
        return (start, max(start, stop - skip)) if reverse else (min(start + skip, stop), stop)


class ByLex(NamedTuple):
    """The members from `low` up to `high`, `high` left out; None is no limit."""

    low: bytes
    high: bytes | None

    def span(self, value: SortedSet, reverse: bool = False, skip: int = 0) -> tuple[int, int]:
        return value.span_of_members(self.low, self.high, reverse, skip)


_REMOVAL: dict[type, bytes] = {
    ByRank: b"zremrangebyrank",
    ByScore: b"zremrangebyscore",
    ByLex: b"zremrangebylex",
}
"""The event when a part of a sorted set is removed."""


def score_range(low: bytes, high: bytes) -> ByScore:
    """The range of scores that `1`, `(1` or `-inf` and the like are the ends of."""
    start, stop = parse_score_bound(low), parse_score_bound(high)
    if start is None or stop is None:
        raise ResponseError(NOT_A_SCORE_RANGE)
    (first, without_first), (last, without_last) = start, stop
    if without_first:
        if first == inf:
            return ByScore(inf, inf)
        first = nextafter(first, inf)
    if without_last:
        return ByScore(first, last)
    return ByScore(first, None if last == inf else nextafter(last, inf))


def lex_range(low: bytes, high: bytes) -> ByLex:
    """The range of members that `[a`, `(a`, `-` and `+` are the ends of."""
    start, stop = _lex_bound(low, b"("), _lex_bound(high, b"[")
    return ByLex(b"", b"") if start is None else ByLex(start, stop)


def _lex_bound(text: bytes, follows: bytes) -> bytes | None:
    """Where a range begins or ends, None after all members; with the sign `follows` right after the text."""
    sign = text[:1]
    if sign in (b"[", b"("):
        # Nothing is between a text and the same with a zero byte.
        return text[1:] + b"\0" if sign == follows else text[1:]
    if sign not in (b"-", b"+") or text[1:2] not in (b"", b"\0"):
        raise ResponseError(NOT_A_LEX_RANGE)
    return b"" if sign == b"-" else None


class Range(NamedTuple):
    """What ZRANGE is asked for: a part of a sorted set, of that part `limit` entries after `offset`."""

    by: ByRank | ByScore | ByLex
    reverse: bool = False
    offset: int = 0
    limit: int = -1

    def entries(self, value: SortedSet) -> list[Entry]:
        if self.offset < 0:
            return []
        start, stop = self.by.span(value, self.reverse, self.offset)
        if 0 <= self.limit < stop - start:
            start, stop = (stop - self.limit, stop) if self.reverse else (start, start + self.limit)
        return value.entries_between(start, stop, self.reverse) if start < stop else []


def read_range(
    start: Encodable,
    end: Encodable,
    offset: Encodable | None,
    num: Encodable | None,
    by: Literal["rank", "score", "lex"],
    reverse: bool,
) -> Range:
    """A range as ZRANGE and its older forms take it, of arguments in redis-py's order."""
    first, last = encode(start), encode(end)
    skip, count = 0, -1
    if offset is not None and num is not None:
        limits = encode(offset), encode(num)
        skip, count = integer(limits[0]), integer(limits[1])
    if by == "rank":
        if count != -1:
            raise ResponseError(LIMIT_NEEDS_A_RANGE)
        return Range(ByRank(integer(first), integer(last)), reverse)
    if reverse:
        first, last = last, first
    return Range(score_range(first, last) if by == "score" else lex_range(first, last), reverse, skip, count)


def read_scores(pairs: Iterable[tuple[Encodable, Encodable]]) -> list[tuple[bytes, float]]:
    """Members and scores as ZADD takes them; a ResponseError for a score that is no number."""
    scores: list[tuple[bytes, float]] = []
    texts: list[tuple[int, bytes]] | None = None
    for member, score in pairs:
        if type(score) is float and score == score:
            number = score
        elif type(score) is int and -0x20000000000000 <= score <= 0x20000000000000:
            number = float(score)
        else:
            texts = texts or []
            texts.append((len(scores), encode(score)))
            number = 0.0
        scores.append((member.encode() if isinstance(member, str) else encode(member), number))
    for place, text in texts or ():
        parsed = parse_double(text)
        if parsed is None:
            raise ResponseError(NOT_A_FLOAT)
        scores[place] = scores[place][0], parsed
    return scores


def _kept(
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


def read_zmpop(words: list[bytes]) -> tuple[list[bytes], bool, int]:
    """The keys, whether MAX, and how many."""
    keys, end, count = pop_arguments(words, (b"MIN", b"MAX"))
    return keys, end == b"MAX", count


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


def _check_range_options(
    byscore: bool, bylex: bool, offset: int | None, num: int | None, withscores: bool
) -> None:
    if byscore and bylex:
        raise DataError("``byscore`` and ``bylex`` can not be specified together.")
    if (offset is None) != (num is None):
        raise DataError("``offset`` and ``num`` must both be specified.")
    if bylex and withscores:
        raise DataError("``withscores`` not supported in combination with ``bylex``.")


def _check_limit(start: int | None, num: int | None) -> None:
    if (start is None) != (num is None):
        raise DataError("``start`` and ``num`` must both be specified")


def _refuse_without_destination(
    others: Iterable[Encodable], by: str, desc: bool, offset: int | None, num: int | None
) -> NoReturn:
    """Raise what Redis says to the ZRANGESTORE that redis-py sends when `dest` is empty: without it."""
    encode_all(others)
    limits = encode_all([offset, num]) if offset is not None and num is not None else []
    if by == "rank" and not desc:
        raise ResponseError(SYNTAX) if limits else wrong_arity("zrangestore")
    # BYSCORE, BYLEX or REV stands where a rank is looked for.
    if limits and [integer(each) for each in limits][1] != -1:
        raise ResponseError(LIMIT_NEEDS_A_RANGE)
    raise ResponseError(NOT_AN_INTEGER)


def at_least_one_key(command: str) -> str:
    return f"at least 1 input key is needed for '{command}' command"


class SortedSets(Keyspace[T]):
    """The sorted set commands."""

    # Reading

    def zscore(self, name: Encodable, value: Encodable) -> float | None:
        """The score of a member, or None. O(1)."""
        key = name.encode() if isinstance(name, str) else encode(name)
        member = value.encode() if isinstance(value, str) else encode(value)
        db = self._db
        if key not in db.special:
            found = db.data.get(key)
            if type(found) is SortedSet:
                score = found.scores.get(member)
                if not db.busy:
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
        if key not in db.special:
            found = db.data.get(key)
            if type(found) is SortedSet:
                size = len(found.scores)
                if not db.busy:
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

    # Ranges

    @overload
    def zrange(
        self,
        name: Encodable,
        start: Encodable,
        end: Encodable,
        desc: bool = False,
        withscores: Literal[False] = False,
        score_cast_func: ScoreCast[Any] = ...,
        byscore: bool = False,
        bylex: bool = False,
        offset: int | None = None,
        num: int | None = None,
    ) -> list[T]: ...
    @overload
    def zrange(
        self,
        name: Encodable,
        start: Encodable,
        end: Encodable,
        desc: bool = False,
        *,
        withscores: Literal[True],
        score_cast_func: ScoreCast[S] = ...,
        byscore: bool = False,
        bylex: bool = False,
        offset: int | None = None,
        num: int | None = None,
    ) -> list[tuple[T, S]]: ...
    @overload
    def zrange(
        self,
        name: Encodable,
        start: Encodable,
        end: Encodable,
        desc: bool = False,
        withscores: bool = False,
        score_cast_func: ScoreCast[S] = ...,
        byscore: bool = False,
        bylex: bool = False,
        offset: int | None = None,
        num: int | None = None,
    ) -> list[T] | list[tuple[T, S]]: ...
    def zrange(
        self,
        name: Encodable,
        start: Encodable,
        end: Encodable,
        desc: bool = False,
        withscores: bool = False,
        score_cast_func: ScoreCast[Any] = float,
        byscore: bool = False,
        bylex: bool = False,
        offset: int | None = None,
        num: int | None = None,
    ) -> list[T] | list[tuple[T, Any]]:
        """The members from rank `start` to rank `end`, both included, in order; negative ranks count from the
        end. O(log n + result).

        With `byscore` the two are scores, and with `bylex` members, as `zrangebyscore` and `zrangebylex` take
        them; then `num` members after `offset` can be asked for. With `desc` the order is the reverse, and
        `start` the greater. With `withscores` pairs of a member and its score, the score as `score_cast_func`
        makes it of the text.
        """
        if not byscore and not bylex and offset is None and num is None and desc:
            return self.zrevrange(name, start, end, withscores, score_cast_func)  # type: ignore[arg-type]
        _check_range_options(byscore, bylex, offset, num, withscores)
        by: Literal["rank", "score", "lex"] = "score" if byscore else "lex" if bylex else "rank"
        key = encode(name)
        found = self._zrange(key, read_range(start, end, offset, num, by, desc))
        return self._zshaped(found, withscores, score_cast_func)

    @overload
    def zrevrange(
        self,
        name: Encodable,
        start: int,
        end: int,
        withscores: Literal[False] = False,
        score_cast_func: ScoreCast[Any] = ...,
    ) -> list[T]: ...
    @overload
    def zrevrange(
        self,
        name: Encodable,
        start: int,
        end: int,
        withscores: Literal[True],
        score_cast_func: ScoreCast[S] = ...,
    ) -> list[tuple[T, S]]: ...
    @overload
    def zrevrange(
        self,
        name: Encodable,
        start: int,
        end: int,
        withscores: bool = False,
        score_cast_func: ScoreCast[S] = ...,
    ) -> list[T] | list[tuple[T, S]]: ...
    def zrevrange(
        self,
        name: Encodable,
        start: int,
        end: int,
        withscores: bool = False,
        score_cast_func: ScoreCast[Any] = float,
    ) -> list[T] | list[tuple[T, Any]]:
        """`zrange` with the ranks counted from the last member, and in reverse. O(log n + result)."""
        key = encode(name)
        found = self._zrange(key, read_range(start, end, None, None, "rank", True))
        return self._zshaped(found, withscores, score_cast_func)

    @overload
    def zrangebyscore(
        self,
        name: Encodable,
        min: Encodable,
        max: Encodable,
        start: int | None = None,
        num: int | None = None,
        withscores: Literal[False] = False,
        score_cast_func: ScoreCast[Any] = ...,
    ) -> list[T]: ...
    @overload
    def zrangebyscore(
        self,
        name: Encodable,
        min: Encodable,
        max: Encodable,
        start: int | None = None,
        num: int | None = None,
        *,
        withscores: Literal[True],
        score_cast_func: ScoreCast[S] = ...,
    ) -> list[tuple[T, S]]: ...
    @overload
    def zrangebyscore(
        self,
        name: Encodable,
        min: Encodable,
        max: Encodable,
        start: int | None = None,
        num: int | None = None,
        withscores: bool = False,
        score_cast_func: ScoreCast[S] = ...,
    ) -> list[T] | list[tuple[T, S]]: ...
    def zrangebyscore(
        self,
        name: Encodable,
        min: Encodable,
        max: Encodable,
        start: int | None = None,
        num: int | None = None,
        withscores: bool = False,
        score_cast_func: ScoreCast[Any] = float,
    ) -> list[T] | list[tuple[T, Any]]:
        """The members with scores from `min` to `max`, in order; `"(1"` excludes 1, `"-inf"` and `"+inf"` are
        no limits. O(log n + result).

        `num` of them after the first `start`, all if `num` is negative. For `withscores` see `zrange`.
        """
        _check_limit(start, num)
        key = encode(name)
        found = self._zrange(key, read_range(min, max, start, num, "score", False))
        return self._zshaped(found, withscores, score_cast_func)

    @overload
    def zrevrangebyscore(
        self,
        name: Encodable,
        max: Encodable,
        min: Encodable,
        start: int | None = None,
        num: int | None = None,
        withscores: Literal[False] = False,
        score_cast_func: ScoreCast[Any] = ...,
    ) -> list[T]: ...
    @overload
    def zrevrangebyscore(
        self,
        name: Encodable,
        max: Encodable,
        min: Encodable,
        start: int | None = None,
        num: int | None = None,
        *,
        withscores: Literal[True],
        score_cast_func: ScoreCast[S] = ...,
    ) -> list[tuple[T, S]]: ...
    @overload
    def zrevrangebyscore(
        self,
        name: Encodable,
        max: Encodable,
        min: Encodable,
        start: int | None = None,
        num: int | None = None,
        withscores: bool = False,
        score_cast_func: ScoreCast[S] = ...,
    ) -> list[T] | list[tuple[T, S]]: ...
    def zrevrangebyscore(
        self,
        name: Encodable,
        max: Encodable,
        min: Encodable,
        start: int | None = None,
        num: int | None = None,
        withscores: bool = False,
        score_cast_func: ScoreCast[Any] = float,
    ) -> list[T] | list[tuple[T, Any]]:
        """`zrangebyscore` in reverse: the highest score first. O(log n + result)."""
        _check_limit(start, num)
        key = encode(name)
        found = self._zrange(key, read_range(max, min, start, num, "score", True))
        return self._zshaped(found, withscores, score_cast_func)

    def zrangebylex(
        self,
        name: Encodable,
        min: Encodable,
        max: Encodable,
        start: int | None = None,
        num: int | None = None,
    ) -> list[T]:
        """The members from `min` to `max`, in order, where all scores are equal. O(log n + result).

        `"[a"` is from, or up to, a; `"(a"` leaves a itself out; `"-"` and `"+"` are no limits. `num` of them
        after the first `start`, all if `num` is negative.
        """
        _check_limit(start, num)
        key = encode(name)
        found = self._zrange(key, read_range(min, max, start, num, "lex", False))
        return self._many([member for _, member in found])

    def zrevrangebylex(
        self,
        name: Encodable,
        max: Encodable,
        min: Encodable,
        start: int | None = None,
        num: int | None = None,
    ) -> list[T]:
        """`zrangebylex` in reverse. O(log n + result)."""
        _check_limit(start, num)
        key = encode(name)
        found = self._zrange(key, read_range(max, min, start, num, "lex", True))
        return self._many([member for _, member in found])

    def _zrange(self, key: bytes, wanted: Range) -> list[Entry]:
        self._acquire()
        try:
            value = self._read(key, SortedSet)
            return [] if value is None else wanted.entries(value)
        finally:
            self._release()

    def zrangestore(
        self,
        dest: Encodable,
        name: Encodable,
        start: Encodable,
        end: Encodable,
        byscore: bool = False,
        bylex: bool = False,
        desc: bool = False,
        offset: int | None = None,
        num: int | None = None,
    ) -> int:
        """Put what `zrange` finds at `dest`, whatever was there; how many. O(log n + m log m)."""
        _check_range_options(byscore, bylex, offset, num, False)
        by: Literal["rank", "score", "lex"] = "score" if byscore else "lex" if bylex else "rank"
        if not dest:
            _refuse_without_destination([name, start, end], by, desc, offset, num)
        target, key = encode(dest), encode(name)
        return self._zrangestore(target, key, read_range(start, end, offset, num, by, desc))

    def _zrangestore(self, dest: bytes, key: bytes, wanted: Range) -> int:
        self._acquire()
        try:
            self._reap()
            value = self._read(key, SortedSet)
            entries = [] if value is None else wanted.entries(value)
            limits = self._shared.limits
            # How many there are by rank Redis knows before; otherwise it begins with a small set.
            large = isinstance(wanted.by, ByRank) and len(entries) > limits.zset_max_listpack_entries
            scores: dict[bytes, float] = {}
            for score, member in entries:
                scores[member] = score if large else _kept(None, scores, member, score, limits)
            return self._zstore(dest, scores, b"zrangestore")
        finally:
            self._release()

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
                    score = _kept(value, changes, member, score, self._shared.limits)
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
            kept = total if total else _kept(value, {}, member, total, self._shared.limits)
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

    # Combining

    @overload
    def zunion(
        self,
        keys: WeightedKeys,
        aggregate: str | None = None,
        withscores: Literal[False] = False,
        score_cast_func: ScoreCast[Any] = ...,
    ) -> list[T]: ...
    @overload
    def zunion(
        self,
        keys: WeightedKeys,
        aggregate: str | None = None,
        *,
        withscores: Literal[True],
        score_cast_func: ScoreCast[S] = ...,
    ) -> list[tuple[T, S]]: ...
    @overload
    def zunion(
        self,
        keys: WeightedKeys,
        aggregate: str | None = None,
        withscores: bool = False,
        score_cast_func: ScoreCast[S] = ...,
    ) -> list[T] | list[tuple[T, S]]: ...
    def zunion(
        self,
        keys: WeightedKeys,
        aggregate: str | None = None,
        withscores: bool = False,
        score_cast_func: ScoreCast[Any] = float,
    ) -> list[T] | list[tuple[T, Any]]:
        """The members of all sorted sets at `keys`, in order. O(n log n) in the sum of their sizes.

        A member that is in several has the sum of its scores, or with `aggregate` their `"min"` or `"max"`.
        With a dict of keys the scores are multiplied by its values first. A plain set's members have score 1.
        For `withscores` see `zrange`.
        """
        wanted = self._zread_combination("zunion", keys, aggregate, withscores)
        return self._zshaped(self._zcombine(union, *wanted), withscores, score_cast_func)

    @overload
    def zinter(
        self, keys: WeightedKeys, aggregate: str | None = None, withscores: Literal[False] = False
    ) -> list[T]: ...
    @overload
    def zinter(
        self, keys: WeightedKeys, aggregate: str | None = None, *, withscores: Literal[True]
    ) -> list[tuple[T, float]]: ...
    @overload
    def zinter(
        self, keys: WeightedKeys, aggregate: str | None = None, withscores: bool = False
    ) -> list[T] | list[tuple[T, float]]: ...
    def zinter(
        self, keys: WeightedKeys, aggregate: str | None = None, withscores: bool = False
    ) -> list[T] | list[tuple[T, float]]:
        """The members that are in each of the sorted sets at `keys`, in order; see `zunion`.

        O(n * keys + m log m) for a smallest set of n.
        """
        wanted = self._zread_combination("zinter", keys, aggregate, withscores)
        return self._zshaped(self._zcombine(intersection, *wanted), withscores, float)

    @overload
    def zdiff(self, keys: Sequence[Encodable], withscores: Literal[False] = False) -> list[T]: ...
    @overload
    def zdiff(self, keys: Sequence[Encodable], withscores: bool = False) -> list[T | bytes]: ...
    def zdiff(self, keys: Sequence[Encodable], withscores: bool = False) -> list[T] | list[T | bytes]:
        """The members of the first sorted set that are in no other, in order. O(n * keys + m log m).

        With `withscores` each is followed by the text of its score.
        """
        found = self._zcombine(
            difference, *self._zread_combination("zdiff", keys, None, withscores, weighted=False)
        )
        return self._zflat(found) if withscores else self._many([member for _, member in found])

    def zunionstore(self, dest: Encodable, keys: WeightedKeys, aggregate: str | None = None) -> int:
        """Put what `zunion` gives at `dest`, whatever was there; how many members."""
        target = encode(dest)
        return self._zcombinestore(target, union, *self._zread_combination("zunionstore", keys, aggregate))

    def zinterstore(self, dest: Encodable, keys: WeightedKeys, aggregate: str | None = None) -> int:
        """Put what `zinter` gives at `dest`, whatever was there; how many members."""
        target = encode(dest)
        return self._zcombinestore(
            target, intersection, *self._zread_combination("zinterstore", keys, aggregate)
        )

    def zdiffstore(self, dest: Encodable, keys: Sequence[Encodable]) -> int:
        """Put what `zdiff` gives at `dest`, whatever was there; how many members."""
        target = encode(dest)
        return self._zcombinestore(
            target, difference, *self._zread_combination("zdiffstore", keys, None, weighted=False)
        )

    def zintercard(self, numkeys: int, keys: Keys, limit: int = 0) -> int:
        """How many members are in each of the sorted sets at `keys`; not more than `limit`, unless it is 0.

        O(n * keys) for a smallest set of n, and no more than it takes to count to `limit`.
        """
        return self._zintercard(*self._zread_intercard(encode_all([numkeys, *keys, b"LIMIT", limit])))

    def _zread_intercard(self, words: list[bytes]) -> tuple[list[bytes], int]:
        """The keys and the limit of ZINTERCARD's arguments."""
        count, *rest = words
        number = integer(count)
        if number < 1:
            raise ResponseError(at_least_one_key("zintercard"))
        if number > len(rest):
            raise ResponseError(SYNTAX)
        names, options = rest[:number], rest[number:]
        most = 0
        while options:
            word, *options = options
            if word.upper() != b"LIMIT" or not options:
                self._zrefuse(names, SYNTAX)
            text, *options = options
            parsed = parse_int(text)
            if parsed is None or parsed < 0:
                self._zrefuse(names, NEGATIVE_LIMIT)
            most = parsed
        return names, most

    def _zread_combination(
        self,
        command: str,
        keys: WeightedKeys,
        aggregate: str | None,
        withscores: bool = False,
        weighted: bool = True,
    ) -> tuple[list[bytes], list[float], bytes]:
        """The keys, their weights and the aggregate of a command, as redis-py takes them."""
        size = len(keys)  # type: ignore[arg-type]
        if aggregate and aggregate.upper() not in ("SUM", "MIN", "MAX", "COUNT"):
            raise DataError("aggregate can be sum, min, max or count.")
        names = encode_all(keys)
        texts = encode_all(keys.values()) if weighted and isinstance(keys, dict) else []
        if not size:
            if not aggregate and not withscores:
                raise wrong_arity(command)
            raise ResponseError(at_least_one_key(command))
        weights = [1.0] * size
        for place, text in enumerate(texts):
            weight = parse_double(text)
            if weight is None:
                self._zrefuse(names, NOT_A_WEIGHT)
            weights[place] = weight
        how = aggregate.upper().encode() if aggregate else b"SUM"
        if how not in AGGREGATES:
            self._zrefuse(names, SYNTAX)
        return names, weights, how

    def _zrefuse(self, keys: Iterable[bytes], error: str) -> NoReturn:
        """Raise the error, after the one for a key of the wrong type: Redis looks at the keys first."""
        self._acquire()
        try:
            self._zsources(keys)
        finally:
            self._release()
        raise ResponseError(error)

    def _zsources(self, keys: Iterable[bytes]) -> list[Scores]:
        sources: list[Scores] = []
        for key in keys:
            value = self._read(key, Collection)
            if value is None:
                sources.append({})
            elif isinstance(value, SortedSet):
                sources.append(value.scores)
            elif isinstance(value, Set):
                sources.append(Ones(value))
            else:
                raise ResponseError(WRONG_TYPE)
        return sources

    def _zcombine(
        self, how: Combination, keys: Sequence[bytes], weights: Sequence[float], aggregate: bytes
    ) -> list[Entry]:
        """`how` is union, intersection or difference."""
        self._acquire()
        try:
            scores = how(self._zsources(keys), weights, aggregate)
        finally:
            self._release()
        return sorted((score, member) for member, score in scores.items())

    def _zcombinestore(
        self, dest: bytes, how: Combination, keys: Sequence[bytes], weights: Sequence[float], aggregate: bytes
    ) -> int:
        self._acquire()
        try:
            self._reap()
            scores = how(self._zsources(keys), weights, aggregate)
            if is_small(scores, self._shared.limits):
                # -0.0 + 0.0 is 0.0: a small set does not know the sign of a zero.
                scores = {member: score + 0.0 for member, score in scores.items()}
            return self._zstore(dest, scores, _STORED[how])
        finally:
            self._release()

    def _zintercard(self, keys: Sequence[bytes], limit: int = 0) -> int:
        self._acquire()
        try:
            return intersection_size(self._zsources(keys), limit)
        finally:
            self._release()

    # Effects

    @effect(50, on=SortedSet)
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

    @effect(51, on=SortedSet)
    def _effect_zrem(self, key: bytes, members: list[bytes]) -> None:
        """Take these members out of the sorted set at `key`."""
        value: Any = self._db.data[key]
        if len(members) == len(value):
            self._db.remove(key)
        else:
            value.remove(members)
