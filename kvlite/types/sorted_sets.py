"""SortedSets."""

from __future__ import annotations

from ..keyspace import Keyspace, T


class SortedSets(Keyspace[T]):
    """The sorted set commands."""
