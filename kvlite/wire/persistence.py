"""SAVE, BGSAVE, BGREWRITEAOF, LASTSAVE: snapshots of a store that is kept on disk.

To such a store saving and rewriting its log are the same: a snapshot is written, and the log before it goes.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from ..errors import RedisError, ResponseError
from .replies import OK, Reply, Status
from .table import command

if TYPE_CHECKING:
    from ..persist.durability import Durability
    from .instance import Instance
    from .session import Session

IN_MEMORY = "this store is kept in memory only: there is no file to save it to"
IN_PROGRESS = "Background save already in progress"
SAVE_STARTED = Status(b"Background saving started")
SAVE_SCHEDULED = Status(b"Background saving scheduled")
REWRITE_STARTED = Status(b"Background append only file rewriting started")
REWRITE_SCHEDULED = Status(b"Background append only file rewriting scheduled")


class Saves:
    """The snapshots that clients asked for: what is going on, and what came of the last."""

    def __init__(self, instance: Instance) -> None:
        self._store = instance.store
        self._statistics = instance.statistics
        self._writes_saved = 0
        self._now = instance.now
        self.last_ms = instance.started_ms
        """When the state was last saved; before that, when it was first looked at."""
        self.last_failed = False
        self.last_seconds = -1
        """How long the last one took."""
        self.count = 0
        self.began_ms = 0
        """When what is going on began."""
        self.running: str | None = None
        """`save` or `rewrite`, while one goes on behind the scenes."""
        self.scheduled: str | None = None
        """What is to begin when that is done."""

    def begin(self, what: str) -> None:
        """Take a snapshot in a thread of its own."""
        self.running, self.began_ms = what, self._now()
        threading.Thread(target=self._run, name="kvlite-save", daemon=True).start()

    def _run(self) -> None:
        while self.running is not None:
            try:
                self.take()
            except RedisError:
                pass  # `last_failed` tells
            finally:
                self.running, self.scheduled = self.scheduled, None

    def take(self) -> None:
        """Take a snapshot now, and return when it is there. PersistenceError if it cannot be."""
        began = self._now()
        try:
            self._store.compact()
        except RedisError:
            self.last_failed = True
            raise
        self.last_ms = self._now()
        self.last_failed = False
        self._writes_saved = self._statistics.write_commands
        self.last_seconds = (self.last_ms - began) // 1000
        self.count += 1

    @property
    def unsaved_writes(self) -> int:
        """How many commands that write have been run since the last snapshot that a client asked for."""
        return self._statistics.write_commands - self._writes_saved

    def forget_counts(self) -> None:
        """The counts of commands are about to be set back to 0."""
        self._writes_saved -= self._statistics.write_commands


def durability_of(instance: Instance) -> Durability:
    """The journal of the store; an error if there is no file that could be written."""
    durability = instance.store._durability()
    if durability is None:
        raise ResponseError(IN_MEMORY)
    return durability


@command("save", 1, "admin noscript no_async_loading no_multi", "server")
def save(session: Session, args: list[bytes]) -> Reply:
    saves = session.instance.saves
    if saves.running:
        raise ResponseError(IN_PROGRESS)
    durability_of(session.instance)
    saves.take()
    return OK


@command("bgsave", -1, "admin noscript no_async_loading", "server")
def bgsave(session: Session, args: list[bytes]) -> Reply:
    if [word.upper() for word in args[1:]] not in ([], [b"SCHEDULE"]):
        raise ResponseError("syntax error")
    saves = session.instance.saves
    if saves.running == "save":
        raise ResponseError(IN_PROGRESS)
    durability_of(session.instance)
    if saves.running is None:
        saves.begin("save")
        return SAVE_STARTED
    if len(args) == 1:
        raise ResponseError(
            "Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order to "
            "schedule a BGSAVE whenever possible."
        )
    saves.scheduled = "save"
    return SAVE_SCHEDULED


@command("bgrewriteaof", 1, "admin noscript no_async_loading", "server")
def bgrewriteaof(session: Session, args: list[bytes]) -> Reply:
    saves = session.instance.saves
    if saves.running == "rewrite":
        raise ResponseError("Background append only file rewriting already in progress")
    durability_of(session.instance)
    if saves.running == "save":
        saves.scheduled = "rewrite"
        return REWRITE_SCHEDULED
    saves.begin("rewrite")
    return REWRITE_STARTED


@command("lastsave", 1, "loading stale fast", "server")
def lastsave(session: Session, args: list[bytes]) -> Reply:
    return session.instance.saves.last_ms // 1000
