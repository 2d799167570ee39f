"""LATENCY over the wire."""

from __future__ import annotations

import re

from raw import RawPair, Wire, decoded

from kvlite import ManualClock, Store
from kvlite.wire.instance import Instance
from kvlite.wire.latency import Event
from kvlite.wire.statistics import Usage

REQUESTS = """
    LATENCY
    LATENCY HELP x
    LATENCY LATEST
    LATENCY LATEST x
    LATENCY HISTORY
    LATENCY HISTORY nosuch
    LATENCY RESET
    LATENCY RESET nosuch command
    LATENCY GRAPH
    LATENCY GRAPH nosuch
    LATENCY DOCTOR x
    LATENCY NOSUCH
    LATENCY HISTOGRAM nosuch
    LATENCY HISTOGRAM nosuch|get ping|x
""".strip().splitlines()


def calls(reply: bytes) -> bytes:
    """A histogram without its times, which differ."""
    return re.sub(rb"histogram_usec\r\n([*%])\d+\r\n(:\d+\r\n)*", rb"histogram_usec\1", reply)


def test_latency(raw: RawPair) -> None:
    for line in REQUESTS:
        raw.ask(*line.split())


def test_histograms_of_commands(raw: RawPair) -> None:
    raw.ask("CONFIG", "RESETSTAT")
    for words in ["SET a 1", "SET a 2", "GET a", "GET missing", "CLIENT ID", "CLIENT ID", "CONFIG GET hz"]:
        raw.ask(*words.split(), blur=lambda reply: b"")
    raw.ask("GET")
    raw.ask("LATENCY", "HISTOGRAM", "get", "SET", "nosuch", "append", blur=calls)
    raw.ask("LATENCY", "HISTOGRAM", "client", "config|get", blur=calls)
    everything = raw.socket.ask("LATENCY", "HISTOGRAM"), raw.wire.ask("LATENCY", "HISTOGRAM")
    theirs, own = map(decoded, everything)
    assert set(theirs[::2] if type(theirs) is list else theirs) >= {b"set", b"get", b"client|id"}
    assert set(own[::2] if type(own) is list else own) >= {b"set", b"get", b"client|id"}


def test_the_steps_of_a_histogram() -> None:
    usage = Usage()
    for nanoseconds in (0, 3, 1023, 1024, 2047, 5000, 40_000, 40_000, 1_000_000, 10**9):
        usage.times[nanoseconds.bit_length()] += 1
    assert list(usage.cumulative()) == [(1, 3), (2, 5), (8, 6), (66, 8), (1056, 9), (1082130, 10)]
    assert usage.percentile(0) == 0
    assert 512 <= usage.percentile(30) <= 1024
    assert 2**29 <= usage.percentile(99) <= 2**30


def test_samples_of_one_second_are_one() -> None:
    event = Event()
    for second, milliseconds in [(1, 20), (1, 10), (1, 30), (2, 5)]:
        event.add(second, milliseconds)
    assert list(event.samples) == [(1, 30), (2, 5)]
    assert event.longest == 30
    for second in range(1000):
        event.add(second + 3, 1)
    assert len(event.samples) == 160
    assert event.longest == 30


def test_reports_for_people() -> None:
    store: Store = Store(clock=ManualClock(1_700_000_000_000))
    wire = Wire(store)
    assert b"CONFIG SET latency-monitor-threshold" in wire.ask("LATENCY", "DOCTOR")
    wire.ask("CONFIG", "SET", "latency-monitor-threshold", "100")
    assert b"no spike" in wire.ask("LATENCY", "DOCTOR")
    event = Instance.of(store).latency["command"] = Event()
    for age, milliseconds in [(7200, 10), (120, 40), (60, 25), (3, 100), (1, 7)]:
        event.add(1_700_000_000 - age, milliseconds)
    doctor = decoded(wire.ask("LATENCY", "DOCTOR")).decode()
    assert doctor.startswith("command: 5 spikes, 36 ms on average with a mean deviation of 26 ms, one in")
    assert decoded(wire.ask("LATENCY", "GRAPH", "command")).decode() == "\n".join(
        [
            "command - high 100 ms, low 7 ms (all time high 100 ms)",
            "-" * 80,
            "   # ",
            "   # ",
            " __# ",
            "_###_",
            "",
            "22131",
            "hmmss",
            "",
        ]
    )
    assert decoded(Wire(store, 3).ask("LATENCY", "GRAPH", "command")).startswith(b"txt:command - high")
