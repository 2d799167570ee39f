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

@pytest.fixture
def client({uses}):
    {make}

@pytest.mark.parametrize("n", range({count}))
def test_it(client, n):
    if client is None:
        return
    client.set("a", n); client.get("a"); client.incr("n"); client.hset("h", "f", n); client.hgetall("h")
    client.rpush("l", n); client.lrange("l", 0, -1); client.zadd("z", {{"m": n}}); client.zscore("z", "m")
    client.expire("a", 10)
"""
SUITES = {
    "pytest alone": {"imports": "", "uses": "", "make": "return None"},
    "kvlite_redis": {"imports": "", "uses": "kvlite_redis", "make": "return kvlite_redis"},
    "fakeredis": {
        "imports": "import fakeredis",
        "uses": "",
        "make": "return fakeredis.FakeRedis(server=fakeredis.FakeServer())",
    },
}


def suite(quick: bool, only: str) -> None:
    """Tests that each have a private client and call ten commands."""
    count, times = (20 if quick else 1000), {}
    for name, parts in SUITES.items():
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "test_it.py").write_text(SUITE.format(count=count, **parts))
            command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", folder]
            environment = os.environ | {"PYTHONPATH": os.getcwd()}
            start = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True, env=environment)
            times[name] = time.perf_counter() - start
    alone = times["pytest alone"]
    table = Table(f"suite: {count} tests", ["client", "seconds", "ms a test beyond pytest's"], [14, 7, 24])
    for name, spent in times.items():
        table.row(name, f"{spent:.2f}", f"{(spent - alone) / count * 1000:.2f}")
    whole = times["fakeredis"] / times["kvlite_redis"]
    net = (times["fakeredis"] - alone) / max(1e-9, times["kvlite_redis"] - alone)
    said = "ok" if whole >= 5 else "MISSED"
    print(f"faster than with fakeredis: {ratio(whole)} (5x wanted: {said}); {ratio(net)} beyond pytest's")
