"""A client in the process, and tests that use one, against fakeredis. The server has `server.py`."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .timing import Table, ratio

PIPED = 100


def clients(quick: bool, only: str) -> None:
    """Microseconds of a call of redis-py in the process, and how many times longer fakeredis takes."""
    import fakeredis

    from kvlite import Store
    from kvlite.redis import Redis

    def piped(client: Any) -> None:
        with client.pipeline(transaction=False) as pipe:
            for number in range(PIPED):
                pipe.set("k", number)
            pipe.execute()

    calls: dict[str, Callable[[Any], Any]] = {
        "get": lambda client: client.get("k"),
        "set": lambda client: client.set("k", "v"),
        "hset": lambda client: client.hset("h", "f", "v"),
        "zadd": lambda client: client.zadd("z", {"m": 1}),
        f"pipeline of {PIPED}": piped,
    }
    ours, theirs = Redis(Store()), fakeredis.FakeRedis(server=fakeredis.FakeServer())
    columns = ["call", "kvlite.redis", "fakeredis", "faster", "wanted", ""]
    table = Table("clients: redis-py in the process, microseconds", columns, [16, 12, 9, 6, 6, 6])
    for name, call in calls.items():
        times = [(_time(call, ours, quick), _time(call, theirs, quick)) for _ in range(3 if quick else 15)]
        own, other = map(min, zip(*times, strict=True))  # taken in turn: the machine has other work too
        said = "ok" if other / own >= 4 else "MISSED"
        table.row(name, f"{own:.1f}", f"{other:.1f}", ratio(other / own), "4x", said)


def _time(call: Callable[[Any], Any], client: Any, quick: bool) -> float:
    call(client)
    start, calls = time.perf_counter(), 0
    while (spent := time.perf_counter() - start) < (0.01 if quick else 0.1):
        call(client)
        calls += 1
    return spent / calls * 1e6


COMMANDS = """
client.set("a", n); client.get("a"); client.incr("n"); client.hset("h", "f", n); client.hgetall("h")
client.rpush("l", n); client.lrange("l", 0, -1); client.zadd("z", {"m": n}); client.zscore("z", "m")
client.expire("a", 10)
"""
FAKE = "fakeredis.FakeRedis(server=fakeredis.FakeServer())"
SUITE = """
import pytest
{fixture}

@pytest.mark.parametrize("n", range({count}))
def test_it({client}, n):
    client = {client}
{body}
"""
FIXTURE = """
@pytest.fixture
def client():
    return {}
"""
SUITES = {
    "pytest alone": {"fixture": FIXTURE.format("None"), "client": "client", "commands": ""},
    "kvlite_redis": {"fixture": "", "client": "kvlite_redis", "commands": COMMANDS},
    "fakeredis": {
        "fixture": "import fakeredis" + FIXTURE.format(FAKE),
        "client": "client",
        "commands": COMMANDS,
    },
}


def suite(quick: bool, only: str) -> None:
    """Tests that each have a private client and call ten commands.

    What pytest takes by itself is measured by tests with a fixture that gives nothing, and what it takes to
    begin, imports and all, by one test. All of it together is at most as much faster as it would be with a
    client that takes no time.
    """
    count, rounds = (20, 1) if quick else (1000, 5)
    begun, whole = _suites(1, rounds), _suites(count, rounds)
    lives = _lives(quick)
    columns = ["client", "seconds", "beyond pytest", "of it to begin", "us a test", "us without pytest"]
    notes = ["Seconds of a processor. Plugins that happen to be installed are left out."]
    title = f"suite: {count} tests, and what of it is not pytest's own"
    table = Table(title, columns, [14, 7, 13, 14, 9, 17], notes)
    alone = whole["pytest alone"]
    beyond = {name: seconds - alone for name, seconds in whole.items()}
    each = {}
    for name in SUITES:
        start = begun[name] - begun["pytest alone"]
        each[name] = (beyond[name] - start) / (count - 1) * 1e6
        seconds = [f"{taken:.2f}" for taken in (whole[name], beyond[name], start)]
        table.row(name, *seconds, f"{each[name]:.0f}", f"{lives[name]:.0f}" if name in lives else "")
    columns = ["what counts", "faster", "at most", "wanted", ""]
    table = Table("suite: how many times faster than with fakeredis", columns, [14, 6, 7, 6, 6])
    most = {"all": ratio(whole["fakeredis"] / alone)}
    sums = {"all": whole, "beyond pytest": beyond, "each test": each, "without pytest": lives}
    for what, times in sums.items():
        theirs, ours = times["fakeredis"], times["kvlite_redis"]
        faster = theirs / ours if min(theirs, ours) > 0 else None
        said = "ok" if faster is not None and faster >= 5 else "MISSED"
        table.row(what, ratio(faster), most.get(what, ""), "5x", said)


def _suites(count: int, rounds: int) -> dict[str, float]:
    """The seconds of a processor that each suite takes, the least of `rounds`: what else goes on on the
    machine changes them little. What is imported is compiled in the first."""
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {
            "PYTHONPATH": os.getcwd(),
            "PYTHONPYCACHEPREFIX": str(Path(folder, "pyc")),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        }
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        times: dict[str, list[float]] = {name: [] for name in SUITES}
        for name, parts in SUITES.items():
            body = textwrap.indent(parts["commands"].strip(), "    ")
            text = SUITE.format(count=count, body=body, **parts)
            Path(folder, f"test_{name.split()[0]}.py").write_text(text)
        for _ in range(rounds):
            for name in SUITES:
                file = str(Path(folder, f"test_{name.split()[0]}.py"))
                options = ["-q", "-p", "no:cacheprovider", "-p", "kvlite.pytest_plugin", file]
                before = os.times()
                command = [sys.executable, "-m", "pytest", *options]
                subprocess.run(command, check=True, capture_output=True, env=environment)
                after = os.times()
                times[name].append(sum(after[2:4]) - sum(before[2:4]))
    return {name: min(taken) for name, taken in times.items()}


def _lives(quick: bool) -> dict[str, float]:
    """Microseconds from the making of a client, with a store of its own, to its end, the least of some."""
    import fakeredis

    from kvlite import Store
    from kvlite.redis import Redis

    scope: dict[str, Any] = {}
    exec(f"def live(client, n=1):\n{textwrap.indent(COMMANDS.strip(), '    ')}\n    client.close()", scope)

    def own() -> None:
        with Store() as store:
            scope["live"](Redis(store))

    def other() -> None:
        scope["live"](fakeredis.FakeRedis(server=fakeredis.FakeServer()))

    calls = {"kvlite_redis": own, "fakeredis": other}
    found = dict.fromkeys(calls, float("inf"))
    for _ in range(2 if quick else 50):
        for name, call in calls.items():
            start = time.perf_counter()
            for _ in range(20):
                call()
            found[name] = min(found[name], (time.perf_counter() - start) / 20 * 1e6)
    return found
