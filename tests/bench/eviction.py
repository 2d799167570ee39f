"""Limits: how many requests of a cache are hits, what a call costs, what memory is held."""

from __future__ import annotations

import contextlib
import gc
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, islice
from pathlib import Path
from typing import Any, TypeAlias

from kvlite import Store
from kvlite.memory import of_process

from .timing import Table, duration, no_collector, promise, ratio, timed_loop, verdict

ROOT = Path(__file__).resolve().parents[2]
UNIVERSE = 100_000
CAPACITY = 10_000
"""How many keys a cache holds."""

Cache: TypeAlias = Callable[[Sequence[bytes]], float]
"""Answers requests: the part of them that were hits."""


# Requests


def zipf(skew: float, count: int, seed: int = 1) -> list[bytes]:
    weights = list(accumulate(1 / rank**skew for rank in range(1, UNIVERSE + 1)))
    names = [b"key:%d" % number for number in range(UNIVERSE)]
    chance = random.Random(seed)
    chance.shuffle(names)
    return chance.choices(names, cum_weights=weights, k=count)


def loop(count: int) -> list[bytes]:
    """Again and again through more than the cache holds."""
    names = [b"key:%d" % number for number in range(CAPACITY * 3 // 2)]
    return [names[number % len(names)] for number in range(count)]


def mixed(count: int) -> list[bytes]:
    """Skewed, and every now and then somebody reads through a lot that nobody asks for again."""
    requests, scanned = zipf(0.99, count), 0
    for start in range(0, count, CAPACITY * 5):
        for at in range(start, min(count, start + CAPACITY * 2)):
            if at % 4:
                requests[at] = b"scan:%d" % scanned
                scanned += 1
    return requests


TRACES: dict[str, Callable[[int], list[bytes]]] = {
    "Zipf 0.7": lambda count: zipf(0.7, count),
    "Zipf 0.99": lambda count: zipf(0.99, count),
    "loop": loop,
    "Zipf 0.99 with scans": mixed,
}

# Caches


def cachetools_of(kind: str) -> Cache | None:
    try:
        import cachetools
    except ImportError:
        return None

    def run(requests: Sequence[bytes]) -> float:
        cache, hits = getattr(cachetools, kind)(CAPACITY), 0
        for key in requests:
            if cache.get(key) is not None:
                hits += 1
            else:
                cache[key] = b"x"
        return hits / len(requests)

    return run


def kvlite_of(policy: str) -> Cache:
    def run(requests: Sequence[bytes]) -> float:
        with Store(maxkeys=CAPACITY, maxmemory_policy=policy, seed=1) as store:
            get, hits = store.get, 0
            for key in requests:
                if get(key) is not None:
                    hits += 1
                else:
                    store.set(key, b"x")
            return hits / len(requests)

    return run


BATCH = 16
"""How many requests go to redis-server at a time: what one of them puts in, the others do not find."""


@contextlib.contextmanager
def redis_server(policy: str) -> Iterator[Any]:
    """A client of a private redis-server."""
    import redis

    folder = tempfile.mkdtemp(prefix="bench-")
    options = ["--port", "0", "--unixsocket", f"{folder}/s", "--save", "", "--maxmemory-policy", policy]
    process = subprocess.Popen(["redis-server", *options, "--dir", folder], stdout=subprocess.DEVNULL)
    try:
        client = redis.Redis(unix_socket_path=f"{folder}/s")
        deadline = time.monotonic() + 10
        while not Path(f"{folder}/s").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        yield client
    finally:
        process.terminate()
        process.wait(timeout=10)
        shutil.rmtree(folder, ignore_errors=True)


def redis_of(policy: str) -> Cache | None:
    try:
        import redis  # noqa: F401
    except ImportError:
        return None
    if shutil.which("redis-server") is None:
        return None

    def run(requests: Sequence[bytes]) -> float:
        with redis_server(policy) as client:
            # As much memory as this many keys take there.
            with client.pipeline(transaction=False) as pipe:
                for number in range(CAPACITY):
                    pipe.set(b"key:%d" % number, b"x")
                pipe.execute()
            client.config_set("maxmemory", client.info("memory")["used_memory"])
            client.delete(*[b"key:%d" % number for number in range(CAPACITY)])
            hits = 0
            for start in range(0, len(requests), BATCH):
                batch = requests[start : start + BATCH]
                with client.pipeline(transaction=False) as pipe:
                    for key in batch:
                        pipe.get(key)
                    found = pipe.execute()
                    missing = [key for key, value in zip(batch, found, strict=True) if value is None]
                    hits += len(batch) - len(missing)
                    for key in missing:
                        pipe.set(key, b"x")
                    pipe.execute(raise_on_error=False)
            return hits / len(requests)

    return run


def hit_ratios(quick: bool, only: str) -> None:
    count = 100_000 if quick else 1_000_000
    table = Table(
        "Hits",
        ["requests", "LRU", "kv lru", "kv lfu", "kv random", "Redis lru", "Redis lfu", "lru", "lfu"],
        [22, 7, 7, 7, 9, 9, 9, 6, 6],
        [
            f"Per cent of {count:,} requests that were hits, for {UNIVERSE:,} keys and a cache of "
            f"{CAPACITY:,}. LRU is exact: cachetools. kvlite has maxkeys and the policies allkeys-lru, -lfu "
            "and -random; redis-server the memory that so many keys take, and is asked "
            f"{BATCH} requests at a time. 'lru': within 1 point of LRU, or better. "
            "'lfu': 3 points better, with scans.",
        ],
    )
    caches = [
        cachetools_of("LRUCache"),
        *map(kvlite_of, ("allkeys-lru", "allkeys-lfu", "allkeys-random")),
        *map(redis_of, ("allkeys-lru", "allkeys-lfu")),
    ]
    for name, trace in TRACES.items():
        if only.lower() not in f"hits {name.lower()}":
            continue
        requests = trace(count)
        found = [None if cache is None else 100 * cache(requests) for cache in caches]
        shown = ["-" if part is None else f"{part:.1f}" for part in found]
        lru, ours, frequent = found[:3]
        least = None if lru is None or ours is None else verdict(lru - ours, 1)
        most = None if lru is None or frequent is None else verdict(lru - frequent, -3)
        table.row(name, *shown, least or "", (most or "") if name.endswith("scans") else "")


# Costs

KEYS = 20_000
CALLS = 5_000
COSTS = [
    ("get", "plain", "lru", "store.get(key)", 1.6),
    ("get", "plain", "lfu", "store.get(key)", 1.6),
    ("set of a new key, one goes", "plain", "lru", "store.set(key, value)", 3),
    ("set of a new key, one goes", "plain", "lfu", "store.set(key, value)", 3),
    ("set of a new key, one goes", "plain", "random", "store.set(key, value)", 3),
    ("set of a key that is there", "plain", "lru", "store.set(key, value)", None),
    ("hget", "plain", "lru", "store.hget('hash', 'field')", 1.6),
    ("sismember", "plain", "lru", "store.sismember('set', 'member')", 1.6),
    ("zscore", "plain", "lru", "store.zscore('zset', 'member')", 1.6),
    ("lindex", "plain", "lru", "store.lindex('list', 0)", None),
    ("hset of a field that is there", "plain", "lru", "store.hset('hash', 'field', value)", None),
]


def costs_of(passes: int, only: str) -> None:
    table = Table(
        "Costs of limits",
        ["call", "policy", "without a limit", "with", "ratio", "limit", ""],
        [29, 8, 15, 9, 6, 5, 6],
        [
            f"A call on a store at its maxmemory, of some {KEYS:,} keys with 100 bytes each, against one on "
            f"a store without a limit. The best of {passes} passes of {CALLS:,} calls, in turns."
        ],
    )
    value = b"v" * 100
    for name, _, policy, statement, limit in COSTS:
        if only.lower() not in f"costs {name} {policy}":
            continue
        times = []
        stores = [Store(), Store(maxmemory=7_000_000, maxmemory_policy=f"allkeys-{policy}")]
        picks: list[str] = []
        fresh = 0
        loops = [
            timed_loop(statement, "key in picks", {"store": store, "picks": picks, "value": value})
            for store in stores
        ]
        for store in stores:
            for number in range(KEYS * 2):
                store.set(f"old:{number}", value)
            store.hset("hash", "field", value)
            store.sadd("set", "member")
            store.zadd("zset", {"member": 1})
            store.rpush("list", value)
        times = [float("inf")] * 2
        with no_collector():
            for _ in range(passes):
                for which, run in enumerate(loops):
                    if "new" in name:
                        picks[:] = [f"new:{fresh + number}" for number in range(CALLS)]
                        fresh += CALLS
                    else:
                        strings = stores[1].scan_iter(count=CALLS, _type="string")
                        present = [key.decode() for key in islice(strings, CALLS)]
                        picks[:] = random.choices(present, k=CALLS)
                    times[which] = min(times[which], run() / CALLS)
        for store in stores:
            store.close()
        factor = times[1] / times[0]
        shown = promise(limit), verdict(factor, limit)
        table.row(name, policy, duration(times[0]), duration(times[1]), ratio(factor), *shown)


# Memory

LIMIT = 64 * 1024 * 1024
HELD = """
import random, sys, time
from kvlite import Store
from kvlite.memory import of_process
chance = random.Random(1)
store = Store(maxmemory={limit}, maxmemory_policy="allkeys-lru", seed=1)
store.set("a", 1)
before, most, writes = of_process(), 0, 0
end = time.monotonic() + {seconds}
while time.monotonic() < end:
    for _ in range(1000):
        size = chance.choice((10, 100, 1000, 10000))
        store.set(b"key:%d" % chance.randrange(10**7), chance.randbytes(chance.randrange(size)))
    writes += 1000
    most = max(most, of_process())
print(most - before, writes, store.info("memory")["used_memory"], len(store))
"""


def held(seconds: int, only: str) -> None:
    if only.lower() not in "memory held":
        return
    table = Table(
        "Memory held",
        ["", "writes", "keys", "counted", "resident", "ratio", "limit", ""],
        [22, 11, 9, 9, 9, 6, 5, 6],
        [
            f"A limit of {LIMIT >> 20} MB under {seconds} seconds of writes of random sizes up to 10 kB: "
            "the most by which the process's resident memory grew over that with an empty store."
        ],
    )
    program = HELD.format(limit=LIMIT, seconds=seconds)
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    grown, writes, counted, keys = map(int, done.stdout.split())
    factor = grown / LIMIT
    table.row(
        "random writes",
        f"{writes:,}",
        f"{keys:,}",
        f"{counted / 2**20:.1f} MB",
        f"{grown / 2**20:.1f} MB",
        ratio(factor),
        promise(1.3),
        verdict(factor, 1.3),
    )


def eviction(quick: bool = False, only: str = "") -> None:
    gc.collect()
    assert of_process() > 0
    hit_ratios(quick, only)
    costs_of(5 if quick else 25, only)
    held(2 if quick else 600, only)
