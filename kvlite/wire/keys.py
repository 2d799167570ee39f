"""The commands of keys, whatever is in them, and of whole databases."""

from __future__ import annotations

from ..encoding import integer, scan_cursor
from ..errors import ResponseError
from ..types.keys import database_index, frequency_of, idle_time
from .args import Words, shown, syntax_error
from .replies import OK, Reply, Status
from .session import Session
from .table import Keys, Run, command, container, helped

READ = Keys("RO access")
LOOK_ALL = Keys("RO", last=-1)
UPDATE = Keys("RW update")


# Finding


@command("exists", -2, "readonly fast", "generic", LOOK_ALL)
def exists(session: Session, args: list[bytes]) -> Reply:
    return session.store._exists(args[1:])


@command("touch", -2, "readonly fast", "generic", LOOK_ALL)
def touch(session: Session, args: list[bytes]) -> Reply:
    return session.store._touch(args[1:])


@command("type", 2, "readonly fast", "generic", Keys("RO"))
def type_(session: Session, args: list[bytes]) -> Reply:
    return Status(session.store._type(args[1]))


@command("keys", 2, "readonly", "generic")
def keys(session: Session, args: list[bytes]) -> Reply:
    return session.store._keys(args[1])


@command("randomkey", 1, "readonly", "generic")
def randomkey(session: Session, args: list[bytes]) -> Reply:
    return session.store._randomkey()


@command("scan", -2, "readonly", "generic")
def scan(session: Session, args: list[bytes]) -> Reply:
    scan_cursor(args[1])
    match = count = kind = None
    words = Words(args, 2)
    while (word := words.next()) is not None:
        if word == b"MATCH":
            match = words.value()
        elif word == b"COUNT":
            count = words.value()
            if integer(count) < 1:
                raise syntax_error()
        elif word == b"TYPE":
            kind = words.value()
        else:
            raise syntax_error()
    cursor, page = session.store._scan(args[1], match, count, kind)
    return [b"%d" % cursor, page]


# Removing


@command("del", -2, "write", "generic", Keys("RM delete", last=-1))
def delete(session: Session, args: list[bytes]) -> Reply:
    return session.store._delete(args[1:])


@command("unlink", -2, "write fast", "generic", Keys("RM delete", last=-1))
def unlink(session: Session, args: list[bytes]) -> Reply:
    return session.store._delete(args[1:])


def _refuse_flush_options(args: list[bytes]) -> None:
    if len(args) > 2 or (len(args) == 2 and args[1].upper() not in (b"SYNC", b"ASYNC")):
        raise syntax_error()


@command("flushdb", -1, "write", "server")
def flushdb(session: Session, args: list[bytes]) -> Reply:
    _refuse_flush_options(args)
    session.store.flushdb()
    return OK


@command("flushall", -1, "write", "server")
def flushall(session: Session, args: list[bytes]) -> Reply:
    _refuse_flush_options(args)
    session.store.flushall()
    return OK


# Moving


@command("rename", 3, "write", "generic", Keys("RW access delete"), Keys("OW update", 2))
def rename(session: Session, args: list[bytes]) -> Reply:
    session.store._rename(args[1], args[2])
    return OK


@command("renamenx", 3, "write fast", "generic", Keys("RW access delete"), Keys("OW insert", 2))
def renamenx(session: Session, args: list[bytes]) -> Reply:
    return session.store._rename(args[1], args[2], only_new=True)


@command("move", 3, "write fast", "generic", Keys("RW access update"))
def move(session: Session, args: list[bytes]) -> Reply:
    return session.store._move(args[1], args[2])


@command("copy", -3, "write", "generic", READ, Keys("OW update", 2))
def copy(session: Session, args: list[bytes]) -> Reply:
    database, replace = None, False
    words = Words(args, 3)
    while (word := words.next()) is not None:
        if word == b"REPLACE":
            replace = True
        elif word == b"DB" and words.left():
            database = words.value()
            database_index(database, session.store._shared.databases)
        else:
            raise syntax_error()
    return session.store._copy(args[1], args[2], database, replace)


