"""Which types of values there are, what they take, which are the largest: the keys are visited in slices."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from .sources import Source

SLICE = 500
"""How many keys are asked about in one go."""


@dataclass
class Census:
    """What was found among the keys that were visited."""

    visited: int = 0
    keys: Counter[str] = field(default_factory=Counter)
    """How many of each type."""
    memory: Counter[str] = field(default_factory=Counter)
    """How many bytes they take."""
    largest: list[tuple[int, int, bytes, str]] = field(default_factory=list)
    """Bytes, database, key and type; the largest first."""

    def count(self, found: Iterable[tuple[int, int, bytes, str]], places: int) -> None:
        new = list(found)
        for size, _, _, kind in new:
            self.keys[kind] += 1
            self.memory[kind] += size
        self.visited += len(new)
        self.largest = heapq.nlargest(places, {*self.largest, *new})


class Survey:
    """One census after the other, a slice at a time, so that a server with many keys is not held up."""

    def __init__(self, source: Source, places: int) -> None:
        self._source = source
        self._places = places
        self._steps: Iterator[Census] | None = None
        self.complete: Census | None = None
        """The last one that has visited all keys."""
        self.partial = Census()
        """The one that is under way."""
        self._visits = 0
        self._run: str | None = None

    @property
    def best(self) -> Census:
        """The complete one, or what there is of the first."""
        return self.complete or self.partial

    def visits_of(self, run: str) -> int:
        """How many keys were asked for in this run of the server: it counts each as a hit."""
        if run != self._run:
            self._run, self._visits = run, 0
        return self._visits

    def advance(self, databases: Iterable[int], keys: int | None) -> None:
        """Visit about `keys` keys, or all that are left; when a census ends, the next call begins another.

        So it does after an error of the source, which is raised.
        """
        start = self.partial.visited
        if self._steps is None:
            self.partial = Census()
            self._steps = self._visit(list(databases))
            start = 0
        try:
            for census in self._steps:
                if keys is not None and census.visited - start >= keys:
                    return
        except BaseException:
            self._steps = None
            raise
        self.complete, self._steps = self.partial, None

    def _visit(self, databases: list[int]) -> Iterator[Census]:
        for index in databases:
            cursor = None
            while cursor != 0:
                database = self._source.database(index)
                cursor, keys = database.scan(cursor or 0, count=SLICE)
                self.partial.count(_measured(database, index, keys), self._places)
                self._visits += len(keys)
                yield self.partial


def _measured(database: Any, index: int, keys: list[bytes]) -> Iterator[tuple[int, int, bytes, str]]:
    """Those of the keys that are still there, with what they take; 0 where the server does not tell."""
    pipe = database.pipeline(transaction=False)
    for key in keys:
        pipe.type(key).memory_usage(key)
    answers = pipe.execute(raise_on_error=False)
    for key, kind, size in zip(keys, answers[::2], answers[1::2], strict=True):
        if isinstance(kind, bytes) and kind != b"none" and size is not None:
            yield (size if isinstance(size, int) else 0, index, key, kind.decode())
