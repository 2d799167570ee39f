"""The Store: every type's methods on one keyspace, with its options and its life."""

from __future__ import annotations

import os
import weakref
from datetime import timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, cast, overload

from .administration import Administration
from .clock import Clock, ManualClock, SystemClock
from .durable import Durable
from .encoding import Encodable, PathLike, encode
from .errors import RedisError
from .events import event_classes
from .eviction import DEFAULTS, Eviction
from .functions import Functions
from .keyspace import Keyspace, R, Shared, T
from .numbers import parse_size
from .persist.files import SYSTEM, Files
from .pubsub import Subscribing
from .scripts import Scripts
from .testing import Testing
from .transactions import Transactions
from .types.bitmaps import Bitmaps
from .types.consumer_groups import ConsumerGroups
from .types.geo import Geo
from .types.hash_expiry import HashExpiry
from .types.hashes import Hashes
from .types.hyperloglogs import HyperLogLogs
from .types.keys import Keys
from .types.lists import Lists
from .types.pubsub import Channels
from .types.sets import Sets
from .types.sort import Sort
from .types.sorted_set_algebra import SortedSetAlgebra
from .types.sorted_set_ranges import SortedSetRanges
from .types.stream_information import StreamInformation
from .types.strings import Strings

if TYPE_CHECKING:
    from .persist.durability import Fsync


