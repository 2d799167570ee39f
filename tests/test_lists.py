"""Lists: the structure beneath, its costs, the shapes and types of answers, and what counts as a change."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any, assert_type

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from kvlite import DataError, ResponseError, Store
from kvlite.effects import EFFECTS
from kvlite.structs.gap_list import SLACK, GapList

# --- the structure -------------------------------------------------------------------------------------

ELEMENTS = st.sampled_from([b"", b"a", b"b", b"c"])
POSITIONS = st.integers(0, 40)


class GapLists(RuleBasedStateMachine):
    """A GapList does what a plain list does."""

    def __init__(self) -> None:
        super().__init__()
        self.own = GapList()
        self.model: list[bytes] = []

    @rule(values=st.lists(ELEMENTS, max_size=30))
    def push_left(self, values: list[bytes]) -> None:
        self.own.push_left(values)
        self.model[:0] = values[::-1]

    @rule(values=st.lists(ELEMENTS, max_size=30))
    def push_right(self, values: list[bytes]) -> None:
        self.own.push_right(values)
        self.model += values

    @rule(count=st.integers(1, 50))
    def pop_left(self, count: int) -> None:
        for _ in range(min(count, len(self.model))):
            assert self.own.pop_left() == self.model.pop(0)
            self.own._check()

    @rule(count=st.integers(1, 50))
    def pop_right(self, count: int) -> None:
        for _ in range(min(count, len(self.model))):
            assert self.own.pop_right() == self.model.pop()
            self.own._check()

    @rule(start=POSITIONS, stop=POSITIONS)
    def trim(self, start: int, stop: int) -> None:
        self.own.trim(start, max(start, stop))
        self.model = self.model[start : max(start, stop)]

    @rule(start=POSITIONS, stop=POSITIONS)
    def slice(self, start: int, stop: int) -> None:
        assert self.own.slice(start, max(start, stop)) == self.model[start : max(start, stop)]

    @rule(position=POSITIONS, value=ELEMENTS)
    def put(self, position: int, value: bytes) -> None:
        if position < len(self.model):
            self.own[position] = self.model[position] = value
        else:
            with pytest.raises(IndexError):
                self.own[position]

    @rule(position=POSITIONS, value=ELEMENTS)
    def insert(self, position: int, value: bytes) -> None:
        position = min(position, len(self.model))
        self.own.insert(position, value)
        self.model.insert(position, value)

    @rule(value=ELEMENTS, count=st.integers(-3, 3))
    def remove(self, value: bytes, count: int) -> None:
        places = [place for place, each in enumerate(self.model) if each == value]
        gone = places[count:] if count < 0 else places[:count] if count else places
        assert self.own.remove(value, count) == len(gone)
        self.model = [each for place, each in enumerate(self.model) if place not in gone]

    @rule(value=ELEMENTS)
    def find(self, value: bytes) -> None:
        assert self.own.find(value) == (self.model.index(value) if value in self.model else None)

    @rule(
        value=ELEMENTS,
        rank=st.sampled_from([1, 2, 5, -1, -2, -5]),
        count=st.integers(0, 3),
        limit=st.integers(0, 12),
    )
    def positions(self, value: bytes, rank: int, count: int, limit: int) -> None:
        places = list(range(len(self.model)))[:: 1 if rank > 0 else -1]
        seen = places[:limit] if limit else places
        found = [place for place in seen if self.model[place] == value][abs(rank) - 1 :]
        assert self.own.positions(value, rank, count, limit) == (found[:count] if count else found)

    @rule()
    def copy(self) -> None:
        twin = self.own.copy()
        self.own.push_right([b"not in the copy"])
        self.own.pop_right()
        assert twin.dump() == self.model
        self.own = GapList.load(twin.dump())

    @invariant()
    def same(self) -> None:
        self.own._check()
        assert self.own.dump() == self.model
        assert len(self.own) == len(self.model)
        assert list(self.own) == self.model


test_a_gap_list_is_a_list = GapLists.TestCase
test_a_gap_list_is_a_list.settings = settings(max_examples=40, stateful_step_count=40)


@settings(max_examples=30)
@given(st.lists(st.tuples(st.sampled_from("lrLR"), st.integers(1, 400)), max_size=12))
def test_pushes_and_pops_move_each_element_a_few_times_at_most(runs: list[tuple[str, int]]) -> None:
    """The whole list moves when a gap is made or cut off; over any run of operations that is O(1) each."""
    found, operations, moved = GapList(), 0, 0
    for kind, times in runs:
        for _ in range(times):
            head = found.head
            if kind == "L":
                found.push_left([b"x"])
            elif kind == "R":
                found.push_right([b"x"])
            elif not found:
                break
            elif kind == "l":
                found.pop_left()
            else:
                found.pop_right()
            operations += 1
            if found.head - head != {"L": -1, "R": 0, "l": 1, "r": 0}[kind]:
                moved += len(found.items)
    assert moved <= 4 * operations + 2 * SLACK


def test_a_queue_does_not_grow(store: Store[bytes]) -> None:
    """What left at one end gives its room back, whichever end that is."""
    for push, pop in [(store.rpush, store.lpop), (store.lpush, store.rpop)]:
        push("q", "first")
        for number in range(5_000):
            push("q", number)
            pop("q")
        queue: Any = store._db.data[b"q"]
        queue._check()
        assert len(queue) == 1
        assert len(queue.items) <= SLACK + 3
        store.delete("q")


# --- costs ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call",
    [
        lambda s: s.lindex("l", 100_000),
        lambda s: s.lindex("l", -100_000),
        lambda s: s.lset("l", 100_000, "x"),
        lambda s: s.lrange("l", 100_000, 100_010),
        lambda s: s.llen("l"),
        lambda s: s.lpop("l"),
        lambda s: s.rpop("l"),
        lambda s: s.lpop("l", 5),
        lambda s: s.rpop("l", 5),
        lambda s: s.lpush("l", "x"),
        lambda s: s.ltrim("l", 1, -2),
        lambda s: s.lpos("l", "7"),
        lambda s: s.lmove("l", "l"),
    ],
)
def test_a_long_list_is_not_copied(store: Store[bytes], call: Callable[[Store[bytes]], object]) -> None:
    """Each allocates next to nothing on a list of 200,000, 1.6 MB of pointers."""
    store.rpush("l", *range(200_000))
    store.lpush("l", "x")
    store.lpop("l")
    tracemalloc.start()
    try:
        call(store)
        assert tracemalloc.get_traced_memory()[1] < 10_000
    finally:
        tracemalloc.stop()


# --- answers -------------------------------------------------------------------------------------------


@pytest.fixture
def store() -> Store[bytes]:
    return Store()


def test_answers_in_bytes_and_in_text(store: Store[bytes]) -> None:
    text = Store(decode_responses=True)
    for each in (store, text):
        each.rpush("l", *"abcdefghijkl")
    assert_type(store.lpop("l"), bytes | None)
    assert_type(text.lpop("l"), str | None)
    assert_type(store.lpop("l", 2), list[bytes] | None)
    assert_type(text.lpop("l", count=2), list[str] | None)
    assert_type(store.rpop("l"), bytes | None)
    assert_type(text.rpop("l", 1), list[str] | None)
    assert_type(store.lrange("l", 0, 1), list[bytes])
    assert_type(text.lpos("l", "a"), int | None)
    assert_type(text.lpos("l", "a", 1, 2), list[int])
    assert_type(text.lpos("l", "a", count=2), list[int])
    assert_type(store.lset("l", 0, "x"), bool)
    assert_type(store.blpop("l"), tuple[bytes, bytes] | None)
    assert_type(text.brpop(["l"], 1), tuple[str, str] | None)
    assert_type(text.lmpop(1, "l", direction="LEFT"), list[str | list[str]] | None)
    assert_type(store.lmove("l", "m"), bytes | None)

    text.delete("l")
    text.rpush("l", *"abcdefghijkl")
    assert text.lpop("l") == "a"
    assert text.lpop("l", 2) == ["b", "c"]
    assert text.rpop("l") == "l"
    assert text.rpop("l", 2) == ["k", "j"]
    assert text.lindex("l", 0) == "d"
    assert text.lrange("l", 0, 1) == ["d", "e"]
    assert text.lmpop(2, "none", "l", direction="left", count=2) == ["l", ["d", "e"]]
    assert text.blmpop(1, 1, "l", direction="right") == ["l", ["i"]]
    assert text.blpop(["none", "l"]) == ("l", "f")
    assert text.lmove("l", "m") == "g"
    assert text.brpoplpush("m", "n") == "g"
    assert text.blmove("n", "m", 1) == "g"


def test_a_list_of_one_that_goes_round_keeps_its_deadline(store: Store[bytes]) -> None:
    store.rpush("l", "only")
    store._effect_deadline(b"l", store._shared.now() + 100_000)
    assert store.lmove("l", "l") == b"only"
    assert b"l" in store._db.deadlines
    assert store.rpoplpush("l", "l") == b"only"
    assert b"l" in store._db.deadlines


def test_the_source_of_a_move_cannot_expire_halfway() -> None:
    """The clock ticks at every look; the source's time comes between the looks of one command."""

    class Ticking:
        time = 1_000

        def now(self) -> int:
            self.time += 1
            return self.time

    for ticks in range(1, 12):
        store = Store(clock=Ticking())
        store.rpush("source", "x")
        store.rpush("destination", "y")
        store._effect_deadline(b"source", Ticking.time + ticks)
        moved = store.lmove("source", "destination")
        assert store.llen("source") == 0
        assert store.lrange("destination", 0, -1) == ([b"y"] if moved is None else [b"y", b"x"])
        store._db._check()


