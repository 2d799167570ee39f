"""CONFIG and INFO as methods of a store."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
import redis
from oracle import Oracle, Pair

import kvlite.redis
from kvlite import ResponseError, Store, StoreClosedError

ANSWERED = ["timeout", "maxmemory*", "h[zy]", b"HZ", "nosuch", "appendfsync", "hash-max-ziplist-*"]


def test_configuration_is_that_of_redis(pair: Pair) -> None:
    own, theirs = pair.store, pair.redis
    for client in own, theirs:
        assert client.config_set("hz", 10) is True
        assert client.config_set("maxmemory", "1mb", "timeout", 7) is True
    for pattern in ANSWERED:
        assert own.config_get(pattern) == theirs.config_get(pattern)
    assert own.config_get("timeout", "hz") == theirs.config_get("timeout", "hz")
    assert own.config_get().keys() == theirs.config_get().keys()
    assert own.config_resetstat() is theirs.config_resetstat() is True
    assert own.ping() is theirs.ping() is True


@pytest.mark.parametrize(
    "arguments",
    [
        ("hz", "x"),
        ("nosuch", "1"),
        ("databases", 3),
        ("dir", "/tmp"),
        ("hz", 1, "hz", 2),
        ("hz", 1, "timeout"),
    ],
)
def test_errors_are_those_of_redis(pair: Pair, arguments: tuple[str | int, ...]) -> None:
    with pytest.raises(redis.ResponseError) as theirs:
        pair.redis.config_set(*arguments)
    with pytest.raises(ResponseError) as own:
        pair.store.config_set(*arguments)
    assert str(own.value) == str(theirs.value)


def test_configuration_acts_on_the_store() -> None:
    store: Store = Store()
    store.config_set("set-max-intset-entries", 2)
    store.sadd("s", 1, 2, 3)
    assert store.object("encoding", "s") == b"hashtable"
    assert store.select(3).config_get("set-max-intset-entries") == {"set-max-intset-entries": "2"}


def shape(value: object) -> object:
    return {name: shape(each) for name, each in value.items()} if isinstance(value, dict) else type(value)


@pytest.mark.parametrize("sections", [(), ("keyspace",), ("memory", "CPU"), ("all",), ("nosuch",)])
def test_info_is_what_redis_py_makes_of_it(sections: tuple[str, ...]) -> None:
    store: Store = Store()
    store.set("a", "x", ex=100)
    store.select(2).set("a", "x")
    client = kvlite.redis.Redis(store)
    client.get("a")
    theirs, own = client.info(*sections), store.info(*sections)
    for info in theirs, own:
        for name in [*info]:
            if re.match("cmdstat_info|latency_percentiles_usec_info", name):
                del info[name]
    assert shape(own) == shape(theirs)
    assert own.get("db2") == theirs.get("db2")


def test_info_has_the_fields_of_redis(oracle: Oracle, pair: Pair) -> None:
    theirs = {name for name in pair.redis.info() if not name.startswith("errorstat_")}
    assert theirs <= pair.store.info().keys()
    stats = pair.store.info("keyspace")
    assert stats == pair.redis.info("keyspace") == {}


def test_commands_of_clients_in_the_process_are_counted() -> None:
    store: Store = Store()
    client = kvlite.redis.Redis(store)
    client.set("a", 1)
    for key in "aab":
        client.get(key)
    store.get("a")
    info = store.info("all")
    assert info["cmdstat_get"]["calls"] == 3
    assert 0 < info["cmdstat_get"]["usec_per_call"] < 1_000_000
    assert (info["keyspace_hits"], info["keyspace_misses"]) == (2, 1)
    store.config_resetstat()
    assert "cmdstat_get" not in store.info("all")


def test_a_closed_store_tells_nothing() -> None:
    store: Store = Store()
    store.close()
    for call in (store.config_get, store.info, store.config_resetstat, store.ping):
        with pytest.raises(StoreClosedError):
            call()


def test_the_wire_is_imported_when_it_is_needed() -> None:
    code = "import sys, kvlite; kvlite.Store().set('a', 1); print('kvlite.wire' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
