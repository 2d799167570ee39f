"""MONITOR: a client that sees the requests of all others."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ..clock import SystemClock
from ..errors import ResponseError
from .replies import NO_REPLY, OK, Reply, Status
from .resp import quoted
from .secrets import without_secrets
from .table import Row, command

if TYPE_CHECKING:
    from .session import Session

REPLICA = "Replica can't interact with the keyspace"
"""What Redis tells a client that monitors and wants anything else; a monitor is half a replica to it."""


def may_be_asked(row: Row) -> bool:
    """Whether a client that monitors may send this: nothing that touches a key."""
    return row.flags.isdisjoint(("write", "readonly", "may_replicate"))


def line(session: Session, row: Row, args: list[bytes]) -> Status:
    """What monitors see of a request."""
    clock = session.store._shared.clock
    seconds = time.time() if isinstance(clock, SystemClock) else clock.now() / 1000
    address = session.door.address
    origin = f"unix:{address.removesuffix(':0')}" if address.startswith("/") else address
    words = b" ".join(map(quoted, without_secrets(row, args)))
    return Status(b"%.6f [%d %b] %b" % (seconds, session.database, origin.encode(), words))


def feed(session: Session, row: Row, args: list[bytes]) -> None:
    """Show a request that was run to all who monitor, unless it is none of their business."""
    if row.flags.isdisjoint(("admin", "skip_monitor")):
        show(session, row, args)


def show(session: Session, row: Row, args: list[bytes]) -> None:
    """Show a request to all who monitor. Their connections queue it: none holds up another."""
    session.instance.show(line(session, row, args))


@command("monitor", 1, "admin noscript loading stale", "server")
def monitor(session: Session, args: list[bytes]) -> Reply:
    if session.executing:
        raise ResponseError("MONITOR isn't allowed for DENY BLOCKING client")
    if session in session.instance.monitors:
        return NO_REPLY
    session.instance.watch_requests(session)
    return OK
