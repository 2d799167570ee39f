"""However many ask at once, one computes: threads, tasks, processes; also when that one goes wrong."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from random import random
from typing import Any

import pytest
import redis
from caches import real_redis

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


def test_who_asks_for_something_stale_does_not_wait(cache: Any) -> None:
    going, gone = threading.Event(), threading.Event()
    calls: list[int] = []

    @cache.memoize(ttl="20ms", stale=60)
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
        database, older, end = [0], [], time.monotonic() + 0.4

        @cache.memoize(tags="t")
        def read() -> int:
            value = database[0]
            time.sleep(0.001 * random())
            return value

        def readers() -> None:
            while time.monotonic() < end:
                read()

        forget = {
            "tag": lambda: cache.invalidate_tags("t"),
            "invalidate": read.invalidate,
            "clear": cache.clear,
        }
        threads = [threading.Thread(target=readers) for _ in range(4)]
        for thread in threads:
            thread.start()
        while time.monotonic() < end:
            database[0] += 1
            forget[how]()
            time.sleep(0.002 * random())
            kept = cache.get(read.key())
            if kept is not None and kept < database[0]:
                older.append(kept)
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
