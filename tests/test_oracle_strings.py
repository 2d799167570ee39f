"""Strings answer as redis-server does: every command in random histories."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import (
    Oracle,
    Pair,
    Step,
    bad_values,
    command,
    float_texts,
    floats,
    histories,
    int_texts,
    ints,
    keys,
    many,
    mostly,
    run_history,
    small_ints,
    time_passes,
    values,
)

TEXTS = mostly(values(), bad_values(), 15)
NUMBERS = mostly(small_ints(), st.one_of(ints(), int_texts(), floats()), 4)
INDEXES = mostly(st.integers(-12, 12), st.one_of(ints(), int_texts()), 8)
AMOUNTS = mostly(floats(), st.one_of(float_texts(), ints()), 3)
MAPPINGS = st.dictionaries(keys(), TEXTS, max_size=3)
BITS = st.booleans()
NOW = 1_800_000_000
LIFE = mostly(
    st.integers(1, 100),
    st.sampled_from([0, -1, 2**62, 2**63, "5", "x", 1.5, timedelta(seconds=3), timedelta(milliseconds=1500)]),
    4,
)
WHEN = mostly(
    st.integers(NOW - 10, NOW + 200),
    st.sampled_from([0, -1, 1, 2**62, 2**63, "x", datetime(2030, 1, 1, tzinfo=UTC)]),
    4,
)
WHEN_MS = mostly(WHEN.map(lambda when: when * 1000 if isinstance(when, int) else when), WHEN, 6)
LIVES = {"ex": LIFE, "px": LIFE, "exat": WHEN, "pxat": WHEN_MS}

COMMANDS = [
    command("get", keys()).weighing(2),
    command("mget", st.lists(keys(), max_size=3), many(keys(), 0, 2)),
    command("set", keys(), TEXTS, nx=BITS, xx=BITS, keepttl=BITS, get=BITS, **LIVES).weighing(3),
    command("set", keys(), mostly(st.integers(-(2**63), 2**63 - 1), int_texts())).weighing(2),
    command("setex", keys(), LIFE, TEXTS),
    command("psetex", keys(), LIFE, TEXTS),
    command("setnx", keys(), TEXTS),
    command("getset", keys(), TEXTS),
    command("getdel", keys()),
    command("getex", keys(), persist=BITS, **LIVES),
    command("mset", MAPPINGS),
    command("msetnx", MAPPINGS),
    command("append", keys(), TEXTS).weighing(2),
    command("strlen", keys()),
    command("getrange", keys(), INDEXES, INDEXES),
    command("substr", keys(), INDEXES),
    command(
        "setrange", keys(), mostly(st.integers(0, 12), st.sampled_from([-1, 2**29, 2**63, "x"]), 6), TEXTS
    ),
    command("incr", keys(), amount=NUMBERS).weighing(2),
    command("incrby", keys(), NUMBERS),
    command("decr", keys(), amount=NUMBERS),
    command("decrby", keys(), NUMBERS),
    command("incrbyfloat", keys(), AMOUNTS).weighing(2),
    command("lcs", keys(), keys(), len=BITS, idx=BITS, minmatchlen=st.integers(-1, 4), withmatchlen=BITS),
    command("lpush", keys(), "element"),
    command("delete", keys()),
    time_passes(),
]


@pytest.fixture(scope="module")
def pair(oracle: Oracle) -> Pair:
    return Pair(oracle)


@given(histories(*COMMANDS))
def test_strings_answer_as_redis_does(pair: Pair, steps: list[Step]) -> None:
    run_history(pair, steps)


@given(st.binary(max_size=12).map(lambda b: bytes(c % 4 for c in b)), st.binary(max_size=12))
def test_lcs(pair: Pair, first: bytes, second: bytes) -> None:
    pair.reset()
    pair.call("mset", {"a": first, "b": bytes(c % 4 for c in second)})
    pair.call("lcs", "a", "b")
    pair.call("lcs", "a", "b", idx=True, withmatchlen=True)


def test_sizes(pair: Pair) -> None:
    pair.reset()
    for offset in (2**29 - 1, 2**29, 2**63 - 1):
        pair.call("setrange", "k", offset, "ab")
        pair.call("setrange", "missing", offset, "")
    pair.compare_state()


def test_float_texts_are_those_of_redis(pair: Pair) -> None:
    for current, amount in [("3.0e3", "200"), ("0.1", "0.2"), ("1.1", "2.2"), ("0", "1e-17"), ("5.0", "-5")]:
        pair.call("set", "f", current)
        pair.call("incrbyfloat", "f", amount)
        pair.call("get", "f")


def test_decoded(oracle: Oracle) -> None:
    pair = Pair(oracle, decode_responses=True)
    pair.call("mset", {"a": "é", "b": 1, "c": b"\xff"})
    for method, *args in [
        ("get", "a"),
        ("get", "c"),
        ("mget", "a", "b", "none"),
        ("getrange", "a", 0, -1),
        ("getrange", "a", 0, 0),
        ("lcs", "a", "b"),
        ("lcs", "a", "a", False, True),
        ("getset", "a", "x"),
        ("set", "a", "y", None, None, False, False, False, True),
        ("getex", "a"),
        ("getdel", "a"),
    ]:
        pair.call(method, *args)
