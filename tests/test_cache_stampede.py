"""However many ask at once, one computes: threads, tasks, processes; also when that one goes wrong."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from contextvars import ContextVar
from pathlib import Path
from random import random
from typing import Any

import pytest
import redis
from caches import eventually, real_redis

from kvlite import AsyncStore, Cache, Server, Store


@pytest.fixture
def cache() -> Any:
    return Cache(Store(), "app:", 60)


@pytest.fixture(params=["server", "redis"])
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a kvlite server, or of a real one."""
    if request.param == "server":
        with Server(Store(), port=0) as server:
            yield server.url
    else:
        with real_redis() as socket:
            yield f"unix://{socket}"


def at_once(number: int, function: Callable[[], Any]) -> list[Any]:
    """What the function gives, or raises, in so many threads that call it at the same time."""
    together = threading.Barrier(number)

    def call() -> Any:
        together.wait()
        try:
            return function()
        except Exception as error:
            return error

    with ThreadPoolExecutor(number) as pool:
        return [each.result() for each in [pool.submit(call) for _ in range(number)]]


def test_fifty_threads_compute_once(cache: Any) -> None:
    calls: list[int] = []

    @cache.memoize
    def slow() -> dict[str, int]:
        calls.append(1)
        time.sleep(0.05)
        return {"a": 1}

    assert at_once(50, slow) == [{"a": 1}] * 50
    assert len(calls) == 1
    stats = slow.stats()
    assert (stats.loads, stats.waits + stats.hits) == (1, 49)


def test_five_hundred_tasks_compute_once(cache: Any) -> None:
    calls: list[int] = []

    async def slow() -> int:
        calls.append(1)
        await asyncio.sleep(0.05)
        return 7

    async def all_of(function: Callable[[], Any]) -> list[int]:
        return await asyncio.gather(*(function() for _ in range(500)))

    assert asyncio.run(all_of(cache.memoize(slow))) == [7] * 500
    assert len(calls) == 1
    assert asyncio.run(all_of(Cache(AsyncStore()).memoize(slow))) == [7] * 500
    assert len(calls) == 2


def test_loops_in_several_threads_compute_once(cache: Any) -> None:
    calls: list[int] = []

    @cache.memoize
    async def slow() -> int:
        calls.append(1)
        await asyncio.sleep(0.05)
        return 7

    async def several() -> list[int]:
        return await asyncio.gather(*(slow() for _ in range(20)))

    assert at_once(5, lambda: asyncio.run(several())) == [[7] * 20] * 5
    assert len(calls) == 1


def test_caches_of_one_store_compute_once() -> None:
    store, calls = Store(), []

    def slow() -> int:
        calls.append(1)
        time.sleep(0.05)
        return 7

    functions = iter([Cache(store, "app:").memoize(slow) for _ in range(10)])
    assert at_once(10, lambda: next(functions)()) == [7] * 10
    assert len(calls) == 1


def test_an_exception_reaches_all_who_wait(cache: Any) -> None:
    calls: list[int] = []

    @cache.memoize
    def fail() -> None:
        calls.append(1)
        time.sleep(0.05)
        raise LookupError("gone")

    outcomes = at_once(20, fail)
    assert all(isinstance(each, LookupError) for each in outcomes)
    assert len(calls) == 1
    with pytest.raises(LookupError):
        fail()
    assert len(calls) == 2


def test_a_cancelled_task_leaves_it_to_another(cache: Any) -> None:
    calls: list[int] = []

    @cache.memoize
    async def slow() -> int:
        calls.append(1)
        await asyncio.sleep(0.05)
        return len(calls)

    async def main() -> None:
        leader = asyncio.create_task(slow())
        await asyncio.sleep(0.01)
        waiters = [asyncio.create_task(slow()) for _ in range(10)]
        await asyncio.sleep(0.01)
        waiters[3].cancel()
        leader.cancel()
        outcomes = await asyncio.gather(leader, *waiters, return_exceptions=True)
        assert [type(each) for each in outcomes].count(asyncio.CancelledError) == 2
        assert [each for each in outcomes if isinstance(each, int)] == [2] * 9

    asyncio.run(main())


