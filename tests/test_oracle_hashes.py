"""Hashes against redis-server 7.0."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import (
    START_MS,
    Command,
    Oracle,
    Pair,
    Step,
    bad_values,
    command,
    drew,
    float_texts,
    floats,
    histories,
    int_texts,
    ints,
    keys,
    many,
    members,
    mostly,
    run_history,
    small_ints,
    values,
)

from kvlite import ManualClock, Store

pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated hmset")


def fields() -> st.SearchStrategy[Any]:
    return mostly(members(), st.one_of(bad_values(), values()), 30)


def contents() -> st.SearchStrategy[Any]:
    return mostly(values(), bad_values(), 30)


def mappings() -> st.SearchStrategy[Any]:
    return st.dictionaries(members(), contents(), max_size=4)


def patterns() -> st.SearchStrategy[Any]:
    return st.sampled_from(["*", "a*", "?", "[ab]", "[^a]", "", "\\*", b"\xff*", "1?", 1, "**", "[a-", None])


def cursors() -> st.SearchStrategy[Any]:
    odd = [1, 7, -1, 2**64 - 1, 2**64, "0", "00", "+1", " 1", "", "1x", "x", 1.5, "-", "1\0x", "0" * 30, None]
    return mostly(st.just(0), st.sampled_from(odd), 3)


WRITES: list[Command] = [
    command("hset", keys(), fields(), contents()).weighing(4),
    command(
        "hset",
        keys(),
        mapping=mappings(),
        items=st.lists(members(), max_size=5),
        key=fields(),
        value=contents(),
    ),
    command("hset", keys(), mapping=st.dictionaries(members(), values(), min_size=1, max_size=8)).weighing(3),
    command("hmset", keys(), mappings()),
    command("hsetnx", keys(), fields(), contents()).weighing(2),
    command("hdel", keys(), many(fields(), min_size=0, max_size=5)).weighing(4),
    command("hincrby", keys(), fields()).weighing(2),
    command("hincrby", keys(), fields(), st.one_of(ints(), int_texts(), bad_values())).weighing(3),
    command("hincrbyfloat", keys(), fields()),
    command("hincrbyfloat", keys(), fields(), st.one_of(floats(), float_texts(), bad_values())).weighing(4),
]
READS: list[Command] = [
    command("hget", keys(), fields()).weighing(2),
    command("hexists", keys(), fields()),
    command("hstrlen", keys(), fields()),
    command("hlen", keys()),
    command("hgetall", keys()),
    command("hkeys", keys()),
    command("hvals", keys()),
    command("hmget", keys(), st.lists(fields(), max_size=4), many(fields(), min_size=0)),
    command("hmget", keys(), fields()),
    command("hrandfield", keys()).random(drew),
    command("hrandfield", keys(), small_ints()).random(drew),
    command("hrandfield", keys(), st.sampled_from([20, 2**63 - 1, -(2**63), 2**63, "x", "20", 2.0, True])),
    command("hrandfield", keys(), small_ints(), withvalues=st.booleans()).shape(),
    command("hrandfield", keys(), st.sampled_from([20, 2**62, None]), st.just(True)),
    command(
        "hscan", keys(), cursors(), match=patterns(), count=st.sampled_from([1, 10, 0, -1, "x", "5", True])
    ),
    command("hscan_iter", keys(), match=patterns(), count=st.sampled_from([1, 10, 0])),
]
OTHERS: list[Command] = [
    command("set", keys(), "string"),
    command("rpush", keys(), "element"),
    command("sadd", keys(), "member"),
    command("zadd", keys(), st.just({"member": 1})),
    command("delete", keys()),
    command("expire", keys(), 2),
    command("persist", keys()),
    command("rename", keys(), keys()),
    command("copy", keys(), keys(), replace=st.booleans()),
    command("advance", st.sampled_from([0.707, 1.303])),
]


@pytest.fixture
def small(oracle: Oracle) -> Pair:
    """Hashes stay small whatever the length of their values, and so keep their order."""

    def new_store(start_ms: int) -> Store[bytes]:
        store = Store(clock=ManualClock(start_ms))
        store._shared.limits.set("hash-max-listpack-value", 100_000)
        return store

    oracle.reset()
    pair = Pair(oracle, make_store=new_store)
    pair.redis.config_set("hash-max-listpack-value", 100_000)
    return pair


@given(steps=histories(*WRITES, *READS, *OTHERS))
def test_hashes_answer_as_redis_does(small: Pair, steps: list[Step]) -> None:
    run_history(small, steps)


@settings(max_examples=20)
@given(
    steps=histories(
        command("hset", keys(), members(), values()).weighing(3),
        command("hdel", keys(), many(members())),
        command("hpexpire", keys(), st.integers(1, 400), many(members())).weighing(3),
        command("hpersist", keys(), many(members())),
        *WRITES,
        *READS,
        command("rename", keys(), keys()),
        command("copy", keys(), keys(), replace=st.booleans()),
        command("delete", keys()),
        command("set", keys(), "string"),
        command("advance", st.sampled_from([0.001, 0.01, 0.1, 0.2])).weighing(4),
    )
)
def test_dead_fields_are_as_if_removed(small: Pair, steps: list[Step]) -> None:
    """Redis 7.0 knows no deadlines of fields: the oracle's are removed by the test when they are due."""
    small.reset()
    for step in steps:
        small.oracle.steps += 1
        if step.method in ("hpexpire", "hpersist"):
            if small.redis.type(step.args[0]) in (b"hash", b"none"):
                getattr(small.store, step.method)(*step.args)
        elif step.method == "advance":
            due = sorted(
                (deadline, key, field)
                for key in small.redis.keys("*")
                if small.redis.type(key) == b"hash"
                for field, deadline in deadlines(small.store, key).items()
                if deadline <= START_MS + elapsed(small) + round(step.args[0] * 1000)
            )
            small.advance(step.args[0])
            for _, key, field in due:
                small.redis.hdel(key, field)
        else:
            step.run(small)
        small.compare_state()


