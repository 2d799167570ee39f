"""CLIENT: the connections, what is known of them and what can be done to them."""

from __future__ import annotations

import re
import shlex

import pytest
from raw import RawPair, Socket, Wire, request

from kvlite import ManualClock, Store

Both = tuple[Wire, Socket]


def known(reply: bytes) -> bytes:
    """A list of clients without what only one of the servers can know."""
    reply = re.sub(rb"^(\$|=)\d+\r\n(txt:)?", rb"\1", reply)
    reply = re.sub(rb"id=[^\n]* name=control [^\n]*\n", b"", reply)
    reply = re.sub(rb"id=\d+ addr=\S+ laddr=\S+ fd=\S+ ", b"", reply)
    reply = re.sub(rb"(qbuf|qbuf-free|argv-mem|multi-mem|rbs|rbp|obl|oll|omem|tot-mem)=\d+ ", b"", reply)
    reply = re.sub(rb"flags=(\w*)U(\w*) ", rb"flags=\1\2 ", reply)
    return reply.replace(b"flags= ", b"flags=N ")


def ask_lines(raw: RawPair, text: str) -> None:
    for line in text.strip().splitlines():
        raw.ask(*shlex.split(line))


def other(raw: RawPair) -> tuple[RawPair, Both]:
    """The pair through one more connection to each side, and the connections that it has had so far."""
    before = raw.wire, raw.socket
    raw.wire, raw.socket = raw.connect()
    return raw, before


def start(raw: RawPair, *words: object, by: Both | None = None) -> None:
    """Send a request that is not answered at once by either side."""
    own, theirs = by or (raw.wire, raw.socket)
    own.send(request(*words))
    theirs.send(request(*words))
    assert own.receive() == b""
    assert theirs.silent()


def end(by: Both) -> bytes:
    """The answer to a request that was started, the same on both sides."""
    own, theirs = by[0].receive(), by[1].reply()
    assert own == theirs
    return own


def number_of(side: Wire | Socket) -> bytes:
    return side.ask("CLIENT", "ID")[1:-2]


LINES = """
    CLIENT
    CLIENT FOO
    CLIENT ID x
    CLIENT HELP x
    CLIENT GETNAME
    CLIENT SETNAME ''
    CLIENT SETNAME 'a b'
    CLIENT SETNAME ab
    CLIENT GETNAME
    CLIENT SETNAME ''
    CLIENT GETNAME
    CLIENT LIST TYPE
    CLIENT LIST TYPE foo
    CLIENT LIST TYPE master
    CLIENT LIST TYPE replica
    CLIENT LIST TYPE SLAVE
    CLIENT LIST TYPE pubsub
    CLIENT LIST TYPE pubsub x
    CLIENT LIST ID
    CLIENT LIST ID x
    CLIENT LIST ID 1000000
    CLIENT LIST ID -1
    CLIENT LIST ID 1 x
    CLIENT LIST foo
    CLIENT LIST foo bar
    CLIENT KILL
    CLIENT KILL foo
    CLIENT KILL 1.1.1.1:1
    CLIENT KILL ID
    CLIENT KILL ID x
    CLIENT KILL ID 0
    CLIENT KILL ID -1
    CLIENT KILL ID 1000000
    CLIENT KILL ID 1 TYPE
    CLIENT KILL ID x TYPE foo
    CLIENT KILL TYPE foo ID x
    CLIENT KILL TYPE foo
    CLIENT KILL TYPE master
    CLIENT KILL USER nobody
    CLIENT KILL USER nobody ID x
    CLIENT KILL ADDR x
    CLIENT KILL LADDR x
    CLIENT KILL SKIPME foo
    CLIENT KILL SKIPME no ID 1000000
    CLIENT KILL FOO bar
    CLIENT KILL FOO bar x
    CLIENT REPLY
    CLIENT REPLY foo
    CLIENT REPLY ON
    CLIENT UNBLOCK
    CLIENT UNBLOCK x
    CLIENT UNBLOCK x foo
    CLIENT UNBLOCK 1000000
    CLIENT UNBLOCK 1 foo
    CLIENT UNBLOCK 1 timeout x
    CLIENT NO-EVICT
    CLIENT NO-EVICT foo
    CLIENT NO-EVICT on
    CLIENT NO-EVICT OFF
    CLIENT TRACKING
    CLIENT TRACKING foo
    CLIENT TRACKING OFF
    CLIENT TRACKING OFF BCAST
    CLIENT TRACKING OFF REDIRECT 1000000
    CLIENT TRACKING OFF REDIRECT x
    CLIENT TRACKING OFF REDIRECT
    CLIENT TRACKING OFF FOO
    CLIENT TRACKING OFF PREFIX
    CLIENT TRACKING OFF PREFIX x
    CLIENT TRACKING OFF OPTIN OPTOUT noloop
    CLIENT TRACKINGINFO
    CLIENT TRACKINGINFO x
    CLIENT GETREDIR
    CLIENT CACHING
    CLIENT CACHING yes
    CLIENT CACHING no
    CLIENT CACHING foo
    CLIENT PAUSE
    CLIENT PAUSE x
    CLIENT PAUSE -1
    CLIENT PAUSE 1.5
    CLIENT PAUSE 1 foo
    CLIENT PAUSE 1 ALL x
    CLIENT PAUSE 99999999999999999999
    CLIENT PAUSE 9223372036854775807
    PING
    CLIENT PAUSE 7523372036854775807 WRITE
    CLIENT UNPAUSE
    CLIENT UNPAUSE x
"""


