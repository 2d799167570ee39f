"""Pipelines, WATCH, transaction() and atomic blocks."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from oracle import Oracle

from kvlite import DataError, ManualClock, RedisError, ResponseError, Store, WatchError


@pytest.fixture
def store() -> Store[bytes]:
    return Store(clock=ManualClock())


# What redis-py answers, on a real server


def transcript(client: Any) -> list[Any]:
    """What many uses of pipelines give, errors as their class and text."""
    said: list[Any] = []

    def say(function: Any) -> None:
        try:
            said.append(function())
        except Exception as error:
            said.append((type(error).__name__, str(error)))

    def watched(pipe: Any, changed_by: Any) -> Any:
        pipe.watch("w")
        changed_by()
        pipe.multi()
        pipe.set("done", 1)
        return pipe.execute()

    pipe = client.pipeline()
    say(lambda: pipe.set("a", 1).incr("a").get("a").execute())
    say(lambda: len(pipe))
    say(lambda: bool(pipe))
    say(lambda: pipe.execute())
    say(lambda: pipe.set("l", "x").lpush("l", 1).set("after", 1).execute())
    say(lambda: client.mget("l", "after"))
    say(lambda: pipe.lpush("l", 1).get("after").execute(raise_on_error=False)[1:])
    say(lambda: pipe.zadd("z", {"a": 1.5}).zrange("z", 0, -1, withscores=True).hgetall("none").execute())
    say(lambda: pipe.mget([]).get("after").execute())
    say(lambda: client.pipeline(transaction=False).set("x", 1).get("x").execute())
    say(lambda: client.pipeline(transaction=False).lpush("x", 1).execute())
    say(lambda: client.pipeline().blpop("nothing", 0).execute())
    say(lambda: watched(client.pipeline(), lambda: None))
    say(lambda: watched(client.pipeline(), lambda: client.set("w", 1)))
    say(lambda: watched(client.pipeline(), lambda: client.set("w", 1)))
    say(lambda: watched(client.pipeline(), lambda: client.delete("none")))
    say(lambda: watched(client.pipeline(), lambda: client.expire("w", 100)))
    say(lambda: watched(client.pipeline(), lambda: client.get("w")))
    say(lambda: watched(client.pipeline(), lambda: client.rename("w", "v")))
    say(lambda: watched(client.pipeline(), lambda: client.rename("v", "w")))
    say(lambda: watched(client.pipeline(), lambda: client.flushdb()))
    say(lambda: watched(client.pipeline(), lambda: client.flushdb()))
    say(lambda: watched(client.pipeline(), lambda: client.swapdb(0, 5)))
    say(lambda: client.set("w", 1))
    say(lambda: watched(client.pipeline(), lambda: client.swapdb(0, 5)))

    pipe = client.pipeline()
    say(lambda: pipe.watch("w"))
    say(lambda: pipe.get("w"))
    say(lambda: pipe.unwatch())
    say(lambda: pipe.set("w", 1).execute())
    say(lambda: pipe.multi())
    say(lambda: pipe.multi())
    say(lambda: pipe.watch("w"))
    say(lambda: pipe.set("q", 1) and pipe.execute())
    say(lambda: pipe.set("q", 1) and pipe.multi())
    say(lambda: pipe.reset())
    say(lambda: client.transaction(lambda p: (p.multi(), p.set("t", 1)), "t"))
    say(
        lambda: client.transaction(lambda p: (p.multi(), p.set("t", 2)) and "value", value_from_callable=True)
    )
    say(lambda: sorted(client.keys()))
    return said


def test_pipelines_answer_as_redis_py_does(oracle: Oracle, store: Store[bytes]) -> None:
    oracle.wipe()
    assert transcript(store) == transcript(oracle.client())


# What needs no oracle


def test_arguments_are_taken_when_queued(store: Store[bytes]) -> None:
    pipe, values, mapping = store.pipeline(), [b"a"], {"f": 1}
    pipe.rpush("l", *values).hset("h", mapping=mapping).delete("x")
    pipe.mget(iter(["l", "h"]))
    mapping["f"] = 2
    assert pipe.execute() == [1, 1, 0, [None, None]]
    assert store.hgetall("h") == {b"f": b"1"}


def test_bad_arguments_are_refused_when_queued(store: Store[bytes]) -> None:
    pipe = store.pipeline()
    with pytest.raises(DataError):
        pipe.set("a", None)
    with pytest.raises(DataError):
        pipe.set("a", 1, nx=True, xx=True)
    with pytest.raises(TypeError):
        pipe.get()
    assert len(pipe) == 0
    pipe.setex("a", "soon", 1)  # this one Redis refuses
    with pytest.raises(
        ResponseError, match=r"^Command # 1 \(SETEX a soon 1\) of pipeline caused error: value is"
    ):
        pipe.execute()


def test_only_commands_can_be_queued(store: Store[bytes]) -> None:
    for name in ("pipeline", "select", "scan_iter", "advance", "atomic", "nonsense", "_set"):
        assert not hasattr(store.pipeline(), name)
    assert "zadd" in dir(store.pipeline())


def test_expiry_of_a_watched_key_breaks_the_transaction(store: Store[bytes]) -> None:
    store.set("w", 1, px=100)
    pipe = store.pipeline()
    pipe.watch("w")
    store.advance(0.1)
    pipe.multi()
    pipe.set("done", 1)
    with pytest.raises(WatchError):
        pipe.execute()
    assert "done" not in store


def test_a_key_that_was_dead_when_watched_does_not(store: Store[bytes]) -> None:
    store.set("w", 1, px=100)
    store.advance(0.2)
    pipe = store.pipeline()
    pipe.watch("w")
    pipe.multi()
    assert pipe.set("done", 1).execute() == [True]


def test_watching_leaves_nothing_behind(store: Store[bytes]) -> None:
    with store.pipeline() as pipe:
        pipe.watch("a")
        assert store._shared.observers
    assert not store._shared.observers
    pipe = store.pipeline()
    pipe.watch("a")
    del pipe
    store.set("b", 1)
    assert not store._shared.observers
    assert "_effect_put" not in vars(store)
    for _ in range(10):
        store.pipeline().watch("a")
    assert len(store._shared.observers) == 1


def test_a_watch_is_for_its_own_database(store: Store[bytes]) -> None:
    pipe = store.pipeline()
    pipe.watch("a")
    store.select(1).set("a", 1)
    pipe.multi()
    assert pipe.set("done", 1).execute() == [True]


def test_atomic_rolls_back(store: Store[bytes]) -> None:
    store.rpush("l", "a", "b")
    store.set("t", 1, px=500)
    with pytest.raises(ZeroDivisionError), store.atomic():
        store.lpop("l", 2)
        store.set("t", 2)
        store.set("new", 1)
        store.select(3).set("other", 1)
        store.flushdb()
        store.swapdb(0, 3)
        raise ZeroDivisionError
    assert store.lrange("l", 0, -1) == [b"a", b"b"]
    assert store.get("t") == b"1"
    assert store.pttl("t") == 500
    assert "new" not in store
    assert store.select(3).dbsize() == 0
    store._db._check()


def test_a_scan_under_way_does_not_notice_a_block_that_was_undone(store: Store[bytes]) -> None:
    store.mset({f"k{n}": n for n in range(30)})
    cursor, seen = store.scan(count=10)
    found = set(seen)
    with pytest.raises(ZeroDivisionError), store.atomic():
        store.delete(*(f"k{n}" for n in range(0, 30, 3)))
        store.rename("k1", "x1")
        store.mset({f"new{n}": n for n in range(5)})
        raise ZeroDivisionError
    while cursor:
        cursor, seen = store.scan(cursor, count=10)
        found |= set(seen)
    assert found == {b"k%d" % n for n in range(30)}


def test_atomic_keeps_what_did_not_raise(store: Store[bytes]) -> None:
    with store.atomic():
        store.set("a", 1)
        with pytest.raises(ResponseError):
            store.lpush("a", 1)
    assert store.get("a") == b"1"


def test_blocking_does_not_wait_in_atomic(store: Store[bytes]) -> None:
    with store.atomic():
        assert store.blpop("nothing", 0) is None


def test_atomic_is_one_for_other_threads() -> None:
    """Readers of one key, which take no lock, see all of a block or nothing: not even what is undone."""
    store = Store()
    store.mset({"a": 0, "b": 0})
    stop = threading.Event()
    wrong: list[Any] = []

    def look() -> None:
        while not stop.is_set():
            first = int(store.get("a") or 0)
            second = int(store.get("b") or 0)
            if second < first or first % 2 or second % 2:
                wrong.append((first, second))

    readers = [threading.Thread(target=look) for _ in range(3)]
    for reader in readers:
        reader.start()
    for n in range(1000):
        try:
            with store.atomic():
                store.set("a", 2 * n + 1)
                store.set("b", 2 * n + 1)
                if n % 2:
                    raise RedisError
                store.set("a", 2 * n)
                store.set("b", 2 * n)
        except RedisError:
            pass
    stop.set()
    for reader in readers:
        reader.join()
    assert not wrong


def test_threads_that_transact_add_up() -> None:
    store = Store()

    def add(pipe: Any) -> None:
        value = int(pipe.get("n") or 0)
        pipe.multi()
        pipe.set("n", value + 1)

    def work(number: int) -> None:
        for _ in range(100):
            store.transaction(add, "n")
            with store.atomic():
                store.set("m", int(store.get("m") or 0) + 1)
            store.incr("k")
            store.pipeline().incr("p").incr("p").execute()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.mget("n", "m", "k", "p") == [b"800", b"800", b"800", b"1600"]
    assert not store._shared.observers


def test_a_pipeline_may_be_forgotten_in_the_middle_of_a_command(store: Store[bytes]) -> None:
    """The garbage collector comes at any time: all others who observe are told of the change all the same."""
    pipes = [store.pipeline() for _ in range(3)]
    for pipe in pipes:
        pipe.watch("a")
    shared = store._shared

    class Forgetful:
        def changing(self, *change: object) -> None:
            pipes[:-1] = []

    observer: Any = Forgetful()
    shared.observers.insert(0, observer)
    store.set("a", 1)
    assert len(pipes) == 1
    with pytest.raises(WatchError):
        pipes[0].get("b")
        pipes[0].multi()
        pipes[0].execute()
    shared.stop_observing(observer)
    store.set("a", 2)
    assert not shared.observers
    assert store._unobserved
