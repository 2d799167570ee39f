# mypy: disable-error-code="no-any-return,assignment"

"""The commands of kvlite/administration.py, awaited. Made by tests/make_aio.py."""

from __future__ import annotations

from typing import Any

from ..encoding import Encodable
from ..keyspace import T
from .awaited import Awaited


class AsyncAdministration(Awaited[T]):
    """See `kvlite.administration.Administration`, of which this has every command."""

    async def config_get(self, pattern: Encodable = "*", *args: Encodable) -> dict[str, str]:
        """Redis's configuration parameters whose names match one of the patterns, with their values as
        text."""
        found = self._calls.config_get(pattern, *args)
        return found if self._at_once else await found

    async def config_set(self, name: Encodable, value: Encodable, *args: Encodable) -> bool:
        """Set one parameter, or several by further names and values: all or none. True."""
        found = self._calls.config_set(name, value, *args)
        return found if self._at_once else await found

    async def config_resetstat(self) -> bool:
        """Begin again to count what `info` tells of commands, lookups and traffic. True."""
        found = self._calls.config_resetstat()
        return found if self._at_once else await found

    async def info(self, section: str | None = None, *args: str) -> dict[str, Any]:
        """What there is to know of the store, in the fields that tools read from a Redis server."""
        found = self._calls.info(section, *args)
        return found if self._at_once else await found

    async def ping(self) -> bool:
        """True; StoreClosedError if the store is closed. O(1)."""
        found = self._calls.ping()
        return found if self._at_once else await found
