"""The Store: every type's methods on one keyspace, with its options and its life."""

from __future__ import annotations

from random import Random
from types import TracebackType
from typing import Any, Literal, Self, cast, overload

from .clock import Clock, ManualClock, SystemClock
from .keyspace import Keyspace, R, Shared, T
from .transactions import Transactions
from .types.hashes import Hashes
from .types.keys import Keys
from .types.lists import Lists
from .types.sets import Sets
from .types.sorted_sets import SortedSets
from .types.strings import Strings


class Store(
    Strings[T],
    Lists[T],
    Hashes[T],
    Sets[T],
    SortedSets[T],
    Keys[T],
    Transactions[T],
    Keyspace[T],
):
    """Redis's data model in this process, with redis-py's methods and Redis's answers.

    >>> store = Store(decode_responses=True)
    >>> store.set("greeting", "hello", ex=60)
    True
    >>> store.get("greeting")
    'hello'

    Every method is atomic, and a store may be used from any number of threads.
    """

    def __new__(cls, *args: Any, decode_responses: bool = False, **options: Any) -> Self:
        if decode_responses and not issubclass(cls, _DecodingStore):
            return cast(Self, object.__new__(_decoding(cls)))
        return object.__new__(cls)

    @overload
    def __init__(
        self: Store[bytes],
        *,
        decode_responses: Literal[False] = False,
        clock: Clock | None = None,
        seed: int | None = None,
        record_accesses: bool | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: Store[str],
        *,
        decode_responses: Literal[True],
        clock: Clock | None = None,
        seed: int | None = None,
        record_accesses: bool | None = None,
    ) -> None: ...
    def __init__(
        self,
        *,
        decode_responses: bool = False,
        clock: Clock | None = None,
        seed: int | None = None,
        record_accesses: bool | None = None,
    ) -> None:
        """Open a store in memory.

        With `decode_responses` replies are str, decoded as UTF-8, instead of bytes. `clock` is where the time
        comes from; a `ManualClock` stands still until `advance`. `seed` makes random picks reproducible.
        `record_accesses` remembers when each key was last used, for `object("idletime", key)`; by default
        that is done with a manual clock only, because it costs a little on every call.
        """
        manual = isinstance(clock, ManualClock)
        self._attach(Shared(clock or SystemClock(), Random(seed)), 0)
        if manual if record_accesses is None else record_accesses:
            self._db.record_accesses()

    def __repr__(self) -> str:
        if self._shared.closed:
            return "<Store closed>"
        name = f"<Store db={self._index}" if self._index else "<Store"
        return f"{name} in memory, {len(self._db.data)} keys>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the store, with all its databases; whoever waits on it gets StoreClosedError, and so does
        every later call. Closing again does nothing."""
        if not self._shared.closed:
            self._close()

    def select(self, index: int) -> Self:
        """The same data's database `index`, 0 to 15, as a Store; the same object each time."""
        return cast(Self, self._sibling(index))

    def advance(self, seconds: float) -> None:
        """Move this store's ManualClock forward: keys expire and waits end, in the order of their times."""
        clock = self._shared.clock
        if not isinstance(clock, ManualClock):
            raise TypeError("only a store opened with clock=ManualClock() can be advanced")
        clock.advance(seconds)


class _DecodingStore(Store[str]):
    """A store whose replies are str."""

    def _one(self, value: bytes) -> str:
        return value.decode()

    def _maybe(self, value: bytes | None) -> str | None:
        return None if value is None else value.decode()

    def _many(self, values: list[bytes]) -> list[str]:
        return [value.decode() for value in values]

    def _many_maybe(self, values: list[bytes | None]) -> list[str | None]:
        return [None if value is None else value.decode() for value in values]

    def _mapping(self, pairs: dict[bytes, bytes]) -> dict[str, str]:
        return {field.decode(): value.decode() for field, value in pairs.items()}

    def _scored(self, pairs: list[tuple[bytes, R]]) -> list[tuple[str, R]]:
        return [(member.decode(), score) for member, score in pairs]


def _decoding(cls: type[Store[Any]]) -> type[Store[Any]]:
    """The class of a store like `cls` that decodes its replies."""
    return _DecodingStore if cls is Store else type(cls.__name__, (_DecodingStore, cls), {})
