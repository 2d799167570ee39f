"""Lists."""

from __future__ import annotations

from ..keyspace import Keyspace, T


class Lists(Keyspace[T]):
    """The list commands."""
