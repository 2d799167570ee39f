"""DEBUG over the wire, and the digest of a store."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from oracle import Oracle
from raw import RawPair, Socket, Wire, decoded, plain_server

from kvlite import ManualClock, Store
from kvlite.wire.instance import Instance


@pytest.fixture
def debug(raw: RawPair) -> RawPair:
    """Both sides with DEBUG allowed, as the oracle has it always."""
    Instance.of(raw.store).config.set_at_start("enable-debug-command", "yes")
    return raw


REQUESTS = """
    DEBUG NOSUCH
    DEBUG NOSUCH x y
    DEBUG SLEEP
    DEBUG SLEEP 0 0
    DEBUG JMAP
    DEBUG STRINGMATCH-LEN 10 a*b
    DEBUG ZIPLIST k
    DEBUG SET-ACTIVE-EXPIRE
    DEBUG SET-ACTIVE-EXPIRE 0
    DEBUG RELOAD FOO
    DEBUG DIGEST
    DEBUG DIGEST x
    DEBUG DIGEST-VALUE
    DEBUG DIGEST-VALUE k nosuch
    DEBUG CHANGE-REPL-ID
    DEBUG LISTPACK k
    DEBUG LISTPACK h
    DEBUG LISTPACK nosuch
    DEBUG QUICKLIST-PACKED-THRESHOLD 10
    DEBUG QUICKLIST-PACKED-THRESHOLD 10b
    DEBUG QUICKLIST-PACKED-THRESHOLD 1x
    DEBUG QUICKLIST-PACKED-THRESHOLD 5gb
    DEBUG QUICKLIST-PACKED-THRESHOLD 0
    DEBUG PROTOCOL
    DEBUG PROTOCOL nosuch
    DEBUG ERROR
    DEBUG LOG hello
    DEBUG LOG
    DEBUG POPULATE x
    DEBUG POPULATE -1
    DEBUG POPULATE 3
    DEBUG POPULATE 2 foo 5
    DEBUG POPULATE 2 bar 10
    DEBUG POPULATE 2 bar x
    MGET key:0 key:2 foo:1 bar:1
    DBSIZE
    DEBUG RELOAD
    DEBUG RELOAD NOSAVE NOFLUSH MERGE
    DBSIZE
    DEBUG DIGEST
""".strip().splitlines()


def test_debug(debug: RawPair) -> None:
    debug.ask("SET", "k", "v")
    debug.ask("HSET", "h", "a", "1")
    for line in REQUESTS:
        debug.ask(*line.split())
    for text in ["ERR foo", "foo bar", "MYCODE x", "foo"]:
        debug.ask("DEBUG", "ERROR", text)
    debug.ask("SET", "k", "w")  # the oracle's folder has no file of ours to end with


KINDS = ["string", "integer", "double", "null", "array", "set", "map", "verbatim", "true", "false", "bignum"]


@pytest.mark.parametrize("kind", [*KINDS, "STRING"])
def test_every_kind_of_reply(debug: RawPair, kind: str) -> None:
    debug.ask("DEBUG", "PROTOCOL", kind)


def test_attributes_and_pushes(debug: RawPair) -> None:
    if debug.protocol == 2:
        debug.ask("DEBUG", "PROTOCOL", "attrib")
        debug.ask("DEBUG", "PROTOCOL", "push")
    else:
        pushed = debug.wire.ask("DEBUG", "PROTOCOL", "push")
        assert b">2\r\n$16\r\nserver-cpu-usage\r\n:42\r\n" in pushed
        assert b"$40\r\nSome real reply following the push reply\r\n" in pushed


def test_debug_is_refused(oracle: Oracle) -> None:
    with plain_server() as address, Socket(address) as socket:
        wire = Wire(Store())
        for line in ["DEBUG SLEEP 0", "DEBUG HELP", "DEBUG NOSUCH", "DEBUG", "MULTI", "DEBUG HELP", "EXEC"]:
            assert wire.ask(*line.split()) == socket.ask(*line.split())


def test_sleeping_stalls_nobody_else(debug: RawPair) -> None:
    other = Wire(debug.store)
    assert debug.wire.ask("DEBUG", "SLEEP", "0.5") == b""
    assert debug.wire.timers[-1].seconds == 0.5
    assert other.ask("PING") == b"+PONG\r\n"
    debug.wire.time_out()
    assert debug.wire.receive() == debug.socket.ask("DEBUG", "SLEEP", "0")
    debug.ask_all([["MULTI"], ["DEBUG", "SLEEP", "0"], ["DEBUG", "SLEEP", "x"], ["EXEC"]])


def test_sleep_is_a_spike(debug: RawPair) -> None:
    wire = debug.wire
    wire.ask("CONFIG", "SET", "latency-monitor-threshold", "20")
    wire.ask("CONFIG", "SET", "slowlog-log-slower-than", "20000")
    wire.ask("DEBUG", "SLEEP", "0.03")
    wire.time_out()
    wire.receive()
    ((name, _, latest, longest),) = decoded(wire.ask("LATENCY", "LATEST"))
    assert (name, latest, longest) == (b"command", 30, 30)
    assert decoded(wire.ask("SLOWLOG", "GET"))[0][2:4] == [30_000, [b"DEBUG", b"SLEEP", b"0.03"]]
    options = ("--enable-debug-command", "yes", "--latency-monitor-threshold", "20")
    with plain_server(*options) as address, Socket(address, debug.protocol) as socket:
        socket.ask("DEBUG", "SLEEP", "0.03")
        assert times(wire.ask("LATENCY", "LATEST")) == times(socket.ask("LATENCY", "LATEST"))
        history = ("LATENCY", "HISTORY", "command")
        assert times(wire.ask(*history)) == times(socket.ask(*history))
    assert wire.ask("LATENCY", "RESET", "command", "nosuch") == b":1\r\n"
    assert wire.ask("LATENCY", "LATEST") == b"*0\r\n"


def times(reply: bytes) -> bytes:
    return re.sub(rb":\d+", b":time", reply)


def test_keys_that_have_died_stay_where_nobody_looks(debug: RawPair) -> None:
    debug.ask("DEBUG", "SET-ACTIVE-EXPIRE", "0")
    for key in "abc":
        debug.ask("SET", key, "1", "PX", "100")
    debug.store.advance(1)
    wire = debug.wire
    assert wire.ask("DBSIZE") == b":3\r\n"
    assert wire.ask("SET", "d", "1") == b"+OK\r\n"
    assert wire.ask("DBSIZE") == b":4\r\n"
    assert wire.ask("GET", "a") == wire.ask("GET", "nosuch")
    assert wire.ask("DBSIZE") == b":3\r\n"
    wire.ask("DEBUG", "SET-ACTIVE-EXPIRE", "1")
    debug.store.advance(1)
    assert wire.ask("DBSIZE") == b":1\r\n"


FILLINGS = """
    SET a b
    SET n 12
    INCR n
    APPEND a c
    SET f 1.5
    INCRBYFLOAT f 0.1
    RPUSH l a b c
    LPUSH l 7
    SADD s a b 1
    SADD i 1 2 3
    ZADD z 1 a 2.5 b inf c -1e300 d 0.1 e
    ZADD z -0 g
    HSET h a 1 b x
    SETRANGE k 3 x
    PEXPIRE a 100000
    EXPIRE h 100
    PERSIST h
    SELECT 5
    SET a b
    RPUSH l x
    SELECT 0
    RENAME s s2
    LPOP l
    DEL n
    FLUSHDB
