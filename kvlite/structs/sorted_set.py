"""A sorted set: members with scores, in the order of score, then member."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Collection as Sized
from itertools import islice
from sys import getsizeof
from typing import TYPE_CHECKING, Protocol, Self, TypeAlias

from .collection import Collection, sizes
from .dense import Dense, draw
from .limits import DEFAULTS, Limits

if TYPE_CHECKING:
    from random import Random

    from sortedcontainers import SortedList

PLACE = 8
"""The bytes of a reference in a list."""
ORDER = 450
"""About how many bytes there are to a SortedList with nothing in it."""

Entry: TypeAlias = tuple[float, bytes]
"""A score and its member, as they are kept in order."""


def _in_order(entries: Iterable[Entry]) -> SortedList:
    from sortedcontainers import SortedList  # a tenth of `import kvlite`, which may not need it

    return SortedList(entries)


class SortedSet(Collection, kind="zset"):
    """Members with scores.

    >>> board = SortedSet({b"ann": 31.0, b"bob": 17.0, b"cid": 31.0})
    >>> board.entries[0], board.rank(b"cid")
    ((17.0, b'bob'), 2)
    >>> board.entries_between(*board.span_of_scores(20.0, None))
    [(31.0, b'ann'), (31.0, b'cid')]

    Small ones, to Redis a listpack, have no `members`: any part of them is found by looking at all. A set
    that once was not small never is again, as in Redis.
    """

    overhead = 160
    __slots__ = ("entries", "members", "scores")

    def __init__(self, scores: Mapping[bytes, float] | None = None, limits: Limits = DEFAULTS) -> None:
        """O(n log n), and O(n) for scores in order."""
        self.scores: dict[bytes, float] = {} if scores is None else dict(scores)
        self.entries = _in_order((score, member) for member, score in self.scores.items())
        self.members: Dense | None = None
        if not is_small(self.scores, limits):
            self.convert()

    def __len__(self) -> int:
        return len(self.scores)

    @property
    def small(self) -> bool:
        """Whether Redis would keep it as a listpack. O(1)."""
        return self.members is None

    @property
    def encoding(self) -> bytes:
        return b"listpack" if self.small else b"skiplist"

    def copy(self) -> SortedSet:
        other = SortedSet()
        other.scores = self.scores.copy()
        other.entries = _in_order(self.entries)
        if self.members is not None:
            other.convert()
        return other

    def dump(self) -> dict[bytes, float]:
        return {member: score for score, member in self.entries}

    def footprint(self, samples: int) -> int:
        count = len(self.scores)
        each = getsizeof((0.0, b"")) + getsizeof(0.0) + PLACE  # an entry, its score, its place in the order
        size = getsizeof(self) + getsizeof(self.scores) + ORDER + each * count
        if self.members is not None:
            size += self.members.own_size()
        return size + sizes(self.scores, samples, count)

    @classmethod
    def load(cls, dump: dict[bytes, float]) -> Self:
        right = {*map(type, dump)} <= {bytes} and {*map(type, dump.values())} <= {float}
        if not right or any(score != score for score in dump.values()):
            raise ValueError("a sorted set that is none")
        return cls(dump)

    # Changing

    def put(self, member: bytes, score: float, limits: Limits = DEFAULTS) -> None:
        """Give `member` this score, whether it is there or not. O(log n)."""
        scores, entries = self.scores, self.entries
        old = scores.get(member)
        if old is not None:
            scores[member] = score
            entries.remove((old, member))
            entries.add((score, member))
            return
        scores[member] = score
        entries.add((score, member))
        if self.members is not None:
            self.members.add(member)
        elif len(scores) > limits.zset_max_listpack_entries or len(member) > limits.zset_max_listpack_value:
            self.convert()

    def update(self, scores: dict[bytes, float], limits: Limits = DEFAULTS) -> None:
        """`put` for many; who reads `scores` sees all or none of it. O(m log n), or O(n + m log m)."""
        old = {member: self.scores[member] for member in scores if member in self.scores}
        self.scores.update(scores)
        if len(scores) < 8 or 4 * len(scores) < len(self.scores):
            for member, score in old.items():
                self.entries.remove((score, member))
            for member, score in scores.items():
                self.entries.add((score, member))
        else:
            entries = [entry for entry in self.entries if entry[1] not in scores]
            entries.extend((score, member) for member, score in scores.items())
            self.entries = _in_order(entries)
        new = [member for member in scores if member not in old]
        if self.members is not None:
            self.members.add_new(new)
        elif new and not is_small(new, limits, len(self.scores)):
            self.convert()

    def remove(self, members: Sequence[bytes]) -> None:
        """Take out several different members, which must be there. O(m log n), and at most O(n)."""
        pop = self.scores.pop
        if len(members) < 8 or 8 * len(members) < len(self.scores):
            for member in members:
                self.entries.remove((pop(member), member))
        else:
            for member in members:
                pop(member)
            self.entries = _in_order(entry for entry in self.entries if entry[1] in self.scores)
        if self.members is not None:
            for member in members:
                self.members.remove(member)

    def pack(self) -> None:
        """Be a listpack, whatever the limits say. O(1)."""
        self.members = None

    def convert(self) -> None:
        """Be a skip list from now on. O(n)."""
        self.members = Dense()
        self.members.add_new(self.scores)

    def reencode(self, limits: Limits) -> None:
        if is_small(self.scores, limits):
            self.pack()
        else:
            self.convert()

    # Reading in order

    def rank(self, member: bytes) -> int | None:
        """How many come before `member`; None if it is not there. O(log n)."""
        score = self.scores.get(member)
        if score is None:
            return None
        return self.entries.bisect_left((score, member))  # type: ignore[no-any-return]

    def entries_between(self, start: int, stop: int, reverse: bool = False) -> list[Entry]:
        """The entries at the ranks from `start` up to `stop`, `stop` left out. O(log n + result)."""
        return list(self.entries.islice(start, stop, reverse))

    def span_of_scores(self, low: float, high: float | None) -> tuple[int, int]:
        """The ranks of the scores from `low` up to `high`, `high` left out; None is no limit. O(log n)."""
        # The tuple of a score alone stands before all entries with this score.
        start = self.entries.bisect_left((low,))
        stop = len(self.scores) if high is None else self.entries.bisect_left((high,))
        return start, max(start, stop)

    def span_of_members(
        self, low: bytes, high: bytes | None, backward: bool = False, skip: int = 0
    ) -> tuple[int, int]:
        """The ranks of the members from `low` up to `high`, `high` left out; None is no limit. O(log n).

        The first `skip` are left out, `backward` the last ones. All this has a meaning only where all scores
        are equal. Where they are not, a small set gives Redis's answer, O(n): the first run of such members,
        looked for after `skip` of any kind, or `backward` the last one, and nothing if the members at both
        ends rule it out. For other sets Redis's answer hangs on chance, and so on nothing here.
        """
        size = len(self.scores)
        if not size or (high is not None and low >= high):
            return 0, 0
        score = self.entries[0][0]
        if score != self.entries[-1][0]:
            if self.members is None:
                return self._run_of_members(low, high, backward, skip)
            start = self._bisect_members(low)
            stop = size if high is None else self._bisect_members(high)
        else:
            start = self.entries.bisect_left((score, low))
            stop = size if high is None else self.entries.bisect_left((score, high))
        if backward:
            return start, max(start, stop - skip)
        start += skip
        return start, max(start, stop)

    def _run_of_members(self, low: bytes, high: bytes | None, backward: bool, skip: int) -> tuple[int, int]:
        members = [member for _, member in self.entries]
        size = len(members)
        if members[-1] < low or (high is not None and members[0] >= high):
            return 0, 0
        if backward:
            stop = size
            while high is not None and members[stop - 1] >= high:
                stop -= 1
            if members[stop - 1] < low:
                return 0, 0
            start = stop = max(0, stop - skip)
            while start > 0 and members[start - 1] >= low:
                start -= 1
        else:
            start = 0
            while members[start] < low:
                start += 1
            if high is not None and members[start] >= high:
                return 0, 0
            start = stop = min(size, start + skip)
            while stop < size and (high is None or members[stop] < high):
                stop += 1
        return start, stop

    def _bisect_members(self, text: bytes) -> int:
        start, stop = 0, len(self.scores)
        while start < stop:
            middle = (start + stop) // 2
            if self.entries[middle][1] < text:
                start = middle + 1
            else:
                stop = middle
        return start

    # Reading in any order

    def choose(self, random: Random) -> bytes:
        """One member at random; there must be one. O(1)."""
        if self.members is not None:
            return self.members.choose(random)
        return self.entries[int(random.random() * len(self.scores))][1]  # type: ignore[no-any-return]

    def sample(self, random: Random, count: int) -> list[bytes]:
        """`count` different members at random, or all if there are fewer. O(count)."""
        if self.members is not None:
            return self.members.sample(random, count)
        members = list(self.scores)
        return members if count >= len(members) else random.sample(members, count)

    def choices(self, random: Random, count: int) -> list[bytes]:
        """`count` members at random, each picked from all; see `draw`. O(count)."""
        return draw(random, list(self.scores) if self.members is None else self.members.items, count)

    def scan(self, cursor: int, count: int) -> tuple[int, list[Entry]]:
        """About `count` entries and the cursor to go on with, 0 after the last; see `Dense.scan`. O(count).

        A small set gives all of them at once, in order.
        """
        if self.members is None:
            return 0, list(self.entries)
        cursor, members = self.members.scan(cursor, count)
        return cursor, [(self.scores[member], member) for member in members]

    def _check(self) -> None:
        self.entries._check()
        assert list(self.entries) == sorted((score, member) for member, score in self.scores.items())
        assert not any(score != score for score in self.scores.values())
        if self.members is not None:
            self.members._check()
            assert self.members.positions.keys() == self.scores.keys()


def is_small(members: Sized[bytes], limits: Limits, size: int | None = None) -> bool:
    """Whether a small sorted set that comes to `size` members by these remains small. O(1), or O(members).

    Without `size` it is a new one.
    """
    if (len(members) if size is None else size) > limits.zset_max_listpack_entries:
        return False
    return not members or max(map(len, members)) <= limits.zset_max_listpack_value


# Unions, intersections, differences


class Scores(Protocol):
    """What can be combined: the scores of a sorted set, or `Ones`."""

    def __len__(self) -> int: ...
    def get(self, member: bytes, /) -> float | None: ...
    def items(self) -> Iterable[tuple[bytes, float]]: ...


class Ones:
    """The members of a plain set, each with the score 1."""

    __slots__ = ("members",)

    def __init__(self, members: Dense) -> None:
        self.members = members

    def __len__(self) -> int:
        return len(self.members)

    def get(self, member: bytes) -> float | None:
        return 1.0 if member in self.members else None

    def items(self) -> Iterator[tuple[bytes, float]]:
        return ((member, 1.0) for member in self.members)


def _add(total: float, score: float) -> float:
    total += score
    return total if total == total else 0.0


def _lesser(total: float, score: float) -> float:
    return score if score < total else total


def _greater(total: float, score: float) -> float:
    return score if score > total else total


AGGREGATES: dict[bytes, Callable[[float, float], float]] = {b"SUM": _add, b"MIN": _lesser, b"MAX": _greater}
"""How two scores of one member become one. A sum that is no number is 0."""


Combination: TypeAlias = Callable[[Sequence[Scores], Sequence[float], bytes], dict[bytes, float]]
"""`union`, `intersection` or `difference`."""


def _weigh(sources: Sequence[Scores], weights: Sequence[float]) -> list[tuple[Scores, float]]:
    """The sources, the smallest first: the order in which Redis adds up, which rounding shows."""
    return sorted(zip(sources, weights, strict=True), key=lambda pair: len(pair[0]))


def union(sources: Sequence[Scores], weights: Sequence[float], aggregate: bytes) -> dict[bytes, float]:
    """The members of any source, with the weighted scores aggregated. O(sum of the sizes)."""
    combine = AGGREGATES[aggregate]
    result: dict[bytes, float] = {}
    for source, weight in _weigh(sources, weights):
        for member, score in source.items():
            score *= weight
            if score != score:
                score = 0.0
            known = result.get(member)
            result[member] = score if known is None else combine(known, score)
    return result


def intersection(sources: Sequence[Scores], weights: Sequence[float], aggregate: bytes) -> dict[bytes, float]:
    """The members of all sources, with the weighted scores aggregated. O(smallest size * sources)."""
    combine = AGGREGATES[aggregate]
    (smallest, first_weight), *others = _weigh(sources, weights)
    result: dict[bytes, float] = {}
    for member, total in smallest.items():
        total *= first_weight
        if total != total:
            total = 0.0
        for source, weight in others:
            score = source.get(member)
            if score is None:
                break
            total = combine(total, score * weight)
        else:
            result[member] = total
    return result


def intersection_size(sources: Sequence[Scores], limit: int) -> int:
    """How many members are in all sources; `limit` if there are more, unless it is 0. O(as counted)."""
    smallest, *others = sorted(sources, key=len)
    common = (
        member for member, _ in smallest.items() if all(source.get(member) is not None for source in others)
    )
    return sum(1 for _ in islice(common, limit or None))


def difference(sources: Sequence[Scores], weights: Sequence[float], aggregate: bytes) -> dict[bytes, float]:
    """The members of the first source alone, with their scores as they are. O(its size * sources)."""
    first, *others = sources
    return {
        member: score
        for member, score in first.items()
        if all(source.get(member) is None for source in others)
    }
