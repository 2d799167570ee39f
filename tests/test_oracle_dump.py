"""DUMP and RESTORE: what redis-server dumps a store restores, and the other way round."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
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
    keys,
    mostly,
    run_history,
    time_passes,
    values,
)
from payloads import BAD, GOOD, HASH_LISTPACK, payload, raw
from test_oracle_encodings import SMALL, Encodings
from test_oracle_keys import PastDeadlines

from kvlite.rdb import listpack

# --- values, both ways --- --------------------------------------------------------------------------

LONG = "the same again and again and " * 30
TEXTS = st.one_of(
    values(),
    st.integers(-(2**63), 2**63 - 1),
    st.integers(-200, 200).map(lambda number: number**5),
    st.binary(max_size=100).map(lambda text: text * 5),
    st.sampled_from([LONG, LONG[7:300], "x" * 44, "x" * 127, "x" * 5000, "y" * 20_000]),
)
MANY_TEXTS = st.one_of(
    st.lists(TEXTS, min_size=1, max_size=8),
    st.lists(TEXTS, min_size=1, max_size=3).map(lambda texts: texts * 50),
    st.integers(1, 600).map(range),
    st.integers(1, 600).map(lambda size: [f"{number} squared is {number**2}" for number in range(size)]),
)
SCORES = st.one_of(st.floats(allow_nan=False), st.integers(-(2**62), 2**62), st.integers(-9, 9))
LIMITS = st.fixed_dictionaries(
    {name: st.sampled_from([2, 5, 64, 500]) for name in SMALL}
    | {
        "list-max-listpack-size": st.sampled_from([-1, -2, -5, -7, 0, 1, 3, 40_000]),
        "list-compress-depth": st.sampled_from([0, 0, 1, 2]),
        "rdbcompression": st.sampled_from(["yes", "yes", "no"]),
    }
)


@pytest.fixture(scope="module")
def kept(oracle: Oracle) -> Encodings:
    return Encodings(oracle, {})


def fill(pair: Pair, texts: Iterable[Any], scores: Iterable[Any]) -> None:
    texts = list(texts)
    scored = dict(zip(texts, scores, strict=False))
    pair.call("set", "string", texts[0])
    pair.call("rpush", "list", *texts)
    pair.call("hset", "hash", mapping=dict(zip(texts, reversed(texts), strict=True)))
    pair.call("sadd", "set", *texts)
    if scored:
        pair.call("zadd", "zset", scored)


@settings(max_examples=60)
@given(MANY_TEXTS, st.lists(SCORES, max_size=200), LIMITS)
def test_random_values(kept: Encodings, texts: list[Any], scores: list[Any], limits: dict[str, Any]) -> None:
    """Payloads are the same, unless Redis keeps the elements in no order, and restore the same."""
    kept.reset()
    for name, value in limits.items():
        kept.call("config_set", name, value)
    fill(kept, texts, scores)
    for name in list(kept.store):
        theirs, own = kept.redis.dump(name), kept.store.dump(name)
        if kept.store.object("encoding", name) != b"hashtable":
            assert theirs == own, name
        for side in (kept.redis, kept.store):
            assert side.restore(b"their " + name, 500_000, theirs) == b"OK"
            assert side.restore(b"own " + name, START_MS + 500_000, own, absttl=True) == b"OK"
        assert kept.store.dump(b"their " + name) == kept.store.dump(b"own " + name) or b"hashtable" in (
            kept.store.object("encoding", name),
            kept.store.object("encoding", b"own " + name),
        )
    kept.compare_state()


@pytest.mark.parametrize(
    "size", [*range(18, 26), 63, 64, 65, 127, 128, 4095, 4096, 16370, 16378, 16383, 16384]
)
@pytest.mark.parametrize("pattern", [b"x", b"abcdefgh", bytes(range(256)) * 70])
def test_payloads_by_size(oracle: Oracle, size: int, pattern: bytes) -> None:
    """Around the limits of lengths, of compression and of entries of a listpack."""
    text = (pattern * size)[:size]
    pair = Encodings(oracle, {"hash-max-listpack-value": 100_000})
    pair.call("set", "string", text)
    pair.call("hset", "hash", text, "1")
    pair.call("rpush", "list", text, text, "1")
    pair.call("zadd", "zset", {text: 1.5, "a": 2})
    for name in ("string", "hash", "list", "zset"):
        assert_same_payload(pair, name)


def assert_same_payload(pair: Pair, name: str) -> None:
    assert pair.redis.dump(name) == pair.store.dump(name)


@pytest.mark.parametrize("bits", [3, 7, 8, 12, 13, 15, 16, 23, 24, 31, 32, 62, 63])
def test_payloads_of_numbers(pair: Pair, bits: int) -> None:
    near = [sign * ((1 << bits) + step) for sign in (1, -1) for step in (-1, 0, 1)]
    numbers = [number for number in near if -(2**63) <= number < 2**63]
    for number in numbers:
        pair.call("set", number, number)
        assert_same_payload(pair, str(number))
        pair.call("sadd", f"set of {number}", 1, number)
        assert_same_payload(pair, f"set of {number}")
    pair.call("rpush", "list", *numbers)
    pair.call("hset", "hash", mapping=dict(zip(numbers, numbers, strict=True)))
    pair.call("zadd", "zset", {str(number): number for number in numbers})
    for name in ("list", "hash", "zset"):
        assert_same_payload(pair, name)


@pytest.mark.parametrize("size", [65_534, 65_535, 65_536])
def test_more_entries_than_a_listpack_counts(oracle: Oracle, size: int) -> None:
    pair = Encodings(oracle, {"hash-max-listpack-entries": 10**6, "zset-max-listpack-entries": 10**6})
    pair.oracle._control.config_set("sanitize-dump-payload", "yes")
    own = payload(HASH_LISTPACK, raw(listpack.encode(b"%d" % number for number in range(2 * (size // 2)))))
    for side in (pair.redis, pair.store):
        side.restore("hash", 0, own)
    assert_same_payload(pair, "hash")
    assert pair.redis.hlen("hash") == pair.store.hlen("hash") == size // 2


def test_large_values(oracle: Oracle) -> None:
    """Beyond what is compressed payloads are others, and restore the same."""
    pair = Encodings(oracle, {})
    line = "a line of text that is there many times\n"
    pair.call("set", "string", line * 60_000)
    pair.call("rpush", "list", *[line * 100] * 600)
    pair.call("hset", "hash", mapping={f"field {number}": line * number for number in range(400)})
    for name in ("string", "list", "hash"):
        assert pair.redis.restore(name, 0, pair.store.dump(name), replace=True) == b"OK"
        assert pair.store.restore(name, 0, pair.redis.dump(name), replace=True) == b"OK"
    pair.compare_state()


def test_strings_however_they_are_kept(pair: Pair) -> None:
    for step in [
        ("incr", 5),
        ("append", "7"),
        ("setrange", 1, "23"),
        ("incrbyfloat", 0),
        ("incrbyfloat", 0.5),
    ]:
        pair.call(step[0], "k", *step[1:])
        assert_same_payload(pair, "k")


@pytest.fixture
def strict(oracle: Oracle) -> Pair:
    """Redis looks through what it restores as closely as it can; as a rule it does so for no client."""
    oracle.reset()
    pair = Encodings(oracle, {})
    oracle._control.config_set("sanitize-dump-payload", "yes")
    return pair


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("limit", [None, 2])
def test_payloads_of_every_version(strict: Pair, name: str, limit: int | None) -> None:
    if limit is not None:
        for setting in SMALL:
            strict.call("config_set", setting, limit)
    assert strict.call("restore", "k", 0, GOOD[name]) == b"OK"
    strict.compare_state()
    restored = strict.redis.dump("k")
    assert strict.store.restore("k", 0, restored, replace=True) == b"OK"
    strict.compare_state()


@pytest.mark.parametrize("name", BAD)
def test_bad_payloads(strict: Pair, name: str) -> None:
    for replace in (False, True):
        strict.call("restore", "k", 0, BAD[name], replace=replace)
        strict.call("set", "k", "as before")
        strict.compare_state()


# --- RESTORE and its arguments -------------------------------------------------------------------------

TTLS = mostly(
    st.sampled_from([0, 1, 1000, "5000", START_MS + 1000, START_MS - 1000, 2**40, -1]),
    st.one_of(int_texts(), st.sampled_from([1.5, 2**63, timedelta(1), None, -0.0])),
    6,
)
IDLE = mostly(st.sampled_from([0, 1, 100, 10_000, "5", 10**6]), st.sampled_from([-1, 2**63, "x", 1.5]), 5)
OFTEN = mostly(st.sampled_from([0, 1, 255, "7"]), st.sampled_from([-1, 256, 2**63, "x", 1.5, True]), 5)
SHORT = [each for each in GOOD.values() if len(each) < 100]
SURELY_BAD = [
    BAD[name] for name in ("nothing", "short", "a newer version", "another checksum", "an unknown kind")
]
ANY_PAYLOAD = mostly(st.sampled_from(SHORT), st.sampled_from([*SURELY_BAD, "x", None, 5, 1.5]), 5)
FLAGS = {"replace": st.booleans(), "absttl": st.booleans()}

COMMANDS = [
    command("restore", mostly(keys(), bad_values(), 20), TTLS, ANY_PAYLOAD, **FLAGS).weighing(6),
    command("restore", keys(), TTLS, ANY_PAYLOAD, **FLAGS, idletime=IDLE, frequency=OFTEN).weighing(4),
    command("restore", keys(), 0, ANY_PAYLOAD).always(replace=True, idletime=IDLE),
    command("dump", mostly(keys(), bad_values(), 5)).shape(),
    command("set", keys(), "text"),
    command("expire", keys(), 100),
    time_passes(),
]


@settings(max_examples=60)
@given(histories(*COMMANDS))
def test_restore_answers_as_redis_does(past_deadlines: Pair, steps: list[Step]) -> None:
    run_history(past_deadlines, steps)


@pytest.fixture(scope="module")
def past_deadlines(oracle: Oracle) -> Pair:
    oracle.reset()
    return PastDeadlines(oracle)


@pytest.mark.parametrize("idle", [None, 0, 1, 1000, "77", 10**6, 5_000_000])
def test_idle_time_of_what_is_restored(pair: Pair, idle: Any) -> None:
    pair.oracle.settle()
    pair.call("restore", "k", 0, GOOD["raw"], idletime=idle)
    pair.call("object", "idletime", "k")
    pair.advance(7.3)
    pair.oracle.settle()
    pair.call("object", "idletime", "k")


def test_decoded(oracle: Oracle) -> None:
    pair = Pair(oracle, decode_responses=True)
    pair.call("set", "k", "é")
    pair.call("dump", "k")
    pair.call("dump", "none")
    pair.call("restore", "l", 0, pair.store.dump("k"))
    pair.call("restore", "l", 0, pair.store.dump("k"))
    pair.call("get", "l")