def test_a_thread_that_is_interrupted_leaves_it_to_another(cache: Any) -> None:
    calls: list[int] = []

    @cache.memoize
    def slow() -> int:
        calls.append(1)
        time.sleep(0.05)
        if len(calls) == 1:
            raise SystemExit
        return len(calls)

    def call() -> Any:
        try:
            return slow()
        except SystemExit:
            return "exit"

    outcomes = at_once(5, call)
    assert sorted(map(str, outcomes)) == ["2", "2", "2", "2", "exit"]


def test_a_circle_of_two_threads_is_broken(cache: Any) -> None:
    """Each computes what the other waits for."""
    together, depth = threading.Barrier(2), threading.local()

    def other(theirs: Any) -> str:
        depth.calls = getattr(depth, "calls", 0) + 1
        if depth.calls == 1:
            together.wait()
        return "x" if depth.calls > 2 else theirs()

    @cache.memoize
    def left() -> str:
        return other(right)

    @cache.memoize
    def right() -> str:
        return other(left)

    outcomes: list[str] = []
    threads = [threading.Thread(target=lambda call=call: outcomes.append(call())) for call in (left, right)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert outcomes == ["x", "x"]


def test_a_task_that_waits_for_its_parent_does_not_deadlock(cache: Any) -> None:
    depth: list[int] = []

    @cache.memoize
    async def nested() -> int:
        depth.append(1)
        return await asyncio.create_task(nested()) if len(depth) == 1 else 7

    assert asyncio.run(asyncio.wait_for(nested(), 5)) == 7


def test_nobody_waits_for_something_stale(cache: Any) -> None:
    gone = threading.Event()
    calls: list[int] = []

    @cache.memoize(ttl="20ms", stale=60)
    def slow() -> int:
        calls.append(1)
        if len(calls) > 1:
            assert gone.wait(10)
        return len(calls)

    assert slow() == 1
    time.sleep(0.03)
    assert at_once(20, slow) == [1] * 20
    gone.set()
    eventually(cache, lambda: cache.get(slow.key()) == 2)
    stats = slow.stats()
    assert (stats.stale_hits, stats.loads) == (20, 2)


def test_no_task_waits_for_something_stale() -> None:
    async def main() -> None:
        gone = asyncio.Event()
        calls: list[int] = []
        cache = Cache(AsyncStore())

        @cache.memoize(ttl="20ms", stale=60)
        async def slow() -> int:
            calls.append(1)
            if len(calls) > 1:
                await gone.wait()
            return len(calls)

        assert await slow() == 1
        await asyncio.sleep(0.03)
        assert await asyncio.gather(*(slow() for _ in range(20))) == [1] * 20
        gone.set()
        while await cache.get(slow.key()) != 2:
            await asyncio.sleep(0.002)
        assert len(calls) == 2

    asyncio.run(main())


def test_a_loop_that_ends_leaves_what_is_stale_to_another(cache: Any) -> None:
    calls: list[int] = []

    @cache.memoize(ttl="20ms", stale=60)
    async def slow() -> int:
        calls.append(1)
        if len(calls) > 1:
            await asyncio.sleep(0.05)
        return len(calls)

    async def later() -> int:
        found = await slow()
        await asyncio.sleep(0.1)
        return found

    assert asyncio.run(slow()) == 1
    time.sleep(0.03)
    assert asyncio.run(slow()) == 1  # which ends, and with it the task that computes
    assert asyncio.run(later()) == 1
    assert cache.get(slow.key()) == len(calls) > 1


def test_a_loop_that_is_closed_too_early_leaves_it_to_another(cache: Any) -> None:
    calls: list[int] = []

    @cache.memoize(ttl="20ms", stale="300ms")
    async def slow() -> int:
        calls.append(1)
        if len(calls) == 2:
            await asyncio.sleep(60)
        return len(calls)

    for _ in range(2):
        loop = asyncio.new_event_loop()
        assert loop.run_until_complete(slow()) == 1
        loop.run_until_complete(asyncio.sleep(0.03))
        loop.close()  # with a task in it, the second time
        del loop
    gc.collect()
    assert len(calls) == 2
    time.sleep(0.3)
    assert asyncio.run(asyncio.wait_for(slow(), 10)) == 3


def test_a_function_that_exits_ends_no_thread_of_the_others(cache: Any) -> None:
    calls: list[int] = []

    @cache.memoize(ttl="20ms", stale=60)
    def leave(number: int) -> int:
        calls.append(number)
        if calls.count(number) == 2:
            raise SystemExit
        return len(calls)

    for number in range(10):
        leave(number)
    time.sleep(0.03)
    for number in range(10):
        leave(number)
    eventually(cache, lambda: len(calls) == 20)
    eventually(cache, lambda: (leave(0), leave(9), len(calls) >= 22)[-1])


def test_more_is_stale_than_there_are_threads(cache: Any) -> None:
    """All of it is computed anew, in its turn, and what each needs of the others keeps nobody."""
    new = threading.Event()

    @cache.memoize(ttl="20ms", stale=60)
    def chain(number: int) -> str:
        if new.is_set():
            time.sleep(0.002)
            return f"new {chain((number + 1) % 20)[-1]}"
        return "old"

    for number in range(20):
        chain(number)
    time.sleep(0.03)
    new.set()
    assert [chain(number) for number in range(20)] == ["old"] * 20
    assert sum(thread.name == "kvlite-refresh" for thread in threading.enumerate()) <= 4
    eventually(cache, lambda: all(str(cache.get(chain.key(n))).startswith("new") for n in range(20)))


def test_caller_variables_are_there_in_the_background(cache: Any) -> None:
    language: ContextVar[str] = ContextVar("language", default="none")

    @cache.memoize(ttl="20ms", stale=60)
    def speak() -> str:
        return language.get()

    assert speak() == "none"
    time.sleep(0.03)
    language.set("de")
    assert speak() == "none"
    eventually(cache, lambda: cache.get(speak.key()) == "de")


def test_a_failure_in_the_background_is_logged(cache: Any, caplog: pytest.LogCaptureFixture) -> None:
    calls: list[int] = []

    @cache.memoize(ttl="20ms", stale=60)
    def fail() -> int:
        calls.append(1)
        if len(calls) > 1:
            raise LookupError("gone")
        return 1

    assert fail() == 1
    time.sleep(0.03)
    assert fail() == 1
    eventually(cache, lambda: bool(caplog.messages))
    (message,) = caplog.messages
    assert message.endswith("fail:v1:() anew failed: LookupError('gone')")


def test_a_store_that_is_closed_meanwhile_is_no_failure(
    cache: Any, caplog: pytest.LogCaptureFixture, recwarn: pytest.WarningsRecorder
) -> None:
    began, closed, ended = threading.Event(), threading.Event(), threading.Event()

    @cache.memoize(ttl="20ms", stale=60)
    def slow() -> int:
        if began.is_set():
            return 1
        time.sleep(0.03)
        return 0

    assert slow() == 0
    time.sleep(0.03)
    store = cache._core.backend.store

    @cache.memoize(ttl="20ms", stale=60)
    def closing() -> int:
        if ended.is_set():
            began.set()
            assert closed.wait(10)
        return 1

    assert closing() == 1
    time.sleep(0.03)
    ended.set()
    assert closing() == 1
    assert began.wait(10)
    store.close()
    closed.set()
    eventually(cache, lambda: closing.stats().unstored == 1)
    assert caplog.messages == []
    assert list(recwarn) == []


EXITING = """
import sys, time
from kvlite import Cache, Store

@Cache(Store(sys.argv[1])).memoize(ttl="10ms", stale=60)
def slow():
    if began:
        time.sleep(60)
    return 7

began = False
slow()
time.sleep(0.02)
began = True
print(slow())
"""


def test_a_program_ends_although_something_is_computed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", EXITING, str(tmp_path / "store.kv")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (0, "7\n", "")


def test_processes_compute_something_stale_once(address: str) -> None:
    """Here it is two clients, who know no more of each other."""
    calls: list[int] = []
    asked = threading.Event()

    def slow() -> int:
        calls.append(1)
        if len(calls) > 1:
            assert asked.wait(10)
        return len(calls)

    with redis.Redis.from_url(address) as one, redis.Redis.from_url(address) as other:
        first, second = Cache(one, "app:"), Cache(other, "app:")
        functions = [each.memoize(ttl="200ms", stale=60, name="slow")(slow) for each in (first, second)]
        assert functions[0]() == 1
        time.sleep(0.21)
        assert [function() for function in functions * 3] == [1] * 6
        asked.set()
        eventually(first, lambda: first.get(functions[0].key()) == 2)
        eventually(first, lambda: one.keys("app:@lock:*") == [])
        assert len(calls) == 2


def test_who_would_block_the_loop_of_who_computes_does_not_wait() -> None:
    async def main() -> None:
        store = Store()
        awaited, called = Cache(AsyncStore(store), "app:"), Cache(store, "app:")

        async def make() -> int:
            await asyncio.sleep(0.02)
            return 1

        task = asyncio.create_task(awaited.get_or_set("a", make))
        await asyncio.sleep(0.01)
        assert called.get_or_set("a", lambda: 2) == 2
        assert await asyncio.to_thread(called.get_or_set, "a", 3) == 1
        assert await task == called.get("a") == 1

    asyncio.run(asyncio.wait_for(main(), 10))


def test_who_computes_in_the_foreground_alone_waits(cache: Any) -> None:
    going, gone = threading.Event(), threading.Event()
    calls: list[int] = []

    @cache.memoize(ttl="20ms", stale=60, background=False)
    def slow() -> int:
        calls.append(1)
        if len(calls) > 1:
            going.set()
            assert gone.wait(10)
        return len(calls)

    assert slow() == 1
    time.sleep(0.03)
    thread = threading.Thread(target=slow)
    thread.start()
    assert going.wait(10)
    assert at_once(5, slow) == [1] * 5
    gone.set()
    thread.join(10)
    assert slow.stats().stale_hits == 5
    assert cache.get(slow.key()) == 2


def test_a_function_may_raise_stop_iteration(cache: Any) -> None:
    @cache.memoize
    def first(values: tuple[int, ...]) -> int:
        return next(iter(values))

    assert first((1, 2)) == 1
    with pytest.raises(StopIteration):
        first(())


@pytest.mark.parametrize("how", ["tag", "invalidate", "clear"])
@pytest.mark.parametrize("where", ["store", "server"])
def test_nothing_older_than_its_invalidation_is_kept(where: str, how: str) -> None:
    with ExitStack() as stack:
        client: Any = Store()
        if where == "server":
            server = stack.enter_context(Server(client, port=0))
            client = stack.enter_context(redis.Redis.from_url(server.url))
        cache: Any = Cache(client, "app:", 60)
        database, older, done = [0], [], threading.Event()

        @cache.memoize(tags="t")
        def read() -> int:
            value = database[0]
            time.sleep(0.001 * random())
            return value

        def readers() -> None:
            while not done.is_set():
                read()

        forget = {
            "tag": lambda: cache.invalidate_tags("t"),
            "invalidate": read.invalidate,
            "clear": cache.clear,
        }
        threads = [threading.Thread(target=readers) for _ in range(4)]
        for thread in threads:
            thread.start()
        began = time.monotonic()
        while time.monotonic() - began < (0.4 if database[0] > 1 else 20):  # readers leave it little time
            database[0] += 1
            forget[how]()
            time.sleep(0.002 * random())
            kept = cache.get(read.key())
            if kept is not None and kept < database[0]:
                older.append(kept)
        done.set()
        for thread in threads:
            thread.join(10)
        assert older == []
        assert database[0] > 1


# Processes

CHILD = """
import os, sys, time
import redis
from kvlite import Cache

client = redis.Redis.from_url(sys.argv[1])
cache = Cache(client, "app:", 60, lease=float(sys.argv[3]))

@cache.memoize(name="slow")
def slow(how):
    client.incr("calls")
    if how == "hang" and client.incr("hung") == 1:
        client.rpush("hanging", os.getpid())
        time.sleep(60)
    time.sleep(0.3 if how == "long" else 0.1)
    if how == "fail":
        raise LookupError("gone")
    return [how]

client.rpush("ready", 1)
client.blpop("go", 20)
try:
    print(slow(sys.argv[2]))
except LookupError as error:
    print("raised", error)
"""


def processes(url: str, number: int, how: str, lease: float = 10) -> list[subprocess.Popen[str]]:
    """So many processes that ask for the same thing, as soon as all are there."""
    words = [sys.executable, "-c", CHILD, url, how, str(lease)]
    started = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(number)]
    with redis.Redis.from_url(url) as client:
        for _ in started:
            assert client.blpop("ready", 20) is not None
        client.rpush("go", *range(number))
    return started


