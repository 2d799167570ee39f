"""Which arguments nobody but the client is to see: the slow log and MONITOR hide them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from .parameters import NAMES
from .table import Row

HIDDEN = b"(redacted)"


def _hello(args: list[bytes]) -> Iterable[int]:
    at = 2
    while at < len(args):
        option = args[at].upper()
        if option == b"AUTH" and at + 2 < len(args):
            return at + 1, at + 2
        at += 2
    return ()


def _config_set(args: list[bytes]) -> Iterable[int]:
    for at in range(2, len(args) - 1, 2):
        row = NAMES.get(args[at].decode(errors="replace").lower())
        if row is not None and row.secret:
            yield at + 1


def _migrate(args: list[bytes]) -> Iterable[int]:
    for at in range(6, len(args)):
        if args[at].upper() == b"AUTH":
            return (at + 1,)
        if args[at].upper() == b"AUTH2":
            return at + 1, at + 2
    return ()


_SECRETS: dict[str, Callable[[list[bytes]], Iterable[int]]] = {
    "auth": lambda args: range(1, len(args)) if len(args) <= 3 else (),
    "hello": _hello,
    "acl|setuser": lambda args: range(2, len(args)),
    "config|set": _config_set,
    "migrate": _migrate,
}
"""The places of the arguments that are hidden, by the name of the command."""


def without_secrets(row: Row, args: list[bytes]) -> list[bytes]:
    """The arguments of a request as others may see them."""
    find = _SECRETS.get(row.name)
    if find is None:
        return args
    shown = list(args)
    for place in find(args):
        if place < len(shown):
            shown[place] = HIDDEN
    return shown
