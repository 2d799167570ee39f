"""The commands of strings."""

from __future__ import annotations

from ..deadlines import Lifetime
from ..encoding import integer
from ..errors import DECREMENT_OVERFLOWS, ResponseError
from ..numbers import INT64_MIN
from ..structs.subsequence import common_subsequence
from ..types.strings import LCS_LENGTH_AND_RANGES, Strings, matching_ranges
from .args import UNITS, Words, lifetime_of, pairs_of, syntax_error
from .replies import OK, Reply
from .session import Session
from .table import Keys, command

READ = Keys("RO access")
OVERWRITE = Keys("OW update")
INSERT = Keys("RW insert")
COUNT = Keys("RW access update")


@command("get", 2, "readonly fast", "string", READ)
def get(session: Session, args: list[bytes]) -> Reply:
    return Strings.get(session.store, args[1])


def keys_of_set(args: list[bytes]) -> list[tuple[int, str]]:
    reads = any(word.upper() == b"GET" for word in args[3:])
    return [(1, "RW access update" if reads else "OW update")]


@command(
    *("set", -3, "write", "string"),
    Keys("RW access update variable_flags"),
    find_keys=keys_of_set,
)
def set_(session: Session, args: list[bytes]) -> Reply:
    store = session.store
    if len(args) == 3:
        store.set(args[1], args[2])
        return OK
    life, how_long, exists, get = None, None, None, False
    words = Words(args, 3)
    while (word := words.next()) is not None:
        if word == b"NX" and exists is not True:
            exists = False
        elif word == b"XX" and exists is not False:
            exists = True
        elif word == b"GET":
            get = True
        elif word == b"KEEPTTL" and how_long in (None, word):
            how_long = word
        elif word in UNITS and how_long in (None, word):
            how_long, life = word, lifetime_of(word, words.value())
        else:
            raise syntax_error()
    keepttl = how_long == b"KEEPTTL"
    done, old = store._set(args[1], args[2], life, keepttl=keepttl, exists=exists, get=get)
    if get:
        return old
    return OK if done else None


@command("setnx", 3, "write fast", "string", Keys("OW insert"))
def setnx(session: Session, args: list[bytes]) -> Reply:
    return session.store._set(args[1], args[2], exists=False)[0]


@command("setex", 4, "write", "string", OVERWRITE)
def setex(session: Session, args: list[bytes]) -> Reply:
    session.store._set(args[1], args[3], Lifetime(args[2], 1000, absolute=False), command="setex")
    return OK


@command("psetex", 4, "write", "string", OVERWRITE)
def psetex(session: Session, args: list[bytes]) -> Reply:
    session.store._set(args[1], args[3], Lifetime(args[2], 1, absolute=False), command="psetex")
    return OK


@command("getset", 3, "write fast", "string", COUNT)
def getset(session: Session, args: list[bytes]) -> Reply:
    return session.store._set(args[1], args[2], get=True)[1]


@command("getdel", 2, "write fast", "string", Keys("RW access delete"))
def getdel(session: Session, args: list[bytes]) -> Reply:
    return session.store._getdel(args[1])


@command("getex", -2, "write fast", "string", COUNT)
def getex(session: Session, args: list[bytes]) -> Reply:
    life, how_long = None, None
    words = Words(args, 2)
    while (word := words.next()) is not None:
        if word == b"PERSIST" and how_long in (None, word):
            how_long = word
        elif word in UNITS and how_long in (None, word):
            how_long, life = word, lifetime_of(word, words.value())
        else:
            raise syntax_error()
    return session.store._getex(args[1], life, persist=how_long == b"PERSIST")


@command("mget", -2, "readonly fast", "string", Keys("RO access", last=-1))
def mget(session: Session, args: list[bytes]) -> Reply:
    return session.store._mget(args[1:])


@command("mset", -3, "write", "string", Keys("OW update", last=-1, step=2))
def mset(session: Session, args: list[bytes]) -> Reply:
    session.store._mset(pairs_of(args, 1, "mset"), "mset")
    return OK


@command("msetnx", -3, "write", "string", Keys("OW insert", last=-1, step=2))
def msetnx(session: Session, args: list[bytes]) -> Reply:
    return session.store._mset(pairs_of(args, 1, "msetnx"), "msetnx", only_new=True)


@command("append", 3, "write fast", "string", INSERT)
def append(session: Session, args: list[bytes]) -> Reply:
    return session.store._append(args[1], args[2])


@command("strlen", 2, "readonly fast", "string", Keys("RO"))
def strlen(session: Session, args: list[bytes]) -> Reply:
    return session.store._strlen(args[1])


@command("getrange", 4, "readonly", "string", READ)
@command("substr", 4, "readonly", "string", READ)
def getrange(session: Session, args: list[bytes]) -> Reply:
    return session.store._getrange(args[1], integer(args[2]), integer(args[3]))


@command("setrange", 4, "write", "string", Keys("RW update"))
def setrange(session: Session, args: list[bytes]) -> Reply:
    return session.store._setrange(args[1], integer(args[2]), args[3])


@command("incr", 2, "write fast", "string", COUNT)
def incr(session: Session, args: list[bytes]) -> Reply:
    return session.store.incr(args[1])


@command("decr", 2, "write fast", "string", COUNT)
def decr(session: Session, args: list[bytes]) -> Reply:
    return session.store._incr(args[1], -1)


@command("incrby", 3, "write fast", "string", COUNT)
def incrby(session: Session, args: list[bytes]) -> Reply:
    return session.store._incr(args[1], integer(args[2]))


@command("decrby", 3, "write fast", "string", COUNT)
def decrby(session: Session, args: list[bytes]) -> Reply:
    decrement = integer(args[2])
    if decrement == INT64_MIN:
        raise ResponseError(DECREMENT_OVERFLOWS)
    return session.store._incr(args[1], -decrement)


@command("incrbyfloat", 3, "write fast", "string", COUNT)
def incrbyfloat(session: Session, args: list[bytes]) -> Reply:
    return session.store._incrbyfloat(args[1], args[2])


@command("lcs", -3, "readonly", "string", Keys("RO access", last=1))
def lcs(session: Session, args: list[bytes]) -> Reply:
    texts = session.store._lcs_texts(args[1], args[2])
    with_length = with_ranges = with_lengths = False
    least = 0
    words = Words(args, 3)
    while (word := words.next()) is not None:
        if word == b"LEN":
            with_length = True
        elif word == b"IDX":
            with_ranges = True
        elif word == b"WITHMATCHLEN":
            with_lengths = True
        elif word == b"MINMATCHLEN" and words.left():
            least = words.integer()
        else:
            raise syntax_error()
    if with_length and with_ranges:
        raise ResponseError(LCS_LENGTH_AND_RANGES)
    text, matches = common_subsequence(*texts)
    if with_length:
        return len(text)
    if not with_ranges:
        return text
    return {b"matches": matching_ranges(matches, least, with_lengths), b"len": len(text)}
