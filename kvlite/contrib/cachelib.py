"""A cache with cachelib's interface, for Flask-Caching, Flask-Session and all who take one.

CACHE_TYPE = "kvlite.contrib.cachelib.KvliteCache"
CACHE_OPTIONS = {"location": "cache.kv", "maxmemory": "100mb", "maxmemory_policy": "allkeys-lru"}
"""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from cachelib import BaseCache

from .shelf import Shelf
from .values import Pickles

if TYPE_CHECKING:
    from ..cache.serializers import Serializer


class KvliteCache(BaseCache):
    """cachelib's methods on a store.

    `location` is `""` or `memory:NAME` for memory that the threads of this process share, the path of a
    folder that this process keeps for itself, or the URL of a kvlite or Redis server. `options` are the
    store's, or redis-py's for a URL. A timeout is in seconds, None for the default one, 0 for ever;
    what lies in the past is gone at once.
    """

    def __init__(
        self,
        location: str | os.PathLike[str] = "",
        default_timeout: int | timedelta = 300,
        key_prefix: str = "",
        ignore_delete_many_errors: bool = True,
        serializer: Serializer | str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(default_timeout, ignore_delete_many_errors)
        self.key_prefix = key_prefix
        self._shelf = Shelf(location, options, serializer or Pickles())

    @property
    def serializer(self) -> Serializer:
        """What turns values into bytes and back; another may be put in its place."""
        return self._shelf.serializer

    @serializer.setter
    def serializer(self, serializer: Serializer) -> None:
        self._shelf.serializer = serializer

    def _lifetime(self, timeout: int | timedelta | None) -> int | None:
        seconds = self._normalize_timeout(timeout)
        return seconds * 1000 if seconds else None

    def get(self, key: str) -> Any:
        return self._shelf.get(self.key_prefix + key)

    def get_many(self, *keys: str) -> list[Any]:
        """The values in the order of the keys, None for each that is missing."""
        found = self._shelf.get_many(self.key_prefix + key for key in keys)
        return [found.get(self.key_prefix + key) for key in keys]

    def set(self, key: str, value: Any, timeout: int | timedelta | None = None) -> bool:
        """Set it; True."""
        self._shelf.set(self.key_prefix + key, value, self._lifetime(timeout))
        return True

    def add(self, key: str, value: Any, timeout: int | timedelta | None = None) -> bool:
        """Set it if it is missing; whether it was."""
        return self._shelf.add(self.key_prefix + key, value, self._lifetime(timeout))

    def set_many(self, mapping: dict[str, Any], timeout: int | timedelta | None = None) -> list[Any]:
        """Set all of them; their keys."""
        values = {self.key_prefix + key: value for key, value in mapping.items()}
        self._shelf.set_many(values, self._lifetime(timeout))
        return list(mapping)

    def delete(self, key: str) -> bool:
        """Remove it; whether it was there."""
        return self._shelf.delete(self.key_prefix + key)

    def delete_many(self, *keys: str) -> list[Any]:
        """Remove all of them; their keys, for none is left."""
        self._shelf.delete_many(self.key_prefix + key for key in keys)
        return list(keys)

    def has(self, key: str) -> bool:
        """Whether it is there."""
        return self._shelf.has(self.key_prefix + key)

    def clear(self) -> bool:
        """Remove what begins with `key_prefix`; without one, all there is. True."""
        if self.key_prefix:
            self._shelf.delete_prefix(self.key_prefix)
        else:
            self._shelf.clear()
        return True

    def inc(self, key: str, delta: int = 1) -> int | None:
        """Add to a number, 0 if it is missing; the sum, or None if it is no number."""
        try:
            return int(self._shelf.incr_or_set(self.key_prefix + key, delta, self._lifetime(None)))
        except TypeError:
            return None

    def dec(self, key: str, delta: int = 1) -> int | None:
        """Subtract from a number, 0 if it is missing; the difference, or None if it is no number."""
        return self.inc(key, -delta)
