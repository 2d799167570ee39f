"""What was denied: the log that ACL LOG shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

ALIKE_WITHIN_MS = 60_000
"""Entries about the same are one, if no more than that lies between them."""
LOOKED_AT = 10
"""Of the newest entries, how many are looked at for one about the same."""


@dataclass(slots=True)
class Entry:
    """Something that a user could not do, once or several times."""

    reason: str
    """`command`, `key`, `channel` or `auth`."""
    context: str
    """`toplevel`, `multi` or `lua`."""
    what: bytes
    """The command, the key or the channel."""
    username: bytes
    client: bytes
    """Who it was that did it last, as CLIENT LIST shows it."""
    time_ms: int
    count: int = 1


class AclLog:
    """The newest entries, the newest first. The clock is in milliseconds."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self.limit = 128
        """The setting `acllog-max-len`."""
        self.entries: list[Entry] = []
        """Exchanged as a whole, so that whoever reads it may go on with what he found."""
        self._lock = Lock()

    def add(self, reason: str, context: str, what: bytes, username: bytes, client: bytes) -> None:
        new = Entry(reason, context, what, username, client, self._now())
        with self._lock:
            others = self.entries
            alike = next((old for old in others[:LOOKED_AT] if _alike(old, new)), None)
            if alike is not None:
                new.count += alike.count
                others = [old for old in others if old is not alike]
            self.entries = [new, *others][: self.limit]

    def clear(self) -> None:
        self.entries = []

    def age(self, entry: Entry) -> float:
        """The seconds since it happened last."""
        return (self._now() - entry.time_ms) / 1000


def _alike(old: Entry, new: Entry) -> bool:
    return (
        old.reason == new.reason
        and old.context == new.context
        and new.time_ms - old.time_ms <= ALIKE_WITHIN_MS
        and old.what == new.what
        and old.username == new.username
    )
