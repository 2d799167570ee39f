"""Where the figures come from: a server of Redis's protocol, or a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from ..errors import RedisError
from ..store import Store

if TYPE_CHECKING:
    import redis


class Source(Protocol):
    """What can be watched."""

    name: str
    serves: bool
    """Whether it counts hits and requests: a folder only has keys."""

    def info(self) -> dict[str, Any]:
        """The fields of INFO, as they are now."""

    def database(self, index: int) -> Any:
        """What answers redis-py's `scan` and `pipeline` for this database."""

    def close(self) -> None: ...


def open_source(where: str) -> Source:
    """The source at a URL or a path."""
    return ServerSource(where) if "://" in where else FolderSource(where)


class ServerSource:
    """A kvlite server, or a Redis."""

    serves = True

    def __init__(self, url: str) -> None:
        try:
            import redis
        except ImportError:
            raise RedisError("watching a server takes redis-py: pip install 'kvlite[redis]'") from None
        parts = urlsplit(url)
        self.name = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        try:
            self._client = redis.Redis.from_url(url, socket_timeout=30, socket_connect_timeout=5)
        except ValueError as error:
            raise RedisError(f"{self.name}: {error}") from None
        self._databases: dict[int, redis.Redis] = {}

    def info(self) -> dict[str, Any]:
        return self._client.info()

    def database(self, index: int) -> Any:
        if index not in self._databases:
            pool = self._client.connection_pool
            settings = pool.connection_kwargs | {"db": index}
            own = type(pool)(connection_class=pool.connection_class, **settings)
            self._databases[index] = type(self._client)(connection_pool=own)
        return self._databases[index]

    def close(self) -> None:
        for client in (self._client, *self._databases.values()):
            client.connection_pool.disconnect()


class FolderSource:
    """A store on disk, which another process may be writing to."""

    serves = False

    def __init__(self, path: str) -> None:
        self.name = self._path = path
        self._store: Store[bytes] | None = None

    def info(self) -> dict[str, Any]:
        """As the files are now: they are read anew."""
        self.close()
        self._store = Store(self._path, read_only=True)
        return self._store.info()

    def database(self, index: int) -> Any:
        assert self._store is not None, "info() comes first"
        return self._store.select(index)

    def close(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None
