"""Strings: what an oracle cannot see."""

from __future__ import annotations

import sys
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kvlite import DataError, ManualClock, ResponseError, Store, StoreClosedError
from kvlite.structs.subsequence import common_subsequence


@pytest.fixture
def store() -> Store[bytes]:
    return Store(clock=ManualClock())


def test_counters_are_kept_as_integers(store: Store[bytes]) -> None:
    store.incr("n", 41)
    assert store._db.data[b"n"] == 41
    assert store.get("n") == b"41"
    assert store.append("n", "x") == 3
    assert store.get("n") == b"41x"


def test_growing_strings_grow_in_place(store: Store[bytes]) -> None:
    store.set("s", "a")
    store.append("s", "b")
    buffer = store._db.data[b"s"]
    store.append("s", "c")
    store.setrange("s", 5, "z")
    assert store._db.data[b"s"] is buffer
    assert store.get("s") == b"abc\0\0z"


def test_a_reply_is_not_the_buffer(store: Store[bytes]) -> None:
    store.append("s", "a")
    store.append("s", "b")
    for reply in (store.get("s"), store.getrange("s", 0, -1), store.mget("s")[0], store.getex("s")):
        assert type(reply) is bytes
        store.append("s", "!")
        assert reply is not None
        assert not reply.endswith(b"!!!!!")


def test_conditions_of_redis_8(store: Store[bytes]) -> None:
    store.set("k", "a")
    assert store.set("k", "b", ifeq="x") is None
    assert store.set("k", "b", ifeq="a") is True
    assert store.set("missing", "b", ifeq="a") is None
    assert store.set("k", "c", ifne="b") is None
    assert store.set("k", "c", ifne="x", get=True) == b"b"
    assert store.set("missing", "b", ifne="a") is True
    store.lpush("l", 1)
    with pytest.raises(ResponseError, match="^WRONGTYPE"):
        store.set("l", "b", ifeq="a")


def test_a_value_of_more_than_512_mb_is_refused(store: Store[bytes]) -> None:
    big = bytes(512 * 1024 * 1024 + 1)
    for call in (
        lambda: store.set("k", big),
        lambda: store.set("k", big, nx=True),
        lambda: store.mset({"a": "fine", "k": big}),
        lambda: store.append("k", big),
        lambda: store.setrange("k", 0, big),
    ):
        with pytest.raises(
            ResponseError, match=r"string exceeds maximum allowed size \(proto-max-bulk-len\)"
        ):
            call()
    assert store.dbsize() == 0


def test_a_dead_key_is_gone_from_that_millisecond(store: Store[bytes]) -> None:
    store.set("k", "v", px=100)
    store.advance(0.099)
    assert store.get("k") == b"v"
    store.advance(0.001)
    assert store.get("k") is None
    assert store.strlen("k") == 0
    assert store.incr("k") == 1
    assert store.ttl("k") == -1


def test_dead_keys_give_their_memory_back_though_nobody_asks() -> None:
    clock = ManualClock()
    store = Store(clock=clock)
    for n in range(1000):
        store.set(f"k{n}", n, px=100)
    clock._now += 1000  # time passes without anybody being told
    for _ in range(100):
        store.set("other", 1)
    assert list(store._db.data) == [b"other"]


def test_deadlines_that_change_do_not_pile_up(store: Store[bytes]) -> None:
    for n in range(10_000):
        store.set("k", "v", px=1000 + n)
    assert len(store._db.timetable) < 100


def test_encoding(store: Store[bytes]) -> None:
    for value, text in [(1.0, b"1.0"), (-0.0, b"-0.0"), ("é", b"\xc3\xa9"), (memoryview(b"m"), b"m")]:
        store.set("k", value)
        assert store.get("k") == text
    buffer = bytearray(b"abc")
    store.set("k", buffer)
    buffer[0] = 0
    assert store.get("k") == b"abc"
    for bad in (None, True, [], {}, object()):
        with pytest.raises(DataError, match="^Invalid input of type: '"):
            store.set("k", bad)  # type: ignore[arg-type]
        with pytest.raises(DataError):
            store.get(bad)  # type: ignore[arg-type]
    assert store.get("k") == b"abc"


def test_threads_that_count_add_up() -> None:
    store = Store()

    def work() -> None:
        for _ in range(2000):
            store.incr("n")
            store.incrbyfloat("f", 0.5)
            store.append("s", "x")

    threads = [threading.Thread(target=work) for _ in range(8)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert store.get("n") == b"16000"
    assert store.get("f") == b"8000"
    assert store.strlen("s") == 16000


def test_a_reader_never_sees_half_of_mset() -> None:
    store = Store()
    store.mset({"a": 0, "b": 0})
    stop = threading.Event()
    wrong = []

    def look() -> None:
        while not stop.is_set():
            first = int(store.get("a") or 0)
            second = int(store.get("b") or 0)
            if second < first:
                wrong.append((first, second))

    reader = threading.Thread(target=look)
    reader.start()
    until = time.monotonic() + 0.5
    n = 0
    while time.monotonic() < until:
        n += 1
        store.mset({"a": n, "b": n})
    stop.set()
    reader.join()
    assert not wrong


@given(st.binary(max_size=10), st.binary(max_size=10))
def test_common_subsequence_is_one(a: bytes, b: bytes) -> None:
    found, matches = common_subsequence(a, b)
    assert b"".join(a[m.first : m.first + m.length] for m in reversed(matches)) == found
    assert b"".join(b[m.second : m.second + m.length] for m in reversed(matches)) == found


def test_a_thread_that_waits_for_the_lock_while_the_store_is_closed_writes_nothing() -> None:
    store = Store()
    errors: list[Exception] = []

    def write() -> None:
        try:
            store.set("a", 1)
        except StoreClosedError as error:
            errors.append(error)

    with store._shared.lock:
        writer = threading.Thread(target=write)
        writer.start()
        time.sleep(0.02)
        store.close()
    writer.join()
    assert len(errors) == 1


def test_tables_shrink_when_what_filled_them_has_expired() -> None:
    store = Store(clock=ManualClock())
    store.mset({f"k{n}": n for n in range(20)})
    for n in range(20_000):
        store.set(f"t{n}", n, ex=1)
    full = sys.getsizeof(store._db.data)
    store.advance(1)
    db = store._db
    assert sys.getsizeof(db.data) < full // 100
    assert sys.getsizeof(db.keys.positions) < full // 100
    assert sys.getsizeof(db.deadlines) < full // 100
    db._check()
    assert store.mget("k0", "k19") == [b"0", b"19"]
    store.set("k1", "x", px=5)
    store.advance(0.005)
    assert store.get("k1") is None
