# mypy: disable-error-code="no-any-return,assignment"

"""The commands of kvlite/types/hyperloglogs.py, awaited. Made by tests/make_aio.py."""

from __future__ import annotations

from ...encoding import Encodable
from ...keyspace import T
from ..awaited import Awaited


class AsyncHyperLogLogs(Awaited[T]):
    """See `kvlite.types.hyperloglogs.HyperLogLogs`, of which this has every command."""

    async def pfadd(self, name: Encodable, *values: Encodable) -> int:
        """Add elements to the HyperLogLog at `name`, made if missing; 1 if that changed it, else 0."""
        found = self._calls.pfadd(name, *values)
        return found if self._at_once else await found

    async def pfcount(self, *sources: Encodable) -> int:
        """About how many different elements were added to any of several HyperLogLogs, missing ones having
        none. WRONGTYPE for another value."""
        found = self._calls.pfcount(*sources)
        return found if self._at_once else await found

    async def pfmerge(self, dest: Encodable, *sources: Encodable) -> bool:
        """Let `dest`, made if missing, count what it and all `sources` do. True. O(sources)."""
        found = self._calls.pfmerge(dest, *sources)
        return found if self._at_once else await found
