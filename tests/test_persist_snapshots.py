"""A snapshot that is taken slice by slice is the state of the moment it began, whatever went on between."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from disks import START_MS, Undo
from histories import state_of
from hypothesis import given, settings
from hypothesis import strategies as st

from kvlite import ManualClock, RedisError, Store
from kvlite.database import Database
from kvlite.keyspace import DATABASES
from kvlite.persist.snapshot import Capture, load_chunk, read_snapshot, write_snapshot

KEYS = [f"k{number}" for number in range(12)]
keys = st.sampled_from(KEYS)
indexes = st.integers(0, 2)

# (database, method, arguments); a list of them is an atomic block, and one in a tuple a block that is undone.
plain_steps = st.one_of(
    st.tuples(indexes, st.just("delete"), st.tuples(keys)),
    st.tuples(indexes, st.just("delete"), st.tuples(keys, keys, keys)),
    st.tuples(indexes, st.just("set"), st.tuples(keys, st.integers(0, 9))),
    st.tuples(indexes, st.just("psetex"), st.tuples(keys, st.integers(1, 4000), st.just("v"))),
    st.tuples(indexes, st.just("incr"), st.tuples(keys)),
    st.tuples(indexes, st.just("append"), st.tuples(keys, st.just("z"))),
    st.tuples(indexes, st.just("rpush"), st.tuples(keys, st.just("a"), st.just("b"))),
    st.tuples(indexes, st.just("lpop"), st.tuples(keys)),
    st.tuples(indexes, st.just("lmove"), st.tuples(keys, keys)),
    st.tuples(indexes, st.just("sadd"), st.tuples(keys, st.sampled_from("xyz"))),
    st.tuples(indexes, st.just("smove"), st.tuples(keys, keys, st.sampled_from("xyz"))),
    st.tuples(indexes, st.just("hset"), st.tuples(keys, st.sampled_from("fg"), st.integers(0, 9))),
    st.tuples(indexes, st.just("hpexpire"), st.tuples(keys, st.integers(1, 3000), st.just("f"))),
    st.tuples(indexes, st.just("zincrby"), st.tuples(keys, st.just(1.5), st.sampled_from("xyz"))),
    st.tuples(indexes, st.just("rename"), st.tuples(keys, keys)),
    st.tuples(indexes, st.just("copy"), st.tuples(keys, keys)),
    st.tuples(indexes, st.just("move"), st.tuples(keys, indexes)),
    st.tuples(indexes, st.just("pexpire"), st.tuples(keys, st.integers(1, 4000))),
    st.tuples(indexes, st.just("flushdb"), st.just(())),
    st.tuples(indexes, st.just("flushall"), st.just(())),
    st.tuples(indexes, st.just("swapdb"), st.tuples(indexes, indexes)),
    st.tuples(indexes, st.just("mset"), st.tuples(st.dictionaries(keys, st.integers(0, 9), min_size=1))),
)
times = st.tuples(st.just(0), st.just("advance"), st.tuples(st.floats(0, 2)))
blocks = st.lists(plain_steps, min_size=1, max_size=8)
steps = st.one_of(plain_steps, plain_steps, times, blocks, st.tuples(blocks))


def take(store: Store[Any], step: Any) -> None:
    if isinstance(step, list):
        with store.atomic():
            for each in step:
                take(store, each)
    elif len(step) == 1:
        with contextlib.suppress(Undo), store.atomic():
            take(store, step[0])
            raise Undo
    else:
        index, method, arguments = step
        with contextlib.suppress(RedisError):
            getattr(store.select(index), method)(*arguments)


def state_in(chunks: list[list[Any]]) -> Any:
    store = Store(clock=ManualClock(START_MS))
    for index, content in chunks:
        load_chunk(store.select(index)._db, content)  # a key that is there twice is refused
    return state_of(store)


@pytest.fixture(autouse=True)
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kvlite.persist.snapshot.SLICE", 3)
    monkeypatch.setattr("kvlite.persist.snapshot.REST", 0)


@settings(max_examples=3 * settings().max_examples)
@given(st.lists(steps, max_size=25), st.lists(steps, max_size=30), st.integers(1, 3))
def test_a_sliced_snapshot_is_the_state_of_the_moment_it_began(first: Any, then: Any, pace: int) -> None:
    store = Store(clock=ManualClock(START_MS))
    store.mset(dict.fromkeys(KEYS, 1))
    store.select(1)
    store.select(2).rpush("k0", *range(5))
    for step in first:
        take(store, step)
    before = state_of(store)
    chunks = Capture(store._shared).chunks()
    taken = []
    going_on = iter(then)
    for chunk in chunks:
        taken.append(chunk)
        for _, step in zip(range(pace), going_on, strict=False):
            take(store, step)
    assert state_in(taken) == before
    assert not store._shared.observers
    for each in store._shared.open_stores:
        each._db._check()


@given(st.lists(steps, max_size=25), st.lists(steps, max_size=10))
def test_a_snapshot_file_reads_back(first: Any, then: Any) -> None:
    store = Store(clock=ManualClock(START_MS))
    for step in first:
        take(store, step)
    before = state_of(store)
    pieces = write_snapshot(Capture(store._shared), 7, b"saltsalt")
    data = next(pieces)
    going_on = iter(then)
    for piece in pieces:
        data += piece
        for step in [next(going_on, None)]:
            if step is not None:
                take(store, step)
    number, state = read_snapshot(data, "memory")
    databases = state.databases
    assert number == 7
    assert len(databases) == DATABASES
    assert all(isinstance(db, Database) for db in databases)
    twin = Store(clock=ManualClock(START_MS))
    for index, db in enumerate(databases):
        twin.select(index)._db = db
        db._check()
    assert state_of(twin) == before


def test_a_snapshot_that_is_given_up_leaves_no_trace() -> None:
    store = Store()
    store.mset(dict.fromkeys(KEYS, 1))
    chunks = Capture(store._shared).chunks()
    next(chunks)
    assert store._shared.observers
    chunks.close()
    assert not store._shared.observers


def test_dead_fields_may_be_cleared_away_meanwhile_where_nothing_may_change() -> None:
    store = Store(clock=ManualClock(START_MS))
    store.mset(dict.fromkeys(KEYS, 1))
    store.hset("h", "f", 1)
    store.hpexpire("h", 5, "f")
    store.mset({f"more{number}": 1 for number in range(20)})
    store._shared.frozen = True
    before = state_of(store)
    taken = []
    store._shared.clock._now += 10  # type: ignore[attr-defined]
    for chunk in Capture(store._shared).chunks():
        taken.append(chunk)
        assert store.hgetall("h") == {}
    assert state_in(taken) == before


@pytest.mark.parametrize("last", [(0, "flushdb", ()), (0, "swapdb", (0, 1))])
def test_a_block_that_is_undone_moves_no_key_past_the_snapshot(last: Any) -> None:
    store = Store(clock=ManualClock(START_MS))
    store.select(1)
    store.mset(dict.fromkeys(KEYS, 1))
    before = state_of(store)
    chunks = Capture(store._shared).chunks()
    taken = [next(chunks)]
    take(store, ([*((0, "delete", (key,)) for key in KEYS[:6]), last],))
    taken += chunks
    assert state_in(taken) == before == state_of(store)
