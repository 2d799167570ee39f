"""What a cache is kept in: the few commands that it needs, called on a Store or on a client of redis-py.

Everything a cache does is written once, as coroutines. Those that call a `Store` or a blocking client never
suspend, and `run` has their result at once; so the same code serves programs with and without asyncio.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from types import MethodType
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

if TYPE_CHECKING:
    from ..store import Store

R = TypeVar("R")

Command: TypeAlias = tuple[str, Sequence[Any], Mapping[str, Any]]
"""A method of redis-py, with what it is given."""
Holds: TypeAlias = Callable[[bytes | None], bool]

PAGE = 1000
"""How many keys a step of a scan looks at."""


def run(coroutine: Coroutine[Any, Any, R]) -> R:
    """The result of a coroutine that never suspends."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        result: R = stop.value
        return result
    coroutine.close()
    raise RuntimeError("a blocking cache was about to await something")


class Backend(Protocol):
    """The commands a cache is made of. Values are bytes, whatever the client decodes.

    Those that are called, not awaited, have `get_now`, which raises for a key of another type, `read_now`
    and `mget_now` too; an AsyncStore has the latter once it is open.
    """

    private: bool
    """No other process has these keys."""
    blocks: bool
    """Commands may wait for a network, in the thread that calls them."""

    @property
    def store(self) -> Store[Any] | None:
        """The Store in this process that has the keys, if there is one; of a folder, when it is open."""

    def now(self) -> int:
        """Milliseconds since the epoch."""

    async def get(self, key: str) -> bytes | None:
        """What `key` holds; OTHER_TYPE where that is no string."""

    async def mget(self, keys: Sequence[str]) -> list[bytes | None]: ...

    async def execute(self, *commands: Command) -> list[Any]:
        """Their results; no other command comes in between."""

    async def execute_if(self, key: str, holds: Holds, *commands: Command) -> bool:
        """Execute the commands if what `key` holds is right, and nothing changes it meanwhile; whether so."""

    async def scan(self, cursor: int, match: str) -> tuple[int, list[Any]]:
        """A step through the keys that are like `match`: the next cursor, 0 at the end, and some keys."""


OTHER_TYPE = b"\xc1"
"""What stands for a list, a hash or the like that another program left at a key. It is no entry."""


def unread(error: Exception) -> bytes:
    """OTHER_TYPE, if a read failed by that; any other error is raised again."""
    if "WRONGTYPE" not in str(error):
        raise error
    return OTHER_TYPE


def as_bytes(value: bytes | str | None) -> bytes | None:
    return value.encode() if isinstance(value, str) else value


def ttl_options(milliseconds: int | None) -> dict[str, Any]:
    return {} if milliseconds is None else {"px": milliseconds}


class _Called:
    """Part of a backend whose commands are called, not awaited."""

    get_now: Callable[[str], bytes | None]
    """The bytes at a key, also where replies are decoded."""

    def read_now(self, key: str) -> bytes | None:
        try:
            return self.get_now(key)
        except Exception as error:
            return unread(error)

    async def get(self, key: str) -> bytes | None:
        return self.read_now(key)


class StoreBackend(_Called):
    """A Store in this process."""

    private = True
    blocks = False

    def __init__(self, store: Store[Any]) -> None:
        from ..types.strings import Strings

        self.store = store
        self.get_now = MethodType(Strings.get, store)
        self.now: Callable[[], int] = store._shared.now

    def mget_now(self, keys: Sequence[str]) -> list[bytes | None]:
        return [self.get_now(key) for key in keys]

    async def mget(self, keys: Sequence[str]) -> list[bytes | None]:
        return self.store._mget([key.encode() for key in keys])

    async def execute(self, *commands: Command) -> list[Any]:
        return self.execute_now(*commands)

    def execute_now(self, *commands: Command) -> list[Any]:
        store = self.store
        if len(commands) == 1:
            ((name, arguments, options),) = commands
            return [getattr(store, name)(*arguments, **options)]
        with store.atomic():
            return [getattr(store, name)(*arguments, **options) for name, arguments, options in commands]

    async def execute_if(self, key: str, holds: Holds, *commands: Command) -> bool:
        return self.execute_if_now(key, holds, *commands)

    def execute_if_now(self, key: str, holds: Holds, *commands: Command) -> bool:
        with self.store.atomic():
            if not holds(self.read_now(key)):
                return False
            for name, arguments, options in commands:
                getattr(self.store, name)(*arguments, **options)
        return True

    async def scan(self, cursor: int, match: str) -> tuple[int, list[Any]]:
        return self.store.scan(cursor, match=match, count=PAGE)


