"""Keys: the guarantee of SCAN, keys that are dead and still there, random picks, batches, and shapes."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, assert_type

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kvlite import DataError, ManualClock, ResponseError, Store
from kvlite.keyspace import Keyspace
from kvlite.types.keys import encoding_of


class HandClock:
    """A clock that is set by hand and tells nobody: what falls due stays until somebody comes across it."""

    def __init__(self) -> None:
        self.time = 1_700_000_000_000

    def now(self) -> int:
        return self.time


class Watcher:
    """An observer and a journal that writes down what it is told."""

    path = "a list"

    def __init__(self, store: Store[Any]) -> None:
        self.told: list[str] = []
        self.release = store._shared.lock.release
        store._shared.keep_journal(self)  # type: ignore[arg-type]

    def write(self, effect: tuple[Any, ...]) -> None:
        self.told.append("effect")

    def end_batch(self) -> None:
        self.told.append("end")

    def stop(self) -> None: ...
    def close(self) -> None: ...

    def take(self) -> list[str]:
        told, self.told = self.told, []
        return told


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def store(clock: HandClock) -> Iterator[Store[bytes]]:
    with Store(clock=clock, seed=1) as store:
        yield store
        for each in store._shared.open_stores:
            each._db._check()


def seed_all_types(store: Store[bytes]) -> list[str]:
    store.set("string", "s")
    store.rpush("list", "a", "b")
    store.hset("hash", "f", "v")
    store.sadd("set", "m")
    store.zadd("zset", {"m": 1})
    return ["string", "list", "hash", "set", "zset"]


# --- SCAN ----------------------------------------------------------------------------------------------

NAMES = st.integers(0, 60).map(lambda number: f"k{number}".encode())
CHANGES = st.one_of(
    st.tuples(st.just("set"), NAMES, st.just("v")),
    st.tuples(st.just("delete"), NAMES, NAMES, NAMES),
    st.tuples(st.just("psetex"), NAMES, st.integers(1, 5), st.just("v")),
    st.tuples(st.just("pexpire"), NAMES, st.integers(-1, 5)),
    st.tuples(st.just("rename"), NAMES, NAMES),
    st.tuples(st.just("copy"), NAMES, NAMES, st.none(), st.just(True)),
    st.tuples(st.just("move"), NAMES, st.just(1)),
    st.tuples(st.just("tick"), st.integers(1, 3)),
    st.tuples(st.just("randomkey")),
    st.tuples(st.just("flushdb")),
)
MANY_CHANGES = st.lists(CHANGES, max_size=8)


@settings(max_examples=300)
@given(
    first=st.sets(NAMES),
    rounds=st.lists(st.tuples(st.integers(1, 12), MANY_CHANGES), min_size=1, max_size=12),
)
def test_scan_misses_nothing_that_stays(first: set[bytes], rounds: list[tuple[int, list[Any]]]) -> None:
    """Keys that are there all the time come at least once; keys that are not there do not come."""
    clock = HandClock()
    store = Store(clock=clock)
    for key in sorted(first):
        store.set(key, "v")
    staying, seen, cursor = set(first), set[bytes](), 0
    for count, changes in rounds:
        cursor, page = store.scan(cursor, count=count)
        assert set(page) <= set(store.keys())
        seen |= set(page)
        if cursor == 0:
            break
        for method, *arguments in changes:
            if method == "tick":
                clock.time += arguments[0]
            else:
                with suppress(ResponseError):
                    getattr(store, method)(*arguments)
            staying &= set(store.keys())
    while cursor:
        cursor, page = store.scan(cursor, count=7)
        seen |= set(page)
    assert staying <= seen
    store._db._check()


def test_scan_looks_at_no_more_than_count(store: Store[bytes]) -> None:
    store.mset({f"k{number}": number for number in range(100)})
    sizes = []
    cursor, page = store.scan(count=30)
    sizes.append(len(page))
    while cursor:
        cursor, page = store.scan(cursor, count=30)
        sizes.append(len(page))
    assert sizes == [30, 30, 30, 10]
    assert len(store.scan()[1]) == 10
    assert store.scan(match="k1?", count=100)[0] == 0
    assert sorted(store.scan_iter("k1?")) == [b"k1%d" % number for number in range(10)]
    assert list(store.scan_iter(_type="list")) == []


def test_scan_iter_asks_as_it_goes(store: Store[bytes]) -> None:
    store.mset({f"k{number}": number for number in range(100)})
    keys = store.scan_iter(count=10)
    next(keys)
    store.flushdb()
    assert len(list(keys)) == 9


def test_keys_of_a_moment(store: Store[bytes]) -> None:
    store.mset({f"k{number}": number for number in range(100)})
    seen = []
    for key in store:
        seen.append(key)
        store.delete(key)
        store.set(b"new " + key, "v")
    assert sorted(seen) == sorted(b"k%d" % number for number in range(100))
    assert len(store) == 100


def test_scans_while_threads_write() -> None:
    store = Store()
    staying = {b"stay%d" % number for number in range(200)}
    for key in staying:
        store.set(key, "v")
    done = threading.Event()

    def write(name: int) -> None:
        number = 0
        while not done.is_set():
            number += 1
            keys = [f"{name}:{number % 50 + offset}" for offset in range(4)]
            store.mset(dict.fromkeys(keys, "v"))
            store.delete(*keys[:3])
            store.pexpire(keys[3], 1)

    threads = [threading.Thread(target=write, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(30):
            assert staying <= set(store.scan_iter(count=20))
            assert staying <= set(store)
    finally:
        done.set()
        for thread in threads:
            thread.join()
    store._db._check()


# --- dead keys -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("frozen", [False, True])
def test_a_dead_key_is_gone_for_every_reader(store: Store[bytes], clock: HandClock, frozen: bool) -> None:
    """Also in a store that may not change, where it stays for ever."""
    store.set("live", "v")
    dead: list[tuple[str, Callable[[], object]]] = []
    for key in seed_all_types(store):
        store.pexpire(key, 5)
    clock.time += 4
    assert len(store) == 6
    clock.time += 1
    for read in (
        lambda: store.exists("string", "list", "hash", "set", "zset"),
        lambda: store.touch("string", "list"),
        lambda: "hash" in store,
    ):
        dead.append(("", read))
    store._shared.frozen = frozen
    try:
        assert not any(read() for _, read in dead)
        for key in ("string", "list", "hash", "set", "zset"):
            assert (store.type(key), store.ttl(key), store.pexpiretime(key)) == (b"none", -2, -2)
            assert store.object("encoding", key) is None
        assert store.scan(count=100) == (0, [b"live"])
        assert store.keys() == list(store) == [b"live"]
        assert store.dbsize() == len(store) == 1
        assert {store.randomkey() for _ in range(20)} == {b"live"}
    finally:
        store._shared.frozen = False


@pytest.mark.parametrize("ask", ["randomkey", "keys", "dbsize", "scan"])
def test_the_dead_are_removed_by_who_meets_them(store: Store[bytes], clock: HandClock, ask: str) -> None:
    for number in range(300):
        store.psetex(str(number), 10, "v")
    clock.time += 10
    answer = store.scan(count=300)[1] if ask == "scan" else getattr(store, ask)()
    assert not answer
    assert not store._db.data


def test_random_key_among_the_dead(store: Store[bytes], clock: HandClock) -> None:
    store.set("live", "v")
    for number in range(5000):
        store.psetex(str(number), 10, "v")
    clock.time += 10
    assert store.randomkey() == b"live"
    store._shared.frozen = True
    assert store.randomkey() == b"live"
    store._shared.frozen = False
    store.delete("live")
    store.psetex("dead", 1, "v")
    clock.time += 1
    store._shared.frozen = True
    assert store.randomkey() is None
    store._shared.frozen = False
    assert store.randomkey() is None


def test_a_hash_goes_with_its_last_field(store: Store[bytes], clock: HandClock) -> None:
    store.hset("h", "f", "v")
    store.hpexpire("h", 5, "f")
    store.rename("h", "g")
    store.copy("g", "copy", destination_db=1)
    assert "g" in store
    clock.time += 5
    assert "g" not in store
    assert store.select(1).scan() == (0, [])
    assert store.keys() == []
    assert len(store) == 0


def test_dead_destinations_do_not_count(store: Store[bytes], clock: HandClock) -> None:
    store.mset({"a": 1, "b": 2, "c": 3})
    store.psetex("dead", 1, "v")
    store.select(1).psetex("c", 1, "v")
    clock.time += 1
    assert store.renamenx("a", "dead") is True
    assert store.ttl("dead") == -1
    assert store.move("c", 1) is True
    assert store.select(1).get("c") == b"3"
    store.psetex("dead", 1, "v")
    clock.time += 1
    assert store.copy("b", "dead") is True
    assert store.expire("dead", 10) is True


# --- random picks --------------------------------------------------------------------------------------


def test_random_keys_are_spread_evenly_and_can_be_repeated() -> None:
    picks = []
    for _ in range(2):
        store = Store(seed=7)
        store.mset({f"k{number}": number for number in range(10)})
        picks.append([store.randomkey() for _ in range(5000)])
    assert picks[0] == picks[1]
    counts = Counter(picks[0])
    assert len(counts) == 10
    assert all(400 < count < 600 for count in counts.values())
    assert Store().randomkey() is None


# --- effects -------------------------------------------------------------------------------------------


def test_what_belongs_together_is_one_batch(store: Store[bytes]) -> None:
    seed_all_types(store)
    store.select(1).set("a", 1)
    watcher = Watcher(store)
    assert store.delete("string", "list", "missing", "string") == 2
    assert watcher.take() == ["effect", "effect", "end"]
    assert store.flushall() is True
    assert watcher.take() == ["effect", "effect", "end"]


def test_a_batch_is_seen_whole() -> None:
    """No reader finds one key of DEL gone and the other still there."""
    store = Store()
    done = threading.Event()
    halves = []

    def look() -> None:
        while not done.is_set():
            if store.exists("a", "b") == 1:
                halves.append("half")

    thread = threading.Thread(target=look)
    thread.start()
    for _ in range(2000):
        store.mset({"a": 1, "b": 2})
        store.delete("a", "b")
    done.set()
    thread.join()
    assert not halves


def test_nobody_looks_into_an_atomic_block() -> None:
    store = Store()
    answers = []
    thread = threading.Thread(target=lambda: answers.append("a" in store))
    with store.atomic():
        store.set("a", 1)
        thread.start()
        thread.join(0.1)
        assert not answers
        store.delete("a")
    thread.join()
    assert answers == [False]


@pytest.mark.parametrize(
    "call",
    [
        lambda store: store.delete("missing"),
        lambda store: store.delete("missing", "none"),
        lambda store: store.rename("string", "string"),
        lambda store: store.renamenx("string", "list"),
        lambda store: store.persist("string"),
        lambda store: store.persist("missing"),
        lambda store: store.expire("string", 10, xx=True),
        lambda store: store.expire("string", 10, gt=True),
        lambda store: store.expire("mortal", 10, nx=True),
        lambda store: store.expire("mortal", 1000, lt=True),
        lambda store: store.expire("missing", 10),
        lambda store: store.copy("missing", "list"),
        lambda store: store.copy("string", "list"),
        lambda store: store.move("missing", 1),
        lambda store: store.move("string", 1),
        lambda store: store.swapdb(0, 0),
        lambda store: store.swapdb(5, 6),
        lambda store: store.select(3).flushdb(),
        lambda store: store.touch("string"),
        lambda store: store.scan(),
        lambda store: store.randomkey(),
    ],
)
def test_what_changes_nothing_is_no_effect(
    store: Store[bytes], call: Callable[[Store[bytes]], object]
) -> None:
    seed_all_types(store)
    store.set("mortal", "v", ex=100)
    store.select(1).set("string", "v")
    watcher = Watcher(store)
    call(store)
    assert "effect" not in watcher.take()


@pytest.mark.parametrize(
    "call",
    [
        lambda store: store.delete("string", None),
        lambda store: store.delete(),
        lambda store: store.rename("missing", "string"),
        lambda store: store.copy("string", "string"),
        lambda store: store.copy("string", "list", 16, True),
        lambda store: store.move("string", 0),
        lambda store: store.move("string", "x"),
        lambda store: store.expire("string", 2**62),
        lambda store: store.expire("string", 10, nx=True, xx=True),
        lambda store: store.swapdb(0, 16),
        lambda store: store.swapdb(0, -1),
        lambda store: store.scan("x"),
        lambda store: store.object("freq", "string"),
    ],
)
def test_what_raises_changes_nothing(store: Store[bytes], call: Callable[[Store[bytes]], object]) -> None:
    seed_all_types(store)
    watcher = Watcher(store)
    with pytest.raises((ResponseError, DataError)):
        call(store)
    assert watcher.take() == []
    assert len(store) == 5


def test_a_copy_is_another_value(store: Store[bytes]) -> None:
    keys = seed_all_types(store)
    store.append("string", "tail")
    for key in keys:
        store.copy(key, f"copy of {key}")
        store.copy(key, key, destination_db=3)
        values = [
            store._db.data[key.encode()],
            store._db.data[f"copy of {key}".encode()],
            store.select(3)._db.data[key.encode()],
        ]
        assert len(set(map(id, values))) == 3
        assert len(set(map(type, values))) == 1


def test_flush_is_of_one_database_and_flushall_of_all(store: Store[bytes]) -> None:
    others = [store.select(number) for number in range(1, 16)]
    for each in (store, *others):
        each.set("a", 1, ex=100)
    assert store.flushdb() is True
    assert [len(each) for each in (store, *others)] == [0] + [1] * 15
    assert others[3].flushall(asynchronous=True) is True
    assert not any(len(each) for each in (store, *others))


def test_swapping_databases_is_for_everybody(store: Store[bytes]) -> None:
    other = store.select(9)
    store.set("a", 1)
    other.set("b", 2, ex=100)
    assert store.select(4).swapdb(9, 0) is True
    assert (store.keys(), other.keys()) == ([b"b"], [b"a"])
    assert (store.ttl("b"), other.ttl("a")) == (100, -1)


# --- the inside ----------------------------------------------------------------------------------------


def test_encoding_is_found_without_looking_at_everything() -> None:
    """A hash beyond 512 fields is not looked through."""

    class Unreadable(dict[bytes, bytes]):
        def items(self) -> Any:
            raise AssertionError("looked through")

    store = Store()
    store.hset("h", mapping={str(number): number for number in range(600)})
    value: Any = store._db.data[b"h"]
    value.fields = Unreadable(value.fields)
    assert store.object("encoding", "h") == b"hashtable"


def test_every_kind_has_an_encoding(store: Store[bytes]) -> None:
    for key in seed_all_types(store):
        assert encoding_of(store._db.data[key.encode()])


def test_idle_time_is_known_where_it_is_recorded() -> None:
    clock = ManualClock()
    for store, expected in [
        (Store(clock=clock), 30),
        (Store(clock=HandClock(), record_accesses=True), 0),
        (Store(clock=clock, record_accesses=False), 0),
    ]:
        seed_all_types(store)
        if store._shared.clock is clock:
            clock.advance(30)
        assert store.object("idletime", "list") == expected
        assert store.touch("list") == 1
        assert store.object("idletime", "list") == 0


def test_time_is_the_stores_clock() -> None:
    clock = ManualClock(1_700_000_000_123)
    store = Store(clock=clock)
    assert store.time() == (1_700_000_000, 123_000)
    store.advance(1)
    assert store.time() == (1_700_000_001, 123_000)


# --- shapes --------------------------------------------------------------------------------------------


def test_a_store_is_true() -> None:
    store = Store()
    assert store
    assert len(store) == 0
    assert list(store) == []


def test_python_habits() -> None:
    store = Store()
    store["a"] = 1
    assert store["a"] == b"1"
    assert "a" in store
    del store["a"]
    del store["a"]
    assert "a" not in store
    with pytest.raises(KeyError, match="'a'"):
        store["a"]


def test_types() -> None:
    store, texts = Store(), Store(decode_responses=True)
    texts.set("é", 1)
    assert_type(store.keys(), list[bytes])
    assert_type(texts.keys("*"), list[str])
    assert_type(store.scan(), tuple[int, list[bytes]])
    assert_type(texts.scan_iter(), Iterator[str])
    assert_type(iter(texts), Iterator[str])
    assert_type(texts.randomkey(), str | None)
    assert_type(texts.type("é"), str)
    assert_type(texts.object("encoding", "é"), str | None)
    assert_type(store.object("refcount", "é"), int | None)
    assert_type(store.expire("é", 1), bool)
    assert_type(texts["é"], str)
    assert_type(store.time(), tuple[int, int])
    assert texts.keys() == list(texts) == texts.scan()[1] == ["é"]
    assert (texts.type("é"), texts.type("x"), texts.object("encoding", "é")) == ("string", "none", "int")


def test_databases_are_found_by_every_form_of_a_number(store: Store[bytes]) -> None:
    store.set("a", 1)
    assert store.copy("a", "a", destination_db=b"1")
    assert store.copy("a", "a", destination_db="2")
    sibling: Keyspace[bytes] = store.select(2)
    assert sibling._db.data == {b"a": b"1"}
