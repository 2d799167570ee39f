"""`@memoize` for scripts: results in memory, or in a folder that the next run finds again."""

from __future__ import annotations

import atexit
import functools
import inspect
import os
import sys
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Unpack, overload

from .cache import Cache, Memoized, background
from .cache.memoize import Memoizer, P, R
from .cache.options import MemoizeOptions
from .cache.serializers import Serializer
from .encoding import PathLike
from .opened import folder_of, opened
from .store import Store

if TYPE_CHECKING:
    from .runs import Run

PATIENCE = 10.0
"""Seconds that a run waits at its end for what is computed in the background."""

_runs: list[Run] = []
"""Those that are to be closed when this process ends."""


def _store_at(path: PathLike) -> Store[bytes]:
    """The store of this process at a path, the same each time."""
    folder = folder_of(path)

    def open_run() -> Store[bytes]:
        from .runs import Run  # slow to import, as all that has to do with disks

        if not _runs:
            atexit.register(_close_all)
        run = Run.open(folder)
        _runs.append(run)
        return run.store

    return opened(folder, open_run)


def _close_all() -> None:
    background.finish(PATIENCE)
    for run in _runs:
        if not run.store._shared.closed:
            run.close()
    _runs.clear()


class _Remade:
    """A memoized function that a forked process makes anew at its first call: the folder is its parent's."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self.made: Any = make()
        _remade.add(self)

    def __call__(self) -> Any:
        if self.made is None:
            self.made = self._make()
        return self.made


_remade: weakref.WeakSet[_Remade] = weakref.WeakSet()


def _remade_in_forks(make: Callable[[], Any]) -> Any:
    """What `make` returns, with the same looks."""
    present = _Remade(make)
    first = present()

    def call(*args: Any, **kwargs: Any) -> Any:
        return present()(*args, **kwargs)

    async def call_awaited(*args: Any, **kwargs: Any) -> Any:
        return await present()(*args, **kwargs)

    def passing_on(name: str) -> Any:
        return lambda *args, **kwargs: getattr(present(), name)(*args, **kwargs)

    dressed: Any = call_awaited if inspect.iscoroutinefunction(first) else call
    functools.update_wrapper(dressed, first.__wrapped__)
    for name in ("invalidate", "refresh", "key", "stats"):
        setattr(dressed, name, passing_on(name))
    return dressed


def _after_fork_in_child() -> None:
    _runs.clear()
    for each in _remade:
        each.made = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)


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
    if path is None:
        store = Store() if maxsize is None else Store(maxkeys=maxsize, maxmemory_policy="allkeys-lru")
    elif maxsize is not None:
        raise ValueError("maxsize is for results in memory: with a path, give a ttl")
    else:
        store = _store_at(path)

    def kept_in(store: Store[bytes], function: Callable[P, R]) -> Memoized[P, R]:
        cache = Cache(store, prefix=_prefix(function), serializer=serializer)
        return cache.memoize(**options)(function)

    def decorate(function: Callable[P, R]) -> Any:
        if path is None:
            return kept_in(store, function)
        return _remade_in_forks(lambda: kept_in(_store_at(path), function))

    return decorate if function is None else decorate(function)
