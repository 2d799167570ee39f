"""Replies of a store that syncs every write: they leave when what they acknowledge is on the disk.

The commands of all clients that come while one sync is under way share the next, so the loop never waits for
the disk, and the more there is to do the less each write costs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..persist.durability import Durability

Step = Callable[[], object]


class GroupCommit:
    """Holds back what connections have to say until the journal has settled. For the loop's thread alone."""

    def __init__(self, loop: asyncio.AbstractEventLoop, journal: Durability) -> None:
        self._loop = loop
        self._journal = journal
        self._held: list[tuple[Step, Step]] = []
        self._busy = False

    @property
    def wanted(self) -> bool:
        """Whether replies wait for the disk, just now."""
        return self._journal.fsync == "always" or self._busy

    def run(self, work: Callable[..., object], *args: Any) -> None:
        """Run requests without waiting for the disk."""
        with self._journal.deferring() as owed:
            try:
                work(*args)
            finally:
                if owed:
                    self._start()

    def hold(self, send: Step, drop: Step) -> None:
        """Call `send` when all that was done until now, through any door, is on the disk, in the order of the
        calls to `hold`; or `drop` if it cannot be kept."""
        self._held.append((send, drop))
        self._start()

    def _start(self) -> None:
        if not self._busy:
            self._busy = True
            self._loop.call_soon(self._begin)

    def _begin(self) -> None:
        held, self._held = self._held, []
        written = self._journal.written()
        if self._journal.is_synced(written):
            self._finish(held, None)
            return
        settled = self._loop.run_in_executor(None, self._journal.settle, written)
        settled.add_done_callback(lambda done: self._finish(held, done.exception()))

    def _finish(self, held: list[tuple[Step, Step]], error: BaseException | None) -> None:
        for send, drop in held:
            step = send if error is None else drop
            step()
        if self._held:
            self._begin()
        else:
            self._busy = False

    async def drained(self) -> None:
        """Return when nothing is held back any more."""
        while self._busy:
            await asyncio.sleep(0.001)
