"""What an element costs in memory, against the plain Python containers that could hold the same."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from .timing import Table, promise, ratio, verdict

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Holding:
    name: str
    limit: float
    ours: str
    """Put in element `i`; `store` is kvlite's."""
    plain: str
    """The same with `d`, `s`, `z` and `l`: a dict, a set, a SortedList and a list."""


MEMBER, VALUE = "b'member:%d' % i", "b'%020d' % i"
ENTRY = f"{{b'user': {VALUE}, b'page': {VALUE}, b'took': b'%d' % i}}"
HOLDINGS = [
    Holding("string key, 20-byte value", 1.6, f"store.set({MEMBER}, {VALUE})", f"d[{MEMBER}] = {VALUE}"),
    Holding("member of a set", 2.2, f"store.sadd('s', {MEMBER})", f"s.add({MEMBER})"),
    Holding(
        "hash field, 20-byte value", 2.2, f"store.hset('h', {MEMBER}, {VALUE})", f"d[{MEMBER}] = {VALUE}"
    ),
    Holding(
        "member of a sorted set",
        2.2,
        f"store.zadd('z', {{{MEMBER}: random.random()}})",
        f"m = {MEMBER}; d[m] = score = random.random(); z.add((score, m))",
    ),
    Holding("entry of a stream", 0.6, f"store.xadd('x', {ENTRY})", f"l.append((b'%d-0' % i, {ENTRY}))"),
    Holding(
        "entry of a stream, read",
        0.6,
        f"store.xadd('x', {ENTRY}, i + 1); i % 1000 or store.xread({{'x': max(0, i - 1000)}})",
        f"l.append((b'%d-0' % i, {ENTRY}))",
    ),
]

# Fresh bytes for each element, one call each; what was there before is not counted. RSS counts all that the
# elements cost, the allocator's rounding and spare room included, but only Linux tells it.
PROGRAM = """
import gc, random, sys
from pathlib import Path
from sortedcontainers import SortedList
from kvlite import Store
n = int(sys.argv[1])
store, d, s, z, l = Store(), {{}}, set(), SortedList(), []
random.seed(1)
def run(first, end):
    for i in range(first, end):
        {statement}
statm = Path("/proc/self/statm")
if statm.exists():
    import resource
    used = lambda: int(statm.read_text().split()[1]) * resource.getpagesize()
else:
    import tracemalloc
    tracemalloc.start()
    used = lambda: tracemalloc.get_traced_memory()[0]
run(0, 100)
gc.collect()
before = used()
run(100, n)
gc.collect()
print((used() - before) / (n - 100))
"""


def bytes_each(statement: str, n: int) -> float:
    """The memory of one of `n` elements that `statement` puts in, in a process of its own."""
    program = PROGRAM.format(statement=statement)
    command = [sys.executable, "-c", program, str(n)]
    return float(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)


def memory(quick: bool = False, only: str = "") -> None:
    n = 100_000 if quick else 1_000_000
    way = "resident memory (RSS)" if Path("/proc/self/statm").exists() else "tracemalloc's count"
    table = Table(
        "Memory",
        ["", "plain", "kvlite", "ratio", "limit", ""],
        [26, 9, 9, 6, 5, 6],
        [
            f"Bytes an element of {n:,}, by the growth of {way} in a process of its own, against a plain "
            "dict, set, dict and SortedList of (score, member), or list of (id, dict), with the same bytes.",
        ],
    )
    for holding in HOLDINGS:
        if only.lower() not in holding.name.lower():
            continue
        plain = bytes_each(holding.plain, n)
        try:
            ours = bytes_each(holding.ours, n)
        except subprocess.CalledProcessError as error:
            table.row(holding.name, f"{plain:.0f} B", error.stderr.strip().splitlines()[-1][:9], "", "", "")
            continue
        table.row(
            holding.name,
            f"{plain:.0f} B",
            f"{ours:.0f} B",
            ratio(ours / plain),
            promise(holding.limit),
            verdict(ours / plain, holding.limit),
        )