class Store(
    Bitmaps[T],
    HyperLogLogs[T],
    Strings[T],
    Lists[T],
    HashExpiry[T],
    Sets[T],
    SortedSetRanges[T],
    SortedSetAlgebra[T],
    Geo[T],
    ConsumerGroups[T],
    StreamInformation[T],
    Sort[T],
    Keys[T],
    Channels[T],
    Subscribing[T],
    Transactions[T],
    Durable[T],
    Administration[T],
    Scripts[T],
    Functions[T],
    Testing[T],
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

    _decodes = False

    def __new__(cls, path: PathLike | None = None, *, decode_responses: bool = False, **options: Any) -> Self:
        if decode_responses and not issubclass(cls, _DecodingStore):
            return cast(Self, object.__new__(_decoding(cls)))
        return object.__new__(cls)

    @overload
    def __init__(
        self: Store[bytes],
        path: PathLike | None = None,
        *,
        decode_responses: Literal[False] = False,
        fsync: Fsync = "everysec",
        read_only: bool = False,
        compact_percent: int = 100,
        compact_min_size: int | str = "64mb",
        clock: Clock | None = None,
        seed: int | None = None,
        record_accesses: bool | None = None,
        maxmemory: int | str = 0,
        maxmemory_policy: str = "noeviction",
        maxmemory_samples: int = 5,
        maxkeys: int = 0,
        lfu_log_factor: int = 10,
        lfu_decay_time: int = 1,
        notify_keyspace_events: str = "",
        files: Files = SYSTEM,
    ) -> None: ...
    @overload
    def __init__(
        self: Store[str],
        path: PathLike | None = None,
        *,
        decode_responses: Literal[True],
        fsync: Fsync = "everysec",
        read_only: bool = False,
        compact_percent: int = 100,
        compact_min_size: int | str = "64mb",
        clock: Clock | None = None,
        seed: int | None = None,
        record_accesses: bool | None = None,
        maxmemory: int | str = 0,
        maxmemory_policy: str = "noeviction",
        maxmemory_samples: int = 5,
        maxkeys: int = 0,
        lfu_log_factor: int = 10,
        lfu_decay_time: int = 1,
        notify_keyspace_events: str = "",
        files: Files = SYSTEM,
    ) -> None: ...
    @overload
    def __init__(
        self: Store[Any],
        path: PathLike | None = None,
        *,
        decode_responses: bool,
        fsync: Fsync = "everysec",
        read_only: bool = False,
        compact_percent: int = 100,
        compact_min_size: int | str = "64mb",
        clock: Clock | None = None,
        seed: int | None = None,
        record_accesses: bool | None = None,
        maxmemory: int | str = 0,
        maxmemory_policy: str = "noeviction",
        maxmemory_samples: int = 5,
        maxkeys: int = 0,
        lfu_log_factor: int = 10,
        lfu_decay_time: int = 1,
        notify_keyspace_events: str = "",
        files: Files = SYSTEM,
    ) -> None: ...
    def __init__(
        self,
        path: PathLike | None = None,
        *,
        decode_responses: bool = False,
        fsync: Fsync = "everysec",
        read_only: bool = False,
        compact_percent: int = 100,
        compact_min_size: int | str = "64mb",
        clock: Clock | None = None,
        seed: int | None = None,
        record_accesses: bool | None = None,
        maxmemory: int | str = 0,
        maxmemory_policy: str = "noeviction",
        maxmemory_samples: int = 5,
        maxkeys: int = 0,
        lfu_log_factor: int = 10,
        lfu_decay_time: int = 1,
        notify_keyspace_events: str = "",
        files: Files = SYSTEM,
    ) -> None:
        """Open a store: in memory, or kept in the folder `path`, which is made if it is missing.

        What a call on a kept store wrote survives the death of the process as soon as the call returns; that
        of the machine, after the next `fsync`: "always" (the call waits for it), "everysec" or "never" (when
        the operating system likes). The log is compacted when it has grown by `compact_percent` of the last
        snapshot and to `compact_min_size` bytes at least; 0 percent turns that off. With `read_only` a folder
        can be read while another process writes to it; it shows the state when it was opened.
        PersistenceError if the folder cannot be opened, StoreLockedError if somebody else has it open,
        CorruptionError if it is damaged.

        With `decode_responses` replies are str, decoded as UTF-8, instead of bytes. `clock` is where the time
        comes from; a `ManualClock` stands still until `advance`. `seed` makes random picks reproducible.
        `record_accesses` remembers when each key was last used, for `object("idletime", key)`; by default
        that is done with a manual clock only, because it costs a little on every call.
        `maxmemory` is how many bytes, or "100mb", the data may take, `maxkeys` how many keys there may be in
        all databases; 0 is no limit. `maxmemory_policy` is one of Redis's names: by "noeviction" what is too
        much is refused with OutOfMemoryError, by the others keys go; the `volatile` ones find them by looking
        at `maxmemory_samples` for each. `lfu_log_factor` and `lfu_decay_time` are how fast the counters of
        uses rise and fall; see docs/eviction.md. All these can be changed by `config_set`.
        `notify_keyspace_events` are the events that are published, in Redis's letters: "KEA" for nearly all;
        ValueError for an unknown one. `files` is the file system; tests have others.
        """
        if clock is not None and not callable(getattr(clock, "now", None)):
            raise TypeError(f"a clock has a method now(), and {clock!r} has none")
        if path is not None:
            path = os.fsdecode(path)
            if not path:
                raise ValueError("the path of a store is empty")
        events = event_classes(notify_keyspace_events)
        manual = isinstance(clock, ManualClock)
        self._files = files
        self._attach(Shared(clock or SystemClock(), seed), 0)
        if manual if record_accesses is None else record_accesses:
            Eviction.of(self._shared).record_times()
        limits = {
            "maxmemory": parse_size(maxmemory),
            "maxmemory_policy": maxmemory_policy,
            "maxmemory_samples": maxmemory_samples,
            "maxkeys": maxkeys,
            "lfu_log_factor": lfu_log_factor,
            "lfu_decay_time": lfu_decay_time,
        }
        if limits != vars(DEFAULTS):
            with self._shared.lock:
                Eviction.of(self._shared).set(**limits)
        if path is None:
            if read_only:
                raise ValueError("a store in memory cannot be read-only")
        elif read_only:
            from .persist.durability import ReadOnly

            ReadOnly(self, os.path.abspath(path), files)
        else:
            # As everything of `persist`, imported where it is needed: it takes as long as all the rest.
            from .persist.durability import Durability

            min_size = parse_size(compact_min_size)
            Durability(self, os.path.abspath(path), files, fsync, compact_percent, min_size)
        if events:
            with self._shared.lock:
                self._shared.notify_events(events)
        _forking.add(self)

    def __repr__(self) -> str:
        journal = self._shared.journal
        where = "in memory" if journal is None else repr(journal.path)
        if self._shared.closed:
            return f"<Store {where}, closed>"
        number = f" db={self._index}" if self._index else ""
        return f"<Store {where}{number}, {len(self._db.data)} keys>"

    def __enter__(self) -> Self:
        self._check_open()
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
        shared = self._shared
        journal = shared.journal
        with shared.lock:
            if shared.depth > 0:
                raise RedisError("a store cannot be closed from within a transaction")
        if journal is not None and not shared.closed:
            journal.stop()
        with shared.lock:
            if not shared.closed:
                self._close("the store is closed")
                if journal is not None:
                    journal.close()
                shared.let_go()

    @overload
    @classmethod
    def load(
        cls, file: PathLike, *, decode_responses: Literal[False] = False, **options: Any
    ) -> Store[bytes]: ...
    @overload
    @classmethod
    def load(cls, file: PathLike, *, decode_responses: Literal[True], **options: Any) -> Store[str]: ...
    @classmethod
    def load(cls, file: PathLike, **options: Any) -> Store[Any]:
        """A new store with what `save` wrote to `file`. The options are those of `Store`."""
        store = cls(**options)
        try:
            store.restore_from(file)
        except BaseException:
            store.close()
            raise
        return store

    def __getitem__(self, name: Encodable) -> T:
        """The string at `name`; KeyError if there is none."""
        value = self.get(name)
        if value is None:
            raise KeyError(name)
        return value

    def __setitem__(self, name: Encodable, value: Encodable) -> None:
        self.set(name, value)

    def select(self, index: int) -> Self:
        """The same data's database `index`, 0 to 15, as a Store; the same object each time."""
        return cast(Self, self._sibling(index))

    def advance(self, seconds: float | timedelta) -> None:
        """Move this store's ManualClock forward: keys expire and waits end, in the order of their times."""
        clock = self._shared.clock
        if not isinstance(clock, ManualClock):
            raise TypeError("only a store opened with clock=ManualClock() can be advanced")
        clock.advance(seconds)


class _DecodingStore(Store[str]):
    """A store whose replies are str."""

    _decodes = True

    def get(self, name: Encodable) -> str | None:
        key = name.encode() if isinstance(name, str) else encode(name)
        db = self._db
        if key not in db.deadlines:
            text = db.data.get(key)
            if type(text) is bytes and (db.doubt is None or not db.doubt(key)):
                return text.decode()
        value: Any = Strings.get(self, key)
        return None if value is None else value.decode()

    def hget(self, name: Encodable, key: Encodable) -> str | None:
        value: Any = Hashes.hget(self, name, key)
        return None if value is None else value.decode()

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

    def _documents(self, pairs: list[tuple[bytes, dict[bytes, bytes]]]) -> list[tuple[str, dict[str, str]]]:
        return [
            (name.decode(), {field.decode(): value.decode() for field, value in fields.items()})
            for name, fields in pairs
        ]


def _decoding(cls: type[Store[Any]]) -> type[Store[Any]]:
    """The class of a store like `cls` that decodes its replies."""
    return _DecodingStore if cls is Store else type(cls.__name__, (cls, _DecodingStore), {})


_forking: weakref.WeakSet[Store[Any]] = weakref.WeakSet()
"""Every store, so that a fork meets none in the middle of a change."""


def _before_fork() -> None:
    for store in list(_forking):
        store._shared.lock.acquire()


def _after_fork_in_parent() -> None:
    for store in list(_forking):
        store._shared.lock.release()


def _after_fork_in_child() -> None:
    """A store in memory is the child's own copy; a folder remains the parent's."""
    for store in list(_forking):
        journal = store._shared.journal
        if journal is not None and not store._shared.closed:
            journal.abandon()
            store._close("the store belongs to the process that opened it: open it again in this one")
        store._shared.lock.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_after_fork_in_parent,
        after_in_child=_after_fork_in_child,
    )