@command("swapdb", 3, "write fast", "server")
def swapdb(session: Session, args: list[bytes]) -> Reply:
    session.store._swapdb(args[1], args[2])
    return OK


@command("dbsize", 1, "readonly fast", "server")
def dbsize(session: Session, args: list[bytes]) -> Reply:
    return session.store.dbsize()


# Payloads


@command("dump", 2, "readonly", "generic", READ)
def dump(session: Session, args: list[bytes]) -> Reply:
    return session.store._dump(args[1])


def restore(session: Session, args: list[bytes]) -> Reply:
    replace = absolute = False
    idle: int | None = None
    frequency: int | None = None
    words = Words(args, 4)
    while (word := words.next()) is not None:
        if word == b"REPLACE":
            replace = True
        elif word == b"ABSTTL":
            absolute = True
        elif word == b"IDLETIME" and frequency is None:
            idle = idle_time(words.value())
        elif word == b"FREQ" and idle is None:
            frequency = frequency_of(words.value())
        else:
            raise syntax_error()
    session.store._restore(args[1], args[2], args[3], replace, absolute, idle, frequency)
    return OK


command("restore", -4, "write", "generic", Keys("OW update"))(restore)
command("restore-asking", -4, "write asking", "server", Keys("OW update"))(restore)


# The inside of a value

container("object", -2, "generic")


def _object(topic: bytes) -> Run:
    def run(session: Session, args: list[bytes]) -> Reply:
        return session.store._object(topic, args[2])

    return run


for _topic in ("encoding", "freq", "idletime", "refcount"):
    command(f"object|{_topic}", 3, "readonly", "generic", Keys("RO", 2))(_object(_topic.encode()))

helped(
    "object",
    "ENCODING <key>",
    "    Tell how Redis would keep the value.",
    "FREQ <key>",
    "    Tell how often the key was used, under a policy that counts it.",
    "IDLETIME <key>",
    "    Tell for how many seconds the key was not used.",
    "REFCOUNT <key>",
    "    Tell how often the value is referred to.",
)


# Deadlines


def _expiring(name: str, unit: int, absolute: bool) -> Run:
    def run(session: Session, args: list[bytes]) -> Reply:
        options = [word.upper() for word in args[3:]]
        for option, word in zip(options, args[3:], strict=True):
            if option not in (b"NX", b"XX", b"GT", b"LT"):
                raise ResponseError(f"Unsupported option {shown(word)}")
        nx, xx, gt, lt = (option in options for option in (b"NX", b"XX", b"GT", b"LT"))
        return session.store._expire_at(args[1], args[2], unit, absolute, name, nx, xx, gt, lt)

    return run


for _name, _unit, _absolute in (
    ("expire", 1000, False),
    ("pexpire", 1, False),
    ("expireat", 1000, True),
    ("pexpireat", 1, True),
):
    command(_name, -3, "write fast", "generic", UPDATE)(_expiring(_name, _unit, _absolute))


@command("ttl", 2, "readonly fast", "generic", READ)
def ttl(session: Session, args: list[bytes]) -> Reply:
    return session.store.ttl(args[1])


@command("pttl", 2, "readonly fast", "generic", READ)
def pttl(session: Session, args: list[bytes]) -> Reply:
    return session.store._pttl(args[1])


@command("expiretime", 2, "readonly fast", "generic", READ)
def expiretime(session: Session, args: list[bytes]) -> Reply:
    return session.store.expiretime(args[1])


@command("pexpiretime", 2, "readonly fast", "generic", READ)
def pexpiretime(session: Session, args: list[bytes]) -> Reply:
    return session.store._pexpiretime(args[1])


@command("persist", 2, "write fast", "generic", UPDATE)
def persist(session: Session, args: list[bytes]) -> Reply:
    return session.store._persist(args[1])


@command("time", 1, "loading stale fast", "server")
def time(session: Session, args: list[bytes]) -> Reply:
    seconds, microseconds = session.store.time()
    return [b"%d" % seconds, b"%d" % microseconds]
