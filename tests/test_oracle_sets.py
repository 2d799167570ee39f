"""Sets against redis-server 7.0."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import (
    Command,
    Oracle,
    Pair,
    Step,
    bad_values,
    command,
    drew,
    histories,
    int_texts,
    ints,
    keys,
    many,
    members,
    mostly,
    run_history,
    small_ints,
    time_passes,
    took,
    values,
)


def elements() -> st.SearchStrategy[Any]:
    """Members; most of the sets they make are small sets of integers, or not by one member."""
    numbers = st.sampled_from(
        [0, 1, 2, 3, -1, "1", "2", b"-1", 10, 2**63 - 1, -(2**63), 2**63, "01", "+1", "-0"]
    )
    return mostly(st.one_of(members(), numbers), st.one_of(bad_values(), values()), 20)


def some_keys(min_size: int = 1) -> st.SearchStrategy[Any]:
    return mostly(st.lists(keys(), min_size=min_size, max_size=3), st.one_of(keys(), bad_values()), 8)


def more_keys() -> Any:
    return many(mostly(keys(), bad_values(), 20), min_size=0, max_size=2)


def limits() -> st.SearchStrategy[Any]:
    return st.one_of(small_ints(), ints(), int_texts(), bad_values())


def patterns() -> st.SearchStrategy[Any]:
    return st.sampled_from(["*", "a*", "?", "[ab1]", "[^a]", "", "\\*", b"\xff*", "1?", 1, "**", "[a-", True])


def cursors() -> st.SearchStrategy[Any]:
    odd = [2**64, "0", "00", "+0", " 1", "", "1x", "x", 1.5, "-", "0\0x", "0" * 30, None, True]
    return mostly(st.just(0), st.sampled_from(odd), 3)


def counts() -> st.SearchStrategy[Any]:
    return st.sampled_from([100, 1000, 0, -1, "x", "50", "1.0", 2**63 - 1, 2**63, True])


WRITES: list[Command] = [
    command("sadd", keys(), many(elements(), min_size=0, max_size=5)).weighing(5),
    command("sadd", keys(), elements()).weighing(4),
    command("srem", keys(), many(elements(), min_size=0, max_size=4)).weighing(3),
    command("smove", keys(), keys(), elements()).weighing(4),
    command("spop", keys()).random(took),
    command("spop", keys(), st.integers(0, 6)).random(took).weighing(2),
    command("spop", keys(), st.sampled_from([-1, "x", "", -(2**63), 2**63, 1.5, True, "0", "-0", 0])),
    command("spop", keys(), st.sampled_from([2**63 - 1, "100", None])).random(took),
    command("sinterstore", keys(), some_keys(0), more_keys()).weighing(3),
    command("sunionstore", keys(), some_keys(0), more_keys()).weighing(3),
    command("sdiffstore", keys(), some_keys(0), more_keys()).weighing(3),
]
READS: list[Command] = [
    command("sismember", keys(), elements()),
    command("smismember", keys(), st.lists(elements(), max_size=3), many(elements(), min_size=0, max_size=2)),
    command("smismember", keys(), elements()),
    command("scard", keys()),
    command("smembers", keys()),
    command("srandmember", keys()).random(drew),
    command("srandmember", keys(), small_ints()).random(drew).weighing(2),
    command("srandmember", keys(), st.sampled_from([-(2**63), 2**63, "x", "", 2.0, True, "0", [1]])),
    command("srandmember", keys(), st.sampled_from([100, 2**63 - 1, "100"])).unordered(),
    command("sinter", some_keys(0), more_keys()).weighing(2),
    command("sunion", some_keys(0), more_keys()),
    command("sdiff", some_keys(0), more_keys()).weighing(2),
    command("sintercard", st.integers(0, 4), some_keys(0), limit=limits()).weighing(2),
    command("sintercard", limits(), some_keys()),
    command("sintercard", 2, st.tuples(keys(), keys()), st.integers(0, 3)),
    command("sscan", keys(), cursors(), match=patterns()).always(count=counts()).unordered().weighing(2),
    command("sscan_iter", keys(), match=patterns(), count=counts()).unordered(),
]
OTHERS: list[Command] = [
    command("set", keys(), "string"),
    command("rpush", keys(), "element"),
    command("hset", keys(), "field", "value"),
    command("zadd", keys(), st.just({"member": 1})),
    command("delete", keys()),
    command("expire", keys(), st.sampled_from([1, 2, 100])),
    command("copy", keys(), keys(), replace=st.booleans()),
    time_passes(),
]


@given(steps=histories(*WRITES, *READS, *OTHERS))
def test_sets_answer_as_redis_does(pair: Pair, steps: list[Step]) -> None:
    run_history(pair, steps)


@pytest.mark.parametrize(
    "call",
    [
        ("smembers", "a"),
        ("sinter", "a", "b"),
        ("sunion", "a", "b"),
        ("sdiff", "a", "b"),
        ("sscan", "a"),
        ("sscan_iter", "a"),
        ("srandmember", "one"),
        ("srandmember", "one", -2),
        ("srandmember", "missing"),
        ("spop", "one"),
        ("spop", "one", 1),
        ("spop", "missing"),
        ("sismember", "a", 1),
    ],
    ids=repr,
)
def test_decoded(oracle: Oracle, call: tuple[Any, ...]) -> None:
    oracle.reset()
    pair = Pair(oracle, decode_responses=True)
    pair.call("sadd", "a", 1, 2, 3)
    pair.call("sadd", "b", 2, 3, "é€😀")
    pair.call("sadd", "one", "é€😀")
    pair.call(*call)
    pair.compare_state()


NUMBERS = st.sampled_from(["k", "l", "m"])


@settings(max_examples=15)
@given(
    steps=histories(
        command("sadd", NUMBERS, many(st.integers(-20, 20), max_size=6)).weighing(4),
        command("sadd", NUMBERS, st.sampled_from(["01", "x"])),
        command("srem", NUMBERS, many(st.integers(-20, 20))),
        command("sscan", NUMBERS, st.sampled_from([0, 1, 7, "", -1, 2**64 - 1]), count=st.integers(1, 5)),
        command("srandmember", NUMBERS, st.sampled_from([50, 2**63 - 1])),
        command("spop", NUMBERS, st.just(50)),
        command("object", "encoding", NUMBERS),
        command("copy", NUMBERS, NUMBERS, replace=st.just(True)),
        command("sinterstore", NUMBERS, NUMBERS, NUMBERS),
        command("sunionstore", NUMBERS, NUMBERS, NUMBERS),
    )
)
def test_sets_of_integers_come_in_order(pair: Pair, steps: list[Step]) -> None:
    """Where Redis keeps integers sorted, the order shows; in all other sets no order means anything."""

    def is_defined(step: Step) -> bool:
        ordered = step.method in ("sscan", "srandmember", "spop")
        return not ordered or pair.redis.object("encoding", step.args[0]) != b"hashtable"

    run_history(pair, filter(is_defined, steps))


CALLS: list[tuple[Any, ...]] = [
    ("sadd", "new"),
    ("sadd", "string"),
    ("sadd", "new", []),
    ("sadd", ["new"], "a"),
    ("sadd", "new", 1.5, 2, b"x", "x", bytearray(b"y"), memoryview(b"z")),
    ("scard", "string"),
    ("sinter", "missing", "string"),
    ("sinter", "a", "missing", "string"),
    ("sinter", []),
    ("sinter", "a", "a"),
    ("sinter", ["a", "b"], "a"),
    ("sunion", "missing", "string"),
    ("sunion", {"a": 1, "b": 2}),
    ("sunion", None),
    ("sunion", 1),
    ("sunion", bytearray(b"a")),
    ("sdiff", "missing", "string"),
    ("sdiff", "a", ["b"]),
    ("sdiff", "a", "a"),
    ("sdiffstore", "a", ["a", "b"]),
    ("sdiffstore", "string", ["missing", "string"]),
    ("sdiffstore", "string", "missing"),
    ("sdiffstore", "string", []),
    ("sdiffstore", "b", "a", "b"),
    ("sinterstore", "string", "missing", "a"),
    ("sinterstore", "hash", "a", "b"),
    ("sunionstore", "list", "a", "a"),
    ("sunionstore", ["a"], "a"),
    ("sintercard", 2, ["a", "b"]),
    ("sintercard", 2, ["a", "b"], 1),
    ("sintercard", 2, ["a", "b"], -1),
    ("sintercard", 2, ["a", "b"], "x"),
    ("sintercard", 2, ["a", "b"], None),
    ("sintercard", 2, "ab"),
    ("sintercard", 1, bytearray(b"a")),
    ("sintercard", 0, ["a"]),
    ("sintercard", 1, ["a", "b"]),
    ("sintercard", 3, ["a", "b"]),
    ("sintercard", 4, ["a", "b"]),
    ("sintercard", 5, ["a", "b"]),
    ("sintercard", 2.0, ["a", "b"]),
    ("sintercard", 1, []),
    ("sintercard", 2, []),
    ("sintercard", 2, ["a", "LIMIT", "b"], 1),
    ("sintercard", 2, ["a", "b", "limit", 1], 2),
    ("sintercard", 2, ["a", "b", "limit"], 1),
    ("sintercard", 2, ["missing", "string"], 1),
    ("sintercard", 1, 5),
    ("smismember", "a", []),
    ("smismember", "a", "1", "x", "1"),
    ("smismember", "missing", ["1", "2"]),
    ("smismember", "string", ["1"]),
    ("smove", "missing", "string", "x"),
    ("smove", "a", "string", "x"),
    ("smove", "a", "string", "1"),
    ("smove", "string", "a", "1"),
    ("smove", "string", "string", "1"),
    ("smove", "a", "a", "1"),
    ("smove", "a", "a", "x"),
    ("smove", "a", "b", "2"),
    ("smove", "b", "new", "x"),
    ("smove", "one", "new", "only"),
    ("smove", "one", "one", "only"),
    ("spop", "missing"),
    ("spop", "missing", 3),
    ("spop", "string", -1),
    ("spop", "string", 0),
    ("spop", "a", 0),
    ("spop", "a", 2.0),
    ("spop", "a", True),
    ("spop", "a", 2**63),
    ("spop", "a", "-1"),
    ("spop", "a", 2**63 - 1),
    ("spop", "one", "1"),
    ("spop", [], "x"),
    ("srandmember", "missing"),
    ("srandmember", "missing", -2),
    ("srandmember", "a", 0),
    ("srandmember", "a", 2**63 - 1),
    ("srandmember", "string", 0),
    ("srandmember", "string", "x"),
    ("srandmember", "a", -(2**63)),
    ("srandmember", "string", -(2**63)),
    ("srandmember", "a", 2**63),
    ("srandmember", "one", -3),
    ("srem", "a"),
    ("srem", "a", "1", "1", "x"),
    ("srem", "string", "1"),
    ("srem", "one", "only"),
    ("sscan", "string", "x"),
    ("sscan", "string", 0, None, "x"),
    ("sscan", "missing", 0, None, "x"),
    ("sscan", "missing", 0, "*", 0),
    ("sscan", "a", 0, None, "x"),
    ("sscan", "a", 0, None, 0),
    ("sscan", "a", "x", True),
    ("sscan", "a", None, True),
    ("sscan", "a", 3, None, 1),
    ("sscan", "a", 0, "[12]"),
    ("sscan_iter", "a", "1"),
    ("sscan_iter", "string"),
    ("sismember", "string", "x"),
    ("sismember", None, "x"),
    ("sismember", "a", None),
    ("sismember", "a", 1),
    ("smembers", "string"),
]


@pytest.mark.parametrize("call", CALLS, ids=repr)
def test_call(pair: Pair, call: tuple[Any, ...]) -> None:
    pair.call("set", "string", "x")
    pair.call("rpush", "list", "x")
    pair.call("hset", "hash", "f", "v")
    pair.call("sadd", "a", 1, 2, 3)
    pair.call("sadd", "b", 2, 3, "x")
    pair.call("sadd", "one", "only")
    pair.call("expire", "a", 100)
    pair.call("expire", "b", 200)
    pair.call(*call)
    pair.compare_state()


@pytest.mark.parametrize("size", [511, 512, 513])
def test_integers_are_kept_in_order_up_to_512(pair: Pair, size: int) -> None:
    pair.call("sadd", "k", *range(size, 0, -1))
    pair.call("object", "encoding", "k")
    if size <= 512:
        pair.call("sscan", "k", 0, None, 1)
        pair.call("srandmember", "k", size)
    pair.call("sadd", "k", 1000)
    pair.call("object", "encoding", "k")
    pair.call("srem", "k", *range(100))
    pair.call("object", "encoding", "k")
    pair.call("sunionstore", "l", "k")
    pair.call("object", "encoding", "l")


def test_a_long_set_is_scanned_whole(pair: Pair) -> None:
    pair.call("sadd", "k", *(f"m{number}" for number in range(300)))
    for count in (1, 7, 1000):
        pair.both(lambda side, count=count: set(side.sscan_iter("k", count=count)))
    pair.both(lambda side: set(side.sscan_iter("k", match="m*7", count=5)))