""".strip().splitlines()


def without_address(reply: bytes) -> bytes:
    return re.sub(rb"at:0x[0-9a-f]+|lru:\d+|idle:\d+", b"", reply)


def test_what_is_told_of_a_value(debug: RawPair) -> None:
    for line in FILLINGS[:-4]:
        debug.ask(*line.split())
    debug.ask("RPUSH", "long", *(f"element:{number}" for number in range(3000)))
    debug.ask("ZADD", "many", *(number for each in range(300) for number in (each, each)))
    debug.ask("SET", "text", "ab" * 100)
    for key in ("a", "n", "f", "l", "s2", "i", "z", "h", "k", "long", "many", "text", "missing"):
        debug.ask("DEBUG", "OBJECT", key, blur=without_address)
    debug.ask("CONFIG", "SET", "list-max-listpack-size", "7", "list-compress-depth", "1")
    debug.ask("LPUSH", "small", *range(20))
    debug.ask("DEBUG", "OBJECT", "small", blur=without_address)
    debug.ask("DEBUG", "OBJECT")
    debug.ask("DEBUG", "OBJECT", "a", "b")


def test_digests_are_those_of_redis(debug: RawPair) -> None:
    debug.ask("DEBUG", "DIGEST")
    for line in FILLINGS:
        debug.ask(*line.split())
        debug.ask("DEBUG", "DIGEST")
        debug.ask("DEBUG", "DIGEST-VALUE", *"anflsizhk", "s2", "missing")


def test_a_digest_does_not_depend_on_the_order(debug: RawPair) -> None:
    for key in range(300):
        debug.ask("SADD", "s", key)
    first = debug.ask("DEBUG", "DIGEST")
    debug.ask("DEL", "s")
    for key in reversed(range(300)):
        debug.ask("SADD", "s", key)
    assert debug.ask("DEBUG", "DIGEST") == first


@pytest.mark.parametrize("where", ["memory", "disk"])
def test_reloading_changes_nothing(tmp_path: Path, where: str) -> None:
    clock = ManualClock()
    with Store(tmp_path / "kept" if where == "disk" else None, clock=clock) as store:
        Instance.of(store).config.set_at_start("enable-debug-command", "yes")
        wire = Wire(store)
        for line in FILLINGS[:-1]:
            wire.ask(*line.split())
        before = wire.ask("DEBUG", "DIGEST")
        for option in ["DEBUG RELOAD", "DEBUG RELOAD NOSAVE", "DEBUG LOADAOF"]:
            assert wire.ask(*option.split()) == b"+OK\r\n"
            assert wire.ask("DEBUG", "DIGEST") == before
        assert wire.ask("TTL", "a") == b":100\r\n"
    if where == "disk":
        with Store(tmp_path / "kept", clock=clock) as store:
            Instance.of(store).config.set_at_start("enable-debug-command", "yes")
            assert Wire(store).ask("DEBUG", "DIGEST") == before


def test_the_id_of_replication_changes(debug: RawPair) -> None:
    def replid() -> bytes:
        found = re.search(rb"master_replid:(\w{40})", debug.wire.ask("INFO", "replication"))
        assert found is not None
        return found[1]

    before = replid()
    assert replid() == before
    debug.ask("DEBUG", "CHANGE-REPL-ID")
    assert replid() != before
