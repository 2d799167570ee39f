"""Which keys go first: exactly those that an ordered dict, or a look at all counters, would choose."""

from __future__ import annotations

from collections import OrderedDict
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kvlite import ManualClock, Store
from kvlite.line import FEW, LARGE, PART, ByRank, ByTime

KEYS = st.integers(0, 40)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["get", "set", "hget", "hset"]), KEYS),
        st.tuples(st.sampled_from(["delete"]), KEYS),
    ),
    max_size=200,
)


@pytest.mark.parametrize("databases", [1, 2])
@settings(max_examples=60, deadline=None)
@given(steps=STEPS, most=st.integers(2, 12))
def test_the_least_recently_used_goes(databases: int, steps: list[tuple[str, int]], most: int) -> None:
    model: OrderedDict[tuple[int, int], None] = OrderedDict()
    with Store(maxkeys=most, maxmemory_policy="allkeys-lru", clock=ManualClock(), seed=1) as store:
        for name, number in steps:
            database, key = number % databases, number
            each = store.select(database)
            if each.type(key) not in ((b"hash", b"none") if name[0] == "h" else (b"string", b"none")):
                continue
            if name == "delete":
                each.delete(key)
                model.pop((database, key), None)
                continue
            arguments = {"get": (), "set": ("text",), "hget": ("field",), "hset": ("field", "text")}[name]
            getattr(each, name)(key, *arguments)
            if "set" in name or (database, key) in model:
                model[database, key] = None
                model.move_to_end((database, key))
            if len(model) > most:
                model.popitem(last=False)
            held = {(index, int(key)) for index in range(databases) for key in store.select(index)}
            assert held == set(model)


@settings(max_examples=60, deadline=None)
@given(steps=STEPS, most=st.integers(2, 12))
def test_one_of_the_least_frequently_used_goes(steps: list[tuple[str, int]], most: int) -> None:
    options = {"lfu_log_factor": 0, "lfu_decay_time": 0}
    with Store(maxkeys=most, maxmemory_policy="allkeys-lfu", clock=ManualClock(), seed=1, **options) as store:
        for name, number in steps:
            if name in ("get", "delete"):
                getattr(store, name)(number)
            elif name == "set":
                before = {key: store.object("freq", key) for key in store}
                store.set(number, "text")
                gone = before.keys() - set(store)
                assert len(gone) <= 1
                assert all(before[key] == min(before.values()) for key in gone)


def test_a_line_of_many() -> None:
    """More were used within one part of the line than are put in order."""
    random = Random(1)
    states = {b"%d" % number: number for number in range(20 * LARGE)}
    line = ByTime(states, random)
    for key, state in states.items():
        line.add(key, state)
    late = list(states)
    random.shuffle(late)
    place = {key: at for at, key in enumerate(late)}
    for key, at in place.items():
        states[key] = 30 * LARGE + at
    taken: list[int] = []
    while part := line.take(100):
        for key in part:
            taken.append(place[key])
            del states[key]
    assert sorted(taken) == list(range(20 * LARGE))
    first = taken[: 2 * LARGE]
    assert sum(at < 8 * LARGE for at in first) > 0.95 * len(first)


def test_who_is_spared_keeps_the_place() -> None:
    states = {b"a": 1, b"b": 2, b"c": 2}
    for line in (ByTime(states, Random(1)), ByRank(states, Random(1), {1: 1, 2: 2})):
        line.fill(states.items())
        assert line.take(1, spare=b"a").keys() < {b"b", b"c"}
        assert line.take(1) == {b"a": 1}
        assert line.first() == 2
        assert len(line.take(5)) == 1
        assert line.first() is None


@pytest.mark.parametrize("policy", ["allkeys-lru", "allkeys-lfu"])
def test_removed_keys_take_no_places_for_ever(policy: str) -> None:
    with Store(maxmemory="100mb", maxmemory_policy=policy) as store:
        line = store._db.uses.line  # type: ignore[union-attr]
        assert line is not None
        most = 0
        for number in range(20 * FEW):
            store.set("lock", number)
            store.delete("lock")
            most = max(most, line.size())
        assert most <= 10 * (2 * FEW + 2 * PART)


def test_a_line_is_kept_only_where_it_is_wanted() -> None:
    with Store() as store:
        store.mset({number: number for number in range(100)})
        store.config_set("maxmemory-policy", "allkeys-lru")
        assert store._db.uses.line is None  # type: ignore[union-attr]
        store.config_set("maxmemory", "100mb")
        assert len(store._db.uses.line.take(200)) == 100  # type: ignore[union-attr]
        store.config_set("maxmemory-policy", "volatile-lru")
        assert store._db.uses.line is None  # type: ignore[union-attr]
        store.config_set("maxmemory-policy", "allkeys-lfu")
        assert len(store._db.uses.line.take(200)) == 100  # type: ignore[union-attr]
        store.config_set("lfu-decay-time", "0")
        assert len(store._db.uses.line.take(200)) == 100  # type: ignore[union-attr]
        store.config_set("maxmemory", "0")
        assert store._db.uses.line is None  # type: ignore[union-attr]


def test_a_use_that_was_noted_too_late_is_of_no_key() -> None:
    """A reader without the lock has read a value, and notes it when the key is gone."""
    with Store(maxkeys=3, maxmemory_policy="allkeys-lru") as store:
        store.mset({"a": "text", "b": "text", "c": "text"})
        note, uses = store._db.doubt, store._db.uses
        assert note is not None
        assert uses is not None
        store.delete("a")
        note(b"a")
        assert len(uses) == 3
        store.mset({"d": "text", "e": "text", "f": "text"})
        assert sorted(store) == [b"d", b"e", b"f"]
        store.set("g", "text")
        store.set("h", "text")
        assert sorted(store) == [b"f", b"g", b"h"]
        assert len(uses) == 3
