"""AsyncStore answers as a Store, awaits what would block, and loses nothing when it is cancelled."""

from __future__ import annotations

import asyncio
import inspect
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from doors import FEWER, HISTORIES, DoorPair, async_oracle, async_store_pair
from hypothesis import given
from hypothesis import strategies as st
from make_aio import PACKAGE, PARTS, made
from oracle import Oracle, run_history

from kvlite import (
    AsyncStore,
    LockError,
    LockNotOwnedError,
    ManualClock,
    ResponseError,
    Store,
    StoreClosedError,
    WatchError,
)
from kvlite.aio import AsyncLock
from kvlite.aio.store import Options
from kvlite.lock import Lock


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


@pytest.fixture(scope="module")
def pair(oracle: Oracle, loop: asyncio.AbstractEventLoop) -> DoorPair:
    return async_store_pair(oracle, loop)


@pytest.mark.parametrize("table", HISTORIES)
@given(data=st.data())
@FEWER
def test_it_answers_as_redis_does(pair: DoorPair, table: str, data: st.DataObject) -> None:
    run_history(pair, data.draw(HISTORIES[table]))


# The surface


@pytest.mark.parametrize("part", PARTS)
def test_made_modules_are_in_step(part: str) -> None:
    assert (PACKAGE / "aio" / part).read_text() == made(part), "run `python -m tests.make_aio`"


PLAIN = {"pipeline", "lock", "pubsub", "bitfield", "register_script", "select", "sandbox"}
"""Methods that return something whose methods are awaited, or that need no awaiting."""
PROPERTIES = {"recovery", "faults", "calls"}
OTHERWISE = {"atomic"}
"""Which takes a function: no other task may run within it."""


def test_every_method_of_a_store_is_there() -> None:
    for name in {name for name in dir(Store) if not name.startswith("_")}:
        method = getattr(AsyncStore, name)
        if name in PROPERTIES:
            assert isinstance(method, property)
        elif name.endswith("_iter"):
            assert inspect.isasyncgenfunction(method)
        else:
            assert inspect.iscoroutinefunction(method) == (name not in PLAIN), name


def _parameters(method: Any) -> list[Any]:
    return [
        (parameter.name, parameter.kind, parameter.default)
        for parameter in inspect.signature(method).parameters.values()
    ]


def test_parameters_are_those_of_a_store() -> None:
    for name in {name for name in dir(Store) if not name.startswith("_")} - OTHERWISE - PROPERTIES:
        assert _parameters(getattr(AsyncStore, name)) == _parameters(getattr(Store, name)), name
    assert {*inspect.signature(Store.__init__).parameters} - {"self", "path", "decode_responses"} == {
        *Options.__annotations__
    }
    for name in ("acquire", "release", "extend", "reacquire", "locked", "owned", "__init__"):
        assert _parameters(getattr(AsyncLock, name)) == _parameters(getattr(Lock, name)), name


def test_answers_have_exact_types(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    here = Path(__file__).parent
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path)]
    done = subprocess.run(
        [*command, str(here / "typed_aio.py")], capture_output=True, text=True, cwd=here.parent, check=False
    )
    assert done.returncode == 0, done.stdout


def test_asyncio_is_imported_for_those_who_use_it() -> None:
    there = "print('asyncio' in sys.modules)"
    code = f"import sys, kvlite; {there}; kvlite.AsyncStore; {there}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


# Being opened and closed


def test_in_memory() -> None:
    async def main() -> None:
        async with AsyncStore(decode_responses=True) as store:
            assert await store.set("a", "é") is True
            assert await store.get("a") == "é"
            assert [key async for key in store.scan_iter()] == ["a"]
            other = store.select(1)
            assert other is store.select(1)
            assert await other.get("a") is None
            assert repr(store) == f"<AsyncStore of {store.store!r}>"
        with pytest.raises(StoreClosedError):
            await store.get("a")

    asyncio.run(main())


