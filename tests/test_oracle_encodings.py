"""OBJECT ENCODING answers as redis-server does, whatever happened to the value and to the settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import Command, Oracle, Pair, Step, command, histories, many, mostly, run_history, took

from kvlite import ManualClock, Store

SMALL = {
    "hash-max-listpack-entries": 2,
    "hash-max-listpack-value": 4,
    "zset-max-listpack-entries": 2,
    "zset-max-listpack-value": 4,
    "set-max-intset-entries": 2,
}


class Configurable(Store[bytes]):
    def config_set(self, name: str, value: int | str) -> bool:
        self._shared.limits.set(name, value == "yes" if isinstance(value, str) else value)
        return True


def configurable(start_ms: int) -> Configurable:
    return Configurable(clock=ManualClock(start_ms))


class Encodings(Pair):
    """A pair that starts with these settings, and whose values must be kept in the same way."""

    def __init__(self, oracle: Oracle, limits: dict[str, int]) -> None:
        self.limits = limits
        super().__init__(oracle, make_store=configurable)

    def reset(self) -> None:
        self.oracle.reset()
        super().reset()
        for name, value in self.limits.items():
            self.call("config_set", name, value)

    def compare_state(self) -> None:
        super().compare_state()
        self.store._db._check()
        names = sorted(self.store.keys())
        with self.redis.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.object("encoding", name)
            theirs = dict(zip(names, pipe.execute(), strict=True))
        assert {name: self.store.object("encoding", name) for name in names} == theirs

    def adopt(self, key: Any) -> None:
        super().adopt(key)
        held = self.store._db.data.get(key.encode())
        if held is not None:
            held.integers = self.redis.object("encoding", key) == b"intset"


def keys() -> st.SearchStrategy[str]:
    return st.sampled_from("abc")


def flat(pairs: list[tuple[Any, Any]]) -> list[Any]:
    return [each for pair in pairs for each in pair]


def commands(sizes: list[int], lengths: list[int]) -> list[Command]:
    """Commands that make values of about these sizes with texts of about these lengths."""
    texts = mostly(
        st.sampled_from(["1", "2", "3", "-1", "x", "y", "", "9999", "10000", 2**63 - 1, 2**63]),
        st.sampled_from(lengths).map(lambda length: "t" * length),
        4,
    )
    numbers = st.sampled_from([0, 1, 2, 3, 10, -1])
    many_texts = many(texts, max_size=4)
    ranges = st.sampled_from(sizes).map(range)
    some_keys = st.lists(keys(), min_size=1, max_size=4)
    return [
        command("set", keys(), texts).weighing(2),
        command("getset", keys(), texts),
        command("append", keys(), texts).weighing(2),
        command("setrange", keys(), st.sampled_from([0, 1, 50]), texts).weighing(2),
        command("incr", keys(), numbers).weighing(2),
        command("incrbyfloat", keys(), st.sampled_from([0, 1, 0.5, 10**18])).weighing(2),
        command("getex", keys(), ex=st.just(100)),
        command("hset", keys(), texts, texts).weighing(4),
        command("hset", keys(), mapping=ranges.map(lambda names: dict.fromkeys(map(str, names), "v"))),
        command("hset", keys(), items=st.lists(st.tuples(texts, texts), min_size=2, max_size=4).map(flat)),
        command("hsetnx", keys(), texts, texts).weighing(2),
        command("hincrby", keys(), texts, numbers),
        command("hincrbyfloat", keys(), texts, 0.5),
        command("hdel", keys(), many_texts),
        command("sadd", keys(), texts).weighing(3),
        command("sadd", keys(), many_texts).weighing(3),
        command("sadd", keys(), many(ranges.map(lambda names: names[-1]), 1, 1)),
        command("srem", keys(), many_texts),
        command("smove", keys(), keys(), texts).weighing(2),
        command("spop", keys()).random(took),
        command("sunionstore", keys(), some_keys),
        command("sinterstore", keys(), some_keys),
        command("sdiffstore", keys(), some_keys).weighing(3),
        command("zadd", keys(), st.dictionaries(texts, numbers, min_size=1, max_size=3)).weighing(4),
        command("zadd", keys(), ranges.map(lambda names: {str(name): name for name in names})),
        command("zincrby", keys(), numbers, texts),
        command("zrem", keys(), many_texts),
        command("zpopmin", keys()),
        command("zremrangebyrank", keys(), 1, 1),
        command("zunionstore", keys(), some_keys),
        command("zinterstore", keys(), some_keys),
        command("zdiffstore", keys(), some_keys),
        command("zrangestore", keys(), keys(), 0, st.sampled_from([0, 1, 2, -1])),
        command("rpush", keys(), many_texts),
        command("sort", keys(), alpha=st.just(True), store=keys()),
        command("copy", keys(), keys(), replace=st.just(True)).weighing(3),
        command("rename", keys(), keys()),
        command("delete", keys()).weighing(3),
    ]


def changes(values: list[int]) -> Command:
    names = ["hash-max-ziplist-entries", "hash-max-ziplist-value", "zset-max-ziplist-entries", *SMALL]
    return command("config_set", st.sampled_from(names), st.sampled_from(values))


@pytest.fixture(scope="module")
def defaults(oracle: Oracle) -> Encodings:
    return Encodings(oracle, {})


@pytest.fixture(scope="module")
def small(oracle: Oracle) -> Encodings:
    return Encodings(oracle, SMALL)


@settings(max_examples=60)
@given(histories(*commands([1, 127, 128, 129, 511, 512, 513], [20, 44, 45, 64, 65])))
def test_encodings_by_default(defaults: Encodings, steps: list[Step]) -> None:
    run_history(defaults, steps)


@settings(max_examples=60)
@given(histories(*commands([1, 2, 3, 4], [3, 4, 5, 6])))
def test_encodings_of_small_limits(small: Encodings, steps: list[Step]) -> None:
    run_history(small, steps)


@settings(max_examples=60)
@given(histories(*commands([1, 2, 3, 4], [3, 4, 5, 6]), changes([0, 1, 2, 3, 4, 5]).weighing(8)))
def test_encodings_while_limits_change(small: Encodings, steps: list[Step]) -> None:
    run_history(small, steps)


@settings(max_examples=40)
@given(histories(*commands([1, 2, 3, 4], [3, 4, 5, 6]), size=30))
def test_encodings_after_a_restart(small: Encodings, steps: list[Step]) -> None:
    """What has no past any more is kept by its looks alone."""
    run_history(small, steps)
    small.redis.execute_command("DEBUG", "RELOAD")  # type: ignore[no-untyped-call]
    small.store._shared.reencode()
    small.compare_state()


def test_what_is_loaded_is_kept_under_the_limits_there_are(oracle: Oracle, tmp_path: Path) -> None:
    pair = Encodings(oracle, SMALL)
    pair.call("hset", "hash", mapping={"a": 1, "b": 2})
    pair.call("zadd", "zset", {"a": 1, "b": 2, "c": 3})
    pair.call("sadd", "set", 1, 2, 3)
    pair.store.save(tmp_path / "saved")
    pair.store.restore_from(tmp_path / "saved")
    pair.compare_state()


@pytest.mark.parametrize("left", range(1, 8))
def test_what_spop_leaves(oracle: Oracle, left: int) -> None:
    """Where it takes nearly all, the rest becomes a set of integers again."""
    pair = Encodings(oracle, {})
    pair.call("sadd", "k", *range(30), "x")
    pair.call("srem", "k", "x")
    pair.call("expire", "k", 100)
    pair.call_shape("spop", "k", 30 - left)
    pair.call("object", "encoding", "k")
    pair.call("ttl", "k")
    pair.call("scard", "k")
    pair.store._db._check()


def test_scans_and_orders_follow_the_limits(oracle: Oracle) -> None:
    pair = Encodings(oracle, SMALL)
    pair.call("sadd", "set", 10, 9)
    pair.call("sscan", "set", count=1)
    pair.call("hset", "hash", mapping={"a": 1, "b": 2})
    pair.call("hscan", "hash", count=1)
    pair.call("zadd", "zset", {"a": 1, "b": -0.0})
    pair.call("zscan", "zset", count=1)
    pair.call("zrangestore", "same", "zset", 0, -1)
    pair.call("zadd", "zset", {"c": -0.0, "d": 1})
    pair.call("zrangestore", "copy", "zset", 0, -1)
    pair.call("zrangestore", "part", "zset", "-inf", 0, byscore=True)
    for number in range(20):
        pair.call("sadd", "set", number)
        pair.call("hset", "hash", number, 1)
        pair.call("zadd", "zset", {number: 1})
    pair.compare_state()
    for scan, key in (("sscan", "set"), ("hscan", "hash"), ("zscan", "zset")):
        cursor, page = getattr(pair.store, scan)(key, count=1)
        assert cursor != 0
        assert len(page) == 1
