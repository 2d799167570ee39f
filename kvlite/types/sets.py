"""Sets."""

from __future__ import annotations

from ..keyspace import Keyspace, T


class Sets(Keyspace[T]):
    """The set commands."""
