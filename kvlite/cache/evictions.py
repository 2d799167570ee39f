"""Of which function the entries were that a Store let go for want of room."""

from __future__ import annotations

import weakref
from typing import Any, cast

from .statistics import Statistics


class Evictions:
    """What is told of every eviction in one database, and counts it where the key belongs."""

    def __init__(self) -> None:
        self._counters: dict[bytes, list[weakref.ref[Statistics]]] = {}
        """By what the keys begin with; several caches may have the same prefix."""
        self._lengths: list[int] = []
        """Of these beginnings, the longest first."""

    def count_in(self, head: bytes, *counters: Statistics) -> None:
        """Count the keys that begin so in these counters, for as long as they exist. Those that begin with a
        longer `head` of which something is known belong there. Under the store's lock."""
        known = [counter for counter in self._counters.get(head, ()) if counter() is not None]
        self._counters[head] = known + [weakref.ref(counter) for counter in counters]
        self._lengths = sorted({len(each) for each in self._counters}, reverse=True)

    def __call__(self, key: bytes) -> None:
        for length in self._lengths:
            counters = self._counters.get(key[:length])
            if counters is not None:
                for reference in counters:
                    counter = reference()
                    if counter is not None:
                        counter.evictions += 1
                return


def evictions_of(store: Any) -> Evictions:
    """Those of the database that `store` is. Under its lock."""
    if store._on_evicted is None:
        store._on_evicted = Evictions()
    return cast(Evictions, store._on_evicted)