# --- what counts as a change ---------------------------------------------------------------------------


class Changes:
    """An observer that remembers what was about to change."""

    def __init__(self) -> None:
        self.keys: list[bytes] = []

    def changing(self, store: Any, key: bytes) -> None:
        self.keys.append(key)

    def emptying(self, store: Any) -> None:
        raise AssertionError

    def swapping(self, store: Any, other: Any) -> None:
        raise AssertionError


@pytest.fixture
def filled(store: Store[bytes]) -> Store[bytes]:
    store.rpush("l", *"abcabc")
    store.rpush("m", "1")
    store.set("s", "text")
    return store


@pytest.mark.parametrize(
    "call",
    [
        lambda s: s.lpop("l", 0),
        lambda s: s.rpop("l", 0),
        lambda s: s.lpop("none"),
        lambda s: s.rpop("none", 3),
        lambda s: s.lrem("l", 0, "not there"),
        lambda s: s.lrem("none", 0, "a"),
        lambda s: s.linsert("l", "BEFORE", "not there", "x"),
        lambda s: s.linsert("none", "BEFORE", "a", "x"),
        lambda s: s.lpushx("none", "x"),
        lambda s: s.rpushx("none", "x"),
        lambda s: s.ltrim("none", 0, 1),
        lambda s: s.lmove("none", "l"),
        lambda s: s.lmpop(1, "none", direction="LEFT"),
        lambda s: s.lrange("l", 0, -1),
        lambda s: s.lindex("l", 1),
        lambda s: s.lpos("l", "a"),
    ],
)
def test_what_does_nothing_changes_nothing(filled: Store[bytes], call: Callable[[Store[bytes]], Any]) -> None:
    changes = Changes()
    filled._shared.observe(changes)
    call(filled)
    assert changes.keys == []


