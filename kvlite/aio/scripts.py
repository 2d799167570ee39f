# mypy: disable-error-code="no-any-return,assignment"

"""The commands of kvlite/scripts.py, awaited. Made by tests/make_aio.py."""

from __future__ import annotations

from typing import Any, Literal

from ..encoding import Encodable
from ..keyspace import T
from .awaited import Awaited


class AsyncScripts(Awaited[T]):
    """See `kvlite.scripts.Scripts`, of which this has every command."""

    async def eval(self, script: str | bytes, numkeys: int, *keys_and_args: Encodable) -> Any:
        """Run the Lua `script` as one change: nobody else sees or does anything meanwhile. What it
        returns."""
        found = self._calls.eval(script, numkeys, *keys_and_args)
        return found if self._at_once else await found

    async def eval_ro(self, script: str | bytes, numkeys: int, *keys_and_args: Encodable) -> Any:
        """As `eval`, for a script that does not write: ResponseError if it tries."""
        found = self._calls.eval_ro(script, numkeys, *keys_and_args)
        return found if self._at_once else await found

    async def evalsha(self, sha: str | bytes, numkeys: int, *keys_and_args: Encodable) -> Any:
        """As `eval`, for a script that is known by its SHA1; NoScriptError if it is not."""
        found = self._calls.evalsha(sha, numkeys, *keys_and_args)
        return found if self._at_once else await found

    async def evalsha_ro(self, sha: str | bytes, numkeys: int, *keys_and_args: Encodable) -> Any:
        """As `eval_ro`, for a script that is known by its SHA1; NoScriptError if it is not."""
        found = self._calls.evalsha_ro(sha, numkeys, *keys_and_args)
        return found if self._at_once else await found

    async def script_load(self, script: str | bytes) -> str:
        """Keep a script, to be run by `evalsha`: its SHA1. ResponseError if it is not Lua."""
        found = self._calls.script_load(script)
        return found if self._at_once else await found

    async def script_exists(self, *args: str | bytes) -> list[bool]:
        """Whether there is a script with each of these SHA1s."""
        found = self._calls.script_exists(*args)
        return found if self._at_once else await found

    async def script_flush(self, sync_type: Literal["SYNC", "ASYNC"] | None = None) -> bool:
        """Forget all scripts. True. It is done at once, whatever `sync_type` says."""
        found = self._calls.script_flush(sync_type)
        return found if self._at_once else await found

    async def script_kill(self) -> bool:
        """End the script that another thread runs. True."""
        found = self._calls.script_kill()
        return found if self._at_once else await found
