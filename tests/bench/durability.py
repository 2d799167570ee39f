"""What keeping a store on disk costs: writing, waiting for the disk, opening, snapshots beside a writer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import msgpack

from .contenders import Floor, Peer, installed, kvlite
from .speed import VALUE, Row, Runner
from .timing import Table, duration, no_collector, promise, ratio, verdict

ROOT = Path(__file__).resolve().parents[2]
KEYS = 10_000
SHARE = 500
"""Keys in a pass, others each time: a short pass is more likely to go undisturbed."""
BEYOND_KEY_AND_VALUE = 24
"""Bytes of the log that a set may take beside its key and its value."""
PEER_LIMITS = {"rocksdict": 0.5, "lmdb": 0.25, "diskcache": 0.03}
THREADS = 8


def durability(quick: bool = False, only: str = "", with_peers: bool = True) -> None:
    for name, part in PARTS.items():
        if only.lower() in name:
            part(quick, with_peers)


def folder_for(size: str = "") -> TemporaryDirectory[str]:
    return TemporaryDirectory(prefix="kvlite-bench-")


# A set with the log on


def race_of_sets(quick: bool, with_peers: bool) -> None:
    rounds, turns = (3, 5) if quick else (15, 20)
    peers, missing = installed() if with_peers else ([], [])
    peers = [peer for peer in peers if peer.name in PEER_LIMITS]
    notes = [
        f"Time of a set of one of {KEYS:,} keys, 20 bytes, that survives the death of the process; the "
        f"best of {2 * rounds * turns} passes of {SHARE} keys, all in turns. floor: a Python method that "
        "encodes the key and puts it in a dict. lmdb: a transaction an operation, sync=False; rocksdict, "
        "diskcache: as they come. 'limit' is what kvlite may take of each.",
    ]
    if missing := [each for each in missing if each.split()[0] in PEER_LIMITS]:
        notes.append(f"Not installed here: {', '.join(missing)}.")
    table = Table("Durability: set", ["", "a set", "kvlite's", "limit", ""], [28, 9, 8, 6, 6], notes)
    times = times_of_sets(peers, rounds, turns)
    ours = min(times["kvlite, everysec"])
    for name, limit in [("floor", 10.0), *PEER_LIMITS.items()]:
        if name in times:
            base = min(times[name])
            row = f"{name}'s set" if name == "floor" else name
            table.row(row, duration(base), ratio(ours / base), promise(limit), verdict(ours / base, limit))
    for name in ("kvlite, in memory", "kvlite, everysec"):
        share = ratio(ours / min(times[name]))
        table.row(name, duration(min(times[name])), share, "", "")
    overhead = log_bytes_of_a_set()
    allowed = verdict(overhead, BEYOND_KEY_AND_VALUE)
    table.row("bytes beside key and value", f"{overhead:.1f} B", "", f"{BEYOND_KEY_AND_VALUE} B", allowed)


def times_of_sets(peers: list[Peer], rounds: int, turns: int) -> dict[str, list[float]]:
    row = Row("set", "set", "store.set(key, VALUE)", setup="for key in keys: store.set(key, VALUE)")
    with ExitStack() as stack:
        folder = stack.enter_context(folder_for())
        stores: dict[str, Any] = {
            "floor": Floor(),
            "kvlite, in memory": stack.enter_context(kvlite()),
            "kvlite, everysec": stack.enter_context(kvlite(path=f"{folder}/app.kv")),
        }
        fast = {name: Runner(row, store, KEYS, SHARE) for name, store in stores.items()}
        slow = {peer.name: Runner(row, stack.enter_context(peer.open()), KEYS, SHARE // 10) for peer in peers}
        every = list(fast["floor"].names["keys"])
        with no_collector():
            for round in range(rounds):
                for turn in range(turns):
                    first = (round * turns + turn) * SHARE % KEYS
                    for runner in fast.values():
                        runner.names["some"][:] = every[first : first + SHARE]
                        runner.run()
                        runner.run()  # the first pays for what the others have pushed out of the caches
                for runner in slow.values():
                    runner.run()
        return {name: runner.times for name, runner in (fast | slow).items()}


def log_bytes_of_a_set() -> float:
    """What the log grows by for each of many sets, beside their keys and values; a log that is not synced
    meanwhile has no marks."""
    with folder_for() as folder, kvlite(path=f"{folder}/app.kv") as store:
        log = store._shared.journal._log
        before, keys = log.position, [f"key:{i}" for i in range(KEYS)]
        for key in keys:
            store.set(key, VALUE)
        return (log.position - before - sum(map(len, keys))) / KEYS - len(VALUE)


# Waiting for the disk


def syncing(quick: bool, with_peers: bool) -> None:
    seconds, rounds = (0.1, 3) if quick else (0.5, 9)
    table = Table(
        "Durability: fsync='always'",
        ["", "a second", "ratio", "limit", ""],
        [28, 9, 6, 6, 6],
        [
            f"Sets a second that are on the disk, against a loop that writes as many bytes to a file "
            f"and calls fdatasync; the median of {rounds} turns of {seconds} s each.",
        ],
    )
    with folder_for() as folder, kvlite(path=f"{folder}/app.kv", fsync="always") as store:
        descriptor = os.open(f"{folder}/bare", os.O_WRONLY | os.O_CREAT, 0o600)
        record = bytes(8 + 16 + len("key:0") + len(VALUE))
        fdatasync = getattr(os, "fdatasync", os.fsync)

        def bare() -> None:
            os.write(descriptor, record)
            fdatasync(descriptor)

        def sets() -> None:
            store.set("key:0", VALUE)

        found: dict[str, list[float]] = {"bare": [], "one": [], "many": []}
        for _ in range(rounds):
            found["bare"].append(rate(bare, 1, seconds))
            found["one"].append(rate(sets, 1, seconds))
            found["many"].append(rate(sets, THREADS, seconds))
        os.close(descriptor)
    rates = {name: median(values) for name, values in found.items()}
    slower, faster = rates["bare"] / rates["one"], rates["many"] / rates["one"]
    table.row("write + fdatasync", f"{rates['bare']:,.0f}", "", "", "")
    table.row("1 thread, slower by", f"{rates['one']:,.0f}", ratio(slower), "1.3x", verdict(slower, 1.3))
    many = f"{THREADS} threads, faster than 1 by"
    table.row(many, f"{rates['many']:,.0f}", ratio(faster), ">4x", "ok" if faster >= 4 else "MISSED")


def rate(call: Callable[[], None], threads: int, seconds: float) -> float:
    """How often a second `call` can be made by so many threads at once."""
    counts = [0] * threads
    end = time.perf_counter() + seconds

    def run(which: int) -> None:
        while time.perf_counter() < end:
            call()
            counts[which] += 1

    start = time.perf_counter()
    running = [threading.Thread(target=run, args=(which,)) for which in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return sum(counts) / (time.perf_counter() - start)


# Opening


def opening(quick: bool, with_peers: bool) -> None:
    n, rounds = (100_000, 2) if quick else (1_000_000, 4)
    table = Table(
        "Durability: opening",
        ["", "time", "ratio", "limit", ""],
        [28, 9, 6, 6, 6],
        [f"{n:,} string keys of 20 bytes, against msgpack.unpackb of them as a dict; best of {rounds}."],
    )
    with folder_for() as folder:
        data = {b"key:%d" % i: b"%020d" % i for i in range(n)}
        packed = msgpack.packb(data)
        with kvlite(path=f"{folder}/log.kv", fsync="never", compact_percent=0) as store:
            for key, value in data.items():
                store.set(key, value)
            store.backup(f"{folder}/snapshot.kv")
        del data
        found: dict[str, list[float]] = {"unpackb": [], "snapshot": [], "log": []}
        for _ in range(rounds):
            found["unpackb"].append(timed(lambda: msgpack.unpackb(packed)))
            for name in ("snapshot", "log"):
                found[name].append(timed(lambda name=name: kvlite(path=f"{folder}/{name}.kv")))
    unpackb = min(found["unpackb"])
    table.row("msgpack.unpackb", duration(unpackb), "", "", "")
    for name, limit in (("snapshot", 3.0), ("log", 12.0)):
        best = min(found[name])
        table.row(f"from a {name}", duration(best), ratio(best / unpackb), promise(limit),
                  verdict(best / unpackb, limit))  # fmt: skip


def timed(make: Callable[[], Any]) -> float:
    """The nanoseconds that making something takes, not letting go of it."""
    start = time.perf_counter_ns()
    made = make()
    with ExitStack() as stack:
        if hasattr(made, "__enter__"):
            assert stack.enter_context(made).dbsize()
        return time.perf_counter_ns() - start


# A snapshot beside a writer

# Two processes: this one writes; the one that started it looks at its memory meanwhile. Only what the process
# has for itself counts: the pages of the log that is mapped are the file's.
PROGRAM = """
import gc, json, random, sys, threading
from array import array
from time import perf_counter_ns
from kvlite import Store
folder, n = sys.argv[1], int(sys.argv[2])
def tell(what):
    print(json.dumps(what), flush=True)
    sys.stdin.readline()
