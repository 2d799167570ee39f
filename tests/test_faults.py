"""Planned faults as clients see them, and what is recorded of what clients send."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
import redis.asyncio
from oracle import Oracle
from raw import Socket, Wire
from redis import exceptions

import kvlite
from kvlite import Server, Store, wording
from kvlite.errors import reply_of
from kvlite.keyspace import commands_of
from kvlite.redis import AsyncRedis, Redis
from kvlite.testing import _known_commands
from kvlite.wire.resp import error_text
from kvlite.wording import one_name

Ask = Callable[..., Any]
"""Has a client, made with some options for redis-py, send a command after it has sent others."""


@pytest.fixture
def store() -> Iterator[Store[Any]]:
    with Store() as store:
        yield store


def _in_process(store: Store[Any]) -> Iterator[Ask]:
    def ask(*words: Any, **options: Any) -> Any:
        with Redis(store, **options) as client:
            client.echo("first")
            return client.execute_command(*words)

    yield ask


def _awaited(store: Store[Any]) -> Iterator[Ask]:
    def ask(*words: Any, **options: Any) -> Any:
        async def main() -> Any:
            async with AsyncRedis(store, **options) as client:
                await client.echo("first")
                return await client.execute_command(*words)

        return asyncio.run(main())

    yield ask


def _served(store: Store[Any]) -> Iterator[Ask]:
    with Server(store, port=0) as server:

        def ask(*words: Any, **options: Any) -> Any:
            with redis.Redis(port=server.port, **options) as client:
                client.echo("first")
                return client.execute_command(*words)

        yield ask


DOORS = {"in_process": _in_process, "awaited": _awaited, "served": _served}


@pytest.fixture(params=DOORS)
def ask(request: pytest.FixtureRequest, store: Store[Any]) -> Iterator[Ask]:
    yield from DOORS[request.param](store)


# --- errors that are answers ---------------------------------------------------------------------------

ANSWERS: list[tuple[Exception, type[Exception], str]] = [
    (kvlite.ResponseError("not now"), redis.ResponseError, "not now"),
    (kvlite.ResponseError("LOADING Redis is loading"), redis.BusyLoadingError, "Redis is loading"),
    (kvlite.OutOfMemoryError("full"), redis.OutOfMemoryError, "full"),
    (kvlite.PersistenceError("no disk"), redis.ResponseError, "MISCONF no disk"),
    (redis.ResponseError("not now"), redis.ResponseError, "not now"),
    (redis.ResponseError("WRONGTYPE no list"), redis.ResponseError, "WRONGTYPE no list"),
    (redis.ResponseError("READONLY a replica"), redis.ReadOnlyError, "a replica"),
    (redis.DataError("odd"), redis.ResponseError, "odd"),
    (redis.BusyLoadingError("Redis is loading"), redis.BusyLoadingError, "Redis is loading"),
    (redis.ReadOnlyError("a replica"), redis.ReadOnlyError, "a replica"),
    (redis.AuthenticationError("who?"), redis.AuthenticationError, "who?"),
    (exceptions.NoPermissionError("you?"), exceptions.NoPermissionError, "you?"),
    (exceptions.NoScriptError("none"), exceptions.NoScriptError, "none"),
    (exceptions.MovedError("7 127.0.0.1:7000"), exceptions.MovedError, "7 127.0.0.1:7000"),
    (exceptions.ClusterDownError("down"), exceptions.ClusterDownError, "down"),
]


def _name(each: Any) -> str | None:
    return getattr(each, "__name__", None)


@pytest.mark.parametrize(("planned", "seen", "text"), ANSWERS, ids=_name)
def test_an_answer_reaches_a_client_as_such(
    ask: Ask, store: Store[Any], planned: Exception, seen: type[Exception], text: str
) -> None:
    store.faults.raises("set", planned)
    with pytest.raises(seen) as caught:
        ask("SET", "a", "1", retry=None)
    assert type(caught.value) is seen
    assert str(caught.value) == text
    assert store.calls.count("set") == 1
    assert ask("SET", "a", "1", retry=None)


def test_every_exception_that_redis_py_makes_of_an_answer_is_known() -> None:
    made = redis._parsers.base.BaseParser.EXCEPTION_CLASSES
    for code, kind in made.items():
        if isinstance(kind, type) and code != "WRONGPASS":  # which is AuthenticationError too
            text = "7 127.0.0.1:7000" if issubclass(kind, exceptions.AskError) else "text"
            reply = reply_of(kind(text))
            assert error_text(reply) == f"{code} {text}".encode()  # type: ignore[arg-type]


def test_answers_are_told_by_their_names() -> None:
    """Those of other libraries, too."""

    class ResponseError(Exception):
        pass

    class ReadOnlyError(ResponseError):
        pass

    class ConnectionError(Exception):
        pass

    assert error_text(reply_of(ResponseError("no"))) == b"ERR no"  # type: ignore[arg-type]
    assert isinstance(reply_of(ReadOnlyError("no")), kvlite.ReadOnlyError)
    assert reply_of(ConnectionError("no")) is None


def test_a_direct_call_raises_what_was_planned(store: Store[Any]) -> None:
    planned = redis.ReadOnlyError("a replica")
    store.faults.raises("set", planned, times=3)
    for _ in range(3):
        with pytest.raises(redis.ReadOnlyError, match="^a replica$"):
            store.set("a", 1)


def test_every_call_raises_an_error_of_its_own(store: Store[Any]) -> None:
    store.faults.raises("set", kvlite.ResponseError("not now"), times=2)
    for _ in range(2):
        with pytest.raises(kvlite.ResponseError, match=r"^Command # 1 \(SET a 1\) of [^:]*: not now$"):
            store.pipeline().set("a", 1).execute()


def test_an_error_that_cannot_be_copied_is_raised_all_the_same(store: Store[Any]) -> None:
    class OddError(Exception):
        def __init__(self, *, text: str) -> None:
            super().__init__(text)

    store.faults.raises("set", OddError(text="odd"), times=2)
    for _ in range(2):
        with pytest.raises(OddError, match="odd"):
            store.set("a", 1)


@pytest.mark.parametrize(
    ("name", "args"), [("ping", ()), ("info", ()), ("config_get", ("maxmemory",)), ("script_exists", ("a",))]
)
def test_commands_on_the_store_as_a_whole_are_commands_too(
    store: Store[Any], name: str, args: tuple[Any, ...]
) -> None:
    with Redis(store, protocol=2) as client:
        for caller in (store, client):
            store.calls.clear()
            store.faults.raises(name, kvlite.ResponseError("not now"))
            with pytest.raises((kvlite.ResponseError, redis.ResponseError), match="not now"):
                getattr(caller, name)(*args)
            store.calls.assert_called(name, *args)


# --- errors of the connection --------------------------------------------------------------------------

LOSSES = [
    (redis.ConnectionError("gone"), redis.ConnectionError),
    (redis.TimeoutError("slow"), redis.TimeoutError),
    (kvlite.ConnectionError("gone"), redis.ConnectionError),
    (kvlite.TimeoutError("slow"), redis.TimeoutError),
    (ConnectionResetError(104, "reset"), redis.ConnectionError),
    (TimeoutError("slow"), redis.TimeoutError),
    (ZeroDivisionError("bug"), ZeroDivisionError),
]


@pytest.mark.parametrize(("planned", "seen"), LOSSES, ids=_name)
def test_any_other_error_takes_the_connection_away(
    request: pytest.FixtureRequest, ask: Ask, store: Store[Any], planned: Exception, seen: type[Exception]
) -> None:
    if "served" in request.node.name:
        seen = redis.ConnectionError
    store.faults.raises("set", planned)
    before = store.info()["total_connections_received"]
    with pytest.raises(seen):
        ask("SET", "a", "1", retry=None)
    assert store.calls.count("set") == 1
    assert ask("SET", "a", "1", retry=None)
    assert store.info()["total_connections_received"] == before + 2


PASSING = {
    "drops": lambda faults, **when: faults.drops("get", **when),
    "raises": lambda faults, **when: faults.raises("get", redis.ConnectionError("gone"), **when),
    "loading": lambda faults, **when: faults.raises("get", redis.BusyLoadingError("wait"), **when),
}


@pytest.mark.parametrize("fault", PASSING)
def test_redis_py_goes_on_after_what_passes(ask: Ask, store: Store[Any], fault: str) -> None:
    PASSING[fault](store.faults)
    assert ask("GET", "a") is None
    assert store.calls.count("get") == 2


def test_a_client_made_of_a_url_does_not_try_again(store: Store[Any]) -> None:
    """So says redis-py; kvlite's clients do the same."""
    with Server(store, port=0) as server:
        for client in (redis.from_url(server.url), Redis.from_url(server.url, store=store)):
            store.faults.drops("get")
            with client, pytest.raises(redis.ConnectionError):
                client.get("a")


