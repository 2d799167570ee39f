"""Several commands as one."""

from __future__ import annotations

from .keyspace import Keyspace, T


class Transactions(Keyspace[T]):
    """pipeline(), transaction(), atomic(), lock()."""