random.seed(1)
picks = [b"key:%d" % random.randrange(n) for _ in range(100_000)]
room = 8_000_000
latencies = array("Q", [0]) * room
def write(until):
    calls, before = 0, perf_counter_ns()
    start = before
    while not until(before - start) and calls < room:
        for key in picks[calls % 100_000:][:100]:
            store.set(key, b"%020d" % calls)
            after = perf_counter_ns()
            latencies[calls] = after - before
            before, calls = after, calls + 1
    return calls, calls / (before - start) * 1e9
gc.collect()
tell("start")
store = Store(folder, compact_percent=0)
for i in range(n):
    store.set(b"key:%d" % i, b"%020d" % i)
write(lambda ns: ns > 2e8)
_, normal = write(lambda ns: ns > 1e9)
gc.collect()
tell("filled")
compactor = threading.Thread(target=store.compact)
start = perf_counter_ns()
compactor.start()
calls, meanwhile = write(lambda ns: not compactor.is_alive())
compactor.join()
took = perf_counter_ns() - start
tell("done")
sets = sorted(latencies[:calls])
at = lambda share: sets[int(share * len(sets))]
tell([took, normal, meanwhile, at(0.99), at(0.999), sets[-1], calls])
store.close()
"""


def snapshots(quick: bool, with_peers: bool) -> None:
    n = 100_000 if quick else 1_000_000
    table = Table(
        "Durability: a snapshot meanwhile",
        ["", "", "limit", ""],
        [32, 9, 6, 6],
        [
            f"store.compact() of {n:,} string keys of 20 bytes while another thread sets random ones, "
            "at full speed. Memory: how far what the process has for itself rises, as Linux tells it, to "
            "what the keys had taken.",
        ],
    )
    with folder_for() as folder:
        rise, (took, normal, meanwhile, p99, p999, most, calls) = snapshot_run(f"{folder}/app.kv", n)
    table.row("it takes", duration(took), "", "")
    table.row(f"p99 of {calls:,} sets", duration(p99), "5 ms", verdict(p99, 5e6))
    table.row("p99.9", duration(p999), "20 ms", verdict(p999, 20e6))
    table.row("the longest", duration(most), "", "")
    share = meanwhile / normal
    table.row("sets a second, of normal", f"{share:.0%}", ">50%", "ok" if share >= 0.5 else "MISSED")
    table.row("memory, of the data", "-" if rise is None else f"{rise:.0%}", "20%", verdict(rise or 0, 0.2))


def snapshot_run(path: str, n: int) -> tuple[float | None, list[float]]:
    """By what part of the data the memory rose, and what the process tells of its sets."""
    command = [sys.executable, "-c", PROGRAM, path, str(n)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdin is not None
        assert run.stdout is not None
        seen, told = [], []
        peak = 0
        done = threading.Event()

        def watch() -> None:
            nonlocal peak
            while not done.wait(0.005):
                peak = max(peak, own_memory(run.pid) or 0)

        watcher = threading.Thread(target=watch)
        for line in run.stdout:
            told.append(json.loads(line))
            seen.append(own_memory(run.pid))
            if told[-1] == "filled":
                watcher.start()
            elif told[-1] == "done":
                done.set()
                watcher.join()
            print(file=run.stdin, flush=True)
    start, filled = seen[:2]
    if start is None or filled is None:
        return None, told[-1]
    return (peak - filled) / (filled - start), told[-1]


def own_memory(pid: int) -> int | None:
    """The bytes of memory that a process has for itself; None where nobody tells."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return None
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return int(lines["RssAnon"].split()[0]) * 1024


PARTS: dict[str, Callable[[bool, bool], None]] = {
    "set": race_of_sets,
    "always": syncing,
    "open": opening,
    "snapshot": snapshots,
}
