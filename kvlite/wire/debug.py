"""DEBUG, for those who test with it: refused unless enable-debug-command says otherwise.

What looks into the memory of a server written in C is unknown here, and so is what would crash it. DEBUG
SLEEP lets its client wait; the others go on, unless it is part of a transaction.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .. import digest
from ..errors import MUST_BE_POSITIVE, NO_SUCH_KEY, CustomError, ResponseError
from ..numbers import INT64_MAX, parse_double, parse_size
from ..rdb import payload
from ..rdb.listpack import encode
from ..rdb.writer import nodes_of
from ..structs.gap_list import GapList
from ..structs.limits import Limits
from .args import in_range
from .config import check_allowed
from .replies import OK, BigNumber, Members, Push, Reply, Status, Truth, Verbatim
from .table import command, help_reply, known

if TYPE_CHECKING:
    from .session import Session

logger = logging.getLogger("kvlite")

PACKED_THRESHOLD = "argument must be a memory value bigger than 1 and smaller than 4gb"
MOST = 4 * 1024**3

HELP = """
CHANGE-REPL-ID
    Have another replication ID from now on.
DIGEST
    Tell a digest of all that the databases hold.
DIGEST-VALUE <key> [<key> ...]
    Tell a digest of each of the values.
ERROR <string>
    Answer with this error, for tests of clients.
LOG <message>
    Write a message to the log.
LOADAOF
    As RELOAD.
OBJECT <key>
    Show how the value would be kept by Redis.
POPULATE <count> [<prefix>] [<size>]
    Set so many strings, whose keys are `key` or <prefix>, a colon and a number,
    and which have <size> bytes if it is given.
PROTOCOL <type>
    Answer with an example of a type of the protocol: string, integer, double,
    bignum, null, array, set, map, attrib, push, verbatim, true or false.
RELOAD [option ...]
    Write everything as a snapshot has it, and read it back. MERGE, NOFLUSH and
    NOSAVE are accepted and change nothing.
SET-ACTIVE-EXPIRE <0|1>
    With 0 dead keys stay until somebody asks for them.
QUICKLIST-PACKED-THRESHOLD <size>
    Accepted and without effect.
SLEEP <seconds>
    Answer after so long. Others are answered meanwhile.
LISTPACK <key>
    Tell whether Redis would keep the value as a listpack.
