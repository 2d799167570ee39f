"""INFO and MEMORY over the wire, and what is counted for them."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import Any

import pytest
from raw import RawPair, Wire, decoded, request

from kvlite import ManualClock, Store
from kvlite.redis import Redis
from kvlite.wire.info import human
from kvlite.wire.instance import Instance

Fields = dict[str, str]


def fields(reply: bytes) -> Fields:
    found = {}
    for line in decoded(reply).decode().removeprefix("txt:").splitlines():
        name, colon, value = line.partition(":")
        if colon:
            found[name] = value
    return found


def names(reply: bytes) -> bytes:
    """The sections and fields, without their values, and without what depends on what was sent before."""
    text = decoded(reply).removeprefix(b"txt:")
    lines = [line.partition(b":")[0] for line in text.splitlines()]
    counted = (b"cmdstat_", b"latency_percentiles", b"errorstat_", b"python_version", b"db")
    return b"\n".join(line for line in lines if not line.startswith(counted))


@pytest.mark.parametrize(
    "sections",
    [
        "",
        "default",
        "all",
        "everything",
        "nosuch",
        "server clients nosuch",
        "ALL commandstats",
        "modules",
        "CPU keyspace cpu",
        "errorstats latencystats commandstats",
        "default cluster",
        "everything default",
    ],
)
def test_sections_and_their_fields(raw: RawPair, sections: str) -> None:
    raw.ask("INFO", *sections.split(), blur=names)


EQUAL = {
    *("redis_version", "redis_mode", "tcp_port", "hz", "configured_hz", "role", "db0", "db3"),
    *("maxmemory", "maxmemory_human", "maxmemory_policy", "loading", "aof_enabled"),
    *("rdb_bgsave_in_progress", "rdb_last_bgsave_status", "aof_rewrite_in_progress", "connected_slaves"),
    *("master_replid2", "master_repl_offset", "cluster_enabled", "evicted_keys", "connected_clients"),
    *("blocked_clients", "errorstat_ERR", "errorstat_WRONGTYPE", "errorstat_EXECABORT"),
}
"""Fields that say the same on both sides; connected_clients but for who controls the oracle."""


def test_values(raw: RawPair) -> None:
    others = raw.connect()
    raw.ask("CONFIG", "RESETSTAT")
    for line in """
        CONFIG SET port 0 hz 10
        SET a 1
        SET b x PX 100
        SET c x PX 100000
        GET
        NOSUCH
        LPUSH a 1
        SELECT 3
        SET d 1 EX 1000
        MULTI
        LPUSH d 1
        GET
        EXEC
        INCR d x
        MULTI
        LPUSH d 1
        EXEC
    """.strip().splitlines():
        raw.ask(*line.split())
    for each in others:
        each.send(b"*3\r\n$5\r\nBLPOP\r\n$1\r\nl\r\n$1\r\n0\r\n")
    raw.advance(1)
    raw.ask("GET", "b")
    theirs, own = (fields(each.ask("INFO", "everything")) for each in (raw.socket, raw.wire))
    theirs["connected_clients"] = str(int(theirs["connected_clients"]) - 1)
    for info in theirs, own:
        info["db0"] = re.sub(r"avg_ttl=\d+", "", info["db0"])
        info["db3"] = re.sub(r"avg_ttl=\d+", "", info["db3"])
    for name in EQUAL:
        assert own.get(name) == theirs.get(name), name


def calls(info: Fields) -> dict[str, str]:
    return {
        name: re.sub(r"usec=\d+,usec_per_call=[\d.]+,", "", value)
        for name, value in info.items()
        if name.startswith("cmdstat_")
    }


def test_commands_are_counted(raw: RawPair) -> None:
    raw.ask("CONFIG", "RESETSTAT")
    for line in """
        SET a 1
        GET a
        GET
        get a
        LPUSH a 1
        CLIENT ID
        CLIENT
        CLIENT NOSUCH
        CLIENT SETNAME
        NOSUCH
        MULTI
        GET a
        GET
        EXEC
        MULTI
        INCR a
        LPUSH a 1
        EXEC
        EXEC
    """.strip().splitlines():
        raw.ask(*line.split(), blur=lambda reply: re.sub(rb":\d+", b"", reply))
    theirs, own = (calls(fields(each.ask("INFO", "commandstats"))) for each in (raw.socket, raw.wire))
    for name, value in own.items():
        assert theirs[name] == value, name
    raw.ask("CONFIG", "RESETSTAT")
    raw.wire.ask("PING")
    assert calls(fields(raw.wire.ask("INFO", "commandstats"))).keys() == {
        "cmdstat_config|resetstat",
        "cmdstat_ping",
    }


def test_times_are_those_of_the_calls() -> None:
    store: Store = Store()
    wire = Wire(store)
    wire.ask("CONFIG", "RESETSTAT")
    wire.ask("SET", "k", "x" * 5_000_000)
    for _ in range(20):
        wire.ask("SETRANGE", "k", "1", "y")
    usage = {row.name: usage for row, usage in Instance.of(store).statistics.entries()}["setrange"]
    assert usage.calls == 20
    assert 20 * 100 < usage.spent < 5 * 10**9
    info = fields(wire.ask("INFO", "latencystats"))["latency_percentiles_usec_setrange"]
    times = [float(each.partition("=")[2]) for each in info.split(",")]
    assert times == sorted(times)
    wire.ask("CONFIG", "SET", "latency-tracking", "no")
    assert fields(wire.ask("INFO", "latencystats")) == {}


def test_calls_of_a_pipeline_are_all_counted() -> None:
    """Runs of a command, others between them, and INFO in the middle of it."""
    store: Store = Store()
    wire = Wire(store)
    wire.ask("CONFIG", "RESETSTAT")
    lines = (
        ["GET a"] * 5 + ["SET a 1"] * 3 + ["GET a", "SET a 2", "GET a", "INFO commandstats"] + ["GET a"] * 4
    )
    wire.send(b"".join(request(*line.split()) for line in lines))
    found = re.findall(rb"cmdstat_(\w+):calls=(\d+)", wire.receive())
    assert {b"get": b"7", b"set": b"4"}.items() <= dict(found).items()
    usages = {row.name: usage for row, usage in Instance.of(store).statistics.entries()}
    calls = {name: usage.calls for name, usage in usages.items()}
    assert calls == {"get": 11, "set": 4, "info": 1, "config|resetstat": 1}
    assert all(usage.spent > 0 for usage in usages.values())


def test_a_call_that_takes_long_is_entered_by_itself() -> None:
    store: Store = Store()
    wire = Wire(store)
    wire.ask("CONFIG", "SET", "slowlog-log-slower-than", "1000")
    lines = ["SETRANGE a 1 x"] * 5 + ["SETRANGE b 100000000 x"] + ["SETRANGE a 1 x"] * 5
    wire.send(b"".join(request(*line.split()) for line in lines))
    wire.receive()
    assert b"b" in [args[1] for _, _, _, args, _, _ in decoded(wire.ask("SLOWLOG", "GET"))]
    (usage,) = (each for row, each in Instance.of(store).statistics.entries() if row.name == "setrange")
    assert usage.calls == 11
    slow = [bits for bits, count in enumerate(usage.times) if count]
    assert len(slow) > 1
    assert usage.times[slow[-1]] < 11


LOOKUPS = """
    GET s
    GET l
    GET s x
    SET s 1
    SETNX s 1
    SET t v
    APPEND s x
    GETRANGE s 0 1
    GETSET s y
    GETEX s
    GETEX s PERSIST
    GETDEL t
    MGET s no l
    STRLEN s
    EXISTS s s no
    TYPE s
    TTL s
    PTTL no
    EXPIRETIME s
    OBJECT ENCODING s
    DUMP s
    TOUCH s no
    EXPIRE s 100
    PERSIST s
    LRANGE l 0 -1
    LRANGE l a b
    LLEN l
    LINDEX l 0
    LPOS l a
    LPUSH l b
    LPOP l
    RPOPLPUSH l l
    LMOVE l l LEFT RIGHT
    LLEN s
    HGET h a
    HGET h no
    HMGET h a no
    HGETALL h
    HEXISTS h a
    HLEN h
    HSCAN h 0
    HRANDFIELD h
    HSET h b 2
    HDEL h b
    SISMEMBER m a
    SMISMEMBER m a no
    SCARD m
    SMEMBERS m
    SRANDMEMBER m
    SPOP m
    SINTER m no
    SUNION m n
    SINTERCARD 2 m n
    SINTERSTORE d m n
    SMOVE m n a
    ZSCORE z a
    ZSCORE z no
    ZMSCORE z a no
    ZRANK z a
    ZCARD z
    ZCOUNT z 0 1
    ZRANGE z 0 -1
    ZRANGESTORE d z 0 -1
    ZRANDMEMBER z
    ZUNION 2 z y
    ZUNIONSTORE d 2 z y
    ZINTERCARD 2 z y
    ZADD z 1 b
    GETBIT s 0
    SETBIT s 0 1
    BITCOUNT s
    BITPOS s 1
    BITOP AND d s c
    BITFIELD s SET u8 0 1
    BITFIELD_RO s GET u8 0
    PFADD p b
    PFCOUNT p
    PFCOUNT p q
    GEOADD z 1 2 b
    GEODIST z a b
    GEOPOS z a b
    GEOHASH z a b
    GEOSEARCH z FROMMEMBER a BYRADIUS 1 km
    GEOSEARCHSTORE d z FROMMEMBER a BYRADIUS 1 km
    GEORADIUS z 1 2 3 km
    SORT l ALPHA
    SORT_RO l ALPHA
    COPY s copied REPLACE
    RENAME copied s2
    DEL s2
    WATCH s
    UNWATCH
    KEYS *
    SCAN 0
    RANDOMKEY
    DBSIZE
