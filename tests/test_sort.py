"""SORT: what an oracle cannot see: costs, types, changes, and what has expired."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, assert_type

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kvlite import DataError, ManualClock, ResponseError, Store
from kvlite.effects import Observer
from kvlite.structs.gap_list import GapList
from kvlite.structs.set import Set
from kvlite.structs.sorted_set import SortedSet


@pytest.fixture
def store() -> Store[bytes]:
    return Store(clock=ManualClock(1_700_000_000_123), seed=1, record_accesses=False)


# --- the part that LIMIT asks for ----------------------------------------------------------------------


@given(
    size=st.integers(1, 12),
    gap=st.integers(0, 5),
    start=st.integers(-3, 15),
    num=st.integers(-2, 15),
    desc=st.booleans(),
)
def test_unsorted_parts_are_slices(size: int, gap: int, start: int, num: int, desc: bool) -> None:
    store = Store()
    elements = [b"e%02d" % number for number in range(size)]
    store.rpush("list", *[b"gone"] * gap, *elements)
    store.lpop("list", gap)
    store.zadd("zset", {element: number for number, element in enumerate(elements)})
    store.sadd("set", *elements)
    first = max(0, start)
    part = slice(first, None if num < 0 else first + num)
    turned = elements[::-1] if desc else elements
    assert store.sort("list", start, num, by="none", desc=desc) == turned[part]
    assert store.sort("zset", start, num, by="none", desc=desc) == turned[part]
    assert store.sort("set", start, num, by="none", desc=desc) == elements[part]
    assert store.sort("set", start, num, by="none", alpha=True, desc=desc, store="out") == len(turned[part])
    assert store.lrange("out", 0, -1) == turned[part]


class Guarded(list[Any]):
    """A list of which only short parts may be taken."""

    def __getitem__(self, place: Any) -> Any:
        part = super().__getitem__(place)
        assert not isinstance(place, slice) or len(part) <= 10, "that copied the list"
        return part

    def __iter__(self) -> Any:
        raise AssertionError("that walked through the list")

    copy = __iter__


@pytest.mark.parametrize("desc", [False, True])
def test_a_part_of_a_large_value_costs_what_it_returns(store: Store[bytes], desc: bool) -> None:
    elements = [b"m%d" % number for number in range(1000)]
    store.rpush("list", *elements)
    store.sadd("set", *elements)
    for key in (b"list", b"set"):
        value: Any = store._db.data[key]
        value.items = Guarded(value.items)
        assert len(store.sort(key, 400, 10, by="none", desc=desc)) == 10
    store.zadd("zset", dict.fromkeys(elements, 1))
    assert len(store.sort("zset", 400, 10, by="none", desc=desc)) == 10


# --- weights and values elsewhere ----------------------------------------------------------------------


def test_strings_count_however_they_are_kept(store: Store[bytes]) -> None:
    store.rpush("k", "a", "b", "c")
    store.set("w_a", "30")
    store.incr("w_b", 20)
    store.append("w_c", "1")
    store.append("w_c", "0")
    assert store.sort("k", by="w_*") == [b"c", b"b", b"a"]
    assert store.sort("k", by="w_*", get="w_*") == [b"10", b"20", b"30"]
    assert store.sort("k", by="w_*", alpha=True, get=["#", "w_*"], groups=True) == [
        (b"c", b"10"),
        (b"b", b"20"),
        (b"a", b"30"),
    ]


def test_what_has_expired_is_not_there(store: Store[bytes]) -> None:
    store.rpush("k", "a", "b")
    store.set("w_a", 5, px=1000)
    store.set("w_b", 3)
    store.hset("h_a", mapping={"f": 5, "g": 1})
    store.hpexpire("h_a", 1000, "f")
    store.hset("h_b", "f", 3)
    for pattern in ("w_*", "h_*->f"):
        assert store.sort("k", by=pattern, get=pattern) == [b"3", b"5"]
    store.advance(1.5)
    for pattern in ("w_*", "h_*->f"):
        assert store.sort("k", by=pattern, get=pattern) == [None, b"3"]
    store.pexpire("k", 1000)
    store.advance(1.5)
    assert store.sort("k") == []
    assert store.sort("k", store="w_b") == 0
    assert store.exists("w_b") == 0
    store._db._check()


def test_a_key_may_die_while_it_is_sorted_by(store: Store[bytes]) -> None:
    """Looking up a weight may remove keys, the sorted one's own among them."""
    store.rpush("k", "b", "a", "k")
    store.pexpire("k", 1000)
    real, calls = store._shared.now, []

    def now() -> int:
        calls.append(1)
        return real() + (0 if len(calls) < 3 else 2000)

    store._shared.now = now
    assert store.sort("k", by="*", alpha=True) == [b"b", b"a", b"k"]
    store._shared.now = real
    store._db._check()