def said(process: subprocess.Popen[str]) -> str:
    return process.communicate(timeout=30)[0].strip()


@pytest.mark.parametrize(("number", "how", "printed"), [(4, "well", "['well']"), (2, "fail", "raised gone")])
def test_processes_compute_once(address: str, number: int, how: str, printed: str) -> None:
    assert [said(each) for each in processes(address, number, how)] == [printed] * number
    with redis.Redis.from_url(address) as client:
        assert client.get("calls") == b"1"
        assert client.keys("app:@lock:*") == []


def test_who_computes_for_long_keeps_the_lease(address: str) -> None:
    """A lease of 0.15 seconds, for 0.3 seconds of work."""
    assert [said(each) for each in processes(address, 2, "long", 0.15)] == ["['long']"] * 2
    with redis.Redis.from_url(address) as client:
        assert client.get("calls") == b"1"


def test_another_process_takes_over_from_one_that_died(address: str) -> None:
    both = processes(address, 2, "hang", 0.5)
    with redis.Redis.from_url(address) as client:
        hanging = client.blpop("hanging", 20)
        assert hanging is not None
        (leader,) = [each for each in both if each.pid == int(hanging[1])]
        (survivor,) = [each for each in both if each is not leader]
        time.sleep(0.7)  # the lease is renewed
        assert survivor.poll() is None
        leader.kill()
        leader.communicate(timeout=30)
        assert said(survivor) == "['hang']"
        assert client.get("calls") == b"2"


