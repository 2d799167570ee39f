"""redis-py's client over a store in this process answers as one that talks to a server."""

from __future__ import annotations

import gc
import queue
import subprocess
import sys
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from typing import Any

import pytest
import redis
from doors import FEWER, HISTORIES, DoorPair, client_pair
from hypothesis import given
from hypothesis import strategies as st
from oracle import Oracle, run_history
from redis.backoff import NoBackoff
from redis.retry import Retry

from kvlite import ManualClock, ReadOnlyError, ResponseError, Store
from kvlite.redis import AsyncConnectionPool, AsyncRedis, Connection, ConnectionPool, Redis
from kvlite.redis.moulds import COMMON, Mould, Uncopyable
from kvlite.wire.line import Line


@pytest.fixture(scope="module", params=[2, 3], ids=["resp2", "resp3"])
def pair(oracle: Oracle, request: pytest.FixtureRequest) -> DoorPair:
    return client_pair(oracle, protocol=request.param)


@pytest.mark.parametrize("table", HISTORIES)
@given(data=st.data())
@FEWER
def test_it_answers_as_redis_does(pair: DoorPair, table: str, data: st.DataObject) -> None:
    run_history(pair, data.draw(HISTORIES[table]))


# What it is


def test_it_is_a_client_of_redis_py() -> None:
    client = Redis()
    assert isinstance(client, redis.Redis)
    assert isinstance(client.pipeline(), redis.client.Pipeline)
    assert isinstance(client.connection_pool, redis.ConnectionPool)
    assert isinstance(client.connection_pool.get_connection(), redis.connection.AbstractConnection)


def test_a_client_without_a_store_has_its_own() -> None:
    one, other = Redis(), Redis()
    one.set("a", 1)
    assert one.get("a") == b"1"
    assert other.get("a") is None
    assert one.store.get("a") == b"1"


def test_clients_of_one_store_see_the_same() -> None:
    store = Store(decode_responses=True)
    one, other = Redis(store), Redis(store, decode_responses=True)
    store.set("a", "é")
    assert one.get("a") == "é".encode()
    assert other.get("a") == "é"


@pytest.mark.parametrize("options", [{}, {"protocol": 2}, {"legacy_responses": False}], ids=str)
def test_it_has_all_that_redis_py_gives_a_client(options: dict[str, Any]) -> None:
    for client in (Redis(**options), Redis(**options)):  # the second is made like the first
        other = redis.Redis(connection_pool=client.connection_pool)
        assert vars(client).keys() - vars(other).keys() == {"_talk", "_direct", "_callbacks"}
        assert vars(other).keys() - vars(client).keys() == {"response_callbacks"}
        assert type(client.response_callbacks) is type(other.response_callbacks)
        assert client.response_callbacks.keys() == other.response_callbacks.keys()
        retry = client.get_retry()
        assert retry == redis.Redis().get_retry()
        assert client.connection_pool.get_connection().retry == retry


def test_clients_share_nothing_that_may_be_changed() -> None:
    store = Store()
    one, other = Redis(store), Redis(store)
    one.set_response_callback("get", lambda reply: 17)
    one.get_retry().update_retries(99)
    one.get_retry()._backoff._cap = 99
    assert (one.get("a"), other.get("a")) == (17, None)
    assert other.get_retry() == Redis().get_retry() == redis.Redis().get_retry()
    assert one.connection_pool._pool_id != other.connection_pool._pool_id
    shared = parts(one).keys() & parts(other).keys()
    assert {type(parts(one)[each]) for each in shared} <= COMMON | {Store}