class AsyncStoreBackend:
    """An AsyncStore: as `StoreBackend`, but who writes awaits the disk where the store does."""

    private = True
    blocks = False

    def __init__(self, client: Any) -> None:
        self._client = client
        self._opened: StoreBackend | None = None

    async def _open(self) -> StoreBackend:
        if self._opened is None:
            self._opened = StoreBackend(await self._client._opened())
        return self._opened

    @property
    def store(self) -> Store[Any] | None:
        store: Store[Any] | None = self._client._guard.store
        return store

    def now(self) -> int:
        return time.time_ns() // 1_000_000 if self._opened is None else self._opened.now()

    async def get(self, key: str) -> bytes | None:
        backend = self._opened or await self._open()
        return backend.read_now(key)

    async def mget(self, keys: Sequence[str]) -> list[bytes | None]:
        return await (await self._open()).mget(keys)

    def mget_now(self, keys: Sequence[str]) -> list[bytes | None]:
        assert self._opened is not None, "something was awaited"
        return self._opened.mget_now(keys)

    async def execute(self, *commands: Command) -> list[Any]:
        return await self._run((await self._open()).execute_now, *commands)

    async def execute_if(self, key: str, holds: Holds, *commands: Command) -> bool:
        return await self._run((await self._open()).execute_if_now, key, holds, *commands)

    async def _run(self, method: Callable[..., R], *arguments: Any) -> R:
        result: R = await self._client._guard.run(method, *arguments)
        return result

    async def scan(self, cursor: int, match: str) -> tuple[int, list[Any]]:
        return await (await self._open()).scan(cursor, match)


class RedisBackend(_Called):
    """A redis.Redis: of a server, or kvlite's own in the process."""

    private = False

    def __init__(self, client: Any) -> None:
        self.client = client
        self.store = store = _store_behind(client)
        self.blocks = store is None
        self.now: Callable[[], int] = _system_now if store is None else store._shared.now
        self._options = _undecoded(client)
        self.get_now = self._get if self._options else client.get

    def _get(self, key: str) -> bytes | None:
        value: bytes | None = self.client.execute_command("GET", key, **self._options)
        return value

    def mget_now(self, keys: Sequence[str]) -> list[bytes | None]:
        values: list[bytes | None] = self.client.execute_command("MGET", *keys, **self._options)
        return values

    async def mget(self, keys: Sequence[str]) -> list[bytes | None]:
        return self.mget_now(keys)

    async def execute(self, *commands: Command) -> list[Any]:
        if len(commands) == 1:
            ((name, arguments, options),) = commands
            return [getattr(self.client, name)(*arguments, **options)]
        with self.client.pipeline(transaction=True) as pipe:
            for name, arguments, options in commands:
                getattr(pipe, name)(*arguments, **options)
            results: list[Any] = pipe.execute()
            return results

    async def execute_if(self, key: str, holds: Holds, *commands: Command) -> bool:
        with self.client.pipeline(transaction=True) as pipe:
            pipe.watch(key)
            try:
                held = pipe.immediate_execute_command("GET", key, **self._options)
            except Exception as error:
                held = unread(error)
            if not holds(held):
                return False
            pipe.multi()
            for name, arguments, options in commands:
                getattr(pipe, name)(*arguments, **options)
            try:
                pipe.execute()
            except Exception as error:
                if not is_called(error, "WatchError"):
                    raise
                return False
            return True

    async def scan(self, cursor: int, match: str) -> tuple[int, list[Any]]:
        page: tuple[int, list[Any]] = self.client.scan(cursor, match=match, count=PAGE)
        return page


