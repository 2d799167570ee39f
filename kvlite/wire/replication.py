"""Replication: a kvlite server is a master without replicas, and stays one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..encoding import integer
from ..errors import MUST_BE_POSITIVE, RedisError, ResponseError
from ..numbers import INT64_MAX
from ..structs import Collection
from ..waiting import Attempt
from .args import in_range, syntax_error
from .replies import OK, Reply
from .table import command

if TYPE_CHECKING:
    from .session import Session

NO_REPLICAS = "a kvlite server has no replicas: what it keeps is on its disk"
NO_MASTER = "a kvlite server does not replicate another one"
NO_LOG = "WAITAOF cannot be used when numlocal is set but appendonly is disabled."


@command("role", 1, "noscript loading stale fast", "server")
def role(session: Session, args: list[bytes]) -> Reply:
    return [b"master", 0, []]


@command("replicaof", 3, "admin noscript stale no_async_loading", "server")
@command("slaveof", 3, "admin noscript stale no_async_loading", "server")
def replicaof(session: Session, args: list[bytes]) -> Reply:
    if (args[1].lower(), args[2].lower()) == (b"no", b"one"):
        return OK
    in_range(0, 65535, args[2], "Invalid master port")
    raise ResponseError(NO_MASTER)


@command("sync", 1, "admin noscript no_async_loading no_multi", "server")
@command("psync", -3, "admin noscript no_async_loading no_multi", "server")
@command("replconf", -1, "admin noscript loading stale allow_busy", "server")
def no_replicas(session: Session, args: list[bytes]) -> Reply:
    raise ResponseError(NO_REPLICAS)


@command("failover", -1, "admin noscript stale", "server")
def failover(session: Session, args: list[bytes]) -> Reply:
    words = [word.upper() for word in args]
    if words[1:] == [b"ABORT"]:
        raise ResponseError("No failover in progress.")
    at = 1
    while at < len(words):
        if words[at] == b"TO" and at + 2 < len(words):
            integer(words[at + 2])
            at += 3
        elif words[at] == b"TIMEOUT" and at + 1 < len(words):
            if integer(words[at + 1]) <= 0:
                raise ResponseError("FAILOVER timeout must be greater than 0")
            at += 2
        elif words[at] == b"FORCE":
            at += 1
        else:
            raise syntax_error()
    raise ResponseError("FAILOVER requires connected replicas.")


@command("wait", 3, "noscript", "generic")
def wait(session: Session, args: list[bytes]) -> Reply:
    wanted, milliseconds = integer(args[1]), _timeout(args[2])
    return _wait_for_replicas(session, milliseconds, 0) if wanted > 0 else 0


@command("waitaof", 4, "noscript", "generic")
def waitaof(session: Session, args: list[bytes]) -> Reply:
    local = in_range(0, 1, args[1], "value is out of range, value must between 0 and 1")
    wanted = in_range(0, INT64_MAX, args[2], MUST_BE_POSITIVE)
    milliseconds = _timeout(args[3])
    durability = session.store._durability()
    if durability is None and local:
        raise ResponseError(NO_LOG)
    done = [0 if durability is None else _synced(session), 0]
    return _wait_for_replicas(session, milliseconds, done) if wanted > 0 else done


def _synced(session: Session) -> int:
    """1 if everything that was written is on the disk now, 0 within a transaction, which goes on."""
    try:
        session.store.sync()
    except RedisError:
        if not session.executing:
            raise
        return 0
    return 1


def _timeout(text: bytes) -> int:
    milliseconds = integer(text, "timeout is not an integer or out of range")
    if milliseconds < 0:
        raise ResponseError("timeout is negative")
    return milliseconds


def _wait_for_replicas(session: Session, milliseconds: int, nothing: Reply) -> Reply:
    """Wait as long as the client wants to: there never is a replica."""
    never: Attempt[None] = Attempt(session.store, [], Collection, lambda key: None)
    return session.block(never, milliseconds / 1000, lambda _: nothing, nothing)
