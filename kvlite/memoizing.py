"""`@memoize` for scripts: results in memory, or in a folder that the next run finds again."""

from __future__ import annotations

import atexit
import functools
import inspect
import os
import sys
import weakref
from collections.abc import Callable
from hashlib import blake2b
from types import CodeType
from typing import TYPE_CHECKING, Any, Unpack, overload

from .cache import Cache, Memoized, background
from .cache.keys import name_of
from .cache.memoize import Memoizer, P, R, is_lambda
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
    if "://" in os.fsdecode(path):
        raise ValueError(
            f"{path!r} is no folder: what a server keeps is a Cache's, as in Cache(redis.Redis())"
        )
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


def _prefix(function: Callable[..., Any], named: bool) -> str:
    """Functions of all scripts have the module `__main__`, and must not find each other's results.

    What was typed in, or comes from a pipe or a notebook, is in no file: there, unless it was named, a
    function is known by what it does, so that another one of its name is another one.
    """
    if function.__module__ != "__main__" and function.__module__ in sys.modules:
        return "memoize:"
    file = getattr(sys.modules["__main__"], "__file__", None)
    if file is not None and not file.startswith("<") and function.__module__ == "__main__":
        return f"memoize:{os.path.abspath(file)}:"
    code = getattr(inspect.unwrap(function), "__code__", None)
    told_by = "" if named or code is None else f"{_digest(code)}:"
    return f"memoize:{os.path.abspath('-')}:{told_by}"


def _digest(code: CodeType) -> str:
    """What a function does, and what the functions within it do."""
    parts = [code.co_code.hex(), repr(code.co_names)]
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            parts.append(_digest(constant))
        elif isinstance(constant, frozenset):
            parts.append(repr(sorted(map(repr, constant))))
        else:
            parts.append(repr(constant))
    return blake2b("\n".join(parts).encode(errors="surrogatepass"), digest_size=10).hexdigest()


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

    A function is known by its module and name, one of a script by the script's path, one that is in no file,
    as in a notebook, by what it does. Give it another `version` when it computes something else. With a path
    a lambda needs a `name`. ValueError for a path with a maxsize, and for a URL.
    """
    if maxsize is not None and maxsize < 1:
        raise ValueError(f"maxsize is at least 1, not {maxsize!r}; None is no limit")
    if path is not None:
        if maxsize is not None:
            raise ValueError("maxsize is for results in memory: with a path, give a ttl")
        _store_at(path)

    def kept_in(store: Store[bytes], function: Callable[P, R], **options: Unpack[MemoizeOptions]) -> Any:
        named = options.get("name") is not None
        cache = Cache(store, prefix=_prefix(function, named), serializer=serializer)
        return cache.memoize(**options)(function)

    def decorate(function: Callable[P, R]) -> Any:
        if path is not None:
            return _remade_in_forks(lambda: kept_in(_store_at(path), function, **options))
        own = Store() if maxsize is None else Store(maxkeys=maxsize, maxmemory_policy="allkeys-lru")
        named: MemoizeOptions = {"name": name_of(function)} if is_lambda(function) else {}
        return kept_in(own, function, **(named | options))

    return decorate if function is None else decorate(function)
