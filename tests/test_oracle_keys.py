"""Key commands answer as redis-server does, for values of every type: every command in random histories."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import (
    START_MS,
    Oracle,
    Pair,
    Step,
    bad_values,
    command,
    histories,
    int_texts,
    ints,
    keys,
    many,
    moments,
    mostly,
    run_history,
    time_passes,
    ttls,
)

KEYS = mostly(keys(), bad_values(), 25)
BITS = st.booleans()
FLAGS = {"nx": BITS, "xx": BITS, "gt": BITS, "lt": BITS}
BAD_INDEXES = st.one_of(
    st.sampled_from([16, -1, 2**31, -(2**31) - 1, 2**40, 2**70, "x", "", 1.0, "01", True]), int_texts()
)
DATABASES = mostly(st.sampled_from([0, 1, 1, 2, "1", b"2"]), BAD_INDEXES, 5)
PATTERNS = mostly(
    st.sampled_from(["*", "**", "", "a", "?", "[a-b]", "[^a]", "*a*", b"\xff*", "\\*", b"[\x80-\xff]*"]),
    bad_values(),
    20,
)
TYPES = st.sampled_from(["string", "LIST", "list", b"hash", "set", "zset", "stream", "none", "", 1])
COUNTS = mostly(st.integers(100, 200), st.sampled_from([0, -1, 2**63 - 1, 2**63, "x", "", 1.5, True]), 4)
CURSORS = mostly(
    st.sampled_from([0, "0", b"0", "", "-0", "0\0"]), st.sampled_from(["x", " 0", 2**64, 1.0]), 4
)
TEXTS = st.sampled_from(["1", 5, "9999", "10000", "text", "", "x" * 44, "x" * 45, 2**63 - 1, 2**63, "01"])

COMMANDS = [
    command("set", keys(), TEXTS).weighing(2),
    command("append", keys(), TEXTS),
    command("rpush", keys(), many(st.sampled_from(["a", "b"]))).weighing(2),
    command("hset", keys(), st.sampled_from(["f", "g"]), st.sampled_from(["1", "v" * 65])).weighing(2),
    command("sadd", keys(), many(st.sampled_from(["1", "2", "m"]))).weighing(2),
    command("srem", keys(), "m"),
    command("zadd", keys(), st.dictionaries(st.sampled_from("ab"), st.integers(0, 3), min_size=1)).weighing(
        2
    ),
    command("copy", KEYS, KEYS, destination_db=DATABASES, replace=BITS).weighing(3),
    command("copy", keys(), keys()).weighing(2),
    command("delete", many(KEYS, 0)),
    command("unlink", many(KEYS, 0)),
    command("exists", many(KEYS, 0)),
    command("exists", keys()),
    command("touch", many(KEYS, 0)),
    command("expire", KEYS, ttls(), **FLAGS).weighing(3),
    command("pexpire", KEYS, ttls(), **FLAGS).weighing(3),
    command("expireat", KEYS, moments("s"), **FLAGS).weighing(2),
    command("pexpireat", KEYS, moments("ms"), **FLAGS).weighing(2),
    command("expire", keys(), mostly(st.integers(1, 100), int_texts(), 2)),
    command("expireat", keys(), mostly(st.sampled_from([START_MS // 1000 + 5]), ints(), 2)),
    command("persist", KEYS).weighing(2),
    command("ttl", KEYS),
    command("pttl", KEYS),
    command("expiretime", KEYS),
    command("pexpiretime", KEYS),
    command("keys", PATTERNS).unordered(),
    command("keys").unordered(),
    command("scan", CURSORS, match=PATTERNS, _type=TYPES).always(count=COUNTS).unordered(),
    command("scan_iter", PATTERNS, count=COUNTS, _type=TYPES).unordered(),
    command("scan_iter").unordered(),
    command("randomkey").shape(),
    command("dbsize"),
    command("move", KEYS, DATABASES).weighing(3),
    command("rename", KEYS, KEYS).weighing(3),
    command("renamenx", KEYS, KEYS).weighing(3),
    command("swapdb", DATABASES, DATABASES),
    command("type", KEYS).weighing(2),
    command("object", st.sampled_from(["encoding", "ENCODING", b"encoding"]), KEYS).weighing(2),
    command("object", st.sampled_from(["freq", "help", "Help", "bogus", "", "a\0b", "y" * 200, None]), KEYS),
    command("flushdb", asynchronous=BITS),
    command("flushall", asynchronous=BITS),
    command("time"),
    time_passes().weighing(3),
]

ONE_OF_EACH: list[tuple[Any, ...]] = [
    ("set", "string", "text"),
    ("rpush", "list", "a", "b"),
    ("hset", "hash", "f", "v"),
    ("sadd", "set", "m"),
    ("zadd", "zset", {"m": 1.5}),
]


class PastDeadlines(Pair):
    """A pair whose time never stands at the very millisecond of a deadline.

    There kvlite's keys are gone, and Redis's have one more millisecond, with a PTTL of 0.
    """

    def advance(self, seconds: float) -> None:
        super().advance(seconds)
        while any(pttl == 0 for _, _, pttl in self.oracle.dump(self.databases).values()):
            super().advance(0.001)


@pytest.fixture(scope="module")
def all_databases(oracle: Oracle) -> Pair:
    return PastDeadlines(oracle, databases=range(3))


@given(histories(*COMMANDS))
def test_keys_answer_as_redis_does(all_databases: Pair, steps: list[Step]) -> None:
    run_history(all_databases, steps)


@pytest.mark.parametrize("method", ["expire", "pexpire", "expireat", "pexpireat"])
@pytest.mark.parametrize("have", [None, 100])
def test_conditions_of_expire(pair: Pair, method: str, have: int | None) -> None:
    """Every combination of NX, XX, GT and LT, with times on both sides of the deadline and bad ones."""
    unit = 1 if method.startswith("p") else 1000
    start = START_MS // unit if method.endswith("at") else 0
    for flags in range(16):
        conditions = {name: bool(flags >> bit & 1) for bit, name in enumerate(("nx", "xx", "gt", "lt"))}
        for time in (50_000, 100_000, 200_000, -1, 0):
            pair.call("set", "k", "v")
            if have:
                pair.call("expire", "k", have)
            pair.call(method, "k", start + time // unit, **conditions)
            pair.compare_state()
        for bad in ("x", 2**63 - 1, -(2**63), 2**62, (2**63 - 1) // 1000, -((2**63) // 1000) - 1):
            pair.call("set", "k", "v")
            pair.call(method, "k", bad, **conditions)
            pair.call(method, "missing", bad, **conditions)
            pair.compare_state()


def test_every_type_is_carried_with_its_deadline(oracle: Oracle) -> None:
    pair = PastDeadlines(oracle, databases=range(2))
    for number, (method, key, *args) in enumerate(ONE_OF_EACH):
        pair.call(method, key, *args)
        pair.call("pexpire", key, 10_500 + number)
        pair.call("copy", key, f"copy of {key}")
        pair.call("rename", key, f"new {key}")
        pair.call("copy", f"new {key}", key, destination_db=1)
        pair.call("move", f"new {key}", 1)
        pair.compare_state()
    for name in ("type", "ttl", "pttl", "expiretime"):
        for _, key, *_ in ONE_OF_EACH:
            pair.call(name, f"copy of {key}")
    pair.advance(10.5)
    pair.compare_state()
    pair.call("swapdb", 0, 1)
    pair.advance(0.002)
    pair.compare_state()
    pair.advance(10)
    pair.compare_state()
    pair.call("dbsize")


def test_a_copy_shares_nothing(pair: Pair) -> None:
    for method, key, *args in [*ONE_OF_EACH, ("append", "buffer", "x"), ("append", "buffer", "y")]:
        pair.call(method, key, *args)
        pair.call("copy", key, f"copy of {key}", replace=True)
    pair.call("append", "copy of buffer", "z")
    pair.call("append", "buffer", "w")
    pair.call("rpush", "copy of list", "c")
    pair.call("lset", "list", 0, "changed")
    pair.call("hset", "copy of hash", "f", "changed")
    pair.call("sadd", "copy of set", "other")
    pair.call("zadd", "copy of zset", {"m": 9})
    pair.compare_state()


@pytest.mark.parametrize("number", [0, 1, -1, 9_999, 10_000, 2**63 - 1, -(2**63), 2**63, "01", "-0", "1.5"])
def test_inside_of_a_number(pair: Pair, number: Any) -> None:
    pair.call("set", "k", number)
    pair.call("object", "encoding", "k")
    pair.call("object", "refcount", "k")
    pair.call("append", "k", "")
    pair.call("object", "encoding", "k")
    pair.call("object", "refcount", "k")


@pytest.mark.parametrize("size", [0, 1, 44, 45, 1000])
def test_encoding_of_texts(pair: Pair, size: int) -> None:
    pair.call("set", "k", "x" * size)
    pair.call("object", "encoding", "k")
    pair.call("append", "new", "x" * size)
    pair.call("object", "encoding", "new")
    pair.call("append", "k", "x")
    pair.call("object", "encoding", "k")
    pair.call("copy", "k", "l")
    pair.call("object", "encoding", "l")


@pytest.mark.parametrize("size", [1, 128, 129, 512, 513, 600])
def test_encoding_of_collections_by_size(pair: Pair, size: int) -> None:
    """As they grow beyond the limits and come back."""
    numbers = list(range(size))
    pair.call("rpush", "list", *numbers)
    pair.call("hset", "hash", mapping=dict.fromkeys(map(str, numbers), "v"))
    pair.call("sadd", "integers", *numbers)
    pair.call("sadd", "set", *numbers, "x")
    pair.call("zadd", "zset", {str(number): number for number in numbers})
    for _ in range(2):
        for key in ("list", "hash", "integers", "set", "zset"):
            pair.call("object", "encoding", key)
            pair.call("object", "refcount", key)
            pair.call("copy", key, "copy", replace=True)
            pair.call("object", "encoding", "copy")
        gone = list(map(str, numbers[1:]))
        if gone:
            pair.call("hdel", "hash", *gone)
            pair.call("srem", "integers", *gone)
            pair.call("zrem", "zset", *gone)
        pair.call("srem", "set", "x")


@pytest.mark.parametrize("size", [64, 65])
def test_encoding_of_collections_by_length(pair: Pair, size: int) -> None:
    pair.call("hset", "field", "x" * size, "v")
    pair.call("hset", "value", "f", "x" * size)
    pair.call("zadd", "zset", {"x" * size: 1})
    for key in ("field", "value", "zset"):
        pair.call("object", "encoding", key)


def test_idle_time(pair: Pair) -> None:
    """What counts as a use of a key, and what does not."""
    uses: list[tuple[Any, ...]] = [
        ("get", "string"),
        ("set", "string", "other"),
        ("set", "new", "value"),
        ("setex", "new", 1000, "value"),
        ("mset", {"new": "value"}),
        ("incr", "number"),
        ("append", "string", "x"),
        ("lrange", "list", 0, -1),
        ("rpush", "list", "c"),
        ("hget", "hash", "f"),
        ("hset", "hash", "f", "w"),
        ("sismember", "set", "m"),
        ("sadd", "set", "m"),
        ("zscore", "zset", "m"),
        ("zadd", "zset", {"m": 2}),
        ("rpush", "new list", "a"),
        ("touch", "string", "list"),
        ("expire", "hash", 1000),
        ("persist", "hash"),
        ("copy", "set", "copy"),
        ("rename", "zset", "renamed"),
        ("renamenx", "renamed", "set"),
        ("move", "copy", 0),
        ("exists", "string"),
        ("type", "string"),
        ("ttl", "list"),
        ("scan", 0),
        ("keys",),
        ("object", "encoding", "hash"),
        ("dbsize",),
        ("unlink", "new"),
        ("set", "new", "again"),
    ]
    for method, *args in ONE_OF_EACH:
        pair.call(method, *args)
    pair.call("set", "number", 20_000)  # one below 10,000 is the same object everywhere, with one time
    for method, *args in uses:
        pair.advance(7.3)
        pair.oracle.settle()
        pair.call_unordered(method, *args)
        for key in sorted(pair.store.keys()):
            pair.call("object", "idletime", key)


def test_python_habits(pair: Pair) -> None:
    def delete(side: Any, name: Any) -> None:
        del side[name]

    def put(side: Any, name: Any, value: Any) -> None:
        side[name] = value

    def use(name: Any, value: Any = None) -> None:
        if value is not None:
            pair.both(lambda side: put(side, name, value))
        for _ in range(2):
            pair.both(lambda side: name in side)
            pair.both(lambda side: side[name])
            pair.both(lambda side: delete(side, name))
            pair.compare_state()

    pair.call("rpush", "list", "a")
    use("list")
    for name in ("s", "", b"\xff", 1, None, True):
        use(name, 1)
    pair.both(lambda side: put(side, "s", None))
    pair.compare_state()


def test_decoded(oracle: Oracle) -> None:
    pair = Pair(oracle, decode_responses=True)
    pair.call("set", "é", "1", ex=10)
    calls: list[tuple[Any, ...]] = [
        ("keys",),
        ("keys", "é*"),
        ("scan",),
        ("scan_iter",),
        ("randomkey",),
        ("type", "é"),
        ("type", "none"),
        ("object", "encoding", "é"),
        ("object", "refcount", "é"),
        ("object", "encoding", "none"),
        ("set", b"\xff", "1"),
        ("keys",),
        ("scan",),
    ]
    for method, *args in calls:
        pair.call_unordered(method, *args)


def test_guessed_cursors_do_no_harm(pair: Pair) -> None:
    """What they give is up to the server; that they are taken, and of what shape the answer is, is not."""
    for cursor in ["+1", "-1", "007", "-18446744073709551615", 2**64 - 1, 2**63, "1\0x"]:
        pair.call("scan", cursor)