""".strip().splitlines()
"""Requests whose keys are looked up, and some that look up none."""


@pytest.mark.parametrize("missing", [False, True])
def test_hits_and_misses(raw: RawPair, missing: bool) -> None:
    def counted() -> tuple[dict[str, Any], dict[str, Any]]:
        names = ("keyspace_hits", "keyspace_misses")
        both = (fields(each.ask("INFO", "stats")) for each in (raw.socket, raw.wire))
        return tuple({name: info[name] for name in names} for info in both)  # type: ignore[return-value]

    def fill() -> None:
        for each in raw.socket, raw.wire:
            for line in (
                "SET s x",
                "RPUSH l a",
                "HSET h a 1",
                "SADD m a",
                "SADD n a b",
                "ZADD z 1 a",
                "ZADD y 2 b",
                "PFADD p a",
            ):
                each.ask(*line.split())

    for line in LOOKUPS:
        raw.ask("FLUSHALL")
        if not missing:
            fill()
        raw.ask("CONFIG", "RESETSTAT")
        raw.socket.ask(*line.split())
        raw.wire.ask(*line.split())
        theirs, own = counted()
        assert own == theirs, line


def test_expired_keys_are_counted() -> None:
    store: Store = Store(clock=ManualClock())
    wire = Wire(store)
    for key in range(5):
        store.set(str(key), "x", ex=10)
    store.advance(20)
    assert fields(wire.ask("INFO", "stats"))["expired_keys"] == "5"
    wire.ask("CONFIG", "RESETSTAT")
    assert fields(wire.ask("INFO", "stats"))["expired_keys"] == "0"


def test_time_to_live_on_average() -> None:
    store: Store = Store(clock=ManualClock())
    store.set("a", "x", px=1000)
    store.set("b", "x", px=3000)
    store.set("c", "x")
    assert fields(Wire(store).ask("INFO", "keyspace")) == {"db0": "keys=3,expires=2,avg_ttl=2000"}


def test_traffic_is_counted() -> None:
    wire = Wire(Store())
    wire.ask("CONFIG", "RESETSTAT")
    sent = len(b"*1\r\n$4\r\nPING\r\n*2\r\n$4\r\nINFO\r\n$5\r\nstats\r\n")
    wire.ask("PING")
    info = fields(wire.ask("INFO", "stats"))
    assert int(info["total_net_input_bytes"]) == sent
    assert int(info["total_net_output_bytes"]) == len(b"+OK\r\n+PONG\r\n")
    assert int(info["total_commands_processed"]) == 2


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0B"),
        (1023, "1023B"),
        (1024, "1.00K"),
        (919_720, "898.16K"),
        (5 * 1024**2, "5.00M"),
        (3 << 40, "3.00T"),
    ],
)
def test_sizes_for_people(size: int, shown: str) -> None:
    assert human(size) == shown


# On disk


def test_a_store_that_is_kept_tells_of_its_files(tmp_path: Path) -> None:
    with Store(tmp_path / "kept", fsync="always") as store:
        wire = Wire(store)
        wire.ask("SET", "a", "1")
        info = fields(wire.ask("INFO", "persistence"))
        assert info["aof_enabled"] == "1"
        assert info["rdb_changes_since_last_save"] == "1"
        assert int(info["aof_current_size"]) > 0
        assert wire.ask("SAVE") == b"+OK\r\n"
        info = fields(wire.ask("INFO", "persistence"))
        assert info["rdb_changes_since_last_save"] == "0"
        assert info["rdb_saves"] == "1"
        assert int(info["aof_base_size"]) > 0


# MEMORY

REQUESTS = """
    MEMORY
    MEMORY USAGE
    MEMORY USAGE nosuch
    MEMORY USAGE nosuch SAMPLES x
    MEMORY USAGE l SAMPLES x
    MEMORY USAGE l SAMPLES -1
    MEMORY USAGE l SAMPLES
    MEMORY USAGE l FOO 1
    MEMORY USAGE l SAMPLES 1 x
    MEMORY PURGE
    MEMORY PURGE x
    MEMORY NOSUCH
    MEMORY STATS x
    MEMORY DOCTOR x
