"""The figures as lines of text."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from ..inspecting import shown
from .survey import Census

COUNTED = ("total_commands_processed", "keyspace_hits", "keyspace_misses", "evicted_keys", "expired_keys")

UNITS = "KMGTP"


class Rates:
    """How fast the counters of INFO grow, from one look to the next."""

    def __init__(self) -> None:
        self._before: tuple[float, dict[str, int]] | None = None
        self.lately: dict[str, float] = {}
        """Per second since the look before; empty at the first, and where the counters began again."""

    def look(self, info: dict[str, Any], now: float) -> None:
        counters = {name: int(info.get(name, 0)) for name in COUNTED}
        self.lately = {}
        if self._before is not None:
            then, before = self._before
            growth = {name: counters[name] - before[name] for name in COUNTED}
            if now > then and min(growth.values()) >= 0:
                self.lately = {name: grown / (now - then) for name, grown in growth.items()}
        self._before = now, counters


def databases(info: dict[str, Any]) -> dict[int, dict[str, int]]:
    """What INFO tells of each database that has keys, by its number."""
    return {
        int(name[2:]): value
        for name, value in info.items()
        if name.startswith("db") and name[2:].isdigit() and isinstance(value, dict)
    }


def lines(name: str, serves: bool, info: dict[str, Any], rates: Rates, census: Census) -> Iterator[str]:
    """The whole picture."""
    at = time.strftime("%H:%M:%S")
    up = f"  up {duration(info.get('uptime_in_seconds', 0))}" if serves else ""
    yield f"{name}{up}  {at}"
    yield ""
    yield from _memory(info)
    if serves:
        yield from _activity(info, rates)
    yield ""
    yield from _keys(info, census)
    yield ""
    yield from _largest(census)


def _memory(info: dict[str, Any]) -> Iterator[str]:
    limit = info.get("maxmemory", 0)
    of = f" of {size(limit)}, {info.get('maxmemory_policy')}" if limit else ", no limit"
    yield f"memory    {size(info['used_memory'])}{of}; the process {size(info['used_memory_rss'])}"


def _activity(info: dict[str, Any], rates: Rates) -> Iterator[str]:
    def counted(title: str, name: str) -> str:
        rate = f" ({rates.lately[name]:,.0f}/s)" if name in rates.lately else ""
        return f"{title} {info.get(name, 0):,}{rate}"

    hits, misses = info.get("keyspace_hits", 0), info.get("keyspace_misses", 0)
    new = [rates.lately.get(name, 0) for name in ("keyspace_hits", "keyspace_misses")]
    lately = f", {new[0] / sum(new):.1%} lately" if sum(new) else ""
    ratio = f"{hits / (hits + misses):.1%}{lately}; " if hits + misses else ""
    yield f"lookups   {ratio}{counted('hits', 'keyspace_hits')}, {counted('misses', 'keyspace_misses')}"
    yield f"gone      {counted('evicted', 'evicted_keys')}, {counted('expired', 'expired_keys')}"
    clients = info.get("connected_clients", 0)
    yield f"requests  {counted('in all', 'total_commands_processed')}; {clients:,} clients"


def _keys(info: dict[str, Any], census: Census) -> Iterator[str]:
    found = databases(info)
    total = sum(each["keys"] for each in found.values())
    expiring = sum(each["expires"] for each in found.values())
    some = f"; {census.visited:,} of them visited so far" if census.visited < total else ""
    where = f" in {len(found)} databases" if len(found) > 1 else ""
    yield f"keys      {total:,}{where}, {expiring:,} with a deadline{some}"
    for kind, count in census.keys.most_common():
        yield f"  {kind:8}{count:>14,}  {count / census.visited:>6.1%}  {size(census.memory[kind]):>10}"


def _largest(census: Census) -> Iterator[str]:
    if census.largest:
        yield "largest"
    for taken, index, key, kind in census.largest:
        where = f"  (database {index})" if index else ""
        yield f"  {size(taken):>10}  {kind:7} {shown(key)}{where}"


def size(value: float) -> str:
    """A number of bytes, for people."""
    power = 0
    while value >= 1000 and power < len(UNITS):
        value /= 1024
        power += 1
    return f"{value:,.1f} {UNITS[power - 1]}B" if power else f"{value:,.0f} B"


def duration(seconds: int) -> str:
    """A length of time in its two largest units."""
    parts: list[str] = []
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, seconds = divmod(int(seconds), length)
        if count or parts:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"
