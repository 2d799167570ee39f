"""What a store offers tests: sandboxes, faults, calls."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest
from histories import all_histories, new_store, state_of, take
from hypothesis import given
from oracle import Step
from raw import Wire

import kvlite
from kvlite import ManualClock, ResponseError, Store

# --- sandboxes -----------------------------------------------------------------------------------------


@given(all_histories(20), all_histories(30))
def test_after_a_sandbox_everything_is_as_before(seed: list[Step], steps: list[Step]) -> None:
    store = new_store()
    for step in seed:
        take(store, step)
    store._shared.expire_due()
    before, now = state_of(store), store.time()
    with store.sandbox():
        for step in steps:
            take(store, step)
    assert state_of(store) == before
    assert store.time() == now
    for each in store._shared.open_stores:
        each._db._check()


@given(all_histories(15), all_histories(15), all_histories(15))
def test_sandboxes_nest(seed: list[Step], outer: list[Step], inner: list[Step]) -> None:
    store = new_store()
    for step in seed:
        take(store, step)
    store._shared.expire_due()
    first = state_of(store)
    with store.sandbox():
        for step in outer:
            take(store, step)
        store._shared.expire_due()
        second = state_of(store)
        with store.sandbox():
            for step in inner:
                take(store, step)
        assert state_of(store) == second
    assert state_of(store) == first


def test_a_sandbox_ends_also_with_an_exception() -> None:
    store = Store()
    store.set("a", "1")
    with pytest.raises(ZeroDivisionError), store.sandbox():
        store.select(3).set("a", "1")
        store.swapdb(0, 3)
        store.flushall()
        raise ZeroDivisionError
    assert store.get("a") == b"1"
    assert store.select(3).dbsize() == 0


def test_a_sandbox_takes_in_what_other_threads_do() -> None:
    store = Store()
    store.set("a", "1")
    with store.sandbox():
        thread = threading.Thread(target=store.incr, args=("a",))
        thread.start()
        thread.join()
        assert store.get("a") == b"2"
    assert store.get("a") == b"1"


def test_what_a_sandbox_puts_back_is_kept_on_disk(tmp_path: Path) -> None:
    with Store(tmp_path / "app.kv") as store:
        store.hset("h", "f", "v")
        with store.sandbox():
            store.delete("h")
            store.set("new", "1")
    with Store(tmp_path / "app.kv") as store:
        assert store.keys() == [b"h"]
        assert store.hgetall("h") == {b"f": b"v"}


def test_a_sandbox_of_a_store_that_was_closed_meanwhile_ends_quietly() -> None:
    store = Store()
    with store.sandbox():
        store.set("a", "1")
        store.close()


def test_time_is_turned_back() -> None:
    store = Store(clock=ManualClock(1_000_000))
    store.set("a", "1", ex=10)
    with store.sandbox():
        store.advance(60)
        assert store.get("a") is None
    assert store.ttl("a") == 10
    store.advance(11)
    assert store.get("a") is None


def test_what_was_planned_in_a_sandbox_is_forgotten() -> None:
    store: Store[Any] = Store()
    with store.sandbox():
        store.faults.drops("get", times=None)
    assert store.get("a") is None
    store.faults.drops("get", nth=2, times=2)
    with store.sandbox():
        store.faults.drops("set")
        assert store.get("a") is None
        with pytest.raises(kvlite.ConnectionError):
            store.get("a")
    with store.sandbox():
        store.faults.clear()
        assert store.get("a") is None
    store.set("a", 1)
    with pytest.raises(kvlite.ConnectionError):
        store.get("a")
    with store.sandbox():
        assert store.get("a") == b"1"
    assert store.get("a") == b"1"


@pytest.mark.parametrize(
    "before", [{}, {"maxkeys": "100", "list-max-listpack-size": "7", "requirepass": "old"}]
)
def test_a_sandbox_puts_back_what_was_configured(before: dict[str, str]) -> None:
    store: Store[Any] = Store()
    store.set("a", 1)
    for name, value in before.items():
        store.config_set(name, value)
    with store.sandbox():
        store.config_set("maxmemory", 1, "maxkeys", 5, "notify-keyspace-events", "KEA")
        store.config_set("requirepass", "new", "slowlog-log-slower-than", 0, "list-max-listpack-size", 9)
        with pytest.raises(kvlite.OutOfMemoryError):
            store.set("a", 2)
    at_first = {"maxkeys": "0", "list-max-listpack-size": "-2", "requirepass": ""}
    assert store.config_get(*at_first) == at_first | before
    assert store.config_get("maxmemory", "notify*") == {"maxmemory": "0", "notify-keyspace-events": ""}
    assert store.config_get("slowlog-log-slower-than") == {"slowlog-log-slower-than": "10000"}
    assert store.set("a", 2)


@pytest.mark.parametrize("known_before", [False, True])
def test_a_sandbox_puts_back_who_may_do_what(known_before: bool) -> None:
    store: Store[Any] = Store()
    if known_before:
        assert Wire(store).ask("ACL", "SETUSER", "ann", "on", ">secret", "+@all", "~*") == b"+OK\r\n"
        witness = Wire(store)
        assert witness.ask("AUTH", "ann", "secret") == b"+OK\r\n"
        users = witness.ask("ACL", "LIST")
    with store.sandbox():
        newcomer = Wire(store)
        newcomer.ask("ACL", "SETUSER", "bob", "on", "nopass", "+@all", "~*")
        newcomer.ask("ACL", "SETUSER", "ann", "on", ">other", "-get")
        newcomer.ask("ACL", "SETUSER", "default", "resetpass", ">secret")
        assert newcomer.ask("AUTH", "bob", "x") == b"+OK\r\n"
        assert Wire(store).ask("GET", "a").startswith(b"-NOAUTH")
    assert Wire(store).ask("GET", "a") == b"$-1\r\n"
    newcomer.proceed()
    assert newcomer.closed
    if known_before:
        assert witness.ask("ACL", "LIST") == users
        assert witness.ask("GET", "a") == b"$-1\r\n"
    else:
        assert Wire(store).ask("ACL", "USERS") == b"*1\r\n$7\r\ndefault\r\n"


def test_what_was_called_in_a_sandbox_is_forgotten() -> None:
    store: Store[Any] = Store()
    with store.sandbox():
        store.calls.clear()
        store.get("inner")
        assert store.calls.count("get") == 1
    assert store.calls.count("get") == 0
    store.get("outer")
    with store.sandbox():
        store.get("inner")
        store.calls.clear()
    assert [call.args for call in store.calls.named("get")] == [("outer",)]


def test_a_closed_store_has_no_sandbox() -> None:
    store = Store()
    store.close()
    with pytest.raises(kvlite.StoreClosedError), store.sandbox():
        pass


def test_one_sandbox_is_used_once_at_a_time() -> None:
    store = Store()
    sandbox = store.sandbox()
    with sandbox, pytest.raises(kvlite.RedisError):
        sandbox.__enter__()
    with sandbox:
        store.set("a", "1")
    assert store.get("a") is None


# --- calls ---------------------------------------------------------------------------------------------


def test_calls_are_recorded_as_they_were_made() -> None:
    store: Store[Any] = Store()
    store.calls.clear()
    store.set("a", 1, ex=60)
    store.decr("a", amount=2)
    "a" in store  # noqa: B015
    with store.pipeline() as pipe:
        pipe.get("a").incr("a").execute()
    store.select(2).rpush("l", "x")
    assert [str(call) for call in store.calls] == [
        "set('a', 1, ex=60)",
        "decr('a', amount=2)",
        "get('a')",
        "incr('a')",
        "rpush('l', 'x')",
    ]
    store.calls.assert_called("set", "a", 1, ex=60)
    store.calls.assert_called("set", b"a", "1", ex="60")
    store.calls.assert_called("DECR")
    store.calls.assert_not_called("hset")
    with pytest.raises(AssertionError, match="hset was not called; what was called: <Calls: set"):
        store.calls.assert_called("hset")
    with pytest.raises(AssertionError, match="set\\('a', 2\\) was not called, but set\\('a', 1, ex=60\\)"):
        store.calls.assert_called("set", "a", 2)
    with pytest.raises(AssertionError, match="get was called"):
        store.calls.assert_not_called("get")
    with pytest.raises(AssertionError, match="zadd was not called"):
        store.calls.last("zadd")


def test_requests_are_recorded_word_by_word() -> None:
    store: Store[Any] = Store()
    wire = Wire(store)
    wire.ask("SET", "before", "1")
    assert len(store.calls) == 0
    wire.ask("SET", "a", "1", "EX", "60")
    wire.ask("set", b"\xff", "1")
    Wire(store).ask("GET", "a")
    assert [(call.name, call.args) for call in store.calls] == [
        ("set", ("a", "1", "EX", "60")),
        ("set", (b"\xff", "1")),
        ("get", ("a",)),
    ]


# --- faults --------------------------------------------------------------------------------------------


def test_the_nth_call_raises_and_does_nothing() -> None:
    store: Store[Any] = Store()
    store.faults.raises("incr", ResponseError("not now"), nth=2)
    assert store.incr("a") == 1
    with pytest.raises(ResponseError, match="not now"):
        store.incr("a")
    assert store.incr("a") == 2


def test_several_calls_fail_and_any_command_can() -> None:
    store: Store[Any] = Store()
    store.faults.raises("*", OSError("broken"), times=2)
    for call in (lambda: store.get("a"), lambda: store.hset("h", "f", "v")):
        with pytest.raises(OSError, match="broken"):
            call()
    assert store.get("a") is None
    store.faults.drops("get", times=None)
    for _ in range(3):
        with pytest.raises(kvlite.ConnectionError, match="dropped"):
            store.get("a")
    store.faults.clear()
    assert store.get("a") is None


def test_a_call_waits() -> None:
    store: Store[Any] = Store()
    store.faults.waits("get", 0.05)
    started = time.monotonic()
    assert store.get("a") is None
    assert time.monotonic() - started >= 0.05


@pytest.mark.parametrize("bad", [{"nth": 0}, {"times": 0}])
def test_calls_count_from_one(bad: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="from 1"):
        Store().faults.drops("get", **bad)


def test_faults_reach_clients() -> None:
    store: Store[Any] = Store()
    wire = Wire(store)
    store.faults.raises("set", ResponseError("WRONGTYPE not really"))
    assert wire.ask("SET", "a", "1") == b"-WRONGTYPE not really\r\n"
    assert wire.ask("SET", "a", "1") == b"+OK\r\n"
    store.faults.waits("get", 3)
    assert wire.ask("GET", "a") == b""
    assert wire.timers[-1].seconds == 3
    wire.time_out()
    assert wire.receive() == b"$1\r\n1\r\n"
    store.faults.drops("get")
    assert wire.ask("GET", "a") == b""
    assert wire.closed
    other = Wire(store)
    store.faults.raises("get", OSError("broken"))
    assert other.ask("GET", "a") == b""
    assert other.closed
