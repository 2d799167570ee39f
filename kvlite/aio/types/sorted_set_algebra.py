# mypy: disable-error-code="no-any-return,assignment"

"""The commands of kvlite/types/sorted_set_algebra.py, awaited. Made by tests/make_aio.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, overload

from ...encoding import Encodable
from ...keyspace import T
from ...types.sorted_set_algebra import WeightedKeys
from ...types.sorted_sets import Keys, S, ScoreCast
from ..awaited import Awaited


class AsyncSortedSetAlgebra(Awaited[T]):
    """See `kvlite.types.sorted_set_algebra.SortedSetAlgebra`, of which this has every command."""

    @overload
    async def zunion(
        self,
        keys: WeightedKeys,
        aggregate: str | None = None,
        withscores: Literal[False] = False,
        score_cast_func: ScoreCast[Any] = ...,
    ) -> list[T]: ...

    @overload
    async def zunion(
        self,
        keys: WeightedKeys,
        aggregate: str | None = None,
        *,
        withscores: Literal[True],
        score_cast_func: ScoreCast[S] = ...,
    ) -> list[tuple[T, S]]: ...

    @overload
    async def zunion(
        self,
        keys: WeightedKeys,
        aggregate: str | None = None,
        withscores: bool = False,
        score_cast_func: ScoreCast[S] = ...,
    ) -> list[T] | list[tuple[T, S]]: ...

    async def zunion(
        self,
        keys: WeightedKeys,
        aggregate: str | None = None,
        withscores: bool = False,
        score_cast_func: ScoreCast[Any] = float,
    ) -> list[T] | list[tuple[T, Any]]:
        """The members of all sorted sets at `keys`, in order. O(n log n) in the sum of their sizes."""
        found = self._calls.zunion(keys, aggregate, withscores, score_cast_func)
        return found if self._at_once else await found

    @overload
    async def zinter(
        self, keys: WeightedKeys, aggregate: str | None = None, withscores: Literal[False] = False
    ) -> list[T]: ...

    @overload
    async def zinter(
        self, keys: WeightedKeys, aggregate: str | None = None, *, withscores: Literal[True]
    ) -> list[tuple[T, float]]: ...

    @overload
    async def zinter(
        self, keys: WeightedKeys, aggregate: str | None = None, withscores: bool = False
    ) -> list[T] | list[tuple[T, float]]: ...

    async def zinter(
        self, keys: WeightedKeys, aggregate: str | None = None, withscores: bool = False
    ) -> list[T] | list[tuple[T, float]]:
        """The members that are in each of the sorted sets at `keys`, in order; see `zunion`."""
        found = self._calls.zinter(keys, aggregate, withscores)
        return found if self._at_once else await found

    @overload
    async def zdiff(self, keys: Sequence[Encodable], withscores: Literal[False] = False) -> list[T]: ...

    @overload
    async def zdiff(self, keys: Sequence[Encodable], withscores: bool = False) -> list[T | bytes]: ...

    async def zdiff(self, keys: Sequence[Encodable], withscores: bool = False) -> list[T] | list[T | bytes]:
        """The members of the first sorted set that are in no other, in order. O(n * keys + m log m)."""
        found = self._calls.zdiff(keys, withscores)
        return found if self._at_once else await found

    async def zunionstore(self, dest: Encodable, keys: WeightedKeys, aggregate: str | None = None) -> int:
        """Put what `zunion` gives at `dest`, whatever was there; how many members."""
        found = self._calls.zunionstore(dest, keys, aggregate)
        return found if self._at_once else await found

    async def zinterstore(self, dest: Encodable, keys: WeightedKeys, aggregate: str | None = None) -> int:
        """Put what `zinter` gives at `dest`, whatever was there; how many members."""
        found = self._calls.zinterstore(dest, keys, aggregate)
        return found if self._at_once else await found

    async def zdiffstore(self, dest: Encodable, keys: Sequence[Encodable]) -> int:
        """Put what `zdiff` gives at `dest`, whatever was there; how many members."""
        found = self._calls.zdiffstore(dest, keys)
        return found if self._at_once else await found

    async def zintercard(self, numkeys: int, keys: Keys, limit: int = 0) -> int:
        """How many members are in each of the sorted sets at `keys`; not more than `limit`, unless it is
        0."""
        found = self._calls.zintercard(numkeys, keys, limit)
        return found if self._at_once else await found
