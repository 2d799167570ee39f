"""Other doors to a store, for a `Pair`: redis-py in the process, and what is awaited."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

import redis
import redis.commands.core
from histories import TABLES, commands
from hypothesis import settings
from oracle import Drained, Oracle, Pair, histories

import kvlite.types.bitmaps
from kvlite import AsyncStore, ManualClock, Store
from kvlite.aio import AsyncPipeline
from kvlite.redis import AsyncRedis, Redis

FEWER = settings(max_examples=settings().max_examples * 2 // 5)
"""Of the types' own tests' examples."""
HISTORIES = {table: histories(*commands([table]), size=20) for table in TABLES}
"""Histories of each type, shorter than those of its own tests."""


BUILDERS = (
    *(AsyncPipeline, redis.asyncio.client.Pipeline),
    *(kvlite.types.bitmaps.BitFieldOperation, redis.commands.core.BitFieldOperation),
)
"""What is not awaited itself, but some of its methods."""


class Awaited:
    """What has coroutine functions for methods, as if they were plain ones."""

    def __init__(self, target: Any, loop: asyncio.AbstractEventLoop) -> None:
        self.target = target
        self.loop = loop

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.target, name)
        if not callable(found):
            return found
        return lambda *args, **kwargs: self.settle(found(*args, **kwargs))

    def __enter__(self) -> Awaited:
        self.settle(self.target.__aenter__())
        return self

    def __exit__(self, *error: object) -> None:
        self.settle(self.target.__aexit__(*error))

    def settle(self, result: Any) -> Any:
        """Its value, if `result` is to be awaited."""
        if isinstance(result, BUILDERS):
            return Awaited(result, self.loop)
        if inspect.isawaitable(result):
            return self.loop.run_until_complete(_value(result))
        if inspect.isasyncgen(result):
            return Drained(self.loop.run_until_complete(_drained(result)))
        return result


async def _value(awaitable: Any) -> Any:
    return await awaitable


async def _drained(generator: Any) -> list[Any]:
    return [each async for each in generator]


class DoorPair(Pair):
    """A door to a store beside redis-py on the oracle. `open_door(store, **options)` makes the door."""

    def __init__(self, oracle: Oracle, open_door: Callable[..., Any], **options: Any) -> None:
        def make_store(start_ms: int, **options: Any) -> Any:
            self.behind = Store(clock=ManualClock(start_ms))
            return open_door(self.behind, **options)

        super().__init__(oracle, make_store=make_store, **options)

    def advance(self, seconds: float) -> None:
        self.oracle.advance(seconds)
        self.behind.advance(seconds)

    def _dump_store(self) -> Any:
        door, self.store = self.store, self.behind
        try:
            return super()._dump_store()
        finally:
            self.store = door


def client_pair(oracle: Oracle, **options: Any) -> DoorPair:
    """redis-py in the process."""
    return DoorPair(oracle, Redis, **options)


def async_client_pair(oracle: Oracle, loop: asyncio.AbstractEventLoop, **options: Any) -> DoorPair:
    """redis.asyncio in the process, awaited on `loop`."""
    return DoorPair(oracle, lambda store, **kwargs: Awaited(AsyncRedis(store, **kwargs), loop), **options)


def async_store_pair(oracle: Oracle, loop: asyncio.AbstractEventLoop, **options: Any) -> DoorPair:
    """A Store whose commands are awaited on `loop`."""
    return DoorPair(oracle, lambda store, **kwargs: Awaited(AsyncStore(store), loop), **options)


def async_oracle(oracle: Oracle, **options: Any) -> redis.asyncio.Redis:
    """redis.asyncio's client of the oracle."""
    return redis.asyncio.Redis(unix_socket_path=oracle.address, **options)
