"""HyperLogLogs answer as redis-server does, and have its bytes: every command in random histories."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import (
    Many,
    Oracle,
    Pair,
    Step,
    bad_values,
    command,
    histories,
    keys,
    many,
    mostly,
    run_history,
    time_passes,
    values,
)

from kvlite.structs.hyperloglog import place_of

ELEMENTS = mostly(values(), bad_values(), 20)


class Long(bytes):
    """What is not shown where a history fails."""

    def __repr__(self) -> str:
        return f"<{len(self)} bytes of {self[-1]}>"


SKETCHES = [
    b"HYLL\x01" + bytes(11) + b"\x7f\xff",
    b"HYLL\x01" + bytes(10) + b"\x80\x7f\xff",
    b"HYLL\x01\0\0\0\x05" + bytes(7) + b"\x7f\xff",
    b"HYLL\x01" + bytes(10) + b"\x80" + b"\x00" * 5 + b"\x80\x84\x88" + b"\x7f\xf7",
    Long(b"HYLL\x00" + bytes(10) + b"\x80" + bytes(12288)),
    Long(b"HYLL\x00" + bytes(10) + b"\x80" + b"\xff" * 12288),
]
"""Whole ones."""
LONG_RUNS = [b"I\x9b\xde_a\xa0\x9cU", b"\xb3\xcc\x8a\xadgd~:", b"\x19\xc2i\x1f\xcc\xd0`\x06"]
"""Elements whose hashes have 32, 40 and 50 zeros; one in four thousand million has."""
NO_SKETCHES = [
    b"HYLL\x01" + bytes(10),
    b"HYLL\x01" + bytes(11),
    b"HYLL\x01" + bytes(10) + b"\x80",
    b"HYLL\x01" + bytes(10) + b"\x80\x3f",
    b"HYLL\x01" + bytes(10) + b"\x80\x7f\xff\x3f",
    b"HYLL\x02" + bytes(10) + b"\x80\x7f\xff",
    b"hyll\x01" + bytes(10) + b"\x80\x7f\xff",
    b"HYLL\x00" + bytes(11),
    b"",
    "a",
    10,
]
"""Others that look more or less like one."""


def several(sizes: list[int]) -> Many:
    """So many elements at once, of which some may be there already."""
    starts, counts = st.integers(0, 20), st.sampled_from(sizes)
    return Many(
        st.builds(lambda start, count: [f"element:{start * 97 + at}" for at in range(count)], starts, counts)
    )


COMMANDS = [
    command("pfadd", keys(), many(ELEMENTS, 0, 4)).weighing(4),
    command("pfcount", keys()).weighing(3),
    command("pfcount", many(keys(), 0, 4)).weighing(2),
    command("pfmerge", keys(), many(keys(), 0, 3)).weighing(3),
    command("set", keys(), st.sampled_from(SKETCHES)).weighing(2),
    command("set", keys(), st.sampled_from(NO_SKETCHES)),
    command("get", keys()),
    command("strlen", keys()),
    command("object", st.just("encoding"), keys()),
    command("append", keys(), st.sampled_from(["", "a", b"\x80", b"\x3f"])),
    command("setbit", keys(), st.integers(64, 127), st.integers(0, 1)),
    command("expire", keys(), 10),
    command("copy", keys(), keys(), replace=st.booleans()),
    command("lpush", keys(), "element"),
    command("delete", keys()).weighing(2),
    time_passes(),
]


@pytest.fixture(scope="module")
def pair(oracle: Oracle) -> Pair:
    return Pair(oracle)


@given(histories(*COMMANDS))
def test_hyperloglogs_answer_as_redis_does(pair: Pair, steps: list[Step]) -> None:
    run_history(pair, steps)


def large(sizes: list[int]) -> st.SearchStrategy[list[Step]]:
    """Histories of sketches with many elements."""
    others = [row for row in COMMANDS if row.method in ("pfcount", "pfmerge", "copy", "delete")]
    return histories(*others, command("pfadd", keys(), several(sizes)).weighing(6), size=25)


@settings(max_examples=40)
@given(large([1, 10, 100, 300, 600]))
def test_large_ones(pair: Pair, steps: list[Step]) -> None:
    run_history(pair, steps)


@settings(max_examples=40)
@given(st.sampled_from([16, 18, 20, 24, 30, 50, 200]), large([1, 2, 5, 20]))
def test_other_limits(oracle: Oracle, limit: int, steps: list[Step]) -> None:
    pair = Pair(oracle)
    for side in (pair.redis, pair.store):
        side.config_set("hll-sparse-max-bytes", limit)
    try:
        for step in steps:
            step.run(pair)
            pair.compare_state()
    finally:
        oracle.reset()


def test_a_hundred_thousand_elements(pair: Pair) -> None:
    """Nearly all registers come into use."""
    pair.reset()
    for start in range(0, 100_000, 2_000):
        pair.call("pfadd", "k", *range(start, start + 2_000))
        pair.call("pfcount", "k")
    pair.compare_state()
    pair.call("pfadd", "few", *range(99_990, 100_010))
    pair.call("pfcount", "k", "few")
    pair.call("pfmerge", "few", "k")
    pair.call("pfcount", "few")
    pair.compare_state()


def test_numbers_too_large_for_a_sparse_sketch(pair: Pair) -> None:
    pair.reset()
    for element in LONG_RUNS:
        assert place_of(element)[1] > 32
        pair.call("pfadd", "k", "a", "b", element, "c")
        pair.call("pfadd", "k", element, "d")
        pair.call("pfcount", "k")
        pair.compare_state()
        pair.call("delete", "k")


@pytest.mark.parametrize("size", [0, 3, 300, 5000])
def test_payloads_go_both_ways(pair: Pair, size: int) -> None:
    pair.reset()
    pair.call("pfadd", "k", *range(size))
    pair.store.restore("from redis", 0, pair.redis.dump("k"))
    pair.redis.restore("from kvlite", 0, pair.store.dump("k"))
    pair.store.rename("from redis", "from kvlite")
    pair.call("pfadd", "from kvlite", "a", 1)
    pair.call("pfcount", "k", "from kvlite")
    pair.call("object", "encoding", "from kvlite")
    pair.compare_state()