def test_who_does_not_read_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """After what waits redis-py makes another connection, and subscribes again by itself."""
    monkeypatch.setattr("kvlite.wire.line.MAX_PENDING", 3)
    client = Redis(Store(), decode_responses=True)
    inbox = client.pubsub(ignore_subscribe_messages=True)
    inbox.subscribe("a", "b", "c", "d", "e")
    for _ in range(5):
        assert inbox.get_message() is None
    assert [client.publish("a", number) for number in range(6)] == [1, 1, 1, 1, 0, 0]
    assert [message["data"] for message in iter(inbox.get_message, None)] == ["0", "1", "2"]
    while client.publish("a", "again") == 0:
        assert inbox.get_message() is None
    assert [message["data"] for _ in range(8) if (message := inbox.get_message())] == ["again"]
    with client.monitor() as monitor:
        for _ in range(5):
            client.get("a")
        seen = [monitor.next_command()["command"] for _ in range(3)]
        assert seen[0] == "HELLO 3", "of the connection that says GET"
        with pytest.raises(redis.ConnectionError):
            monitor.next_command()


def test_what_is_closed_goes_with_whoever_held_it_last() -> None:
    """Without the collector of cycles, whose passes would cost tests more than their stores do."""
    client = Redis(Store())
    client.set("a", 1)
    left = [weakref.ref(each) for each in (client.store, client.connection_pool)]
    left += [weakref.ref(each) for each in client.connection_pool._available_connections]
    client.store.close()
    collecting = gc.isenabled()
    gc.disable()
    try:
        del client
        assert [each() for each in left] == [None, None, None]
    finally:
        if collecting:
            gc.enable()


def parts(whole: object) -> dict[int, Any]:
    """All that is in an object, and in what is in it, by their ids; of a store no more than itself."""
    found: dict[int, Any] = {}
    left: list[Any] = [whole]
    while left:
        part = left.pop()
        if id(part) in found or isinstance(part, (type, Enum)):
            continue
        if type(part) is not tuple:
            found[id(part)] = part
        if type(part) in COMMON or isinstance(part, Store):
            continue
        left.extend(part.values() if isinstance(part, dict) else ())
        left.extend(part if isinstance(part, (list, set, tuple)) else ())
        left.extend(getattr(part, "__dict__", {}).values())
    return found


@pytest.mark.parametrize("kind", [Redis, AsyncRedis])
def test_a_mould_is_of_what_it_knows_how_to_copy(kind: type[Redis] | type[AsyncRedis]) -> None:
    store, other = Store(), Store()
    client = kind(store)
    cast = Mould(vars(client), store).cast(other)
    assert cast.keys() == vars(client).keys()
    assert cast["connection_pool"].store is other
    client.connection_pool.connection_kwargs["unheard_of"] = iter("")
    with pytest.raises(Uncopyable):
        Mould(vars(client), store)


def test_options_that_cannot_be_copied_are_taken_as_they_are() -> None:
    retry = Retry(NoBackoff(), 7)
    for _ in range(2):
        client = Redis(Store(), retry=retry, retry_on_error=[KeyError])
        assert client.get_retry() == retry
        assert client.get_retry() is not retry
        assert client.connection_pool.connection_kwargs["retry_on_error"] == [KeyError]


def test_whoever_replaces_the_constructor_of_redis_py_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    constructor = redis.Redis.__init__

    def traced(self: redis.Redis, **options: Any) -> None:
        made.append(self)
        constructor(self, **options)

    Redis()
    monkeypatch.setattr(redis.Redis, "__init__", traced)
    client = Redis()
    assert client.ping()
    assert made


def test_a_connection_says_the_same_in_short_as_redis_py_does() -> None:
    told = []
    for options in ({}, {"username": "default", "password": "any"}):  # who has a password is asked for it
        client = Redis(Store(), **options)
        info = client.client_info()
        stats = client.info("commandstats")
        calls = {name: stats[name]["calls"] for name in ("cmdstat_hello", "cmdstat_client|setinfo")}
        connection = client.connection_pool.get_connection()
        told.append((info, calls, connection.handshake_metadata))
    assert told[0] == told[1]
    assert told[0][0]["lib-name"] == "redis-py"


