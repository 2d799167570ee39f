"""redis.asyncio's client over a store in this process answers as one that talks to a server."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
import redis.asyncio
from doors import FEWER, HISTORIES, DoorPair, async_client_pair, async_oracle
from hypothesis import given
from hypothesis import strategies as st
from oracle import Oracle, run_history

from kvlite import ManualClock, ResponseError, Store
from kvlite.redis import AsyncConnection, AsyncConnectionPool, AsyncRedis, Redis


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


def test_it_has_all_that_redis_py_gives_a_client() -> None:
    async def main() -> None:
        for client in (AsyncRedis(), AsyncRedis()):  # the second is made like the first
            other = redis.asyncio.Redis(connection_pool=client.connection_pool)
            assert vars(client).keys() - vars(other).keys() == {"_talk", "_direct", "_callbacks"}
            assert vars(other).keys() - vars(client).keys() == {"response_callbacks"}
            assert client.response_callbacks.keys() == other.response_callbacks.keys()
            connection = await client.connection_pool.get_connection()
            assert connection.retry == client.get_retry() == redis.asyncio.Redis().get_retry()
            await client.connection_pool.release(connection)
            assert (await client.client_info())["lib-name"] == "redis-py"

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


# Waiting


def test_who_waits_is_served_whichever_door_the_element_comes_through() -> None:
    async def main() -> None:
        client = AsyncRedis(decode_responses=True)
        tasks = [asyncio.create_task(client.blpop("q")) for _ in range(3)]
        await asyncio.sleep(0)
        await client.rpush("q", 1)
        client.store.rpush("q", 2)
        await asyncio.to_thread(Redis(client.store).rpush, "q", 3)
        assert await asyncio.gather(*tasks) == [("q", "1"), ("q", "2"), ("q", "3")]
        await client.aclose()

    asyncio.run(main())


def test_time_runs_out() -> None:
    async def main() -> None:
        tries = redis.asyncio.retry.Retry(redis.backoff.NoBackoff(), 2)
        client = AsyncRedis(socket_timeout=0.05, retry=tries)
        assert await client.blpop("q", timeout=0.02) is None
        start = time.monotonic()
        with pytest.raises(redis.TimeoutError, match="Timeout reading from <Store in memory, 0 keys>"):
            await client.blpop("q")
        assert 0.15 <= time.monotonic() - start < 5
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await client.blpop("q")
        assert not client.store._lines
        still = AsyncRedis(Store(clock=ManualClock()), socket_timeout=None)
        task = asyncio.create_task(still.blpop("q", timeout=60))
        await asyncio.sleep(0.05)
        still.store.advance(61)
        assert await task is None

    asyncio.run(main())


def test_who_is_cancelled_loses_nothing() -> None:
    async def main() -> None:
        client = AsyncRedis()
        task = asyncio.create_task(client.blpop("q"))
        await asyncio.sleep(0)
        client.store.rpush("q", "a", "b")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await client.lrange("q", 0, -1) == [b"a", b"b"]

    asyncio.run(main())


def test_a_pipeline_goes_on_behind_what_it_waits_for() -> None:
    async def main() -> None:
        client = AsyncRedis()
        pipe = client.pipeline(transaction=False).incr("m").blpop("q").incr("n").get("n")
        task = asyncio.create_task(pipe.execute())
        await asyncio.sleep(0)
        assert await client.get("n") is None
        await client.rpush("q", "x")
        assert await task == [1, (b"q", b"x"), 1, b"1"]

    asyncio.run(main())


# Who is connected, what goes wrong


def test_connections() -> None:
    async def main() -> None:
        once = redis.asyncio.retry.Retry(redis.backoff.NoBackoff(), 0)
        client = AsyncRedis(client_name="me", db=2, decode_responses=True, retry=once)
        (info,) = await client.client_list()
        assert (info["name"], info["db"]) == ("me", "2")
        first = await client.client_id()
        await AsyncRedis(client.store).client_kill_filter(_id=str(first))
        assert await client.get("a") is None
        assert await client.client_id() != first
        async with client.client() as single:
            assert await single.execute_command("SELECT", 3) in ("OK", True)
            await asyncio.gather(*(single.incr("n") for _ in range(5)))
        assert client.store.select(3).get("n") == b"5"
        await client.config_set("requirepass", "secret")
        for protocol in (2, 3):
            options = {"protocol": protocol, "retry": once}
            assert await AsyncRedis(client.store, password="secret", **options).get("a") is None
            with pytest.raises(redis.AuthenticationError):
                await AsyncRedis(client.store, password="wrong", **options).get("a")

    asyncio.run(main())


def test_connections_are_checked_now_and_then() -> None:
    async def main() -> None:
        client = AsyncRedis(health_check_interval=1)
        await client.set("a", 1)
        client.connection_pool._available_connections[0].next_health_check = 0
        asked = client.store.calls
        assert await client.get("a") == b"1"
        assert [call.name for call in asked] == ["ping", "get"]

    asyncio.run(main())


def test_faults_meet_clients_as_those_of_a_server_do() -> None:
    async def main() -> None:
        again = redis.asyncio.retry.Retry(redis.backoff.NoBackoff(), 1)
        client = AsyncRedis(retry=again)
        faults = client.store.faults
        faults.raises("get", ResponseError("planned"))
        with pytest.raises(redis.ResponseError, match="planned"):
            await client.get("a")
        faults.drops("get")
        assert await client.get("a") is None
        faults.drops("get", times=2)
        with pytest.raises(redis.ConnectionError, match="Connection closed by server"):
            await client.get("a")
        faults.waits("get", 0.05)
        assert await client.get("a") is None

    asyncio.run(main())


def test_callbacks_may_be_coroutine_functions() -> None:
    async def main() -> None:
        async def callback(response: Any, **options: Any) -> Any:
            return ("got", response)

        client = AsyncRedis(decode_responses=True)
        client.set_response_callback("GET", callback)
        assert await client.get("a") == ("got", None)
        assert await client.pipeline().get("a").execute() == [("got", None)]
        assert await client.pipeline(transaction=False).get("a").execute() == [("got", None)]
        await client.set("b", "é")
        dump = await client.dump("b")
        assert isinstance(dump, bytes)
        assert await client.pipeline(transaction=False).dump("b").execute() == [dump]

    asyncio.run(main())


# Subscribing, watching others, scripts


@pytest.mark.parametrize("protocol", [2, 3])
def test_subscribers_are_told_the_same(oracle: Oracle, protocol: int) -> None:
    oracle.reset()

    async def tale(client: Any) -> list[Any]:
        told: list[Any] = []

        async def handler(message: Any) -> None:
            told.append(("handled", message))

        async with client.pubsub() as inbox:
            await inbox.subscribe("a", "b", c=handler)
            await inbox.psubscribe("x*", **{"y*": lambda message: told.append(("at once", message))})
            await inbox.ssubscribe("shard")
            told += [await client.publish(channel, "data") for channel in ("a", "c", "x1", "y1", "nobody")]
            told.append(await client.spublish("shard", "data"))
            await inbox.unsubscribe("a")
            await inbox.punsubscribe()
            await inbox.sunsubscribe()
            while (response := await inbox.parse_response(block=False, timeout=0.05)) is not None:
                told.append(await inbox.handle_message(response))
            told.append((inbox.subscribed, await inbox.get_message(timeout=0.01)))
        async with client.pubsub(ignore_subscribe_messages=True) as inbox:
            await inbox.subscribe("a")
            await client.publish("a", "last")
            told.append([await inbox.get_message(timeout=0.05) for _ in range(2)])
            await inbox.unsubscribe()
            told += [message async for message in inbox.listen()]
        return told

    async def main() -> None:
        async with async_oracle(oracle, protocol=protocol) as theirs:
            wanted = await tale(theirs)
        async with AsyncRedis(protocol=protocol) as ours:
            assert await tale(ours) == wanted

    asyncio.run(main())


def test_messages_come_from_threads() -> None:
    async def main() -> None:
        client = AsyncRedis(decode_responses=True)
        async with client.pubsub(ignore_subscribe_messages=True) as inbox:
            await inbox.subscribe("a")
            reading = asyncio.create_task(anext(inbox.listen()))
            await asyncio.sleep(0.01)
            await asyncio.to_thread(client.store.publish, "a", "hello")
            assert (await reading)["data"] == "hello"

    asyncio.run(main())


def test_events_come_in_time() -> None:
    async def main() -> None:
        client = AsyncRedis(decode_responses=True)
        await client.config_set("notify-keyspace-events", "Ex")
        async with client.pubsub(ignore_subscribe_messages=True) as inbox:
            await inbox.psubscribe("__keyevent@*__:expired")
            await client.set("a", 1, px=50)
            messages = [await inbox.get_message(timeout=5) for _ in range(2)]
        assert [message["data"] for message in messages if message] == ["a"]

    asyncio.run(main())


def test_a_monitor_sees_what_others_do() -> None:
    async def main() -> None:
        client = AsyncRedis(decode_responses=True)
        await client.ping()
        async with AsyncRedis(client.store, decode_responses=True).monitor() as monitor:
            await client.set("a", 'b "c"')
            assert (await monitor.next_command())["command"] == 'SET a b "c"'

    asyncio.run(main())


def test_locks_and_scripts() -> None:
    pytest.importorskip("lupa")

    async def main() -> None:
        client = AsyncRedis(decode_responses=True)
        async with client.lock("l", timeout=10) as lock:
            assert await lock.owned()
            assert await lock.extend(10)
            assert not await AsyncRedis(client.store).lock("l").acquire(blocking=False)
        add = client.register_script("return redis.call('INCRBY', KEYS[1], ARGV[1])")
        assert await add(keys=["n"], args=[2]) == 2
        keys = [key async for key in client.scan_iter()]
        assert keys == ["n"]

    asyncio.run(main())


def test_one_client_serves_loops_that_come_after_each_other() -> None:
    client = AsyncRedis()
    for number in range(1, 4):
        assert asyncio.run(_count(client)) == number


async def _count(client: AsyncRedis) -> int:
    waiting = asyncio.create_task(client.blpop("q"))
    await asyncio.sleep(0)
    await client.rpush("q", "x")
    assert await waiting == (b"q", b"x")
    return int(await client.incr("n"))


def test_who_always_finds_something_leaves_others_their_turn() -> None:
    async def main() -> None:
        store = Store(decode_responses=True)
        client = AsyncRedis(store, decode_responses=True)
        inbox = client.pubsub(ignore_subscribe_messages=True)
        await inbox.subscribe("news")
        await inbox.get_message(timeout=1)
        taken: list[Any] = []

        async def get() -> None:
            while True:
                taken.append(await client.get("a"))

        async def pop() -> None:
            while True:
                taken.append(await client.blpop("q"))

        async def add() -> None:
            while True:
                taken.extend(await client.pipeline().incr("n").execute())

        async def listen() -> None:
            async for message in inbox.listen():
                taken.append(message)

        store.rpush("q", *range(1000))
        for number in range(1000):
            store.publish("news", number)
        for take in (get, pop, add, listen):
            task = asyncio.create_task(take())
            while not taken:
                await asyncio.sleep(0)
            assert len(taken) < 500
            task.cancel()
            await asyncio.wait([task])
            if take is pop:
                assert len(taken) + store.llen("q") == 1000
            taken.clear()
        await inbox.aclose()
        await client.aclose()

    asyncio.run(main())
