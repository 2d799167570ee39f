"""What a hit of a memoized function costs, and what a stampede does."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from tempfile import TemporaryDirectory
from typing import Any

from kvlite import Cache, Server, Store

COMPUTING = 0.1
HIT_LIMIT = 2.5 / 1.7
STAMPEDE_LIMIT = 0.130

CHILD = """
import sys, time
import redis
from kvlite import Cache
client = redis.Redis.from_url(sys.argv[1])
cache = Cache(client, ttl=60)
@cache.memoize(name="slow")
def slow():
    client.incr("calls")
    time.sleep(0.1)
client.rpush("ready", 1)
client.blpop("go")
began = time.perf_counter()
slow()
print(time.perf_counter() - began)
"""


def cache(quick: bool, only: str) -> None:
    if "hit" in only or not only:
        hits(quick)
    if "stampede" in only or not only:
        stampedes(quick)


def hits(quick: bool) -> None:
    print("\nA hit of a memoized function, in us and against cachetools' `cached` with a lock")
    number, repeats = (2_000, 3) if quick else (100_000, 7)
    with ExitStack() as stack:
        functions = _memoized(stack)
        best = dict.fromkeys(functions, float("inf"))
        for _ in range(repeats):  # in turn, so that all have the same noise
            for name, function in functions.items():
                few = number // 20 if name.startswith("diskcache") else number
                best[name] = min(best[name], _per_call(function, few))
    base = best.get("cachetools, LRUCache and Lock", float("inf"))
    for name, seconds in best.items():
        verdict = ""
        if name == "kvlite" and base < float("inf"):
            verdict = "ok" if seconds <= base * HIT_LIMIT else f"MISSED: at most {HIT_LIMIT:.2f}"
        ratio = f"{seconds / base:6.2f}" if base < float("inf") else "     -"
        print(f"  {name:34}{seconds * 1e6:8.2f}{ratio}  {verdict}")


def _memoized(stack: ExitStack) -> dict[str, Callable[[int], Any]]:
    """By name, the same function memoized, with 1 kept already."""

    def plain(number: int) -> dict[str, int]:
        return {"number": number}

    functions: dict[str, Callable[[int], Any]] = {}
    try:
        from cachetools import LRUCache, TTLCache, cached

        functions["cachetools, LRUCache and Lock"] = cached(LRUCache(10_000), lock=threading.Lock())(plain)
        functions["cachetools, TTLCache and RLock"] = cached(TTLCache(10_000, 1000), lock=threading.RLock())(
            plain
        )
    except ImportError:
        pass
    functions["kvlite"] = Cache(Store(), ttl=1000).memoize(plain)
    functions["kvlite, without a time to live"] = Cache(Store()).memoize(plain)
    functions["kvlite, with a tag"] = Cache(Store(), ttl=1000).memoize(tags="all")(plain)
    functions["kvlite, JSON"] = Cache(Store(), ttl=1000, serializer="json").memoize(plain)
    try:
        import diskcache  # type: ignore[import-untyped]

        folder = stack.enter_context(TemporaryDirectory(prefix="kvlite-bench-"))
        functions["diskcache"] = stack.enter_context(diskcache.Cache(folder)).memoize()(plain)
    except ImportError:
        pass
    for function in functions.values():
        function(1)
    return functions


def _per_call(function: Callable[[int], Any], number: int) -> float:
    began = time.perf_counter()
    for _ in range(number):
        function(1)
    return (time.perf_counter() - began) / number


def stampedes(quick: bool) -> None:
    print(f"\nStampede: a cold key that takes {COMPUTING * 1000:.0f} ms to compute, in ms until all have it")
    for name, (computed, seconds) in {
        "50 threads": threads(50),
        "500 tasks": tasks(500),
        "4 processes on a kvlite server": processes(2 if quick else 4),
    }.items():
        good = computed == 1 and seconds <= STAMPEDE_LIMIT
        limit = f"MISSED: once, in {STAMPEDE_LIMIT * 1000:.0f}"
        print(f"  {name:34}{seconds * 1000:8.1f}  computed {computed} times  {'ok' if good else limit}")


def threads(number: int) -> tuple[int, float]:
    slow, calls = _slow()
    memoized = Cache(Store(), ttl=60).memoize(slow)
    workers = [threading.Thread(target=memoized) for _ in range(number)]
    began = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return len(calls), time.perf_counter() - began


def _slow() -> tuple[Callable[[], int], list[int]]:
    calls: list[int] = []

    def slow() -> int:
        calls.append(1)
        time.sleep(COMPUTING)
        return 7

    return slow, calls


def tasks(number: int) -> tuple[int, float]:
    calls: list[int] = []

    @Cache(Store(), ttl=60).memoize
    async def slow() -> int:
        calls.append(1)
        await asyncio.sleep(COMPUTING)
        return 7

    async def main() -> float:
        began = time.perf_counter()
        await asyncio.gather(*(slow() for _ in range(number)))
        return time.perf_counter() - began

    took = asyncio.run(main())
    return len(calls), took


def processes(number: int) -> tuple[int, float]:
    """How often it was computed, and how long the process that waited longest waited."""
    store = Store()
    with Server(store, port=0) as server:
        children = [
            subprocess.Popen([sys.executable, "-c", CHILD, server.url], stdout=subprocess.PIPE, text=True)
            for _ in range(number)
        ]
        for _ in children:
            store.blpop("ready", 60)
        store.rpush("go", *range(number))
        waited = max(float(child.communicate(timeout=60)[0]) for child in children)
    return int(store.get("calls") or 0), waited