def test_only_a_store_can_be_talked_to() -> None:
    with pytest.raises(TypeError, match="a client talks to a kvlite.Store, not to 'localhost'"):
        Redis("localhost")
    with pytest.raises(TypeError, match="no_such_option"):
        Redis(no_such_option=1)
    with pytest.raises(TypeError, match="connection_pool"):
        Redis(Store(), connection_pool=ConnectionPool())


def test_where_a_server_would_be_means_nothing() -> None:
    store = Store()
    Redis(store, host="nowhere.invalid", port=1, ssl=True, socket_keepalive=True).set("a", 1)
    Redis(store, unix_socket_path="/nowhere").incr("a")
    assert store.get("a") == b"2"


def test_a_url_says_everything_but_where() -> None:
    store = Store()
    client = Redis.from_url("redis://nowhere.invalid:1/3?decode_responses=1", store=store)
    client.set("a", "b")
    assert client.get("a") == "b"
    assert store.select(3).get("a") == b"b"
    assert Redis.from_url("unix:///nowhere?db=3", store=store).get("a") == b"b"


def test_databases() -> None:
    client = Redis(db=5)
    client.set("a", 1)
    assert client.store.select(5).get("a") == b"1"
    assert Redis(client.store).get("a") is None
    with pytest.raises(redis.ResponseError, match="DB index is out of range"):
        Redis(db=16).get("a")


def test_a_pool_may_be_shared() -> None:
    pool = ConnectionPool(decode_responses=True)
    with Redis(connection_pool=pool) as one, Redis(connection_pool=pool) as other:
        one.set("a", 1)
        assert other.get("a") == "1"
        assert one.store is other.store is pool.store
    assert Redis.from_pool(pool).get("a") == "1"
    blocking = redis.BlockingConnectionPool(connection_class=Connection, store=pool.store, max_connections=1)
    assert Redis(connection_pool=blocking).get("a") == b"1"


def test_encoding() -> None:
    client = Redis(encoding="latin-1", decode_responses=True)
    client.set("a", "é")
    assert client.get("a") == "é"
    assert client.store.get("a") == b"\xe9"
    with pytest.raises(UnicodeEncodeError):
        client.set("a", "€")
    assert Redis(client.store, decode_responses=True, encoding_errors="replace").get("a") == "\ufffd"
    with pytest.raises(UnicodeDecodeError):
        Redis(client.store, decode_responses=True).get("a")
    with pytest.raises(redis.DataError, match="Invalid input of type: 'NoneType'"):
        client.set("a", None)


def test_values_that_are_bytes_in_another_form() -> None:
    client = Redis()
    client.set(bytearray(b"a"), memoryview(b"b"))
    assert client.execute_command(b"GET", "a") == b"b"


# Errors


def test_errors_are_those_of_redis_py() -> None:
    client = Redis()
    with pytest.raises(redis.ResponseError, match="unknown command 'NOPE', with args beginning with: 'x'"):
        client.execute_command("NOPE", "x")
    with pytest.raises(redis.ResponseError, match="wrong number of arguments for 'get' command"):
        client.execute_command("GET")
    client.set("a", "x")
    with pytest.raises(redis.ResponseError, match="value is not an integer"):
        client.incr("a")


def test_a_store_that_is_closed_is_a_connection_that_is_gone() -> None:
    client = Redis()
    client.set("a", 1)
    client.store.close()
    for attempt in (lambda: client.get("a"), client.pipeline().get("a").execute, Redis(client.store).ping):
        with pytest.raises(redis.ConnectionError, match="the store is closed"):
            attempt()