def test_lines(raw: RawPair) -> None:
    ask_lines(raw, LINES)


def test_numbers_grow(raw: RawPair) -> None:
    first = int(number_of(raw.wire))
    assert [int(number_of(raw.connect()[0])) for _ in range(3)] == [first + 1, first + 2, first + 3]


# LIST and INFO


def test_what_is_shown_of_a_client(raw: RawPair) -> None:
    raw.ask("CLIENT", "LIST", blur=known)
    raw.ask("CLIENT", "INFO", blur=known)
    raw.advance(70)
    raw.ask("CLIENT", "SETNAME", "named")
    raw, before = other(raw)
    raw.ask("SELECT", 3)
    raw.ask("CLIENT", "NO-EVICT", "ON")
    raw.ask("ACL", "SETUSER", "ann", "on", "nopass", "+@all", "~*")
    raw.ask("AUTH", "ann", "x")
    raw.advance(5)
    raw.ask("CLIENT", "INFO", blur=known)
    raw.ask("NOSUCH", blur=None)
    raw.wire, raw.socket = before
    raw.ask("CLIENT", "LIST", blur=known)
    raw.ask("CLIENT", "LIST", "TYPE", "Normal", blur=known)
    raw.ask("CLIENT", "LIST", "FOO", blur=known)


def test_what_is_shown_of_transactions_and_waits(raw: RawPair) -> None:
    raw, before = other(raw)
    raw, more = other(raw)
    for by, lines in ((before, "WATCH a\nMULTI\nGET a\nGET b"), (more, "WATCH a")):
        raw.wire, raw.socket = by
        ask_lines(raw, lines)
    raw, _ = other(raw)
    raw.ask("CLIENT", "LIST", blur=known)
    raw.ask("SET", "a", 1)
    raw.ask("CLIENT", "LIST", blur=known)


def test_of_some_clients(raw: RawPair) -> None:
    ids = [number_of(raw.wire), number_of(raw.socket)]
    raw, _ = other(raw)
    asked = [
        side.ask("CLIENT", "LIST", "ID", number_of(side), number, b"1000000", number_of(side))
        for number, side in zip(ids, (raw.wire, raw.socket), strict=True)
    ]
    assert known(asked[0]) == known(asked[1])
    assert asked[0].count(b"\n") == 5


def test_what_is_held_for_a_client() -> None:
    """What has come of it and is not complete, what it has queued, and what it has not read."""
    store = Store()
    held, asks = Wire(store), Wire(store)
    held.ask("MULTI")
    held.ask("SET", "key", "value")
    held.send(b"*2\r\n$4\r\nECHO\r\n$9\r\nhalf")
    held.out = b"x" * 100
    shown = asks.ask("CLIENT", "LIST", "ID", 1)
    for field in (b"qbuf=%d" % len(b"$9\r\nhalf"), b"multi-mem=11", b"omem=100", b"oll=1", b"events=rw"):
        assert b" " + field + b" " in shown