def test_on_disk(tmp_path: Path) -> None:
    async def main() -> None:
        async with AsyncStore(tmp_path / "app.kv") as store:
            await store.rpush("log", "started")
        store = await AsyncStore(tmp_path / "app.kv", decode_responses=True)
        assert await store.lrange("log", 0, -1) == ["started"]
        await store.save(tmp_path / "saved")
        await store.backup(tmp_path / "backup.kv")
        await store.sync()
        await store.compact()
        await store.flushall()
        await store.restore_from(tmp_path / "saved")
        assert store.recovery is not None
        await store.aclose()
        unopened = AsyncStore(tmp_path / "backup.kv")
        assert repr(unopened) == "<AsyncStore of a folder that is not open yet>"
        assert await unopened.lrange("log", 0, -1) == [b"started"]
        await unopened.close()
        loaded = await AsyncStore.load(tmp_path / "saved", decode_responses=True)
        assert await loaded.llen("log") == 1

    asyncio.run(main())


def test_options_are_checked_at_once() -> None:
    with pytest.raises(TypeError, match="a store has no option decode_response"):
        AsyncStore("app.kv", decode_response=True)  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="the store that is there has its own: decode_responses"):
        AsyncStore(Store(), decode_responses=True)  # type: ignore[call-overload]
    for path in (5, AsyncStore()):
        with pytest.raises(TypeError):
            AsyncStore(path)  # type: ignore[call-overload]


def test_tasks_that_come_first_open_it_once(tmp_path: Path) -> None:
    async def main() -> None:
        store = AsyncStore(tmp_path / "app.kv")
        assert sorted(await asyncio.gather(*(store.incr("n") for _ in range(20)))) == list(range(1, 21))
        await store.close()

    asyncio.run(main())


def test_a_store_that_was_there_stays() -> None:
    async def main() -> None:
        store = Store()
        async with AsyncStore(store) as awaited:
            await awaited.set("a", 1)
            assert awaited.store is store
        assert store.get("a") == b"1"
        await AsyncStore(store).close()
        with pytest.raises(StoreClosedError):
            store.get("a")

    asyncio.run(main())


def test_who_is_cancelled_while_it_opens_leaves_nothing_open(tmp_path: Path) -> None:
    async def main() -> None:
        async def use() -> None:
            async with AsyncStore(tmp_path / "app.kv"):
                pytest.fail("it was cancelled")

        task = asyncio.create_task(use())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        Store(tmp_path / "app.kv").close()

    asyncio.run(main())


def test_what_was_not_opened_is_closed_without_opening_it(tmp_path: Path) -> None:
    async def main() -> None:
        store = AsyncStore(tmp_path / "app.kv")
        await store.close()
        await store.close()
        assert not (tmp_path / "app.kv").exists()
        for call in (store.get("a"), store.ping(), store.__aenter__()):
            with pytest.raises(StoreClosedError, match="the store is closed"):
                await call
        for plain in (store.pipeline, store.pubsub, lambda: store.select(1)):
            with pytest.raises(StoreClosedError):
                plain()

    asyncio.run(main())


# Not stalling the loop


def hold_syncs(store: Store[Any]) -> threading.Event:
    """Let no sync of the store go on before what is returned is set."""
    log = store._shared.journal._log  # type: ignore[union-attr]
    sync, gate = log.sync, threading.Event()

    def held() -> None:
        assert gate.wait(timeout=20), "the loop was stalled, or nobody let the syncs go on"
        sync()

    log.sync = held
    return gate


def test_syncs_are_awaited(tmp_path: Path) -> None:
    async def main() -> None:
        async with AsyncStore(tmp_path / "app.kv", fsync="always") as store:
            gate = hold_syncs(store.store)
            waiting = asyncio.create_task(store.blpop("q"))
            tasks = [
                waiting,
                *(asyncio.create_task(store.incr("n")) for _ in range(20)),
                asyncio.create_task(store.rpush("q", "a")),
                asyncio.create_task(store.pipeline().set("a", 1).execute()),
                asyncio.create_task(store.pipeline(transaction=False).set("b", 1).execute()),
                asyncio.create_task(store.lock("l").acquire()),
            ]
            await asyncio.sleep(0.05)
            assert not any(task.done() for task in tasks)
            gate.set()
            await asyncio.gather(*tasks)
            assert waiting.result() == (b"q", b"a")
            assert await store.get("n") == b"20"

    asyncio.run(main())


