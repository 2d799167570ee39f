"""What `Cache` and `memoize` can be told, each option once: its type, its default and what it does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, TypeAlias, TypedDict

from .durations import DEFAULT, Duration, MaybeDuration
from .serializers import Serializer

Tags: TypeAlias = Iterable[str] | str | Callable[..., Iterable[str] | str | None]


class CacheOptions(TypedDict, total=False):
    """What `Cache` takes besides the store, `prefix` and `ttl`."""

    serializer: str | Serializer
    """"msgpack", "json" or "pickle", or an object with dumps and loads."""
    secret: bytes | str | None
    """Entries are signed with it, and those without the right signature are not read."""
    shared: bool | None
    """Other processes reach the same Store through a server; of a client that is taken for granted."""
    lease: Duration
    """After how long another process takes over from one that died while it computed."""


class ObtainOptions(TypedDict, total=False):
    """What `get_or_set` takes besides the key, what makes the value, and `ttl`."""

    tags: Iterable[str] | str
    """What the value depends on; see `invalidate_tags`."""
    stale: Duration | None
    """For so long after its time, the old value is given to who asks while it is made anew."""
    background: bool
    """That is done while the caller goes on; if false, by the first caller, who waits for it."""


class MemoizeOptions(TypedDict, total=False):
    """What `memoize` takes."""

    ttl: MaybeDuration
    """How long a result is kept; None for ever, by default as the cache does."""
    key: Callable[..., Any] | None
    """Called with the arguments: it says by what the result is kept instead."""
    tags: Tags
    """Tags of every result, or a function of the arguments that returns them."""
    stale: Duration | None
    """For so long after its time, the old result is given to who asks while it is computed anew."""
    early: float | None
    """1, or more for earlier: compute a result anew before it expires, by chance (XFetch)."""
    background: bool
    """What `stale` and `early` ask for is computed while the callers go on; if false, by the first one."""
    cache_none: bool
    """False: None is not kept."""
    cache_errors: Duration | None
    """For how long an exception is kept, and raised again; by default not at all."""
    typed: bool
    """1, 1.0 and True are different arguments."""
    version: int | str
    """Part of the key: with another one, former results are left behind."""
    name: str | None
    """Part of the key, by default the module and qualified name of the function."""


CACHE: Mapping[str, Any] = {"serializer": "msgpack", "secret": None, "shared": None, "lease": 10}
OBTAIN: Mapping[str, Any] = {"tags": (), "stale": None, "background": True}
MEMOIZE: Mapping[str, Any] = {
    "ttl": DEFAULT,
    "key": None,
    "tags": (),
    "stale": None,
    "early": None,
    "background": True,
    "cache_none": True,
    "cache_errors": None,
    "typed": False,
    "version": 1,
    "name": None,
}


class Kind(NamedTuple):
    """What an option may be."""

    fits: Callable[[Any], bool]
    said: str


_TRUTH = Kind(lambda value: isinstance(value, bool), "True or False")
_FUNCTION = Kind(lambda value: value is None or callable(value), "a function of the arguments")
_NUMBER = Kind(lambda value: value is None or isinstance(value, (int, float)), "a number")
_NAME = Kind(lambda value: value is None or (isinstance(value, str) and value != ""), "a text")
_VERSION = Kind(lambda value: isinstance(value, (int, str)), "a number or a text")

KINDS: Mapping[str, Kind] = {
    "key": _FUNCTION,
    "early": _NUMBER,
    "background": _TRUTH,
    "cache_none": _TRUTH,
    "typed": _TRUTH,
    "version": _VERSION,
    "name": _NAME,
}
"""Of the options that nothing else checks; durations and tags say themselves what is wrong."""


def completed(options: Mapping[str, Any], defaults: Mapping[str, Any], what: str) -> dict[str, Any]:
    """The options and the defaults of those that are missing.

    TypeError for one that `what` does not take, or that is of another kind.
    """
    for name, value in options.items():
        if name not in defaults:
            raise TypeError(f"{what} has no option {name!r}")
        kind = KINDS.get(name)
        if kind is not None and not kind.fits(value):
            raise TypeError(f"{name} is {kind.said}, not {value!r}")
    return {**defaults, **options}
