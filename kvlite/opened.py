"""The stores of this process that belong to nobody alone: who names the same place has the same one."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

from .encoding import PathLike
from .store import Store

_stores: dict[str, Store[bytes]] = {}
_lock = threading.Lock()


def folder_of(path: PathLike) -> str:
    """The name of a folder, the same however it is written; `~` is the user's home."""
    return os.path.abspath(os.path.expanduser(os.fsdecode(path)))


def opened(place: str, open_store: Callable[[], Store[bytes]]) -> Store[bytes]:
    """The store at a place: the one that is open, else one that `open_store` makes."""
    with _lock:
        store = _stores.get(place)
        if store is None or store._shared.closed:
            store = _stores[place] = open_store()
        return store


def _after_fork_in_child() -> None:
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
