"""What the account says a store takes is within a tenth of what the interpreter has allocated for it."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable
from random import Random
from typing import Any, TypeAlias

import pytest

from kvlite import Store
from kvlite.accounting import used_by

Fill: TypeAlias = Callable[["Source", Store[Any]], None]


class Source:
    """Texts that are different, of different lengths."""

    def __init__(self) -> None:
        self.random = Random(1)
        self.count = 0

    def text(self, most: int = 60) -> bytes:
        self.count += 1
        return b"%d:" % self.count + b"x" * self.random.randrange(most)


def strings(source: Source, store: Store[Any]) -> None:
    for _ in range(4000):
        store.set(source.text(), source.text())


def short_strings(source: Source, store: Store[Any]) -> None:
    for _ in range(4000):
        store.set(source.text(1), "v")


def long_strings(source: Source, store: Store[Any]) -> None:
    for _ in range(100):
        store.set(source.text(), source.text(30_000))


def counters(source: Source, store: Store[Any]) -> None:
    for _ in range(4000):
        store.incr(source.text(), 1_000_000)


def growing_strings(source: Source, store: Store[Any]) -> None:
    for number in range(5000):
        store.append(f"key:{number % 500}", source.text())


def bitmaps(source: Source, store: Store[Any]) -> None:
    for _ in range(3000):
        store.setbit(source.text(), source.random.randrange(500), 1)


def sketches(source: Source, store: Store[Any]) -> None:
    store.pfadd("few", *range(20))
    for _ in range(3000):
        store.pfadd(source.text(), *(source.text() for _ in range(source.random.randrange(1, 8))))


def with_deadlines(source: Source, store: Store[Any]) -> None:
    for number in range(4000):
        store.set(source.text(), source.text(), ex=100 + number)


def with_later_deadlines(source: Source, store: Store[Any]) -> None:
    for number in range(4000):
        store.set(f"key:{number}", source.text())
        store.expire(f"key:{number}", 100 + number)


def lists(source: Source, store: Store[Any]) -> None:
    for number in range(6000):
        store.rpush(f"key:{number % 100}", source.text())


def one_list(source: Source, store: Store[Any]) -> None:
    for _ in range(6000):
        store.lpush("key", source.text())


def hashes(source: Source, store: Store[Any]) -> None:
    for number in range(400):
        store.hset(f"key:{number}", mapping={source.text(): source.text() for _ in range(10)})


def one_hash(source: Source, store: Store[Any]) -> None:
    for _ in range(4000):
        store.hset("key", source.text(), source.text())


def overwritten_fields(source: Source, store: Store[Any]) -> None:
    for most in (10, 200, 20):
        for number in range(1500):
            store.hset("key", f"field:{number}", source.text(most))


def sets(source: Source, store: Store[Any]) -> None:
    for number in range(5000):
        store.sadd(f"key:{number % 10}", source.text())


def sorted_sets(source: Source, store: Store[Any]) -> None:
    for number in range(5000):
        store.zadd(f"key:{number % 10}", {source.text(): source.random.random()})


def small_sorted_sets(source: Source, store: Store[Any]) -> None:
    for number in range(3000):
        store.zadd(f"key:{number % 500}", {source.text(): source.random.random()})


def streams(source: Source, store: Store[Any]) -> None:
    for number in range(4000):
        store.xadd(f"key:{number % 10}", {"field": source.text(), "other": source.text()})
    for number in range(10):
        store.xrange(f"key:{number}")  # texts of ids, which are counted, are made when they are first read


def shrinking(source: Source, store: Store[Any]) -> None:
    lists(source, store)
    for number in range(4000):
        store.lpop(f"key:{number % 100}")
    for number in range(300):
        store.hset(f"hash:{number}", mapping={source.text(): source.text() for _ in range(10)})
        store.hdel(f"hash:{number}", *store.hkeys(f"hash:{number}")[:7])


def shrinking_unevenly(source: Source, store: Store[Any]) -> None:
    for number in range(3000):
        store.rpush("key", source.text(20 if number % 10 else 2000))
    for _ in range(2000):
        store.lpop("key")


def mixed(source: Source, store: Store[Any]) -> None:
    random = source.random
    for _ in range(8000):
        which, number = random.randrange(7), random.randrange(300)
        if which == 0:
            store.set(f"string:{number}", source.text(500), ex=random.choice([None, 100]))
        elif which == 1:
            store.rpush(f"list:{number}", source.text(300))
        elif which == 2:
            store.hset(f"hash:{number}", f"field:{random.randrange(50)}", source.text(300))
        elif which == 3:
            store.sadd(f"set:{number}", source.text())
        elif which == 4:
            store.zadd(f"zset:{number}", {source.text(): random.random()})
        elif which == 5:
            store.delete(f"{random.choice(['string', 'list', 'hash', 'set', 'zset'])}:{number}")
        else:
            store.rename(
                f"set:{number}", f"set:{random.randrange(300)}"
            ) if f"set:{number}" in store else None


def going(source: Source, store: Store[Any]) -> None:
    store.config_set("maxmemory", "500kb")
    for _ in range(8000):
        store.set(source.text(), source.text())


FILLS = [
    *(strings, short_strings, long_strings, counters, growing_strings, bitmaps, sketches),
    *(with_deadlines, with_later_deadlines),
    *(lists, one_list, hashes, one_hash, overwritten_fields, sets, sorted_sets, small_sorted_sets, streams),
    *(shrinking, shrinking_unevenly, mixed, going),
]


def warm_up(store: Store[Any]) -> None:
    """Have everything imported and made that is made once."""
    store.set("a", 1)
    store.expire("a", 1)
    store.rpush("b", 1)
    store.hset("c", "field", 1)
    store.sadd("d", 1)
    store.zadd("e", {"member": 1})
    store.xadd("f", {"field": 1})
    store.config_set("maxmemory", "1gb")
    store.flushdb()


@pytest.mark.parametrize(
    ("fill", "policy"),
    [*((fill, "allkeys-lru") for fill in FILLS), *((fill, "noeviction") for fill in (strings, mixed))],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_the_account_is_what_is_allocated(fill: Fill, policy: str) -> None:
    with Store(maxmemory="1gb", maxmemory_policy=policy, seed=1) as store:
        warm_up(store)
        source = Source()
        gc.collect()
        tracemalloc.start()
        try:
            before, counted = tracemalloc.get_traced_memory()[0], used_by(store._db)
            fill(source, store)
            gc.collect()
            taken = tracemalloc.get_traced_memory()[0] - before
        finally:
            tracemalloc.stop()
        assert used_by(store._db) - counted == pytest.approx(taken, rel=0.1)
        assert abs(store.info("memory")["used_memory"] - used_by(store._db)) < 1000
