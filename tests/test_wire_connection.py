"""Who speaks, in which protocol: AUTH, HELLO, PING, ECHO, SELECT, QUIT, RESET."""

from __future__ import annotations

import re
import shlex

import pytest
from raw import RawPair, Socket, Wire


def no_id(reply: bytes) -> bytes:
    """HELLO's answer without the number of the client."""
    return re.sub(rb"\$2\r\nid\r\n:\d+", b"id", reply)


def ask_lines(raw: RawPair, text: str) -> None:
    for line in text.strip().splitlines():
        raw.ask(*shlex.split(line), blur=no_id)


def test_open_to_everybody(raw: RawPair) -> None:
    ask_lines(
        raw,
        """
        AUTH x
        AUTH default
        AUTH default x
        AUTH nobody x
        AUTH a b c
        AUTH
        HELLO
        HELLO 1
        HELLO 4
        HELLO x
        HELLO 99999999999999999999
        HELLO SETNAME x
        HELLO 3 AUTH
        HELLO 3 AUTH default
        HELLO 3 AUTH default x
        HELLO 3 SETNAME
        HELLO 3 SETNAME 'a b'
        CLIENT GETNAME
        HELLO 3 SETNAME ab
        CLIENT GETNAME
        HELLO 2 FOO
        HELLO 2 AUTH default x SETNAME 'a b'
        HELLO 2 setname aa auth default x
        CLIENT GETNAME
        HELLO 2 AUTH nobody x SETNAME never
        CLIENT GETNAME
        PING
        PING a
        PING a b
        ECHO
        ECHO a
        ECHO a b
        SELECT 16
        SELECT -1
        SELECT x
        SELECT 1.0
        SELECT 99999999999
        SELECT 99999999999999999999
        SELECT 3
        SET in 3
        RESET x
        RESET
        GET in
        CLIENT GETNAME
        HELLO 3
        RESET
        PING
        """,
    )


def test_quit_answers_and_ends_the_connection(raw: RawPair) -> None:
    raw.ask("QUIT", "whatever")
    assert raw.socket.rest() == raw.wire.ask("PING") == b""
    assert raw.wire.closed


def test_quit_is_not_queued(raw: RawPair) -> None:
    raw.ask("MULTI")
    raw.ask("QUIT")
    assert raw.wire.closed


@pytest.fixture
def locked(raw: RawPair) -> RawPair:
    """With a password, and connections that have not given it."""
    raw.ask("CONFIG", "SET", "requirepass", "secret")
    raw.wire, raw.socket = raw.connect(protocol=2)
    return raw


def test_nothing_is_done_for_who_has_not_said_who_he_is(locked: RawPair) -> None:
    ask_lines(
        locked,
        """
        PING
        NOSUCH a b
        GET
        GET k
        CLIENT
        CLIENT ID
        MULTI
        EXEC
        WATCH a
        HELLO
        HELLO 3
        HELLO 3 SETNAME named
        HELLO 3 AUTH default wrong
        AUTH wrong
        AUTH default wrong
        AUTH nobody secret
        AUTH a b c
        AUTH
        RESET
        PING
        AUTH secret
        CLIENT GETNAME
        PING
        MULTI
        AUTH wrong
        AUTH secret
        HELLO 2 AUTH default wrong
        EXEC
        RESET
        PING
        HELLO 3 AUTH default secret SETNAME 'a b'
        PING
        RESET
        HELLO 3 SETNAME x AUTH default secret
        CLIENT GETNAME
        RESET
        QUIT
        """,
    )


def test_a_connection_that_was_there_before_the_password_stays(raw: RawPair) -> None:
    ask_lines(
        raw,
        """
        CONFIG SET requirepass secret
        PING
        HELLO
        CONFIG SET requirepass ''
        AUTH x
        CONFIG SET requirepass secret
        RESET
        PING
        AUTH secret
        CONFIG SET requirepass ''
        RESET
        PING
        """,
    )


def test_a_connection_older_than_the_end_of_the_password(locked: RawPair) -> None:
    """It is asked nothing any more, but HELLO remembers that it never said who it is."""
    others = locked.connect(protocol=2)
    for each in others:
        each.ask("AUTH", "secret")
        each.ask("CONFIG", "SET", "requirepass", "")
    locked.ask("PING")
    locked.ask("HELLO")


@pytest.mark.parametrize(
    "sent",
    [
        b"*11\r\n",
        b"*10\r\n" + b"$1\r\nx\r\n" * 10,
        b"*1\r\n$16385\r\n",
        b"*1\r\n$16384\r\n" + b"x" * 16384 + b"\r\n",
        b"*2\r\n$4\r\nPING\r\n$16385\r\n",
        b"PING " + b"x" * 20000 + b"\r\n",
    ],
)
def test_who_has_not_said_who_he_is_may_send_little(locked: RawPair, sent: bytes) -> None:
    locked.socket.send(sent)
    locked.wire.send(sent)
    assert locked.socket.reply() == locked.wire.receive()
    if locked.wire.closed:
        assert locked.socket.rest() == b""
    else:
        locked.ask("PING")


def test_limits_end_with_the_password(locked: RawPair) -> None:
    for side in (locked.wire, locked.socket):
        assert isinstance(side, Wire | Socket)
        side.ask("AUTH", "secret")
    locked.ask("ECHO", "x" * 20000)
    locked.ask("MGET", *"abcdefghijklmnop")
    locked.ask("RESET")
    locked.ask("MGET", *"abcdefghi")


def test_exec_that_is_refused_ends_the_transaction(raw: RawPair) -> None:
    ask_lines(
        raw,
        """
        EXEC a
        MULTI
        SET a 1
        EXEC a
        EXEC
        GET a
        """,
    )
