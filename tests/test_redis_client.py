"""redis-py's client over a store in this process answers as one that talks to a server."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import Any

import pytest
import redis
from doors import FEWER, HISTORIES, DoorPair, client_pair
from hypothesis import given
from hypothesis import strategies as st
from oracle import Oracle, run_history

from kvlite import Store
from kvlite.redis import Connection, ConnectionPool, Redis


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