def test_in_the_process_too() -> None:
    """Clients within the process are among those that a client over TCP sees."""
    redis = pytest.importorskip("kvlite.redis")
    store = Store(clock=ManualClock())
    near = redis.Redis(store)
    near.client_setname("near")
    wire = Wire(store)
    assert b"name=near" in wire.ask("CLIENT", "LIST")
    assert {client["name"] for client in near.client_list()} == {"near", ""}
    assert near.client_kill_filter(_type="normal") == 1
    wire.receive()
    assert wire.closed


def test_setinfo_as_in_7_2() -> None:
    wire = Wire(Store())
    assert b"lib-name" not in wire.ask("CLIENT", "INFO")
    assert wire.ask("CLIENT", "SETINFO", "LIB-NAME", "redis-py(x)") == b"+OK\r\n"
    assert wire.ask("CLIENT", "SETINFO", "lib-ver", "8.1") == b"+OK\r\n"
    assert b" lib-name=redis-py(x) lib-ver=8.1\n" in wire.ask("CLIENT", "INFO")
    assert wire.ask("CLIENT", "SETINFO", "lib-ver", "a b") == (
        b"-ERR lib-ver cannot contain spaces, newlines or special characters.\r\n"
    )
    assert wire.ask("CLIENT", "SETINFO", "foo", "x") == b"-ERR Unrecognized option 'foo'\r\n"


def test_no_touch_as_in_7_2() -> None:
    store = Store(clock=ManualClock())
    wire = Wire(store)
    store.set("a", 1)
    store.set("b", 1)
    store.advance(100)
    assert wire.ask("CLIENT", "NO-TOUCH", "foo") == b"-ERR syntax error\r\n"
    assert wire.ask("CLIENT", "NO-TOUCH", "ON") == b"+OK\r\n"
    assert b"flags=T " in wire.ask("CLIENT", "INFO")
    wire.ask("MGET", "a", "b")
    wire.send(request("MULTI") + request("GET", "a") + request("EXEC"))
    wire.receive()
    assert store.object("idletime", "a") == 100
    wire.ask("SET", "b", 2)
    assert store.object("idletime", "b") == 0
    wire.ask("CLIENT", "NO-TOUCH", "OFF")
    wire.ask("GET", "a")
    assert store.object("idletime", "a") == 0


def test_tracking_is_refused(raw: RawPair) -> None:
    assert b"CLIENT TRACKING can only be OFF" in raw.wire.ask("CLIENT", "TRACKING", "ON")


# KILL


def test_kill_by_number(raw: RawPair) -> None:
    raw, victim = other(raw)
    for side, each in zip((raw.wire, raw.socket), victim, strict=True):
        assert side.ask("CLIENT", "KILL", "ID", number_of(each)) == b":1\r\n"
        assert side.ask("CLIENT", "KILL", "ID", number_of(side)) == b":0\r\n"
    gone(victim)
    raw.ask("PING")


def gone(victim: Both) -> None:
    own, theirs = victim
    own.receive()
    assert own.closed
    assert theirs.rest() == b""


def test_who_kills_himself_is_answered(raw: RawPair) -> None:
    for side in (raw.wire, raw.socket):
        assert side.ask("CLIENT", "KILL", "ID", number_of(side), "SKIPME", "no") == b":1\r\n"
    gone((raw.wire, raw.socket))


def test_kill_by_address(raw: RawPair) -> None:
    """The old form, which stops at the first."""
    raw, victim = other(raw)
    assert raw.wire.ask("CLIENT", "KILL", victim[0].address) == b"+OK\r\n"
    victim[0].receive()
    assert victim[0].closed
    victim[0].disconnect()
    assert not raw.wire.closed
    assert raw.wire.ask("CLIENT", "KILL", "ADDR", Wire.address, "LADDR", Wire.own_address) == b":0\r\n"
    assert raw.wire.ask("CLIENT", "KILL", "ADDR", Wire.address, "SKIPME", "no") == b":1\r\n"
    assert raw.wire.closed


def test_kill_by_user_and_type(raw: RawPair) -> None:
    raw.ask("ACL", "SETUSER", "ann", "on", "nopass", "+@all")
    raw, admin = other(raw)
    raw.ask("AUTH", "ann", "x")
    victim = raw.wire, raw.socket
    raw.wire, raw.socket = admin
    raw.ask("CLIENT", "KILL", "USER", "ann", "TYPE", "pubsub")
    raw.ask("CLIENT", "KILL", "USER", "ann", "TYPE", "NORMAL")
    gone(victim)