def test_what_was_answered_is_on_the_disk(tmp_path: Path) -> None:
    async def main() -> None:
        async with AsyncStore(tmp_path / "app.kv", fsync="always") as store:
            log = store.store._shared.journal._log  # type: ignore[union-attr]
            for call in (
                store.set("a", 1),
                store.pipeline().incr("a").rpush("q", "x").execute(),
                store.blpop("q"),
                store.transaction(lambda pipe: pipe.get("a"), "a"),
            ):
                await call
                assert log.synced == log.position

    asyncio.run(main())


def test_durability_may_be_asked_for_later(tmp_path: Path) -> None:
    async def main() -> None:
        async with AsyncStore(tmp_path / "app.kv", fsync="never") as store:
            log = store.store._shared.journal._log  # type: ignore[union-attr]
            await store.config_set("appendfsync", "always")
            await store.set("a", 1)
            assert log.synced == log.position

    asyncio.run(main())


# Waiting


def test_tasks_are_served_in_the_order_in_which_they_came() -> None:
    async def main() -> None:
        store = AsyncStore(Store(decode_responses=True))
        tasks = [asyncio.create_task(store.blpop(["a", "b"])) for _ in range(3)]
        await asyncio.sleep(0)
        await store.rpush("a", 1)
        await store.rpush("b", 2, 3)
        assert await asyncio.gather(*tasks) == [("a", "1"), ("b", "2"), ("b", "3")]

    asyncio.run(main())


def test_who_always_finds_something_leaves_others_their_turn() -> None:
    """Without that nobody could even cancel it."""

    async def main() -> None:
        store = AsyncStore(decode_responses=True)
        inbox = store.pubsub()
        await inbox.subscribe("news")
        taken: list[str] = []

        async def pop() -> None:
            while True:
                taken.append((await store.blpop("q"))[1])  # type: ignore[index]

        async def get() -> None:
            while True:
                taken.append((await inbox.get_message(timeout=None))["data"])  # type: ignore[index]

        async def listen() -> None:
            async for message in inbox.listen():
                taken.append(message["data"])

        for take in (pop, get, listen):
            texts = [str(number) for number in range(1000)]
            await store.rpush("q", *texts)
            for text in texts if take is not pop else ():
                await store.publish("news", text)
            task = asyncio.create_task(take())
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert 0 < len(taken) < 900
            task.cancel()
            await asyncio.wait([task])
            rest = [message["data"] for _ in range(1001) if (message := await inbox.get_message())]
            rest += await store.lrange("q", 0, -1) if take is pop else []
            assert [each for each in taken + rest if each != 1] == texts
            taken.clear()
            await store.delete("q")

    asyncio.run(main())


def test_every_command_that_waits() -> None:
    async def main() -> None:
        store = AsyncStore()
        for waiting, give, answer in [
            (store.blpop("k"), store.rpush("k", "v"), (b"k", b"v")),
            (store.brpop("k"), store.rpush("k", "v"), (b"k", b"v")),
            (store.blmove("k", "other", 0), store.rpush("k", "v"), b"v"),
            (store.brpoplpush("k", "other"), store.rpush("k", "v"), b"v"),
            (store.blmpop(0, 1, "k", direction="LEFT"), store.rpush("k", "v"), [b"k", [b"v"]]),
            (store.bzpopmin("k"), store.zadd("k", {"m": 1.5}), (b"k", b"m", 1.5)),
            (store.bzpopmax("k"), store.zadd("k", {"m": 1.5}), (b"k", b"m", 1.5)),
            (store.bzmpop(0, 1, ["k"], min=True), store.zadd("k", {"m": 1.5}), [b"k", [[b"m", b"1.5"]]]),
        ]:
            task = asyncio.create_task(waiting)
            await asyncio.sleep(0)
            assert not task.done()
            await give
            assert await task == answer

    asyncio.run(main())


def test_time_runs_out() -> None:
    async def main() -> None:
        store = AsyncStore()
        start = time.monotonic()
        assert await asyncio.gather(*(store.blpop("k", timeout=0.1) for _ in range(5))) == [None] * 5
        assert 0.1 <= time.monotonic() - start < 5
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await store.blpop("k")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(store.blpop("k"), 0.05)
        assert not store.store._lines

    asyncio.run(main())