@pytest.mark.parametrize("options", [{}, {"single_connection_client": True}, {"retry": None}])
def test_who_waits_while_the_store_is_closed_has_lost_the_connection_at_once(options: dict[str, Any]) -> None:
    client = Redis(**options)
    witness = Redis(client.store)
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(client.blpop, "queue", 0)
        while not witness.info("clients")["blocked_clients"]:
            time.sleep(0.001)
        client.store.close()
        with pytest.raises(redis.ConnectionError, match="the store is closed|Connection closed"):
            waiting.result(timeout=2)
    with pytest.raises(redis.ConnectionError, match="the store is closed"):
        client.get("a")


def test_a_subscriber_whose_store_is_closed_is_told_so() -> None:
    client = Redis()
    listener = client.pubsub()
    listener.subscribe("a")
    client.store.close()
    for attempt in (listener.get_message, lambda: listener.subscribe("b")):
        with pytest.raises(redis.ConnectionError, match="the store is closed"):
            attempt()
    listener.close()


def test_who_monitors_a_store_that_is_closed_is_told_so() -> None:
    client = Redis()
    with client.monitor() as monitor:
        threading.Timer(0.05, client.store.close).start()
        with pytest.raises(redis.ConnectionError, match="Connection closed by server"):
            for _ in monitor.listen():
                pass


@pytest.mark.parametrize("made", [Redis, AsyncRedis])
def test_a_pool_that_is_of_another_kind_is_refused(made: Any) -> None:
    other = {Redis: AsyncConnectionPool, AsyncRedis: ConnectionPool}[made]
    for pool in (other(), redis.ConnectionPool()):
        with pytest.raises(TypeError, match="takes a pool of kvlite.redis"):
            made(connection_pool=pool)


@pytest.mark.parametrize("made", [Redis, AsyncRedis])
def test_an_option_that_there_is_not_is_refused(made: Any) -> None:
    with pytest.raises(TypeError, match=r"Redis\(\) got an unexpected keyword argument 'decode'"):
        made(decode=True)


# The state of connections


def test_a_client_may_be_used_after_it_was_closed() -> None:
    client = Redis()
    client.set("a", 1)
    client.close()
    assert client.get("a") == b"1"


def test_one_connection_keeps_its_state() -> None:
    with Redis(single_connection_client=True) as client:
        client.execute_command("SELECT", 3)
        client.set("a", 1)
        assert client.store.select(3).get("a") == b"1"
    with Redis(client.store).client() as single:
        assert single.connection is not None
        assert single.get("a") is None


def test_a_connection_that_the_store_has_ended_is_replaced() -> None:
    client = Redis()
    client.set("a", 1)
    client.execute_command("QUIT")
    assert client.get("a") == b"1"


def test_threads_share_a_client() -> None:
    client = Redis()

    def count() -> None:
        for number in range(300):
            client.incr("n")
            if number % 10 == 0:
                client.pipeline().incr("n").execute()

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert client.get("n") == b"1320"
    assert len(client.connection_pool._available_connections) <= 4


# Pipelines


@pytest.mark.parametrize("transaction", [True, False])
def test_pipelines(pair: DoorPair, transaction: bool) -> None:
    pair.reset()

    def run(client: Any) -> Any:
        with client.pipeline(transaction=transaction) as pipe:
            pipe.set("a", "x").get("a").incr("a").append("a", "y").mget("a", "b")
            return pipe.execute(raise_on_error=False)

    pair.both(run)

    def fail(client: Any) -> Any:
        with client.pipeline(transaction=transaction) as pipe:
            return pipe.set("a", "x").incr("a").execute()

    pair.both(fail)

    def refuse(client: Any) -> Any:
        with client.pipeline(transaction=transaction) as pipe:
            pipe.set("a", "z").execute_command("GET").execute_command("NOPE", "x" * 200)
            return pipe.execute()

    pair.both(refuse)
    pair.both(lambda client: client.get("a"))
    pair.both(lambda client: client.pipeline(transaction=transaction).execute())


