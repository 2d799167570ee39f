"""The commands of hashes, and of the deadlines of their fields."""

from __future__ import annotations

from collections.abc import Callable

from ..deadlines import Lifetime
from ..encoding import integer, scan_cursor
from ..errors import ResponseError
from ..types.hashes import Condition
from .args import UNITS, Words, lifetime_of, pairs_of, scan_options, syntax_error
from .replies import OK, Pairs, Reply
from .session import Session
from .table import Keys, Run, command

READ = Keys("RO access")
LOOK = Keys("RO")
UPDATE = Keys("RW update")
DELETE = Keys("RW delete")
COUNT = Keys("RW access update")


# Reading


@command("hget", 3, "readonly fast", "hash", READ)
def hget(session: Session, args: list[bytes]) -> Reply:
    return session.store._hget(args[1], args[2])


@command("hmget", -3, "readonly fast", "hash", READ)
def hmget(session: Session, args: list[bytes]) -> Reply:
    return session.store._hmget(args[1], args[2:])


@command("hgetall", 2, "readonly", "hash", READ)
def hgetall(session: Session, args: list[bytes]) -> Reply:
    return session.store._hgetall(args[1])


@command("hkeys", 2, "readonly", "hash", READ)
def hkeys(session: Session, args: list[bytes]) -> Reply:
    return session.store._hkeys(args[1])


@command("hvals", 2, "readonly", "hash", READ)
def hvals(session: Session, args: list[bytes]) -> Reply:
    return session.store._hvals(args[1])


@command("hlen", 2, "readonly fast", "hash", LOOK)
def hlen(session: Session, args: list[bytes]) -> Reply:
    return session.store._hlen(args[1])


@command("hstrlen", 3, "readonly fast", "hash", LOOK)
def hstrlen(session: Session, args: list[bytes]) -> Reply:
    return session.store._hstrlen(args[1], args[2])


@command("hexists", 3, "readonly fast", "hash", LOOK)
def hexists(session: Session, args: list[bytes]) -> Reply:
    return session.store.hexists(args[1], args[2])


@command("hrandfield", -2, "readonly", "hash", READ)
def hrandfield(session: Session, args: list[bytes]) -> Reply:
    if len(args) == 2:
        return session.store._hrandfield(args[1])
    count, withvalues = integer(args[2]), len(args) > 3
    if len(args) > 4 or (withvalues and args[3].upper() != b"WITHVALUES"):
        raise syntax_error()
    pairs = session.store._hrandfields(args[1], count, withvalues)
    return Pairs(pairs) if withvalues else [field for field, _ in pairs]


@command("hscan", -3, "readonly", "hash", READ)
def hscan(session: Session, args: list[bytes]) -> Reply:
    cursor, page = session.store._hscan(args[1], scan_cursor(args[2]), *scan_options(args, 3))
    return [b"%d" % cursor, [text for pair in page.items() for text in pair]]


# Writing


@command("hset", -4, "write denyoom fast", "hash", UPDATE)
def hset(session: Session, args: list[bytes]) -> Reply:
    if len(args) == 4:
        return session.store.hset(args[1], args[2], args[3])
    return session.store._hset(args[1], pairs_of(args, 2, "hset"))


@command("hmset", -4, "write denyoom fast", "hash", UPDATE)
def hmset(session: Session, args: list[bytes]) -> Reply:
    session.store._hset(args[1], pairs_of(args, 2, "hmset"))
    return OK


@command("hsetnx", 4, "write denyoom fast", "hash", Keys("RW insert"))
def hsetnx(session: Session, args: list[bytes]) -> Reply:
    return session.store._hsetnx(args[1], args[2], args[3])


@command("hdel", -3, "write fast", "hash", DELETE)
def hdel(session: Session, args: list[bytes]) -> Reply:
    return session.store._hdel(args[1], args[2:])


@command("hincrby", 4, "write denyoom fast", "hash", COUNT)
def hincrby(session: Session, args: list[bytes]) -> Reply:
    return session.store._hincrby(args[1], args[2], integer(args[3]))


@command("hincrbyfloat", 4, "write denyoom fast", "hash", COUNT)
def hincrbyfloat(session: Session, args: list[bytes]) -> Reply:
    return session.store._hincrbyfloat(args[1], args[2], args[3])


# Deadlines of fields, as Redis 7.4 and 8.0 have them

_CONDITIONS: dict[bytes, Condition] = {b"NX": "nx", b"XX": "xx", b"GT": "gt", b"LT": "lt"}


