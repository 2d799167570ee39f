"""Scripts as methods of a store, and redis-py's scripts and locks made of them, through every door."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from oracle import Oracle, Pair

from kvlite import AsyncStore, NoScriptError, ResponseError, Server, Store
from kvlite.redis import AsyncRedis, Redis

redis = pytest.importorskip("redis")
pytest.importorskip("lupa.lua51", reason="scripts need the extra 'lua': pip install 'kvlite[lua]'")

ADD = "return redis.call('INCRBY', KEYS[1], ARGV[1] or 1)"
SHAPES = "return {1, 2.9, 'x', true, false, {ok = 'fine'}, {'deep', {}}, nil, 'never'}"


@pytest.mark.parametrize("decode", [False, True])
def test_methods_answer_as_in_redis_py(oracle: Oracle, decode: bool) -> None:
    call = Pair(oracle, decode_responses=decode).call
    oracle.client().script_flush()
    for method in ("eval", "eval_ro"):
        for script in [
            *(SHAPES, "return", "return nil", "return redis.error_reply('x')"),
            *("return redis.call('GET', 'n')", ADD, "x(", "", "error('x')", "return {double = 1.5}"),
            *(
                "return {map = {a = 1}}",
                "redis.setresp(3) return {map = {a = {set = {b = true}}}}",
                b"return 'b'",
            ),
            *("return KEYS", "return ARGV", "return #KEYS", "#!lua flags=no-writes\nreturn 1"),
        ]:
            call(method, script, 1, "n", 5)
        call(method, "return KEYS", 0)
        call(method, "return KEYS", 1)
        call(method, "return KEYS", -1)
        call(method, "return KEYS", "1", "a")
        call(method, "return KEYS", "x")
        call(method, "return KEYS", None)
        call(method, None, 0)
        call(method, "return {KEYS, ARGV}", 2, "a", b"\xff", 1, 2.5, "é")
        call(method, "return ARGV", 0, None)
        call(method, "return ARGV", 0, [1])
    sha = call("script_load", ADD)
    call("script_load", "x(")
    call("script_exists", sha, sha.upper(), "x", b"y")
    call("script_exists")
    for method in ("evalsha", "evalsha_ro"):
        call(method, sha, 1, "n", 2)
        call(method, sha.upper(), 1, "n")
        call(method, "0" * 40, 0)
        call(method, "x", 0)
        call(method, sha, 5)
    call("script_flush", "x")
    call("script_flush", "ASYNC")
    call("script_flush", "SYNC")
    call("script_flush")
    call("script_exists", sha)
    call("script_kill")


def test_what_a_script_reads_and_writes_is_of_its_database() -> None:
    store = Store()
    other = store.select(3)
    other.eval(ADD, 1, "n")
    assert (store.get("n"), other.get("n")) == (None, b"1")


def test_scripts_take_part_in_transactions() -> None:
    store = Store()
    with pytest.raises(ResponseError), store.atomic():
        assert store.eval(ADD, 1, "n", 5) == 5
        store.eval("redis.call('SET', 'a', 1) error('x')", 0)
    assert store.keys() == []

    def double(pipe: Any) -> None:
        value = int(pipe.get("n") or 1)
        pipe.multi()
        pipe.eval(ADD, 1, "n", value)
        pipe.evalsha("0" * 40, 0)

    store.set("n", 3)
    with pytest.raises(NoScriptError):
        store.transaction(double, "n")
    assert store.get("n") == b"6"


def test_errors_of_a_script_s_own_making() -> None:
    with pytest.raises(ResponseError, match="^MY error$"):
        Store().eval("return {err = 'MY error'}", 0)


def test_a_script_that_fails_has_done_what_it_did() -> None:
    store = Store()
    with pytest.raises(ResponseError, match="user_script:2: x script: "):
        store.eval("redis.call('SET', 'a', 1)\nerror('x')", 0)
    assert store.get("a") == b"1"


def test_a_script_of_another_store() -> None:
    one, other = Store(), Store()
    add = one.register_script(ADD)
    assert add(keys=["n"], args=[2]) == 2
    assert add(keys=["n"], client=other) == 1
    assert (one.get("n"), other.get("n")) == (b"2", b"1")
    with other.pipeline() as pipe:
        add(["n"], [5], pipe)
        pipe.get("n")
        assert pipe.execute() == [6, b"6"]
    assert one.script_exists(add.sha) == [True]


# The doors


@pytest.fixture(params=["store", "process", "served", "resp3"])
def door(request: pytest.FixtureRequest) -> Iterator[Callable[[], Any]]:
    """Makes clients of one store, each for a thread of its own."""
    store = Store()
    with ExitStack() as opened:
        if request.param in ("served", "resp3"):
            server = opened.enter_context(Server(store, port=0))
            protocol = 3 if request.param == "resp3" else 2
            yield lambda: opened.enter_context(redis.Redis.from_url(server.url, protocol=protocol))
        else:
            yield lambda: store if request.param == "store" else Redis(store)


def test_registered_scripts(door: Callable[[], Any]) -> None:
    client = door()
    add = client.register_script(ADD)
    assert add(keys=["n"], args=[2]) == 2
    assert add(keys=["n"]) == 3
    client.script_flush()
    assert add(keys=["n"], args=[7], client=door()) == 10
    with client.pipeline() as pipe:
        add(keys=["n"], args=[1], client=pipe)
        add(keys=["n"], args=[1], client=pipe)
        assert pipe.execute() == [11, 12]
    fails = client.register_script("return redis.call('LPUSH', KEYS[1], 1)")
    with pytest.raises(redis.ResponseError if client is not door() else ResponseError, match="WRONGTYPE"):
        fails(keys=["n"])


def test_locks_exclude_each_other(door: Callable[[], Any]) -> None:
    client = door()
    client.set("n", 0)

    def work(own: Any) -> None:
        for _ in range(10):
            with own.lock("l", timeout=10, sleep=0.001):
                value = int(own.get("n"))
                own.set("n", value + 1)

    threads = [threading.Thread(target=work, args=(door(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert client.get("n") == b"40"
    assert not client.exists("l")


def test_a_lock_is_extended_lost_and_taken_by_another(door: Callable[[], Any]) -> None:
    client, other = door(), door()
    lock = client.lock("l", timeout=10)
    assert lock.acquire()
    assert lock.owned()
    assert not other.lock("l").acquire(blocking=False)
    assert not other.lock("l").acquire(blocking_timeout=0.01)
    assert lock.extend(20)
    assert 19 <= client.ttl("l") <= 30
    assert lock.extend(5, replace_ttl=True)
    assert client.ttl("l") <= 5
    assert lock.reacquire()
    client.set("l", "another's")
    assert not lock.owned()
    for lose in (lock.release, lock.reacquire, lambda: lock.extend(1)):
        with pytest.raises(Exception, match="(?i)lock") as raised:
            lose()
        assert type(raised.value).__name__ in ("LockNotOwnedError", "LockError")
    assert client.get("l") == b"another's"


def test_a_lock_ends_by_itself(door: Callable[[], Any]) -> None:
    client = door()
    assert client.lock("l", timeout=0.02).acquire()
    began = time.monotonic()
    with door().lock("l", timeout=10, blocking_timeout=10, sleep=0.001):
        assert time.monotonic() - began < 9


@pytest.mark.parametrize("open_door", [AsyncStore, AsyncRedis])
def test_awaited_scripts_and_locks(open_door: Callable[[Any], Any]) -> None:
    async def main() -> None:
        store = Store()
        client = open_door(store)
        add = client.register_script(ADD)
        assert await add(keys=["n"], args=[2]) == 2
        await client.script_flush()
        assert await add(keys=["n"]) == 3

        async def work() -> None:
            for _ in range(10):
                async with client.lock("l", timeout=10, sleep=0.001):
                    value = int(await client.get("n"))
                    await asyncio.sleep(0)
                    await client.set("n", value + 1)

        await asyncio.gather(*(work() for _ in range(4)))
        assert await client.get("n") == b"43"
        await client.aclose()

    asyncio.run(main())