# --- replies and types ---------------------------------------------------------------------------------


def test_types_of_replies(store: Store[bytes]) -> None:
    """For the type checker; at run time only that nothing raises."""
    text = Store(decode_responses=True)
    assert_type(store.sort("k"), list[bytes])
    assert_type(text.sort("k", 0, 1, desc=True), list[str])
    assert_type(store.sort("k", get="w_*"), list[bytes | None])
    assert_type(text.sort("k", get=["#", "w_*"]), list[str | None])
    assert_type(store.sort("k", get=["#", "w_*"], groups=True), list[tuple[bytes | None, ...]])
    assert_type(store.sort("k", store="l"), int)
    assert_type(text.sort_ro("k"), list[str])
    assert_type(store.sort_ro("k", get="w_*"), list[bytes | None])


def test_a_stored_result_is_a_list_of_its_own(store: Store[bytes]) -> None:
    store.rpush("k", 3, 1, 2)
    store.expire("k", 100)
    assert store.sort("k", store="k") == 3
    assert store.ttl("k") == -1
    store.sort("k", store="l")
    store.rpush("l", 4)
    assert store.lrange("k", 0, -1) == [b"1", b"2", b"3"]
    assert isinstance(store._db.data[b"l"], GapList)
    store._db._check()


def test_sorting_changes_nothing(store: Store[bytes]) -> None:
    for value in (GapList([b"2", b"1"]), Set([b"2", b"1"]), SortedSet({b"2": 1.0, b"1": 2.0})):
        store._db.put(b"k", value)
        before = value.dump()
        for options in ({}, {"alpha": True}, {"desc": True}, {"by": "none"}, {"by": "none", "desc": True}):
            found: Any = store.sort("k", **options)
            found.clear()
            assert value.dump() == before


# --- errors and changes --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call",
    [
        lambda s: s.sort("string", store="k"),
        lambda s: s.sort("hash", store="k"),
        lambda s: s.sort("words", store="k"),
        lambda s: s.sort("k", by="word_*", store="k"),
        lambda s: s.sort("k", 0, 2**63, store="k"),
        lambda s: s.sort("k", 0, store="k"),
        lambda s: s.sort("k", get=[None], store="k"),
        lambda s: s.sort("k", get=["#"], groups=True, store="k"),
        lambda s: s.sort("k", get=["#", "#"], groups=True, store="k"),
        lambda s: s.sort("k", store=None, by=True),
    ],
)
def test_a_call_that_raises_changes_nothing(store: Store[bytes], call: Callable[[Any], Any]) -> None:
    store.set("string", "x")
    store.hset("hash", "f", "v")
    store.rpush("words", "x")
    store.rpush("k", 3, 1, 2)
    store.set("word_1", "x")
    store.expire("k", 5)
    with pytest.raises((ResponseError, DataError)):
        call(store)
    assert store.lrange("k", 0, -1) == [b"3", b"1", b"2"]
    assert store.pttl("k") == 5000


class Log(Observer):
    """The keys that were announced as about to change."""

    def __init__(self) -> None:
        self.keys: list[bytes] = []

    def changing(self, store: Any, key: bytes) -> None:
        self.keys.append(key)


@pytest.mark.parametrize(
    ("call", "changed"),
    [
        (lambda s: s.sort("k"), []),
        (lambda s: s.sort_ro("k", get=["#", "w_*"]), []),
        (lambda s: s.sort("k", store="out"), [b"out"]),
        (lambda s: s.sort("missing", store="out"), []),
        (lambda s: s.sort("missing", store="k"), [b"k"]),
        (lambda s: s.sort("k", 9, 1, store="k"), [b"k"]),
    ],
)
def test_what_counts_as_a_change(
    store: Store[bytes], call: Callable[[Any], Any], changed: list[bytes]
) -> None:
    store.rpush("k", 3, 1, 2)
    log = Log()
    store._shared.observe(log)
    call(store)
    assert log.keys == changed
    store._db._check()


def test_a_stored_result_wakes_who_waits_for_it() -> None:
    store = Store()
    store.rpush("k", 2, 1)
    popped: list[Any] = []
    thread = threading.Thread(target=lambda: popped.append(store.blpop("out", 10)))
    thread.start()
    while b"out" not in store._lines:
        thread.join(0.001)
    store.sort("k", store="out")
    thread.join()
    assert popped == [(b"out", b"1")]
    assert store.lrange("out", 0, -1) == [b"2"]
