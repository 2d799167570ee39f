"""Ranges of sorted sets: by rank, by score, by member; forwards and backwards; read or stored."""

from __future__ import annotations

from typing import Any, Literal, overload

from ..encoding import Encodable, encode
from ..keyspace import T
from ..structs.sorted_set import Entry, SortedSet
from .sorted_set_arguments import (
    ByRank,
    Range,
    check_limit,
    check_range_options,
    read_range,
    refuse_without_destination,
)
from .sorted_sets import S, ScoreCast, SortedSets, kept_score


class SortedSetRanges(SortedSets[T]):
    """The commands that read a part of a sorted set, in order."""

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
        check_range_options(byscore, bylex, offset, num, withscores)
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
        check_limit(start, num)
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
        check_limit(start, num)
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
        check_limit(start, num)
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
        check_limit(start, num)
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
        check_range_options(byscore, bylex, offset, num, False)
        by: Literal["rank", "score", "lex"] = "score" if byscore else "lex" if bylex else "rank"
        if not dest:
            refuse_without_destination([name, start, end], by, desc, offset, num)
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
                scores[member] = score if large else kept_score(None, scores, member, score, limits)
            return self._zstore(dest, scores, b"zrangestore")
        finally:
            self._release()
