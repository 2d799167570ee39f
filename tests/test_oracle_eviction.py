"""Limits as the oracle has them: which commands are refused and how, what OBJECT tells, which keys may go."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

import pytest
from oracle import Oracle
from raw import RawPair, request

from kvlite.wire import commands as commands  # fills the table
from kvlite.wire.table import ROWS


@pytest.fixture
def full(raw: RawPair) -> Iterator[RawPair]:
    """Both without memory: nothing may be evicted."""
    for words in (
        ("SET", "text", "1"),
        ("RPUSH", "list", "a", "b"),
        ("HSET", "hash", "a", "1"),
        ("SADD", "set", "a"),
        ("ZADD", "zset", "1", "a"),
        ("CONFIG", "SET", "maxmemory", "1"),
    ):
        raw.ask(*words)
    yield raw
    raw.ask("CONFIG", "SET", "maxmemory", "0")


REQUESTS = """
GET text
SET text 2
SETNX text 1
SETEX text 10 1
GETSET text 1
GETDEL missing
GETEX text EX 10
APPEND text 1
INCR text
INCRBYFLOAT text 1
SETRANGE text 0 x
SETBIT text 1 1
BITFIELD text GET u8 0
BITOP NOT other text
MSET a 1 b 2
MSETNX a 1
STRLEN text
DEL missing
UNLINK missing
EXPIRE text 100
PERSIST text
RENAME text text2
RENAMENX text2 text
COPY text text3
MOVE text 1
RPUSH list c
RPUSHX missing c
LPUSHX missing c
LINSERT list BEFORE a b
LSET list 0 z
LTRIM list 0 10
LREM list 0 q
LPOP missing
RPOPLPUSH missing other
LMOVE missing other LEFT LEFT
BLMOVE missing other LEFT LEFT 1
LMPOP 1 missing LEFT
HSET hash b 1
HSETNX hash a 1
HMSET hash b 1
HINCRBY hash a 1
HDEL hash q
SADD set b
SREM set q
SMOVE set set2 a
SINTERSTORE other set set2
SUNIONSTORE other missing
SPOP missing
ZADD zset 2 b
ZINCRBY zset 1 a
ZREM zset q
ZUNIONSTORE other 1 zset
ZRANGESTORE other zset 0 -1
ZPOPMIN missing
GEOADD geo 1 1 a
GEOSEARCHSTORE other geo FROMLONLAT 1 1 BYRADIUS 1 m
PFADD hll a
PFMERGE hll2 hll
PFCOUNT hll
XADD stream * a 1
XDEL stream 1-1
XGROUP CREATE stream group $ MKSTREAM
XTRIM stream MAXLEN 10
SORT list
SORT list ALPHA STORE other
RESTORE other 0 x
FLUSHDB
SWAPDB 0 1
SWAPDB 0 1
PUBLISH channel message
EVAL "return 1" 0
EVAL "return redis.call('set', 'a', 1)" 0
EVAL "return redis.pcall('set', 'a', 1)" 0
EVAL "redis.call('del', 'a') return redis.call('set', 'a', 1)" 0
EVAL "#!lua\\nreturn 1" 0
EVAL "#!lua flags=allow-oom\\nreturn redis.call('set', 'a', 1)" 0
EVAL "#!lua flags=no-writes\\nreturn redis.call('get', 'a')" 0
SCRIPT LOAD "return 1"
SET text
LPUSH text a
"""


def test_the_same_requests_are_refused(full: RawPair) -> None:
    full.ask_lines(REQUESTS)


def test_transactions_are_refused_when_a_request_is_queued(full: RawPair) -> None:
    full.ask_lines(
        """
        MULTI
        GET text
        EXEC
        MULTI
        GET text
        SET a 1
        EXEC
        CONFIG SET maxmemory 0
        MULTI
        SET a 1
        CONFIG SET maxmemory 1
        SET b 1
        DISCARD
        MULTI
        EXEC
        CONFIG SET maxmemory 0
        MULTI
        SET a 1
        CONFIG SET maxmemory 1
        INCR a
        EXEC
        """
    )


def test_every_command_has_the_flag_that_it_has_there(oracle: Oracle) -> None:
    client = oracle.client()
    rows = {row.name: row for row in ROWS.values()}
    theirs = {
        name: {str(flag) for flag in info["flags"]} for name, info in client.command().items() if name in rows
    }
    for name, flags in theirs.items():
        assert ("denyoom" in flags) == ("denyoom" in rows[name].flags), name


@pytest.mark.parametrize(
    "policy",
    [
        *("noeviction", "allkeys-lru", "allkeys-lfu", "allkeys-random", "volatile-lru", "volatile-lfu"),
        *("volatile-random", "volatile-ttl"),
    ],
)
def test_what_may_go_and_what_is_told_of_it(raw: RawPair, policy: str) -> None:
    raw.ask_lines(
        f"""
        CONFIG SET maxmemory-policy {policy}
        CONFIG GET maxmemory-policy
        SET plain text
        SET mortal text EX 100
        OBJECT FREQ plain
        OBJECT FREQ missing
        OBJECT IDLETIME plain
        OBJECT IDLETIME missing
        CONFIG SET maxmemory 1
        EXISTS plain
        EXISTS mortal
        SET other 1
        DBSIZE
        CONFIG SET maxmemory 0
        SET other 1
        DBSIZE
        """
    )


def test_values_of_parameters(raw: RawPair) -> None:
    raw.ask_lines(
        """
        CONFIG GET maxmemory
        CONFIG GET maxmemory-samples
        CONFIG GET lfu-log-factor
        CONFIG SET maxmemory 100mb
        CONFIG GET maxmemory
        CONFIG SET maxmemory -1
        CONFIG SET maxmemory x
        CONFIG SET maxmemory-policy lru
        CONFIG SET maxmemory-samples 0
        CONFIG SET maxmemory-samples 64
        CONFIG SET lfu-log-factor -1
        CONFIG SET lfu-decay-time -1
        CONFIG SET lfu-log-factor 0
        CONFIG SET lfu-decay-time 0
        CONFIG GET lfu-decay-time
        CONFIG SET maxmemory 0
        """
    )


FREQUENCIES = """
SET a 1
OBJECT FREQ a
GET a
OBJECT FREQ a
SET a 2
OBJECT FREQ a
INCR a
OBJECT FREQ a
APPEND a x
OBJECT FREQ a
GETRANGE a 0 1
STRLEN a
OBJECT FREQ a
EXISTS a
TYPE a
TTL a
OBJECT FREQ a
TOUCH a
OBJECT FREQ a
MGET a a
OBJECT FREQ a
RPUSH list a
OBJECT FREQ list
RPUSH list a
LRANGE list 0 -1
OBJECT FREQ list
LPOP list
OBJECT FREQ list
HSET hash a 1
HSET hash b 1
HGET hash a
OBJECT FREQ hash
SADD set a
SADD set b
SISMEMBER set a
OBJECT FREQ set
ZADD zset 1 a
ZADD zset 1 b
ZSCORE zset a
OBJECT FREQ zset
DUMP a
OBJECT FREQ a
MSET a 1
OBJECT FREQ a
SETEX a 100 1
OBJECT FREQ a
DEL a
SET a 1
OBJECT FREQ a
"""


def test_uses_are_counted_alike(raw: RawPair) -> None:
    # Without a limit the oracle has one object for all keys that hold the same small integer.
    raw.ask("CONFIG", "SET", "maxmemory", "10gb", "maxmemory-policy", "allkeys-lfu", "lfu-log-factor", "0")
    raw.ask_lines(FREQUENCIES)


def test_frequencies_that_a_payload_brings(raw: RawPair) -> None:
    raw.ask_lines(
        """
        CONFIG SET maxmemory-policy allkeys-lfu lfu-log-factor 0
        RESTORE a 0 "\\x00\\xc0\\x01\\x0a\\x00\\x97\\xe3\\x1b\\x6b\\x08\\x68\\x4c\\x4c" FREQ 77
        OBJECT FREQ a
        RESTORE b 0 x FREQ 256
        RESTORE b 0 x FREQ -1
        RESTORE b 0 x FREQ 1 IDLETIME 1
        """
    )


@pytest.mark.parametrize("uses", [10, 100, 1000])
def test_counters_rise_alike(raw: RawPair, uses: int) -> None:
    """By chance, so on an average over many keys."""
    raw.ask("CONFIG", "SET", "maxmemory", "10gb", "maxmemory-policy", "allkeys-lfu")
    keys = [f"key:{number}" for number in range(40)]
    means = []
    for client in (raw.wire, raw.socket):
        counters = []
        for key in keys:
            client.send(request("SET", key, 1) + request("GET", key) * uses + request("OBJECT", "FREQ", key))
            for _ in range(uses + 1):
                client.reply()
            counters.append(int(client.reply()[1:]))
        means.append(statistics.mean(counters))
    assert means[0] == pytest.approx(means[1], rel=0.1, abs=0.7)
