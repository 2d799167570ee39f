# mypy: disable-error-code="no-any-return,assignment"

"""The commands of kvlite/types/strings.py, awaited. Made by tests/make_aio.py."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, overload

from ...encoding import AbsoluteExpiry, Encodable, Expiry
from ...keyspace import T
from ...types.strings import K
from ..awaited import Awaited


class AsyncStrings(Awaited[T]):
    """See `kvlite.types.strings.Strings`, of which this has every command."""

    async def get(self, name: Encodable) -> T | None:
        """The string at `name`, or None. O(1)."""
        found = self._calls.get(name)
        return found if self._at_once else await found

    async def mget(self, keys: Encodable | Iterable[Encodable], *args: Encodable) -> list[T | None]:
        """The strings at several keys, None for a missing key or another type. O(keys)."""
        found = self._calls.mget(keys, *args)
        return found if self._at_once else await found

    async def strlen(self, name: Encodable) -> int:
        """The length of the string at `name` in bytes, 0 if there is none. O(1)."""
        found = self._calls.strlen(name)
        return found if self._at_once else await found

    async def getrange(self, key: Encodable, start: int, end: int) -> T:
        """The bytes from `start` to `end`, both included; negative ones count from the end. O(result)."""
        found = self._calls.getrange(key, start, end)
        return found if self._at_once else await found

    async def substr(self, name: Encodable, start: int, end: int = -1) -> T:
        """`getrange` under its old name."""
        found = self._calls.substr(name, start, end)
        return found if self._at_once else await found

    @overload
    async def lcs(
        self,
        key1: Encodable,
        key2: Encodable,
        len: Literal[False] | None = False,
        idx: Literal[False] | None = False,
        minmatchlen: int | None = 0,
        withmatchlen: bool | None = False,
    ) -> T: ...

    @overload
    async def lcs(
        self,
        key1: Encodable,
        key2: Encodable,
        len: Literal[True],
        idx: Literal[False] | None = False,
        minmatchlen: int | None = 0,
        withmatchlen: bool | None = False,
    ) -> int: ...

    @overload
    async def lcs(
        self,
        key1: Encodable,
        key2: Encodable,
        len: bool | None = False,
        *,
        idx: Literal[True],
        minmatchlen: int | None = 0,
        withmatchlen: bool | None = False,
    ) -> list[T | int | list[list[list[int] | int]]]: ...

    @overload
    async def lcs(
        self,
        key1: Encodable,
        key2: Encodable,
        len: bool | None = False,
        idx: bool | None = False,
        minmatchlen: int | None = 0,
        withmatchlen: bool | None = False,
    ) -> T | int | list[T | int | list[list[list[int] | int]]]: ...

    async def lcs(
        self,
        key1: Encodable,
        key2: Encodable,
        len: bool | None = False,
        idx: bool | None = False,
        minmatchlen: int | None = 0,
        withmatchlen: bool | None = False,
    ) -> T | int | list[T | int | list[list[list[int] | int]]]:
        """The longest common subsequence of two strings. O(n * m)."""
        found = self._calls.lcs(key1, key2, len, idx, minmatchlen, withmatchlen)
        return found if self._at_once else await found

    @overload
    async def set(
        self,
        name: Encodable,
        value: Encodable,
        ex: Expiry | None = None,
        px: Expiry | None = None,
        nx: bool = False,
        xx: bool = False,
        keepttl: bool = False,
        get: Literal[False] = False,
        exat: AbsoluteExpiry | None = None,
        pxat: AbsoluteExpiry | None = None,
        ifeq: Encodable | None = None,
        ifne: Encodable | None = None,
        ifdeq: str | None = None,
        ifdne: str | None = None,
    ) -> bool | None: ...

    @overload
    async def set(
        self,
        name: Encodable,
        value: Encodable,
        ex: Expiry | None = None,
        px: Expiry | None = None,
        nx: bool = False,
        xx: bool = False,
        keepttl: bool = False,
        *,
        get: Literal[True],
        exat: AbsoluteExpiry | None = None,
        pxat: AbsoluteExpiry | None = None,
        ifeq: Encodable | None = None,
        ifne: Encodable | None = None,
        ifdeq: str | None = None,
        ifdne: str | None = None,
    ) -> T | None: ...

    @overload
    async def set(
        self,
        name: Encodable,
        value: Encodable,
        ex: Expiry | None = None,
        px: Expiry | None = None,
        nx: bool = False,
        xx: bool = False,
        keepttl: bool = False,
        get: bool = False,
        exat: AbsoluteExpiry | None = None,
        pxat: AbsoluteExpiry | None = None,
        ifeq: Encodable | None = None,
        ifne: Encodable | None = None,
        ifdeq: str | None = None,
        ifdne: str | None = None,
    ) -> bool | T | None: ...

    async def set(
        self,
        name: Encodable,
        value: Encodable,
        ex: Expiry | None = None,
        px: Expiry | None = None,
        nx: bool = False,
        xx: bool = False,
        keepttl: bool = False,
        get: bool = False,
        exat: AbsoluteExpiry | None = None,
        pxat: AbsoluteExpiry | None = None,
        ifeq: Encodable | None = None,
        ifne: Encodable | None = None,
        ifdeq: str | None = None,
        ifdne: str | None = None,
    ) -> bool | T | None:
        """Put a string at `name`, whatever was there. True, or None if a condition did not hold. O(1)."""
        found = self._calls.set(
            name, value, ex, px, nx, xx, keepttl, get, exat, pxat, ifeq, ifne, ifdeq, ifdne
        )
        return found if self._at_once else await found

    async def setex(self, name: Encodable, time: Expiry, value: Encodable) -> bool:
        """Put a string that lives for `time` seconds. True. O(1)."""
        found = self._calls.setex(name, time, value)
        return found if self._at_once else await found

    async def psetex(self, name: Encodable, time_ms: Expiry, value: Encodable) -> bool:
        """Put a string that lives for `time_ms` milliseconds. True. O(1)."""
        found = self._calls.psetex(name, time_ms, value)
        return found if self._at_once else await found

    async def setnx(self, name: Encodable, value: Encodable) -> bool:
        """Put a string only if there is nothing at `name`; whether it was put. O(1)."""
        found = self._calls.setnx(name, value)
        return found if self._at_once else await found

    async def getset(self, name: Encodable, value: Encodable) -> T | None:
        """Put a string; the old one, or None. WRONGTYPE if there is another type. O(1)."""
        found = self._calls.getset(name, value)
        return found if self._at_once else await found

    async def getdel(self, name: Encodable) -> T | None:
        """Remove the string at `name`; what it was, or None. O(1)."""
        found = self._calls.getdel(name)
        return found if self._at_once else await found

    async def getex(
        self,
        name: Encodable,
        ex: Expiry | None = None,
        px: Expiry | None = None,
        exat: AbsoluteExpiry | None = None,
        pxat: AbsoluteExpiry | None = None,
        persist: bool = False,
    ) -> T | None:
        """The string at `name`, or None, with a new lifetime, or none with `persist`. O(1)."""
        found = self._calls.getex(name, ex, px, exat, pxat, persist)
        return found if self._at_once else await found

    async def mset(self, mapping: Mapping[K, Encodable]) -> bool:
        """Put several strings at once. True. O(keys)."""
        found = self._calls.mset(mapping)
        return found if self._at_once else await found

    async def msetnx(self, mapping: Mapping[K, Encodable]) -> bool:
        """Put several strings at once, if none of the keys exists; whether they were put. O(keys)."""
        found = self._calls.msetnx(mapping)
        return found if self._at_once else await found

    async def append(self, key: Encodable, value: Encodable) -> int:
        """Add to the end of the string at `key`, made if missing; its new length. O(value), amortized."""
        found = self._calls.append(key, value)
        return found if self._at_once else await found

    async def setrange(self, name: Encodable, offset: int, value: Encodable) -> int:
        """Write into the string from `offset` on, after zero bytes if it is shorter; its length. O(value)."""
        found = self._calls.setrange(name, offset, value)
        return found if self._at_once else await found

    async def incr(self, name: Encodable, amount: int = 1) -> int:
        """Add `amount` to the number at `name`, 0 if missing; the sum. O(1)."""
        found = self._calls.incr(name, amount)
        return found if self._at_once else await found

    async def incrby(self, name: Encodable, amount: int = 1) -> int:
        """`incr`."""
        found = self._calls.incrby(name, amount)
        return found if self._at_once else await found

    async def decr(self, name: Encodable, amount: int = 1) -> int:
        """Subtract `amount` from the number at `name`, 0 if missing; the difference. O(1)."""
        found = self._calls.decr(name, amount)
        return found if self._at_once else await found

    async def decrby(self, name: Encodable, amount: int = 1) -> int:
        """`decr`."""
        found = self._calls.decrby(name, amount)
        return found if self._at_once else await found

    async def incrbyfloat(self, name: Encodable, amount: float = 1.0) -> float:
        """Add `amount` to the number at `name`, 0 if missing; the sum. O(1)."""
        found = self._calls.incrbyfloat(name, amount)
        return found if self._at_once else await found
