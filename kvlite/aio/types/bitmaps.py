# mypy: disable-error-code="no-any-return,assignment"

"""The commands of kvlite/types/bitmaps.py, awaited. Made by tests/make_aio.py."""

from __future__ import annotations

from ...encoding import Encodable
from ...keyspace import T
from ...types.bitmaps import BitfieldOffset
from ..awaited import Awaited


class AsyncBitmaps(Awaited[T]):
    """See `kvlite.types.bitmaps.Bitmaps`, of which this has every command."""

    async def getbit(self, name: Encodable, offset: int) -> int:
        """The bit at `offset`, 0 behind the end of the string or where there is none. O(1)."""
        found = self._calls.getbit(name, offset)
        return found if self._at_once else await found

    async def setbit(self, name: Encodable, offset: int, value: int) -> int:
        """Put a bit, 1 unless `value` is false, at `offset` of the string, which grows to hold it; the bit
        that was there. O(1), amortized: however long the string is."""
        found = self._calls.setbit(name, offset, value)
        return found if self._at_once else await found

    async def bitcount(
        self, key: Encodable, start: int | None = None, end: int | None = None, mode: str | None = None
    ) -> int:
        """How many bits are 1, from `start` to `end` where these are given, both included; negative ones
        count from the end. They are of bytes, with the `mode` "BIT" of bits. O(bytes looked at)."""
        found = self._calls.bitcount(key, start, end, mode)
        return found if self._at_once else await found

    async def bitpos(
        self,
        key: Encodable,
        bit: int,
        start: int | None = None,
        end: int | None = None,
        mode: str | None = None,
    ) -> int:
        """Where the first bit of this kind is, -1 if there is none. O(bytes looked at)."""
        found = self._calls.bitpos(key, bit, start, end, mode)
        return found if self._at_once else await found

    async def bitop(self, operation: str, dest: Encodable, *keys: Encodable) -> int:
        """Store the AND, OR or XOR of several strings, or the NOT of one, at `dest`; its length."""
        found = self._calls.bitop(operation, dest, *keys)
        return found if self._at_once else await found

    async def bitfield_ro(
        self,
        key: Encodable,
        encoding: str,
        offset: BitfieldOffset,
        items: list[tuple[str, BitfieldOffset]] | None = None,
    ) -> list[int]:
        """The integers at `offset`, and of all `items`, as `bitfield` reads them. O(items)."""
        found = self._calls.bitfield_ro(key, encoding, offset, items)
        return found if self._at_once else await found
