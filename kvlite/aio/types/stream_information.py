# mypy: disable-error-code="no-any-return,assignment"

"""The commands of kvlite/types/stream_information.py, awaited. Made by tests/make_aio.py."""

from __future__ import annotations

from typing import Any

from ...encoding import Encodable
from ...keyspace import T
from ..awaited import Awaited


class AsyncStreamInformation(Awaited[T]):
    """See `kvlite.types.stream_information.StreamInformation`, of which this has every command."""

    async def xinfo_stream(self, name: Encodable, full: bool = False) -> dict[str, Any]:
        """The length, ids and counters of a stream, with its first and last entry. O(blocks)."""
        found = self._calls.xinfo_stream(name, full)
        return found if self._at_once else await found

    async def xinfo_groups(self, name: Encodable) -> list[dict[str, Any]]:
        """The groups of a stream: how far each has read, and how much is pending. O(groups)."""
        found = self._calls.xinfo_groups(name)
        return found if self._at_once else await found

    async def xinfo_consumers(self, name: Encodable, groupname: Encodable) -> list[dict[str, Any]]:
        """The consumers of a group: how much is pending at each, and since when it has asked for nothing."""
        found = self._calls.xinfo_consumers(name, groupname)
        return found if self._at_once else await found
