"""Who goes first of all keys of a database: the order that LRU and LFU policies go by.

A key that is used stays where it stands. Only when its turn comes is it looked at, and if it was used since
it was put in line, it is put further back, where it belongs now. So a use costs nothing, and a key that goes
O(1), amortized; and what goes is what was not used for the longest time, or is used least, of all there are.

A key that was removed leaves what it had in line behind, which is passed over.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from random import Random

PART = 64
"""How many keys that come into being one after the other stand in line together."""
LARGE = 512
"""A part of the line that has more is not put in order, but what is drawn from it."""
NONE = -1
"""What is the state of no key."""
FEW = 1000
"""So many removed keys are not minded."""


class Line:
    """All keys in the order in which they go.

    `states` is what is known of their uses. It rises when a key is used, or is said to be lower by `put`.
    """

    __slots__ = ("_count", "_ready", "_states", "random")

    def __init__(self, states: dict[bytes, int], random: Random) -> None:
        self._states = states
        self.random = random
        self._count = 0
        """How many places there are, those of removed keys included."""
        self._ready: list[tuple[int, bytes]] = []
        """Those that go next, the first of them last, with the state that they must still have then."""

    def put(self, key: bytes, state: int) -> None:
        """Put a key in line that has this state from now on."""
        raise NotImplementedError

    def add(self, key: bytes, state: int) -> None:
        """`put` for a key that came into being now."""
        raise NotImplementedError

    def fill(self, states: Iterable[tuple[bytes, int]]) -> None:
        """Put all these in line, and nothing else. O(n log n)."""
        raise NotImplementedError

    def rank(self, state: int) -> int:
        """What two keys of different databases are compared by."""
        return state

    def first(self) -> int | None:
        """The rank of the key that goes first, None if there are none. O(1), amortized."""
        ready, get = self._ready, self._states.get
        while ready or self._get_ready():
            state, key = ready[-1]
            now = get(key)
            if now == state:
                return self.rank(state)
            del ready[-1]
            if now is not None:
                self.put(key, now)
        return None

    def take(self, count: int, spare: bytes | None = None) -> dict[bytes, int]:
        """Up to `count` keys that go first, but not `spare`, in their order. They are not in line any more.

        O(count), amortized.
        """
        ready, get = self._ready, self._states.get
        taken = {key: state for state, key in ready[: -count - 1 : -1]}
        if len(taken) == count and spare not in taken and list(map(get, taken)) == list(taken.values()):
            del ready[-count:]
            return taken
        # Some were used or removed meanwhile, or there are not as many.
        taken.clear()
        spared = None
        while len(taken) < count and (ready or self._get_ready()):
            state, key = ready.pop()
            now = get(key)
            if now == state:
                if key == spare:
                    spared = now
                else:
                    taken[key] = state
            elif now is not None:
                self.put(key, now)
        if spare is not None and spared is not None:
            ready.append((spared, spare))
        return taken

    def tidy(self) -> None:
        """Give up the places of removed keys, if they are most of all. O(1), amortized."""
        if self._count > 2 * len(self._states) + FEW:
            self.fill(list(self._states.items()))

    def size(self) -> int:
        """About how many bytes this takes. O(1)."""
        return 10 * self._count

    def _get_ready(self) -> bool:
        """Look for those that go next; whether there are any."""
        raise NotImplementedError

    def _draw(self, part: list[bytes], most: int) -> list[bytes]:
        """All of a part, or some who stand together in a large one; they are taken out of it. O(most)."""
        if len(part) <= 2 * most:
            drawn = part.copy()
            part.clear()
        else:
            start = int(self.random.random() * (len(part) - 2 * most))
            drawn = part[start : start + most]
            part[start : start + most] = part[-most:]
            del part[-most:]
        self._count -= len(drawn)
        return drawn


class ByTime(Line):
    """Keys by the time of their last use, which is their state.

    A part of the line has those that were used, when they were put there, after the end of the part before
    it, and not after its own.
    """

    __slots__ = ("_ends", "_newest", "_parts")

    def __init__(self, states: dict[bytes, int], random: Random) -> None:
        super().__init__(states, random)
        self._newest: list[bytes] = []
        """The last part, which has no end yet."""
        self._ends: list[int] = []
        self._parts: list[list[bytes]] = []

    def put(self, key: bytes, state: int) -> None:
        at = bisect_left(self._ends, state)
        if at < len(self._parts):
            self._parts[at].append(key)
            self._count += 1
        else:
            self._newest.append(key)

    def add(self, key: bytes, state: int) -> None:
        newest = self._newest
        newest.append(key)
        if len(newest) >= PART:
            self._close(state)

    def _close(self, end: int) -> None:
        """Begin a new part, for what is used after `end`."""
        self._ends.append(max([end, *self._ends[-1:]]))
        self._parts.append(self._newest)
        self._count += len(self._newest)
        self._newest = []
        self.tidy()

    def fill(self, states: Iterable[tuple[bytes, int]]) -> None:
        self._ready.clear()
        self._ends, self._parts, self._count, self._newest = [], [], 0, []
        in_order = sorted(states, key=lambda item: item[1])
        for start in range(0, len(in_order), PART):
            part = in_order[start : start + PART]
            self._ends.append(part[-1][1])
            self._parts.append([key for key, _ in part])
        self._count = len(in_order)

    def _get_ready(self) -> bool:
        ready, get = self._ready, self._states.get
        while not ready:
            if not self._parts:
                if not self._newest:
                    return False
                self._close(max(state or 0 for state in map(get, self._newest)))
                continue
            part, end = self._parts[0], self._ends[0]
            drawn = self._draw(part, LARGE)
            if not part:
                del self._parts[0], self._ends[0]
            states: list[Any] = list(map(get, drawn))
            if None not in states and max(states) <= end:
                ready += zip(states, drawn, strict=True)  # none was used since
            else:
                self._sort_out(drawn, states, end)
            ready.sort(reverse=True)
            if part and len(ready) > LARGE // 4:
                # Those of a sample that are not among its first would not be among the first of all.
                part += [key for _, key in ready[: -LARGE // 4]]
                self._count += len(ready) - LARGE // 4
                del ready[: -LARGE // 4]
        return True

    def _sort_out(self, drawn: list[bytes], states: list[int | None], end: int) -> None:
        for key, state in zip(drawn, states, strict=True):
            if state is None:
                continue
            if state <= end:
                self._ready.append((state, key))
            else:
                self.put(key, state)


class ByRank(Line):
    """Keys by a rank, which `ranks` has for each state. Of those with the same rank any goes first."""

    __slots__ = ("_newest", "_newest_state", "_parts", "_ranks")

    def __init__(self, states: dict[bytes, int], random: Random, ranks: Mapping[int, int]) -> None:
        super().__init__(states, random)
        self._ranks = ranks
        self._parts: dict[int, list[bytes]] = {}
        self._newest: list[bytes] = []
        """The part for what comes into being with the state `_newest_state`, while it is one of the parts."""
        self._newest_state = NONE

    def rank(self, state: int) -> int:
        return self._ranks[state]

    def put(self, key: bytes, state: int) -> None:
        rank = self._ranks[state]
        part = self._parts.get(rank)
        if part is None:
            part = self._parts[rank] = []
        part.append(key)
        self._count += 1

    def add(self, key: bytes, state: int) -> None:
        if state != self._newest_state:
            self._newest = self._parts.setdefault(self._ranks[state], [])
            self._newest_state = state
        self._newest.append(key)
        self._count += 1
        if not self._count % FEW:
            self.tidy()

    def fill(self, states: Iterable[tuple[bytes, int]]) -> None:
        self._ready.clear()
        self._parts, self._newest_state, self._count = {}, NONE, 0
        for key, state in states:
            self.put(key, state)

    def _get_ready(self) -> bool:
        ready, get, ranks = self._ready, self._states.get, self._ranks
        while not ready:
            if not self._parts:
                return False
            lowest = min(self._parts)
            part = self._parts[lowest]
            drawn = self._draw(part, 4 * PART)
            if not part:
                del self._parts[lowest]
                if part is self._newest:
                    self._newest_state = NONE
            states: list[Any] = list(map(get, drawn))
            if states.count(states[0]) == len(states) and ranks.get(states[0]) == lowest:
                ready += zip(states, drawn, strict=True)  # none was used since all came into being
                continue
            for key, state in zip(drawn, states, strict=True):
                if state is None:
                    continue
                if ranks[state] <= lowest:
                    ready.append((state, key))
                else:
                    self.put(key, state)
        return True
