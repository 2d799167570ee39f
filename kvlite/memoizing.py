"""`@memoize` for scripts: results in memory, or in a folder that the next run finds again."""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Callable
from typing import Any, Unpack, overload

from .cache import Cache, Memoized, background
from .cache.memoize import Memoizer, P, R
from .cache.options import MemoizeOptions
from .cache.serializers import Serializer
from .encoding import PathLike
from .opened import folder_of, opened
from .runs import Run
from .store import Store

PATIENCE = 10.0
"""Seconds that a run waits at its end for what is computed in the background."""

_runs: list[Run] = []
"""Those that are to be closed when this process ends."""


def _store_at(path: PathLike) -> Store[bytes]:
    """The store of this process at a path, the same each time."""
    folder = folder_of(path)

    def open_run() -> Store[bytes]:
        if not _runs:
            atexit.register(_close_all)
        run = Run.open(folder)
        _runs.append(run)
        return run.store

    return opened(folder, open_run)


def _close_all() -> None:
    background.finish(PATIENCE)
    for run in _runs:
        if not run.store._shared.closed:  # as in a process that was forked
            run.close()
    _runs.clear()


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
    them. Runs may overlap: each finds what was there when it began, and what it adds is there for those that
    begin after it has ended. At its end a script waits some seconds for results that are computed in the
    background, so that `stale` ones are renewed. `maxsize` is how many results are kept, those not used for
    longest going first; not with a path. `ttl` is for how long, for ever by default. The others are those of
    `Cache.memoize`, and so are `invalidate`, `refresh`, `key` and `stats` of what is returned.

    A function is known by its module and name, one of a script by the script's path. Give it another
    `version` when it computes something else. ValueError for a path with a maxsize.
    """
    if path is not None and maxsize is not None:
        raise ValueError("maxsize is for results in memory: with a path, give a ttl")
    if path is not None:
        store = _store_at(path)
    elif maxsize is None:
        store = Store()
    else:
        store = Store(maxkeys=maxsize, maxmemory_policy="allkeys-lru")

    def decorate(function: Callable[P, R]) -> Memoized[P, R]:
        cache = Cache(store, prefix=_prefix(function), serializer=serializer)
        return cache.memoize(**options)(function)

    return decorate if function is None else decorate(function)
