"""What a test has planned for requests: how they fail, or wait, or lose their connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import REFUSALS, RedisError
from ..probe import ConnectionDropped, Fault
from .replies import NO_REPLY, NULL_ARRAY, Reply
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
        return _fail(session, row, fault)

    def go_on() -> Reply:
        with probe.inside():
            return session.check_and_run(row, args)

    def go_on_later() -> Reply:
        try:
            return go_on()
        except RedisError as error:
            return session.reject(args, error)

    return go_on() if fault is None else session.sleep(fault.seconds, go_on_later)


def _fail(session: Session, row: Row, fault: Fault) -> Reply:
    """The reply to a request that meets an error; raised if it is one that a transaction fails by."""
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
    if session.queue is not None and error_text(reply).partition(b" ")[0].decode() not in REFUSALS:
        return reply
    raise reply.with_traceback(None)
