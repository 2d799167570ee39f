# mypy: disable-error-code="no-any-return,assignment"

"""The commands of kvlite/types/sets.py, awaited. Made by tests/make_aio.py."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Literal, overload

from ...encoding import Encodable
from ...keyspace import T
from ..awaited import Awaited


class AsyncSets(Awaited[T]):
    """See `kvlite.types.sets.Sets`, of which this has every command."""

    async def sismember(self, name: Encodable, value: Encodable) -> Literal[0, 1]:
        """1 if `value` is a member, else 0. O(1)."""
        found = self._calls.sismember(name, value)
        return found if self._at_once else await found

    async def smismember(
        self, name: Encodable, values: Encodable | Iterable[Encodable], *args: Encodable
    ) -> list[Literal[0, 1]]:
        """For each value 1 if it is a member, else 0. O(values)."""
        found = self._calls.smismember(name, values, *args)
        return found if self._at_once else await found

    async def scard(self, name: Encodable) -> int:
        """The number of members, 0 for a missing key. O(1)."""
        found = self._calls.scard(name)
        return found if self._at_once else await found

    async def smembers(self, name: Encodable) -> set[T]:
        """All members, none for a missing key. O(n)."""
        found = self._calls.smembers(name)
        return found if self._at_once else await found

    @overload
    async def srandmember(self, name: Encodable, number: None = None) -> T | None: ...

    @overload
    async def srandmember(self, name: Encodable, number: int) -> list[T]: ...

    @overload
    async def srandmember(self, name: Encodable, number: int | None = None) -> T | list[T] | None: ...

    async def srandmember(self, name: Encodable, number: int | None = None) -> T | list[T] | None:
        """A member at random, or None. O(1)."""
        found = self._calls.srandmember(name, number)
        return found if self._at_once else await found

    async def sscan(
        self, name: Encodable, cursor: int = 0, match: Encodable | None = None, count: int | None = None
    ) -> tuple[int, list[T]]:
        """The next cursor, 0 at the end, and some members. O(count)."""
        found = self._calls.sscan(name, cursor, match, count)
        return found if self._at_once else await found

    async def sscan_iter(
        self, name: Encodable, match: Encodable | None = None, count: int | None = None
    ) -> AsyncIterator[T]:
        """All members, or those that `match`, by one `sscan` after the other."""
        for each in (await self._opened()).sscan_iter(name, match, count):
            yield each

    async def sinter(self, keys: Encodable | Iterable[Encodable], *args: Encodable) -> set[T]:
        """The members that are in all of the sets. O(the smallest set * keys)."""
        found = self._calls.sinter(keys, *args)
        return found if self._at_once else await found

    async def sintercard(self, numkeys: int, keys: Iterable[Encodable], limit: int = 0) -> int:
        """How many members are in all of the sets, counted up to `limit`, 0 for no limit."""
        found = self._calls.sintercard(numkeys, keys, limit)
        return found if self._at_once else await found

    async def sunion(self, keys: Encodable | Iterable[Encodable], *args: Encodable) -> set[T]:
        """The members of any of the sets. O(members of all sets)."""
        found = self._calls.sunion(keys, *args)
        return found if self._at_once else await found

    async def sdiff(self, keys: Encodable | Iterable[Encodable], *args: Encodable) -> set[T]:
        """The members of the first set that are in none of the others. O(the first set * keys)."""
        found = self._calls.sdiff(keys, *args)
        return found if self._at_once else await found

    async def sinterstore(
        self, dest: Encodable, keys: Encodable | Iterable[Encodable], *args: Encodable
    ) -> int:
        """Make what `sinter` gives the set at `dest`, whatever was there; its size. An empty one is none."""
        found = self._calls.sinterstore(dest, keys, *args)
        return found if self._at_once else await found

    async def sunionstore(
        self, dest: Encodable, keys: Encodable | Iterable[Encodable], *args: Encodable
    ) -> int:
        """Make what `sunion` gives the set at `dest`, whatever was there; its size. An empty one is none."""
        found = self._calls.sunionstore(dest, keys, *args)
        return found if self._at_once else await found

    async def sdiffstore(
        self, dest: Encodable, keys: Encodable | Iterable[Encodable], *args: Encodable
    ) -> int:
        """Make what `sdiff` gives the set at `dest`, whatever was there; its size. An empty one is none."""
        found = self._calls.sdiffstore(dest, keys, *args)
        return found if self._at_once else await found

    async def sadd(self, name: Encodable, *values: Encodable) -> int:
        """Add members to the set at `name`, made if missing; how many are new. O(values)."""
        found = self._calls.sadd(name, *values)
        return found if self._at_once else await found

    async def srem(self, name: Encodable, *values: Encodable) -> int:
        """Remove members, and the set with its last one; how many were there. O(values)."""
        found = self._calls.srem(name, *values)
        return found if self._at_once else await found

    @overload
    async def spop(self, name: Encodable, count: None = None) -> T | None: ...

    @overload
    async def spop(self, name: Encodable, count: int) -> list[T]: ...

    @overload
    async def spop(self, name: Encodable, count: int | None = None) -> T | list[T] | None: ...

    async def spop(self, name: Encodable, count: int | None = None) -> T | list[T] | None:
        """Remove a member at random; it, or None. O(1)."""
        found = self._calls.spop(name, count)
        return found if self._at_once else await found

    async def smove(self, src: Encodable, dst: Encodable, value: Encodable) -> bool:
        """Move a member from one set to another; False if it is not in the first. O(1)."""
        found = self._calls.smove(src, dst, value)
        return found if self._at_once else await found
