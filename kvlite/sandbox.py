"""A sandbox: whatever happens to a store meanwhile, it is in the end as it was before."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from .clock import ManualClock
from .database import Value
from .errors import RedisError, StoreClosedError
from .keyspace import Keyspace
from .probe import Call, Fault
from .structs import Collection

_Image = tuple[Value | None, int | None]
"""What a key held, None if it was not there, and its deadline."""


class Sandbox:
    """The context manager that `Store.sandbox` returns, and the observer of what it has to put back.

    A value is copied before its first change, so the cost is that of what is touched. Putting back is made of
    effects like any other change: the disk, watches and snapshots see it.
    """

    def __init__(self, store: Keyspace[Any]) -> None:
        self._shared = store._shared
        self._images: dict[int, dict[bytes, _Image]] = {}
        """By the number a database had in the beginning."""
        self._origin: dict[int, int] = {}
        """For a database that was swapped, the number it had in the beginning."""
        self._swaps: list[tuple[int, int]] = []
        self._libraries: dict[bytes, bytes] = {}
        self._planned: list[Fault] = []
        self._called: list[Call] = []
        self._configured: Callable[[], None] | None = None
        """Puts back what clients may configure; None where there was no client yet."""
        self._began: int | None = None
        self._active = False

    def __enter__(self) -> Self:
        shared = self._shared
        with shared.lock:
            if shared.closed:
                raise StoreClosedError("the store is closed")
            if self._active:
                raise RedisError("this sandbox is in use")
            self._images, self._origin, self._swaps = {}, {}, []
            self._libraries = shared.libraries
            probe, instance = shared.probe, shared.instance
            self._planned = [] if probe is None else probe.faults.planned()
            self._called = [] if probe is None else probe.calls.noted()
            self._configured = None if instance is None else instance.remember()
            self._began = shared.now()
            self._active = True
            shared.observe(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        shared = self._shared
        self._active = False
        if shared.probe is not None:
            shared.probe.faults.forget_but(self._planned)
            shared.probe.calls.forget_but(self._called)
        if shared.closed:
            return
        if shared.instance is not None:
            (self._configured or shared.instance.begin_anew)()
        store = shared.open_stores[0]
        store._acquire()
        try:
            shared.stop_observing(self)
            store._begin()
            try:
                self._put_back()
                store._keep_libraries(self._libraries)
            finally:
                store._end()
            if isinstance(shared.clock, ManualClock) and self._began is not None:
                shared.clock.turn_back(self._began)
            shared.next_due = 0
        finally:
            store._release()

    def _put_back(self) -> None:
        stores = self._shared.stores
        for one, other in reversed(self._swaps):
            first = stores[one]
            assert first is not None
            first._effect_swap(other)
        for index, images in self._images.items():
            store = stores[index]
            assert store is not None
            for key, (value, deadline) in images.items():
                if value is not None:
                    store._effect_load(key, value, deadline)
                elif key in store._db.data:
                    store._effect_drop(key)

    # Observing

    def _images_of(self, store: Keyspace[Any]) -> dict[bytes, _Image]:
        return self._images.setdefault(self._origin.get(store._index, store._index), {})

    def changing(self, store: Keyspace[Any], key: bytes) -> None:
        images = self._images_of(store)
        if key not in images:
            db = store._db
            value = db.data.get(key)
            before = value.copy() if isinstance(value, (Collection, bytearray)) else value
            images[key] = before, db.deadlines.get(key)

    changing_aside = changing

    def emptying(self, store: Keyspace[Any]) -> None:
        db, images = store._db, self._images_of(store)
        for key, value in db.data.items():
            if key not in images:
                images[key] = value, db.deadlines.get(key)

    def swapping(self, store: Keyspace[Any], other: Keyspace[Any]) -> None:
        one, two, origin = store._index, other._index, self._origin
        origin[one], origin[two] = origin.get(two, two), origin.get(one, one)
        self._swaps.append((one, two))