def test_watching(pair: DoorPair) -> None:
    pair.reset()

    def double(pipe: Any) -> None:
        value = int(pipe.get("n") or 1)
        pipe.multi()
        pipe.set("n", 2 * value)

    pair.both(lambda client: client.transaction(double, "n"))
    pair.both(lambda client: client.transaction(double, "n", value_from_callable=True))
    pair.both(lambda client: client.get("n"))

    def disturbed(client: Any) -> Any:
        with client.pipeline() as pipe:
            pipe.watch("n")
            client.set("n", 7)
            pipe.multi()
            pipe.set("n", 8)
            return pipe.execute()

    pair.both(disturbed)
    pair.both(lambda client: client.get("n"))


def test_a_watch_ends_with_its_pipeline() -> None:
    client = Redis()
    with client.pipeline() as pipe:
        pipe.watch("a")
        assert len(client.store._shared.observers) == 1
    assert not client.store._shared.observers
    pipe.watch("a")
    pipe.connection.disconnect()
    assert not client.store._shared.observers


# Without redis-py


def test_what_is_missing_is_said() -> None:
    code = (
        "import sys; sys.modules['redis'] = None\ntry: import kvlite.redis\nexcept ImportError as e: print(e)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "kvlite.redis needs redis-py: pip install 'kvlite[redis]'\n"


# Waiting


def test_who_waits_is_served_whichever_door_the_element_comes_through() -> None:
    client = Redis(decode_responses=True)
    for give in (lambda: client.store.rpush("q", "x"), lambda: Redis(client.store).lpush("q", "x")):
        threading.Timer(0.02, give).start()
        assert client.blpop("q", timeout=10) == ("q", "x")
    threading.Timer(0.02, lambda: client.zadd("z", {"m": 1})).start()
    assert client.bzpopmin("z") == ("z", "m", 1.0)


def test_time_runs_out() -> None:
    client = Redis()
    start = time.monotonic()
    assert client.blpop("q", timeout=0.05) is None
    assert client.blmove("q", "other", 0.05) is None
    assert 0.1 <= time.monotonic() - start < 5
    still = Redis(Store(clock=ManualClock()), decode_responses=True)
    threading.Timer(0.05, lambda: still.store.advance(61)).start()
    assert still.blpop("q", timeout=60) is None


def test_replies_that_take_too_long() -> None:
    """As with a server: the connection is given up, and the command tried again as often as is said."""
    tries = redis.retry.Retry(redis.backoff.NoBackoff(), 2)
    client = Redis(socket_timeout=0.05, retry=tries)
    start = time.monotonic()
    with pytest.raises(redis.TimeoutError, match="Timeout reading from <Store in memory, 0 keys>"):
        client.blpop("q")
    assert 0.15 <= time.monotonic() - start < 5
    with pytest.raises(redis.TimeoutError):
        client.pipeline(transaction=False).blpop("q").execute()
    assert not client.store._lines
    still = Redis(Store(clock=ManualClock()), socket_timeout=0.05, retry=None)
    with pytest.raises(redis.TimeoutError, match="whose clock stands still until it is advanced"):
        still.blpop("q", timeout=0.01)
    assert client.rpush("q", "x") == 1
    assert client.lrange("q", 0, -1) == [b"x"]


def test_a_pipeline_goes_on_behind_what_it_waits_for() -> None:
    client = Redis()
    seen = []

    def give() -> None:
        seen.append(client.get("n"))
        client.rpush("q", "x")

    threading.Timer(0.05, give).start()
    results = client.pipeline(transaction=False).incr("m").blpop("q").incr("n").get("n").execute()
    assert results == [1, (b"q", b"x"), 1, b"1"]
    assert seen == [None]
    assert client.pipeline().blpop("q").execute() == [None]


def test_closing_a_client_ends_what_another_thread_waits_for() -> None:
    client = Redis(retry=redis.retry.Retry(redis.backoff.NoBackoff(), 0))
    errors: list[Exception] = []

    def wait() -> None:
        try:
            client.blpop("q")
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    while not client.store._lines:
        time.sleep(0.001)
    client.close()
    thread.join(timeout=10)
    assert [type(error) for error in errors] == [redis.ConnectionError]
    client.rpush("q", "x")
    assert client.lpop("q") == b"x"


def test_what_was_served_to_a_connection_that_ends_goes_back() -> None:
    store = Store()
    line = Line(store, lambda: None)
    line.send([[b"BLPOP", b"q", b"0"]])
    store.rpush("q", "a", "b")
    assert store.lrange("q", 0, -1) == [b"b"]
    line.hang_up()
    assert store.lrange("q", 0, -1) == [b"a", b"b"]


# Who is connected


def test_connections_say_who_they_are() -> None:
    client = Redis(client_name="me", db=2, decode_responses=True)
    (info,) = client.client_list()
    assert (info["name"], info["db"], info["lib-name"]) == ("me", "2", "redis-py")
    assert client.client_id() == client.client_id()
    assert Redis(client.store, driver_info=None).client_info().get("lib-name", "") == ""
    client.close()
    assert len(Redis(client.store).client_list()) == 1


def test_passwords() -> None:
    store = Store()
    admin = Redis(store)
    admin.config_set("requirepass", "secret")
    admin.acl_setuser("ann", enabled=True, passwords="+pw", commands=["+get", "+hello"], keys=["a*"])
    once = redis.retry.Retry(redis.backoff.NoBackoff(), 0)
    for protocol in (2, 3):
        options = {"protocol": protocol, "retry": once}
        assert Redis(store, password="secret", **options).get("a") is None
        ann = Redis(store, username="ann", password="pw", **options)
        assert ann.get("a") is None
        with pytest.raises(redis.exceptions.NoPermissionError):
            ann.get("b")
        with pytest.raises(redis.exceptions.NoPermissionError):
            ann.pipeline().get("b").execute()
        with pytest.raises(redis.AuthenticationError):
            Redis(store, password="wrong", **options).get("a")
        with pytest.raises(redis.AuthenticationError):
            Redis(store, **options).get("a")
        asked = redis.UsernamePasswordCredentialProvider("ann", "pw")
        assert Redis(store, credential_provider=asked, **options).get("a") is None


def test_a_client_that_is_killed_connects_again() -> None:
    client = Redis()
    first = client.client_id()
    Redis(client.store).client_kill_filter(_id=str(first))
    assert client.get("a") is None
    assert client.client_id() != first


def test_connections_are_checked_now_and_then() -> None:
    client = Redis(health_check_interval=1)
    client.set("a", 1)
    connection = client.connection_pool._available_connections[0]
    connection.next_health_check = 0
    asked = client.store.calls
    assert client.get("a") == b"1"
    assert [call.name for call in asked] == ["ping", "get"]


def test_what_a_function_does_on_connecting() -> None:
    def on_connect(connection: Any) -> None:
        connection.on_connect()
        connection.send_command("SELECT", 7)
        connection.read_response()

    client = Redis(redis_connect_func=on_connect)
    client.set("a", 1)
    assert client.store.select(7).get("a") == b"1"


def test_connections_are_limited() -> None:
    client = Redis(max_connections=2, retry=redis.retry.Retry(redis.backoff.NoBackoff(), 0))
    held = [client.connection_pool.get_connection() for _ in range(2)]
    with pytest.raises(redis.exceptions.MaxConnectionsError):
        client.get("a")
    client.connection_pool.release(held[0])
    assert client.get("a") is None
    assert len(client.client_list()) == 2


# What goes wrong on purpose


def test_faults_meet_clients_as_those_of_a_server_do() -> None:
    client = Redis(retry=redis.retry.Retry(redis.backoff.NoBackoff(), 1))
    faults = client.store.faults
    faults.raises("get", ResponseError("LOADING it comes"))
    assert client.get("a") is None
    faults.raises("get", ResponseError("planned"))
    with pytest.raises(redis.ResponseError, match="planned"):
        client.get("a")
    faults.drops("get")
    assert client.get("a") is None
    faults.drops("get", times=2)
    with pytest.raises(redis.ConnectionError, match="Connection closed by server"):
        client.get("a")
    faults.waits("get", 0.05)
    assert client.get("a") is None
    faults.raises("incrby", ResponseError("planned"))
    with pytest.raises(redis.ResponseError, match="Command # 2 .* caused error: planned"):
        client.pipeline(transaction=False).get("a").incr("a").execute()
    assert client.pipeline().incr("a").execute() == [1]


def test_errors_that_are_to_be_tried_again() -> None:
    again = redis.retry.Retry(redis.backoff.NoBackoff(), 1)
    client = Redis(retry=again, retry_on_error=[redis.ReadOnlyError])
    client.store.faults.raises("set", ReadOnlyError("it only reads"))
    assert client.set("a", 1) is True
    client.set_retry(redis.retry.Retry(redis.backoff.NoBackoff(), 0))
    client.store.faults.drops("set")
    with pytest.raises(redis.ConnectionError):
        client.set("a", 1)


# Replies


def test_callbacks_may_be_put_in_the_place_of_redis_pys() -> None:
    client = Redis()
    client.set_response_callback("GET", lambda response, **options: ("got", response))
    assert client.get("a") == ("got", None)
    assert client.pipeline().get("a").execute() == [("got", None)]
    assert client.pipeline(transaction=False).get("a").execute() == [("got", None)]


def test_a_subclass_may_read_replies_itself() -> None:
    class Loud(Redis):
        def parse_response(self, connection: Any, command_name: Any, **options: Any) -> Any:
            return ("loud", super().parse_response(connection, command_name, **options))

    assert Loud().get("a") == ("loud", None)


def test_what_is_never_decoded() -> None:
    client = Redis(decode_responses=True)
    client.set("a", "é")
    dump = client.dump("a")
    assert isinstance(dump, bytes)
    piped = client.pipeline(transaction=False).dump("a").get("a").execute()
    assert piped == [dump, "é"]
    assert client.restore("b", 0, dump) in (True, "OK")


@pytest.mark.parametrize("legacy", [True, False])
def test_shapes_of_replies(oracle: Oracle, legacy: bool) -> None:
    """Where redis-py makes something else of RESP2 and RESP3, or did so in older versions."""
    oracle.reset()

    def ask(client: Any) -> list[Any]:
        client.zadd("z", {"a": 1, "b": 2.5})
        client.hset("h", mapping={"f": "v"})
        client.sadd("s", "m")
        return [
            client.zrange("z", 0, -1, withscores=True),
            client.zpopmax("z"),
            client.zrank("z", "a", withscore=False),
            client.zmpop(1, ["z"], min=True),
            client.hrandfield("h", 1, withvalues=True),
            client.hgetall("h"),
            client.smembers("s"),
            client.config_get("maxmemory"),
            client.zadd("z", {"a": 1}, incr=True),
            client.set("k", "v", get=True),
            client.client_getname(),
            client.acl_whoami(),
            client.lcs("k", "k", idx=True),
            client.object("encoding", "k"),
            client.bzpopmin("z"),
        ]

    for protocol in (2, 3):
        for decode in (False, True):
            options: Any = {"protocol": protocol, "decode_responses": decode, "legacy_responses": legacy}
            oracle.wipe()
            assert ask(Redis(**options)) == ask(oracle.client(**options))


# Subscribing, watching others


@pytest.mark.parametrize("protocol", [2, 3])
@pytest.mark.parametrize("decode", [False, True], ids=["bytes", "str"])
def test_subscribers_are_told_the_same(oracle: Oracle, protocol: int, decode: bool) -> None:
    oracle.reset()

    def tale(client: Any) -> list[Any]:
        told: list[Any] = []
        with client.pubsub() as inbox:
            inbox.subscribe("a", "b", c=lambda message: told.append(("handled", message)))
            inbox.psubscribe("x*", **{"y*": lambda message: told.append(("handled", message))})
            inbox.ssubscribe("shard")
            told += [client.publish(channel, "data") for channel in ("a", "c", "x1", "y1", "nobody")]
            told.append(client.spublish("shard", "data"))
            inbox.ping("hello")
            inbox.unsubscribe("a")
            inbox.punsubscribe()
            inbox.sunsubscribe()
            while (response := inbox.parse_response(block=False, timeout=0.05)) is not None:
                told.append(inbox.handle_message(response))
            told.append((inbox.subscribed, inbox.get_message(timeout=0.01)))
            told.append(
                (sorted(client.pubsub_channels()), client.pubsub_numsub("b", "a"), client.pubsub_numpat())
            )
        with client.pubsub(ignore_subscribe_messages=True) as inbox:
            inbox.subscribe("a")
            client.publish("a", "last")
            told.append([inbox.get_message(timeout=0.05) for _ in range(2)])
            inbox.unsubscribe()
            told += list(inbox.listen())
        return told

    options = {"protocol": protocol, "decode_responses": decode}
    assert tale(Redis(**options)) == tale(oracle.client(**options))


def test_messages_in_a_thread() -> None:
    client, got = Redis(decode_responses=True), queue.SimpleQueue[str]()
    inbox = client.pubsub()
    inbox.subscribe(a=lambda message: got.put(message["data"]))
    thread = inbox.run_in_thread(sleep_time=0.01)
    client.store.publish("a", "from the store")
    client.publish("a", "from a client")
    assert [got.get(timeout=10), got.get(timeout=10)] == ["from the store", "from a client"]
    thread.stop()
    thread.join(timeout=10)
    assert client.publish("a", "nobody") == 0


def test_events_come_in_time() -> None:
    client = Redis(decode_responses=True)
    client.config_set("notify-keyspace-events", "Ex")
    with client.pubsub(ignore_subscribe_messages=True) as inbox:
        inbox.psubscribe("__keyevent@*__:expired")
        client.set("a", 1, px=50)
        messages = [inbox.get_message(timeout=5), inbox.get_message(timeout=5)]
    assert [message["data"] for message in messages if message] == ["a"]


def test_a_monitor_sees_what_others_do() -> None:
    client = Redis(decode_responses=True)
    client.ping()
    with Redis(client.store, decode_responses=True).monitor() as monitor:
        client.set("a", 'b "c"')
        seen = monitor.next_command()
        assert (seen["command"], seen["db"]) == ('SET a b "c"', 0)
        Redis(client.store, db=3, driver_info=None, protocol=2).get("x")
        assert [monitor.next_command()["command"] for _ in range(2)] == ["SELECT 3", "GET x"]


# Scripts and locks


def test_locks_and_scripts() -> None:
    pytest.importorskip("lupa")
    client = Redis(decode_responses=True)
    with client.lock("l", timeout=10) as lock:
        assert lock.owned()
        assert lock.extend(10)
        assert lock.reacquire()
        assert not Redis(client.store).lock("l").acquire(blocking=False)
    assert not lock.locked()
    add = client.register_script("return redis.call('INCRBY', KEYS[1], ARGV[1])")
    assert add(keys=["n"], args=[2]) == 2
    with client.pipeline() as pipe:
        add(keys=["n"], args=[3], client=pipe)
        pipe.get("n")
        assert pipe.execute() == [5, "5"]


def test_scans() -> None:
    client = Redis(decode_responses=True)
    client.mset({f"key:{number}": number for number in range(50)})
    client.hset("h", mapping={f"f{number}": number for number in range(600)})
    assert len(set(client.scan_iter("key:*", count=7))) == 50
    assert len(dict(client.hscan_iter("h", count=50))) == 600
