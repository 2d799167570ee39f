"""What the server costs, with redis-benchmark, against a real Redis and fakeredis's TCP server."""

from __future__ import annotations

import csv
import io
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from .timing import Table, ratio

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = ["set", "get", "incr", "lpush", "lpop", "sadd", "hset", "zadd"]
CLIENTS = 50
IDLE = 5_000
IDLE_LIMIT = 20_000
"""Bytes that an idle connection may take."""
TAIL_LIMIT = 5.0
"""How many times the median the 99th percentile may be."""
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT)}
PEER = "import sys, fakeredis; fakeredis.TcpFakeServer(('127.0.0.1', int(sys.argv[1]))).serve_forever()"


@dataclass(frozen=True)
class Load:
    """How the commands are sent, and what share of Redis's requests a second kvlite has to answer."""

    name: str
    pipeline: int
    requests: int
    share: float


LOADS = [Load("one by one", 1, 40_000, 0.45), Load("16 at a time", 16, 200_000, 0.20)]
PEER_SHARE = 10.0
"""How many times fakeredis's."""


@dataclass
class Contender:
    name: str
    port: int
    process: subprocess.Popen[bytes]


def server(quick: bool = False, only: str = "", with_peers: bool = True) -> None:
    if shutil.which("redis-benchmark") is None or shutil.which("redis-server") is None:
        print("\n== Server: redis-server and redis-benchmark are not installed here")
        return
    with ExitStack() as stack:
        redis = stack.enter_context(_redis())
        kvlite = stack.enter_context(_kvlite())
        peer = stack.enter_context(_fakeredis()) if with_peers else None
        for load in LOADS:
            if only.lower() in load.name:
                _race(load, redis, kvlite, peer, quick)
        if only.lower() in "tail":
            _tail(kvlite, redis, quick)
    if only.lower() in "idle":
        _idle(500 if quick else IDLE)


# Starting


@contextmanager
def _started(name: str, command: Callable[[int], list[str]]) -> Iterator[Contender]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    with TemporaryDirectory(prefix="kvlite-bench-") as folder, open(f"{folder}/log", "wb") as log:
        process = subprocess.Popen(command(port), cwd=folder, stdout=log, stderr=log, env=ENVIRONMENT)
        try:
            _await(port)
            yield Contender(name, port, process)
        finally:
            process.kill()
            process.wait()


def _await(port: int) -> None:
    for _ in range(1000):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.01)
    raise RuntimeError("a server did not start")


def _redis() -> AbstractContextManager[Contender]:
    options = ["--save", "", "--appendonly", "no", "--bind", "127.0.0.1"]
    return _started("redis", lambda port: ["redis-server", "--port", str(port), *options])


def _kvlite(*options: str) -> AbstractContextManager[Contender]:
    command = [sys.executable, "-m", "kvlite", "serve", "--bind", "127.0.0.1", *options, "--port"]
    return _started("kvlite", lambda port: [*command, str(port)])


@contextmanager
def _fakeredis() -> Iterator[Contender | None]:
    try:
        import fakeredis as fakeredis
    except ImportError:
        yield None
        return
    with _started("fakeredis", lambda port: [sys.executable, "-c", PEER, str(port)]) as peer:
        yield peer


# Requests a second


