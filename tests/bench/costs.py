"""How the time of a call grows with what is in the key, from a thousand elements to a million."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from .contenders import kvlite
from .timing import Environment, Table, duration, lacks, no_collector, once, ratio, timed_loop, verdict

SIZES = [1_000, 10_000, 100_000, 1_000_000]
QUICK_SIZES = SIZES[:3]
CALLS = 100
"""In a pass: few, so that n stays what it is."""
PASSES = 25
LIMIT = 20
"""At n = 10^6. Logarithms double and cache misses make two or three more of it; what is linear is at 1000."""
CHUNK = 10_000


@dataclass(frozen=True)
class Kind:
    """A big value, and the operations whose cost it shows."""

    fill: str
    """Puts in the elements `chunk`, str, of which the first is number `first`."""
    costs: list[Cost]


@dataclass(frozen=True)
class Cost:
    name: str
    statement: str
    """Run for each of `picks`: a random place `i` below n, the element `key` put there, a random `score`."""
    restore: str = ""
    """Untimed, after each pass: what makes n what it was."""
    promised: str = "O(1)"


@contextmanager
def plain_dict(**options: Any) -> Iterator[dict[bytes, bytes]]:
    yield {}


TAKEN = "taken.append({})"
PLAIN = Kind(
    "store.update((key.encode(), b'') for key in chunk)",
    [Cost("dict.get, for comparison", "store.get(key.encode())")],
)
KINDS = [
    Kind(
        "store.mset(dict.fromkeys(chunk, b'value'))",
        [
            Cost("RANDOMKEY", "store.randomkey()"),
            Cost("SCAN, count 10", "store.scan(i, count=10)", promised="O(count)"),
        ],
    ),
    Kind(
        "store.hset('hash', mapping=dict.fromkeys(chunk, b'value'))",
        [
            Cost("HRANDFIELD", "store.hrandfield('hash')"),
            Cost("HSCAN, count 10", "store.hscan('hash', i, count=10)", promised="O(count)"),
        ],
    ),
    Kind(
        "store.sadd('set', *chunk); store.sadd('other', *chunk); store.sadd('few', *chunk[:1])",
        [
            Cost(
                "SPOP",
                TAKEN.format("store.spop('set')"),
                restore="store.sadd('set', *taken); taken.clear()",
            ),
            Cost("SRANDMEMBER", "store.srandmember('set')"),
            Cost("SSCAN, count 10", "store.sscan('set', i, count=10)", promised="O(count)"),
            Cost("SINTER of 10 with n", "store.sinter('set', 'few')", promised="O(smallest)"),
            Cost("SINTERCARD limit 10", "store.sintercard(2, ['set', 'other'], 10)", promised="O(limit)"),
        ],
    ),
    Kind(
        "store.zadd('zset', {key: random.random() for key in chunk})",
        [
            Cost("ZADD, changed score", "store.zadd('zset', {key: score})", promised="O(log n)"),
            Cost("ZRANK", "store.zrank('zset', key)", promised="O(log n)"),
            Cost("ZRANGE, 10 at i", "store.zrange('zset', i, i + 9)", promised="O(log n)"),
            Cost(
                "ZPOPMIN",
                TAKEN.format("store.zpopmin('zset')"),
                restore="store.zadd('zset', {m: random.random() for [(m, _)] in taken}); taken.clear()",
                promised="O(log n)",
            ),
            Cost("ZRANDMEMBER", "store.zrandmember('zset')"),
            Cost("ZSCAN, count 10", "store.zscan('zset', i, count=10)", promised="O(count)"),
        ],
    ),
    Kind(
        "store.rpush('list', *chunk)",
        [
            Cost("LPUSH", "store.lpush('list', key)", restore="store.ltrim('list', CALLS, -1)"),
            Cost(
                "RPOP",
                TAKEN.format("store.rpop('list')"),
                restore="store.rpush('list', *reversed(taken)); taken.clear()",
            ),
            Cost("LINDEX, middle", "store.lindex('list', n // 2 + i % 99)"),
            Cost("LRANGE, 10 in the middle", "store.lrange('list', n // 2, n // 2 + 9)"),
            Cost("LSET, middle", "store.lset('list', n // 2 + i % 99, key)"),
        ],
    ),
    Kind(
        "text(store, n)",
        [
            Cost("APPEND 20 bytes to n", "store.append('text', b'%020d' % i)", restore="text(store, n)"),
            Cost(
                "SETRANGE 20 bytes in n", "store.setrange('text', i, b'%020d' % i)", restore="text(store, n)"
            ),
        ],
    ),
]


def text(store: Any, n: int) -> None:
    """A string of n bytes that already grows in place: the first APPEND to what SET put must copy it."""
    store.set("text", b"x" * (n - 1))
    store.append("text", b"x")


def filled(kind: Kind, store: Any, n: int) -> Environment:
    names: Environment = {"store": store, "n": n, "taken": [], "random": random, "text": text, "CALLS": CALLS}
    for first in range(0, n, CHUNK):
        names["chunk"] = [f"element:{i}" for i in range(first, min(n, first + CHUNK))]
        once(kind.fill, names)
    return names


def measure(cost: Cost, sizes: list[Environment]) -> list[float]:
    """The best time of a call for each size, the sizes taken in turns and other places picked each time."""
    best = [float("inf")] * len(sizes)
    picks: list[tuple[int, str, float]] = []
    loops = [
        timed_loop(cost.statement, "i, key, score in picks", names | {"picks": picks}) for names in sizes
    ]
    with no_collector():
        for _ in range(PASSES):
            for which, (names, loop) in enumerate(zip(sizes, loops, strict=True)):
                places = [random.randrange(1, names["n"] - 20) for _ in range(CALLS)]
                picks[:] = [(i, f"element:{i}", random.random()) for i in places]
                best[which] = min(best[which], loop() / CALLS)
                once(cost.restore, names)
    return best


def costs(quick: bool = False, only: str = "") -> None:
    sizes = QUICK_SIZES if quick else SIZES
    powers = [f"10^{len(str(n)) - 1}" for n in sizes]
    table = Table(
        "Costs",
        ["", "promised", f"n = {powers[0]}", *powers[1:], f"{LIMIT}x?"],
        [26, 11, 10, *(7 for _ in powers[1:]), 6],
        [
            f"Time of a call for a value of n elements as a ratio to n = {powers[0]}, at random places; the "
            f"best of {PASSES} passes of {CALLS} calls, the sizes in turns. Misses of the processor's caches "
            f"alone make what the first row shows. 'ok': at most {LIMIT}x at {powers[-1]}, where what is "
            f"linear would be at {sizes[-1] // sizes[0]}x.",
        ],
    )
    for kind in [PLAIN, *KINDS]:
        wanted = [cost for cost in kind.costs if only.lower() in cost.name.lower()]
        if not wanted:
            continue
        with ExitStack() as stack:
            stores = [stack.enter_context(plain_dict() if kind is PLAIN else kvlite()) for _ in sizes]
            if lacks(stores[0], kind.fill):
                continue
            environments = [filled(kind, store, n) for store, n in zip(stores, sizes, strict=True)]
            for cost in wanted:
                if missing := lacks(stores[0], cost.statement, cost.restore):
                    table.row(cost.name, cost.promised, f"no {missing[0]}", *("" for _ in sizes))
                    continue
                times = measure(cost, environments)
                ratios = [time / times[0] for time in times]
                table.row(
                    cost.name,
                    cost.promised,
                    duration(times[0]),
                    *map(ratio, ratios[1:]),
                    verdict(ratios[-1], LIMIT),
                )
