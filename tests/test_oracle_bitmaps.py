"""Bitmaps and bitfields answer as redis-server does: every command in random histories."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import (
    Oracle,
    Pair,
    Step,
    command,
    histories,
    int_texts,
    ints,
    keys,
    many,
    mostly,
    run_history,
    time_passes,
    values,
)

BIT_PLACES = mostly(
    st.integers(0, 60), st.one_of(ints().filter(lambda n: not 2**20 < n < 2**32), int_texts()), 10
)
"""Also those beyond 512 MB, but none that takes as much."""
ENDS = mostly(st.integers(-12, 12), st.one_of(ints(), int_texts()), 10)
MODES = mostly(st.sampled_from(["BYTE", "BIT", "byte", "bit"]), st.sampled_from(["", "BITS"]), 10)
TEXTS = mostly(st.binary(max_size=12), values(), 4)
FORMS = mostly(
    st.sampled_from(["u1", "i1", "u2", "i3", "u8", "i8", "i5", "u13", "i64", "u63", "i33"]),
    st.sampled_from(["u64", "i65", "u0", "i0", "u", "i", "", "U8", "i08", "i+8", "u-1", "8", "i8 ", "x8"]),
    15,
)
FIELD_PLACES = mostly(
    st.one_of(st.integers(0, 60), st.integers(0, 8).map("#{}".format)),
    st.sampled_from(["-1", "#-1", "#", "##1", "a", "4294967296", "#2305843009213693952", 2**63, "+1"]),
    15,
)
NUMBERS = mostly(
    st.integers(-300, 300),
    st.sampled_from([2**63 - 1, -(2**63), 2**62, -(2**62), 2**63, "a", "", "01", 2**32, -1]),
    3,
)
OVERFLOWS = mostly(st.sampled_from(["WRAP", "SAT", "FAIL", "sat"]), st.sampled_from(["", "none"]), 12)
OPERATION = st.one_of(
    st.tuples(st.just("get"), FORMS, FIELD_PLACES),
    st.tuples(st.just("set"), FORMS, FIELD_PLACES, NUMBERS),
    st.tuples(st.just("incrby"), FORMS, FIELD_PLACES, NUMBERS),
    st.tuples(st.just("incrby"), FORMS, FIELD_PLACES, NUMBERS, OVERFLOWS),
    st.tuples(st.just("overflow"), OVERFLOWS),
)

COMMANDS = [
    command("setbit", keys(), BIT_PLACES, st.sampled_from([0, 1, True, False, 2, "", "a"])).weighing(4),
    command("getbit", keys(), BIT_PLACES).weighing(2),
    command("bitcount", keys(), start=ENDS, end=ENDS, mode=MODES),
    command("bitcount", keys(), ENDS, ENDS),
    command("bitcount", keys(), ENDS, ENDS, MODES),
    command("bitpos", keys(), mostly(st.integers(0, 1), ints()), start=ENDS, end=ENDS, mode=MODES),
    command("bitpos", keys(), st.integers(0, 1), ENDS, ENDS),
    command("bitpos", keys(), st.integers(0, 1), ENDS, ENDS, MODES).weighing(2),
    command("bitop", st.sampled_from(["AND", "OR", "XOR", "and", "Or"]), keys(), many(keys(), 1, 4)).weighing(
        3
    ),
    command(
        "bitop", mostly(st.just("NOT"), st.sampled_from(["", "NAND", b"\xff"])), keys(), many(keys(), 1, 2)
    ),
    command(
        "bitfield_ro", keys(), FORMS, FIELD_PLACES, items=st.lists(st.tuples(FORMS, FIELD_PLACES), max_size=3)
    ).weighing(2),
    command("bitfield", keys(), st.one_of(st.none(), OVERFLOWS), st.lists(OPERATION, max_size=5)).weighing(8),
    command("set", keys(), TEXTS).weighing(2),
    command("get", keys()),
    command("object", st.just("encoding"), keys()),
    command("append", keys(), TEXTS),
    command("incr", keys()),
    command("setrange", keys(), st.integers(0, 5), TEXTS),
    command("expire", keys(), 10),
    command("copy", keys(), keys(), replace=st.booleans()),
    command("lpush", keys(), "element"),
    command("delete", keys()),
    time_passes(),
]


@pytest.fixture(scope="module")
def pair(oracle: Oracle) -> Pair:
    return Pair(oracle)


@given(histories(*COMMANDS))
def test_bitmaps_answer_as_redis_does(pair: Pair, steps: list[Step]) -> None:
    run_history(pair, steps)
