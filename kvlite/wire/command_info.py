"""COMMAND: what there is, and what a client has to know to use it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

from ..errors import ResponseError
from ..globs import compile_glob
from .args import syntax_error
from .facts import CATEGORIES, NOTES, TIPS
from .replies import Members, Reply, Status
from .session import Session
from .table import ROWS, Keys, Row, command, helped, known

ANYWHERE = "loading stale"


def every_row() -> Iterator[Row]:
    """All commands, each with its subcommands behind it."""
    for row in commands():
        yield row
        yield from row.subcommands.values()


def commands() -> list[Row]:
    return list(dict.fromkeys(ROWS.values()))


def named(name: bytes) -> Row | None:
    """The row of that name, such as `get` or `config|get`."""
    first, *more = name.lower().split(b"|")
    row = ROWS.get(first)
    for word in more:
        row = row.subcommands.get(word) if row is not None else None
    return row


# INFO


@cache
def info_of(row: Row | None) -> Reply:
    """What COMMAND INFO tells of a command."""
    if row is None:
        return None
    first, last, step = legacy_range(row)
    return [
        row.name.encode(),
        row.arity,
        _statuses(flag for flag in FLAGS if flag in row.flags),
        first,
        last,
        step,
        _statuses("@" + category for category in CATEGORIES.get(row.name, ())),
        Members(tip.encode() for tip in TIPS.get(row.name, ())),
        Members(_show_keys(row, place) for place in range(len(row.keys))),
        [info_of(each) for each in row.subcommands.values()] or Members(),
    ]


FLAGS = (
    *(
        "write",
        "readonly",
        "denyoom",
        "module",
        "admin",
        "pubsub",
        "noscript",
        "blocking",
        "loading",
        "stale",
    ),
    *("skip_monitor", "skip_slowlog", "asking", "fast", "no_auth", "no_mandatory_keys"),
    *("no_async_loading", "no_multi", "movablekeys", "allow_busy"),
)
"""In the order in which Redis prints them; what else a row has is for kvlite alone."""


def _statuses(words: Iterator[str]) -> Members:
    return Members(Status(word.encode()) for word in words)


def legacy_range(row: Row) -> tuple[int, int, int]:
    """Where the first and the last key stand, and by what step.

    Where not all keys follow each other, it is said of those that come first.
    """
    plain = [keys for keys in row.keys if keys.index > 0 and keys.keyword is None and not keys.counted]
    if len(row.keys) == 1:
        return (plain[0].index, _last(plain[0]), plain[0].step) if plain else (0, 0, 0)
    together: list[Keys] = []
    for keys in plain:
        if keys.step == 1 and (not together or _last(together[-1]) == keys.index - 1):
            together.append(keys)
    return (together[0].index, _last(together[-1]), 1) if together else (0, 0, 0)


def _last(keys: Keys) -> int:
    return keys.last if keys.last < 0 else keys.index + keys.last


def _show_keys(row: Row, place: int) -> dict[bytes, Reply]:
    keys, notes = row.keys[place], NOTES.get(row.name, ())
    note = notes[place] if place < len(notes) else ""
    return {
        **({b"notes": note.encode()} if note else {}),
        b"flags": _statuses(iter(keys.flags.split())),
        b"begin_search": _beginning(keys),
        b"find_keys": _extent(keys),
    }


def _spec(kind: bytes, **numbers: Reply) -> dict[bytes, Reply]:
    return {b"type": kind, b"spec": {name.encode(): number for name, number in numbers.items()}}


def _beginning(keys: Keys) -> dict[bytes, Reply]:
    if keys.index == 0:
        return _spec(b"unknown")
    if keys.keyword is not None:
        return _spec(b"keyword", keyword=keys.keyword, startfrom=keys.index)
    return _spec(b"index", index=keys.index)


def _extent(keys: Keys) -> dict[bytes, Reply]:
    if keys.index == 0:
        return _spec(b"unknown")
    if keys.counted:
        return _spec(b"keynum", keynumidx=0, firstkey=1, keystep=keys.step)
    return _spec(b"range", lastkey=keys.last, keystep=keys.step, limit=keys.limit)


@command("command", -1, ANYWHERE, "server")
def command_(session: Session, args: list[bytes]) -> Reply:
    return [info_of(row) for row in commands()]


@command("command|count", 2, ANYWHERE, "server")
def count(session: Session, args: list[bytes]) -> Reply:
    return len(commands())


@command("command|info", -2, ANYWHERE, "server")
def info(session: Session, args: list[bytes]) -> Reply:
    rows: list[Row | None] = [named(name) for name in args[2:]] if len(args) > 2 else [*commands()]
    return [info_of(row) for row in rows]


# LIST


@command("command|list", -2, ANYWHERE, "server")
def list_(session: Session, args: list[bytes]) -> Reply:
    if len(args) == 2:
        return [row.name.encode() for row in commands()]
    if len(args) != 5 or args[2].upper() != b"FILTERBY" or args[3].upper() not in _FILTERS:
        raise syntax_error()
    holds = _FILTERS[args[3].upper()](args[4].lower())
    return [row.name.encode() for row in every_row() if holds(row)]


def _of_category(category: bytes) -> Callable[[Row], bool]:
    name = category.decode("latin-1")
    return lambda row: name in CATEGORIES.get(row.name, ())


def _matching(pattern: bytes) -> Callable[[Row], bool]:
    matches = compile_glob(pattern)
    return lambda row: matches(row.name.encode())


def _of_module(name: bytes) -> Callable[[Row], bool]:
    return lambda row: False


_FILTERS: dict[bytes, Callable[[bytes], Callable[[Row], bool]]] = {
    b"ACLCAT": _of_category,
    b"PATTERN": _matching,
    b"MODULE": _of_module,
}


# GETKEYS


@command("command|getkeys", -4, ANYWHERE, "server")
def getkeys(session: Session, args: list[bytes]) -> Reply:
    request = args[2:]
    return [request[place] for place, _ in _keys_of(request)]


@command("command|getkeysandflags", -4, ANYWHERE, "server")
def getkeysandflags(session: Session, args: list[bytes]) -> Reply:
    request = args[2:]
    return [[request[place], _statuses(iter(flags.split()))] for place, flags in _keys_of(request)]


def _keys_of(request: list[bytes]) -> list[tuple[int, str]]:
    """The place and the flags of each key of a request. ResponseError if there is none, or cannot be one."""
    row = known(request)
    if row is None:
        raise ResponseError("Invalid command specified")
    if not row.has_keys:
        raise ResponseError("The command has no key arguments")
    if not row.fits(len(request)):
        raise ResponseError("Invalid number of arguments specified for command")
    found = row.keys_at(request)
    if not found and "no_mandatory_keys" not in row.flags:
        raise ResponseError("Invalid arguments specified for command")
    return found


helped(
    "command",
    "(no subcommand)",
    "    Tell of all commands what INFO tells.",
    "COUNT",
    "    Tell how many commands there are.",
    "LIST",
    "    List the names of all commands, or of those for which FILTERBY holds.",
    "INFO [<command-name> ...]",
    "    Tell how commands are called, and how they treat their keys;",
    "    of all commands if none is named.",
    "DOCS [<command-name> ...]",
    "    Tell what commands do and what their arguments are;",
    "    of all commands if none is named.",
    "GETKEYS <full-command>",
    "    Find the keys in a whole request.",
    "GETKEYSANDFLAGS <full-command>",
    "    Find the keys in a whole request, and tell how they are used.",
)