def test_time_that_is_turned_by_hand() -> None:
    async def main() -> None:
        store = AsyncStore(clock=ManualClock())
        task = asyncio.create_task(store.blpop("k", timeout=60))
        await asyncio.sleep(0.05)
        assert not task.done()
        await store.advance(61)
        assert await task is None

    asyncio.run(main())


def test_who_waits_learns_that_the_store_is_closed() -> None:
    async def main() -> None:
        store = AsyncStore()
        task = asyncio.create_task(store.blpop("k"))
        await asyncio.sleep(0)
        await store.close()
        with pytest.raises(StoreClosedError):
            await task

    asyncio.run(main())


def test_errors_reach_who_waits() -> None:
    async def main() -> None:
        store = AsyncStore()
        await store.set("other", "a string")
        task = asyncio.create_task(store.blmove("k", "other", 0))
        await asyncio.sleep(0)
        await store.rpush("k", "v")
        with pytest.raises(ResponseError, match="WRONGTYPE"):
            await task
        with pytest.raises(ResponseError, match="timeout is negative"):
            await store.blpop("k", timeout=-1)
        assert not store.store._shared.waits

    asyncio.run(main())


def test_threads_and_loops_wait_for_each_other() -> None:
    store = Store()
    shared = AsyncStore(store)
    got: list[Any] = []

    async def consume() -> None:
        tasks = [asyncio.create_task(shared.blpop("jobs")) for _ in range(20)]
        got.extend(await asyncio.gather(*tasks))

    loops = [threading.Thread(target=asyncio.run, args=(consume(),)) for _ in range(3)]
    for thread in loops:
        thread.start()
    for number in range(60):
        store.rpush("jobs", number)
    for thread in loops:
        thread.join(timeout=20)
        assert not thread.is_alive()
    assert sorted(int(job) for _, job in got) == list(range(60))


def test_a_loop_that_has_gone_is_no_reason_to_fail() -> None:
    store = Store()
    loop = asyncio.new_event_loop()
    task = loop.create_task(AsyncStore(store).blpop("k"))
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    store.rpush("k", "a")
    del task


# Being cancelled


def test_who_is_cancelled_while_he_waits_is_not_served() -> None:
    async def main() -> None:
        store = AsyncStore()
        first, second = (asyncio.create_task(store.blpop("k")) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0)
        await store.rpush("k", "a")
        assert await second == (b"k", b"a")
        assert first.cancelled()

    asyncio.run(main())


def test_what_was_served_to_who_is_cancelled_goes_back() -> None:
    """The element is his, his task has not gone on yet, and then it is cancelled."""

    async def main() -> None:
        store = AsyncStore()
        task = asyncio.create_task(store.blmpop(0, 1, "k", direction="RIGHT", count=2))
        await asyncio.sleep(0)
        await store.rpush("k", "a", "b", "c")
        assert await store.lrange("k", 0, -1) == [b"a"]
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await store.lrange("k", 0, -1) == [b"a", b"b", b"c"]

        first, second = (asyncio.create_task(store.bzpopmin("z")) for _ in range(2))
        await asyncio.sleep(0)
        await store.zadd("z", {"m": 1})
        first.cancel()
        assert await second == (b"z", b"m", 1.0)

    asyncio.run(main())


def test_what_cannot_go_back_is_handed_over() -> None:
    async def main() -> None:
        store = AsyncStore()
        task = asyncio.create_task(store.blpop("k"))
        await asyncio.sleep(0)
        await store.rpush("k", "a")
        await store.set("k", "a string")
        task.cancel()
        assert await task == (b"k", b"a")

        async with asyncio.timeout(5):
            assert await store.get("k") == b"a string"

    asyncio.run(main())


