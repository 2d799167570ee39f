"""The doors against their peers: a server and redis-server, a client in the process and fakeredis."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from .timing import Table, ratio

COMMANDS = ["SET", "GET", "INCR", "LPUSH", "LPOP", "SADD", "HSET", "ZADD"]
SERVE = """
import sys
from kvlite import Server, Store
with Server(Store(), port=0) as server:
    print(server.port, flush=True)
    sys.stdin.read()
"""
PIPED = 100


@contextlib.contextmanager
def kvlite_server() -> Iterator[tuple[int, int]]:
    """The port and the process id of a server in a process of its own."""
    command = [sys.executable, "-c", SERVE]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline()), process.pid
        finally:
            process.stdin.close()


@contextlib.contextmanager
def redis_server() -> Iterator[int]:
    """The port of a real Redis."""
    port = 7379
    with tempfile.TemporaryDirectory() as folder:
        command = [
            "redis-server",
            "--port",
            str(port),
            "--save",
            "",
            "--dir",
            folder,
            "--loglevel",
            "warning",
        ]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
            time.sleep(0.5)
            try:
                yield port
            finally:
                process.terminate()


def requests_per_second(port: int, pipeline: int, count: int) -> dict[str, tuple[float, float, float]]:
    """By command: requests per second, and the median and the 99th percentile of the latency in
    milliseconds.
    """
    command = ["redis-benchmark", "-p", str(port), "-c", "50", "-n", str(count), "-P", str(pipeline), "--csv"]
    done = subprocess.run(
        [*command, "-t", ",".join(COMMANDS).lower()], capture_output=True, text=True, check=True
    )
    found = {}
    for line in done.stdout.splitlines()[1:]:
        words = [word.strip('"') for word in line.split('","')]
        found[words[0].split()[0]] = (float(words[1]), float(words[4]), float(words[6]))
    return found


def resident(pid: int) -> int:
    """Bytes of memory a process has."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1]) * 1024


def server(quick: bool, only: str) -> None:
    """A server in a process of its own, as ratios to redis-server on the same machine."""
    if shutil.which("redis-benchmark") is None:
        print("server: redis-benchmark is not installed")
        return
    columns = ["command", "pipeline", "per second", "of redis-server", "wanted", "", "p99 of median"]
    table = Table("server: 50 connections, by redis-benchmark", columns, [8, 8, 10, 15, 6, 6, 13])
    count = 2_000 if quick else 200_000
    with kvlite_server() as (port, pid), redis_server() as other:
        for pipeline, wanted in ((1, 0.45), (16, 0.20)):
            ours = requests_per_second(port, pipeline, count)
            theirs = requests_per_second(other, pipeline, count)
            for name in COMMANDS:
                speed, median, late = ours[name]
                share = speed / theirs[name][0]
                said = "ok" if share >= wanted else "MISSED"
                table.row(
                    name,
                    str(pipeline),
                    f"{speed:,.0f}",
                    ratio(share),
                    f"{wanted}x",
                    said,
                    ratio(late / median),
                )
        idle, before = (100 if quick else 5_000), resident(pid)
        sockets = []
        with contextlib.ExitStack() as opened:
            for _ in range(idle):
                sock = opened.enter_context(socket.create_connection(("127.0.0.1", port)))
                sock.sendall(b"PING\r\n")
                sockets.append(sock)
            for sock in sockets:
                sock.recv(100)
            each = (resident(pid) - before) / idle / 1000
    print(f"{idle} idle connections: {each:.1f} kB each (20 kB wanted)")


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