@pytest.mark.parametrize(
    ("call", "keys"),
    [
        (lambda s: s.lpush("l", "x", "y"), [b"l"]),
        (lambda s: s.rpop("l", 3), [b"l"]),
        (lambda s: s.ltrim("l", 0, -1), [b"l"]),
        (lambda s: s.lset("l", 0, "a"), [b"l"]),
        (lambda s: s.lmove("l", "m"), [b"m", b"l"]),
        (lambda s: s.lmpop(2, "none", "m", direction="LEFT"), [b"m"]),
        (lambda s: s.blpop(["none", "l"]), [b"l"]),
    ],
)
def test_what_changes_says_so(filled: Store[bytes], call: Callable[[Store[bytes]], Any], keys: Any) -> None:
    changes = Changes()
    filled._shared.observe(changes)
    call(filled)
    assert changes.keys == keys


def test_the_two_changes_of_a_move_are_one(filled: Store[bytes]) -> None:
    class Depths(Changes):
        def changing(self, store: Any, key: bytes) -> None:
            assert store._db.busy
            super().changing(store, key)

    depths = Depths()
    filled._shared.observe(depths)
    filled.lmove("l", "m")
    assert depths.keys == [b"m", b"l"]
    assert not filled._db.busy


@pytest.mark.parametrize(
    "call",
    [
        lambda s: s.lpush("l"),
        lambda s: s.lpush("l", "x", None),
        lambda s: s.rpush("s", "x"),
        lambda s: s.lset("l", 6, "x"),
        lambda s: s.lset("l", "one", "x"),
        lambda s: s.lset("none", 0, "x"),
        lambda s: s.linsert("l", "beside", "a", "x"),
        lambda s: s.lmove("l", "s"),
        lambda s: s.lmove("l", "m", "UP"),
        lambda s: s.rpoplpush("l", "s"),
        lambda s: s.lpop("l", -1),
        lambda s: s.lmpop(2, "l", direction="LEFT"),
        lambda s: s.lmpop(2, "s", "l", direction="LEFT"),
        lambda s: s.lpos("l", "a", rank=0),
        lambda s: s.ltrim("l", 0, "x"),
        lambda s: s.lrem("l", 1.5, "a"),
        lambda s: s.blpop(["l"], -1),
        lambda s: s.blpop(["l"], True),
        lambda s: s.blpop(["s", "l"]),
        lambda s: s.blmove("l", "s", 1),
        lambda s: s.brpop([]),
    ],
)
def test_a_call_that_raises_changes_nothing(filled: Store[bytes], call: Callable[[Store[Any]], Any]) -> None:
    changes = Changes()
    filled._shared.observe(changes)
    with pytest.raises((ResponseError, DataError)):
        call(filled)
    assert changes.keys == []
    assert filled.lrange("l", 0, -1) == [b"a", b"b", b"c", b"a", b"b", b"c"]
    assert filled.lrange("m", 0, -1) == [b"1"]
    assert not filled._db.busy


