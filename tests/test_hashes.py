"""Hashes: what an oracle cannot see, and the deadlines of fields, which Redis 7.0 does not have."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
import redis.commands.core
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from kvlite import DataError, ManualClock, ResponseError, Store
from kvlite.effects import Observer
from kvlite.structs.hash import Hash
from kvlite.structs.limits import DEFAULTS
from kvlite.types.hash_expiry import LAST_DEADLINE, HashDataPersistOptions

START = 1_700_000_000_123
SMALL = DEFAULTS.hash_max_listpack_entries
LARGE = SMALL + 100


@pytest.fixture
def store() -> Store[bytes]:
    return Store(clock=ManualClock(START), seed=1, record_accesses=False)


def fill(store: Store[bytes], key: str, size: int) -> dict[bytes, bytes]:
    fields = {b"f%d" % number: b"%d" % number for number in range(size)}
    store.hset(key, mapping=fields)
    return fields


def check(store: Store[Any]) -> None:
    store._db._check()


# --- the structure -------------------------------------------------------------------------------------

FIELDS = [b"%d" % number for number in range(SMALL + 40)]


class HashMachine(RuleBasedStateMachine):
    """A Hash beside two dicts."""

    def __init__(self) -> None:
        super().__init__()
        self.hash = Hash()
        self.fields: dict[bytes, bytes] = {}
        self.deadlines: dict[bytes, int] = {}

    @rule(field=st.sampled_from(FIELDS[:8]), text=st.binary(max_size=2))
    def put(self, field: bytes, text: bytes) -> None:
        assert self.hash.put(field, text) is (field not in self.fields)
        self.fields[field] = text

    @rule(start=st.integers(0, 40))
    def put_many(self, start: int) -> None:
        for field in FIELDS[start : start + SMALL]:
            self.put(field, b"x")

    @precondition(lambda self: self.fields)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        field = data.draw(st.sampled_from(list(self.fields)[:8]))
        self.hash.remove(field)
        del self.fields[field]
        self.deadlines.pop(field, None)

    @rule(left=st.integers(0, 20))
    def remove_many(self, left: int) -> None:
        for field in list(self.fields)[left:]:
            self.hash.remove(field)
            del self.fields[field]
            self.deadlines.pop(field, None)

    @precondition(lambda self: self.fields)
    @rule(data=st.data(), deadline=st.none() | st.integers(0, 5))
    def set_deadline(self, data: st.DataObject, deadline: int | None) -> None:
        field = data.draw(st.sampled_from(list(self.fields)[:8]))
        self.hash.set_deadline(field, deadline)
        if deadline is None:
            self.deadlines.pop(field, None)
        else:
            self.deadlines[field] = deadline

    @rule()
    def copy(self) -> None:
        copy = self.hash.copy()
        for field in list(self.hash.fields):
            self.hash.remove(field)
        self.hash = copy

    @rule()
    def dump_and_load(self) -> None:
        self.hash = Hash.load(self.hash.dump())

    @rule(count=st.integers(1, 40))
    def scan(self, count: int) -> None:
        seen: list[bytes] = []
        cursor, calls = 0, 0
        while cursor or not calls:
            cursor, page = self.hash.scan(cursor, count)
            seen += page
            calls += 1
            assert self.hash.dense is None or len(page) <= count
        assert sorted(seen) == sorted(self.fields)

    @rule(count=st.integers(0, 12), seed=st.integers(0, 9))
    def pick(self, count: int, seed: int) -> None:
        random = Random(seed)
        sample = self.hash.sample(random, count)
        assert len(sample) == len(set(sample)) == min(count, len(self.fields))
        if self.fields:
            assert {self.hash.choose(random), *self.hash.choices(random, count), *sample} <= set(self.fields)
        if self.hash.dense is None:
            assert sample == [field for field in self.fields if field in sample]

    @invariant()
    def same(self) -> None:
        self.hash._check()
        assert list(self.hash.fields.items()) == list(self.fields.items())
        assert (self.hash.deadlines or {}) == self.deadlines
        assert self.hash.next_deadline() == min(self.deadlines.values(), default=None)


TestHash = HashMachine.TestCase
TestHash.settings = settings(max_examples=40, stateful_step_count=25)


def test_a_large_hash_keeps_an_array_until_it_is_gone(store: Store[bytes]) -> None:
    fill(store, "h", SMALL)
    hash = store._db.data[b"h"]
    assert isinstance(hash, Hash)
    assert hash.dense is None
    store.hset("h", "one more", "")
    assert hash.dense is not None
    store.hdel("h", *list(hash.fields)[1:])
    assert hash.dense is not None
    check(store)


def test_a_hash_that_shrank_is_walked_in_its_new_size(store: Store[bytes]) -> None:
    fields = fill(store, "h", 20_000)
    hash = store._db.data[b"h"]
    assert isinstance(hash, Hash)
    before = sys.getsizeof(hash.fields)
    store.hdel("h", *list(fields)[10:])
    assert sys.getsizeof(hash.fields) < before / 100
    assert store.hgetall("h") == dict(list(fields.items())[:10])
    check(store)


# --- picks and scans -----------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [5, LARGE])
def test_picks_are_even_and_reproducible(size: int) -> None:
    def picks() -> list[bytes]:
        store = Store(seed=7)
        fill(store, "h", size)
        return [*store.hrandfield("h", -20 * size), *(store.hrandfield("h") or b"" for _ in range(20 * size))]

    drawn = picks()
    assert drawn == picks()
    counts = {field: drawn.count(field) for field in set(drawn)}
    assert len(counts) == size
    assert max(counts.values()) < 100


@pytest.mark.parametrize("size", [5, LARGE])
@pytest.mark.parametrize("count", [1, 3, 4, LARGE - 1])
def test_different_fields_are_different(store: Store[bytes], size: int, count: int) -> None:
    fields = fill(store, "h", size)
    flat = store.hrandfield("h", count, withvalues=True)
    picked = dict(zip(flat[::2], flat[1::2], strict=True))
    assert len(picked) == len(flat) // 2 == min(count, size)
    assert picked.items() <= fields.items()


def test_every_set_of_fields_can_be_picked(store: Store[bytes]) -> None:
    store.hset("h", mapping={"a": 1, "b": 2, "c": 3})
    seen = {tuple(store.hrandfield("h", 2)) for _ in range(100)}
    assert seen == {(b"a", b"b"), (b"a", b"c"), (b"b", b"c")}


def test_a_scan_looks_at_no_more_than_it_was_told(store: Store[bytes]) -> None:
    fields = fill(store, "h", LARGE)
    cursor, page = store.hscan("h", count=7)
    assert len(page) == 7
    assert cursor == LARGE - 7
    assert page.items() <= fields.items()
    assert store.hscan("h", 7, count=7)[0] == 0
    assert store.hscan("h", 2**64 - 1, count=7)[1] == page


def test_a_scan_finds_what_stays(store: Store[bytes]) -> None:
    random = Random(3)
    fields = list(fill(store, "h", 2 * LARGE))
    stay = set(fields[::3])
    seen = set()
    cursor, calls = 0, 0
    while cursor or not calls:
        cursor, page = store.hscan("h", cursor, count=20)
        seen |= page.keys()
        calls += 1
        store.hdel("h", *random.sample([field for field in fields if field not in stay], 30))
        store.hset("h", f"new{calls}", "")
    assert stay <= seen


def test_a_scan_goes_on_after_a_rollback(store: Store[bytes]) -> None:
    fields = fill(store, "h", LARGE)
    store.hdel("h", *list(fields)[:50])
    cursor, page = store.hscan("h", count=100)
    with contextlib.suppress(ZeroDivisionError), store.atomic():
        store.hset("h", "f1", "")
        raise ZeroDivisionError
    seen = set(page)
    while cursor:
        cursor, page = store.hscan("h", cursor, count=100)
        seen |= page.keys()
    assert seen == set(list(fields)[50:])


def test_scanning_without_values(store: Store[bytes]) -> None:
    store.hset("h", mapping={"a": 1, "b": 2, "ab": 3})
    assert store.hscan("h", no_values=True) == (0, [b"a", b"b", b"ab"])
    assert store.hscan("h", match="a*", no_values=True) == (0, [b"a", b"ab"])
    assert store.hscan("h", no_values=False) == (0, {b"a": b"1", b"b": b"2", b"ab": b"3"})
    assert store.hscan("none", no_values=True) == (0, [])
    assert list(store.hscan_iter("h", no_values=True)) == [b"a", b"b", b"ab"]
    assert list(store.hscan_iter("h", match="b")) == [(b"b", b"2")]
    fields = fill(store, "large", LARGE)
    assert sorted(store.hscan_iter("large", count=9)) == sorted(fields.items())
    assert sorted(store.hscan_iter("large", count=9, no_values=True)) == sorted(fields)


# --- replies, types, errors ----------------------------------------------------------------------------


def test_decoding() -> None:
    store = Store(decode_responses=True, clock=ManualClock(START))
    store.hset("h", mapping={"é": "ü"})
    assert store.hget("h", "é") == "ü"
    assert store.hget("h", "x") is None
    assert store.hgetall("h") == {"é": "ü"}
    assert store.hkeys("h") == ["é"]
    assert store.hvals("h") == ["ü"]
    assert store.hmget("h", "é", "x") == ["ü", None]
    assert store.hrandfield("h") == "é"
    assert store.hrandfield("h", 1, withvalues=True) == ["é", "ü"]
    assert store.hscan("h") == (0, {"é": "ü"})
    assert store.hscan("h", no_values=True) == (0, ["é"])
    assert store.hgetex("h", "é", "x") == ["ü", None]
    assert store.hgetdel("h", "é", "x") == ["ü", None]


WRONG: list[Callable[[Any], Any]] = [
    lambda s: s.hset("h"),
    lambda s: s.hset("h", "a"),
    lambda s: s.hset("h", mapping={"a": 1, "b": None}),
    lambda s: s.hset("h", items=["a", 1, "b"]),
    lambda s: s.hset("s", "a", 1),
    lambda s: s.hset("s", mapping={"a": 1, "b": 2}),
    lambda s: s.hmset("h", {}),
    lambda s: s.hmset("s", {"a": 1}),
    lambda s: s.hsetnx("s", "a", 1),
    lambda s: s.hdel("h"),
    lambda s: s.hdel("s", "n"),
    lambda s: s.hdel("h", "n", None),
    lambda s: s.hget("s", "a"),
    lambda s: s.hexists("s", "a"),
    lambda s: s.hincrby("h", "text"),
    lambda s: s.hincrby("h", "max"),
    lambda s: s.hincrby("h", "n", 2**63),
    lambda s: s.hincrbyfloat("h", "text"),
    lambda s: s.hincrbyfloat("h", "n", "inf"),
    lambda s: s.hincrbyfloat("h", "n", "nan"),
    lambda s: s.hrandfield("h", -(2**63)),
    lambda s: s.hscan("h", count=0),
    lambda s: s.hscan("h", cursor="x"),
    lambda s: s.hexpire("h", 1),
    lambda s: s.hexpire("h", 1, nx=True),
    lambda s: s.hexpire("h", -1, "n"),
    lambda s: s.hexpire("h", 2**46, "n"),
    lambda s: s.hexpire("h", "x", "n"),
    lambda s: s.hexpire("h", 1, "n", nx=True, gt=True),
    lambda s: s.hexpire("s", 1, "n"),
    lambda s: s.hpersist("s", "n"),
    lambda s: s.hpersist("h"),
    lambda s: s.httl("h"),
    lambda s: s.httl("s", "n"),
    lambda s: s.hgetdel("s", "n"),
    lambda s: s.hgetdel("h"),
    lambda s: s.hgetex("h", "n", ex=1, persist=True),
    lambda s: s.hgetex("h", "n", ex=-1),
    lambda s: s.hgetex("s", "n", ex=1),
    lambda s: s.hgetex("h"),
    lambda s: s.hsetex("h"),
    lambda s: s.hsetex("h", items=["n"]),
    lambda s: s.hsetex("h", "n", 1, ex=1, px=1),
    lambda s: s.hsetex("h", "n", 1, ex=1.5),
    lambda s: s.hsetex("h", "n", 1, pxat=2**63),
    lambda s: s.hsetex("h", mapping={"n": None}),
    lambda s: s.hsetex("s", "n", 1),
]


@pytest.mark.parametrize("call", WRONG)
def test_a_call_that_raises_changes_nothing(store: Store[bytes], call: Callable[[Any], Any]) -> None:
    store.set("s", "string")
    store.hset("h", mapping={"n": 1, "text": "x", "max": 2**63 - 1})
    store.hpexpire("h", 5000, "n")
    before = store.hgetall("h")
    with pytest.raises((ResponseError, DataError, ValueError)):
        call(store)
    assert store.hgetall("h") == before
    assert store.hpttl("h", "n", "text", "max") == [5000, -1, -1]
    assert store.get("s") == b"string"
    check(store)


class Log(Observer):
    """The keys that were announced as about to change."""

    def __init__(self) -> None:
        self.keys: list[bytes] = []

    def changing(self, store: Any, key: bytes) -> None:
        self.keys.append(key)


def changes(store: Store[bytes], call: Callable[[Store[bytes]], Any]) -> int:
    log = Log()
    store._shared.observe(log)
    try:
        call(store)
    finally:
        store._shared.stop_observing(log)
    return len(log.keys)


@pytest.mark.parametrize(
    "call",
    [
        lambda s: s.hsetnx("h", "a", 2),
        lambda s: s.hdel("h", "x"),
        lambda s: s.hdel("none", "x"),
        lambda s: s.hgetdel("h", "x"),
        lambda s: s.hgetex("h", "a"),
        lambda s: s.hgetex("h", "b", persist=True),
        lambda s: s.hgetex("h", "x", ex=5),
        lambda s: s.hexpire("h", 5, "x"),
        lambda s: s.hexpire("h", 5, "a", nx=True),
        lambda s: s.hpersist("h", "b", "x"),
        lambda s: s.hsetex("h", "a", 1, data_persist_option=HashDataPersistOptions.FNX),
        lambda s: s.hgetall("h"),
        lambda s: s.httl("h", "a"),
    ],
)
def test_what_changes_nothing_is_no_change(store: Store[bytes], call: Callable[[Store[bytes]], Any]) -> None:
    store.hset("h", mapping={"a": 1, "b": 2})
    store.hexpire("h", 100, "a")
    assert changes(store, call) == 0


@pytest.mark.parametrize(
    "call",
    [
        lambda s: s.hset("h", "a", 1),
        lambda s: s.hset("h", mapping={"a": 1, "b": 2}),
        lambda s: s.hdel("h", "a", "b", "a"),
        lambda s: s.hincrby("h", "a", 0),
        lambda s: s.hexpire("h", 5, "a", "b", "a"),
        lambda s: s.hexpire("h", 0, "a", "b"),
        lambda s: s.hgetdel("h", "a", "b"),
        lambda s: s.hgetex("h", "a", "b", persist=True),
        lambda s: s.hsetex("h", mapping={"a": 1, "c": 2}, ex=5),
    ],
)
def test_what_changes_something_is_one_change(
    store: Store[bytes], call: Callable[[Store[bytes]], Any]
) -> None:
    store.hset("h", mapping={"a": 1, "b": 2})
    store.hexpire("h", 100, "a")
    assert changes(store, call) == 1


def test_eight_threads_count(store: Store[bytes]) -> None:
    def work(number: int) -> None:
        for turn in range(500):
            store.hincrby("h", "all")
            store.hset("h", f"own{number}", turn)
            store.hget("h", "all")
            store.hsetex("h", f"brief{turn % 7}", 1, px=1)
            store.hdel("h", f"brief{turn % 5}")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.hget("h", "all") == b"4000"
    assert [store.hget("h", f"own{number}") for number in range(8)] == [b"499"] * 8
    check(store)


# --- deadlines of fields: by Redis's documentation -----------------------------------------------------


def test_answers_of_hexpire(store: Store[bytes]) -> None:
    store.hset("h", mapping={"a": 1, "b": 2, "c": 3})
    assert store.hexpire("none", 10, "a", "b") == [-2, -2]
    assert store.hexpire("h", 10, "a", "x", "b") == [1, -2, 1]
    assert store.httl("h", "a", "b", "c", "x") == [10, 10, -1, -2]
    assert store.hpttl("h", "a", "c", "x") == [10_000, -1, -2]
    assert store.httl("none", "a") == [-2]
    assert store.hexpire("h", 0, "a", "x", "a") == [2, -2, -2]
    assert store.hexpireat("h", START // 1000, "b") == [2]
    assert store.hgetall("h") == {b"c": b"3"}
    assert store.hpexpireat("h", START, "c") == [2]
    assert store._db.data == {}
    check(store)


@pytest.mark.parametrize(
    ("condition", "new", "expected"),
    [
        ({"nx": True}, 10, [1, 0]),
        ({"xx": True}, 10, [0, 1]),
        ({"gt": True}, 101, [0, 1]),
        ({"gt": True}, 100, [0, 0]),
        ({"gt": True}, 99, [0, 0]),
        ({"lt": True}, 101, [1, 0]),
        ({"lt": True}, 100, [1, 0]),
        ({"lt": True}, 99, [1, 1]),
        ({"lt": True}, 0, [2, 2]),
        ({"gt": True}, 0, [0, 0]),
        ({"nx": True}, 0, [2, 0]),
        ({"xx": True}, 0, [0, 2]),
    ],
)
def test_conditions(store: Store[bytes], condition: dict[str, bool], new: int, expected: list[int]) -> None:
    """Of a field without a deadline and one that has 100 seconds."""
    store.hset("h", mapping={"never": 1, "later": 2})
    store.hexpire("h", 100, "later")
    assert store.hexpire("h", new, "never", "later", **condition) == expected
    kept = {1: new, 2: -2}
    assert store.httl("h", "never", "later") == [
        kept.get(expected[0], -1),
        kept.get(expected[1], 100),
    ]
    check(store)


def test_the_same_field_twice(store: Store[bytes]) -> None:
    store.hset("h", mapping={"a": 1, "b": 2})
    assert store.hexpire("h", 10, "a", "a", nx=True) == [1, 0]
    assert store.hexpire("h", 20, "a", "a", gt=True) == [1, 0]
    assert store.hexpire("h", 30, "a", "a", xx=True) == [1, 1]
    assert store.hpersist("h", "a", "a") == [1, -1]
    assert store.hgetex("h", "a", "a", ex=1) == [b"1", b"1"]
    assert store.hgetdel("h", "a", "a") == [b"1", None]
    assert store.hgetex("h", "b", "b", "x", pxat=START) == [b"2", None, None]
    assert store.hlen("h") == 0


def test_every_way_to_say_when(store: Store[bytes]) -> None:
    store.hset("h", "f", 1)
    then = datetime.fromtimestamp((START + 60_000) / 1000, UTC)
    ways: list[tuple[Callable[[], list[int]], int]] = [
        (lambda: store.hexpire("h", 60, "f"), START + 60_000),
        (lambda: store.hexpire("h", timedelta(seconds=60.9), "f"), START + 60_000),
        (lambda: store.hexpire("h", "60", "f"), START + 60_000),  # type: ignore[arg-type]
        (lambda: store.hpexpire("h", 60_001, "f"), START + 60_001),
        (lambda: store.hpexpire("h", timedelta(milliseconds=1500), "f"), START + 1500),
        (lambda: store.hexpireat("h", START // 1000 + 60, "f"), START // 1000 * 1000 + 60_000),
        (lambda: store.hexpireat("h", then, "f"), START // 1000 * 1000 + 60_000),
        (lambda: store.hpexpireat("h", START + 1, "f"), START + 1),
        (lambda: store.hpexpireat("h", then, "f"), START + 60_000),
    ]
    for way, deadline in ways:
        store.hpersist("h", "f")
        assert way() == [1]
        assert store.hpexpiretime("h", "f", "x") == [deadline, -2]
        assert store.hexpiretime("h", "f", "x") == [-(-deadline // 1000), -2]
        assert store.httl("h", "f") == [-(-(deadline - START) // 1000)]
        assert store.hpttl("h", "f") == [deadline - START]
    check(store)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda s: s.hexpire("h", -1, "f"), "invalid expire time, must be >= 0"),
        (lambda s: s.hgetex("h", "f", ex=-1), "invalid expire time, must be >= 0"),
        (lambda s: s.hsetex("h", "f", 1, px=-1), "invalid expire time, must be >= 0"),
        (lambda s: s.hpexpireat("h", LAST_DEADLINE + 1, "f"), "invalid expire time in 'hpexpireat' command"),
        (lambda s: s.hexpire("h", LAST_DEADLINE // 1000, "f"), "invalid expire time in 'hexpire' command"),
        (lambda s: s.hpexpire("h", LAST_DEADLINE, "f"), "invalid expire time in 'hpexpire' command"),
        (lambda s: s.hexpireat("h", LAST_DEADLINE, "f"), "invalid expire time in 'hexpireat' command"),
        (lambda s: s.hgetex("h", "f", pxat=2**62), "invalid expire time in 'hgetex' command"),
        (lambda s: s.hsetex("h", "f", 1, ex=2**62), "invalid expire time in 'hsetex' command"),
        (lambda s: s.hexpire("h", 2**63, "f"), "value is not an integer or out of range"),
        (lambda s: s.hexpire("h", 1), "wrong number of arguments for 'hexpire' command"),
        (lambda s: s.hexpire("h", 1, lt=True), "Parameter `numFields` should be greater than 0"),
        (lambda s: s.hpttl("h"), "wrong number of arguments for 'hpttl' command"),
        (lambda s: s.hgetdel("h"), "'hgetdel' should have at least one key provided"),
        (lambda s: s.hgetex("h"), "'hgetex' should have at least one key provided"),
        (lambda s: s.hsetex("h"), "'hsetex' with no key value pairs"),
        (
            lambda s: s.hexpire("h", 1, "f", xx=True, lt=True),
            "Only one of 'nx', 'xx', 'gt', 'lt' can be specified.",
        ),
    ],
)
def test_error_texts(store: Store[bytes], call: Callable[[Store[bytes]], Any], text: str) -> None:
    store.hset("h", "f", 1)
    with pytest.raises((ResponseError, DataError, ValueError)) as raised:
        call(store)
    assert str(raised.value) == text


def test_the_last_deadline(store: Store[bytes]) -> None:
    store.hset("h", "f", 1)
    assert store.hpexpireat("h", LAST_DEADLINE, "f") == [1]
    assert store.hpexpiretime("h", "f") == [LAST_DEADLINE]
    assert store.hpexpire("h", LAST_DEADLINE - START, "f") == [1]
    assert store.hpexpire("h", 0, "f") == [2]


KEEPS: list[tuple[Callable[[Store[bytes]], Any], bool]] = [
    (lambda s: s.hset("h", "f", 2), False),
    (lambda s: s.hset("h", mapping={"f": 2, "g": 3}), False),
    (lambda s: s.hmset("h", {"f": 2}), False),
    (lambda s: s.hsetex("h", "f", 2), False),
    (lambda s: s.hpersist("h", "f"), False),
    (lambda s: s.hgetex("h", "f", persist=True), False),
    (lambda s: s.hgetex("h", "f"), True),
    (lambda s: s.hsetex("h", "f", 2, keepttl=True), True),
    (lambda s: s.hsetex("h", mapping={"f": 2, "g": 3}, keepttl=True), True),
    (lambda s: s.hincrby("h", "f", 2), True),
    (lambda s: s.hincrbyfloat("h", "f", 2), True),
    (lambda s: s.hset("h", "g", 2), True),
    (lambda s: s.hsetnx("h", "f", 2), True),
]


@pytest.mark.parametrize(("call", "keeps"), KEEPS)
def test_what_becomes_of_a_deadline(
    store: Store[bytes], call: Callable[[Store[bytes]], Any], keeps: bool
) -> None:
    store.hset("h", "f", 1)
    store.hexpire("h", 10, "f")
    call(store)
    assert store.httl("h", "f") == [10 if keeps else -1]
    check(store)
    store.advance(10)
    assert store.hexists("h", "f") is not keeps
    check(store)


def test_hsetex(store: Store[bytes]) -> None:
    fnx, fxx = HashDataPersistOptions.FNX, HashDataPersistOptions.FXX
    assert store.hsetex("h", "a", 1, ex=10, data_persist_option=fxx) == 0
    assert store.hlen("h") == 0
    assert store.hsetex("h", "a", 1, {"b": 2}, ["c", 3], ex=10, data_persist_option=fnx) == 1
    assert store.hgetall("h") == {b"c": b"3", b"a": b"1", b"b": b"2"}
    assert store.httl("h", "a", "b", "c") == [10, 10, 10]
    assert store.hsetex("h", mapping={"c": 4, "d": 5}, data_persist_option=fnx) == 0
    assert store.hsetex("h", mapping={"c": 4, "d": 5}, data_persist_option=fxx) == 0
    assert store.hmget("h", "c", "d") == [b"3", None]
    assert store.hsetex("h", mapping={"c": 4, "a": 5}, px=500, data_persist_option=fxx) == 1
    assert store.hpttl("h", "a", "b", "c") == [500, 10_000, 500]
    assert store.hsetex("h", mapping={"a": 4, "new": 5}, keepttl=True) == 1
    assert store.hpttl("h", "a", "new") == [500, -1]
    assert store.hsetex("h", mapping={"a": 4, "newer": 5}, exat=1) == 1
    assert store.hmget("h", "a", "newer") == [None, None]
    assert store.hsetex("gone", "a", 1, px=0) == 1
    assert store.hlen("gone") == 0
    check(store)


def test_conditions_of_hsetex_may_be_those_of_redis_py(store: Store[bytes]) -> None:
    options = redis.commands.core.HashDataPersistOptions
    assert store.hsetex("h", "a", 1, data_persist_option=options.FXX) == 0
    assert store.hsetex("h", "a", 1, data_persist_option=options.FNX) == 1
    assert store.hsetex("h", "a", 1, data_persist_option=options.FNX) == 0


def test_hgetex_and_hgetdel(store: Store[bytes]) -> None:
    store.hset("h", mapping={"a": 1, "b": 2})
    assert store.hgetex("h", "a", "x", ex=10) == [b"1", None]
    assert store.httl("h", "a", "b") == [10, -1]
    assert store.hgetex("h", "a", "b", persist=True) == [b"1", b"2"]
    assert store.httl("h", "a") == [-1]
    assert store.hgetex("h", "b", exat=1) == [b"2"]
    assert store.hgetex("none", "a", "b", px=10) == [None, None]
    assert store.hgetdel("none", "a") == [None]
    assert store.hgetdel("h", "b", "a") == [None, b"1"]
    assert store._db.data == {}
    check(store)


def test_a_field_is_gone_from_its_millisecond_on(store: Store[bytes]) -> None:
    store.hset("h", mapping={"a": 1, "b": 2})
    store.hpexpire("h", 10, "a")
    store.advance(0.009)
    assert store.hget("h", "a") == b"1"
    assert store.hpttl("h", "a") == [1]
    store._shared.clock._now += 1  # type: ignore[attr-defined]  # nothing is told: readers find out themselves
    for reader, expected in [
        (lambda: store.hget("h", "a"), None),
        (lambda: store.hexists("h", "a"), False),
        (lambda: store.hlen("h"), 1),
        (lambda: store.hgetall("h"), {b"b": b"2"}),
        (lambda: store.httl("h", "a"), [-2]),
    ]:
        assert reader() == expected
    assert store._db.field_deadlines == {}
    check(store)


READERS: list[Callable[[Store[bytes]], Any]] = [
    lambda s: s.hget("h", "a"),
    lambda s: s.hexists("h", "a"),
    lambda s: s.hstrlen("h", "a"),
    lambda s: s.hlen("h"),
    lambda s: s.hmget("h", "a", "b"),
    lambda s: s.hgetall("h"),
    lambda s: s.hkeys("h"),
    lambda s: s.hvals("h"),
    lambda s: s.hrandfield("h"),
    lambda s: s.hrandfield("h", -3, withvalues=True),
    lambda s: s.hscan("h"),
    lambda s: s.httl("h", "a"),
    lambda s: s.hdel("h", "a"),
    lambda s: s.hgetdel("h", "a"),
    lambda s: s.hexpire("h", 5, "a"),
    lambda s: s.hpersist("h", "a"),
]


@pytest.mark.parametrize("reader", READERS)
def test_a_hash_ends_with_its_last_field(store: Store[bytes], reader: Callable[[Store[bytes]], Any]) -> None:
    missing = reader(store)
    store.hset("h", mapping={"a": 1, "b": 2})
    store.hpexpire("h", 5, "a")
    store.hpexpire("h", 6, "b")
    store._shared.clock._now += 6  # type: ignore[attr-defined]
    assert reader(store) == missing
    assert store._db.data == {}
    check(store)


def test_dead_fields_are_not_seen_where_nothing_may_change(store: Store[bytes]) -> None:
    store.hset("h", mapping={"a": 1, "b": 2})
    store.hpexpire("h", 5, "a")
    store.hsetex("gone", "a", 1, px=5)
    store._shared.frozen = True
    store._shared.clock._now += 5  # type: ignore[attr-defined]

    def read(store: Store[bytes]) -> None:
        assert store.hgetall("h") == {b"b": b"2"}
        assert store.hget("gone", "a") is None
        assert store.hlen("gone") == 0

    assert changes(store, read) == 0


def test_fields_expire_in_the_order_of_their_deadlines(store: Store[bytes]) -> None:
    removed = []
    original = type(store)._effect_remove_fields

    def remove(key: bytes, fields: list[bytes]) -> None:
        removed.append((store._shared.now() - START, key, *fields))
        original(store, key, fields)

    store.__dict__["_effect_remove_fields"] = remove
    for number, field in enumerate("cabd"):
        store.hset(f"h{number % 2}", field, 1)
        store.hpexpire(f"h{number % 2}", ord(field), field)
    store.advance(1)
    assert removed == [(97, b"h1", b"a"), (98, b"h0", b"b"), (99, b"h0", b"c"), (100, b"h1", b"d")]
    assert store._db.data == {}


def test_dead_fields_are_cleared_away_by_later_writes(store: Store[bytes]) -> None:
    store.hset("h", mapping={f"f{number}": number for number in range(1000)})
    store.hpexpire("h", 1, *(f"f{number}" for number in range(999)))
    store._shared.clock._now += 1  # type: ignore[attr-defined]
    hash = store._db.data[b"h"]
    assert isinstance(hash, Hash)
    left = []
    while len(hash) > 1:
        store.set("other", 1)
        left.append(len(hash))
    assert left[0] >= 500, "one write does not clear them all away"
    assert len(left) < 50
    assert store.hgetall("h") == {b"f999": b"999"}
    assert store._db.field_deadlines == {}
    check(store)


def test_a_later_deadline_stands(store: Store[bytes]) -> None:
    store.hset("h", mapping={"a": 1, "b": 2})
    store.hpexpire("h", 10, "a")
    store.hpexpire("h", 100, "a", "b")
    store.advance(0.05)
    assert store.hpttl("h", "a", "b") == [50, 50]
    store.hdel("h", "a")
    store.advance(0.05)
    assert store.hlen("h") == 0
    check(store)


def test_a_key_that_is_no_hash_any_more(store: Store[bytes]) -> None:
    store.hset("h", "a", 1)
    store.hpexpire("h", 10, "a")
    store.set("h", "string")
    store.advance(1)
    assert store.get("h") == b"string"
    store.set("h", "string")
    store.getdel("h")
    store.hset("h", "a", 1)
    store.advance(1)
    assert store.hget("h", "a") == b"1"
    check(store)


def test_deadlines_go_where_the_hash_goes(store: Store[bytes]) -> None:
    store.hset("h", mapping={"a": 1, "b": 2})
    store.hpexpire("h", 10, "a")
    store.copy("h", "copy")
    store.rename("h", "renamed")
    store.move("renamed", 1)
    other = store.select(1)
    assert store.hpttl("copy", "a", "b") == other.hpttl("renamed", "a", "b") == [10, -1]
    store.advance(0.01)
    for place, key in ((store, "copy"), (other, "renamed")):
        assert place._db.data[key.encode()].fields == {b"b": b"2"}  # type: ignore[union-attr]
        check(place)


def test_a_rollback_brings_deadlines_back(store: Store[bytes]) -> None:
    store.hset("h", mapping={"a": 1, "b": 2})
    store.hpexpire("h", 10, "a")
    with contextlib.suppress(ZeroDivisionError), store.atomic():
        store.hpersist("h", "a")
        store.hdel("h", "b")
        raise ZeroDivisionError
    assert store.hpttl("h", "a", "b") == [10, -1]
    store.advance(0.01)
    assert store.hgetall("h") == {b"b": b"2"}
    check(store)


def test_many_deadlines_leave_no_trail(store: Store[bytes]) -> None:
    store.hset("h", mapping={"a": 1, "b": 2})
    for number in range(2000):
        store.hpexpire("h", 10_000 - number, "a")
    hash = store._db.data[b"h"]
    assert isinstance(hash, Hash)
    assert len(hash.timetable) < 100
    assert len(store._db.timetable) < 100
    store.hpersist("h", "a")
    assert hash.deadlines is None
    assert store._db.field_deadlines == {}


def test_an_effect_made_again_gives_the_same(store: Store[bytes]) -> None:
    """What a log replays: the effects of a history, on an empty store."""
    effects: list[tuple[str, tuple[Any, ...]]] = []

    class Recorder:
        def write(self, effect: tuple[Any, ...]) -> None:
            from kvlite.effects import EFFECTS

            effects.append((EFFECTS[effect[0]], effect[2:]))

        def end_batch(self) -> None: ...

        def release(self) -> None:
            store._shared.lock.release()

        def settle(self) -> None: ...

    store._shared.keep_journal(Recorder())  # type: ignore[arg-type]
    fill(store, "large", LARGE)
    store.hset("h", mapping={"a": 1, "b": 2, "c": 3, "d": 4})
    store.hexpire("h", 10, "a", "b")
    store.hsetex("h", mapping={"e": 1, "f": 2}, ex=20)
    store.hsetex("h", mapping={"e": 1, "g": 2}, keepttl=True)
    store.hincrby("h", "a", 5)
    store.hincrbyfloat("h", "b", "0.1")
    store.hpersist("h", "b")
    store.hgetex("h", "c", px=1)
    store.hdel("large", "f1", "f2")
    store.advance(1)
    store.hset("gone", "a", 1)
    store.hdel("gone", "a")
    again = Store(clock=ManualClock(START + 1000))
    for name, arguments in effects:
        getattr(again, name)(*arguments)
    assert again._db.data.keys() == store._db.data.keys()
    for key, hash in store._db.data.items():
        assert isinstance(hash, Hash)
        assert again._db.data[key].dump() == hash.dump()  # type: ignore[union-attr]
        assert list(again._db.data[key].fields) == list(hash.fields)  # type: ignore[union-attr]
    check(again)
    again.advance(60)
    assert again.hkeys("h") == [b"b", b"d", b"g"]


def test_a_hash_whose_last_field_is_due_is_no_hash_for_strings_either(store: Store[bytes]) -> None:
    for call in (
        lambda: store.get("h") is None,
        lambda: store.mget("h") == [None],
        lambda: store.strlen("h") == 0,
        lambda: store.getrange("h", 0, -1) == b"",
        lambda: store.incr("h") == 1,
        lambda: store.append("h", "x") == 1,
    ):
        store.delete("h")
        store.hset("h", "f", "v")
        store.hpexpire("h", 5, "f")
        store._shared.clock._now += 5  # type: ignore[attr-defined]  # nobody is told
        store._shared.next_due = None
        assert call()
