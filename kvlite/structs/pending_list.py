"""Lists of pending entries: what was given to a consumer of a stream, and is not acknowledged yet."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .stream_id import LARGEST

if TYPE_CHECKING:
    from .consumer_group import Consumer


SLACK = 100
"""How many ids that are no more are kept at least before all is put in order anew."""


class Pending:
    """An entry that was given to a consumer: when last, milliseconds since the epoch, and how often."""

    __slots__ = ("consumer", "count", "time")

    def __init__(self, consumer: Consumer, time: int, count: int) -> None:
        self.consumer = consumer
        self.time = time
        self.count = count


class PendingList(dict[int, Pending]):
    """Pending entries by their ids.

    They are put in order only once somebody asks for it: to put one in or take one out costs what it costs
    with a dict, and most groups do nothing else.
    """

    __slots__ = ("_order",)

    def __init__(self) -> None:
        self._order: list[int] | None = None
        """The ids in order, once somebody has asked for it: some may have been taken out since. None where
        one was put in that is not the largest."""

    def put(self, id: int, held: Pending) -> None:
        """Put in an entry that is not there. O(1)."""
        self[id] = held
        order = self._order
        if order is not None:
            if not order or id > order[-1]:
                order.append(id)
            else:
                self._order = None

    def in_order(self, first: int = 0, last: int = LARGEST) -> Iterator[tuple[int, Pending]]:
        """What is pending from the id `first` to `last`, while it does not change.

        O(log n) for the first one, but O(n log n) after one was put in that is not the largest.
        """
        order = self._order
        if order is None or len(order) > 2 * len(self) + SLACK:
            order = self._order = sorted(self)
        at = start = bisect_left(order, first)
        found = 0
        try:
            while at < len(order) and (id := order[at]) <= last:
                at += 1
                held = self.get(id)
                if held is not None:
                    found += 1
                    yield id, held
        finally:
            if found < at - start:  # so each that was taken out is passed over once
                order[start:at] = [id for id in order[start:at] if id in self]

    def first(self) -> int:
        """The smallest id. There must be one. As `in_order`."""
        return next(self.in_order())[0]

    def last(self) -> int:
        """The largest id. There must be one. As `in_order`."""
        order = self._order
        if order is None:
            order = self._order = sorted(self)
        while order[-1] not in self:
            order.pop()
        return order[-1]

    def _check(self) -> None:
        ids = [id for id, _ in self.in_order()]
        assert ids == sorted(self)
        assert self._order == ids
        assert not ids or (self.first(), self.last()) == (ids[0], ids[-1])