CALLS = [
    lambda s: s.lpush("l", "x", "y", "z"),
    lambda s: s.rpush("l", "a", "b"),
    lambda s: s.lpop("l"),
    lambda s: s.rpop("l"),
    lambda s: s.lpop("l", 2),
    lambda s: s.rpop("l", 2),
    lambda s: s.lmpop(2, "l", "m", direction="RIGHT", count=4),
    lambda s: s.lmove("l", "m", "LEFT", "LEFT"),
    lambda s: s.lmove("m", "l", "RIGHT", "RIGHT"),
    lambda s: s.rpoplpush("l", "l"),
    lambda s: s.lset("l", 0, "q") if s.llen("l") else None,
    lambda s: s.linsert("l", "AFTER", "a", "n"),
    lambda s: s.lrem("l", -1, "a"),
    lambda s: s.lrem("l", 0, "b"),
    lambda s: s.ltrim("l", 1, -2),
    lambda s: s.blpop(["m", "l"]) if s.llen("l") else None,
]


@given(st.lists(st.sampled_from(CALLS), max_size=30))
def test_effects_made_again_give_the_same_lists(calls: list[Callable[[Store[bytes]], Any]]) -> None:
    live: Store[bytes] = Store()
    again: Store[bytes] = Store()
    log: list[tuple[str, tuple[Any, ...]]] = []

    def recording(name: str) -> Callable[..., Any]:
        make = getattr(live, name)

        def record(*arguments: Any) -> Any:
            log.append((name, arguments))
            return make(*arguments)

        return record

    live._unobserved = False
    for name in EFFECTS.values():
        if hasattr(live, name):
            live.__dict__[name] = recording(name)
    for call in calls:
        call(live)
        while log:
            name, arguments = log.pop(0)
            getattr(again, name)(*arguments)
        live._db._check()
        again._db._check()
        for key in (b"l", b"m"):
            assert live._lrange(key, 0, -1) == again._lrange(key, 0, -1)