def _measure(contender: Contender, command: str, load: Load, requests: int) -> dict[str, float]:
    """What redis-benchmark says of one command: `rps`, `p50_latency_ms`, `p99_latency_ms` and more."""
    done = subprocess.run(
        [
            *("redis-benchmark", "-p", str(contender.port), "-c", str(CLIENTS), "-n", str(requests)),
            *("-P", str(load.pipeline), "-t", command, "--csv"),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    row = next(csv.DictReader(io.StringIO(done.stdout[done.stdout.index('"test"') :])))
    return {name: float(value) for name, value in row.items() if name != "test"}


def _race(load: Load, redis: Contender, kvlite: Contender, peer: Contender | None, quick: bool) -> None:
    requests, rounds = (load.requests // 20, 1) if quick else (load.requests, 5)
    table = Table(
        f"Server: {load.name}",
        ["", "redis", "kvlite", "ratio", "wanted", "", "fakeredis", "kvlite's", "wanted", ""],
        [8, 11, 11, 6, 6, 6, 9, 8, 6, 6],
        [
            f"Requests a second, {CLIENTS} connections, {load.pipeline} requests at a time, by "
            f"redis-benchmark on the same machine; the best of {rounds} turns of {requests:,} requests each.",
        ],
    )
    for command in COMMANDS:
        best = dict.fromkeys(("redis", "kvlite", "fakeredis"), 0.0)
        for _ in range(rounds):
            for each in (redis, kvlite):
                best[each.name] = max(best[each.name], _measure(each, command, load, requests)["rps"])
        if peer is not None:
            best["fakeredis"] = _measure(peer, command, load, 500 if quick else 5_000)["rps"]
        share = best["kvlite"] / best["redis"]
        cells = [_rate(best["redis"]), _rate(best["kvlite"]), ratio(share), *_wanted(share, load.share)]
        if best["fakeredis"]:
            faster = best["kvlite"] / best["fakeredis"]
            cells += [_rate(best["fakeredis"]), ratio(faster), *_wanted(faster, PEER_SHARE)]
        else:
            cells += ["-", "", "", ""]
        table.row(command.upper(), *cells)


def _rate(requests: float) -> str:
    return f"{requests:,.0f}/s"


def _wanted(share: float, least: float) -> tuple[str, str]:
    return f">{least:g}x", "ok" if share >= least else "MISSED"


# How long the slowest wait


def _tail(kvlite: Contender, redis: Contender, quick: bool) -> None:
    load, requests, rounds = LOADS[0], 10_000 if quick else 40_000, 1 if quick else 5
    table = Table(
        "Server: waiting for an answer",
        ["", "median", "99th", "ratio", "limit", ""],
        [8, 9, 9, 6, 6, 6],
        [
            f"How long a request takes with {CLIENTS} busy connections: the median of {rounds} turns of "
            f"{requests:,} requests.",
        ],
    )
    for each in (redis, kvlite):
        for command in ("get", "set"):
            found = [_measure(each, command, load, requests) for _ in range(rounds)]
            half = median(row["p50_latency_ms"] for row in found)
            tail = median(row["p99_latency_ms"] for row in found)
            limit = TAIL_LIMIT if each is kvlite else None
            cells = [f"{half:.3f} ms", f"{tail:.3f} ms", ratio(tail / half)]
            cells += (
                ["", ""] if limit is None else [f"{limit:g}x", "ok" if tail / half <= limit else "MISSED"]
            )
            table.row(f"{each.name}, {command.upper()}", *cells)


# Idle connections


def _idle(connections: int) -> None:
    table = Table(
        "Server: idle connections",
        ["", "each", "limit", ""],
        [24, 9, 9, 6],
        [f"The growth of the resident memory (RSS) of a fresh server by {connections:,} connections."],
    )
    if not Path("/proc/self/status").exists():
        table.row("this system does not tell", "", "", "")
        return
    _allow_files(connections + 100)
    with _kvlite("--maxclients", str(connections + 100)) as kvlite, ExitStack() as clients:
        _connect(clients, kvlite.port, 10)
        before = _resident(kvlite.process.pid)
        _connect(clients, kvlite.port, connections)
        each = (_resident(kvlite.process.pid) - before) / connections
    table.row(
        f"{connections:,} connections",
        f"{each:,.0f} B",
        f"{IDLE_LIMIT:,} B",
        "ok" if each <= IDLE_LIMIT else "MISSED",
    )


def _connect(clients: ExitStack, port: int, count: int) -> None:
    """That many connections, each of which has been answered once."""
    for _ in range(count):
        client = clients.enter_context(socket.create_connection(("127.0.0.1", port)))
        client.sendall(b"PING\r\n")
        assert client.recv(100) == b"+PONG\r\n"


def _allow_files(count: int) -> None:
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (count if most < 0 else min(count, most), most))


def _resident(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return 1024 * int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))
