"""DUMP, RESTORE and OBJECT over the wire, in the bytes of redis-server, and the settings behind them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from oracle import START_MS, Oracle
from payloads import BAD, GOOD
from raw import RawPair

PAYLOAD = GOOD["raw"]

REQUESTS: list[tuple[Any, ...]] = [
    ("DUMP",),
    ("DUMP", "k", "l"),
    ("DUMP", "missing"),
    ("DUMP", "k"),
    ("DUMP", "list"),
    ("RESTORE", "k", 0),
    ("RESTORE", "k", 0, PAYLOAD),
    ("RESTORE", "k", "x", PAYLOAD),
    ("RESTORE", "new", "x", "y"),
    ("RESTORE", "new", -1, "y"),
    ("RESTORE", "new", 0, "y"),
    ("RESTORE", "new", 0, BAD["an unknown kind"]),
    ("restore", "new", 0, PAYLOAD),
    ("RESTORE", "new", 5000, PAYLOAD, "replace"),
    ("PTTL", "new"),
    ("RESTORE", "new", START_MS + 700, PAYLOAD, "ABSTTL", "Replace", "ABSTTL"),
    ("PTTL", "new"),
    ("RESTORE", "new", 1, PAYLOAD, "ABSTTL", "REPLACE"),
    ("EXISTS", "new"),
    ("RESTORE", "new", 1, PAYLOAD, "ABSTTL"),
    ("EXISTS", "new"),
    ("RESTORE", "new", 2**63 - 1, PAYLOAD),
    ("EXISTS", "new"),
    ("RESTORE", "new", 2**63 - 1, PAYLOAD, "ABSTTL"),
    ("PTTL", "new"),
    ("RESTORE", "k", 0, "y", "NX"),
    ("RESTORE", "k", 0, "y", "IDLETIME"),
    ("RESTORE", "k", 0, "y", "IDLETIME", "x"),
    ("RESTORE", "k", 0, "y", "IDLETIME", -1),
    ("RESTORE", "k", 0, "y", "FREQ"),
    ("RESTORE", "k", 0, "y", "FREQ", "x"),
    ("RESTORE", "k", 0, "y", "FREQ", 256),
    ("RESTORE", "k", 0, "y", "FREQ", 255, "IDLETIME", 1),
    ("RESTORE", "k", 0, "y", "IDLETIME", 1, "FREQ", 255),
    ("RESTORE", "k", 0, "y", "IDLETIME", 1, "IDLETIME", 2),
    ("RESTORE", "k", 0, "y", "FREQ", 1, "FREQ", 256),
    ("RESTORE", "k", 0, PAYLOAD, "REPLACE", "FREQ", 1, "FREQ", 2),
    ("RESTORE-ASKING", "k", 0, PAYLOAD, "REPLACE"),
    ("RESTORE-ASKING", "k", 0),
    ("GET", "k"),
    ("OBJECT",),
    ("OBJECT", "HELP", "k"),
    ("OBJECT", "NONE"),
    ("OBJECT", "NONE", "k"),
    *(("OBJECT", topic) for topic in ("ENCODING", "FREQ", "IDLETIME", "REFCOUNT")),
    *(("OBJECT", topic, "missing") for topic in ("ENCODING", "FREQ", "IDLETIME", "REFCOUNT")),
    *(("object", topic, "k") for topic in ("encoding", "freq", "idletime", "refcount")),
    ("OBJECT", "ENCODING", "k", "l"),
    ("OBJECT", "REFCOUNT", "number"),
]


@pytest.fixture(params=[2, 3])
def raw(oracle: Oracle, request: pytest.FixtureRequest) -> Iterator[RawPair]:
    oracle.reset()
    pair = RawPair(oracle, request.param)
    yield pair
    pair.close()


def test_the_bytes_are_those_of_redis(raw: RawPair) -> None:
    raw.ask("MSET", "k", "text", "number", 5)
    raw.ask("RPUSH", "list", "a", "b", "x" * 100)
    raw.ask_all(REQUESTS)


def test_settings_act_at_once(raw: RawPair) -> None:
    fields = [each for number in range(4) for each in (f"f{number}", number)]
    for name, low, high in [
        ("hash-max-listpack-entries", 3, 4),
        ("hash-max-ziplist-entries", 3, 4),
        ("hash-max-listpack-value", 1, 2),
        ("zset-max-listpack-entries", 3, 4),
        ("zset-max-ziplist-value", 1, 2),
        ("set-max-intset-entries", 3, 4),
    ]:
        for value in (low, high):
            raw.ask("CONFIG", "SET", name, value)
            raw.ask("HSET", "hash", *fields)
            raw.ask("ZADD", "zset", *[each for number in range(4) for each in (number, f"m{number}")])
            raw.ask("SADD", "set", 1, 2, 3, 4)
            for key in ("hash", "zset", "set"):
                raw.ask("OBJECT", "ENCODING", key)
                raw.ask("DEL", key)


def test_settings_of_payloads(raw: RawPair) -> None:
    raw.ask("RPUSH", "list", *(f"{number} is a number" for number in range(2000)))
    raw.ask("SET", "text", "one and " * 20)
    raw.ask("DUMP", "text")
    raw.ask("CONFIG", "SET", "rdbcompression", "no")
    raw.ask("DUMP", "text")
    raw.ask("DUMP", "list")
    raw.ask("CONFIG", "SET", "list-max-listpack-size", 100, "list-compress-depth", 1)
    raw.ask("DEL", "list")
    raw.ask("RPUSH", "list", *(f"{number} is a number" for number in range(2000)))
    raw.ask("DUMP", "list")
