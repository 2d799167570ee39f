"""Sorted sets: members in the order of their scores.

The halves give entries, `(score, member)`; the methods turn them round and shape them as redis-py does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import copysign, inf, nextafter
from typing import Any, Literal, NamedTuple, NoReturn, TypeAlias, TypeVar, overload

from ..effects import effect
from ..encoding import Encodable, encode, encode_all, integer, keys_of, scan_cursor
from ..errors import (
    MUST_BE_POSITIVE,
    NOT_A_FLOAT,
    OUT_OF_RANGE,
    SYNTAX,
    WRONG_TYPE,
    DataError,
    ResponseError,
    wrong_arity,
)
from ..globs import compile_glob
from ..keyspace import Keyspace, T
from ..numbers import INT64_MAX, INT64_MIN, format_double, parse_double, parse_score_bound, parse_timeout
from ..structs import Collection
from ..structs.set import Set
from ..structs.sorted_set import (
    AGGREGATES,
    SMALL,
    SMALL_MEMBER,
    Entry,
    Ones,
    Scores,
    SortedSet,
    difference,
    intersection,
    intersection_size,
    union,
)

S = TypeVar("S")
ScoreCast: TypeAlias = Callable[[Any], S]
"""What makes a score of its text; if it cannot, it is given the float instead."""
Keys: TypeAlias = Iterable[Encodable]
WeightedKeys: TypeAlias = Iterable[Encodable] | Mapping[Any, float]
"""Keys, or a dict of keys and their weights."""

NOT_A_NUMBER = "resulting score is not a number (NaN)"
NOT_A_SCORE_RANGE = "min or max is not a float"
NOT_A_LEX_RANGE = "min or max not valid string range item"
NOT_A_WEIGHT = "weight value is not a float"
LIMIT_NEEDS_A_RANGE = (
    "syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX"
)
NEGATIVE_LIMIT = "LIMIT can't be negative"
NO_KEYS = "numkeys should be greater than 0"
NO_COUNT = "count should be greater than 0"
BAD_TIMEOUT = "timeout is not a float or out of range"
NEGATIVE_TIMEOUT = "timeout is negative"


class ByRank(NamedTuple):
    """The ranks from `first` to `last`, both included; negative ones count from the end."""

    first: int
    last: int

    def span(self, value: SortedSet, reverse: bool = False) -> tuple[int, int]:
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

    def span(self, value: SortedSet, reverse: bool = False) -> tuple[int, int]:
        return value.span_of_scores(self.low, self.high)


class ByLex(NamedTuple):
    """The members from `low` up to `high`, `high` left out; None is no limit."""

    low: bytes
    high: bytes | None

    def span(self, value: SortedSet, reverse: bool = False) -> tuple[int, int]:
        return value.span_of_members(self.low, self.high, reverse)


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
    """Where the range begins or ends, None after all members; with the sign `follows`, right after the text."""
    sign = text[:1]
    if sign in (b"[", b"("):
        # Nothing is between a text and the same with a zero byte.
        return text[1:] + b"\0" if sign == follows else text[1:]
    if sign not in (b"-", b"+") or text[1:2] not in (b"", b"\0"):
        raise ResponseError(NOT_A_LEX_RANGE)
    return b"" if sign == b"-" else None


class Range(NamedTuple):
    """What ZRANGE is asked for: a part of a sorted set, of that part `count` entries after `offset`."""

    by: ByRank | ByScore | ByLex
    reverse: bool = False
    offset: int = 0
    count: int = -1

    def entries(self, value: SortedSet) -> list[Entry]:
        start, stop = self.by.span(value, self.reverse)
        if self.offset < 0:
            return []
        wanted = stop - start if self.count < 0 else self.count
        if self.reverse:
            stop -= self.offset
            start = max(start, stop - wanted)
        else:
            start += self.offset
            stop = min(stop, start + wanted)
        return value.entries_between(start, stop, self.reverse) if start < stop else []


def _read_range(
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
    texts: list[tuple[int, bytes]] = []
    for member, score in pairs:
        if type(score) is float and score == score:
            number = score
        elif type(score) is int and -0x20000000000000 <= score <= 0x20000000000000:
            number = float(score)
        else:
            texts.append((len(scores), encode(score)))
            number = 0.0
        scores.append((member.encode() if isinstance(member, str) else encode(member), number))
    for place, text in texts:
        parsed = parse_double(text)
        if parsed is None:
            raise ResponseError(NOT_A_FLOAT)
        scores[place] = scores[place][0], parsed
    return scores



def _kept(value: SortedSet | None, changes: Mapping[bytes, float], member: bytes, score: float) -> float:
    """`score` as it is kept: a small set, as Redis's listpack, does not know the sign of a zero."""
    if score or copysign(1.0, score) > 0 or len(changes) > SMALL:
        return score
    if value is None:
        value = SortedSet()
    new = {*changes, member} - value.scores.keys()
    small = value.small and len(value) + len(new) <= SMALL and all(len(each) <= SMALL_MEMBER for each in new)
    return 0.0 if small else score