@pytest.mark.parametrize("fault", PASSING)
def test_without_retries_it_is_seen_at_once(ask: Ask, store: Store[Any], fault: str) -> None:
    PASSING[fault](store.faults)
    with pytest.raises(redis.ConnectionError):
        ask("GET", "a", retry=None)
    assert store.calls.count("get") == 1


@pytest.mark.parametrize("fault", PASSING)
def test_what_does_not_pass_is_seen_after_all_retries(ask: Ask, store: Store[Any], fault: str) -> None:
    PASSING[fault](store.faults, times=None)
    retry: Any = redis.asyncio.retry.Retry if "awaited" in ask.__qualname__ else redis.retry.Retry
    with pytest.raises(redis.ConnectionError):
        ask("GET", "a", retry=retry(redis.backoff.NoBackoff(), 3))
    assert store.calls.count("get") == 4


# --- transactions --------------------------------------------------------------------------------------


def test_a_refusal_ends_a_transaction_as_it_does_with_redis(oracle: Oracle) -> None:
    full = "OOM command not allowed when used memory > 'maxmemory'."
    oracle.reset()
    requests = [("MULTI",), ("SET", "a", "1"), ("SET", "b", "1"), ("EXEC",), ("GET", "b")]
    with Socket(oracle.address) as real, oracle.client() as operator:
        store: Store[Any] = Store()
        wire = Wire(store)
        store.faults.raises("set", kvlite.ResponseError(full), times=2)
        operator.config_set("maxmemory", 1)
        try:
            for request in requests:
                assert wire.ask(*request) == real.ask(*request)
            operator.config_set("maxmemory", 0)
            for request in requests[:3]:
                assert wire.ask(*request) == real.ask(*request)
            operator.config_set("maxmemory", 1)
            store.faults.raises("exec", kvlite.OutOfMemoryError(full.removeprefix("OOM ")))
            for request in requests[3:]:
                assert wire.ask(*request) == real.ask(*request)
        finally:
            operator.config_set("maxmemory", 0)


