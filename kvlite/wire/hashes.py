"""The commands of hashes, and of the deadlines of their fields."""

from __future__ import annotations

from ..deadlines import Lifetime
from ..encoding import at_least, integer, scan_cursor
from ..errors import ResponseError, wrong_arity
from ..types.hash_expiry import Condition, field_deadline
from .args import UNITS, Words, in_range, pairs_of, scan_options, shown, syntax_error
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


@command("hset", -4, "write fast", "hash", UPDATE)
def hset(session: Session, args: list[bytes]) -> Reply:
    if len(args) == 4:
        return session.store.hset(args[1], args[2], args[3])
    return session.store._hset(args[1], pairs_of(args, 2, "hset"))


@command("hmset", -4, "write fast", "hash", UPDATE)
def hmset(session: Session, args: list[bytes]) -> Reply:
    session.store._hset(args[1], pairs_of(args, 2, "hmset"))
    return OK


@command("hsetnx", 4, "write fast", "hash", Keys("RW insert"))
def hsetnx(session: Session, args: list[bytes]) -> Reply:
    return session.store._hsetnx(args[1], args[2], args[3])


@command("hdel", -3, "write fast", "hash", DELETE)
def hdel(session: Session, args: list[bytes]) -> Reply:
    return session.store._hdel(args[1], args[2:])


@command("hincrby", 4, "write fast", "hash", COUNT)
def hincrby(session: Session, args: list[bytes]) -> Reply:
    return session.store._hincrby(args[1], args[2], integer(args[3]))


@command("hincrbyfloat", 4, "write fast", "hash", COUNT)
def hincrbyfloat(session: Session, args: list[bytes]) -> Reply:
    return session.store._hincrbyfloat(args[1], args[2], args[3])


# Deadlines of fields, as Redis 8 has them

_CONDITIONS: dict[bytes, Condition] = {b"NX": "nx", b"XX": "xx", b"GT": "gt", b"LT": "lt"}


def _hash_first(run: Run) -> Run:
    """As Redis looks for the hash before it reads the arguments, a wrong type is the first to be told of."""

    def checked(session: Session, args: list[bytes]) -> Reply:
        try:
            return run(session, args)
        except ResponseError:
            session.store._hcheck(args[1])
            raise

    return checked


def _lifetime(session: Session, amount: bytes, unit: int, absolute: bool, name: str) -> Lifetime:
    life = Lifetime(integer(amount), unit, absolute)
    field_deadline(life, session.instance.now(), name)
    return life


def _fields(
    args: list[bytes], at: int, no_number: str = "Number of fields must be a positive integer"
) -> list[bytes]:
    """The fields of `FIELDS numfields field ...`, which begins at `at` and is all that is left."""
    if args[at].upper() != b"FIELDS":
        raise ResponseError("Mandatory argument FIELDS is missing or not at the right position")
    if at_least(1, args[at + 1], no_number) != len(args) - at - 2:
        raise ResponseError("The `numfields` parameter must match the number of arguments")
    return args[at + 2 :]


def _expiring(name: str, unit: int, absolute: bool) -> Run:
    def run(session: Session, args: list[bytes]) -> Reply:
        life = _lifetime(session, args[2], unit, absolute, name)
        condition = _CONDITIONS.get(args[3].upper())
        at = 3 if condition is None else 4
        fields = _fields(args, at, no_number="Parameter `numFields` should be greater than 0")
        return session.store._hexpire(args[1], life, fields, condition, name)

    return _hash_first(run)


for _name, _unit, _absolute in (
    ("hexpire", 1000, False),
    ("hpexpire", 1, False),
    ("hexpireat", 1000, True),
    ("hpexpireat", 1, True),
):
    command(_name, -6, "write fast", "hash", UPDATE)(_expiring(_name, _unit, _absolute))


def _telling(unit: int, absolute: bool) -> Run:
    def run(session: Session, args: list[bytes]) -> Reply:
        return session.store._httl(args[1], _fields(args, 2), unit, absolute)

    return _hash_first(run)


for _name, _unit, _absolute in (
    ("httl", 1000, False),
    ("hpttl", 1, False),
    ("hexpiretime", 1000, True),
    ("hpexpiretime", 1, True),
):
    command(_name, -5, "readonly fast", "hash", READ)(_telling(_unit, _absolute))


@command("hpersist", -5, "write fast", "hash", UPDATE)
@_hash_first
def hpersist(session: Session, args: list[bytes]) -> Reply:
    return session.store._hpersist(args[1], _fields(args, 2))


@command("hgetdel", -5, "write fast", "hash", Keys("RW access delete"))
@_hash_first
def hgetdel(session: Session, args: list[bytes]) -> Reply:
    return session.store._hgetdel(args[1], _fields(args, 2))


@command("hgetex", -5, "write fast", "hash", COUNT)
@_hash_first
def hgetex(session: Session, args: list[bytes]) -> Reply:
    word, life, at = args[2].upper(), None, 2
    if word == b"PERSIST":
        at = 3
    elif word in UNITS:
        life, at = _lifetime(session, args[3], *UNITS[word], "hgetex"), 4
    if at + 1 == len(args):
        raise wrong_arity("hgetex")
    return session.store._hgetex(args[1], _fields(args, at), life, persist=word == b"PERSIST")


@command("hsetex", -6, "write fast", "hash", UPDATE)
def hsetex(session: Session, args: list[bytes]) -> Reply:
    life, how_long, exist = None, None, None
    words = Words(args, 2)
    while (word := words.next()) != b"FIELDS":
        if word == b"KEEPTTL" or word in UNITS:
            if how_long is not None:
                raise ResponseError("Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified")
            how_long = word
            if word != b"KEEPTTL":
                life = _lifetime(session, words.value(), *UNITS[word], "hsetex")
        elif word in (b"FNX", b"FXX"):
            if exist is not None:
                raise ResponseError("Only one of FXX or FNX arguments can be specified")
            exist = word == b"FXX"
        else:
            raise ResponseError(f"unknown argument: {shown(args[-1 - words.left()])}")
    if words.left() < 3:
        raise wrong_arity("hsetex")
    number = in_range(1, 2**31 - 1, words.value(), "invalid number of fields")
    if words.left() != 2 * number:
        raise wrong_arity("hsetex")
    pairs = pairs_of(args, len(args) - 2 * number, "hsetex")
    return session.store._hsetex(args[1], pairs, life, how_long == b"KEEPTTL", exist)
