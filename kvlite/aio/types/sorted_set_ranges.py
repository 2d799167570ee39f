# mypy: disable-error-code="no-any-return,assignment"

"""The commands of kvlite/types/sorted_set_ranges.py, awaited. Made by tests/make_aio.py."""

from __future__ import annotations

from typing import Any, Literal, overload

from ...encoding import Encodable
from ...keyspace import T
from ...types.sorted_sets import S, ScoreCast
from ..awaited import Awaited


class AsyncSortedSetRanges(Awaited[T]):
    """See `kvlite.types.sorted_set_ranges.SortedSetRanges`, of which this has every command."""

    @overload
    async def zrange(
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
    async def zrange(
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
    async def zrange(
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

    async def zrange(
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
        end. O(log n + result)."""
        found = self._calls.zrange(
            name, start, end, desc, withscores, score_cast_func, byscore, bylex, offset, num
        )
        return found if self._at_once else await found

    @overload
    async def zrevrange(
        self,
        name: Encodable,
        start: int,
        end: int,
        withscores: Literal[False] = False,
        score_cast_func: ScoreCast[Any] = ...,
    ) -> list[T]: ...

    @overload
    async def zrevrange(
        self,
        name: Encodable,
        start: int,
        end: int,
        withscores: Literal[True],
        score_cast_func: ScoreCast[S] = ...,
    ) -> list[tuple[T, S]]: ...

    @overload
    async def zrevrange(
        self,
        name: Encodable,
        start: int,
        end: int,
        withscores: bool = False,
        score_cast_func: ScoreCast[S] = ...,
    ) -> list[T] | list[tuple[T, S]]: ...

    async def zrevrange(
        self,
        name: Encodable,
        start: int,
        end: int,
        withscores: bool = False,
        score_cast_func: ScoreCast[Any] = float,
    ) -> list[T] | list[tuple[T, Any]]:
        """`zrange` with the ranks counted from the last member, and in reverse. O(log n + result)."""
        found = self._calls.zrevrange(name, start, end, withscores, score_cast_func)
        return found if self._at_once else await found

    @overload
    async def zrangebyscore(
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
    async def zrangebyscore(
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
    async def zrangebyscore(
        self,
        name: Encodable,
        min: Encodable,
        max: Encodable,
        start: int | None = None,
        num: int | None = None,
        withscores: bool = False,
        score_cast_func: ScoreCast[S] = ...,
    ) -> list[T] | list[tuple[T, S]]: ...

    async def zrangebyscore(
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
        no limits. O(log n + result)."""
        found = self._calls.zrangebyscore(name, min, max, start, num, withscores, score_cast_func)
        return found if self._at_once else await found

    @overload
    async def zrevrangebyscore(
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
    async def zrevrangebyscore(
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
    async def zrevrangebyscore(
        self,
        name: Encodable,
        max: Encodable,
        min: Encodable,
        start: int | None = None,
        num: int | None = None,
        withscores: bool = False,
        score_cast_func: ScoreCast[S] = ...,
    ) -> list[T] | list[tuple[T, S]]: ...

    async def zrevrangebyscore(
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
        found = self._calls.zrevrangebyscore(name, max, min, start, num, withscores, score_cast_func)
        return found if self._at_once else await found

    async def zrangebylex(
        self,
        name: Encodable,
        min: Encodable,
        max: Encodable,
        start: int | None = None,
        num: int | None = None,
    ) -> list[T]:
        """The members from `min` to `max`, in order, where all scores are equal. O(log n + result)."""
        found = self._calls.zrangebylex(name, min, max, start, num)
        return found if self._at_once else await found

    async def zrevrangebylex(
        self,
        name: Encodable,
        max: Encodable,
        min: Encodable,
        start: int | None = None,
        num: int | None = None,
    ) -> list[T]:
        """`zrangebylex` in reverse. O(log n + result)."""
        found = self._calls.zrevrangebylex(name, max, min, start, num)
        return found if self._at_once else await found

    async def zrangestore(
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
        found = self._calls.zrangestore(dest, name, start, end, byscore, bylex, desc, offset, num)
        return found if self._at_once else await found
