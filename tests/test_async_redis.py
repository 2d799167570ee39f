"""redis.asyncio's client over a store in this process answers as one that talks to a server."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
import redis.asyncio
from doors import FEWER, HISTORIES, DoorPair, async_client_pair
from hypothesis import given
from hypothesis import strategies as st
from oracle import Oracle, run_history

from kvlite import Store
from kvlite.redis import AsyncConnection, AsyncConnectionPool, AsyncRedis


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


@pytest.fixture(scope="module", params=[2, 3], ids=["resp2", "resp3"])
def pair(oracle: Oracle, loop: asyncio.AbstractEventLoop, request: pytest.FixtureRequest) -> DoorPair:
    return async_client_pair(oracle, loop, protocol=request.param)


@pytest.mark.parametrize("table", HISTORIES)
@given(data=st.data())
@FEWER
def test_it_answers_as_redis_does(pair: DoorPair, table: str, data: st.DataObject) -> None:
    run_history(pair, data.draw(HISTORIES[table]))


# What it is


def test_it_is_a_client_of_redis_py() -> None:
    async def main() -> None:
        async with AsyncRedis() as client:
            assert isinstance(client, redis.asyncio.Redis)
            assert isinstance(client.pipeline(), redis.asyncio.client.Pipeline)
            assert isinstance(client.connection_pool, redis.asyncio.ConnectionPool)
            connection = await client.connection_pool.get_connection()
            assert isinstance(connection, redis.asyncio.connection.AbstractConnection)

    asyncio.run(main())


def test_clients_of_one_store_see_the_same() -> None:
    async def main() -> None:
        store = Store(decode_responses=True)
        store.set("a", "é")
        assert await AsyncRedis(store).get("a") == "é".encode()
        assert await AsyncRedis(store, decode_responses=True).get("a") == "é"
        assert await AsyncRedis().get("a") is None
        assert await AsyncRedis(store, db=1).get("a") is None
        pool = AsyncConnectionPool(store, decode_responses=True)
        async with AsyncRedis(connection_pool=pool) as client:
            assert await client.get("a") == "é"
            assert client.store is pool.store is store
        assert await AsyncRedis.from_pool(pool).get("a") == "é"
        blocking = redis.asyncio.BlockingConnectionPool(connection_class=AsyncConnection, store=store)
        assert await AsyncRedis(connection_pool=blocking).get("a") == "é".encode()

    asyncio.run(main())


def test_a_url_says_everything_but_where() -> None:
    async def main() -> None:
        store = Store()
        client = AsyncRedis.from_url("rediss://nowhere.invalid:1/3?decode_responses=1", store=store)
        await client.set("a", "b")
        assert await client.get("a") == "b"
        assert store.select(3).get("a") == b"b"
        single = AsyncRedis.from_url("unix:///nowhere?db=3", single_connection_client=True, store=store)
        assert await single.get("a") == b"b"
        await single.aclose()

    asyncio.run(main())


def test_it_may_be_forgotten_without_a_warning() -> None:
    async def main() -> None:
        client = AsyncRedis()
        await client.set("a", 1)
        assert len(client.store._shared.instance.sessions) == 1
        store = client.store
        del client
        gc.collect()
        assert not store._shared.instance.sessions

    asyncio.run(main())


def test_a_store_that_is_closed_is_a_connection_that_is_gone() -> None:
    async def main() -> None:
        client = AsyncRedis()
        await client.set("a", 1)
        client.store.close()
        for attempt in (
            client.get("a"),
            client.pipeline().get("a").execute(),
            AsyncRedis(client.store).ping(),
        ):
            with pytest.raises(redis.ConnectionError, match="the store is closed"):
                await attempt

    asyncio.run(main())


class _SlowLog:
    """What a store's log is put into to see when it is synced."""

    def __init__(self, log: Any) -> None:
        self._log = log
        self.syncs = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)

    def sync(self) -> None:
        assert threading.current_thread() is not threading.main_thread(), "the loop is stalled"
        self.syncs += 1
        self._log.sync()


def test_syncs_are_awaited(tmp_path: Path) -> None:
    async def main() -> None:
        with Store(tmp_path / "app.kv", fsync="always") as store:
            journal: Any = store._shared.journal
            log = journal._log = _SlowLog(journal._log)
            client = AsyncRedis(store)
            waiting = asyncio.create_task(client.blpop("q"))
            await asyncio.sleep(0.01)
            for call in (
                client.set("a", 1),
                client.pipeline().incr("a").incr("a").execute(),
                client.rpush("q", "x"),
                waiting,
                client.blpop("q", timeout=0.01),
            ):
                await call
                assert log.synced == log.position
            assert log.syncs >= 3
            assert waiting.result() == (b"q", b"x")
            await client.aclose()
            journal._log = log._log

    asyncio.run(main())


# Pipelines


@pytest.mark.parametrize("transaction", [True, False])
def test_pipelines(oracle: Oracle, transaction: bool) -> None:
    """The same on a socket to the oracle."""

    async def run(client: Any) -> list[Any]:
        found = []
        for queue in (
            lambda pipe: pipe.set("a", "x").get("a").incr("a").append("a", "y").mget("a", "b"),
            lambda pipe: pipe.set("a", "x").incr("a").get("a"),
            lambda pipe: pipe.set("a", "z").execute_command("GET").execute_command("NOPE", "x" * 200),
            lambda pipe: pipe,
        ):
            for raising in (False, True):
                async with client.pipeline(transaction=transaction) as pipe:
                    queue(pipe)
                    try:
                        found.append(await pipe.execute(raise_on_error=raising))
                    except redis.RedisError as error:
                        found.append(error)
        return list(map(repr, _texts(found)))

    async def main() -> None:
        async with redis.asyncio.Redis(unix_socket_path=oracle.address) as theirs, AsyncRedis() as ours:
            assert await run(ours) == await run(theirs)

    oracle.wipe()
    asyncio.run(main())


def _texts(found: Any) -> Any:
    if isinstance(found, list):
        return list(map(_texts, found))
    return (type(found).__name__, str(found))


def test_watching() -> None:
    async def main() -> None:
        client = AsyncRedis()

        async def double(pipe: Any) -> None:
            value = int(await pipe.get("n") or 1)
            pipe.multi()
            pipe.set("n", 2 * value)

        assert await client.transaction(double, "n") == [True]
        async with client.pipeline() as pipe:
            await pipe.watch("n")
            await client.set("n", 7)
            pipe.multi()
            pipe.set("n", 8)
            with pytest.raises(redis.WatchError):
                await pipe.execute()
        assert await client.get("n") == b"7"
        assert not client.store._shared.observers

    asyncio.run(main())
