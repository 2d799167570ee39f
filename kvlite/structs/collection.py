"""What every value with elements has in common."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from sys import getsizeof
from typing import TYPE_CHECKING, Any, ClassVar, Self

if TYPE_CHECKING:
    from .limits import Limits

KINDS: dict[str, type[Collection]] = {}
"""Every kind of collection by its name, for reading dumps back."""


def sizes(elements: Iterable[object], samples: int, total: int) -> int:
    """About how many bytes `total` elements take, judging by the first `samples` of them; 0 is all."""
    looked_at = list(map(getsizeof, islice(elements, samples or None)))
    return sum(looked_at) * total // len(looked_at) if looked_at else 0


def weight(elements: Iterable[object]) -> int:
    """How many bytes these elements take. O(elements)."""
    return sum(map(getsizeof, elements))


class Collection:
    """A value made of elements: a list, a hash, a set, a sorted set, a stream.

    A subclass names its kind, as Redis's TYPE does: `class SortedSet(Collection, kind="zset")`.
    """

    __slots__ = ()
    kind: ClassVar[str]
    overhead: ClassVar[int] = 40
    """About how many bytes an element takes beside its own."""
    may_be_empty: ClassVar[bool] = False
    """Whether the key stays when the last element goes."""

    def __init_subclass__(cls, kind: str | None = None) -> None:
        if kind is not None:
            cls.kind = kind
            KINDS[kind] = cls

    def __len__(self) -> int:
        """The number of elements. O(1)."""
        raise NotImplementedError

    @property
    def encoding(self) -> bytes:
        """What OBJECT ENCODING says: how Redis would keep these elements. O(1)."""
        raise NotImplementedError

    def copy(self) -> Self:
        """Another one with the same elements, sharing nothing that can change. O(n)."""
        raise NotImplementedError

    def dump(self) -> Any:
        """The elements as msgpack can carry them: lists, maps, bytes, ints, floats, None. O(n)."""
        raise NotImplementedError

    @classmethod
    def load(cls, dump: Any) -> Self:
        """What `dump` was made from; ValueError, or another exception, if it is no dump. O(n)."""
        raise NotImplementedError

    def reencode(self, limits: Limits) -> None:
        """Be kept as Redis would keep these elements if they came in anew. O(n)."""

    def footprint(self, samples: int) -> int:
        """About how many bytes this takes, going by the first `samples` elements, 0 for all. O(samples)."""
        raise NotImplementedError

    def next_deadline(self) -> int | None:
        """When the first element falls due, milliseconds since the epoch; None where elements live on."""
        return None

    def _check(self) -> None:
        """Assert the invariants. For tests."""
        raise NotImplementedError