""".strip().splitlines()


def test_memory(raw: RawPair) -> None:
    raw.ask("RPUSH", "l", "a")
    for line in REQUESTS:
        raw.ask(*line.split())
    raw.ask("SET", "a", "1", "EX", "100")
    raw.ask("MEMORY", "STATS", blur=lambda reply: re.sub(rb":-?\d+|\$\d+\r\n-?[\d.]+|,-?[\d.]+", b"", reply))


def test_memory_of_scripts_and_functions(raw: RawPair) -> None:
    """It is told as what INFO calls used_memory_scripts_eval and used_memory_functions."""
    for client in (raw.oracle.client(), Redis(raw.store)):
        client.script_load("return 1 --" + "x" * 1000)
        client.function_load("#!lua name=l\nredis.register_function('f', function() return 1 end)")
        stats, info = client.memory_stats(), client.info("memory")
        assert stats["lua.caches"] == info["used_memory_scripts_eval"] > 1000
        assert stats["functions.caches"] == info["used_memory_functions"] > 50


FILLINGS = {
    "string": lambda store, number: store.set("k", "x" * 100_000),
    "list": lambda store, number: store.rpush("k", f"element:{number}"),
    "hash": lambda store, number: store.hset("k", f"field:{number}", f"text:{number}"),
    "set": lambda store, number: store.sadd("k", f"member:{number}"),
    "zset": lambda store, number: store.zadd("k", {f"member:{number}": number + 0.5}),
    "stream": lambda store, number: store.xadd("k", {"number": number, "text": f"text:{number}"}),
    "geo": lambda store, number: store.geoadd("k", [number / 100, number / 100, f"member:{number}"]),
    "bitmap": lambda store, number: store.setbit("k", 100 * number, 1),
}


@pytest.mark.parametrize("kind", FILLINGS)
def test_usage_is_near_what_is_allocated(kind: str) -> None:
    import tracemalloc

    store: Store = Store()
    store.zadd("other", {"imports": 1})
    store.delete("other")
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for number in range(3000):
            FILLINGS[kind](store, number)
        if kind == "stream":
            store.xrange("k")  # a stream that was read holds the texts of its ids
        taken = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    for samples in (5, 0):
        usage = store.memory_usage("k", samples)
        assert usage is not None
        assert taken * 0.7 < usage < taken * 1.4, f"{usage} of {taken} with {samples} samples"


def test_what_is_used_is_what_the_keys_take() -> None:
    store: Store = Store()
    wire = Wire(store)
    for number in range(2000):
        store.set(f"key:{number}", "x" * 1000)
    used = int(fields(wire.ask("INFO", "memory"))["used_memory"])
    assert 2_000_000 < used < 3_000_000
    each = store.memory_usage("key:7")
    assert each is not None
    assert used * 0.8 < each * 2000 < used * 1.2
    store.flushall()
    info = fields(wire.ask("INFO", "memory"))
    assert int(info["used_memory"]) < 1000
    assert int(info["used_memory_peak"]) == used
    assert b"little in this store" in wire.ask("MEMORY", "DOCTOR")
    assert b"estimated" in wire.ask("MEMORY", "MALLOC-STATS")


def test_sessions_may_be_counted_while_others_run() -> None:
    """INFO in one thread, commands in another."""
    store: Store = Store()
    errors = []

    def run(words: list[str]) -> None:
        wire = Wire(store)
        try:
            for number in range(300):
                wire.ask(*words)
                wire.ask("SET", f"{words[0]}:{number}", "x", "EX", "100")
        except BaseException as error:
            errors.append(error)

    threads = [
        threading.Thread(target=run, args=[words]) for words in (["INFO", "all"], ["PING"], ["DBSIZE"])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
