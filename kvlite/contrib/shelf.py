"""What the caches of all frameworks do with their backend, in milliseconds and bytes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..globs import literal_glob
from ..store import Store
from .locations import connect
from .values import UNREADABLE, chosen, read, written

if TYPE_CHECKING:
    from ..cache.serializers import Serializer


class Shelf:
    """Values by their keys. A lifetime is in milliseconds: None for ever, and gone at once if not above 0.

    A value that cannot be read any more is as good as missing.
    """

    def __init__(
        self, location: str | os.PathLike[str], options: dict[str, Any], serializer: Serializer | str
    ) -> None:
        """`serializer` may be the name of one of `Cache`'s: "msgpack", "json" or "pickle"."""
        self.serializer = chosen(serializer)
        self.backend: Any = connect(location, options)

    @property
    def answers_at_once(self) -> bool:
        """Whether no call waits for a network or a disk."""
        return isinstance(self.backend, Store) and self.backend._shared.journal is None

    def get(self, key: str, default: Any = None) -> Any:
        data = self.backend.get(key)
        if data is None:
            return default
        value = read(data, self.serializer)
        return default if value is UNREADABLE else value

    def get_many(self, keys: Iterable[str]) -> dict[str, Any]:
        """Those that are there."""
        keys = list(keys)
        found = zip(keys, self.backend.mget(keys) if keys else (), strict=True)
        values = {key: read(data, self.serializer) for key, data in found if data is not None}
        return {key: value for key, value in values.items() if value is not UNREADABLE}

    def set(self, key: str, value: Any, lifetime: int | None) -> None:
        data = written(value, self.serializer)
        if lifetime is not None and lifetime <= 0:
            self.backend.delete(key)
        else:
            self.backend.set(key, data, px=lifetime)

    def set_many(self, values: Mapping[str, Any], lifetime: int | None) -> None:
        data = {key: written(value, self.serializer) for key, value in values.items()}
        if lifetime is not None and lifetime <= 0:
            self.delete_many(data)
            return
        pipe = self.backend.pipeline()
        for key, each in data.items():
            pipe.set(key, each, px=lifetime)
        pipe.execute()

    def add(self, key: str, value: Any, lifetime: int | None) -> bool:
        """Set it if it is missing; whether it was."""
        data = written(value, self.serializer)
        if lifetime is not None and lifetime <= 0:
            return not self.backend.exists(key)
        return bool(self.backend.set(key, data, px=lifetime, nx=True))

    def has(self, key: str) -> bool:
        return bool(self.backend.exists(key))

    def touch(self, key: str, lifetime: int | None) -> bool:
        """Give it a new lifetime; whether it was there."""
        if lifetime is None:
            return bool(self.backend.persist(key)) or self.has(key)
        return bool(self.backend.pexpire(key, lifetime))

    def delete(self, key: str) -> bool:
        return bool(self.backend.delete(key))

    def delete_many(self, keys: Iterable[str]) -> int:
        keys = list(keys)
        return int(self.backend.delete(*keys)) if keys else 0

    def incr(self, key: str, delta: Any) -> Any:
        """Add to a value that is there and keep its lifetime: the sum, or None if it is missing."""
        return self._incr(key, delta, lambda pipe: None)

    def incr_or_set(self, key: str, delta: Any, lifetime: int | None) -> Any:
        """Add to a value and keep its lifetime, or begin with `delta` for `lifetime`: the sum."""

        def begin(pipe: Any) -> Any:
            pipe.multi()
            pipe.set(key, written(delta, self.serializer), px=lifetime)
            return delta

        return self._incr(key, delta, begin)

    def _incr(self, key: str, delta: Any, if_missing: Callable[[Any], Any]) -> Any:
        """In a transaction: nothing is lost that others add, and what expires meanwhile is not made anew."""

        def add(pipe: Any) -> Any:
            data = pipe.get(key)
            value = UNREADABLE if data is None else read(data, self.serializer)
            if value is UNREADABLE:
                return if_missing(pipe)
            total = value + delta
            pipe.multi()
            pipe.set(key, written(total, self.serializer), keepttl=True)
            return total

        return self.backend.transaction(add, key, value_from_callable=True)

    def clear(self) -> None:
        """Remove all there is, whoever put it there."""
        self.backend.flushdb()

    def delete_prefix(self, prefix: str) -> None:
        """Remove the keys that begin with `prefix`, a few at a time."""
        pattern, cursor = literal_glob(prefix) + "*", None
        while cursor != 0:
            cursor, keys = self.backend.scan(cursor or 0, pattern, 500)
            if keys:
                self.backend.unlink(*keys)

    def shrink(self, size: int, fraction: int) -> None:
        """If there are `size` entries or more, remove one in `fraction` of them at random; for 0, all."""
        count = self.backend.dbsize()
        if count < size:
            return
        if fraction == 0:
            self.clear()
            return
        for _ in range(count // fraction):
            key = self.backend.randomkey()
            if key is not None:
                self.backend.delete(key)
