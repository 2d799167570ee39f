"""COMMAND DOCS: what commands do, and what their arguments are."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from .command_info import commands, named
from .facts import DEPRECATED, SINCE
from .replies import Members, Reply, Status
from .session import Session
from .syntax import Argument, parse
from .table import Row, command

NOT_FOR_CLIENTS = {"debug", "pfdebug", "pfselftest", "replconf", "restore-asking"}


class Entry(NamedTuple):
    """What the manual has of a command."""

    syntax: str
    summary: str
    complexity: str


@cache
def entries() -> dict[str, Entry]:
    """The manual, read when it is asked for."""
    from .manual import MANUAL

    lines = iter(MANUAL.replace("\n        ", " ").split("\n"))
    found = {}
    for line in filter(None, lines):
        name, _, syntax = line.partition(" ")
        summary, complexity = _halves(next(lines).strip())
        found[name] = Entry(syntax, summary, complexity)
    return found


def _halves(text: str) -> tuple[str, str]:
    """The sentence, and the cost behind it."""
    summary, dot, complexity = text.partition(". ")
    return (summary + ".", complexity) if dot else (text, "")


@cache
def docs_of(row: Row) -> dict[bytes, Reply]:
    entry = entries()[row.name]
    docs: dict[bytes, Reply] = {
        b"summary": entry.summary.encode(),
        b"since": SINCE[row.name].encode(),
        b"group": row.group.encode(),
    }
    if entry.complexity:
        docs[b"complexity"] = entry.complexity.encode()
    if row.name in NOT_FOR_CLIENTS:
        docs[b"doc_flags"] = Members([Status(b"syscmd")])
    if row.name in DEPRECATED:
        since, successor = DEPRECATED[row.name]
        docs[b"doc_flags"] = Members([Status(b"deprecated")])
        docs[b"deprecated_since"], docs[b"replaced_by"] = since.encode(), successor.encode()
    if entry.syntax:
        specs = _Specs(row)
        docs[b"arguments"] = [_show(argument, specs) for argument in parse(entry.syntax)]
    if row.subcommands:
        docs[b"subcommands"] = {each.name.encode(): docs_of(each) for each in row.subcommands.values()}
    return docs


class _Specs:
    """Which of the `Keys` of a command its arguments are about, as they are asked for in order.

    The first of which nothing is known is about patterns; the others are about keys in turn, and the last of
    them about all that follow.
    """

    def __init__(self, row: Row) -> None:
        self.patterns = next((place for place, keys in enumerate(row.keys) if keys.index == 0), None)
        self._places = [place for place in range(len(row.keys)) if place != self.patterns]

    def place_of(self, argument: Argument) -> int | None:
        if argument.type == "pattern":
            return self.patterns
        if argument.type != "key":
            return None
        return self._places.pop(0) if len(self._places) > 1 else self._places[0]


def _show(argument: Argument, specs: _Specs) -> dict[bytes, Reply]:
    shown: dict[bytes, Reply] = {b"name": argument.name.encode(), b"type": argument.type.encode()}
    place = specs.place_of(argument)
    if place is not None:
        shown[b"key_spec_index"] = place
    if argument.token:
        shown[b"token"] = argument.token.encode()
    flags = [flag for flag in ("optional", "multiple", "multiple_token") if getattr(argument, flag)]
    if flags:
        shown[b"flags"] = Members(Status(flag.encode()) for flag in flags)
    if argument.arguments:
        shown[b"arguments"] = [_show(each, specs) for each in argument.arguments]
    return shown


@command("command|docs", -2, "loading stale", "server")
def docs(session: Session, args: list[bytes]) -> Reply:
    rows = [named(name) for name in args[2:]] if len(args) > 2 else [*commands()]
    return {row.name.encode(): docs_of(row) for row in rows if row is not None}