def test_who_is_cancelled_while_his_pop_is_synced_loses_nothing(tmp_path: Path) -> None:
    async def main() -> None:
        async with AsyncStore(tmp_path / "app.kv", fsync="always") as store:
            await store.rpush("k", "a", "b")
            gate = hold_syncs(store.store)
            at_once = asyncio.create_task(store.blpop("k"))
            waiting = asyncio.create_task(store.blpop("later"))
            pushing = asyncio.create_task(store.rpush("later", "c"))
            await asyncio.sleep(0.01)
            assert store.store.lrange("k", 0, -1) == [b"b"]
            assert store.store.llen("later") == 0
            at_once.cancel()
            waiting.cancel()
            results = await asyncio.gather(at_once, waiting, return_exceptions=True)
            assert [type(result) for result in results] == [asyncio.CancelledError] * 2
            gate.set()
            await pushing
            assert await store.lrange("k", 0, -1) == [b"a", b"b"]
            assert await store.lrange("later", 0, -1) == [b"c"]

    asyncio.run(main())


@pytest.mark.parametrize("how", ["cancel", "timeout", "wait_for"])
def test_thousands_of_races(how: str) -> None:
    """Elements are pushed by a thread while those who wait are cancelled: each is had exactly once."""
    store = Store()
    total = 3000
    random.seed(how)

    async def consume(awaited: AsyncStore[bytes], got: list[int]) -> None:
        while len(got) < total:
            seconds = random.choice([0, 0, 0.0001, 0.0003])
            try:
                if how == "cancel":
                    task = asyncio.create_task(awaited.blpop("q"))
                    await asyncio.sleep(seconds)
                    task.cancel()
                    popped = await task
                elif how == "timeout":
                    async with asyncio.timeout(seconds):
                        popped = await awaited.blpop("q")
                else:
                    popped = await asyncio.wait_for(awaited.blpop("q"), seconds)
            except (asyncio.CancelledError, TimeoutError):
                continue
            assert popped is not None
            got.append(int(popped[1]))

    def produce() -> None:
        for number in range(total):
            store.rpush("q", number)
            if number % 7 == 0:
                time.sleep(0)

    async def main() -> list[int]:
        got: list[int] = []
        producer = threading.Thread(target=produce)
        producer.start()
        async with asyncio.timeout(60):
            await asyncio.gather(*(consume(AsyncStore(store), got) for _ in range(4)))
        producer.join()
        return got

    assert sorted(asyncio.run(main())) == list(range(total))
    assert not store._lines
    assert store.llen("q") == 0


# Pipelines, transactions, locks


def test_pipelines() -> None:
    async def main() -> None:
        store = AsyncStore(decode_responses=True)
        async with store.pipeline() as pipe:
            assert pipe.set("a", 1).incr("a") is pipe
            assert await pipe.get("a") is pipe
            assert len(pipe) == 3
            assert bool(pipe) is True
            assert await pipe.execute() == [True, 2, "2"]
            assert await pipe.execute() == []
        async with store.pipeline(transaction=False) as pipe:
            pipe.set("a", "x").incr("a").get("a")
            with pytest.raises(ResponseError, match="Command # 2 .* caused error: value is not an integer"):
                await pipe.execute()
            failed, got = await pipe.incr("a").get("a").execute(raise_on_error=False)
            assert isinstance(failed, ResponseError)
            assert got == "x"
        with pytest.raises(AttributeError):
            store.pipeline().no_such_command("a")

    asyncio.run(main())


def test_only_outside_a_transaction_a_pipeline_waits() -> None:
    async def main() -> None:
        store = AsyncStore()
        assert await store.pipeline().blpop("k").execute() == [None]
        task = asyncio.create_task(store.pipeline(transaction=False).blpop("k").incr("n").execute())
        await asyncio.sleep(0)
        assert await store.get("n") is None
        await store.rpush("k", "a")
        assert await task == [(b"k", b"a"), 1]

    asyncio.run(main())


def test_watching() -> None:
    async def main() -> None:
        store = AsyncStore()
        async with store.pipeline() as pipe:
            await pipe.watch("n")
            assert await pipe.get("n") is None
            await store.set("n", 7)
            pipe.multi()
            pipe.set("n", 8)
            with pytest.raises(WatchError):
                await pipe.execute()
            await pipe.watch("n")
            await pipe.unwatch()
            await pipe.discard()
        assert await store.get("n") == b"7"
        assert not store.store._shared.observers

    asyncio.run(main())