def test_any_other_error_is_that_of_one_command_as_it_is_with_redis(oracle: Oracle) -> None:
    oracle.reset()
    wrong = "WRONGTYPE Operation against a key holding the wrong kind of value"
    requests = [("MULTI",), ("SET", "a", "1"), ("RPUSH", "a", "1"), ("INCR", "a"), ("EXEC",), ("GET", "a")]
    with Socket(oracle.address) as real:
        store: Store[Any] = Store()
        wire = Wire(store)
        store.faults.raises("rpush", kvlite.ResponseError(wrong))
        for request in requests:
            assert wire.ask(*request) == real.ask(*request)
        assert store.info("commandstats")["cmdstat_rpush"]["failed_calls"] == 1


def test_a_pipeline_tells_which_command_has_failed(store: Store[Any]) -> None:
    with Redis(store) as client:
        store.faults.raises("rpush", redis.ResponseError("not now"), times=2)
        with pytest.raises(redis.ResponseError, match=r"^Command # 2 \(RPUSH l 1\) of [^:]*: not now$"):
            client.pipeline().set("a", 1).rpush("l", 1).execute()
        done = client.pipeline().rpush("l", 1).incr("a").execute(raise_on_error=False)
        assert str(done[0]) == "not now"
        assert done[1] == 2


def test_an_error_of_exec_ends_the_transaction(store: Store[Any]) -> None:
    store.faults.raises("exec", redis.ResponseError("not now"))
    with Redis(store) as client:
        with pytest.raises(redis.exceptions.ExecAbortError, match="because of: not now"):
            client.pipeline().set("a", 1).execute()
        assert client.get("a") is None


def test_a_conflict_of_a_transaction_can_be_planned(store: Store[Any]) -> None:
    attempts = []

    def add(pipe: Any) -> None:
        attempts.append(pipe.get("a"))
        pipe.multi()
        pipe.incr("a")

    with Redis(store) as client:
        store.faults.raises("exec", redis.WatchError("changed"), times=2)
        assert client.transaction(add, "a") == [1]
        assert len(attempts) == 3


