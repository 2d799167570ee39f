"""The types beyond the first five: against the floor of `speed`, and against fakeredis."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from random import Random
from statistics import median
from time import perf_counter_ns
from typing import Any

from .contenders import CLIENT, PEERS, kvlite
from .speed import FULL, GROUP, QUICK, STREAM, WORK, Effort, Row, race
from .timing import Table, duration, no_collector, promise, ratio, verdict

FASTER = 10
"""How many times fakeredis is to take as long."""

BARE = "- its answer, bare"
"""What no Python can do without: making the lists, tuples and dicts, of bytes that are there."""

BITS = "store.setbit('bits', 1_000_000, 1)"
PLACES = "store.geoadd('places', [1, 2, 'a', 3, 4, 'b'])"
SKETCH = "store.pfadd('sketch', *keys)"
FIELD = "store.bitfield('field').incrby('u16', '#7', 1).execute()"
READ = "store.xread({'stream': at}, count=100)"
PARTS = "parts = [(b'%d-0' % number, VALUE) for number in range(100)]"
ANSWER = "[[b'stream', [(id, {b'field': value}) for id, value in parts]]]"

ROWS = [
    Row("xadd", "set", "store.xadd('stream', {'field': VALUE})", 12, reset="store.flushall()"),
    Row("xread of 100", "get", READ, 40, STREAM, loop="at in places"),
    Row(BARE, "get", ANSWER, None, PARTS, loop="at in places"),
    Row("xadd, xreadgroup, xack", "set", WORK, setup=GROUP),
    Row("setbit", "set", "store.setbit('bits', at, 1)", 6, BITS, loop="at in places"),
    Row("getbit", "get", "store.getbit('bits', at)", 6, BITS, loop="at in places"),
    Row("bitfield, an incrby", "set", FIELD, None, loop="key in some"),
    Row("pfadd, is there", "set", "store.pfadd('sketch', key)", 30, SKETCH),
    Row("pfadd, new", "set", "store.pfadd('sketch', key)", 30, reset="store.delete('sketch')"),
    Row("pfcount", "get", "store.pfcount('sketch')", None, SKETCH),
    Row("geodist", "get", "store.geodist('places', 'a', 'b')", setup=PLACES),
]
POINTS = 100_000
HITS = 100


def types(quick: bool, only: str) -> None:
    effort = QUICK if quick else FULL
    fakeredis = [peer for peer in PEERS if peer.name == "fakeredis"]
    notes = [
        "Time of an operation as a ratio to the floor of `speed`, and how many times as long fakeredis's "
        "client takes, which keeps a set in the place of a HyperLogLog: as long as the Store's method, and "
        "as long as `kvlite.redis`, redis-py in this process, where most of the time is redis-py's own.",
        f"geosearch: {HITS} of {POINTS:,} places within the circle, in microseconds.",
    ]
    columns = [
        "",
        "floor",
        "kvlite",
        "ratio",
        "limit",
        "",
        "fakeredis",
        "faster",
        "wanted",
        "",
        "client",
        "faster",
    ]
    table = Table("Types", columns, [22, 6, 8, 6, 5, 6, 9, 6, 6, 6, 8, 6], notes)
    for row in ROWS:
        if only.lower() in row.name.lower():
            peers = [] if row.name == BARE else [*fakeredis, CLIENT]
            times = race(row, replace(effort, peer_keys=min(effort.peer_keys, 200)), peers)
            _show(table, row, {name: min(values) for name, values in times.items()})
    if only.lower() in "geosearch":
        _show(table, Row("geosearch", "get", ""), search(effort, quick))


def _show(table: Table, row: Row, times: dict[str, float]) -> None:
    ours, theirs, floor = times["kvlite"], times.get("fakeredis"), times.get("floor")
    client = times.get(CLIENT.name)
    slower = None if floor is None else ours / floor
    faster = None if theirs is None else theirs / ours
    table.row(
        row.name,
        duration(floor),
        duration(ours),
        ratio(slower),
        promise(row.limit),
        verdict(slower, row.limit) if slower is not None else "",
        duration(theirs),
        ratio(faster),
        "" if faster is None else f">{FASTER}x",
        "" if faster is None else "ok" if faster >= FASTER else "MISSED",
        duration(client),
        ratio(None if theirs is None or client is None else theirs / client),
    )


def search(effort: Effort, quick: bool) -> dict[str, float]:
    """The nanoseconds of a search, of each contender."""
    random = Random(1)
    points = 10_000 if quick else POINTS
    words: list[Any] = []
    for number in range(points):
        words += (random.uniform(-5, 5), random.uniform(40, 50), f"place:{number}")
    # So many degrees are ten by ten, and so many metres a degree.
    radius = (10 * 10 * 111_195 * 78_600 * HITS / points / 3.14159) ** 0.5
    times: dict[str, float] = {}
    with ExitStack() as stack:
        contenders = {"kvlite": stack.enter_context(kvlite())}
        for peer in (*PEERS, CLIENT):
            if peer.name in ("fakeredis", CLIENT.name):
                try:
                    contenders[peer.name] = stack.enter_context(peer.open())
                except ImportError:
                    continue
        for name, store in contenders.items():
            store.geoadd("places", words)
            rounds = []
            with no_collector():
                for _ in range(3 if name == "fakeredis" else 10 * effort.rounds):
                    begun = perf_counter_ns()
                    store.geosearch("places", longitude=1.0, latitude=45.0, radius=radius)
                    rounds.append(perf_counter_ns() - begun)
            times[name] = median(rounds)
    return times
