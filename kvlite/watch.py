"""WATCH: keys that a transaction depends on."""

from __future__ import annotations

from typing import Any

from .keyspace import Keyspace


class Watch:
    """Keys that a transaction depends on; `broken` once one of them changes."""

    def __init__(self, store: Keyspace[Any]) -> None:
        self.store = store
        self.keys: set[bytes] = set()
        self.broken = False

    def changing(self, store: Keyspace[Any], key: bytes) -> None:
        if store is self.store and key in self.keys:
            self.broken = True

    def changing_aside(self, store: Keyspace[Any], key: bytes) -> None:
        pass

    def emptying(self, store: Keyspace[Any]) -> None:
        if store is self.store and not self.keys.isdisjoint(store._db.data):
            self.broken = True

    def swapping(self, store: Keyspace[Any], other: Keyspace[Any]) -> None:
        if self.store in (store, other):
            for each in (store, other):
                if not self.keys.isdisjoint(each._db.data):
                    self.broken = True