def test_a_conflict_of_a_direct_transaction_can_be_planned(store: Store[Any]) -> None:
    attempts = []

    def add(pipe: Any) -> None:
        attempts.append(pipe.get("a"))
        pipe.multi()
        pipe.incr("a")

    store.faults.raises("exec", kvlite.WatchError("changed"), times=2)
    store.faults.drops("*", nth=5)
    assert store.transaction(add, "a") == [1]
    assert len(attempts) == 3
    assert store.calls.count("exec") == 3
    assert [call.name for call in store.calls] == ["get", "get", "get", "incr"]


# --- what a client sends by itself ---------------------------------------------------------------------


def test_the_beginning_of_a_connection_does_not_count(ask: Ask, store: Store[Any]) -> None:
    store.faults.raises("*", redis.ResponseError("now"), nth=2)
    with pytest.raises(redis.ResponseError, match="now"):
        ask("GET", "a", client_name="me", db=3, retry=None)
    assert [str(call) for call in store.calls] == ["echo('first')", "get('a')"]
    assert len(store.calls) == 2
    assert store.calls[0].name == "echo"
    assert "hello" not in repr(store.calls)


def test_the_beginning_of_a_connection_can_be_named(ask: Ask, store: Store[Any]) -> None:
    assert store.calls.count("hello") == 0
    ask("GET", "a", client_name="me", db=3)
    store.calls.assert_called("client_setname", "me")
    store.calls.assert_called("SELECT", 3)
    store.calls.assert_called("hello")
    store.faults.raises("client setname", redis.ResponseError("no names"))
    with pytest.raises(redis.RedisError):
        ask("GET", "a", client_name="me", retry=None)


def test_what_an_application_asks_for_later_counts(store: Store[Any]) -> None:
    with Redis(store) as client:
        client.echo("before the probe")
        store.calls.clear()
        client.select(2)
        client.client_setname("me")
    wire = Wire(store)
    wire.ask("SELECT", "1")
    wire.ask("PING")
    wire.ask("SELECT", "2")
    shown = ["select('2')", "client|setname('me')", "ping()", "select('2')"]
    assert [str(call) for call in store.calls] == shown


# --- what was called -----------------------------------------------------------------------------------

CALLS: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("set", ("a", 1), {"ex": 60, "nx": True}),
    ("setex", ("a", 60, b"1"), {}),
    ("get", ("a",), {}),
    ("mget", (["a", b"b"],), {}),
    ("delete", ("a", "b"), {}),
    ("incr", ("a",), {}),
    ("incrbyfloat", ("a", 1.5), {}),
    ("hset", ("h",), {"mapping": {"f": 1, "g": b"\xff"}}),
    ("rpush", ("l", "a", 1), {}),
    ("lrange", ("l", 0, -1), {}),
    ("sadd", ("s", "a"), {}),
    ("zadd", ("z", {"a": 1, "b": 2.5}), {"gt": True}),
    ("zrange", ("z", 0, -1), {"withscores": True}),
    ("xadd", ("x", {"f": "v"}), {"maxlen": 10, "approximate": False}),
    ("expire", ("a", 10), {}),
    ("scan", (), {"match": "a*", "count": 5}),
    ("geoadd", ("g", (13.4, 52.5, "Berlin")), {}),
    ("eval", ("return ARGV[1]", 1, "k", "x"), {}),
    ("publish", ("c", "hi"), {}),
    ("memory_usage", ("a",), {}),
]


