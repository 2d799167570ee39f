"""LATENCY: spikes that were noticed, and how long the calls of each command took."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from ..errors import ResponseError
from .replies import Reply, Verbatim
from .table import ROWS, Row, command, container, helped

if TYPE_CHECKING:
    from .session import Session

SAMPLES = 160
"""How many are kept of one event."""
GRAPH_WIDTH = 80

DISABLED = (
    "Nothing is watched: the latency monitor is off. CONFIG SET latency-monitor-threshold <milliseconds> "
    "lets it note everything that takes at least so long.\n"
)
NOTHING = "Nothing took as long as latency-monitor-threshold says: no spike was noticed.\n"
ADVICE = (
    "\nWhat helps against spikes of commands:\n"
    "- SLOWLOG GET shows which commands took so long, if slowlog-log-slower-than is low enough.\n"
    "- Commands that walk a whole keyspace or a large value, such as KEYS, SMEMBERS or SORT, can be "
    "exchanged for those that walk it in parts: SCAN, SSCAN, HSCAN, ZSCAN.\n"
    "- With appendfsync always each write waits for the disk; everysec does not.\n"
)


class Event:
    """The spikes of one kind."""

    def __init__(self) -> None:
        self.samples: deque[tuple[int, int]] = deque(maxlen=SAMPLES)
        """The second since the epoch, and the longest time in it, in milliseconds."""
        self.longest = 0

    def add(self, second: int, milliseconds: int) -> None:
        self.longest = max(self.longest, milliseconds)
        if self.samples and self.samples[-1][0] == second:
            if milliseconds <= self.samples[-1][1]:
                return
            self.samples.pop()
        self.samples.append((second, milliseconds))

    def report(self) -> str:
        times = [milliseconds for _, milliseconds in self.samples]
        average = sum(times) // len(times)
        deviation = sum(abs(each - average) for each in times) // len(times)
        period = (self.samples[-1][0] - self.samples[0][0] or 1) / len(times)
        return (
            f"{len(times)} spikes, {average} ms on average with a mean deviation of {deviation} ms, one in "
            f"{period:.2f} seconds; the worst of all time took {self.longest} ms"
        )

    def graph(self, name: str, now: int) -> str:
        """The last spikes as bars, each above how long ago it was."""
        samples = list(self.samples)[-GRAPH_WIDTH:]
        times = [milliseconds for _, milliseconds in samples]
        low, high = min(times), max(times)
        rows = [f"{name} - high {high} ms, low {low} ms (all time high {self.longest} ms)", "-" * GRAPH_WIDTH]
        heights = [round(8 * (each - low) / (high - low or 1)) for each in times]
        for floor in (6, 4, 2, 0):
            rows.append("".join(_bar(height - floor) for height in heights))
        rows.append("")
        ages = [_age(now - second) for second, _ in samples]
        rows += ["".join(age[at : at + 1] or " " for age in ages) for at in range(max(map(len, ages)))]
        return "\n".join(rows) + "\n"


def _bar(height: int) -> str:
    return "#" if height > 1 else "_" if height >= 0 else " "


def _age(seconds: int) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def event(session: Session, name: bytes) -> Event | None:
    return session.instance.latency.get(name.decode(errors="replace"))


container("latency", -2, "server")


@command("latency|latest", 2, "admin noscript loading stale", "server")
def latency_latest(session: Session, args: list[bytes]) -> Reply:
    return [
        [name.encode(), *each.samples[-1], each.longest] for name, each in session.instance.latency.items()
    ]


@command("latency|history", 3, "admin noscript loading stale", "server")
def latency_history(session: Session, args: list[bytes]) -> Reply:
    found = event(session, args[2])
    return [] if found is None else [list(sample) for sample in found.samples]


@command("latency|reset", -2, "admin noscript loading stale", "server")
def latency_reset(session: Session, args: list[bytes]) -> Reply:
    events = session.instance.latency
    names = [name.decode(errors="replace") for name in args[2:]] or list(events)
    return sum(events.pop(name, None) is not None for name in names)


@command("latency|graph", 3, "admin noscript loading stale", "server")
def latency_graph(session: Session, args: list[bytes]) -> Reply:
    name = args[2].decode(errors="replace")
    found = event(session, args[2])
    if found is None:
        raise ResponseError(f"No samples available for event '{name}'")
    return Verbatim(found.graph(name, session.instance.now() // 1000).encode())


@command("latency|doctor", 2, "admin noscript loading stale", "server")
def latency_doctor(session: Session, args: list[bytes]) -> Reply:
    instance = session.instance
    if not instance.latency:
        watched = instance.config["latency-monitor-threshold"]
        return Verbatim((NOTHING if watched else DISABLED).encode())
    lines = [f"{name}: {each.report()}.\n" for name, each in instance.latency.items()]
    return Verbatim(("".join(lines) + ADVICE).encode())


@command("latency|histogram", -2, "admin noscript loading stale", "server")
def latency_histogram(session: Session, args: list[bytes]) -> Reply:
    session.settle()
    statistics = session.instance.statistics
    used = dict(statistics.entries())
    rows = [row for name in args[2:] for row in _named(name)] if len(args) > 2 else list(used)
    return {
        row.name.encode(): {b"calls": used[row].calls, b"histogram_usec": dict(used[row].cumulative())}
        for row in rows
        if row in used and used[row].calls
    }


def _named(name: bytes) -> list[Row]:
    """The command of that name, or its subcommands; none if there is none."""
    first, _, word = name.lower().partition(b"|")
    row = ROWS.get(first)
    if row is None:
        return []
    if word:
        return [row.subcommands[word]] if word in row.subcommands else []
    return list(row.subcommands.values()) or [row]


helped(
    "latency",
    "DOCTOR",
    "    Say in words what took long.",
    "GRAPH <event>",
    "    Draw how long the event took, of late.",
    "HISTORY <event>",
    "    List when the event took long, and how long.",
    "LATEST",
    "    Show of every event when it last took long.",
    "RESET [<event> ...]",
    "    Forget these events, or all.",
    "HISTOGRAM [COMMAND ...]",
    "    Tell of commands, or of all that were run, how many calls took how long.",
)
