"""MULTI, EXEC, DISCARD, WATCH over the wire."""

from __future__ import annotations

from raw import RawPair, request


def test_transactions(raw: RawPair) -> None:
    for line in [
        "EXEC",
        "DISCARD",
        "MULTI",
        "MULTI",
        "SET a 1",
        "INCR a",
        "GET a",
        "EXEC",
        "MULTI",
        "SET a b",
        "INCR a",
        "GET a",
        "EXEC",
        "MULTI",
        "NOSUCH",
        "SET a c",
        "EXEC",
        "GET a",
        "MULTI",
        "GET",
        "DISCARD",
        "WATCH a",
        "MULTI",
        "WATCH a",
        "UNWATCH",
        "EXEC",
        "MULTI",
        "EXEC",
    ]:
        raw.ask(*line.split())


def test_what_is_watched_and_changes_ends_the_transaction(raw: RawPair) -> None:
    others = raw.connect()
    for change in ["SET a 2", "SETRANGE a 0 2", "GETDEL a", "SET b 1"]:
        raw.ask("SET", "a", "1")
        raw.ask("WATCH", "a")
        raw.ask("MULTI")
        raw.ask("SET", "c", "3")
        for each in others:
            each.ask(*change.split())
        raw.ask("EXEC")
        raw.ask("GET", "c")


def test_what_is_watched_and_expires_ends_the_transaction(raw: RawPair) -> None:
    raw.ask("SET", "a", "1", "PX", "100")
    raw.ask("WATCH", "a")
    raw.advance(1)
    raw.ask("MULTI")
    raw.ask("PING")
    raw.ask("EXEC")


def test_a_pipeline_is_answered_in_order(raw: RawPair) -> None:
    sent = request("SET", "a", "1") + request("INCR", "a") + b"PING\r\n" + request("GET", "a")
    raw.socket.send(sent)
    raw.wire.send(sent)
    assert b"".join(raw.socket.reply() for _ in range(4)) == raw.wire.receive()
