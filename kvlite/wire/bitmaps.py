"""The commands of bitmaps and bitfields."""

from __future__ import annotations

from ..errors import ResponseError
from ..types.bitmaps import NOT_A_BIT, read_offset
from .replies import Reply
from .session import Session
from .table import Keys, command

READ = Keys("RO access")


@command("setbit", 4, "write", "bitmap", Keys("RW access update"))
def setbit(session: Session, args: list[bytes]) -> Reply:
    store = session.store
    if args[3] not in (b"0", b"1"):
        read_offset(args[2], store._shared.limits.proto_max_bulk_len)
        raise ResponseError(NOT_A_BIT)
    return store._setbit(args[1], args[2], args[3] == b"1")


@command("getbit", 3, "readonly fast", "bitmap", READ)
def getbit(session: Session, args: list[bytes]) -> Reply:
    return session.store._getbit(args[1], args[2])


@command("bitcount", -2, "readonly", "bitmap", READ)
def bitcount(session: Session, args: list[bytes]) -> Reply:
    return session.store._bitcount(args[1], args[2:])


@command("bitpos", -3, "readonly", "bitmap", READ)
def bitpos(session: Session, args: list[bytes]) -> Reply:
    return session.store._bitpos(args[1], args[2], args[3:])


@command("bitop", -4, "write", "bitmap", Keys("OW update", 2), Keys("RO access", 3, last=-1))
def bitop(session: Session, args: list[bytes]) -> Reply:
    return session.store._bitop(args[1], args[2], args[3:])


def _keys_of_bitfield(args: list[bytes]) -> list[tuple[int, str]]:
    """Redis looks at the words where an operation may stand, and at no others."""
    at = 2
    while at < len(args):
        word, left = args[at].upper(), len(args) - at - 1
        if word == b"GET" and left >= 2:
            at += 3
        elif word in (b"SET", b"INCRBY") and left >= 3:
            return [(1, "RW access update")]
        elif word == b"OVERFLOW" and left >= 1:
            at += 2
        else:
            return [(1, "RW access update")]
    return [(1, "RO access")]


@command(
    *("bitfield", -2, "write", "bitmap"),
    Keys("RW access update variable_flags"),
    find_keys=_keys_of_bitfield,
)
def bitfield(session: Session, args: list[bytes]) -> Reply:
    return session.store._bitfield(args[1], args[2:])


@command("bitfield_ro", -2, "readonly fast", "bitmap", READ)
def bitfield_ro(session: Session, args: list[bytes]) -> Reply:
    return session.store._bitfield(args[1], args[2:], read_only=True)
