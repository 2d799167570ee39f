"""CLIENT: what is known of the connections, and what can be done to them."""

from __future__ import annotations

from collections.abc import Callable

from ..channels import Kind
from ..encoding import integer
from ..errors import ResponseError
from .args import in_range, syntax_error
from .replies import NO_REPLY, OK, Members, Reply, Verbatim
from .session import Session, Silence
from .table import Row, command, container, helped, wrong_subcommand

BAD_NAME = "Client names cannot contain spaces, newlines or special characters."
NOT_TRACKING = (
    "CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled"
)
TRACKING_UNSUPPORTED = (
    "kvlite does not remember which keys a client has read: CLIENT TRACKING can only be OFF"
)
TYPES = {
    b"normal": "normal",
    b"pubsub": "pubsub",
    b"master": "master",
    b"replica": "replica",
    b"slave": "replica",
}
"""The kinds of clients; there are no masters and no replicas among them."""
ANYONE = "noscript loading stale"
ADMIN = "admin noscript loading stale"

container("client", -2, "connection")


# Describing


def describe(session: Session) -> bytes:
    """A connection as CLIENT LIST shows it. What only a server written in C knows of it is 0."""
    now = session.instance.now()
    gauge = session.door.gauge()
    queued = sum(len(word) for _, request in session.queue or () for word in request)
    listener = session.listener

    def subscriptions(kind: Kind) -> int:
        return 0 if listener is None else len(listener.subscriptions[kind])

    fields = {
        "id": session.id,
        "addr": session.door.address,
        "laddr": session.door.own_address,
        "fd": gauge.fd,
        "name": session.name.decode("latin-1"),
        "age": max(0, now - session.since_ms) // 1000,
        "idle": max(0, now - session.active_ms) // 1000,
        "flags": _flags(session),
        "db": session.database,
        "sub": subscriptions(Kind.CHANNEL),
        "psub": subscriptions(Kind.PATTERN),
        "ssub": subscriptions(Kind.SHARD),
        "multi": len(session.queue) if session.queue is not None else session.executing or -1,
        "qbuf": gauge.unread,
        "qbuf-free": 0,
        "argv-mem": 0,
        "multi-mem": queued,
        "rbs": 0,
        "rbp": 0,
        "obl": 0,
        "oll": int(gauge.unsent > 0),
        "omem": gauge.unsent,
        "tot-mem": gauge.unread + queued + gauge.unsent,
        "events": "rw" if gauge.unsent else "r",
        "cmd": "NULL" if session.row is None else session.row.name,
        "user": session.user.name.decode("latin-1"),
        "redir": -1,
        "resp": session.protocol,
    }
    fields |= {name: value.decode("latin-1") for name, value in session.library.items()}
    return " ".join(f"{name}={value}" for name, value in fields.items()).encode("latin-1")


def _flags(session: Session) -> str:
    watch = session.watch
    flags = {
        "O": session in session.instance.monitors,
        "P": session.listener is not None,
        "x": session.queue is not None or session.executing,
        "b": session.wait is not None,
        "d": watch is not None and watch.broken,
        "c": session.closing,
        "U": session.door.address.startswith("/"),
        "e": session.no_evict,
        "T": session.no_touch,
    }
    return "".join(flag for flag, holds in flags.items() if holds) or "N"


def type_of(session: Session) -> str:
    return "normal" if session.listener is None else "pubsub"


def _type(word: bytes) -> str:
    kind = TYPES.get(word.lower())
    if kind is None:
        raise ResponseError(f"Unknown client type '{word.decode('utf-8', 'surrogateescape')}'")
    return kind


@command("client|id", 2, ANYONE, "connection")
def id_(session: Session, args: list[bytes]) -> Reply:
    return session.id


@command("client|info", 2, ANYONE, "connection")
def info(session: Session, args: list[bytes]) -> Reply:
    return Verbatim(describe(session) + b"\n")


@command("client|list", -2, ADMIN, "connection")
def list_(session: Session, args: list[bytes]) -> Reply:
    sessions = session.instance.sessions
    listed = list(sessions.values())
    if len(args) == 4 and args[2].upper() == b"TYPE":
        kind = _type(args[3])
        listed = [each for each in listed if type_of(each) == kind]
    elif len(args) > 3 and args[2].upper() == b"ID":
        numbers = [integer(word, "Invalid client ID") for word in args[3:]]
        listed = [sessions[number] for number in numbers if number in sessions]
    elif len(args) != 2:
        raise syntax_error()
    return Verbatim(b"".join(describe(each) + b"\n" for each in listed))


# Naming


def set_name(session: Session, name: bytes) -> None:
    if not _is_plain(name):
        raise ResponseError(BAD_NAME)
    session.name = name


def _is_plain(text: bytes) -> bool:
    return all(ord("!") <= byte <= ord("~") for byte in text)


@command("client|getname", 2, ANYONE, "connection")
def getname(session: Session, args: list[bytes]) -> Reply:
    return session.name or None


@command("client|setname", 3, ANYONE, "connection")
def setname(session: Session, args: list[bytes]) -> Reply:
    set_name(session, args[2])
    return OK


