"""SLOWLOG: the commands that took longest."""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from ..encoding import integer
from ..errors import ResponseError
from .replies import OK, Reply
from .secrets import without_secrets
from .table import Row, command, container, helped

if TYPE_CHECKING:
    from .session import Session

MAX_ARGUMENTS = 32
MAX_LENGTH = 128


class Entry(NamedTuple):
    number: int
    time: int
    """Seconds since the epoch."""
    microseconds: int
    args: list[bytes]
    address: bytes
    name: bytes


class SlowLog:
    """The newest entries, the newest first."""

    def __init__(self) -> None:
        self.entries: deque[Entry] = deque()
        self.number = 0
        """Of the next entry."""

    def add(self, session: Session, row: Row, args: list[bytes], spent: int) -> None:
        """Note that a command took `spent` nanoseconds."""
        instance = session.instance
        entry = Entry(
            self.number,
            instance.now() // 1000,
            spent // 1000,
            shortened(without_secrets(row, args)),
            session.door.address.encode(),
            session.name,
        )
        self.number += 1
        self.entries.appendleft(entry)
        while len(self.entries) > instance.config["slowlog-max-len"]:
            self.entries.pop()


def shortened(args: list[bytes]) -> list[bytes]:
    """What the slow log keeps of the arguments: so many, and so much of each."""
    kept = args
    if len(args) > MAX_ARGUMENTS:
        left_out = len(args) - MAX_ARGUMENTS + 1
        kept = [*args[: MAX_ARGUMENTS - 1], b"... (%d more arguments)" % left_out]
    return [
        arg
        if len(arg) <= MAX_LENGTH
        else b"%b... (%d more bytes)" % (arg[:MAX_LENGTH], len(arg) - MAX_LENGTH)
        for arg in kept
    ]


container("slowlog", -2, "server")


@command("slowlog|get", -2, "admin loading stale", "server")
def slowlog_get(session: Session, args: list[bytes]) -> Reply:
    if len(args) > 3:
        raise ResponseError("unknown subcommand or wrong number of arguments for 'GET'. Try SLOWLOG HELP.")
    error = "count should be greater than or equal to -1"
    count = integer(args[2], error) if len(args) == 3 else 10
    if count < -1:
        raise ResponseError(error)
    entries = session.instance.slowlog.entries
    return [list(entry) for entry in islice(entries, None if count < 0 else count)]


@command("slowlog|len", 2, "admin loading stale", "server")
def slowlog_len(session: Session, args: list[bytes]) -> Reply:
    return len(session.instance.slowlog.entries)


@command("slowlog|reset", 2, "admin loading stale", "server")
def slowlog_reset(session: Session, args: list[bytes]) -> Reply:
    session.instance.slowlog.entries.clear()
    return OK


helped(
    "slowlog",
    "GET [<count>]",
    "    Show the latest commands that were slow: 10 of them, or <count>, or all for -1.",
    "    Of each: a number, when it was, its microseconds, its words, and the address",
    "    and the name of the client.",
    "LEN",
    "    Tell how many there are.",
    "RESET",
    "    Forget them.",
)
