"""Where a framework's cache is kept, as its settings name it: in memory, in a folder, on a server."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any, TypeAlias

from ..store import Store

if TYPE_CHECKING:
    import redis

Backend: TypeAlias = "Store[bytes] | redis.Redis"
"""What answers redis-py's methods."""

_opened: dict[str, Store[bytes]] = {}
_lock = threading.Lock()


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
    in_memory = not location or location.startswith("memory:")
    name = location if in_memory else os.path.abspath(os.path.expanduser(location))
    with _lock:
        store = _opened.get(name)
        if store is None or store._shared.closed:
            store = _opened[name] = Store(None if in_memory else name, **options)
        return store


def _client(url: str, options: dict[str, Any]) -> redis.Redis:
    try:
        from redis import Redis
    except ImportError:
        raise ImportError(f"a cache at {url} takes redis-py: pip install 'kvlite[redis]'") from None
    return Redis.from_url(url, **options)
