"""Locks, with redis-py's interface."""

from __future__ import annotations

import inspect
import threading

import pytest
import redis.lock

from kvlite import LockError, LockNotOwnedError, ManualClock, Store
from kvlite.lock import Lock


@pytest.fixture
def store() -> Store[bytes]:
    return Store(clock=ManualClock())


@pytest.mark.parametrize(
    "name", ["__init__", "acquire", "locked", "owned", "release", "extend", "reacquire", "__enter__"]
)
def test_interface_is_that_of_redis_py(name: str) -> None:
    ours, theirs = (inspect.signature(getattr(kind, name)) for kind in (Lock, redis.lock.Lock))
    described = [[(p.name, p.kind, p.default) for p in each.parameters.values()] for each in (ours, theirs)]
    assert described[0] == described[1]


def test_one_holds_it(store: Store[bytes]) -> None:
    first, second = store.lock("l", timeout=10), store.lock("l", timeout=10, blocking=False)
    assert first.acquire()
    assert first.locked()
    assert first.owned()
    assert not second.acquire()
    assert not second.owned()
    assert store.pttl("l") == 10_000
    first.release()
    assert second.acquire()


def test_release_of_what_is_not_held(store: Store[bytes]) -> None:
    lock = store.lock("l", timeout=1)
    with pytest.raises(LockError, match="not owned or is already unlocked"):
        lock.release()
    lock.acquire()
    store.advance(1)
    with pytest.raises(LockNotOwnedError, match="Cannot release a lock that's no longer owned"):
        lock.release()


def test_a_lost_lock_is_not_released_from_under_its_new_holder(store: Store[bytes]) -> None:
    first, second = store.lock("l", timeout=1), store.lock("l")
    first.acquire()
    store.advance(2)
    second.acquire()
    with pytest.raises(LockNotOwnedError):
        first.release()
    assert second.owned()


def test_extend_and_reacquire(store: Store[bytes]) -> None:
    lock = store.lock("l", timeout=10)
    with pytest.raises(LockError, match="Cannot extend an unlocked lock"):
        lock.extend(1)
    with pytest.raises(LockError, match="Cannot reacquire an unlocked lock"):
        lock.reacquire()
    lock.acquire()
    assert lock.extend(5)
    assert store.pttl("l") == 15_000
    assert lock.extend(5, replace_ttl=True)
    assert store.pttl("l") == 5_000
    assert lock.reacquire()
    assert store.pttl("l") == 10_000
    store.advance(10)
    for deed in (lambda: lock.extend(1), lock.reacquire):
        with pytest.raises(LockNotOwnedError):
            deed()


def test_without_timeout_it_cannot_be_extended(store: Store[bytes]) -> None:
    lock = store.lock("l")
    lock.acquire()
    assert store.pttl("l") == -1
    with pytest.raises(LockError, match="Cannot extend a lock with no timeout"):
        lock.extend(1)
    with pytest.raises(LockError, match="Cannot reacquire a lock with no timeout"):
        lock.reacquire()


def test_context_manager(store: Store[bytes]) -> None:
    with store.lock("l", timeout=1) as lock:
        assert lock.owned()
    assert not lock.locked()
    store.set("l", "taken")
    with (
        pytest.raises(LockError, match="Unable to acquire lock within the time specified"),
        store.lock("l", blocking_timeout=0),
    ):
        pass


def test_a_lost_lock_at_the_end_of_the_block(store: Store[bytes], caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(LockNotOwnedError), store.lock("l", timeout=1):
        store.advance(1)
    with store.lock("l", timeout=1, raise_on_release_error=False):
        store.advance(1)
    assert "no longer owned" in caplog.text


def test_token_belongs_to_the_thread(store: Store[bytes]) -> None:
    private, shared = store.lock("p"), store.lock("s", thread_local=False)
    private.acquire(token="mine")
    shared.acquire()
    assert store.get("p") == b"mine"
    errors: list[Exception] = []

    def release() -> None:
        for lock in (private, shared):
            try:
                lock.release()
            except LockError as error:
                errors.append(error)

    thread = threading.Thread(target=release)
    thread.start()
    thread.join()
    assert len(errors) == 1
    assert private.locked()
    assert not shared.locked()


def test_threads_exclude_each_other() -> None:
    store = Store()
    inside: list[int] = []
    most: list[int] = []

    def work() -> None:
        for _ in range(20):
            with store.lock("l", sleep=0.0005):
                inside.append(1)
                most.append(len(inside))
                inside.pop()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(most) == 160
    assert max(most) == 1
