"""Every place a cache can be in, opened alike: tests take them as a fixture, and call what is awaited too."""

from __future__ import annotations

import asyncio
import functools
import inspect
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis
import redis.asyncio

from kvlite import AsyncStore, Cache, Server, Store
from kvlite.cache import background
from kvlite.redis import AsyncRedis, Redis


class Called:
    """An AsyncCache, or what it memoized, called as if it were not awaited."""

    def __init__(self, target: Any, loop: asyncio.AbstractEventLoop) -> None:
        self.target = target
        self.loop = loop

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.target, name)
        return self._settling(found) if callable(found) else found

    def _settling(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            result = function(*args, **kwargs)
            return self.loop.run_until_complete(result) if inspect.isawaitable(result) else result

        return call

    def __contains__(self, key: str) -> bool:
        return bool(self.has(key))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._settling(self.target)(*args, **kwargs)

    def memoize(self, *function: Any, **options: Any) -> Any:
        def decorate(plain: Callable[..., Any]) -> Called:
            return Called(self.target.memoize(**options)(_awaited(plain)), self.loop)

        return decorate(*function) if function else decorate

    def get_or_set(self, key: str, make: Any, *args: Any, **kwargs: Any) -> Any:
        make = _awaited(make) if callable(make) else make
        return self.loop.run_until_complete(self.target.get_or_set(key, make, *args, **kwargs))


def eventually(cache: Any, holds: Callable[[], bool]) -> None:
    """Wait until that holds, for what happens in the background; a cache that is called has a loop to run."""
    until = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < until, "it does not come to hold"
        if isinstance(cache, Called):
            cache.loop.run_until_complete(asyncio.sleep(0.002))
        else:
            time.sleep(0.002)


def _awaited(plain: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(plain)
    async def function(*args: Any, **kwargs: Any) -> Any:
        await asyncio.sleep(0)
        return plain(*args, **kwargs)

    return function


async def _settled() -> None:
    """The end of what this loop has under way in the background."""
    await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}), return_exceptions=True)


@contextmanager
def real_redis() -> Iterator[str]:
    """The socket of a redis-server whose clock goes; skipped where there is none."""
    program = shutil.which("redis-server")
    if program is None:
        if os.environ.get("CI") == "true" and sys.platform == "linux":
            pytest.fail("redis-server is not installed", pytrace=False)
        pytest.skip("redis-server is not installed")
    with tempfile.TemporaryDirectory(prefix="kvlite-cache-") as folder:
        socket = str(Path(folder, "s"))
        command = [program, "--port", "0", "--unixsocket", socket, "--save", "", "--dir", folder]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            while not Path(socket).exists() and server.poll() is None:
                time.sleep(0.01)
            yield socket
        finally:
            server.terminate()
            server.wait()


PLACES = [
    *("store", "decoding store", "durable store", "redis in process", "decoding redis", "server", "redis"),
    *(
        "async store",
        "async durable",
        "async redis in process",
        "async decoding",
        "async server",
        "async redis",
    ),
]


@contextmanager
def place(name: str, folder: Path, socket: Callable[[], str]) -> Iterator[Callable[..., Any]]:
    """A function that opens caches, with the options of Cache, in one empty place of this name."""
    with ExitStack() as stack:
        loop = asyncio.new_event_loop()
        stack.callback(loop.close)
        if name.removeprefix("async ") == "server":
            server = stack.enter_context(Server(Store(), port=0))
            address: dict[str, Any] = {"host": "127.0.0.1", "port": server.port}
        elif name.removeprefix("async ") == "redis":
            address = {"unix_socket_path": socket()}
            with redis.Redis(**address) as flusher:
                flusher.flushall()
        else:
            address = {}
        client: Any
        if name == "store":
            client = Store()
        elif name == "decoding store":
            client = Store(decode_responses=True)
        elif name == "durable store":
            client = stack.enter_context(Store(folder / "store.kv"))
        elif name == "redis in process":
            client = stack.enter_context(Redis(Store()))
        elif name == "decoding redis":
            client = stack.enter_context(Redis(Store(), decode_responses=True))
        elif name in ("server", "redis"):
            client = stack.enter_context(redis.Redis(**address))
        elif name == "async store":
            client = AsyncStore()
        elif name == "async durable":
            client = AsyncStore(folder / "store.kv", fsync="always")
            stack.callback(lambda: loop.run_until_complete(client.close()))
        elif name in ("async redis in process", "async decoding"):
            client = AsyncRedis(Store(), decode_responses=name == "async decoding")
            stack.callback(lambda: loop.run_until_complete(client.aclose()))
        else:
            client = redis.asyncio.Redis(**address)
            stack.callback(lambda: loop.run_until_complete(client.aclose()))

        stack.callback(lambda: loop.run_until_complete(_settled()))
        stack.callback(background.finish, 10)

        def open_cache(prefix: str = "app:", ttl: Any = 60, **options: Any) -> Any:
            cache: Any = Cache(client, prefix, ttl, **options)
            return Called(cache, loop) if name.startswith("async") else cache

        open_cache.client = client  # type: ignore[attr-defined]
        yield open_cache
