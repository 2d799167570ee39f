"""How long an operation takes, against the floor: a Python method that encodes the key and uses a dict."""

from __future__ import annotations

import random
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Literal

from .contenders import Floor, installed, kvlite
from .timing import (
    Environment,
    Loop,
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
    loop: str = "key in keys"
    per: int = 1
    """Operations in one statement."""
    options: dict[str, Any] = field(default_factory=dict)


STRINGS = "store.mset(dict.fromkeys(keys, VALUE))"
EXPIRING = "for key in keys: store.setex(key, 1000, VALUE)"
HASH = "store.hset('hash', mapping=dict.fromkeys(keys, VALUE))"
SMALL_HASHES = "for key in keys: store.hset(key, mapping=dict.fromkeys(keys[:10], VALUE))"
SET = "store.sadd('set', *keys)"
SORTED_SET = "store.zadd('zset', dict(scored))"
LIST = "store.rpush('list', *keys)"
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
        reset="scored[:] = [(key, random.random()) for key in keys]",
        loop="key, score in scored",
    ),
    Row("zrank", "get", "store.zrank('zset', key)", 40, SORTED_SET),
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
    passes: int
    """Passes of the floor and kvlite in a round, in turns; the peers have one."""


FULL = Effort(keys=10_000, peer_keys=1000, rounds=7, passes=5)
QUICK = Effort(keys=1000, peer_keys=50, rounds=3, passes=3)


def environment(store: object, keys: int, loop_over: int) -> Environment:
    """The names of a row's statements: `loop_over` of `keys` keys, in several shapes."""
    names = [f"key:{i}" for i in range(keys)]
    random.Random(1).shuffle(names)
    return {
        "store": store,
        "keys": names,
        "scored": [(key, random.random()) for key in names],
        "places": [(i * 7919) % (keys - 10) for i in range(loop_over)],
        "tens": [names[i : i + 10] for i in range(0, loop_over, 10)],
        "hundreds": [names[i : i + 100] for i in range(0, loop_over, 100)],
        "VALUE": VALUE,
        "random": random,
    }


class Runner:
    """One contender in one row."""

    def __init__(self, store: object, row: Row, statement: str, effort: Effort, loop_over: int) -> None:
        names = environment(store, effort.keys, loop_over)
        reset = "" if lacks(store, row.reset) else row.reset
        if not lacks(store, row.setup):
            once(row.setup, names)
        loop, per = (row.loop, row.per) if statement == row.statement else ("key in keys", 1)
        if loop_over < effort.keys:
            names["keys_of_a_pass"] = names["keys"][:loop_over]
            names["scored_of_a_pass"] = names["scored"][:loop_over]
            loop = loop.replace("in keys", "in keys_of_a_pass").replace("in scored", "in scored_of_a_pass")
            reset = reset.replace("scored[:]", "scored_of_a_pass[:]").replace("in keys", "in keys_of_a_pass")
        self.names, self.reset = names, reset
        self.operations = loop_over if row.loop.split()[-1] not in ("tens", "hundreds") else 0
        self.per = per
        self.loop: Loop = timed_loop(statement, loop, names)
        self.times: list[float] = []
