"""Keys."""

from __future__ import annotations

from ..keyspace import Keyspace, T


class Keys(Keyspace[T]):
    """The generic key commands."""