def read_timeout(value: bytes) -> float:
    """Seconds to wait at most, 0 for ever."""
    milliseconds = parse_timeout(value)
    if milliseconds is None:
        raise ResponseError(BAD_TIMEOUT)
    if milliseconds < 0:
        raise ResponseError(NEGATIVE_TIMEOUT)
    return milliseconds / 1000


def read_mpop(arguments: Sequence[bytes], numkeys: bytes) -> tuple[list[bytes], bool, int]:
    """The keys, whether MAX, and the count of ZMPOP's `key ... MIN|MAX [COUNT count]`."""
    number = _positive(numkeys, NO_KEYS)
    if number >= len(arguments):
        raise ResponseError(SYNTAX)
    keys, (where, *options) = list(arguments[:number]), arguments[number:]
    if where.upper() not in (b"MIN", b"MAX"):
        raise ResponseError(SYNTAX)
    count = 1
    if options:
        if len(options) != 2 or options[0].upper() != b"COUNT":
            raise ResponseError(SYNTAX)
        count = _positive(options[1], NO_COUNT)
    return keys, where.upper() == b"MAX", count


def _positive(text: bytes, error: str) -> int:
    number = integer(text, error)
    if number <= 0:
        raise ResponseError(error)
    return number


def _texts(entries: Iterable[Entry]) -> list[tuple[bytes, bytes]]:
    return [(member, format_double(score)) for score, member in entries]


def scanned_text(score: float, small: bool) -> bytes:
    """The text of a score in ZSCAN, where a small set shows that it is kept with integers as such."""
    if small and abs(score) <= 0x4000000000000000 and score == int(score):
        return b"%d" % score
    return format_double(score)


