"""Who runs in the race: the floor, kvlite, and the peers that are installed.

Each is opened empty as something with redis-py's method names; a peer with another interface gets an adapter
with the few methods it has an equal for, written the way its documentation advises.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any


class Floor:
    """What Python alone costs: a method that encodes the key and does one operation of a dict."""

    def __init__(self) -> None:
        self.d: dict[bytes, bytes] = {}

    def get(self, key: str) -> bytes | None:
        return self.d.get(key.encode())

    def set(self, key: str, value: bytes) -> None:
        self.d[key.encode()] = value

    def flushall(self) -> None:
        self.d.clear()


@contextmanager
def kvlite(**options: Any) -> Iterator[Any]:
    from kvlite import Store

    with Store(**options) as store:
        yield store


@contextmanager
def kvlite_client(**options: Any) -> Iterator[Any]:
    """redis-py on a store in this process."""
    from kvlite import Store
    from kvlite.redis import Redis

    with Store() as store, Redis(store, **options) as client:
        yield client


@contextmanager
def fakeredis(**options: Any) -> Iterator[Any]:
    from fakeredis import FakeServer, FakeStrictRedis

    yield FakeStrictRedis(server=FakeServer(), **options)


@contextmanager
def redis_server(**options: Any) -> Iterator[Any]:
    """redis-py on a real redis-server of its own, over a unix socket."""
    import redis

    program = shutil.which("redis-server")
    if program is None:
        raise ImportError("redis-server")
    with TemporaryDirectory(prefix="kvlite-bench-") as folder:
        socket = str(Path(folder, "socket"))
        settings = {
            "--port": "0",
            "--unixsocket": socket,
            "--save": "",
            "--appendonly": "no",
            "--dir": folder,
        }
        words = [word for setting in settings.items() for word in setting]
        server = subprocess.Popen([program, *words], stdout=subprocess.DEVNULL)
        try:
            for _ in range(500):
                if Path(socket).exists():
                    break
                time.sleep(0.01)
            with redis.Redis(unix_socket_path=socket, **options) as client:
                yield client
        finally:
            server.terminate()
            server.wait()


class Adapter:
    def set(self, key: str, value: bytes) -> None:
        raise NotImplementedError

    def mset(self, mapping: Mapping[str, bytes]) -> None:
        for key, value in mapping.items():
            self.set(key, value)


@contextmanager
def diskcache() -> Iterator[Any]:
    from diskcache import Cache  # type: ignore[import-untyped]

    class DiskCache(Adapter):
        def __init__(self, cache: Any) -> None:
            self.cache = cache
            self.get = cache.get
            self.incr = cache.incr

        def set(self, key: str, value: bytes) -> None:
            self.cache.set(key, value)

        def setex(self, key: str, seconds: int, value: bytes) -> None:
            self.cache.set(key, value, expire=seconds)

        def lpush(self, name: str, value: bytes) -> None:
            self.cache.push(value, prefix=name, side="front")

        def rpop(self, name: str) -> Any:
            return self.cache.pull(prefix=name, side="back")[1]

        def flushall(self) -> None:
            self.cache.clear()

    with TemporaryDirectory(prefix="kvlite-bench-") as folder, Cache(folder) as cache:
        yield DiskCache(cache)


@contextmanager
def lmdb() -> Iterator[Any]:
    from lmdb import open as open_lmdb

    class Lmdb(Adapter):
        def get(self, key: str) -> bytes | None:
            with environment.begin() as transaction:
                return transaction.get(key.encode())

        def set(self, key: str, value: bytes) -> None:
            with environment.begin(write=True) as transaction:
                transaction.put(key.encode(), value)

    with TemporaryDirectory(prefix="kvlite-bench-") as folder:
        environment = open_lmdb(folder, map_size=1 << 28, sync=False)
        yield Lmdb()
        environment.close()


@contextmanager
def rocksdict() -> Iterator[Any]:
    from rocksdict import Options, Rdict

    class RocksDict(Adapter):
        def get(self, key: str) -> bytes | None:
            return db.get(key.encode())

        def set(self, key: str, value: bytes) -> None:
            db[key.encode()] = value

    with TemporaryDirectory(prefix="kvlite-bench-") as folder:
        db = Rdict(folder, Options(raw_mode=True))
        yield RocksDict()
        db.close()


class LockedCache(Adapter):
    """A cache of cachetools with the lock that its documentation asks for."""

    def __init__(self, cache: Any) -> None:
        self.cache = cache
        self.lock = Lock()

    def get(self, key: str) -> Any:
        with self.lock:
            return self.cache.get(key)

    def set(self, key: str, value: bytes) -> None:
        with self.lock:
            self.cache[key] = value

    def flushall(self) -> None:
        self.cache.clear()


class LockedTTLCache(LockedCache):
    def setex(self, key: str, seconds: int, value: bytes) -> None:
        self.set(key, value)


@contextmanager
def lru_cache() -> Iterator[Any]:
    from cachetools import LRUCache

    yield LockedCache(LRUCache(1_000_000))


@contextmanager
def ttl_cache() -> Iterator[Any]:
    from cachetools import TTLCache

    yield LockedTTLCache(TTLCache(1_000_000, ttl=1000))


@dataclass(frozen=True)
class Peer:
    name: str
    open: Callable[..., AbstractContextManager[Any]]
    like_redis: bool = False
    """It takes redis-py's options too."""


PEERS = [
    Peer("fakeredis", fakeredis, like_redis=True),
    Peer("redis", redis_server, like_redis=True),
    Peer("diskcache", diskcache),
    Peer("lmdb", lmdb),
    Peer("rocksdict", rocksdict),
    Peer("LRUCache", lru_cache),
    Peer("TTLCache", ttl_cache),
]


CLIENT = Peer("kvlite.redis", kvlite_client, like_redis=True)


def installed() -> tuple[list[Peer], list[str]]:
    """The peers that can run here, and what is missing for the others."""
    peers, missing = [], []
    for peer in PEERS:
        try:
            with peer.open():
                peers.append(peer)
        except ImportError as error:
            missing.append(f"{peer.name} ({error})")
    return peers, missing
