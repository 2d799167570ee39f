"""The table of commands: one row each, with what Redis tells of it and the function that runs it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING, TypeAlias

from ..errors import ResponseError, wrong_arity
from ..eviction import DENYOOM
from ..numbers import parse_int
from .args import shown
from .replies import Reply, Status

if TYPE_CHECKING:
    from .session import Session

Run: TypeAlias = "Callable[[Session, list[bytes]], Reply]"
FindKeys: TypeAlias = "Callable[[list[bytes]], list[tuple[int, str]]]"


@dataclass(frozen=True, slots=True)
class Keys:
    """Where some keys of a command stand among its arguments, and what is done with them.

    They begin at `index`, or behind the word `keyword`, which is looked for from `index` on (from the end if
    negative). From there they go on to `last`, counted from the first (negative: from the end), by `step`;
    or `counted` says that a number stands at the beginning and the keys follow it. `limit` 2 stops half-way.
    With an `index` of 0 nothing is known of where they are. The flag `not_key` is for what is none, but
    belongs to one place of a cluster all the same.
    """

    flags: str
    index: int = 1
    last: int = 0
    step: int = 1
    limit: int = 0
    counted: bool = False
    keyword: bytes | None = None

    def positions(self, args: list[bytes]) -> range:
        """Where they stand in `args`; ValueError if the arguments make no sense."""
        first = self.index
        if first == 0:
            return range(0)
        if self.keyword is not None:
            places = range(first, len(args)) if first > 0 else range(len(args) + first, 0, -1)
            found = next((at for at in places if args[at].upper() == self.keyword), None)
            if found is None:
                return range(0)
            first = found + 1
        if self.counted:
            count = parse_int(args[first]) if first < len(args) else None
            if count is None or count < 1 or (last := first + count) >= len(args):
                raise ValueError("fewer arguments than were announced")
            return range(first + 1, last + 1, self.step)
        if self.last >= 0:
            last = first + self.last
        else:
            last = len(args) + self.last
            if self.limit > 1:
                last = first + (last + 1 - first) // self.limit - 1
        if last >= len(args):
            raise ValueError("fewer arguments than keys")
        return range(first, last + 1, self.step)


READ_TO_WRITE = {"getdel", "getex", "getset", "pfcount", "pfmerge"}
"""Commands that may change their key, and look it up as those do that only read."""

NOT_LOOKED_UP = {"watch", "memory|usage"}
"""Commands whose keys do not count as hits or misses."""

ANSWERED_ANYWAY = {
    *("ttl", "pttl", "expiretime", "pexpiretime", "type", "bitfield_ro", "bitpos", "geohash", "geopos"),
    *("hmget", "httl", "hpttl", "hexpiretime", "hpexpiretime", "smismember", "zmscore"),
    *("hscan", "sscan", "zscan"),
}
"""Commands of one key whose reply may be something, as a Python truth, where there is no key."""


@dataclass(slots=True, eq=False)
class Row:
    """One command, or one subcommand."""

    name: str
    """In lower case; that of a subcommand is `config|get`."""
    arity: int
    """How many arguments there are, the name included; negative: at least so many."""
    flags: frozenset[str]
    group: str
    keys: tuple[Keys, ...]
    run: Run
    subcommands: dict[bytes, Row] = field(default_factory=dict)
    find_keys: FindKeys | None = None
    """Finds the keys where `keys` does not say it all, as `keys_at` does."""
    reading: tuple[Keys, ...] = field(init=False)
    """The keys that are looked up to be read: what hits and misses are counted of."""
    least: int = field(init=False)
    most: float = field(init=False)
    """How many arguments a request may have, the name included. None fits that has to name a subcommand."""
    counted: bool = field(init=False)
    """Whether its reply does not tell that a key was missing, so that each of them has to be looked at."""

    def __post_init__(self) -> None:
        self.least, self.most = abs(self.arity), self.arity if self.arity > 0 else inf
        certain = [keys for keys in self.keys if keys.index]
        if self.name not in READ_TO_WRITE:
            certain = [keys for keys in certain if keys.flags.startswith("RO")]
        self.reading = () if self.name in NOT_LOOKED_UP else tuple(certain)
        several = any(keys != Keys(keys.flags, keys.index) for keys in self.reading)
        self.counted = several or len(self.reading) > 1 or self.name in ANSWERED_ANYWAY

    def fits(self, count: int) -> bool:
        return count == self.arity if self.arity > 0 else count >= -self.arity

    @property
    def has_keys(self) -> bool:
        return any(keys.flags != "not_key" for keys in self.keys)

    def keys_at(self, args: list[bytes]) -> list[tuple[int, str]]:
        """The place of each key in `args`, and what is done with it; none if the arguments make no sense."""
        try:
            if self.find_keys is not None:
                return self.find_keys(args)
            return [
                (place, keys.flags)
                for keys in self.keys
                if keys.flags != "not_key"
                for place in keys.positions(args)
            ]
        except ValueError:
            return []


ROWS: dict[bytes, Row] = {}
"""Every command by its name, in lower and in upper case."""


def command(
    name: str, arity: int, flags: str, group: str, *keys: Keys, find_keys: FindKeys | None = None
) -> Callable[[Run], Run]:
    """Put a function into the table. A name such as `config|get` is a subcommand of a command before it.

    Whether it has the flag `denyoom` the store knows, which refuses the same commands.
    """

    def register(run: Run) -> Run:
        words = frozenset(flags.split()) | ({"denyoom"} if name in DENYOOM else set())
        row = Row(name, arity, words, group, keys, run, find_keys=find_keys)
        name_of_all, _, word = name.partition("|")
        if word:
            container = ROWS[name_of_all.encode()]
            container.subcommands[word.encode()] = row
            container.most = 0
        else:
            assert name.encode() not in ROWS, f"{name} is there twice"
            ROWS[name.encode()] = ROWS[name.upper().encode()] = row
        return run

    return register


def container(name: str, arity: int, group: str) -> None:
    """Put a command into the table that is nothing but its subcommands."""
    command(name, arity, "", group)(_no_subcommand)


def helped(name: str, *lines: str) -> None:
    """Put the subcommand HELP of the command `name` into the table, which shows `lines` about the others."""
    reply = help_reply(name, *lines)
    command(f"{name}|help", 2, "loading stale", ROWS[name.encode()].group)(lambda session, args: reply)


def help_reply(name: str, *lines: str) -> list[Status]:
    """What HELP answers: `lines`, between those that it has for every command."""
    first = f"{name.upper()} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"
    return [Status(line.encode()) for line in (first, *lines, "HELP", "    Show these lines.")]


def _no_subcommand(session: Session, args: list[bytes]) -> Reply:
    raise wrong_arity(args[0].decode().lower())


def find(args: list[bytes]) -> Row:
    """The row for a request; Redis's errors for one that is unknown or has too few or too many arguments."""
    name = args[0]
    row = ROWS.get(name) or ROWS.get(name.lower())
    if row is None:
        raise unknown_command(args)
    if row.subcommands and len(args) > 1:
        subcommand = row.subcommands.get(args[1].lower())
        if subcommand is None:
            raise unknown_subcommand(row, args[1])
        row = subcommand
    if not row.fits(len(args)):
        raise wrong_arity(row.name)
    return row


def known(args: list[bytes]) -> Row | None:
    """The row for the name of a request, if there is one."""
    row = ROWS.get(args[0].lower())
    if row is not None and row.subcommands and len(args) > 1:
        return row.subcommands.get(args[1].lower())
    return row


def unknown_command(args: list[bytes]) -> ResponseError:
    """Redis quotes 128 bytes of the name, and of the arguments as many as fit into 128 more."""
    quoted = ""
    for argument in args[1:]:
        if len(quoted) >= 128:
            break
        quoted += f"'{shown(argument, 128 - len(quoted))}' "
    return ResponseError(f"unknown command '{shown(args[0], 128)}', with args beginning with: {quoted}")


def unknown_subcommand(row: Row, word: bytes) -> ResponseError:
    name = row.name.upper()
    return ResponseError(f"unknown subcommand '{shown(word, 128)}'. Try {name} HELP.")


def wrong_subcommand(args: list[bytes]) -> ResponseError:
    """Too many arguments for a subcommand, of which Redis says so by itself."""
    name, word = args[0].decode().upper(), shown(args[1], 128)
    return ResponseError(f"unknown subcommand or wrong number of arguments for '{word}'. Try {name} HELP.")