def test_an_event_loop_waits_for_another_process(address: str) -> None:
    import redis.asyncio

    async def main() -> None:
        clients = [redis.asyncio.Redis.from_url(address) for _ in range(3)]
        calls: list[int] = []

        async def slow() -> int:
            calls.append(1)
            await asyncio.sleep(0.1)
            return 7

        functions = [Cache(client, "app:").memoize(name="slow")(slow) for client in clients]
        assert await asyncio.gather(*(function() for function in functions * 10)) == [7] * 30
        assert len(calls) == 1
        for client in clients:
            await client.aclose()

    asyncio.run(main())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_waits_for_nobody_of_its_parent(cache: Any) -> None:
    began, done = threading.Event(), threading.Event()

    @cache.memoize
    def slow() -> int:
        if not began.is_set():
            began.set()
            done.wait(10)
        return 7

    thread = threading.Thread(target=slow)
    thread.start()
    assert began.wait(10)
    child = multiprocessing.get_context("fork").Process(target=lambda: sys.exit(slow()))
    child.start()
    child.join(10)
    done.set()
    thread.join(10)
    assert child.exitcode == 7


def test_who_is_in_an_atomic_block_does_not_wait_for_who_needs_the_store() -> None:
    store = Store()
    cache = Cache(store)
    began, inside = threading.Event(), threading.Event()
    computed_by: list[str] = []

    @cache.memoize
    def slow() -> str:
        computed_by.append(threading.current_thread().name)
        began.set()
        assert inside.wait(10)
        return "slow"

    leader = threading.Thread(target=slow, name="leader", daemon=True)
    results: list[str] = []

    def in_a_block() -> None:
        assert began.wait(10)
        with store.atomic():
            inside.set()
            results.append(slow())

    other = threading.Thread(target=in_a_block, name="other", daemon=True)
    for thread in (leader, other):
        thread.start()
    for thread in (leader, other):
        thread.join(10)
    assert results == ["slow"]
    assert computed_by[0] == "leader"