def test_transactions() -> None:
    async def main() -> None:
        store = AsyncStore()

        async def count(pipe: Any) -> str:
            number = int(await pipe.get("n") or 0)
            await asyncio.sleep(0)
            pipe.multi()
            pipe.set("n", number + 1)
            return "counted"

        await asyncio.gather(*(store.transaction(count, "n") for _ in range(20)))
        assert await store.get("n") == b"20"
        assert await store.transaction(count, "n", value_from_callable=True) == "counted"
        assert await store.transaction(lambda pipe: pipe.incr("n")) == [22]

    asyncio.run(main())


def test_atomic_functions(tmp_path: Path) -> None:
    def pay(store: Store[bytes]) -> list[int]:
        left = store.decrby("ann", 10)
        if left < 0:
            raise ValueError("ann has not so much")
        assert store.blpop("nothing") is None, "nothing is waited for"
        return [left, store.incrby("bob", 10)]

    async def later(store: Store[bytes]) -> None:
        pytest.fail("it was called")

    async def main() -> None:
        for store in (AsyncStore(), AsyncStore(tmp_path / "app.kv", fsync="always")):
            await store.set("ann", 15)
            assert await store.atomic(pay) == [5, 10]
            for wrong, error in ((pay, ValueError), (later, TypeError), (lambda s: later(s), TypeError)):
                with pytest.raises(error):
                    await store.atomic(wrong)
            assert await store.mget("ann", "bob") == [b"5", b"10"]
            with pytest.raises(TypeError, match="func"):
                store.atomic()  # type: ignore[call-arg]
            if store.recovery is not None:
                gate = hold_syncs(store.store)
                paying = asyncio.create_task(store.atomic(lambda inside: inside.incr("ann")))
                await asyncio.sleep(0.02)
                assert not paying.done()
                gate.set()
                assert await paying == 6
            await store.close()

    asyncio.run(main())


def test_scripts() -> None:
    pytest.importorskip("lupa")

    async def main() -> None:
        store = AsyncStore(decode_responses=True)
        add = store.register_script("return redis.call('INCRBY', KEYS[1], ARGV[1])")
        assert await add(keys=["n"], args=[2]) == 2
        assert await store.evalsha(add.sha, 1, "n", 3) == 5
        assert await add(["n"], [1], client=AsyncStore()) == 1

    asyncio.run(main())


def test_locks() -> None:
    async def main() -> None:
        store = AsyncStore(clock=ManualClock())
        inside = 0

        async def enter() -> None:
            nonlocal inside
            async with store.lock("l", sleep=0.001):
                inside += 1
                assert inside == 1
                await asyncio.sleep(0.001)
                inside -= 1

        await asyncio.gather(*(enter() for _ in range(5)))
        lock = store.lock("l", timeout=10)
        assert await lock.acquire()
        assert await lock.locked()
        assert await lock.owned()
        assert not await store.lock("l").acquire(blocking=False)
        with pytest.raises(LockError):
            async with store.lock("l", blocking=False):
                pytest.fail("somebody else has it")
        await lock.extend(10)
        assert await store.pttl("l") == 20_000
        await lock.reacquire()
        assert await store.pttl("l") == 10_000
        await store.advance(10)
        with pytest.raises(LockNotOwnedError):
            await lock.release()

    asyncio.run(main())


# Tests


def test_what_tests_want() -> None:
    async def main() -> None:
        store = AsyncStore()
        assert await store.seed({"a": "1", "q": ["x"]}) == 2
        with store.sandbox():
            await store.incr("a")
            assert await store.blpop("q") == (b"q", b"x")
        assert await store.get("a") == b"1"
        assert await store.llen("q") == 1
        store.faults.raises("blpop", ResponseError("planned"))
        with pytest.raises(ResponseError, match="planned"):
            await store.blpop("q")
        assert store.calls.count("blpop") == 1
        task = asyncio.create_task(store.blpop("other"))
        await asyncio.sleep(0)
        await store.rpush("other", "y")
        assert await task == (b"other", b"y")

    asyncio.run(main())


# Channels


