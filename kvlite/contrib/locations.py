"""Where a framework's cache is kept, as its settings name it: in memory, in a folder, on a server."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypeAlias

from ..opened import folder_of, opened
from ..store import Store

if TYPE_CHECKING:
    import redis

Backend: TypeAlias = "Store[bytes] | redis.Redis"
"""What answers redis-py's methods."""


def connect(location: str | os.PathLike[str], options: dict[str, Any]) -> Backend:
    """What `location` names.

    A URL (`redis://...`, `unix://...`) is a server's, kvlite's or Redis's, and takes redis-py. Else it is a
    store of this process, which all who name it share; who comes first sets its `options`. It is in memory
    for an empty location or one like `memory:sessions`, in a folder for a path, and open while the process
    runs.
    """
    location = os.fspath(location)
    if "://" in location:
        return _client(location, options)
    if not location or location.startswith("memory:"):
        return opened(location, lambda: Store(**options))
    folder = folder_of(location)
    return opened(folder, lambda: Store(folder, **options))


def _client(url: str, options: dict[str, Any]) -> redis.Redis:
    try:
        from redis import Redis
    except ImportError:
        raise ImportError(f"a cache at {url} takes redis-py: pip install 'kvlite[redis]'") from None
    return Redis.from_url(url, **options)