def _fields(args: list[bytes], at: int) -> tuple[list[bytes], int]:
    """What `FIELDS numfields field ...` names from `at` on, and where it ends."""
    if args[at : at + 1] == [] or args[at].upper() != b"FIELDS":
        raise ResponseError("Mandatory argument FIELDS is missing or not at the right position")
    count = _number_of_fields(args, at)
    return args[at + 2 : at + 2 + count], at + 2 + count


def _number_of_fields(args: list[bytes], at: int, width: int = 1) -> int:
    if at + 1 == len(args):
        raise syntax_error()
    count = integer(args[at + 1], "Number of fields must be a positive integer")
    if count < 1:
        raise ResponseError("Parameter `numFields` should be greater than 0")
    if count * width > len(args) - at - 2:
        raise ResponseError("The `numfields` parameter must match the number of arguments")
    return count


def _all_fields(args: list[bytes], at: int) -> list[bytes]:
    fields, end = _fields(args, at)
    if end != len(args):
        raise ResponseError("The `numfields` parameter must match the number of arguments")
    return fields


def _expiring(name: str, unit: int, absolute: bool) -> Run:
    def run(session: Session, args: list[bytes]) -> Reply:
        amount = integer(args[2])
        condition = _CONDITIONS.get(args[3].upper())
        fields = _all_fields(args, 3 if condition is None else 4)
        life = Lifetime(amount, unit, absolute)
        return session.store._hexpire(args[1], life, fields, condition, name)

    return run


for _name, _unit, _absolute in (
    ("hexpire", 1000, False),
    ("hpexpire", 1, False),
    ("hexpireat", 1000, True),
    ("hpexpireat", 1, True),
):
    command(_name, -6, "write denyoom fast", "hash", UPDATE)(_expiring(_name, _unit, _absolute))


def _telling(unit: int, absolute: bool) -> Run:
    def run(session: Session, args: list[bytes]) -> Reply:
        return session.store._httl(args[1], _all_fields(args, 2), unit, absolute)

    return run


for _name, _unit, _absolute in (
    ("httl", 1000, False),
    ("hpttl", 1, False),
    ("hexpiretime", 1000, True),
    ("hpexpiretime", 1, True),
):
    command(_name, -5, "readonly fast", "hash", READ)(_telling(_unit, _absolute))


@command("hpersist", -5, "write fast", "hash", UPDATE)
def hpersist(session: Session, args: list[bytes]) -> Reply:
    return session.store._hpersist(args[1], _all_fields(args, 2))


@command("hgetdel", -5, "write fast", "hash", Keys("RW access delete"))
def hgetdel(session: Session, args: list[bytes]) -> Reply:
    return session.store._hgetdel(args[1], _all_fields(args, 2))


def _lifetime(words: Words, word: bytes, read: Callable[[bytes], int] = integer) -> Lifetime:
    life = lifetime_of(word, words.value())
    return Lifetime(read(life.amount), life.unit, life.absolute)  # type: ignore[arg-type]


@command("hgetex", -5, "write fast", "hash", COUNT)
def hgetex(session: Session, args: list[bytes]) -> Reply:
    life, persist = None, False
    words = Words(args, 2)
    while words.left() and (word := words.next()) != b"FIELDS":
        if word == b"PERSIST" and life is None:
            persist = True
        elif word in UNITS and life is None and not persist:
            life = _lifetime(words, word)
        else:
            raise syntax_error()
    return session.store._hgetex(args[1], _all_fields(args, len(args) - words.left() - 1), life, persist)


@command("hsetex", -6, "write denyoom fast", "hash", UPDATE)
def hsetex(session: Session, args: list[bytes]) -> Reply:
    life, keepttl, exist = None, False, None
    words = Words(args, 2)
    while words.left() and (word := words.next()) != b"FIELDS":
        if word == b"KEEPTTL" and life is None:
            keepttl = True
        elif word in (b"FNX", b"FXX") and exist is None:
            exist = word == b"FXX"
        elif word in UNITS and life is None and not keepttl:
            life = _lifetime(words, word)
        else:
            raise syntax_error()
    at = len(args) - words.left() - 1
    count = _number_of_fields(args, at, width=2)
    if at + 2 + 2 * count != len(args):
        raise ResponseError("The `numfields` parameter must match the number of arguments")
    return session.store._hsetex(args[1], pairs_of(args, at + 2, "hsetex"), life, keepttl, exist)
