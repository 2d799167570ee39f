# mypy: disable-error-code="no-any-return,assignment"

"""The commands of kvlite/types/sorted_sets.py, awaited. Made by tests/make_aio.py."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, Literal, overload

from ...encoding import Encodable
from ...keyspace import T
from ...types.sorted_sets import Keys, S, ScoreCast
from ..awaited import Awaited


class AsyncSortedSets(Awaited[T]):
    """See `kvlite.types.sorted_sets.SortedSets`, of which this has every command."""

    async def zscore(self, name: Encodable, value: Encodable) -> float | None:
        """The score of a member, or None. O(1)."""
        found = self._calls.zscore(name, value)
        return found if self._at_once else await found

    async def zmscore(self, key: Encodable, members: list[Encodable] | list[str]) -> list[float | None]:
        """The scores of several members, None for those that are not there. O(members)."""
        found = self._calls.zmscore(key, members)
        return found if self._at_once else await found

    async def zcard(self, name: Encodable) -> int:
        """How many members there are, 0 if there is no such key. O(1)."""
        found = self._calls.zcard(name)
        return found if self._at_once else await found

    async def zcount(self, name: Encodable, min: Encodable, max: Encodable) -> int:
        """How many members have a score from `min` to `max`; `"(1"` excludes 1. O(log n)."""
        found = self._calls.zcount(name, min, max)
        return found if self._at_once else await found

    async def zlexcount(self, name: Encodable, min: Encodable, max: Encodable) -> int:
        """How many members are from `min` to `max`, such as `"[a"`, `"(a"`, `"-"` and `"+"`, where all
        scores are equal. O(log n)."""
        found = self._calls.zlexcount(name, min, max)
        return found if self._at_once else await found

    @overload
    async def zrank(
        self,
        name: Encodable,
        value: Encodable,
        withscore: Literal[False] = False,
        score_cast_func: ScoreCast[Any] = ...,
    ) -> int | None: ...

    @overload
    async def zrank(
        self, name: Encodable, value: Encodable, withscore: Literal[True], score_cast_func: ScoreCast[S] = ...
    ) -> list[int | S] | None: ...

    @overload
    async def zrank(
        self, name: Encodable, value: Encodable, withscore: bool = False, score_cast_func: ScoreCast[S] = ...
    ) -> int | list[int | S] | None: ...

    async def zrank(
        self,
        name: Encodable,
        value: Encodable,
        withscore: bool = False,
        score_cast_func: ScoreCast[Any] = float,
    ) -> int | list[Any] | None:
        """How many members come before this one, or None if it is not there. O(log n)."""
        found = self._calls.zrank(name, value, withscore, score_cast_func)
        return found if self._at_once else await found

    @overload
    async def zrevrank(
        self,
        name: Encodable,
        value: Encodable,
        withscore: Literal[False] = False,
        score_cast_func: ScoreCast[Any] = ...,
    ) -> int | None: ...

    @overload
    async def zrevrank(
        self, name: Encodable, value: Encodable, withscore: Literal[True], score_cast_func: ScoreCast[S] = ...
    ) -> list[int | S] | None: ...

    @overload
    async def zrevrank(
        self, name: Encodable, value: Encodable, withscore: bool = False, score_cast_func: ScoreCast[S] = ...
    ) -> int | list[int | S] | None: ...

    async def zrevrank(
        self,
        name: Encodable,
        value: Encodable,
        withscore: bool = False,
        score_cast_func: ScoreCast[Any] = float,
    ) -> int | list[Any] | None:
        """How many members come after this one; see `zrank`. O(log n)."""
        found = self._calls.zrevrank(name, value, withscore, score_cast_func)
        return found if self._at_once else await found

    @overload
    async def zrandmember(
        self, key: Encodable, count: None = None, withscores: Literal[False] = False
    ) -> T | None: ...

    @overload
    async def zrandmember(
        self, key: Encodable, count: int, withscores: Literal[False] = False
    ) -> list[T]: ...

    @overload
    async def zrandmember(self, key: Encodable, count: int, withscores: bool = False) -> list[T | bytes]: ...

    async def zrandmember(
        self, key: Encodable, count: int | None = None, withscores: bool = False
    ) -> T | list[T] | list[T | bytes] | None:
        """A member at random, or None. O(1)."""
        found = self._calls.zrandmember(key, count, withscores)
        return found if self._at_once else await found

    async def zscan(
        self,
        name: Encodable,
        cursor: int = 0,
        match: Encodable | None = None,
        count: int | None = None,
        score_cast_func: ScoreCast[S] = float,
    ) -> tuple[int, list[tuple[T, S]]]:
        """About `count` members with their scores, and the cursor to go on with, 0 after the last.
        O(count)."""
        found = self._calls.zscan(name, cursor, match, count, score_cast_func)
        return found if self._at_once else await found

    async def zscan_iter(
        self,
        name: Encodable,
        match: Encodable | None = None,
        count: int | None = None,
        score_cast_func: ScoreCast[S] = float,
    ) -> AsyncIterator[tuple[T, S]]:
        """All members with their scores, by `zscan`."""
        for each in (await self._opened()).zscan_iter(name, match, count, score_cast_func):
            yield each

    @overload
    async def zadd(
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
    async def zadd(
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
    async def zadd(
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

    async def zadd(
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
        """Give members scores; how many are new, with `ch` how many are new or changed. O(m log n)."""
        found = self._calls.zadd(name, mapping, nx, xx, ch, incr, gt, lt)
        return found if self._at_once else await found

    async def zincrby(self, name: Encodable, amount: float, value: Encodable) -> float:
        """Add `amount` to a member's score, 0 if it is not there; the sum. O(log n)."""
        found = self._calls.zincrby(name, amount, value)
        return found if self._at_once else await found

    async def zrem(self, name: Encodable, *values: Encodable) -> int:
        """Remove members; how many were there. O(m log n)."""
        found = self._calls.zrem(name, *values)
        return found if self._at_once else await found

    async def zremrangebyrank(self, name: Encodable, min: int, max: int) -> int:
        """Remove the members from rank `min` to rank `max`, both included; how many. O(m log n)."""
        found = self._calls.zremrangebyrank(name, min, max)
        return found if self._at_once else await found

    async def zremrangebyscore(self, name: Encodable, min: Encodable, max: Encodable) -> int:
        """Remove the members `zrangebyscore` gives; how many. O(m log n)."""
        found = self._calls.zremrangebyscore(name, min, max)
        return found if self._at_once else await found

    async def zremrangebylex(self, name: Encodable, min: Encodable, max: Encodable) -> int:
        """Remove the members `zrangebylex` gives; how many. O(m log n)."""
        found = self._calls.zremrangebylex(name, min, max)
        return found if self._at_once else await found

    async def zpopmin(self, name: Encodable, count: int | None = None) -> list[tuple[T, float]]:
        """Remove the member with the lowest score, or `count` of them; with their scores. O(m log n)."""
        found = self._calls.zpopmin(name, count)
        return found if self._at_once else await found

    async def zpopmax(self, name: Encodable, count: int | None = None) -> list[tuple[T, float]]:
        """Remove the member with the highest score, or `count` of them; with their scores. O(m log n)."""
        found = self._calls.zpopmax(name, count)
        return found if self._at_once else await found

    async def zmpop(
        self,
        num_keys: int,
        keys: list[Encodable] | list[str],
        min: bool | None = False,
        max: bool | None = False,
        count: int | None = 1,
    ) -> list[T | list[list[T | bytes]]] | None:
        """Remove the `count` lowest, with `max` highest, members of the first of `keys` that has any."""
        found = self._calls.zmpop(num_keys, keys, min, max, count)
        return found if self._at_once else await found

    async def bzpopmin(self, keys: Encodable | Keys, timeout: float = 0) -> tuple[T, T, float] | None:
        """Remove the member with the lowest score of the first of `keys` that has any, waiting for one."""
        return await self._guard.bzpopmin(keys, timeout)

    async def bzpopmax(self, keys: Encodable | Keys, timeout: float = 0) -> tuple[T, T, float] | None:
        """`bzpopmin` for the highest score."""
        return await self._guard.bzpopmax(keys, timeout)

    async def bzmpop(
        self,
        timeout: float,
        numkeys: int,
        keys: Keys,
        min: bool | None = False,
        max: bool | None = False,
        count: int | None = 1,
    ) -> list[T | list[list[T | bytes]]] | None:
        """`zmpop`, waiting up to `timeout` seconds for a member; 0 waits for ever."""
        return await self._guard.bzmpop(timeout, numkeys, keys, min, max, count)