def _cast(text: Any, cast: ScoreCast[S]) -> S:
    try:
        return cast(text)
    except (ValueError, TypeError):
        return cast(float(text))


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
        return self._zcard(encode(name))

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
        score_cast_func: ScoreCast[Any] = float,
    ) -> int | None: ...
    @overload
    def zrank(
        self, name: Encodable, value: Encodable, withscore: Literal[True], score_cast_func: type[float] = float
    ) -> list[int | float] | None: ...
    @overload
    def zrank(
        self,
        name: Encodable,
        value: Encodable,
        withscore: bool = False,
        score_cast_func: ScoreCast[Any] = float,
    ) -> int | list[Any] | None: ...
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
        score_cast_func: ScoreCast[Any] = float,
    ) -> int | None: ...
    @overload
    def zrevrank(
        self, name: Encodable, value: Encodable, withscore: Literal[True], score_cast_func: type[float] = float
    ) -> list[int | float] | None: ...
    @overload
    def zrevrank(
        self,
        name: Encodable,
        value: Encodable,
        withscore: bool = False,
        score_cast_func: ScoreCast[Any] = float,
    ) -> int | list[Any] | None: ...
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
            rank = None if value is None else value.rank(member)
            if rank is None or value is None:
                return None
            return len(value) - 1 - rank if reverse else rank, value.scores[member]
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
        return self._flat(picked) if withscores else self._many([member for _, member in picked])

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

    @overload
    def zscan(
        self,
        name: Encodable,
        cursor: int = 0,
        match: Encodable | None = None,
        count: int | None = None,
        score_cast_func: type[float] = float,
    ) -> tuple[int, list[tuple[T, float]]]: ...
    @overload
    def zscan(
        self,
        name: Encodable,
        cursor: int = 0,
        match: Encodable | None = None,
        count: int | None = None,
        *,
        score_cast_func: ScoreCast[S],
    ) -> tuple[int, list[tuple[T, S]]]: ...
    def zscan(
        self,
        name: Encodable,
        cursor: int = 0,
        match: Encodable | None = None,
        count: int | None = None,
        score_cast_func: ScoreCast[Any] = float,
    ) -> tuple[int, list[tuple[T, Any]]]:
        """About `count` members with their scores, and the cursor to go on with, 0 after the last. O(count).

        `match` is a glob pattern they have to match. What is there from the first call, with cursor 0, to
        the last is given at least once. Up to 128 members come all at once.
        """
        key, start = encode(name), encode(cursor)
        pattern = None if match is None else encode(match)
        limit = None if count is None else encode(count)
        position = scan_cursor(start)
        number = 10
        if limit is not None:
            try:
                number = _positive(limit, SYNTAX) if integer(limit) else _positive(b"0", SYNTAX)
            except ResponseError:
                if self._zcard(key):
                    raise
                return 0, []
        position, entries, small = self._zscan(key, position, pattern, number)
        if score_cast_func is float:
            return position, self._scored([(member, score) for score, member in entries])
        return position, self._scored(
            [
                (member, _cast(self._one(scanned_text(score, small)), score_cast_func))
                for score, member in entries
            ]
        )

    def _zscan(
        self, key: bytes, cursor: int, pattern: bytes | None, count: int
    ) -> tuple[int, list[Entry], bool]:
        """The next cursor, the entries, and whether the set is small; see `scanned_text`."""
        self._acquire()
        try:
            value = self._read(key, SortedSet)
            if value is None:
                return 0, [], True
            cursor, entries = value.scan(cursor, count)
            small = value.small
        finally:
            self._release()
        if pattern is not None:
            matches = compile_glob(pattern)
            entries = [entry for entry in entries if matches(entry[1])]
        return cursor, entries, small

    @overload
    def zscan_iter(
        self,
        name: Encodable,
        match: Encodable | None = None,
        count: int | None = None,
        score_cast_func: type[float] = float,
    ) -> Iterator[tuple[T, float]]: ...
    @overload
    def zscan_iter(
        self,
        name: Encodable,
        match: Encodable | None = None,
        count: int | None = None,
        *,
        score_cast_func: ScoreCast[S],
    ) -> Iterator[tuple[T, S]]: ...
    def zscan_iter(
        self,
        name: Encodable,
        match: Encodable | None = None,
        count: int | None = None,
        score_cast_func: ScoreCast[Any] = float,
    ) -> Iterator[tuple[T, Any]]:
        """All members with their scores, by `zscan`."""
        cursor, more = 0, True
        while more:
            cursor, entries = self.zscan(name, cursor, match, count, score_cast_func=score_cast_func)
            more = cursor != 0
            yield from entries

    # Ranges

    @overload
    def zrange(self, name: Encodable, start: Encodable, end: Encodable, desc: bool = False, withscores: Literal[False] = False, score_cast_func: ScoreCast[Any] = float, byscore: bool = False, bylex: bool = False, offset: int | None = None, num: int | None = None,) -> list[T]: ...
    @overload
    def zrange(self, name: Encodable, start: Encodable, end: Encodable, desc: bool = False, *, withscores: Literal[True], score_cast_func: type[float] = float, byscore: bool = False, bylex: bool = False, offset: int | None = None, num: int | None = None,) -> list[tuple[T, float]]: ...
    @overload
    def zrange(self, name: Encodable, start: Encodable, end: Encodable, desc: bool = False, *, withscores: Literal[True], score_cast_func: ScoreCast[S], byscore: bool = False, bylex: bool = False, offset: int | None = None, num: int | None = None,) -> list[tuple[T, S]]: ...
    @overload
    def zrange(self, name: Encodable, start: Encodable, end: Encodable, desc: bool = False, withscores: bool = False, score_cast_func: ScoreCast[Any] = float, byscore: bool = False, bylex: bool = False, offset: int | None = None, num: int | None = None,) -> list[T] | list[tuple[T, Any]]: ...
    def zrange(self, name: Encodable, start: Encodable, end: Encodable, desc: bool = False, withscores: bool = False, score_cast_func: ScoreCast[Any] = float, byscore: bool = False, bylex: bool = False, offset: int | None = None, num: int | None = None,) -> list[T] | list[tuple[T, Any]]:
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
        found = self._zrange(key, _read_range(start, end, offset, num, by, desc))
        return self._shaped(found, withscores, score_cast_func)

    @overload
    def zrevrange(self, name: Encodable, start: int, end: int, withscores: Literal[False] = False, score_cast_func: ScoreCast[Any] = float,) -> list[T]: ...
    @overload
    def zrevrange(self, name: Encodable, start: int, end: int, withscores: Literal[True], score_cast_func: type[float] = float,) -> list[tuple[T, float]]: ...
    @overload
    def zrevrange(self, name: Encodable, start: int, end: int, *, withscores: Literal[True], score_cast_func: ScoreCast[S],) -> list[tuple[T, S]]: ...
    @overload
    def zrevrange(self, name: Encodable, start: int, end: int, withscores: bool = False, score_cast_func: ScoreCast[Any] = float,) -> list[T] | list[tuple[T, Any]]: ...
    def zrevrange(self, name: Encodable, start: int, end: int, withscores: bool = False, score_cast_func: ScoreCast[Any] = float,) -> list[T] | list[tuple[T, Any]]:
        """`zrange` with the ranks counted from the last member, and in reverse. O(log n + result)."""
        key = encode(name)
        found = self._zrange(key, _read_range(start, end, None, None, "rank", True))
        return self._shaped(found, withscores, score_cast_func)

    @overload
    def zrangebyscore(self, name: Encodable, min: Encodable, max: Encodable, start: int | None = None, num: int | None = None, withscores: Literal[False] = False, score_cast_func: ScoreCast[Any] = float,) -> list[T]: ...
    @overload
    def zrangebyscore(self, name: Encodable, min: Encodable, max: Encodable, start: int | None = None, num: int | None = None, *, withscores: Literal[True], score_cast_func: type[float] = float,) -> list[tuple[T, float]]: ...
    @overload
    def zrangebyscore(self, name: Encodable, min: Encodable, max: Encodable, start: int | None = None, num: int | None = None, *, withscores: Literal[True], score_cast_func: ScoreCast[S],) -> list[tuple[T, S]]: ...
    @overload
    def zrangebyscore(self, name: Encodable, min: Encodable, max: Encodable, start: int | None = None, num: int | None = None, withscores: bool = False, score_cast_func: ScoreCast[Any] = float,) -> list[T] | list[tuple[T, Any]]: ...
    def zrangebyscore(self, name: Encodable, min: Encodable, max: Encodable, start: int | None = None, num: int | None = None, withscores: bool = False, score_cast_func: ScoreCast[Any] = float,) -> list[T] | list[tuple[T, Any]]:
        """The members with scores from `min` to `max`, in order; `"(1"` excludes 1, `"-inf"` and `"+inf"` are
        no limits. O(log n + result).

        `num` of them after the first `start`, all if `num` is negative. For `withscores` see `zrange`.
        """
        _check_limit(start, num)
        key = encode(name)
        found = self._zrange(key, _read_range(min, max, start, num, "score", False))
        return self._shaped(found, withscores, score_cast_func)

    @overload
    def zrevrangebyscore(self, name: Encodable, max: Encodable, min: Encodable, start: int | None = None, num: int | None = None, withscores: Literal[False] = False, score_cast_func: ScoreCast[Any] = float,) -> list[T]: ...
    @overload
    def zrevrangebyscore(self, name: Encodable, max: Encodable, min: Encodable, start: int | None = None, num: int | None = None, *, withscores: Literal[True], score_cast_func: type[float] = float,) -> list[tuple[T, float]]: ...
    @overload
    def zrevrangebyscore(self, name: Encodable, max: Encodable, min: Encodable, start: int | None = None, num: int | None = None, *, withscores: Literal[True], score_cast_func: ScoreCast[S],) -> list[tuple[T, S]]: ...
    @overload
    def zrevrangebyscore(self, name: Encodable, max: Encodable, min: Encodable, start: int | None = None, num: int | None = None, withscores: bool = False, score_cast_func: ScoreCast[Any] = float,) -> list[T] | list[tuple[T, Any]]: ...
    def zrevrangebyscore(self, name: Encodable, max: Encodable, min: Encodable, start: int | None = None, num: int | None = None, withscores: bool = False, score_cast_func: ScoreCast[Any] = float,) -> list[T] | list[tuple[T, Any]]:
        """`zrangebyscore` in reverse: the highest score first. O(log n + result)."""
        _check_limit(start, num)
        key = encode(name)
        found = self._zrange(key, _read_range(max, min, start, num, "score", True))
        return self._shaped(found, withscores, score_cast_func)

