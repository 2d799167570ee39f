"""The commands of sets."""

from __future__ import annotations

from ..encoding import at_least, integer, scan_cursor
from ..errors import MUST_BE_POSITIVE
from ..types.sets import parse_sintercard
from .args import scan_options, syntax_error
from .replies import Members, Reply
from .session import Session
from .table import Keys, command

READ = Keys("RO access")
READ_ALL = Keys("RO access", last=-1)
LOOK = Keys("RO")
POP = Keys("RW access delete")
DESTINATION = Keys("OW update")
SOURCES = Keys("RO access", 2, last=-1)


@command("sadd", -3, "write fast", "set", Keys("RW insert"))
def sadd(session: Session, args: list[bytes]) -> Reply:
    return session.store.sadd(*args[1:])


@command("srem", -3, "write fast", "set", Keys("RW delete"))
def srem(session: Session, args: list[bytes]) -> Reply:
    return session.store._srem(args[1], args[2:])


@command("sismember", 3, "readonly fast", "set", LOOK)
def sismember(session: Session, args: list[bytes]) -> Reply:
    return session.store._sismember(args[1], args[2])


@command("smismember", -3, "readonly fast", "set", READ)
def smismember(session: Session, args: list[bytes]) -> Reply:
    return session.store._smismember(args[1], args[2:])


@command("scard", 2, "readonly fast", "set", LOOK)
def scard(session: Session, args: list[bytes]) -> Reply:
    return session.store._scard(args[1])


@command("smembers", 2, "readonly", "set", READ)
def smembers(session: Session, args: list[bytes]) -> Reply:
    return Members(session.store._smembers(args[1]))


@command("spop", -2, "write fast", "set", POP)
def spop(session: Session, args: list[bytes]) -> Reply:
    if len(args) == 2:
        return session.store._spop(args[1])
    if len(args) > 3:
        raise syntax_error()
    return Members(session.store._spops(args[1], at_least(0, args[2], MUST_BE_POSITIVE)))


@command("srandmember", -2, "readonly", "set", READ)
def srandmember(session: Session, args: list[bytes]) -> Reply:
    if len(args) == 2:
        return session.store._srandmember(args[1])
    if len(args) > 3:
        raise syntax_error()
    return session.store._srandmembers(args[1], integer(args[2]))


@command("smove", 4, "write fast", "set", POP, Keys("RW insert", 2))
def smove(session: Session, args: list[bytes]) -> Reply:
    return session.store._smove(args[1], args[2], args[3])


@command("sinter", -2, "readonly", "set", READ_ALL)
def sinter(session: Session, args: list[bytes]) -> Reply:
    return Members(session.store._sinter(args[1:]))


@command("sunion", -2, "readonly", "set", READ_ALL)
def sunion(session: Session, args: list[bytes]) -> Reply:
    return Members(session.store._sunion(args[1:]))


@command("sdiff", -2, "readonly", "set", READ_ALL)
def sdiff(session: Session, args: list[bytes]) -> Reply:
    return Members(session.store._sdiff(args[1:]))


@command("sintercard", -3, "readonly movablekeys", "set", Keys("RO access", counted=True))
def sintercard(session: Session, args: list[bytes]) -> Reply:
    return session.store._sintercard(*parse_sintercard(args[1:]))


@command("sinterstore", -3, "write", "set", Keys("RW update"), SOURCES)
def sinterstore(session: Session, args: list[bytes]) -> Reply:
    return session.store._sinterstore(args[1], args[2:])


@command("sunionstore", -3, "write", "set", DESTINATION, SOURCES)
def sunionstore(session: Session, args: list[bytes]) -> Reply:
    return session.store._sunionstore(args[1], args[2:])


@command("sdiffstore", -3, "write", "set", DESTINATION, SOURCES)
def sdiffstore(session: Session, args: list[bytes]) -> Reply:
    return session.store._sdiffstore(args[1], args[2:])


@command("sscan", -3, "readonly", "set", READ)
def sscan(session: Session, args: list[bytes]) -> Reply:
    cursor, page = session.store._sscan(args[1], scan_cursor(args[2]), *scan_options(args, 3))
    return [b"%d" % cursor, page]
