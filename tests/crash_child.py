"""A history that can be stopped anywhere and gone on with: what the process that is killed runs."""

from __future__ import annotations

import contextlib
import random
from multiprocessing.connection import Connection
from typing import Any

from kvlite import ManualClock, RedisError, Store

START_MS = 1_800_000_000_000


class Undo(Exception):
    pass


def step(store: Store[Any], number: int, seed: int) -> None:
    """Make step `number` of the history `seed`. What it does depends on these and on the state alone."""
    dice = random.Random(seed * 1_000_003 + number)
    store._shared.random.seed(number)
    with contextlib.suppress(RedisError, Undo):
        _one_call(store, dice)


def _one_call(store: Store[Any], dice: random.Random) -> None:
    def key(kind: str) -> str:
        return f"{kind}{dice.randrange(6)}"

    def text() -> bytes:
        return dice.randbytes(dice.choice([0, 1, 8, 30, 300]))

    def texts() -> list[bytes]:
        return [text() for _ in range(dice.randrange(1, 6))]

    def small() -> int:
        return dice.randrange(-3, 4)

    def pair() -> tuple[str, str]:
        kind = dice.choice("slhSzx")
        return key(kind), key(kind)

    def transfer() -> None:
        with store.atomic():
            store.decrby("left", 5)
            store.rpush("moves", *texts())
            store.ltrim("moves", -20, -1)
            store.incrby("right", 5)
            if dice.random() < 0.3:
                raise Undo

    def pipeline() -> None:
        pipe = store.pipeline()
        pipe.decrby("left", 1).hincrby("h0", "n", 1).zincrby("z0", 1, "n").sadd("S0", *texts()).incrby(
            "right", 1
        )
        pipe.execute(raise_on_error=False)

    calls = [
        lambda: store.set(key("s"), text(), px=dice.choice([None, None, 50, 5000])),
        lambda: store.mset({key("s"): text() for _ in range(4)}),
        lambda: store.incr(key("n"), small()),
        lambda: store.incrbyfloat(key("f"), 0.1),
        lambda: store.append(key("s"), text()),
        lambda: store.setrange(key("s"), dice.randrange(40), text()),
        lambda: store.getdel(key("s")),
        lambda: store.lpush(key("l"), *texts()),
        lambda: store.rpush(key("l"), *texts()),
        lambda: store.lpop(key("l"), dice.randrange(1, 4)),
        lambda: store.rpop(key("l")),
        lambda: store.linsert(key("l"), "BEFORE", b"", text()),
        lambda: store.lrem(key("l"), small(), b""),
        lambda: store.lset(key("l"), small(), text()),
        lambda: store.lmove(key("l"), key("l"), "LEFT", "RIGHT"),
        lambda: (
            store.blmpop(1, 2, key("l"), key("l"), direction="LEFT", count=2)
            if store.exists("l0", "l1", "l2", "l3", "l4", "l5") == 6
            else None
        ),
        lambda: store.hset(key("h"), mapping={text(): text() for _ in range(3)}),
        lambda: store.hdel(key("h"), *texts()),
        lambda: store.hincrby(key("h"), "n", small()),
        lambda: store.hpexpire(key("h"), dice.choice([50, 5000]), "n", b""),
        lambda: store.sadd(key("S"), *texts()),
        lambda: store.srem(key("S"), *texts()),
        lambda: store.spop(key("S"), dice.randrange(3)),
        lambda: store.smove(key("S"), key("S"), b""),
        lambda: store.sunionstore(key("S"), [key("S"), key("S")]),
        lambda: store.zadd(key("z"), {text(): small(), "n": small()}),
        lambda: store.zpopmin(key("z"), 2),
        lambda: store.zremrangebyscore(key("z"), 2, 3),
        lambda: store.zunionstore(key("z"), [key("z"), key("z")]),
        lambda: store.xadd(key("x"), {text(): text() for _ in range(3)}, maxlen=dice.choice([None, 120])),
        lambda: store.xadd(key("x"), {"n": text()}, maxlen=5, approximate=False),
        lambda: store.xdel(key("x"), *[entry[0] for entry in store.xrange(key("x"), count=2)]),
        lambda: store.xgroup_create(key("x"), "g", dice.choice(["0", "$"]), mkstream=dice.random() < 0.5),
        lambda: store.xreadgroup("g", dice.choice("ab"), {key("x"): ">"}, count=small() + 4),
        lambda: store.xreadgroup("g", dice.choice("ab"), {key("x"): "0"}, count=2),
        lambda: store.xack(key("x"), "g", *[entry[0] for entry in store.xrevrange(key("x"), count=3)]),
        lambda: store.xautoclaim(key("x"), "g", dice.choice("ab"), 60, count=3),
        lambda: store.rename(*pair()),
        lambda: store.copy(*pair(), replace=True),
        lambda: store.move(key("s"), 1),
        lambda: store.delete(key("s"), key("l"), key("h"), key("x")),
        lambda: store.pexpire(key(dice.choice("slhSzx")), dice.choice([0, 50, 5000])),
        lambda: store.persist(key("s")),
        lambda: store.select(1).set(key("s"), text()),
        lambda: store.select(1).rpush(key("l"), *texts()),
        lambda: store.swapdb(0, 1) if dice.random() < 0.1 else None,
        lambda: store.select(1).flushdb() if dice.random() < 0.1 else None,
        lambda: store.flushall() if dice.random() < 0.02 else None,
        lambda: store.advance(dice.choice([0.01, 0.06])),
        transfer,
        transfer,
        pipeline,
        pipeline,
    ]
    dice.choice(calls)()


def run(path: str, seed: int, start: int, now: int, fsync: Any, acknowledge: Connection) -> None:
    """Go on with a history from step `start` for as long as one lives, reporting each step"""
    store = Store(path, clock=ManualClock(now), fsync=fsync, compact_min_size=20_000, compact_percent=10)
    number = start
    while True:
        step(store, number, seed)
        acknowledge.send_bytes(number.to_bytes(8, "little"))
        number += 1
