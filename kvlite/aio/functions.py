# mypy: disable-error-code="no-any-return,assignment"

"""The commands of kvlite/functions.py, awaited. Made by tests/make_aio.py."""

from __future__ import annotations

from typing import Any

from ..encoding import Encodable
from ..keyspace import T
from .awaited import Awaited


class AsyncFunctions(Awaited[T]):
    """See `kvlite.functions.Functions`, of which this has every command."""

    async def fcall(self, function: str | bytes, numkeys: int, *keys_and_args: Encodable) -> Any:
        """Call a function of a library as one change, of which nobody sees a half: what it returns."""
        found = self._calls.fcall(function, numkeys, *keys_and_args)
        return found if self._at_once else await found

    async def fcall_ro(self, function: str | bytes, numkeys: int, *keys_and_args: Encodable) -> Any:
        """As `fcall`, for a function with the flag `no-writes`: ResponseError for another."""
        found = self._calls.fcall_ro(function, numkeys, *keys_and_args)
        return found if self._at_once else await found

    async def function_load(self, code: str | bytes, replace: bool | None = False) -> T:
        """Load the library `code`, whose first line is `#!lua name=...`, and keep it: its name."""
        found = self._calls.function_load(code, replace)
        return found if self._at_once else await found

    async def function_delete(self, library: str | bytes) -> bool:
        """Forget a library and its functions. True; ResponseError if there is none of this name."""
        found = self._calls.function_delete(library)
        return found if self._at_once else await found

    async def function_flush(self, mode: str = "SYNC") -> bool:
        """Forget all libraries. True. It is done at once, whatever `mode` says: "SYNC" or "ASYNC"."""
        found = self._calls.function_flush(mode)
        return found if self._at_once else await found

    async def function_list(self, library: str | None = "*", withcode: bool | None = False) -> list[Any]:
        """The libraries whose name matches the pattern `library`, whatever its case."""
        found = self._calls.function_list(library, withcode)
        return found if self._at_once else await found

    async def function_stats(self) -> dict[T, Any]:
        """What is running, and how many libraries and functions there are."""
        found = self._calls.function_stats()
        return found if self._at_once else await found

    async def function_kill(self) -> T:
        """End the function that another thread runs. OK."""
        found = self._calls.function_kill()
        return found if self._at_once else await found

    async def function_dump(self) -> bytes:
        """All libraries as one payload, which a Redis restores too."""
        found = self._calls.function_dump()
        return found if self._at_once else await found

    async def function_restore(self, payload: bytes, policy: str | None = "APPEND") -> bool:
        """Load the libraries of a payload of `function_dump`, or of a Redis, all or none. True."""
        found = self._calls.function_restore(payload, policy)
        return found if self._at_once else await found