def test_who_waits_can_be_killed() -> None:
    store = Store()
    waits, kills = Wire(store), Wire(store)
    assert kills.ask("CLIENT", "PAUSE", 100_000, "WRITE") == b"+OK\r\n"
    assert waits.ask("SET", "a", 1) == b""
    kills.ask("CLIENT", "KILL", "TYPE", "normal")
    assert waits.receive() == b""
    assert waits.closed
    waits.disconnect()
    kills.ask("CLIENT", "UNPAUSE")
    assert store.get("a") is None


# PAUSE


def test_writes_wait_and_go_on_in_order(raw: RawPair) -> None:
    raw, first = other(raw)
    raw, second = other(raw)
    raw.ask("CLIENT", "PAUSE", 100_000, "WRITE")
    raw.ask("SET", "a")
    start(raw, "SET", "a", 1, by=first)
    start(raw, "APPEND", "a", 2, by=second)
    raw.ask("GET", "a")
    raw.ask("CLIENT", "LIST", blur=known)
    raw.ask("CLIENT", "UNPAUSE")
    assert end(first) == b"+OK\r\n"
    end(second)
    raw.ask("GET", "a")


def test_what_was_sent_behind_waits_too(raw: RawPair) -> None:
    raw, first = other(raw)
    raw.ask("CLIENT", "PAUSE", 100_000, "WRITE")
    for side in first:
        side.send(request("INCR", "a") + request("GET", "a") + request("PING"))
    assert first[0].receive() == b""
    raw.ask("CLIENT", "UNPAUSE")
    assert first[0].receive() == b"".join(first[1].reply() for _ in range(3))


def test_transactions_that_write_wait(raw: RawPair) -> None:
    raw, first = other(raw)
    raw, second = other(raw)
    raw, reads = other(raw)
    raw.wire, raw.socket = second
    ask_lines(raw, "MULTI\nSET a 1")
    raw.wire, raw.socket = reads
    raw.ask("CLIENT", "PAUSE", 100_000, "WRITE")
    ask_lines(raw, "MULTI\nGET a\nEXEC")
    start(raw, "EXEC", by=second)
    raw.wire, raw.socket = first
    raw.ask("MULTI")
    start(raw, "SET", "b", 1)
    raw.wire, raw.socket = reads
    raw.ask("CLIENT", "UNPAUSE")
    end(second)
    assert end(first) == b"+QUEUED\r\n"


def test_what_may_write_waits_too(raw: RawPair) -> None:
    pytest.importorskip("lupa")
    no_writes = "#!lua flags=no-writes\nreturn 1"
    raw, rules = other(raw)
    raw.ask("SCRIPT", "LOAD", "return 1")
    raw.ask("SCRIPT", "LOAD", no_writes)
    for by in (raw.wire, raw.socket):
        assert by.ask("CLIENT", "PAUSE", 100_000, "WRITE") == b"+OK\r\n"
    ask_lines(raw, "EVAL_RO 'return 1' 0\nSCRIPT LOAD 'return 2'\nEVAL\nPUBLISH x")
    raw.ask("EVAL", no_writes, 0)
    waiting = []
    for words in (
        ["EVAL", "return 1", 0],
        ["EVAL", "no script", 0],
        ["EVALSHA", "e0e1f9fabfc9d4800c877a703b823ac0578ff8db", 0],
        ["EVALSHA", "unknown", 0],
        ["PUBLISH", "x", "y"],
    ):
        by = raw.connect()
        start(raw, *words, by=by)
        waiting.append(by)
    raw.wire, raw.socket = rules
    raw.ask("CLIENT", "UNPAUSE")
    for by in waiting:
        end(by)


def test_all_requests_wait_until_the_time_is_up(raw: RawPair) -> None:
    """Even CLIENT UNPAUSE and QUIT. What goes on becomes neither shorter nor less strict."""
    raw, first = other(raw)
    raw.ask("CLIENT", "PAUSE", 3_000, "WRITE")
    raw.ask("CLIENT", "PAUSE", 1_000, "ALL")
    start(raw, "CLIENT", "UNPAUSE")
    start(raw, "QUIT", by=first)
    raw.advance(2.9, expire=False)
    assert raw.socket.silent()
    assert raw.wire.receive() == b""
    raw.advance(0.2, expire=False)
    assert end((raw.wire, raw.socket)) == b"+OK\r\n"
    end(first)
    gone(first)
    raw.ask("SET", "a", 1)


