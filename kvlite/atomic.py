"""Atomic blocks: what happens inside is one for every other thread, and an exception undoes all of it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import TracebackType
from typing import Any

from .database import Database, Value
from .keyspace import Keyspace
from .structs import Collection
from .structs.dense import Dense
from .watch import Watch


class Atomic:
    """The context manager that `Store.atomic` returns, and the observer of what it may have to undo.

    A value is copied before its first change. Of the order of the keys, which scans rely on, every step is
    noted, to be taken back one by one.
    """

    def __init__(self, store: Keyspace[Any]) -> None:
        self._store = store
        self._undo: list[Callable[[], None]] = []
        self._seen: set[tuple[int, bytes]] = set()
        self._mark = 0
        self._libraries = store._shared.libraries
        self._published = 0
        """How much had been published before, by those around it."""

    def __enter__(self) -> None:
        store, shared = self._store, self._store._shared
        store._acquire()
        store._begin()
        self._undo, self._seen = [], set()
        self._libraries = shared.libraries
        self._published = len(shared.hub.held)
        shared.observe(self)
        if shared.journal is not None:
            self._mark = shared.journal.mark()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        store, shared = self._store, self._store._shared
        try:
            shared.stop_observing(self)
            if error is not None:
                self._roll_back()
        finally:
            try:
                store._end()
            finally:
                store._release()

    # Observing

    def changing(self, store: Keyspace[Any], key: bytes) -> None:
        db = store._db
        if (id(db.data), key) not in self._seen:
            self._seen.add((id(db.data), key))
            value = db.data.get(key)
            before = value.copy() if isinstance(value, (Collection, bytearray)) else value
            self._undo.append(functools.partial(self._restore, db, key, before, db.deadlines.get(key)))
        place = db.keys.positions.get(key)
        self._undo.append(functools.partial(self._put_back, store, db.keys, key, place))

    changing_aside = changing

    def emptying(self, store: Keyspace[Any]) -> None:
        self._undo.append(functools.partial(setattr, store, "_db", store._db))

    def swapping(self, store: Keyspace[Any], other: Keyspace[Any]) -> None:
        self._undo.append(functools.partial(_swap, store, other))

    # Undoing

    def _roll_back(self) -> None:
        shared = self._store._shared
        if shared.journal is not None:
            shared.journal.rewind(self._mark)
        shared.libraries = self._libraries
        while self._undo:
            self._undo.pop()()
        for store in shared.open_stores:
            store._db = store._db.retired()
        del shared.hub.held[self._published :]

    def _put_back(self, store: Keyspace[Any], keys: Dense, key: bytes, place: int | None) -> None:
        """Take back one step of the order of the keys: `key` was at `place`, or was not there."""
        if place is None and key in keys:
            self._announce(store, key)
            keys.remove(key)
        elif place is not None and key not in keys:
            if place < len(keys):
                self._announce(store, keys.items[place])
            keys.put_back(key, place)

    def _announce(self, store: Keyspace[Any], key: bytes) -> None:
        """Tell those whom it concerns that `key` moves. A watch has been told of what it watches."""
        for observer in store._shared.observers:
            if not isinstance(observer, Watch):
                observer.changing(store, key)

    def _restore(self, db: Database, key: bytes, value: Value | None, deadline: int | None) -> None:
        account = db.account
        if account is not None:
            account.total -= account.left(key, db.data.get(key))
        db.restore(key, value, deadline)
        if account is not None:
            account.total += account.entered(key, value)
        self._store._shared.next_due = 0


def _swap(store: Keyspace[Any], other: Keyspace[Any]) -> None:
    store._db, other._db = other._db, store._db
