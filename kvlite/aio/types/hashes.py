# mypy: disable-error-code="no-any-return,assignment"

"""The commands of kvlite/types/hashes.py, awaited. Made by tests/make_aio.py."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Literal, overload

from ...encoding import Encodable
from ...keyspace import T
from ...types.hashes import FieldMapping
from ..awaited import Awaited


class AsyncHashes(Awaited[T]):
    """See `kvlite.types.hashes.Hashes`, of which this has every command."""

    async def hget(self, name: Encodable, key: Encodable) -> T | None:
        """The value of the field `key`, or None. O(1)."""
        found = self._calls.hget(name, key)
        return found if self._at_once else await found

    async def hexists(self, name: Encodable, key: Encodable) -> bool:
        """Whether there is a field `key`. O(1)."""
        found = self._calls.hexists(name, key)
        return found if self._at_once else await found

    async def hstrlen(self, name: Encodable, key: Encodable) -> int:
        """The length of the value of the field `key` in bytes, 0 if there is none. O(1)."""
        found = self._calls.hstrlen(name, key)
        return found if self._at_once else await found

    async def hlen(self, name: Encodable) -> int:
        """The number of fields, 0 for a missing key. O(1)."""
        found = self._calls.hlen(name)
        return found if self._at_once else await found

    async def hmget(
        self, name: Encodable, keys: Encodable | Iterable[Encodable], *args: Encodable
    ) -> list[T | None]:
        """The values of several fields, None for each that is missing. O(keys)."""
        found = self._calls.hmget(name, keys, *args)
        return found if self._at_once else await found

    async def hgetall(self, name: Encodable) -> dict[T, T]:
        """All fields with their values, in the order in which the fields came. O(n)."""
        found = self._calls.hgetall(name)
        return found if self._at_once else await found

    async def hkeys(self, name: Encodable) -> list[T]:
        """All fields, in the order in which they came. O(n)."""
        found = self._calls.hkeys(name)
        return found if self._at_once else await found

    async def hvals(self, name: Encodable) -> list[T]:
        """The values of all fields, in the order in which the fields came. O(n)."""
        found = self._calls.hvals(name)
        return found if self._at_once else await found

    @overload
    async def hrandfield(
        self, key: Encodable, count: None = None, withvalues: Literal[False] = False
    ) -> T | None: ...

    @overload
    async def hrandfield(self, key: Encodable, count: int, withvalues: bool = False) -> list[T]: ...

    @overload
    async def hrandfield(
        self, key: Encodable, count: int | None = None, withvalues: bool = False
    ) -> T | list[T] | None: ...

    async def hrandfield(
        self, key: Encodable, count: int | None = None, withvalues: bool = False
    ) -> T | list[T] | None:
        """A field at random, or None. O(1)."""
        found = self._calls.hrandfield(key, count, withvalues)
        return found if self._at_once else await found

    @overload
    async def hscan(
        self,
        name: Encodable,
        cursor: int = 0,
        match: Encodable | None = None,
        count: int | None = None,
        no_values: Literal[False] | None = None,
    ) -> tuple[int, dict[T, T]]: ...

    @overload
    async def hscan(
        self,
        name: Encodable,
        cursor: int = 0,
        match: Encodable | None = None,
        count: int | None = None,
        *,
        no_values: Literal[True],
    ) -> tuple[int, list[T]]: ...

    @overload
    async def hscan(
        self,
        name: Encodable,
        cursor: int = 0,
        match: Encodable | None = None,
        count: int | None = None,
        no_values: bool | None = None,
    ) -> tuple[int, dict[T, T]] | tuple[int, list[T]]: ...

    async def hscan(
        self,
        name: Encodable,
        cursor: int = 0,
        match: Encodable | None = None,
        count: int | None = None,
        no_values: bool | None = None,
    ) -> tuple[int, dict[T, T]] | tuple[int, list[T]]:
        """The next cursor, 0 at the end, and some fields with their values. O(count)."""
        found = self._calls.hscan(name, cursor, match, count, no_values)
        return found if self._at_once else await found

    @overload
    def hscan_iter(
        self,
        name: Encodable,
        match: Encodable | None = None,
        count: int | None = None,
        no_values: Literal[False] | None = None,
    ) -> AsyncIterator[tuple[T, T]]: ...

    @overload
    def hscan_iter(
        self,
        name: Encodable,
        match: Encodable | None = None,
        count: int | None = None,
        *,
        no_values: Literal[True],
    ) -> AsyncIterator[T]: ...

    @overload
    def hscan_iter(
        self,
        name: Encodable,
        match: Encodable | None = None,
        count: int | None = None,
        no_values: bool | None = None,
    ) -> AsyncIterator[tuple[T, T]] | AsyncIterator[T]: ...

    async def hscan_iter(
        self,
        name: Encodable,
        match: Encodable | None = None,
        count: int | None = None,
        no_values: bool | None = None,
    ) -> AsyncIterator[tuple[T, T]] | AsyncIterator[T]:
        """All fields with their values, or without with `no_values`, by one `hscan` after the other."""
        for each in (await self._opened()).hscan_iter(name, match, count, no_values):
            yield each

    async def hset(
        self,
        name: Encodable,
        key: Encodable | None = None,
        value: Encodable | None = None,
        mapping: FieldMapping | None = None,
        items: Sequence[Encodable] | None = None,
    ) -> int:
        """Give fields values; the number of fields that are new. O(fields)."""
        found = self._calls.hset(name, key, value, mapping, items)
        return found if self._at_once else await found

    async def hmset(self, name: Encodable, mapping: FieldMapping) -> bool:
        """`hset` with a mapping, under its old name. True."""
        found = self._calls.hmset(name, mapping)
        return found if self._at_once else await found

    async def hsetnx(self, name: Encodable, key: Encodable, value: Encodable) -> int:
        """Give the field `key` a value if it does not exist; 1 if it was given, else 0. O(1)."""
        found = self._calls.hsetnx(name, key, value)
        return found if self._at_once else await found

    async def hdel(self, name: Encodable, *keys: Encodable) -> int:
        """Remove fields; how many there were. O(keys)."""
        found = self._calls.hdel(name, *keys)
        return found if self._at_once else await found

    async def hgetdel(self, name: Encodable, *keys: Encodable) -> list[T | None]:
        """Remove fields; their values, None for each that was missing. O(keys)."""
        found = self._calls.hgetdel(name, *keys)
        return found if self._at_once else await found

    async def hincrby(self, name: Encodable, key: Encodable, amount: int = 1) -> int:
        """Add `amount` to the number in the field `key`, 0 if missing; the sum. O(1)."""
        found = self._calls.hincrby(name, key, amount)
        return found if self._at_once else await found

    async def hincrbyfloat(self, name: Encodable, key: Encodable, amount: float = 1.0) -> float:
        """Add `amount` to the number in the field `key`, 0 if missing; the sum. O(1)."""
        found = self._calls.hincrbyfloat(name, key, amount)
        return found if self._at_once else await found