async def _tale(client: Any) -> list[Any]:
    """What a subscriber is told, with redis.asyncio's methods."""
    told: list[Any] = []

    async def handler(message: dict[str, Any]) -> None:
        told.append(("handled", message))

    async with client.pubsub() as inbox:
        with pytest.raises(RuntimeError):
            await inbox.get_message()
        await inbox.subscribe("a", "b", c=handler)
        await inbox.psubscribe("x*", **{"y*": lambda message: told.append(("at once", message))})
        await inbox.ssubscribe("shard")
        for channel in ("a", "c", "x1", "y1", "nobody"):
            told.append(await client.publish(channel, "data"))
        told.append(await client.spublish("shard", "data"))
        await inbox.ping("hello")
        await inbox.unsubscribe("a")
        await inbox.punsubscribe()
        await inbox.sunsubscribe()
        told.append(sorted([*inbox.channels, *inbox.patterns, *inbox.shard_channels]))
        while (response := await inbox.parse_response(block=False, timeout=0.05)) is not None:
            told.append(await inbox.handle_message(response))
        told.append((inbox.subscribed, list(inbox.channels), list(inbox.patterns)))
        told.append(await inbox.get_message(timeout=0.01))
        with pytest.raises(Exception, match="has no handler"):
            await inbox.run()
    async with client.pubsub(ignore_subscribe_messages=True) as inbox:
        await inbox.subscribe("a")
        await client.publish("a", "last")
        told.append([await inbox.get_message(timeout=0.05) for _ in range(2)])
        await inbox.unsubscribe()
        told += [message async for message in inbox.listen()]
    return told


@pytest.mark.parametrize("decode", [False, True])
def test_subscribers_are_told_the_same(oracle: Oracle, decode: bool) -> None:
    async def main() -> None:
        async with async_oracle(oracle, decode_responses=decode, protocol=2) as client:
            theirs = await _tale(client)
        async with AsyncStore(decode_responses=decode) as store:
            assert await _tale(store) == theirs

    oracle.reset()
    asyncio.run(main())


def test_messages_come_from_threads_and_for_subscriptions_made_meanwhile() -> None:
    async def main() -> None:
        store = AsyncStore(decode_responses=True)
        async with store.pubsub(ignore_subscribe_messages=True) as inbox:
            await inbox.subscribe("a")
            reading = asyncio.create_task(anext(inbox.listen()))
            await asyncio.sleep(0)
            await inbox.subscribe("b")
            await asyncio.sleep(0)
            await asyncio.to_thread(store.store.publish, "b", "hello")
            assert (await reading)["data"] == "hello"
            reading = asyncio.create_task(inbox.get_message(timeout=None))
            await asyncio.sleep(0)
            await store.close()
            with pytest.raises(StoreClosedError):
                while await reading is None:
                    reading = asyncio.create_task(inbox.get_message(timeout=None))

    asyncio.run(main())


def test_reading_in_a_task() -> None:
    async def main() -> None:
        store, got, errors = AsyncStore(decode_responses=True), asyncio.Queue[Any](), []

        async def handler(message: dict[str, Any]) -> None:
            if message["data"] == "bad":
                raise ValueError
            await got.put(message["data"])

        async def note(error: BaseException, inbox: Any) -> None:
            errors.append(type(error))

        inbox = store.pubsub()
        await inbox.subscribe(a=handler)
        task = asyncio.create_task(inbox.run(exception_handler=note))
        for data in ("1", "bad", "2"):
            await store.publish("a", data)
        assert [await got.get(), await got.get()] == ["1", "2"]
        assert errors == [ValueError]
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await inbox.aclose()
        assert await store.publish("a", "nobody") == 0

    asyncio.run(main())


def test_events_come_in_time() -> None:
    async def main() -> None:
        store = AsyncStore(decode_responses=True, notify_keyspace_events="Ex")
        async with store.pubsub(ignore_subscribe_messages=True) as inbox:
            await inbox.psubscribe("__keyevent@*__:expired")
            await inbox.get_message()
            reading = asyncio.create_task(inbox.get_message(timeout=10))
            await asyncio.sleep(0.01)
            await store.set("a", 1, px=50)
            assert (await reading or {})["data"] == "a"

    asyncio.run(main())
