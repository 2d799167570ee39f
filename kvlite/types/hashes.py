"""Hashes."""

from __future__ import annotations

from ..keyspace import Keyspace, T


class Hashes(Keyspace[T]):
    """The hash commands."""
