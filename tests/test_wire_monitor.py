"""MONITOR over the wire: what a client sees of the others, and what it may still do."""

from __future__ import annotations

import re
import shlex

import pytest
from raw import RawPair, Wire

import kvlite.redis
from kvlite import Store

SHOWN = """
    PING
    AUTH secret
    AUTH too many arguments here
    HELLO 2 AUTH default secret SETNAME eve
    ACL WHOAMI
    ACL SETUSER bob >secret on
    GET
    GET "a b\\"c\\n\\x00\\xff"
    SELECT 3
    NOSUCH
    MULTI
    SET a b
    GET
    EXEC
    MULTI
    SET a b
    INCR a
    EXEC
    CLIENT SETNAME bob
    CLIENT LIST
    CONFIG GET hz
    CONFIG SET masterauth secret
    SLOWLOG LEN
    LATENCY LATEST
    CLIENT ID
    ECHO a
    WATCH a
    UNWATCH
    RESET
    MONITOR x
    QUIT
"""
"""Requests to those who are monitored, some of which are none of anybody's business."""


def without_origins(seen: bytes) -> bytes:
    return re.sub(rb"\[(\d+) [^\]]*\]", rb"[\1 somewhere]", seen)


def seen_by(raw: RawPair) -> tuple[bytes, bytes]:
    """All that has come to the two monitors up to a request that they have seen."""
    last = raw.connect()
    for each in last:
        each.ask("ECHO", "the end")
    theirs = b""
    while b"the end" not in theirs:
        theirs += raw.socket.reply()
    return theirs, raw.wire.receive()


def test_what_is_shown(raw: RawPair) -> None:
    others = raw.connect(2)
    raw.ask("MONITOR")
    for line in SHOWN.strip().splitlines():
        words = shlex.split(line)
        raw.oracle.calls += 1
        for each in others:
            each.ask(*words)
    theirs, own = map(without_origins, seen_by(raw))
    assert own == theirs
    assert b"secret" not in own


def test_where_a_request_came_from() -> None:
    store: Store = Store()
    monitor, tcp, unix = Wire(store), Wire(store), Wire(store)
    monitor.ask("MONITOR")
    unix.stream.address = "/tmp/kvlite.sock:0"
    tcp.ask("GET", "a")
    unix.ask("GET", "a")
    first, second = monitor.receive().splitlines()
    assert re.fullmatch(rb'\+\d{10}\.\d{6} \[0 127\.0\.0\.1:50000\] "GET" "a"', first)
    assert second.endswith(b'[0 unix:/tmp/kvlite.sock] "GET" "a"')


@pytest.mark.parametrize(
    "line",
    ["MONITOR", "PING", "GET a", "SET a b", "CLIENT ID", "MULTI", "EXEC", "WATCH a", "HELLO 3"],
)
def test_what_a_monitor_may_ask(raw: RawPair, line: str) -> None:
    raw.ask("MONITOR")
    if line != "MONITOR":
        sent = line.split()
        reply = raw.wire.ask(*sent)
        raw.socket.send(b" ".join(word.encode() for word in sent) + b"\r\n")
        theirs = raw.socket.reply()
        while len(theirs) < len(reply):
            theirs += raw.socket.reply()
        assert re.sub(rb"\$1\r\n\d+|:\d+", b"", without_origins(theirs)) == re.sub(
            rb"\$1\r\n\d+|:\d+", b"", without_origins(reply)
        )
    else:
        raw.wire.send(b"MONITOR\r\n")
        raw.socket.send(b"MONITOR\r\n")
        assert raw.socket.silent()
        assert raw.wire.receive() == b""


def test_reset_ends_it(raw: RawPair) -> None:
    raw.ask("MONITOR")
    raw.ask("RESET")
    for each in raw.connect():
        each.ask("PING")
    raw.ask("GET", "a")


def test_within_a_transaction(raw: RawPair) -> None:
    raw.ask_all([["MULTI"], ["MONITOR"], ["EXEC"]])


def test_a_monitor_that_has_gone_is_forgotten() -> None:
    store: Store = Store()
    monitor, other = Wire(store), Wire(store)
    monitor.ask("MONITOR")
    monitor.disconnect()
    other.ask("PING")
    assert monitor.receive() == b""
    assert b"flags=N" in other.ask("CLIENT", "INFO")


def test_a_client_in_the_process_may_monitor() -> None:
    store: Store = Store()
    client = kvlite.redis.Redis(store)
    with client.monitor() as monitor:
        client.set("a", 1)
        seen = [monitor.next_command()]
        while seen[-1]["command"].startswith(("HELLO", "CLIENT")):  # a new connection
            seen.append(monitor.next_command())
    shown = seen[-1]
    assert (shown["command"], shown["db"], shown["client_address"]) == ("SET a 1", 0, "in-process")


def test_a_monitor_is_listed_as_one(raw: RawPair) -> None:
    for each in raw.connect():
        each.ask("MONITOR")
    raw.ask("CLIENT", "LIST", blur=lambda reply: b"%d" % reply.count(b"flags=O"))