"""


def help_(session: Session, args: list[bytes]) -> Reply:
    return help_reply("debug", *HELP.strip("\n").splitlines())


def sleep(session: Session, args: list[bytes]) -> Reply:
    seconds = max(0.0, parse_double(args[2]) or 0.0)
    if session.executing:
        time.sleep(seconds)
        return OK
    row = known(args)
    assert row is not None

    def then() -> Reply:
        spent, instance = int(seconds * 1e9), session.instance
        instance.statistics.usages[row].spent += spent
        instance.note(session, row, args, spent)
        return OK

    return session.sleep(seconds, then)


def set_active_expire(session: Session, args: list[bytes]) -> Reply:
    session.store._shared.active_expire = args[2].strip() not in (b"0", b"")
    return OK


def reload_(session: Session, args: list[bytes]) -> Reply:
    """Everything is written as to a snapshot, and read back. A file of its own, for NOSAVE, there is not."""
    options = {word.upper() for word in args[2:]}
    if not options <= {b"MERGE", b"NOFLUSH", b"NOSAVE"}:
        raise ResponseError("DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.")
    session.store._reload()
    return OK


def digest_(session: Session, args: list[bytes]) -> Reply:
    shared = session.store._shared
    with shared.lock:
        return Status(digest.of_store(shared.stores))


def digest_value(session: Session, args: list[bytes]) -> Reply:
    with session.store._shared.lock:
        return [Status(digest.of_key(session.store, key)) for key in args[2:]]


def change_repl_id(session: Session, args: list[bytes]) -> Reply:
    session.instance.replication_id = os.urandom(20).hex()
    return OK


def error(session: Session, args: list[bytes]) -> Reply:
    raise CustomError(args[2].decode("utf-8", "surrogateescape"))


def log(session: Session, args: list[bytes]) -> Reply:
    logger.warning("DEBUG LOG: %s", args[2].decode("utf-8", "backslashreplace"))
    return OK


def object_(session: Session, args: list[bytes]) -> Reply:
    store, key = session.store, args[2]
    with store._shared.lock:
        value = store._peek(key)
        if value is None:
            raise ResponseError(NO_SUCH_KEY)
        limits = store._shared.limits
        topics = (b"encoding", b"refcount", b"idletime")
        encoding, references, idle = (store._object(topic, key) for topic in topics)
        assert isinstance(encoding, bytes)
        assert isinstance(idle, int)
        fields: dict[str, Any] = {
            "refcount": references,
            "encoding": encoding.decode(),
            "serializedlength": len(payload.dump(value, limits)) - 1 - payload.FOOTER_SIZE,
            "lru": (session.instance.now() // 1000 - idle) & 0xFFFFFF,
            "lru_seconds_idle": idle,
        }
        if isinstance(value, GapList):
            fields |= _quicklist(value, limits)
    shown = " ".join(f"{name}:{field}" for name, field in fields.items())
    return Status(f"Value at:{id(value):#x} {shown}".encode())


def _quicklist(value: GapList, limits: Limits) -> dict[str, Any]:
    """How Redis would cut a list into nodes."""
    nodes = list(nodes_of(value, limits.list_max_listpack_size))
    return {
        "ql_nodes": len(nodes),
        "ql_avg_node": f"{len(value) / len(nodes):.2f}",
        "ql_listpack_max": limits.list_max_listpack_size,
        "ql_compressed": int(limits.list_compress_depth != 0),
        "ql_uncompressed_size": sum(len(encode(node)) for node in nodes),
    }


def listpack(session: Session, args: list[bytes]) -> Reply:
    encoding = session.store._object(b"encoding", args[2])
    if encoding is None:
        raise ResponseError(NO_SUCH_KEY)
    if encoding != b"listpack":
        raise ResponseError("Not a listpack encoded object.")
    logger.info("DEBUG LISTPACK: %r", args[2])
    return Status(b"Listpack structure printed on stdout")


def quicklist_packed_threshold(session: Session, args: list[bytes]) -> Reply:
    """Only looked at: a list that is kept here has no nodes."""
    try:
        size = parse_size(args[2].decode(errors="replace"))
    except ValueError:
        size = MOST
    if size >= MOST:
        raise ResponseError(PACKED_THRESHOLD)
    return OK


def populate(session: Session, args: list[bytes]) -> Reply:
    count = in_range(0, INT64_MAX, args[2], MUST_BE_POSITIVE)
    prefix = args[3] if len(args) > 3 else b"key"
    size = in_range(0, INT64_MAX, args[4], MUST_BE_POSITIVE) if len(args) > 4 else 0
    for number in range(count):
        text = b"value:%d" % number
        if size:
            text = text[:size].ljust(size, b"\0")
        session.store._set(b"%b:%d" % (prefix, number), text, exists=False)
    return OK


SAMPLES: dict[bytes, Reply] = {
    b"string": b"Hello World",
    b"integer": 12345,
    b"double": 3.141,
    b"null": None,
    b"array": [0, 1, 2],
    b"set": Members([0, 1, 2]),
    b"map": {0: Truth(False), 1: Truth(True), 2: Truth(False)},
    b"attrib": b"Some real reply following the attribute",
    b"bignum": BigNumber(b"1234567999999999999999999999999999999"),
    b"verbatim": Verbatim(b"This is a verbatim\nstring"),
    b"true": Truth(True),
    b"false": Truth(False),
}
"""What DEBUG PROTOCOL answers. Nobody is sent attributes: what follows them is all there is."""


def protocol(session: Session, args: list[bytes]) -> Reply:
    name = args[2].lower()
    if name == b"push":
        if session.protocol == 2:
            raise ResponseError("RESP2 is not supported by this command")
        session.door.push(Push([b"server-cpu-usage", 42]))
        return b"Some real reply following the push reply"
    if name not in SAMPLES:
        raise ResponseError(
            "Wrong protocol type name. Please use one of the following: "
            "string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false"
        )
    return SAMPLES[name]


SUBCOMMANDS: dict[bytes, tuple[int, Callable[[Session, list[bytes]], Reply]]] = {
    b"CHANGE-REPL-ID": (2, change_repl_id),
    b"DIGEST": (2, digest_),
    b"DIGEST-VALUE": (-2, digest_value),
    b"ERROR": (3, error),
    b"HELP": (2, help_),
    b"LISTPACK": (3, listpack),
    b"LOADAOF": (2, reload_),
    b"LOG": (3, log),
    b"OBJECT": (3, object_),
    b"POPULATE": (-3, populate),
    b"PROTOCOL": (3, protocol),
    b"QUICKLIST-PACKED-THRESHOLD": (3, quicklist_packed_threshold),
    b"RELOAD": (-2, reload_),
    b"SET-ACTIVE-EXPIRE": (3, set_active_expire),
    b"SLEEP": (3, sleep),
}
"""How many arguments each has, and what runs it. To Redis they are arguments: COMMAND does not know them."""


@command("debug", -2, "admin noscript loading stale", "server")
def debug(session: Session, args: list[bytes]) -> Reply:
    check_allowed(session, "debug")
    arity, run = SUBCOMMANDS.get(args[1].upper(), (0, help_))
    if arity != len(args) and not 0 < -arity <= len(args):
        shown = args[1].decode("utf-8", "surrogateescape")
        raise ResponseError(f"unknown subcommand or wrong number of arguments for '{shown}'. Try DEBUG HELP.")
    return run(session, args)
