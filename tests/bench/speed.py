"""How long an operation takes, against the floor: a Python method that encodes the key and uses a dict."""

from __future__ import annotations

import random
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from operator import truediv
from statistics import median
from time import monotonic
from typing import Any, Literal

from .contenders import Floor, Peer, installed, kvlite
from .timing import (
    Environment,
    Table,
    duration,
    lacks,
    no_collector,
    once,
    promise,
    ratio,
    timed_loop,
    verdict,
)

VALUE = b"twenty bytes of value"[:20]
FLOOR = {"get": "store.get(key)", "set": "store.set(key, VALUE)"}


@dataclass(frozen=True)
class Row:
    name: str
    base: Literal["get", "set"]
    statement: str
    limit: float | None = None
    setup: str = ""
    """Run once, before the row."""
    reset: str = ""
    """Run before each pass; for the floor too, where it can."""
    loop: str = "key in some"
    """What a pass goes over: `some` of the `keys`, or another list that `names_for` makes."""
    per: int = 1
    """Operations in one statement."""
    options: dict[str, Any] = field(default_factory=dict)


STRINGS = "store.mset(dict.fromkeys(keys, VALUE))"
EXPIRING = "for key in keys: store.setex(key, 1000, VALUE)"
HASH = "store.hset('hash', mapping=dict.fromkeys(keys, VALUE))"
SMALL_HASHES = "for key in keys: store.hset(key, mapping=dict.fromkeys(keys[:10], VALUE))"
SET = "store.sadd('set', *keys)"
SORTED_SET = "store.zadd('zset', {key: random.random() for key in keys})"
LIST = "store.rpush('list', *keys)"
STREAM = "for number, key in enumerate(keys): store.xadd('stream', {'field': VALUE}, number + 1)"
GROUP = "store.xgroup_create('stream', 'group', mkstream=True)"
WORK = """
store.xadd('stream', {'field': VALUE})
((_, ((id, _),)),) = store.xreadgroup('group', 'consumer', {'stream': '>'}, count=1)
store.xack('stream', 'group', id)
"""
SHORT_LIST = "for _ in range(10): store.lpush('list', VALUE)"
PIPELINE = """
pipe = store.pipeline(False)
for key in hundred:
    pipe.set(key, VALUE)
pipe.execute()
"""

ROWS = [
    Row("get", "get", "store.get(key)", 2, STRINGS),
    Row("set", "set", "store.set(key, VALUE)", 3, STRINGS),
    Row("incr", "set", "store.incr(key)", 4, "for key in keys: store.incr(key)"),
    Row("hget", "get", "store.hget('hash', key)", 4, HASH),
    Row("hset", "set", "store.hset('hash', key, VALUE)", 4, HASH),
    Row("sadd, is there", "set", "store.sadd('set', key)", 4, SET),
    Row("sadd, new", "set", "store.sadd('set', key)", 4, reset="store.flushall()"),
    Row("sismember", "get", "store.sismember('set', key)", 4, SET),
    Row("lpush + rpop, each", "set", "store.lpush('list', VALUE); store.rpop('list')", 4, SHORT_LIST, per=2),
    Row("zscore", "get", "store.zscore('zset', key)", 4, SORTED_SET),
    Row(
        "zadd, changed score",
        "set",
        "store.zadd('zset', {key: score})",
        40,
        SORTED_SET,
        reset="scored[:] = [(key, random.random()) for key in some]",
        loop="key, score in scored",
    ),
    Row("zrank", "get", "store.zrank('zset', key)", 40, SORTED_SET),
    Row("xadd", "set", "store.xadd('stream', {'field': VALUE})", 12, reset="store.flushall()"),
    Row(
        "xread of 100, per entry",
        "get",
        "store.xread({'stream': at}, count=100)",
        None,
        STREAM,
        loop="at in places",
        per=100,
    ),
    Row("xadd, xreadgroup, xack", "set", WORK, setup=GROUP),
    Row("set, new key", "set", "store.set(key, VALUE)", reset="store.flushall()"),
    Row("set, with ex", "set", "store.setex(key, 1000, VALUE)", setup=EXPIRING),
    Row("get, key with TTL", "get", "store.get(key)", setup=EXPIRING),
    Row("get, decode_responses", "get", "store.get(key)", setup=STRINGS, options={"decode_responses": True}),
    Row("mget 10, per key", "get", "store.mget(ten)", setup=STRINGS, loop="ten in tens", per=10),
    Row("pipeline 100 set, each", "set", PIPELINE, setup=STRINGS, loop="hundred in hundreds", per=100),
    Row("atomic() with an incr", "set", "with store.atomic(): store.incr(key)"),
    Row("hgetall of 10", "get", "store.hgetall(key)", setup=SMALL_HASHES),
    Row("lrange of 10", "get", "store.lrange('list', at, at + 9)", setup=LIST, loop="at in places"),
    Row("zrange of 10", "get", "store.zrange('zset', at, at + 9)", setup=SORTED_SET, loop="at in places"),
]