def elapsed(pair: Pair) -> int:
    return pair.oracle.now_ms - START_MS


def deadlines(store: Any, key: bytes) -> dict[bytes, int]:
    names = store.hkeys(key)
    found = dict(zip(names, store.hpexpiretime(key, *names), strict=True))
    return {field: deadline for field, deadline in found.items() if deadline >= 0}


CALLS: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("hset", ("h",), {}),
    ("hset", ("h", None, "v"), {}),
    ("hset", ("h", "a"), {}),
    ("hset", ("h",), {"items": "ab"}),
    ("hset", ("h",), {"items": ["a"]}),
    ("hset", ("h",), {"items": ["a", 1, "b"], "mapping": {"c": 1}}),
    ("hset", ("h",), {"items": ["a", 1], "key": "b", "value": 2, "mapping": {"c": 3, "a": 4}}),
    ("hset", ("h",), {"items": ["new", 1, "new", 2]}),
    ("hset", ("h",), {"mapping": {1: 1, "1": 2, b"1": 3, 1.5: 4}}),
    ("hset", ("h",), {"mapping": {"a": None}, "items": ["z", True]}),
    ("hset", ("h",), {"mapping": [("a", 1)]}),
    ("hset", (None, "a", None), {}),
    ("hset", ("h", "", ""), {}),
    ("hset", ("h", bytearray(b"x"), memoryview(b"y")), {}),
    ("hmset", ("h", {}), {}),
    ("hmset", ("h", {"a": None}), {}),
    ("hmset", ("h", {"a": 1}), {}),
    ("hmset", ("s", {"a": 1}), {}),
    ("hget", ("h", None), {}),
    ("hget", ("s", "a"), {}),
    ("hmget", ("h", []), {}),
    ("hmget", ("s", []), {}),
    ("hmget", ("h", ("a", "x"), "b"), {}),
    ("hmget", ("h", {"a": 1}), {}),
    ("hmget", ("h", None), {}),
    ("hmget", ("h", 1.5), {}),
    ("hdel", ("h",), {}),
    ("hdel", ("s",), {}),
    ("hdel", ("h", ["a"]), {}),
    ("hdel", ("h", "a", "a", "x"), {}),
    ("hincrby", ("s", "a", "x"), {}),
    ("hincrby", ("s", "a", 1), {}),
    ("hincrby", ("h", "max"), {}),
    ("hincrby", ("h", "min", -1), {}),
    ("hincrby", ("h", "min", 2**63 - 1), {}),
    ("hincrby", ("h", "max", -(2**63)), {}),
    ("hincrby", ("h", "n", None), {}),
    ("hincrbyfloat", ("s", "a", "x"), {}),
    ("hincrbyfloat", ("s", "a", "inf"), {}),
    ("hincrbyfloat", ("s", "a", 1), {}),
    ("hincrbyfloat", ("h", "float", "0.2"), {}),
    ("hincrbyfloat", ("h", "float", "-0.3"), {}),
    ("hincrbyfloat", ("h", "exponent", 1), {}),
    ("hincrbyfloat", ("h", "new", "1e4931"), {}),
    ("hincrbyfloat", ("h", "new", "1e4932"), {}),
    ("hincrbyfloat", ("h", "new", "1.18e4932"), {}),
    ("hincrbyfloat", ("h", "new", "1.2e4932"), {}),
    ("hincrbyfloat", ("h", "inf", 1), {}),
    ("hincrbyfloat", ("h", "max", "0.5"), {}),
    ("hincrbyfloat", ("h", "n", "17179869184.00000001"), {}),
    ("hrandfield", ("h", 0), {}),
    ("hrandfield", ("h", 0, True), {}),
    ("hrandfield", ("h", 100), {}),
    ("hrandfield", ("h", 100, True), {}),
    ("hrandfield", ("h", None, True), {}),
    ("hrandfield", ("none",), {}),
    ("hrandfield", ("none", -5), {}),
    ("hrandfield", ("none", 2**62 - 1, True), {}),
    ("hrandfield", ("none", 2**62, True), {}),
    ("hrandfield", ("none", -(2**62) + 1, True), {}),
    ("hrandfield", ("none", -(2**62), True), {}),
    ("hrandfield", ("none", -(2**63)), {}),
    ("hrandfield", ("s",), {}),
    ("hrandfield", ("s", "x"), {}),
    ("hscan", ("s", "x"), {}),
    ("hscan", ("s",), {"count": 0}),
    ("hscan", ("none",), {"count": "x"}),
    ("hscan", ("none",), {"match": None, "count": 0}),
    ("hscan", ("h", 12345), {}),
    ("hscan", ("h", 12345), {"count": 1, "match": "m*"}),
    ("hscan", ("h", "\t1"), {}),
    ("hscan_iter", ("s",), {}),
    ("hstrlen", ("h", "text"), {}),
    ("hvals", ("h",), {}),
    ("hkeys", ("h",), {}),
]


