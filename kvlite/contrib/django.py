"""A cache backend for Django: in the process, in a folder, or on a server, with the same settings.

CACHES = {
    "default": {
        "BACKEND": "kvlite.contrib.django.KvliteCache",
        "LOCATION": "",  # memory; or a folder's path; or redis://host:6379/0
        "OPTIONS": {"maxmemory": "100mb", "maxmemory_policy": "allkeys-lru"},
    }
}
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.utils.module_loading import import_string

from .shelf import Shelf
from .values import Pickles

if TYPE_CHECKING:
    from ..cache.serializers import Serializer

ITS_OWN = {"MAX_ENTRIES", "CULL_FREQUENCY", "serializer"}
"""The options that are the backend's; the others are the store's, or redis-py's for a URL."""


class KvliteCache(BaseCache):  # type: ignore[misc]
    """Django's cache API on a store.

    LOCATION is `""` or `memory:NAME` for memory that the threads of this process share, the path of a folder
    that this process keeps for itself, or the URL of a kvlite or Redis server. Without MAX_ENTRIES there is
    no limit but the store's own, `maxmemory` and `maxkeys`; with it, entries are culled at random.
    """

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._location = location
        self._options: dict[str, Any] = params.get("OPTIONS", {})
        self._culls = "MAX_ENTRIES" in self._options

    @cached_property
    def _shelf(self) -> Shelf:
        serializer = self._options.get("serializer", Pickles)
        if isinstance(serializer, str) and "." in serializer:
            serializer = import_string(serializer)
        if isinstance(serializer, type):
            serializer = serializer()
        chosen: Serializer | str = serializer
        options = {name: value for name, value in self._options.items() if name not in ITS_OWN}
        return Shelf(self._location, options, chosen)

    def get_backend_timeout(self, timeout: Any = DEFAULT_TIMEOUT) -> int | None:
        """The lifetime in milliseconds, 0 for what is gone at once, None for ever."""
        if timeout == DEFAULT_TIMEOUT:
            timeout = self.default_timeout
        return None if timeout is None else max(0, int(timeout * 1000))

    def _make_room(self) -> None:
        if self._culls:
            self._shelf.shrink(self._max_entries, self._cull_frequency)

    def add(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        key = self.make_and_validate_key(key, version=version)
        self._make_room()
        return self._shelf.add(key, value, self.get_backend_timeout(timeout))

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return self._shelf.get(self.make_and_validate_key(key, version=version), default)

    def set(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        key = self.make_and_validate_key(key, version=version)
        self._make_room()
        self._shelf.set(key, value, self.get_backend_timeout(timeout))

    def touch(self, key: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        key = self.make_and_validate_key(key, version=version)
        return self._shelf.touch(key, self.get_backend_timeout(timeout))

    def delete(self, key: Any, version: int | None = None) -> bool:
        return self._shelf.delete(self.make_and_validate_key(key, version=version))

    def get_many(self, keys: Iterable[Any], version: int | None = None) -> dict[Any, Any]:
        names = {self.make_and_validate_key(key, version=version): key for key in keys}
        return {names[name]: value for name, value in self._shelf.get_many(names).items()}

    def set_many(
        self, data: Mapping[Any, Any], timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> list[Any]:
        values = {self.make_and_validate_key(key, version=version): value for key, value in data.items()}
        if values:
            self._make_room()
            self._shelf.set_many(values, self.get_backend_timeout(timeout))
        return []

    def delete_many(self, keys: Iterable[Any], version: int | None = None) -> None:
        self._shelf.delete_many([self.make_and_validate_key(key, version=version) for key in keys])

    def has_key(self, key: Any, version: int | None = None) -> bool:
        return self._shelf.has(self.make_and_validate_key(key, version=version))

    def incr(self, key: Any, delta: Any = 1, version: int | None = None) -> Any:
        total = self._shelf.incr(self.make_and_validate_key(key, version=version), delta)
        if total is None:
            raise ValueError(f"Key '{key}' not found")
        return total

    def clear(self) -> None:
        self._shelf.clear()

    async def _await(self, method: Callable[..., Any], *arguments: Any) -> Any:
        """Call it here if it cannot wait, else in the thread where Django runs what can."""
        if self._shelf.answers_at_once:
            return method(*arguments)
        return await sync_to_async(method, thread_sensitive=True)(*arguments)

    async def aadd(
        self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> Any:
        return await self._await(self.add, key, value, timeout, version)

    async def aget(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return await self._await(self.get, key, default, version)

    async def aset(
        self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> Any:
        return await self._await(self.set, key, value, timeout, version)

    async def atouch(self, key: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> Any:
        return await self._await(self.touch, key, timeout, version)

    async def adelete(self, key: Any, version: int | None = None) -> Any:
        return await self._await(self.delete, key, version)

    async def aget_many(self, keys: Iterable[Any], version: int | None = None) -> Any:
        return await self._await(self.get_many, keys, version)

    async def aset_many(
        self, data: Mapping[Any, Any], timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> Any:
        return await self._await(self.set_many, data, timeout, version)

    async def adelete_many(self, keys: Iterable[Any], version: int | None = None) -> Any:
        return await self._await(self.delete_many, keys, version)

    async def ahas_key(self, key: Any, version: int | None = None) -> Any:
        return await self._await(self.has_key, key, version)

    async def aincr(self, key: Any, delta: Any = 1, version: int | None = None) -> Any:
        return await self._await(self.incr, key, delta, version)

    async def aclear(self) -> Any:
        return await self._await(self.clear)