def test_a_pause_within_a_transaction(raw: RawPair) -> None:
    ask_lines(raw, "MULTI\nCLIENT PAUSE 9000 ALL\nGET a\nCLIENT UNPAUSE\nEXEC\nPING")
    ask_lines(raw, "MULTI\nCLIENT PAUSE 2000 ALL\nCLIENT PAUSE 1000 WRITE\nEXEC")
    start(raw, "PING")
    raw.advance(3, expire=False)
    end((raw.wire, raw.socket))


def test_a_pause_for_ever_is_looked_at_once_a_day() -> None:
    store = Store(clock=ManualClock())
    wire, rules = Wire(store), Wire(store)
    rules.ask("CLIENT", "PAUSE", 2**62, "WRITE")
    wire.ask("SET", "a", 1)
    assert wire.timers[-1].seconds == 86_400
    store.advance(86_401)
    assert wire.receive() == b""
    rules.ask("CLIENT", "UNPAUSE")
    assert wire.receive() == b"+OK\r\n"


def test_a_pause_that_is_over_costs_nothing() -> None:
    store = Store(clock=ManualClock())
    wire = Wire(store)
    wire.ask("CLIENT", "PAUSE", 1_000)
    assert not wire.stream.session.plain
    store.advance(2)
    wire.ask("PING")
    assert wire.stream.session.plain


def test_a_paused_client_is_not_unblocked_but_may_leave() -> None:
    """Redis 7.0 breaks down at this request; it says 0 from 7.2 on."""
    store = Store()
    waits, rules = Wire(store), Wire(store)
    rules.ask("CLIENT", "PAUSE", 100_000, "WRITE")
    waits.ask("SET", "a", 1)
    assert rules.ask("CLIENT", "UNBLOCK", number_of(waits) or 1) == b":0\r\n"
    waits.disconnect()
    assert rules.ask("CLIENT", "UNPAUSE") == b"+OK\r\n"
    assert store.get("a") is None


def test_the_time_of_a_real_clock_is_waited_by_the_door() -> None:
    wire = Wire(Store())
    wire.ask("CLIENT", "PAUSE", 50)
    assert wire.ask("PING") == b""
    assert 0 < wire.timers[-1].seconds <= 0.05
    wire.stream.session.instance.pause.end_ms = 1  # long ago
    wire.time_out()
    assert wire.receive() == b"+PONG\r\n"


# REPLY


@pytest.mark.parametrize(
    "lines",
    [
        "CLIENT REPLY SKIP\nPING",
        "CLIENT REPLY SKIP\nNOSUCH",
        "CLIENT REPLY SKIP\nGET",
        "CLIENT REPLY OFF\nPING\nNOSUCH\nCLIENT REPLY SKIP\nPING\nCLIENT REPLY ON",
        "CLIENT REPLY SKIP\nCLIENT REPLY SKIP\nPING",
        "CLIENT REPLY SKIP\nCLIENT REPLY ON\nCLIENT REPLY ON",
        "CLIENT REPLY SKIP\nCLIENT REPLY OFF\nCLIENT REPLY ON",
        "CLIENT REPLY OFF\nRESET",
        "CLIENT REPLY SKIP\nMULTI\nPING\nCLIENT REPLY SKIP\nEXEC",
        "CLIENT REPLY OFF\nMULTI\nSET a 1\nEXEC\nCLIENT REPLY ON",
        "CLIENT REPLY SKIP\nDISCARD",
    ],
)
def test_what_is_not_answered(raw: RawPair, lines: str) -> None:
    sent = b"".join(request(*line.split()) for line in lines.splitlines()) + request("ECHO", "the end")
    sent += request("ECHO", "really")
    for side in (raw.wire, raw.socket):
        side.send(sent)
    theirs = b""
    while b"really" not in theirs:
        theirs += raw.socket.reply()
    assert theirs == raw.wire.receive()


def test_what_waited_is_not_answered_either() -> None:
    store = Store()
    wire, rules = Wire(store), Wire(store)
    rules.ask("CLIENT", "PAUSE", 100_000, "WRITE")
    assert wire.ask("CLIENT", "REPLY", "SKIP") == b""
    assert wire.ask("SET", "a", 1) == b""
    rules.ask("CLIENT", "UNPAUSE")
    assert wire.receive() == b""
    assert wire.ask("GET", "a") == b"$1\r\n1\r\n"