@command("client|setinfo", 4, ANYONE, "connection")
def setinfo(session: Session, args: list[bytes]) -> Reply:
    """As Redis 7.2 has it."""
    name = args[2].decode("utf-8", "surrogateescape")
    if name.lower() not in ("lib-name", "lib-ver"):
        raise ResponseError(f"Unrecognized option '{name}'")
    if not _is_plain(args[3]):
        raise ResponseError(f"{name.lower()} cannot contain spaces, newlines or special characters.")
    session.library[name.lower()] = args[3]
    return OK


# Ending connections

Filter = Callable[[Session], bool]


@command("client|kill", -3, ADMIN, "connection")
def kill(session: Session, args: list[bytes]) -> Reply:
    if len(args) == 3:
        address = args[2].decode("utf-8", "surrogateescape")
        victims = [each for each in _others_first(session) if each.door.address == address][:1]
        if not victims:
            raise ResponseError("No such client")
    else:
        filters, skip_me = _filters(session, args)
        victims = [
            each
            for each in _others_first(session)
            if not (skip_me and each is session) and all(holds(each) for holds in filters)
        ]
    for each in victims:
        end(each, session)
    return OK if len(args) == 3 else len(victims)


def _others_first(session: Session) -> list[Session]:
    return sorted(session.instance.sessions.values(), key=lambda each: each.id)


def end(victim: Session, session: Session | None = None) -> None:
    """End a connection; that of `session`, whose request it is, when it has been answered."""
    if victim is session:
        victim.closing = True
    else:
        victim.door.close()
        victim.give_up(None)  # at once: nothing is to be given to it any more


def _filters(session: Session, args: list[bytes]) -> tuple[list[Filter], bool]:
    """Whom CLIENT KILL means, and whether that is never the client itself."""
    filters: list[Filter] = []
    skip_me = True
    for at in range(2, len(args), 2):
        if at + 1 == len(args):
            raise syntax_error()
        option, value = args[at].upper(), args[at + 1]
        if option == b"SKIPME" and value.lower() in (b"yes", b"no"):
            skip_me = value.lower() == b"yes"
        elif option in _FILTERS:
            filters.append(_FILTERS[option](session, value))
        else:
            raise syntax_error()
    return filters, skip_me


def _by_id(session: Session, value: bytes) -> Filter:
    number = in_range(1, 2**63 - 1, value, "client-id should be greater than 0")
    return lambda each: each.id == number


def _by_type(session: Session, value: bytes) -> Filter:
    kind = _type(value)
    return lambda each: type_of(each) == kind


def _by_address(session: Session, value: bytes) -> Filter:
    return lambda each: each.door.address.encode() == value


def _by_own_address(session: Session, value: bytes) -> Filter:
    return lambda each: each.door.own_address.encode() == value


def _by_user(session: Session, value: bytes) -> Filter:
    user = session.instance.acl.users.get(value)
    if user is None:
        raise ResponseError(f"No such user '{value.decode('utf-8', 'surrogateescape')}'")
    return lambda each: each.user is user


_FILTERS: dict[bytes, Callable[[Session, bytes], Filter]] = {
    b"ID": _by_id,
    b"TYPE": _by_type,
    b"ADDR": _by_address,
    b"LADDR": _by_own_address,
    b"USER": _by_user,
}


# Holding up


@command("client|pause", -3, ADMIN, "connection")
def pause(session: Session, args: list[bytes]) -> Reply:
    if len(args) > 4:
        raise wrong_subcommand(args)
    mode = args[3].upper() if len(args) == 4 else b"ALL"
    if mode not in (b"WRITE", b"ALL"):
        raise ResponseError("CLIENT PAUSE mode must be WRITE or ALL")
    milliseconds = integer(args[2], "timeout is not an integer or out of range")
    if milliseconds < 0:
        raise ResponseError("timeout is negative")
    session.instance.pause.extend(milliseconds, mode == b"WRITE")
    return OK


@command("client|unpause", 2, ADMIN, "connection")
def unpause(session: Session, args: list[bytes]) -> Reply:
    session.instance.pause.end()
    return OK


@command("client|unblock", -3, ADMIN, "connection")
def unblock(session: Session, args: list[bytes]) -> Reply:
    if len(args) > 4:
        raise wrong_subcommand(args)
    reason = args[3].upper() if len(args) == 4 else b"TIMEOUT"
    if reason not in (b"TIMEOUT", b"ERROR"):
        raise ResponseError("CLIENT UNBLOCK reason should be TIMEOUT or ERROR")
    other = session.instance.sessions.get(integer(args[2]))
    if other is None or other in session.instance.pause.postponed:
        return 0
    error = ResponseError("UNBLOCKED client unblocked via CLIENT UNBLOCK") if reason == b"ERROR" else None
    return int(other.give_up(error))


