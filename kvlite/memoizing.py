"""`@memoize` for scripts: results in memory, or in a folder that the next run finds again.

A folder belongs to one process. A run that finds it taken works on a copy of what is in it, in memory, and
puts what it has added into the folder when it ends, if that is free by then.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, Unpack, overload

from .cache import Cache, Memoized
from .cache.memoize import Memoizer, P, R
from .cache.options import MemoizeOptions
from .cache.serializers import Serializer
from .encoding import PathLike
from .errors import StoreLockedError
from .store import Store

PATIENCE = 2.0
"""Seconds that a run waits at its end for a folder that another has."""


class Shelf:
    """The results in one folder, as far as this run may have it."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._found: set[bytes] | None = None
        """What was there when the folder belonged to another run; None if it is this run's."""
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        try:
            self.store = Store(path)
        except StoreLockedError:
            self.store = Store()
            with Store(path, read_only=True) as other:
                _copy(other, self.store, other.scan_iter(count=1000))
            self._found = set(self.store.scan_iter(count=1000))

    def close(self) -> None:
        """Keep what was added."""
        if self._found is None:
            self.store.close()
            return
        added = [key for key in self.store.scan_iter(count=1000) if key not in self._found]
        until = time.monotonic() + PATIENCE
        while added:
            try:
                with Store(self._path) as store:
                    _copy(self.store, store, added)
                break
            except StoreLockedError:
                if time.monotonic() > until:
                    break  # they will be computed again
                time.sleep(0.05)
        self.store.close()


def _copy(source: Store[bytes], target: Store[bytes], keys: Any) -> None:
    for key in keys:
        value, left = source.dump(key), source.pttl(key)
        if value is not None and (left > 0 or left == -1):
            target.restore(key, max(0, left), value, replace=True)


_shelves: dict[str, Shelf] = {}
_lock = threading.Lock()


def _shelf(path: PathLike) -> Shelf:
    """The shelf of this process at a path, the same each time."""
    name = os.path.abspath(os.path.expanduser(os.fspath(path)))
    with _lock:
        if not _shelves:
            atexit.register(_close_all)
        if name not in _shelves:
            _shelves[name] = Shelf(name)
        return _shelves[name]


def _close_all() -> None:
    with _lock:
        for shelf in _shelves.values():
            if not shelf.store._shared.closed:  # as in a process that was forked
                shelf.close()
        _shelves.clear()


def _prefix(function: Callable[..., Any]) -> str:
    """Functions of all scripts have the module `__main__`, and must not find each other's results."""
    if function.__module__ != "__main__":
        return "memoize:"
    return f"memoize:{os.path.abspath(getattr(sys.modules['__main__'], '__file__', '-'))}:"


@overload
def memoize(function: Callable[P, R], /) -> Memoized[P, R]: ...
@overload
def memoize(
    *,
    path: PathLike | None = None,
    maxsize: int | None = None,
    serializer: str | Serializer = "msgpack",
    **options: Unpack[MemoizeOptions],
) -> Memoizer: ...
def memoize(
    function: Callable[..., Any] | None = None,
    /,
    *,
    path: PathLike | None = None,
    maxsize: int | None = None,
    serializer: str | Serializer = "msgpack",
    **options: Unpack[MemoizeOptions],
) -> Any:
    """Keep the results of a function by its arguments: `functools.lru_cache` with a time and a place.

    >>> @memoize(ttl="10m", path="~/.cache/app")
    ... def fetch(url: str) -> str: ...

    With `path` they lie in that folder, which is made if it is missing, and the next run of the script finds
    them. Runs may overlap: the second one reads what is there when it begins, and adds its own results when
    it ends, unless the first still runs then. `maxsize` is how many results are kept, those not used for
    longest going first; not with a path. `ttl` is for how long, for ever by default. The others are those of
    `Cache.memoize`, and so are `invalidate`, `refresh`, `key` and `stats` of what is returned.

    A function is known by its module and name, one of a script by the script's path. Give it another
    `version` when it computes something else. ValueError for a path with a maxsize.
    """
    if path is not None and maxsize is not None:
        raise ValueError("maxsize is for results in memory: with a path, give a ttl")
    if path is not None:
        store = _shelf(path).store
    elif maxsize is None:
        store = Store()
    else:
        store = Store(maxkeys=maxsize, maxmemory_policy="allkeys-lru")

    def decorate(function: Callable[P, R]) -> Memoized[P, R]:
        cache = Cache(store, prefix=_prefix(function), serializer=serializer)
        return cache.memoize(**options)(function)

    return decorate if function is None else decorate(function)
