"""What a cache was asked, and how it went: by function, and as a table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields


@dataclass(slots=True, weakref_slot=True)
class Statistics:
    """Counters of one function or a whole cache: of what went through this object in this process."""

    hits: int = 0
    """Calls that were answered from the cache."""
    stale_hits: int = 0
    """Calls that were answered by an old entry, which somebody was computing anew."""
    misses: int = 0
    """Calls for which nothing was there."""
    waits: int = 0
    """Of the misses, those that got what another caller computed meanwhile."""
    loads: int = 0
    """Computations, also those in the background."""
    load_seconds: float = 0.0
    """How long all computations took together."""
    errors: int = 0
    """Computations that raised."""
    unreadable: int = 0
    """Entries that could not be read, and were misses for that."""
    unstored: int = 0
    """Results that were not kept, because they cannot be serialized or the store refused them."""
    evictions: int = 0
    """Entries that the store let go because it was full; 0 if the store is not in this process."""

    @property
    def calls(self) -> int:
        return self.hits + self.stale_hits + self.misses

    @property
    def hit_ratio(self) -> float:
        """The part of the calls that were answered without waiting, from 0 to 1; 0 if there were none."""
        return (self.hits + self.stale_hits) / self.calls if self.calls else 0.0

    @property
    def mean_load_seconds(self) -> float:
        return self.load_seconds / self.loads if self.loads else 0.0

    def __add__(self, other: Statistics) -> Statistics:
        names = [field.name for field in fields(Statistics)]
        return Statistics(*(getattr(self, name) + getattr(other, name) for name in names))

    def copy(self) -> Statistics:
        return self + Statistics()


COLUMNS = (
    *("function", "hits", "stale", "misses", "waits", "hit ratio"),
    *("loads", "mean load", "errors", "unreadable", "unstored", "evicted"),
)


def table(rows: Iterable[tuple[str, Statistics]], sees_evictions: bool) -> str:
    """The statistics of each name as lines of text, in columns."""
    lines = [COLUMNS, *(_row(name, each, sees_evictions) for name, each in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(COLUMNS))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _row(name: str, each: Statistics, sees_evictions: bool) -> tuple[str, ...]:
    counts = (each.hits, each.stale_hits, each.misses, each.waits)
    return (
        name,
        *(f"{count:,}" for count in counts),
        f"{each.hit_ratio:.1%}" if each.calls else "-",
        f"{each.loads:,}",
        _time(each.mean_load_seconds) if each.loads else "-",
        *(f"{count:,}" for count in (each.errors, each.unreadable, each.unstored)),
        f"{each.evictions:,}" if sees_evictions else "-",
    )


def _time(seconds: float) -> str:
    for unit, factor in (("s", 1.0), ("ms", 1e3)):
        if seconds * factor >= 1:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds * 1e6:.3g} us"
