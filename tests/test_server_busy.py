"""A server whose store somebody keeps locked: a script that runs for long, or another thread. The others are
answered all the same, as far as they ask for nothing that is in the store."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from raw import Socket, plain_server, request
from served import serving
from test_server import connect, server, store, until

from kvlite import Server, Store

__all__ = ["server", "store"]  # fixtures

ENDLESS = "while true do end"
ENDLESS_AND_STUBBORN = "while true do pcall(redis.call, 'SET', 'a', 1) end"
THRESHOLD = ("--busy-reply-threshold", "20")


# --- a script ---------------------------------------------------------------------------------------------

WHILE_BUSY = """
    PING
    GET a
    MULTI
    DISCARD
    UNWATCH
    MULTI
    SET a 1
    EXEC
    RESET
    HELLO 3
    HELLO 2
    AUTH x
    CLIENT ID
    SCRIPT EXISTS a
    SHUTDOWN
    SHUTDOWN SAVE
    SHUTDOWN NOW
    SHUTDOWN FORCE
    SHUTDOWN ABORT
    SHUTDOWN ABORT NOSAVE
    SHUTDOWN SAVE NOSAVE
    SHUTDOWN x
    QUIT
"""


def replies_while_busy(address: Any) -> dict[str, bytes]:
    """What is answered to each request."""
    found = {}
    with Socket(address) as running, Socket(address) as asking:
        running.send(request("EVAL", ENDLESS, 0))
        while not asking.ask("PING").startswith(b"-BUSY"):
            time.sleep(0.005)
        for number, line in enumerate(WHILE_BUSY.strip().splitlines()):
            asking.send(request(*line.split()))
            found[f"{number} {line.strip()}"] = asking.reply()
        with Socket(address) as other:
            assert other.ask("SCRIPT", "KILL") == b"+OK\r\n"
        found["the script"] = running.reply()
    return found


def test_what_is_answered_while_a_script_runs(tmp_path: Path) -> None:
    with plain_server(*THRESHOLD) as address:
        theirs = replies_while_busy(address)
    with Store() as store, Server(store, port=None, unixsocket=str(tmp_path / "s"), busy_reply_threshold=20):
        ours = replies_while_busy(str(tmp_path / "s"))
    for name in ("9 HELLO 3", "10 HELLO 2"):  # they tell the number of the connection
        assert theirs.pop(name)[:1] == ours.pop(name)[:1]
    assert ours == theirs


@pytest.mark.parametrize("script", [ENDLESS, ENDLESS_AND_STUBBORN])
def test_a_script_that_does_not_end_keeps_no_server(tmp_path: Path, script: str) -> None:
    with serving(tmp_path, "app.kv", *THRESHOLD) as served, Socket(served.address) as running:
        running.send(request("EVAL", script, 0))
        until(lambda: served.ask("PING").startswith(b"-BUSY"))
        with Socket(served.address) as client:
            client.send(request("SHUTDOWN", "NOSAVE") + request("SET", "a", 2))
            assert client.rest() == b""
        assert served.wait() == 0


# --- another thread ----------------------------------------------------------------------------------------


def test_who_leaves_is_waited_for_by_nobody(store: Store[Any], server: Server) -> None:
    watching, listening, waiting, timing_out, asking = (connect(server) for _ in range(5))
    assert watching.ask("WATCH", "a") == b"+OK\r\n"
    listening.ask("SUBSCRIBE", "news")
    waiting.send(request("BLPOP", "l", 0))
    timing_out.send(request("BLPOP", "l", 0.05))
    until(lambda: len(store._lines.get(b"l", ())) == 2)
    with store._shared.lock:
        for client in (watching, listening, waiting):
            client.disconnect()
        until(lambda: len(server.connections) == 2)
        time.sleep(0.1)
        assert asking.ask("PING") == b"+PONG\r\n"
        assert asking.ask("CLIENT", "LIST").count(b"\n") == 4, "header, two clients, end"
    assert timing_out.reply() == b"*-1\r\n"
    shared = store._shared
    until(lambda: not (shared.observers or shared.hub.channels or store._lines))
    store.rpush("l", "kept")
    assert asking.ask("LPOP", "l") == b"$4\r\nkept\r\n"


def test_what_monitors_see_is_waited_for_by_nobody(store: Store[Any], server: Server) -> None:
    monitoring, asking = connect(server), connect(server)
    assert monitoring.ask("MONITOR") == b"+OK\r\n"
    with store._shared.lock:
        assert asking.ask("PING") == b"+PONG\r\n"
        assert monitoring.reply().endswith(b'"PING"\r\n')
        monitoring.disconnect()
        until(lambda: len(server.connections) == 1)
        assert asking.ask("PING") == b"+PONG\r\n"


def test_a_reset_is_waited_for_by_nobody(store: Store[Any], server: Server) -> None:
    client, asking = connect(server), connect(server)
    client.ask("WATCH", "a")
    client.ask("SUBSCRIBE", "news")
    with store._shared.lock:
        assert client.ask("RESET") == b"+RESET\r\n"
        assert asking.ask("PING") == b"+PONG\r\n"
        store.publish("news", "old")
    until(lambda: not store._shared.hub.channels)
    assert client.ask("PING") == b"+PONG\r\n"
    assert asking.ask("CLIENT", "LIST").count(b" addr=") == 2, "it is still one of the clients"


def test_a_wait_that_ends_while_another_begins(store: Store[Any], server: Server) -> None:
    """Its time is up while the lock is held; then it is served, and the next wait is not cut short."""
    client = connect(server)
    client.send(request("BLPOP", "l", 0.05) + request("BLPOP", "m", 0))
    until(lambda: b"l" in store._lines)
    with store._shared.lock:
        time.sleep(0.1)
        store.rpush("l", "x")
    assert client.reply() == b"*2\r\n$1\r\nl\r\n$1\r\nx\r\n"
    until(lambda: b"m" in store._lines)
    assert client.silent()
    store.rpush("m", "y")
    assert client.reply() == b"*2\r\n$1\r\nm\r\n$1\r\ny\r\n"
