"""The oracle harness itself: its clock obeys, and its comparisons fail when they should.

In the store's place stands a client of a second redis-server, so that a fault of kvlite cannot show here.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from oracle import (
    START_MS,
    Command,
    Oracle,
    Pair,
    Step,
    command,
    drew,
    histories,
    keys,
    many,
    members,
    run_history,
    same,
    same_shape,
    same_unordered,
    small_ints,
    time_passes,
    took,
    ttls,
    values,
)

NAN, INF = float("nan"), float("inf")


@pytest.fixture(scope="session")
def second(oracle: Oracle) -> Iterator[Oracle]:
    with Oracle() as running:
        yield running


@pytest.fixture
def twin(oracle: Oracle, second: Oracle) -> Pair:
    """A pair of two redis-servers."""

    def make(start_ms: int, **options: Any) -> redis.Redis:
        second.wipe()
        assert second.now_ms == start_ms
        client = second.client(**options)
        client.advance = second.advance  # type: ignore[attr-defined]
        return client

    oracle.reset()
    return Pair(oracle, make_store=make)


# --- the server and its clock --------------------------------------------------------------------------


def test_the_clock_stands_still(oracle: Oracle, redis_client: redis.Redis) -> None:
    before = redis_client.time()
    time.sleep(0.02)
    assert before == redis_client.time() == (START_MS // 1000, START_MS % 1000 * 1000)
    assert oracle.now_ms == START_MS


def test_the_clock_moves_by_the_millisecond(oracle: Oracle, redis_client: redis.Redis) -> None:
    redis_client.set("k", "v", px=1500)
    assert redis_client.pttl("k") == 1500
    oracle.advance(1.499)
    assert redis_client.pttl("k") == 1
    oracle.advance(0.001)
    assert redis_client.get("k") is None
    assert redis_client.time() == ((START_MS + 1500) // 1000, (START_MS + 1500) % 1000 * 1000)


def test_what_expired_is_not_counted(oracle: Oracle, redis_client: redis.Redis) -> None:
    with oracle.client(db=3) as other:
        for client in (redis_client, other):
            client.set("dies", 1, ex=1)
            client.set("stays", 1)
        oracle.advance(1.001)
        assert redis_client.dbsize() == other.dbsize() == 1


def test_nothing_expires_by_itself(oracle: Oracle, redis_client: redis.Redis) -> None:
    redis_client.set("past", 1, pxat=START_MS - 1)
    time.sleep(0.05)
    assert redis_client.dbsize() == 1


def test_idle_times_follow(oracle: Oracle, redis_client: redis.Redis) -> None:
    oracle.settle()
    redis_client.set("k", "v")
    oracle.advance(20)
    oracle.settle()
    assert redis_client.object("idletime", "k") == 20


def test_reset_forgets_data_clock_configuration_and_connections(oracle: Oracle) -> None:
    with oracle.client() as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        client.select(2)
        client.set("k", 1)
        oracle.advance(5)
        oracle.reset()
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.client_info()["db"] == 0
        assert [client.select(db) and client.dbsize() for db in range(3)] == [0, 0, 0]
        assert client.time()[0] == START_MS // 1000


def test_a_client_has_the_defaults_of_redis_py(oracle: Oracle) -> None:
    default = redis.Redis()
    with oracle.client() as client:
        for name in ("protocol", "legacy_responses", "decode_responses", "encoding", "db"):
            kwargs = client.connection_pool.connection_kwargs
            assert kwargs.get(name) == default.connection_pool.connection_kwargs.get(name), name


def test_close_leaves_nothing() -> None:
    started = Oracle()
    folder = started._folder
    server = int(started.client().info("server")["process_id"])
    started.close()
    started.close()
    assert not folder.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(server, 0)


def test_a_killed_test_process_leaves_nothing(oracle: Oracle) -> None:
    program = (
        "from oracle import Oracle; import time; o = Oracle();"
        "print(o._folder, o.client().info('server')['process_id'], flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent
    ) as process:
        assert process.stdout is not None
        folder, server = process.stdout.readline().split()
        assert Path(folder).exists()
        process.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 10
    while Path(folder).exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not Path(folder).exists()
    with pytest.raises(ProcessLookupError):
        os.kill(int(server), 0)


@pytest.mark.parametrize(
    ("server", "reason", "ci", "outcome"),
    [
        ("none-such", "redis-server is not installed", "true", "1 error"),
        ("true", "the oracle is redis-server 7.0", "", "1 skipped"),
    ],
)
@pytest.mark.skipif(sys.platform != "linux", reason="the oracle is required on Linux only")
def test_without_the_server_ci_fails_and_others_skip(server: str, reason: str, ci: str, outcome: str) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-ra", "-p", "no:cacheprovider", "-k", "stands_still", __file__],
        env={**os.environ, "CI": ci, "ORACLE_REDIS_SERVER": server},
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome in run.stdout
    assert reason in run.stdout
    assert run.returncode == (1 if ci else 0)


# --- comparing values ----------------------------------------------------------------------------------

ALIKE: list[Any] = [
    None, True, 1, 1.0, 0, 0.0, -0.0, NAN, INF, b"a", "a", b"", "", [], (), {}, set(), frozenset(), [1], (1,),
    [True], [1.0], [[b"a", 1.0]], [(b"a", 1.0)], {b"a": 1}, {b"a": True}, {"a": 1}, {b"a": [0.0]},
    {b"a": [-0.0]}, {b"a"}, {"a"}, {1}, {True}, {0.0}, {-0.0}, {(1, 2)}, {(1, 2.0)}, {1: b"a"}, {1.0: b"a"},
    {True: b"a"}, redis.ResponseError("x"), redis.ResponseError("y"), redis.DataError("x"),
]  # fmt: skip


@pytest.mark.parametrize("left", range(len(ALIKE)))
def test_only_what_is_the_same_is_the_same(left: int) -> None:
    assert [right for right, value in enumerate(ALIKE) if same(ALIKE[left], value)] == [left]


def test_errors_are_compared_by_name_and_text() -> None:
    class ResponseError(Exception):
        """Another class of the same name."""

    assert same(ResponseError("x"), redis.ResponseError("x"))
    assert same(TypeError("Store.get() takes 1"), TypeError("BasicKeyCommands.get() takes 1"))
    assert not same(TypeError("Store.get() takes 1"), TypeError("Store.set() takes 1"))


def test_unordered_lists_are_multisets() -> None:
    assert same_unordered([b"a", b"b", b"b"], [b"b", b"a", b"b"])
    assert same_unordered((0, [b"a", b"b"]), (0, [b"b", b"a"]))
    assert not same_unordered([b"a", b"b", b"b"], [b"a", b"a", b"b"])
    assert not same_unordered([b"a", "b"], [b"b", b"a"])
    assert not same_unordered([[b"a", 1.0]], [[1.0, b"a"]])
    assert not same_unordered((0, [b"a"]), (1, [b"a"]))


def test_shapes_are_types_and_lengths() -> None:
    assert same_shape([b"a", [b"b", 1.0]], [b"x", [b"y", 2.0]])
    assert same_shape({b"a", b"b"}, {b"c", b"d"})
    for left, right in [(None, b"a"), ([b"a"], []), ([b"a"], ["a"]), ({b"a"}, {"a"}), ({1: 2}, {}), (1, 1.0)]:
        assert not same_shape(left, right), (left, right)


# --- pairs ---------------------------------------------------------------------------------------------


def test_a_pair_passes_on_what_both_answered(twin: Pair) -> None:
    calls = twin.oracle.calls
    assert twin.call("set", "k", "v", px=1500) is True
    assert twin.call("get", "k") == b"v"
    assert isinstance(twin.call("incr", "k"), redis.ResponseError)
    assert isinstance(twin.call("get", None), redis.DataError)
    assert isinstance(twin.call("get"), TypeError)
    assert twin.call_unordered("keys") == [b"k"]
    assert twin.call("scan_iter") == [b"k"]
    assert twin.both(lambda side: side.pipeline().incr("n").get("n").execute()) == [1, b"1"]
    twin.advance(0.5)
    assert twin.call("pttl", "k") == 1000
    assert twin.oracle.calls == calls + 9
    twin.compare_state()


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        ("get", lambda: b"w"),
        ("get", lambda: "v"),
        ("get", lambda: None),
        ("exists", lambda: True),
        ("exists", lambda: 1.0),
        ("incr", lambda: 2),
        ("incr", lambda: _raise(redis.ResponseError("value is not an integer"))),
        ("incr", lambda: _raise(redis.DataError("value is not an integer or out of range"))),
        ("get", lambda: _raise(redis.ResponseError("no"))),
    ],
)
def test_a_pair_notices_another_answer(twin: Pair, method: str, answer: Callable[[], Any]) -> None:
    twin.call("set", "k", "v")
    twin.call(method, "k")
    setattr(twin.store, method, lambda key: answer())
    with pytest.raises(AssertionError, match=rf"{method}\('k'\): different answers\n  redis: .*\n  kvlite: "):
        twin.call(method, "k")


def _raise(error: Exception) -> None:
    raise error


def test_a_pair_notices_a_method_that_is_missing(twin: Pair) -> None:
    twin.store = object()
    with pytest.raises(AssertionError, match="AttributeError"):
        twin.call("get", "k")


KINDS: dict[str, Callable[[Any], Any]] = {
    "string": lambda side: side.set("k", b"\xff"),
    "list": lambda side: side.rpush("k", "a", "b", "a"),
    "hash": lambda side: side.hset("k", mapping={"f": "v", "g": "w"}),
    "set": lambda side: side.sadd("k", "a", "b"),
    "zset": lambda side: side.zadd("k", {"a": 0.1, "b": -INF, "c": -0.0}),
}

SPOILS: dict[str, Callable[[Any], Any]] = {
    "string": lambda store: store.append("k", "x"),
    "list": lambda store: store.lset("k", 1, "c"),
    "hash": lambda store: store.hset("k", "g", "x"),
    "set": lambda store: store.srem("k", "a"),
    "zset": lambda store: store.zincrby("k", 0.25, "c"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_pair_compares_every_kind_of_value(twin: Pair, kind: str) -> None:
    twin.both(KINDS[kind])
    twin.call("pexpire", "k", 1234)
    twin.compare_state()
    SPOILS[kind](twin.store)
    with pytest.raises(AssertionError, match=rf"b'k' \(database 0\):\n    redis:  {kind}"):
        twin.compare_state()
    twin.adopt("k")
    twin.compare_state()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda store: store.delete("k"),
        lambda store: store.set("other", 1),
        lambda store: store.pexpire("k", 9_999),
        lambda store: store.persist("k"),
        lambda store: store.advance(0.001),
        lambda store: (store.delete("k"), store.rpush("k", "v"), store.pexpire("k", 10_000)),
    ],
)
def test_a_pair_notices_another_state(twin: Pair, spoil: Callable[[Any], Any]) -> None:
    twin.call("set", "k", "v", ex=10)
    twin.compare_state()
    spoil(twin.store)
    with pytest.raises(AssertionError, match="different states"):
        twin.compare_state()


def test_a_pair_looks_into_the_databases_it_is_told(oracle: Oracle, pair: Pair) -> None:
    pair.databases = (0, 2)
    pair.compare_state()
    with oracle.client(db=2) as other:
        other.set("k", 1)
    with pytest.raises(AssertionError, match=r"b'k' \(database 2\)"):
        pair.compare_state()
    pair.store.select(2).set("k", 1)
    pair.compare_state()


def test_long_lives_are_compared_to_the_millisecond(oracle: Oracle, twin: Pair) -> None:
    with oracle.client(db=2) as other:
        other.set("k", 1, pxat=2**62 + 1)
    assert oracle.dump([2])[2, b"k"] == ("string", b"1", 2**62 + 1 - START_MS)
    twin.call("set", "k", 1, pxat=2**62)
    twin.compare_state()
    twin.store.pexpireat("k", 2**62 + 1)
    with pytest.raises(AssertionError, match="different states"):
        twin.compare_state()


def test_a_random_removal_is_checked_and_adopted(twin: Pair) -> None:
    for _ in range(5):
        twin.call("sadd", "k", *range(20))
        twin.call_random(took, "spop", "k", 7)
        twin.compare_state()
    twin.call_random(took, "spop", "missing")
    twin.call_random(drew, "srandmember", "k", -30)
    twin.store.spop = twin.store.srandmember
    with pytest.raises(AssertionError, match="not a possible outcome"):
        twin.call_random(took, "spop", "k")
    twin.store.spop = lambda key: b"never there"
    with pytest.raises(AssertionError, match="not a possible outcome"):
        twin.call_random(took, "spop", "k")


def test_a_pair_holds_a_store_by_default(pair: Pair) -> None:
    from kvlite import Store

    assert isinstance(pair.store, Store)
    pair.call("set", "k", "v", px=1500)
    pair.advance(1.499)
    assert pair.call("get", "k") == b"v"
    pair.advance(0.002)
    assert pair.call("get", "k") is None


# --- histories -----------------------------------------------------------------------------------------

TABLE: list[Command] = [
    command("set", keys(), values(), ex=ttls(), px=ttls(), nx=st.booleans(), get=st.booleans()),
    command("get", keys()),
    command("delete", many(keys())),
    command("sadd", keys(), many(members())).weighing(3),
    command("smembers", keys()),
    command("spop", keys(), small_ints()).random(took),
    command("srandmember", keys()).random(drew),
    command("hset", keys()).always(mapping=st.dictionaries(members(), values(), max_size=2)),
    command("hkeys", keys()).unordered(),
    command("zadd", keys(), st.dictionaries(members(), st.floats(-2, 2), max_size=3), nx=st.booleans()),
    command("randomkey").shape(),
    time_passes(),
]


@given(histories(*TABLE))
@settings(max_examples=20)
def test_two_redis_servers_answer_alike(twin: Pair, steps: list[Step]) -> None:
    run_history(twin, steps)


@pytest.mark.parametrize("what", ["answer", "state"])
def test_a_difference_is_found_and_shrunk_to_its_steps(twin: Pair, what: str) -> None:
    make = twin._make_store

    def make_faulty(start_ms: int, **options: Any) -> Any:
        """A server that counts double when the second member of a set arrives, or loses deadlines."""
        store = make(start_ms, **options)
        sadd, set_ = store.sadd, store.set
        if what == "answer":
            store.sadd = lambda key, *more: sadd(key, *more) + (store.scard(key) == 2)
        else:
            store.set = lambda key, value, ex=None, **more: set_(key, value, **more)
        return store

    twin._make_store = make_faulty
    rows = [
        command("sadd", keys(), members()),
        command("set", keys(), values(), ex=st.just(5)),
        command("get", keys()),
    ]

    def differs(steps: list[Step]) -> bool:
        try:
            run_history(twin, steps)
        except AssertionError:
            return True
        return False

    shortest = find(
        histories(*rows, size=20),
        differs,
        settings=settings(max_examples=200, derandomize=True, phases=[Phase.generate, Phase.shrink]),
    )
    assert [step.method for step in shortest] == (["sadd", "sadd"] if what == "answer" else ["set"])


def test_steps_are_counted_and_named_on_failure(twin: Pair) -> None:
    before = twin.oracle.steps
    steps = [Step("set", ("k", "v")), Step("advance", (1,)), Step("get", ("k",), {})]
    run_history(twin, steps)
    assert twin.oracle.steps == before + 3
    twin.store = None
    twin._make_store = lambda start_ms: object()
    with pytest.raises(AssertionError) as caught:
        run_history(twin, steps)
    assert caught.value.__notes__ == ["in step 1: set('k', 'v')"]


def test_a_step_reads_like_the_call() -> None:
    assert repr(Step("zadd", ("k", {"a": 1}), {"nx": True})) == "zadd('k', {'a': 1}, nx=True)"
