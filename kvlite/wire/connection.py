"""Commands about the connection itself."""

from __future__ import annotations

from ..encoding import integer
from ..errors import ResponseError
from .replies import OK, Reply, Status
from .session import Session
from .table import command


@command("ping", -1, "fast", "connection")
def ping(session: Session, args: list[bytes]) -> Reply:
    return args[1] if len(args) > 1 else Status(b"PONG")


@command("echo", 2, "fast", "connection")
def echo(session: Session, args: list[bytes]) -> Reply:
    return args[1]


@command("select", 2, "loading stale fast", "connection")
def select(session: Session, args: list[bytes]) -> Reply:
    session.select(integer(args[1], "invalid DB index"))
    return OK


@command("quit", -1, "noscript loading stale fast no-auth allow-busy in-multi", "connection")
def quit_(session: Session, args: list[bytes]) -> Reply:
    session.closing = True
    return OK


@command("reset", 1, "noscript loading stale fast no-auth allow-busy in-multi", "connection")
def reset(session: Session, args: list[bytes]) -> Reply:
    session.reset()
    session.select(0)
    session.protocol = 2
    session.name = b""
    return Status(b"RESET")


@command("hello", -1, "noscript loading stale fast no-auth allow-busy", "connection")
def hello(session: Session, args: list[bytes]) -> Reply:
    if len(args) > 1:
        if args[1] not in (b"2", b"3"):
            raise ResponseError("NOPROTO unsupported protocol version")
        session.protocol = int(args[1])
    return {
        b"server": b"redis",
        b"version": b"7.0.15",
        b"proto": session.protocol,
        b"id": session.id,
        b"mode": b"standalone",
        b"role": b"master",
        b"modules": [],
    }