@dataclass(frozen=True)
class Effort:
    keys: int
    peer_keys: int
    """How many of them a pass of a peer takes: most peers are slow."""
    rounds: int
    turns: int
    """Turns of the floor and kvlite in a round, of two passes each; the peers have one pass."""


SECONDS_A_ROUND = 0.3
FULL = Effort(keys=10_000, peer_keys=1000, rounds=7, turns=10)
QUICK = Effort(keys=1000, peer_keys=50, rounds=3, turns=3)


def names_for(store: object, keys: int, some: int) -> Environment:
    """What a row's statements may use: `keys`, and what a pass goes over, made of `some` of them."""
    names = [f"key:{i}" for i in range(keys)]
    random.Random(1).shuffle(names)
    return {
        "store": store,
        "keys": names,
        "some": names[:some],
        "scored": [(key, random.random()) for key in names[:some]],
        "places": [i * 7919 % (keys - 10) for i in range(some)],
        "tens": [names[i : i + 10] for i in range(0, some, 10)],
        "hundreds": [names[i : i + 100] for i in range(0, some, 100)],
        "VALUE": VALUE,
        "random": random,
    }


class Runner:
    """One contender in one row."""

    def __init__(self, row: Row, store: object, keys: int, some: int) -> None:
        self.names = names_for(store, keys, some)
        once(row.setup, self.names)
        self.reset = row.reset
        self.operations = len(self.names[row.loop.split()[-1]]) * row.per
        self.loop = timed_loop(row.statement, row.loop, self.names)
        self.times: list[float] = []

    def run(self) -> None:
        once(self.reset, self.names)
        self.times.append(self.loop() / self.operations)


def floor_of(row: Row) -> Row:
    """What the floor does in this row: its get or its set, of keys that are new where the row's are."""
    reset = row.reset if row.reset == "store.flushall()" else ""
    return Row(
        "floor", row.base, FLOOR[row.base], setup="for key in keys: store.set(key, VALUE)", reset=reset
    )


def race(row: Row, effort: Effort, peers: Sequence[Peer]) -> dict[str, list[float]]:
    """The nanoseconds an operation took, of each contender that has what the row takes, in each pass."""
    with ExitStack() as stack:
        store = stack.enter_context(kvlite(**row.options))
        runners = {"floor": Runner(floor_of(row), Floor(), effort.keys, effort.keys)}
        if not lacks(store, row.setup, row.statement):
            runners["kvlite"] = Runner(row, store, effort.keys, effort.keys)
        slow = {}
        for peer in peers:
            if row.options and not peer.like_redis:
                continue
            client = stack.enter_context(peer.open(**row.options))
            if not lacks(client, row.setup, row.statement, row.reset):
                slow[peer.name] = Runner(row, client, effort.keys, effort.peer_keys)
        with no_collector():
            for _ in range(effort.rounds):
                enough = monotonic() + SECONDS_A_ROUND
                for _ in range(effort.turns):
                    # Twice: the first pass also pays for what the other has pushed out of the caches.
                    for runner in runners.values():
                        runner.run()
                        runner.run()
                    if monotonic() > enough:
                        break
                for runner in slow.values():
                    runner.run()
        return {name: runner.times for name, runner in (runners | slow).items()}


def speed(quick: bool = False, only: str = "", with_peers: bool = True) -> None:
    effort = QUICK if quick else FULL
    peers, missing = installed() if with_peers else ([], [])
    notes = [
        f"Time of an operation over {effort.keys:,} keys as a ratio to the floor: a Python method that "
        "encodes the str key and does `dict.get` (for reads) or `dict[k] = v` (for writes). Both are called "
        f"in a for loop, in turns; the best of {effort.rounds * effort.turns * 2} passes counts, of fewer "
        "where a pass is long. 'median' is the median of the ratios of neighbouring passes, which a machine "
        "that changes its speed disturbs less.",
    ]
    if with_peers:
        notes.append(
            f"Peers take {effort.peer_keys:,} of the keys a pass, the best of {effort.rounds}. redis: "
            "redis-py on a redis-server over a unix socket. lmdb: a transaction an operation, sync=False. "
            "rocksdict: raw mode. LRUCache, TTLCache: cachetools with a lock. '-': it has no such operation."
        )
    if missing:
        notes.append(f"Not installed here: {', '.join(missing)}.")
    columns = ["", "floor", "kvlite", "ratio", "limit", "", "median", *(peer.name for peer in peers)]
    table = Table("Speed", columns, [23, 6, 8, 6, 5, 6, 6, *(8 for _ in peers)], notes)
    for row in ROWS:
        if only.lower() not in row.name.lower():
            continue
        times = race(row, effort, peers)
        floor = min(times["floor"])
        ratios = {name: min(values) / floor for name, values in times.items()}
        ours = ratios.get("kvlite")
        table.row(
            row.name,
            duration(floor),
            duration(min(times["kvlite"]) if ours else None),
            ratio(ours),
            promise(row.limit),
            verdict(ours, row.limit) if ours else "",
            ratio(median(map(truediv, times["kvlite"], times["floor"])) if ours else None),
            *(ratio(ratios.get(peer.name)) for peer in peers),
        )
