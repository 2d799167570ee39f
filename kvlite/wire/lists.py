"""The commands of lists."""

from __future__ import annotations

from ..deadlines import waiting_time
from ..encoding import at_least, integer
from ..errors import MUST_BE_POSITIVE, wrong_arity
from ..numbers import parse_int
from ..types.lists import RANK_IS_ZERO, is_left, read_lmpop
from ..waiting import Attempt
from .args import Words, nonzero, syntax_error
from .replies import NULL_ARRAY, OK, Reply
from .session import Session
from .table import Keys, command

READ = Keys("RO access")
INSERT = Keys("RW insert")
DELETE = Keys("RW delete")
POP = Keys("RW access delete")
DESTINATION = Keys("RW insert", 2)


# Pushing and popping


@command("lpush", -3, "write fast", "list", INSERT)
def lpush(session: Session, args: list[bytes]) -> Reply:
    return session.store.lpush(*args[1:])


@command("rpush", -3, "write fast", "list", INSERT)
def rpush(session: Session, args: list[bytes]) -> Reply:
    return session.store.rpush(*args[1:])


@command("lpushx", -3, "write fast", "list", INSERT)
def lpushx(session: Session, args: list[bytes]) -> Reply:
    return session.store._push(args[1], args[2:], left=True, create=False)


@command("rpushx", -3, "write fast", "list", INSERT)
def rpushx(session: Session, args: list[bytes]) -> Reply:
    return session.store._push(args[1], args[2:], left=False, create=False)


@command("lpop", -2, "write fast", "list", POP)
def lpop(session: Session, args: list[bytes]) -> Reply:
    return session.store._pop(args[1], True) if len(args) == 2 else _pop_several(session, args, left=True)


@command("rpop", -2, "write fast", "list", POP)
def rpop(session: Session, args: list[bytes]) -> Reply:
    return session.store._pop(args[1], False) if len(args) == 2 else _pop_several(session, args, left=False)


def _pop_several(session: Session, args: list[bytes], left: bool) -> Reply:
    if len(args) > 3:
        raise wrong_arity("lpop" if left else "rpop")
    values = session.store._pop_several(args[1], left, at_least(0, args[2], MUST_BE_POSITIVE))
    return NULL_ARRAY if values is None else values


@command("lmpop", -4, "write movablekeys", "list", Keys("RW access delete", counted=True))
def lmpop(session: Session, args: list[bytes]) -> Reply:
    popped = session.store._lmpop(*read_lmpop(args[1:]))
    return NULL_ARRAY if popped is None else popped


# Moving


@command("lmove", 5, "write", "list", POP, DESTINATION)
def lmove(session: Session, args: list[bytes]) -> Reply:
    return session.store._lmove(args[1], args[2], is_left(args[3]), is_left(args[4]))


@command("rpoplpush", 3, "write", "list", POP, DESTINATION)
def rpoplpush(session: Session, args: list[bytes]) -> Reply:
    return session.store._lmove(args[1], args[2], from_left=False, to_left=True)


# Reading


@command("llen", 2, "readonly fast", "list", Keys("RO"))
def llen(session: Session, args: list[bytes]) -> Reply:
    return session.store._llen(args[1])


@command("lindex", 3, "readonly", "list", READ)
def lindex(session: Session, args: list[bytes]) -> Reply:
    return session.store._lindex(args[1], parse_int(args[2]))


@command("lrange", 4, "readonly", "list", READ)
def lrange(session: Session, args: list[bytes]) -> Reply:
    return session.store._lrange(args[1], integer(args[2]), integer(args[3]))


@command("lpos", -3, "readonly", "list", READ)
def lpos(session: Session, args: list[bytes]) -> Reply:
    rank, count, limit = 1, None, 0
    words = Words(args, 3)
    while (word := words.next()) is not None:
        if word == b"RANK":
            rank = nonzero(words.value(), RANK_IS_ZERO)
        elif word == b"COUNT":
            count = at_least(0, words.value(), "COUNT can't be negative")
        elif word == b"MAXLEN":
            limit = at_least(0, words.value(), "MAXLEN can't be negative")
        else:
            raise syntax_error()
    positions = session.store._lpos(args[1], args[2], rank, 1 if count is None else count, limit)
    if count is not None:
        return positions
    return positions[0] if positions else None


# Changing


@command("lset", 4, "write", "list", Keys("RW update"))
def lset(session: Session, args: list[bytes]) -> Reply:
    session.store._lset(args[1], parse_int(args[2]), args[3])
    return OK


@command("linsert", 5, "write", "list", INSERT)
def linsert(session: Session, args: list[bytes]) -> Reply:
    side = args[2].lower()
    if side not in (b"before", b"after"):
        raise syntax_error()
    return session.store._linsert(args[1], side == b"before", args[3], args[4])


@command("lrem", 4, "write", "list", DELETE)
def lrem(session: Session, args: list[bytes]) -> Reply:
    return session.store._lrem(args[1], integer(args[2]), args[3])


@command("ltrim", 4, "write", "list", DELETE)
def ltrim(session: Session, args: list[bytes]) -> Reply:
    session.store._ltrim(args[1], integer(args[2]), integer(args[3]))
    return OK


# Waiting


@command("blpop", -3, "write noscript blocking", "list", Keys("RW access delete", last=-2))
def blpop(session: Session, args: list[bytes]) -> Reply:
    timeout = waiting_time(args[-1])
    return session.block(session.store._bpop(args[1:-1], True), timeout, list)


@command("brpop", -3, "write noscript blocking", "list", Keys("RW access delete", last=-2))
def brpop(session: Session, args: list[bytes]) -> Reply:
    timeout = waiting_time(args[-1])
    return session.block(session.store._bpop(args[1:-1], False), timeout, list)


@command("blmpop", -5, "write blocking movablekeys", "list", Keys("RW access delete", 2, counted=True))
def blmpop(session: Session, args: list[bytes]) -> Reply:
    attempt = session.store._blmpop(*read_lmpop(args[2:]))
    return session.block(attempt, waiting_time(args[1]), list)


@command("blmove", 6, "write noscript blocking", "list", POP, DESTINATION)
def blmove(session: Session, args: list[bytes]) -> Reply:
    attempt = session.store._blmove(args[1], args[2], is_left(args[3]), is_left(args[4]))
    return _moved(session, attempt, args[5])


@command("brpoplpush", 4, "write noscript blocking", "list", POP, DESTINATION)
def brpoplpush(session: Session, args: list[bytes]) -> Reply:
    attempt = session.store._blmove(args[1], args[2], from_left=False, to_left=True)
    return _moved(session, attempt, args[3])


def _moved(session: Session, attempt: Attempt[bytes], timeout: bytes) -> Reply:
    """What is moved; nothing is a null at once, within a transaction, and a null array after the time."""
    reply = session.block(attempt, waiting_time(timeout), bytes)
    return None if reply is NULL_ARRAY else reply
