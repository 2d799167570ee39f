"""The arguments of the commands of sorted sets: scores, and the parts that ranges are.

A part is a span of places in the order of the entries, whatever it goes by.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import inf, nextafter
from typing import Literal, NamedTuple, NoReturn

from ..encoding import Encodable, encode, encode_all, integer, pop_arguments
from ..errors import NOT_A_FLOAT, NOT_AN_INTEGER, SYNTAX, DataError, ResponseError, wrong_arity
from ..numbers import parse_double, parse_score_bound
from ..structs.sorted_set import Entry, SortedSet

NOT_A_SCORE_RANGE = "min or max is not a float"
NOT_A_LEX_RANGE = "min or max not valid string range item"
LIMIT_NEEDS_A_RANGE = "syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX"


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


def check_range_options(
    byscore: bool, bylex: bool, offset: int | None, num: int | None, withscores: bool
) -> None:
    if byscore and bylex:
        raise DataError("``byscore`` and ``bylex`` can not be specified together.")
    if (offset is None) != (num is None):
        raise DataError("``offset`` and ``num`` must both be specified.")
    if bylex and withscores:
        raise DataError("``withscores`` not supported in combination with ``bylex``.")


def check_limit(start: int | None, num: int | None) -> None:
    if (start is None) != (num is None):
        raise DataError("``start`` and ``num`` must both be specified")


def refuse_without_destination(
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


def read_zmpop(words: list[bytes]) -> tuple[list[bytes], bool, int]:
    """The keys, whether MAX, and how many."""
    keys, end, count = pop_arguments(words, (b"MIN", b"MAX"))
    return keys, end == b"MAX", count