@command("client|reply", 3, ANYONE, "connection")
def reply(session: Session, args: list[bytes]) -> Reply:
    mode = args[2].upper()
    if mode == b"ON":
        session.silence = None
    elif mode == b"OFF":
        session.silence = Silence.OFF
    elif mode != b"SKIP":
        raise syntax_error()
    elif session.silence is not Silence.OFF:
        # This request is looked at afterwards only if something stood between it and its row.
        straight = session.plain and not session.executing
        session.silence = Silence.SKIP if straight else Silence.SKIP_NEXT
    session.review()
    return OK if mode == b"ON" else NO_REPLY


# What has no effect here, or little


def _on_or_off(word: bytes) -> bool:
    if word.upper() not in (b"ON", b"OFF"):
        raise syntax_error()
    return word.upper() == b"ON"


@command("client|no-evict", 3, ADMIN, "connection")
def no_evict(session: Session, args: list[bytes]) -> Reply:
    """Clients are not evicted; whether this one may be is only shown."""
    session.no_evict = _on_or_off(args[2])
    return OK


@command("client|no-touch", 3, ANYONE, "connection")
def no_touch(session: Session, args: list[bytes]) -> Reply:
    """As Redis 7.2 has it."""
    session.no_touch = _on_or_off(args[2])
    session.review()
    return OK


def run_without_touching(session: Session, row: Row, args: list[bytes]) -> Reply:
    """Run a request that is not to count as a use of its keys; what it makes anew counts all the same."""
    store = session.store
    with store._shared.lock:
        db = store._db
        if db.uses is None:
            return session.run(row, args)
        keys = {args[place] for place, _ in row.keys_at(args)}
        before = [(key, db.data.get(key), db.uses.state(key)) for key in keys]
        reply = session.run(row, args)
        db = store._db
        for key, value, state in before:
            if db.uses is not None and state is not None and db.data.get(key) is value:
                db.uses.put_back(key, state)
        return reply


@command("client|tracking", -3, ANYONE, "connection")
def tracking(session: Session, args: list[bytes]) -> Reply:
    _check_tracking_options(session, args)
    if _on_or_off(args[2]):
        raise ResponseError(TRACKING_UNSUPPORTED)
    return OK


def _check_tracking_options(session: Session, args: list[bytes]) -> None:
    at = 3
    while at < len(args):
        option, has_value = args[at].upper(), at + 1 < len(args)
        if option == b"REDIRECT" and has_value:
            if integer(args[at + 1]) not in session.instance.sessions:
                raise ResponseError("The client ID you want redirect to does not exist")
            at += 2
        elif option == b"PREFIX" and has_value:
            at += 2
        elif option in (b"BCAST", b"OPTIN", b"OPTOUT", b"NOLOOP"):
            at += 1
        else:
            raise syntax_error()


@command("client|trackinginfo", 2, ANYONE, "connection")
def trackinginfo(session: Session, args: list[bytes]) -> Reply:
    return {b"flags": Members([b"off"]), b"redirect": -1, b"prefixes": []}


@command("client|getredir", 2, ANYONE, "connection")
def getredir(session: Session, args: list[bytes]) -> Reply:
    return -1


@command("client|caching", 3, ANYONE, "connection")
def caching(session: Session, args: list[bytes]) -> Reply:
    raise ResponseError(NOT_TRACKING)


helped(
    "client",
    "CACHING (YES|NO)",
    "    An error: no client is in the mode that this is for.",
    "GETREDIR",
    "    Tell where tracking sends its messages: -1, as it is off.",
    "GETNAME",
    "    Tell the name of this connection.",
    "ID",
    "    Tell the number of this connection.",
    "INFO",
    "    Show this connection as LIST does.",
    "KILL <ip:port>",
    "    End the connection from there.",
    "KILL <option> <value> [<option> <value> [...]]",
    "    End all connections to which every option applies:",
    "    * ADDR (<ip:port>|<unixsocket>:0)",
    "      They come from there.",
    "    * LADDR (<ip:port>|<unixsocket>:0)",
    "      They were made to there.",
    "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
    "      They are of this kind.",
    "    * USER <username>",
    "      They are this user's.",
    "    * SKIPME (YES|NO)",
    "      Leave out the connection that asks (default: yes).",
    "LIST [options ...]",
    "    Show the connections, a line for each. Options:",
    "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
    "      Those of this kind.",
    "    * ID <id> [<id> ...]",
    "      Those with these numbers.",
    "UNPAUSE",
    "    End the pause.",
    "PAUSE <timeout> [WRITE|ALL]",
    "    Put off all requests, or those that write, for <timeout> milliseconds.",
    "REPLY (ON|OFF|SKIP)",
    "    Answer this connection, do not, or leave out the next answer.",
    "SETNAME <name>",
    "    Name this connection.",
    "SETINFO (LIB-NAME|LIB-VER) <value>",
    "    Say which library speaks.",
    "UNBLOCK <clientid> [TIMEOUT|ERROR]",
    "    Let a connection go that waits for something.",
    "TRACKING OFF",
    "    There is no tracking of what clients read, and so nothing to turn off.",
    "TRACKINGINFO",
    "    Tell that tracking is off.",
    "NO-EVICT (ON|OFF)",
    "    Kept and shown; no connection is evicted.",
    "NO-TOUCH (ON|OFF)",
    "    Let the requests of this connection not count as uses of the keys.",
)
