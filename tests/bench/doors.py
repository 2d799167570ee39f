"""A client in the process, and tests that use one, against fakeredis. The server has `server.py`."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
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
        own, other = (min(_time(call, client, quick) for _ in range(3)) for client in (ours, theirs))
        said = "ok" if other / own >= 4 else "MISSED"
        table.row(name, f"{own:.1f}", f"{other:.1f}", ratio(other / own), "4x", said)


def _time(call: Callable[[Any], Any], client: Any, quick: bool) -> float:
    call(client)
    start, calls = time.perf_counter(), 0
    while (spent := time.perf_counter() - start) < (0.01 if quick else 0.5):
        call(client)
        calls += 1
    return spent / calls * 1e6


SUITE = """
import pytest
{imports}

{fixture}

@pytest.mark.parametrize("n", range({count}))
def test_it({client}, n):
    client = {client}
    if client is None:
        return
    client.set("a", n); client.get("a"); client.incr("n"); client.hset("h", "f", n); client.hgetall("h")
    client.rpush("l", n); client.lrange("l", 0, -1); client.zadd("z", {{"m": n}}); client.zscore("z", "m")
    client.expire("a", 10)
"""
FIXTURE = """
@pytest.fixture
def client():
    return {}
"""
SUITES = {
    "pytest alone": {"imports": "", "client": "client", "fixture": FIXTURE.format("None")},
    "kvlite_redis": {"imports": "", "client": "kvlite_redis", "fixture": ""},
    "fakeredis": {
        "imports": "import fakeredis",
        "client": "client",
        "fixture": FIXTURE.format("fakeredis.FakeRedis(server=fakeredis.FakeServer())"),
    },
}


def suite(quick: bool, only: str) -> None:
    """Tests that each have a private client and call ten commands.

    What pytest takes by itself is measured by tests with a fixture that gives nothing, and what it takes to
    begin, imports and all, by one test. Modules have been compiled before, as pip does it.
    """
    count, rounds = (20, 1) if quick else (1000, 3)
    title = f"suite: {count} tests, and what of it is not pytest's own"
    columns = ["client", "seconds", "beyond pytest", "of it to begin", "us a test after that"]
    with tempfile.TemporaryDirectory() as folder:
        begun = {name: _run_suite(Path(folder, "one"), 1, parts, rounds) for name, parts in SUITES.items()}
        whole = {
            name: _run_suite(Path(folder, "all"), count, parts, rounds) for name, parts in SUITES.items()
        }
    table = Table(title, columns, [14, 7, 13, 14, 20])
    beyond, each = {}, {}
    for name in SUITES:
        beyond[name] = whole[name] - whole["pytest alone"]
        start = begun[name] - begun["pytest alone"]
        each[name] = (beyond[name] - start) / (count - 1) * 1e6
        table.row(name, f"{whole[name]:.2f}", f"{beyond[name]:.2f}", f"{start:.2f}", f"{each[name]:.0f}")
    for what, times in (("in all", whole), ("beyond pytest", beyond), ("each test", each)):
        faster = times["fakeredis"] / times["kvlite_redis"] if times["kvlite_redis"] > 0 else None
        said = f" (5x wanted: {'ok' if faster and faster >= 5 else 'MISSED'})" if what == "in all" else ""
        print(f"faster than with fakeredis, {what}: {ratio(faster)}{said}")


def _run_suite(folder: Path, count: int, parts: dict[str, str], rounds: int) -> float:
    """The seconds of a processor that a suite takes, the least of `rounds`; before them what is imported is
    compiled. What else goes on on the machine changes them little."""
    folder.mkdir(exist_ok=True)
    Path(folder, "test_it.py").write_text(SUITE.format(count=count, **parts))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder)]
    environment = os.environ | {"PYTHONPATH": os.getcwd(), "PYTHONPYCACHEPREFIX": str(folder.parent / "pyc")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    times = []
    for _ in range(rounds + (count == 1)):
        before = os.times()
        subprocess.run(command, check=True, capture_output=True, env=environment)
        after = os.times()
        times.append(sum(after[2:4]) - sum(before[2:4]))
    return min(times)
