"""SLOWLOG over the wire."""

from __future__ import annotations

import shlex
from typing import Any

from raw import RawPair, Wire, decoded

from kvlite import Store

REQUESTS = """
    SLOWLOG
    SLOWLOG HELP x
    SLOWLOG LEN
    SLOWLOG LEN x
    SLOWLOG GET
    SLOWLOG GET x
    SLOWLOG GET -1
    SLOWLOG GET -2
    SLOWLOG GET 1 2
    SLOWLOG RESET
    SLOWLOG RESET x
    SLOWLOG NOSUCH
"""

LOGGED = """
    CONFIG SET slowlog-log-slower-than 0
    AUTH secret
    AUTH nobody secret
    AUTH too many arguments
    HELLO 2 AUTH default secret SETNAME eve
    HELLO 2 SETNAME eve AUTH default secret
    HELLO 2 SETNAME eve
    CONFIG SET masterauth secret hz 10 MASTERUSER secret
    CONFIG SET masterauth
    ACL SETUSER bob >secret on
    ACL GETUSER bob
    ACL DELUSER bob
    GET
    NOSUCH
    GET missing
    SET k a
    INCR k
    MULTI
    SET a b
    INCR a
    EXEC
    CLIENT SETNAME bob
    PING
    SLOWLOG LEN
"""


def lines(text: str) -> list[list[str]]:
    return [shlex.split(line) for line in text.strip().splitlines()]


def entries(reply: bytes) -> list[Any]:
    """What is the same on both sides of each entry: not how long it took, nor where it came from."""
    return [(number, time, args, name) for number, time, _, args, _, name in decoded(reply)]


def test_slowlog(raw: RawPair) -> None:
    raw.ask_all(lines(REQUESTS))


def test_what_is_logged(raw: RawPair) -> None:
    raw.ask("SLOWLOG", "RESET")
    raw.advance(1.5)
    for words in lines(LOGGED):
        raw.socket.ask(*words)
        raw.wire.ask(*words)
    both = raw.socket.ask("SLOWLOG", "GET", "-1"), raw.wire.ask("SLOWLOG", "GET", "-1")
    theirs, own = map(entries, both)
    first = theirs[-1][0]  # the oracle counts on
    assert [(number - first, *rest) for number, *rest in theirs] == own
    assert not any(b"secret" in argument for _, _, args, _ in own for argument in args)
    raw.ask("CONFIG", "SET", "slowlog-log-slower-than", "-1")


def test_long_requests_are_cut(raw: RawPair) -> None:
    raw.ask("CONFIG", "SET", "slowlog-log-slower-than", "0")
    for count in (30, 31, 32, 40):
        raw.ask("MGET", *range(count))
    for length in (127, 128, 129, 1000):
        raw.ask("SET", "k", "x" * length)
    raw.ask("SLOWLOG", "GET", "8", blur=lambda reply: repr([each[2] for each in entries(reply)]).encode())


def test_the_length_of_the_log(raw: RawPair) -> None:
    raw.ask("SLOWLOG", "RESET")
    raw.ask("CONFIG", "SET", "slowlog-log-slower-than", "0")
    for _ in range(5):
        raw.ask("PING")
    raw.ask("CONFIG", "SET", "slowlog-max-len", "2")
    raw.ask("SLOWLOG", "LEN")
    raw.ask("PING")
    raw.ask("SLOWLOG", "LEN")
    raw.ask("CONFIG", "SET", "slowlog-max-len", "0")
    raw.ask("SLOWLOG", "LEN")
    raw.ask("CONFIG", "SET", "slowlog-log-slower-than", "-1")
    raw.ask("SLOWLOG", "RESET")
    raw.ask("SLOWLOG", "LEN")


def test_an_entry_says_how_long_it_took_and_who_sent_it() -> None:
    wire = Wire(Store())
    wire.ask("CONFIG", "SET", "slowlog-log-slower-than", "0")
    wire.ask("HELLO", "2", "SETNAME", "ann")
    wire.ask("APPEND", "k", "x" * 10_000_000)
    ((number, _, microseconds, args, address, name),) = decoded(wire.ask("SLOWLOG", "GET", "1"))
    assert number == 2
    assert 0 < microseconds < 5_000_000
    assert args[:2] == [b"APPEND", b"k"]
    assert (address, name) == (b"127.0.0.1:50000", b"ann")


def test_only_what_is_slow_is_logged() -> None:
    wire = Wire(Store())
    wire.ask("PING")
    assert wire.ask("SLOWLOG", "LEN") == b":0\r\n"
