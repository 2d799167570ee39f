"""What a test has planned for requests: how they fail, or wait, or lose their connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import REFUSALS, RedisError
from ..probe import ConnectionDropped, Fault
from .replies import NO_REPLY, NULL_ARRAY, QUEUED, Reply
from .resp import error_text
from .table import Row

if TYPE_CHECKING:
    from .session import Session

INTRODUCTIONS = {"hello", "auth", "select", "client|setname", "client|setinfo", "client|tracking"}
"""What clients send by themselves to begin a connection."""


def run_probed(session: Session, row: Row, args: list[bytes]) -> Reply:
    """Run a request of a session whose store has a probe, unless something else is planned for it."""
    probe = session.instance.probe
    session.introducing = session.introducing and row.name in INTRODUCTIONS
    words = args[2 if "|" in row.name else 1 :]
    fault = probe.request(row.name, words, session.introducing)
    if fault is not None and fault.error is not None:
        return _fail(session, row, args, fault)

    def go_on() -> Reply:
        with probe.inside():
            return session.check_and_run(row, args)

    def go_on_later() -> Reply:
        try:
            return go_on()
        except RedisError as error:
            return session.reject(args, error)

    return go_on() if fault is None else session.sleep(fault.seconds, go_on_later)


class Doomed(list[bytes]):
    """A request of a transaction that is to fail when it is executed, by `error`."""

    def __init__(self, args: list[bytes], error: RedisError) -> None:
        super().__init__(args)
        self.error = error

    def fail(self, session: Session, row: Row) -> RedisError:
        """The reply to it."""
        session.instance.statistics.failed(row, self.error)
        return self.error


def _fail(session: Session, row: Row, args: list[bytes], fault: Fault) -> Reply:
    """The reply to a request that meets an error, or nothing at all; what it is refused by is raised."""
    assert fault.error is not None
    reply = fault.reply
    if reply is None:
        if not isinstance(fault.error, ConnectionDropped):
            session.door.lose(fault.error)
        session.closing = True
        return NO_REPLY
    if row.name == "exec" and type(fault.error).__name__ == "WatchError":
        session.reset()
        return NULL_ARRAY
    is_refusal = error_text(reply).partition(b" ")[0].decode() in REFUSALS
    if session.queue is not None and "in_multi" not in row.flags and not is_refusal:
        session.queue.append((row, Doomed(args, reply)))
        return QUEUED
    raise reply.with_traceback(None)