@pytest.mark.parametrize(("name", "args", "kwargs"), CALLS, ids=[name for name, _, _ in CALLS])
def test_a_call_is_the_same_whichever_way_it_came(
    store: Store[Any], name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    with Redis(store) as client:
        for caller in (store, client):
            store.calls.clear()
            getattr(caller, name)(*args, **kwargs)
            store.calls.assert_called(name, *args, **kwargs)
            with pytest.raises(AssertionError, match="was not called, but"):
                store.calls.assert_called(name, "other", *args[1:], **kwargs)
        words = store.calls.last(name).args
        store.calls.clear()
        getattr(store, name)(*args, **kwargs)
        if words:
            store.calls.assert_called(name, *words)


def test_it_does_not_matter_how_arguments_are_given(store: Store[Any]) -> None:
    store.calls.clear()
    store.set(name="a", value=1, ex=60)
    store.calls.assert_called("set", "a", b"1", 60)
    store.calls.assert_called("set", "a", "1", "EX", 60)
    with pytest.raises(AssertionError):
        store.calls.assert_called("set", "a", 1)


def test_a_call_is_kept_as_it_was(store: Store[Any]) -> None:
    store.calls.clear()
    fields = {"f": 1}
    store.hset("h", mapping=fields)
    fields["f"] = 2
    store.calls.assert_called("hset", "h", mapping={"f": "1"})


def test_without_redis_py_calls_are_compared_as_they_came(
    store: Store[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wording, "_client", lambda: None)
    store.calls.clear()
    store.hset("h", mapping={"f": 1, b"g": b"2"})
    store.calls.assert_called("hset", b"h", mapping={"f": "1", "g": "2"})
    with pytest.raises(AssertionError):
        store.calls.assert_called("hset", "h", "f", 1)


# --- names ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("plan", ["drops", "raises", "waits"])
def test_an_unknown_command_is_refused(store: Store[Any], plan: str) -> None:
    what = {"drops": (), "raises": (OSError(),), "waits": (1,)}[plan]
    with pytest.raises(ValueError, match=r"there is no command 'zad': is it 'zadd'"):
        getattr(store.faults, plan)("zad", *what)
    with pytest.raises(ValueError, match=r"there is no command 'qqqqqq'$"):
        getattr(store.faults, plan)("qqqqqq", *what)


def test_an_error_may_be_given_by_its_class(ask: Ask, store: Store[Any]) -> None:
    store.faults.raises("get", redis.ReadOnlyError)
    with pytest.raises(redis.ReadOnlyError):
        ask("GET", "a")
    store.faults.raises("get", redis.ConnectionError)
    with pytest.raises(redis.ConnectionError):
        store.get("a")


def test_what_cannot_be_planned_is_refused_at_once(store: Store[Any]) -> None:
    with pytest.raises(TypeError, match="an exception, not 'boom'"):
        store.faults.raises("get", "boom")  # type: ignore[arg-type]
    for seconds in (-1, float("inf"), float("nan")):
        with pytest.raises(ValueError, match="waits for some seconds, not"):
            store.faults.waits("get", seconds)


def test_asking_for_calls_of_an_unknown_command_is_refused(store: Store[Any]) -> None:
    with pytest.raises(ValueError, match="is it 'delete'"):
        store.calls.assert_not_called("delte")


@pytest.mark.parametrize("name", ["config|get", "config get", "CONFIG GET", "config_get"])
def test_subcommands_have_names(ask: Ask, store: Store[Any], name: str) -> None:
    store.faults.raises(name, redis.ResponseError("now"))
    with pytest.raises(redis.ResponseError, match="now"):
        ask("CONFIG GET", "maxmemory")
    store.calls.assert_called(name, "maxmemory")


@pytest.mark.parametrize("name", ["delete", "del", "DEL"])
def test_a_command_is_the_same_whatever_it_is_called(ask: Ask, store: Store[Any], name: str) -> None:
    store.faults.raises(name, redis.ResponseError("now"), nth=2)
    store.delete("a")
    with pytest.raises(redis.ResponseError, match="now"):
        ask("DEL", "a")
    assert store.calls.count(name) == 2


def test_every_command_of_a_store_has_the_name_of_what_redis_py_sends(store: Store[Any]) -> None:
    """For those that redis-py sends without a look at its arguments."""
    known = {one_name(name) for name in _known_commands()}
    sent: list[str] = []

    class Sending(redis.Redis):
        def execute_command(self, *args: Any, **options: Any) -> Any:
            sent.append(args[0])

    client: Any = Sending()
    tried = 0
    for name in commands_of(Store):
        if name == "register_script":
            continue  # it sends nothing
        assert one_name(name) in known
        for count in range(4):
            sent.clear()
            try:
                getattr(client, name)(*range(1, count + 1))
            except Exception:
                continue
            if sent:
                assert one_name(sent[0]) == one_name(name)
                tried += 1
                break
    assert tried > 150