@pytest.mark.parametrize("decode", [False, True])
@pytest.mark.parametrize(("method", "args", "kwargs"), CALLS)
def test_peculiar_calls(oracle: Oracle, decode: bool, method: str, args: Any, kwargs: Any) -> None:
    oracle.reset()
    small = Pair(oracle, decode_responses=decode)
    small.redis.config_set("hash-max-listpack-value", 100_000)
    start = {"a": 1, "b": 2, "n": "5", "max": 2**63 - 1, "min": -(2**63), "float": "0.1", "exponent": "3.0e3"}
    small.call("hset", "h", mapping={**start, "inf": "inf", "text": "text"})
    small.call("set", "s", "string")
    small.call(method, *args, **kwargs)
    small.compare_state()


def test_order_is_that_of_arrival(pair: Pair) -> None:
    pair.call("hset", "h", mapping={f"f{number}": number for number in range(512)})
    pair.call("hdel", "h", "f3", "f400")
    pair.call("hset", "h", mapping={"f3": "again", "f5": "other"})
    for method in ("hkeys", "hvals", "hscan_iter"):
        pair.call(method, "h")
    pair.call("hrandfield", "h", 600)
    assert list(pair.redis.hgetall("h")) == list(pair.store.hgetall("h"))
    chosen = pair.store.hrandfield("h", 50)
    assert chosen == sorted(chosen, key=pair.redis.hkeys("h").index)


def test_hashes_that_redis_keeps_without_order(pair: Pair) -> None:
    pair.call("hset", "large", mapping={f"f{number}": number for number in range(2000)})
    pair.call("hset", "long", mapping={"a": "x" * 100, "b": 1, "c": 2})
    for key in ("large", "long"):
        for method in ("hkeys", "hvals", "hscan_iter"):
            pair.call_unordered(method, key)
        pair.call("hgetall", key)
        pair.call_shape("hrandfield", key, 2)
        pair.call_shape("hrandfield", key, -500, True)
        pair.call_shape("hrandfield", key, 1999)
        pair.call_unordered("hrandfield", key, 2500)
    pair.call("hdel", "large", *(f"f{number}" for number in range(1990)))
    pair.call_unordered("hscan_iter", "large", match="f199[1-5]")
    pair.call("hgetall", "large")
    pair.compare_state()
