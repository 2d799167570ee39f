"""HyperLogLogs: what an oracle cannot see."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kvlite import ManualClock, ResponseError, Store
from kvlite.structs import hyperloglog
from kvlite.structs.hyperloglog import (
    DENSE_SIZE,
    EMPTY,
    REGISTERS,
    Sparse,
    dense_changes,
    dense_of,
    greatest,
    murmur,
    registers_of,
    self_test,
    write_dense,
)

NEAR = st.tuples(st.integers(REGISTERS - 6, REGISTERS - 1), st.integers(1, 2))
PLACES = st.tuples(
    st.one_of(st.integers(0, REGISTERS - 1), st.integers(0, 12), st.integers(REGISTERS - 12, REGISTERS - 1)),
    st.integers(1, 32),
)


@pytest.fixture
def store() -> Store[bytes]:
    return Store(clock=ManualClock())


def as_registers(places: list[tuple[int, int]]) -> bytearray:
    registers = bytearray(REGISTERS)
    for register, number in places:
        registers[register] = max(registers[register], number)
    return registers


@given(st.lists(PLACES, max_size=60))
def test_both_encodings_hold_what_was_put(places: list[tuple[int, int]]) -> None:
    sparse, dense, registers = Sparse(EMPTY), dense_of(EMPTY, bytes(REGISTERS)), bytearray(REGISTERS)
    for register, number in places:
        changes = registers[register] < number
        registers[register] = max(registers[register], number)
        assert sparse.put(register, number, limit=10_000) is changes
        assert bool(dense_changes(dense, [(register, number)])) is changes
        write_dense(dense, [(register, number)])
    assert registers_of(sparse.text) == registers_of(dense) == registers == as_registers(places)
    assert dense == dense_of(sparse.text, registers)


@given(
    st.lists(st.one_of(PLACES, NEAR), min_size=1, max_size=40),
    st.lists(st.integers(1, 6), min_size=1, max_size=20),
)
def test_a_change_is_what_makes_one_text_of_the_other(
    places: list[tuple[int, int]], steps: list[int]
) -> None:
    """However many were put, and however the places were found: anew, or as they were remembered."""
    sparse = Sparse(EMPTY)
    for size in steps:
        before, some, places = bytes(sparse.text), places[:size], places[size:]
        sparse.begin()
        changed = [sparse.put(register, number, limit=10_000) for register, number in some]
        if not any(changed):
            continue
        start, stop, chunk = sparse.change()
        assert before[:start] + chunk + before[stop:] == sparse.text
        assert len(chunk) <= 16 * len(some)
        anew = Sparse(sparse.text)
        assert (anew._starts, anew._long, anew._total) == (sparse._starts, sparse._long, REGISTERS)


@given(st.binary(min_size=64, max_size=64), st.binary(min_size=64, max_size=64))
def test_the_greater_of_both(first: bytes, second: bytes) -> None:
    one = bytes(byte & 63 for byte in first) * (REGISTERS // 64)
    other = bytes(byte & 63 for byte in second) * (REGISTERS // 64)
    assert greatest(one, other) == bytes(map(max, one, other))


def test_the_hash() -> None:
    """Some values of MurmurHash64A with this seed, as redis-server's registers tell them."""
    assert murmur(b"") == murmur(bytes(0))
    assert len({murmur(b"x" * length) for length in range(100)}) == 100
    assert all(murmur(b"x" * length) < 1 << 64 for length in range(100))


def test_the_test_of_oneself(monkeypatch: pytest.MonkeyPatch) -> None:
    assert self_test() is None
    for name, broken in {
        "cardinality": lambda registers: 4000,
        "write_dense": lambda dense, places: False,
        "place_of": lambda element: (len(element), 40),
    }.items():
        with monkeypatch.context() as patch:
            patch.setattr(hyperloglog, name, broken)
            assert self_test() is not None, name


@pytest.mark.parametrize("size", [10, 100, 1000, 10_000, 100_000])
def test_the_estimate_is_a_good_one(store: Store[bytes], size: int) -> None:
    store.pfadd("k", *(f"user:{number}" for number in range(size)))
    assert abs(store.pfcount("k") - size) <= 3 * 0.0081 * size
    assert store.strlen("k") <= DENSE_SIZE


def test_a_sparse_one_that_others_have_changed(store: Store[bytes]) -> None:
    """What was remembered of it counts for nothing then."""
    other = Store()
    for number in range(50):
        store.pfadd("k", number)
        other.pfadd("k", number)
        text = other.get("k")
        assert text is not None
        if number % 10 == 3:
            store.set("k", text)
        if number % 10 == 5:
            store.pfadd("gone", "a", "b")
            store.rename("gone", "k")
            store.rename("k", "gone")
            store.set("k", text)
        if number % 10 == 7:
            with pytest.raises(KeyError), store.atomic():
                store.pfadd("k", "x", "y", "z")
                raise KeyError
        assert store.get("k") == text


def test_many_sparse_ones(store: Store[bytes]) -> None:
    """More than are remembered."""
    other = Store()
    random = Random(1)
    for _ in range(500):
        key, element = f"k{random.randrange(100)}", random.randrange(30)
        assert store.pfadd(key, element) == other.select(random.randrange(1)).pfadd(key, element)
    for key in list(store.scan_iter()):
        anew = Store()
        anew.set("k", store[key])
        assert anew.pfadd("k", "x") == store.pfadd(key, "x")
        assert anew["k"] == store[key]
    assert len(store._sparse or ()) <= 64


def test_a_dense_one_is_written_in_place(store: Store[bytes]) -> None:
    store.pfadd("k", *range(5000))
    buffer = store._db.data[b"k"]
    assert store.pfadd("k", *range(5000, 5100)) == 1
    assert store.pfcount("k")
    assert store._db.data[b"k"] is buffer


def test_a_count_breaks_a_watch_only_where_it_is_written(store: Store[bytes]) -> None:
    store.pfadd("k", "a")
    for expected in (True, False):
        with store.pipeline() as pipe:
            pipe.watch("k")
            store.pfcount("k")
            assert pipe._watch is not None
            assert pipe._watch.broken is expected


def test_a_store_that_only_reads_counts(tmp_path: Path) -> None:
    with Store(tmp_path / "app.kv") as store:
        store.pfadd("k", "a", "b")
        store.pfadd("many", *range(5000))
    with Store(tmp_path / "app.kv", read_only=True) as store:
        assert store.pfcount("k") == 2
        assert store.pfcount("k", "many") == store.pfcount("many", "k") > 4800
        with pytest.raises(ResponseError, match="READONLY"):
            store.pfadd("k", "c")


def test_the_log_has_what_was_added(tmp_path: Path) -> None:
    """Not the whole sketch each time; and what it makes is the same."""
    path = tmp_path / "app.kv"
    with Store(path) as store:
        for number in range(3000):
            store.pfadd("k", number)
            if number % 100 == 0:
                store.pfcount("k")
        journal: Any = store._shared.journal
        assert journal.written()[1] < 3000 * 70 + 2 * DENSE_SIZE
        text = store.get("k")
    with Store(path) as store:
        assert store.get("k") == text
