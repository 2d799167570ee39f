"""Commands about the connection itself: who speaks, in which protocol, to which database."""

from __future__ import annotations

from ..encoding import integer
from ..errors import ResponseError, wrong_arity
from .client import set_name
from .replies import OK, Reply, Status
from .session import Session
from .table import command

INT32 = range(-(2**31), 2**31)
NO_PASSWORD = (
    "AUTH <password> called without any password configured for the default user. "
    "Are you sure your configuration is correct?"
)
HELLO_WITHOUT_AUTH = (
    "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH <user> "
    "<pass> option can be used to authenticate the client and select the RESP protocol version "
    "at the same time"
)


@command("ping", -1, "fast", "connection")
def ping(session: Session, args: list[bytes]) -> Reply:
    if len(args) > 2:
        raise wrong_arity("ping")
    if session.listener is not None and session.protocol == 2:
        return [b"pong", args[1] if len(args) > 1 else b""]
    return args[1] if len(args) > 1 else Status(b"PONG")


@command("echo", 2, "loading stale fast", "connection")
def echo(session: Session, args: list[bytes]) -> Reply:
    return args[1]


@command("select", 2, "loading stale fast", "connection")
def select(session: Session, args: list[bytes]) -> Reply:
    index = integer(args[1])
    if index not in INT32:
        raise ResponseError("value is out of range, value must between -2147483648 and 2147483647")
    session.select(index)
    return OK


@command("quit", -1, "noscript loading stale fast no_auth allow_busy in_multi", "connection")
def quit_(session: Session, args: list[bytes]) -> Reply:
    session.closing = True
    return OK


@command("reset", 1, "noscript loading stale fast no_auth allow_busy in_multi", "connection")
def reset(session: Session, args: list[bytes]) -> Reply:
    session.start_over()
    return Status(b"RESET")


@command("auth", -2, "noscript loading stale fast no_auth allow_busy", "connection")
def auth(session: Session, args: list[bytes]) -> Reply:
    if len(args) > 3:
        raise ResponseError("syntax error")
    if len(args) == 2 and session.instance.acl.default.nopass:
        raise ResponseError(NO_PASSWORD)
    name = args[1] if len(args) == 3 else b"default"
    session.authenticate(name, args[-1], args[0])
    return OK


@command("hello", -1, "noscript loading stale fast no_auth allow_busy", "connection")
def hello(session: Session, args: list[bytes]) -> Reply:
    protocol = session.protocol
    if len(args) > 1:
        protocol = integer(args[1], "Protocol version is not an integer or out of range")
        if protocol not in (2, 3):
            raise ResponseError("NOPROTO unsupported protocol version")
    _apply_options(session, args)
    if not session.authenticated:
        raise ResponseError(HELLO_WITHOUT_AUTH)
    session.protocol = protocol
    session.review()
    return {
        b"server": b"redis",
        b"version": b"7.0.15",
        b"proto": protocol,
        b"id": session.id,
        b"mode": b"standalone",
        b"role": b"master",
        b"modules": [],
    }


def _apply_options(session: Session, args: list[bytes]) -> None:
    """Do what HELLO says besides; what stands before an error has been done."""
    at = 2
    while at < len(args):
        option, values = args[at].upper(), args[at + 1 :]
        if option == b"AUTH" and len(values) >= 2:
            session.authenticate(values[0], values[1], args[0])
            at += 3
        elif option == b"SETNAME" and values:
            set_name(session, values[0])
            at += 2
        else:
            shown = args[at].decode("utf-8", "surrogateescape")
            raise ResponseError(f"Syntax error in HELLO option '{shown}'")