class AsyncRedisBackend:
    """A redis.asyncio.Redis."""

    private = False
    blocks = False

    def __init__(self, client: Any) -> None:
        self.client = client
        self.store = store = _store_behind(client)
        self.now: Callable[[], int] = _system_now if store is None else store._shared.now
        self._options = _undecoded(client)

    async def get(self, key: str) -> bytes | None:
        try:
            value: bytes | None = await self.client.execute_command("GET", key, **self._options)
        except Exception as error:
            return unread(error)
        return value

    async def mget(self, keys: Sequence[str]) -> list[bytes | None]:
        values: list[bytes | None] = await self.client.execute_command("MGET", *keys, **self._options)
        return values

    async def execute(self, *commands: Command) -> list[Any]:
        if len(commands) == 1:
            ((name, arguments, options),) = commands
            return [await getattr(self.client, name)(*arguments, **options)]
        async with self.client.pipeline(transaction=True) as pipe:
            for name, arguments, options in commands:
                getattr(pipe, name)(*arguments, **options)
            results: list[Any] = await pipe.execute()
            return results

    async def execute_if(self, key: str, holds: Holds, *commands: Command) -> bool:
        async with self.client.pipeline(transaction=True) as pipe:
            await pipe.watch(key)
            try:
                held = await pipe.immediate_execute_command("GET", key, **self._options)
            except Exception as error:
                held = unread(error)
            if not holds(held):
                return False
            pipe.multi()
            for name, arguments, options in commands:
                getattr(pipe, name)(*arguments, **options)
            try:
                await pipe.execute()
            except Exception as error:
                if not is_called(error, "WatchError"):
                    raise
                return False
            return True

    async def scan(self, cursor: int, match: str) -> tuple[int, list[Any]]:
        page: tuple[int, list[Any]] = await self.client.scan(cursor, match=match, count=PAGE)
        return page


def _system_now() -> int:
    return time.time_ns() // 1_000_000


def is_called(error: Exception, name: str) -> bool:
    """It is an error of this name, of whichever library."""
    return any(kind.__name__ == name for kind in type(error).__mro__)


def _store_behind(client: Any) -> Store[Any] | None:
    """The Store that a client of kvlite.redis talks to, or None."""
    if not any(kind.__module__.startswith("kvlite.redis.") for kind in type(client).__mro__):
        return None
    options = client.connection_pool.connection_kwargs
    store: Store[Any] = options["store"].select(options.get("db") or 0)
    return store


def _undecoded(client: Any) -> dict[str, Any]:
    """What keeps a client from decoding a reply, if it is one that does."""
    return {"NEVER_DECODE": True} if client.get_encoder().decode_responses else {}


def is_awaited(client: Any) -> bool:
    """Its commands are to be awaited."""
    return hasattr(type(client), "__aenter__")


def backend_of(client: Any) -> Backend:
    """The backend for a store, or a client of redis-py; TypeError for anything else."""
    from ..store import Store

    if isinstance(client, Store):
        return StoreBackend(client)
    aio: Any = sys.modules.get("kvlite.aio")
    if aio is not None and isinstance(client, aio.AsyncStore):
        return AsyncStoreBackend(client)
    if hasattr(client, "get_encoder") and hasattr(client, "pipeline"):
        return AsyncRedisBackend(client) if is_awaited(client) else RedisBackend(client)
    raise TypeError(
        f"a cache is kept in a Store, an AsyncStore, a redis.Redis or a redis.asyncio.Redis, "
        f"not in {client!r}"
    )
