"""MULTI, EXEC, DISCARD, WATCH, UNWATCH."""

from __future__ import annotations

from ..errors import ExecAbortError, NoPermissionError, ResponseError
from ..eviction import admitted
from ..watch import Watch
from .acl_selector import NO_PERMISSION_ANY_MORE
from .probed import Doomed
from .replies import NULL_ARRAY, OK, Reply
from .session import Session
from .table import Keys, Row, command

NESTED = "MULTI calls can not be nested"
NOT_ANY_MORE = (
    "ACLs rules changed between the moment the transaction was accumulated and the EXEC call. "
    "This command is no longer allowed for the following reason: {}"
)


@command("multi", 1, "noscript loading stale fast allow_busy in_multi", "transactions")
def multi(session: Session, args: list[bytes]) -> Reply:
    if session.queue is not None:
        return ResponseError(NESTED)  # the transaction goes on
    session.queue = []
    session.plain = False
    return OK


@command("discard", 1, "noscript loading stale fast allow_busy in_multi", "transactions")
def discard(session: Session, args: list[bytes]) -> Reply:
    if session.queue is None:
        raise ResponseError("DISCARD without MULTI")
    session.reset()
    return OK


@command("exec", 1, "noscript loading stale skip_slowlog in_multi", "transactions")
def execute(session: Session, args: list[bytes]) -> Reply:
    queue = session.queue
    if queue is None:
        raise ResponseError("EXEC without MULTI")
    if any(row.group == "scripting" for row, _ in queue):
        return session.instance.runner.elsewhere(session, lambda: _execute(session, queue))
    return _execute(session, queue)


def _execute(session: Session, queue: list[tuple[Row, list[bytes]]]) -> Reply:
    aborted = session.aborted
    store = session.store
    store._acquire()
    try:
        intact = is_intact(session.watch)
        session.reset()
        if aborted:
            raise ExecAbortError("Transaction discarded because of previous errors.")
        if not intact:
            return NULL_ARRAY
        store._begin()
        try:
            session.executing = len(queue)
            with admitted(store._shared):
                return [_run(session, row, request) for row, request in queue]
        finally:
            session.executing = 0
            store._end()
    finally:
        store._release()


def _run(session: Session, row: Row, request: list[bytes]) -> Reply:
    """Run a request that was queued, if the user still may."""
    if session.restricted and (denial := session.denial(row, request)):
        return NoPermissionError(NOT_ANY_MORE.format(NO_PERMISSION_ANY_MORE[denial]))
    if type(request) is Doomed:
        return request.fail(session, row)
    return session.carry_out(row, request)


def is_intact(watch: Watch | None) -> bool:
    """Whether nothing has happened to what is watched; a key that has died meanwhile has changed."""
    if watch is None:
        return True
    for key in watch.keys:
        watch.store._peek(key)
    return not watch.broken


@command("watch", -2, "noscript loading stale fast allow_busy in_multi", "transactions", Keys("RO", last=-1))
def watch(session: Session, args: list[bytes]) -> Reply:
    if session.queue is not None:
        return ResponseError("WATCH inside MULTI is not allowed")
    instance = session.instance
    if instance.busy:
        return instance.runner.meanwhile(session, lambda: _watch(session, args[1:]), undo=session.unwatch)
    return _watch(session, args[1:])


def _watch(session: Session, keys: list[bytes]) -> Reply:
    store = session.store
    store._acquire()
    try:
        for key in keys:
            store._peek(key)
        if session.watch is None:
            session.watch = Watch(store)
            store._shared.observe(session.watch)
        session.watch.keys.update(keys)
    finally:
        store._release()
    return OK


@command("unwatch", 1, "noscript loading stale fast allow_busy", "transactions")
def unwatch(session: Session, args: list[bytes]) -> Reply:
    session.unwatch()
    return OK
