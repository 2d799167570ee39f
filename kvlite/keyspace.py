"""The keyspace every type builds on: looking keys up, letting them expire, the effects all values share.

`Shared` is what the sixteen databases of one store have in common; `Keyspace` is one of them, and the
base of every type's methods.

How an operation is built: a public method speaks Python (`zadd`), turns its arguments into bytes and
numbers and calls a private half (`_zadd`), which the wire calls too. The half takes the lock, looks the key
up with `_read` or `_write`, decides, and changes state through effects only (`_effect_...`). A half that
makes several effects, or calls another half, does it between `_begin` and `_end`.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from types import FunctionType
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from .channels import Hub
from .clock import Clock, ManualClock
from .database import Database, Value
from .effects import Journal, Observer, close_funnel, effect, leave_unobserved, open_funnel
from .errors import (
    DB_INDEX_OUT_OF_RANGE,
    WRONG_TYPE,
    PersistenceError,
    RedisError,
    ResponseError,
    StoreClosedError,
)
from .events import NEW, Births, notifier
from .structs import Collection
from .structs.limits import Limits
from .waiting import Attempt, Waiter, WaitingRoom

if TYPE_CHECKING:
    from random import Random

    from typing_extensions import TypeVar as TypeVarWithDefault

    T = TypeVarWithDefault("T", default=bytes)
else:
    T = TypeVar("T")
"""What a reply is made of: bytes, or str in a store that decodes responses."""
C = TypeVar("C", bound=Collection)
R = TypeVar("R")
S = TypeVar("S")

DATABASES = 16
EXPIRE_AT_ONCE = 20
"""How many dead keys one write clears away, at most."""


class Shared:
    """What the databases of one store share: the lock, the clock, who waits and who observes."""

    def __init__(self, clock: Clock, seed: int | None = None) -> None:
        self.lock = threading.RLock()
        self.release: Callable[[], None] = self.lock.release
        """How a command lets go of the lock: a journal may have something to wait for."""
        self.clock = clock
        self.now = clock.now
        self._seed = seed
        self.limits = Limits()
        self.databases = DATABASES
        """How many can be selected."""
        self.active_expire = True
        """Whether dead keys go before somebody asks for them."""
        self.expired_keys = 0
        self.evicted_keys = 0
        self.stores: list[Keyspace[Any] | None] = [None] * DATABASES
        self.open_stores: list[Keyspace[Any]] = []
        self.room = WaitingRoom()
        self.hub = Hub()
        self.libraries: dict[bytes, bytes] = {}
        """The code of each library of functions by its name. Never changed but exchanged for another: who has
        it has the libraries of an instant."""
        self.event_classes = 0
        """The keyspace events that are published; see `events`."""
        self.waits: dict[int, Callable[..., Any]] = {}
        """What stands for `_block` in threads that may not sleep, by their idents."""
        self.next_due: int | None = None
        """No key is due before this, milliseconds since the epoch; None when none has a deadline."""
        self.alarms: list[Callable[[], None]] = []
        """Called, under the lock, when something falls due earlier than was known: for who waits for that."""
        self.observers: list[Observer] = []
        self.forgotten: deque[Observer] = deque()
        """Those of them that nobody holds any more. Any thread adds to it, at any time."""
        self.journal: Journal | None = None
        self.make_gate: Callable[..., Callable[..., Any]] | None = None
        """What makes the gates before effects, where more is to be done there than to announce and record."""
        self.eviction: Any = None
        """The limits, once something was set: see `eviction`."""
        self.instance: Any = None
        """What the sessions of the wire have in common, once there is one."""
        self.probe: Any = None
        """What a test has put before every command."""
        self.depth = 0
        self.serving = False
        self.frozen = False
        """Nothing may change any more: dead keys stay where they are, and are not seen."""
        self.closed = False
        if isinstance(clock, ManualClock):
            clock.follow(self)

    @cached_property
    def random(self) -> Random:
        """Where random picks come from. It takes longer to make than all the rest of a store."""
        from random import Random  # slow to import, as is what it imports

        return Random(self._seed)

    def let_go(self) -> None:
        """Hold on to no database any more, so that a store that is closed goes with whoever held it last."""
        self.stores, self.open_stores, self.instance = [], [], None

    # Observing

    @property
    def is_observed(self) -> bool:
        """Whether effects are to go through gates."""
        return bool(self.observers) or self.journal is not None or self.make_gate is not None

    def observe(self, observer: Observer) -> None:
        """Tell `observer` of every change from now on."""
        self.observers.append(observer)
        self.forget()

    def stop_observing(self, observer: Observer) -> None:
        self.observers.remove(observer)
        self._place_gates()

    def forget(self) -> None:
        """Tell those who are forgotten of nothing any more."""
        while self.forgotten:
            self.observers.remove(self.forgotten.popleft())
        self._place_gates()

    def keep_journal(self, journal: Journal) -> None:
        """Record every change from now on. The journal says how a command lets go of the lock."""
        self.journal = journal
        self.release = journal.release
        release = self._serve_and_release if self.room.ready else self.release
        for store in self.open_stores:
            store._release = release
        self._place_gates()

    def _place_gates(self) -> None:
        place = open_funnel if self.is_observed else close_funnel
        for store in self.open_stores:
            place(store)

    def count_with(self, make_gate: Callable[..., Callable[..., Any]] | None) -> None:
        """Let effects pass through gates made by this from now on; None for those that were there before."""
        self.make_gate = make_gate
        if make_gate is None:
            for store in self.open_stores:
                leave_unobserved(store)
        self._place_gates()

    # Keyspace events

    def notify_events(self, classes: int) -> None:
        """Publish the events of these classes, and no others, from now on. Under the lock."""
        self.event_classes = classes
        for store in self.open_stores:
            store._notify = notifier(store, classes)
        self.observers = [each for each in self.observers if not isinstance(each, Births)]
        if classes & NEW:
            self.observers.append(Births())
        self._place_gates()
        self._ring()

    # Encodings

    def reencode(self) -> None:
        """Let every value be kept as if it came in now, under the present limits: as after a restart. O(n).

        Under the lock. Scans of hashes, sets and sorted sets that are under way may miss something.
        """
        for store in self.open_stores:
            data = store._db.data
            for key, value in data.items():
                if isinstance(value, Collection):
                    value.reencode(self.limits)
                elif isinstance(value, (bytes, bytearray)):
                    data[key] = bytes(value)
        if self.eviction is not None:
            self.eviction.recount()

    # Deadlines

    def schedule(self, deadline: int) -> None:
        if self.next_due is None or deadline < self.next_due:
            self.next_due = deadline
            self._ring()

    def _ring(self) -> None:
        for ring in self.alarms:
            ring()

    def expire_due(self, limit: int | None = None) -> None:
        """Remove keys and fields whose deadline has come, in the order of their deadlines."""
        now = self.now()
        while self.active_expire and not self.frozen:
            due, store = None, None
            for candidate in self.open_stores:
                deadline = candidate._db.next_deadline()
                if deadline is not None and (due is None or deadline < due):
                    due, store = deadline, candidate
            self.next_due = due
            if due is None or store is None or due > now or limit == 0:
                self.give_back(Database.is_sparse)  # which expiry has left so
                return
            store._expire_next(due)
            if limit is not None:
                limit -= 1

    def give_back(self, is_too_large: Callable[[Database], bool]) -> bool:
        """Exchange tables that are, unless somebody holds on to them; whether there were any. O(n)."""
        if self.observers or self.depth > 0:
            return False
        stores = [store for store in self.open_stores if is_too_large(store._db)]
        for store in stores:
            store._db = store._db.compacted()
        return bool(stores)

    def next_deadline(self) -> int | None:
        with self.lock:
            expires = self.active_expire and not self.frozen
            if self.next_due is not None and expires:
                dues = [store._db.next_deadline() for store in self.open_stores]
                self.next_due = min((due for due in dues if due is not None), default=None)
            timeout = self.room.next_timeout()
            due = self.next_due if expires else None
            both = [instant for instant in (due, timeout) if instant is not None]
            return min(both, default=None)

    def run_due(self) -> None:
        self.lock.acquire()
        try:
            self.expire_due()
            self.room.time_out(self.now())
        finally:
            release = self._serve_and_release if self.room.ready else self.lock.release
            release()

    # Waiting

    def born(self, store: Keyspace[Any], key: bytes) -> None:
        """Serve those who wait for `key`, as soon as what is being done is done."""
        self.room.born(store, key)
        for each in self.open_stores:
            each._release = self._serve_and_release

    def _serve_and_release(self) -> None:
        if self.depth > 0 or self.serving:
            self.lock.release()
            return
        self.serving = True
        try:
            self.room.serve()
        finally:
            self.serving = False
            if not self.room.ready:
                for store in self.open_stores:
                    store._release = self.release
            self.release()


class _ClosedDatabase:
    """Stands where the database was: whoever still reaches for it learns why it is gone."""

    def __init__(self, why: str) -> None:
        self._why = why

    def __getattr__(self, name: str) -> Any:
        raise StoreClosedError(self._why)


class Keyspace(Generic[T]):
    """One database of a store: the halves of its operations that know no type."""

    _db: Database
    _shared: Shared
    _index: int
    _acquire: Callable[[], object]
    _release: Callable[[], None]
    _lines: dict[bytes, Any]
    """Who waits for a key, in order."""
    _watchers: int
    """How many of them have to know when their key is removed."""
    _gates: dict[object, dict[str, Callable[..., Any]]]
    """By what makes them."""
    _gated: object
    """Which of them stand before the effects, or None."""
    _notify: Callable[[bytes, bytes], None] | None
    """Says that an event has happened to a key; None where nobody is to be told of events. Called by who
    knows the event's name, under the lock, after the effect."""
    _on_evicted: Callable[[bytes], None] | None
    """Called with each key that is evicted, under the lock; None where nobody is to be told."""
    _unobserved: bool
    """Nobody is to be told of changes. The hottest commands then make the commonest one in line, by the body
    of its effect: a call more would be a third of what they take."""

    def _attach(self, shared: Shared, index: int) -> None:
        """Become database `index` of those that share `shared`."""
        self._shared = shared
        self._index = index
        self._db = Database()
        self._acquire = shared.lock.acquire
        self._release = shared.release
        self._lines = {}
        self._watchers = 0
        self._gates = {}
        self._gated = None
        self._notify = notifier(self, shared.event_classes)
        self._on_evicted = None
        self._unobserved = self._is_unobserved()
        self._db.set_busy(shared.depth > 0)
        shared.stores[index] = self
        shared.open_stores.append(self)
        if shared.is_observed:
            open_funnel(self)
        if shared.eviction is not None:
            shared.eviction.take_in(self)
        if shared.probe is not None:
            shared.probe.stand_before(self)

    def _is_unobserved(self) -> bool:
        return not self._shared.is_observed and self._notify is None and not self._watchers

    def _sibling(self, index: int) -> Keyspace[T]:
        """Database `index` of the same store; the same object each time."""
        shared = self._shared
        if not 0 <= index < shared.databases:
            raise ResponseError(DB_INDEX_OUT_OF_RANGE)
        self._acquire()
        try:
            store = shared.stores[index]
            if store is None:
                store = object.__new__(type(self))
                store._attach(shared, index)
            return store
        finally:
            shared.lock.release()

    def _check_open(self) -> None:
        self._acquire()
        self._release()

    def _close(self, why: str) -> None:
        """Let every call, from now on and those that wait, raise StoreClosedError. Under the lock."""
        shared = self._shared
        shared.closed = shared.frozen = True

        def refuse() -> None:
            raise StoreClosedError(why)

        shared.hub.dismiss(why)
        if shared.instance is not None:
            shared.instance.end_monitors()
        for store in shared.open_stores:
            shared.room.dismiss(store, why)
            store._db = cast(Database, _ClosedDatabase(why))
            store._acquire = refuse

    def _adopt(self, db: Database) -> None:
        """Let `db`, which was read from files, be this database."""
        self._db = db
        if self._shared.eviction is not None:
            self._shared.eviction.take_in(self)

    # Replies: bytes here, where T is bytes; str in a store that decodes responses

    def _one(self, value: bytes) -> T:
        return value  # type: ignore[return-value]

    def _maybe(self, value: bytes | None) -> T | None:
        return value  # type: ignore[return-value]

    def _many(self, values: list[bytes]) -> list[T]:
        return values  # type: ignore[return-value]

    def _many_maybe(self, values: list[bytes | None]) -> list[T | None]:
        return values  # type: ignore[return-value]

    def _mapping(self, pairs: dict[bytes, bytes]) -> dict[T, T]:
        return pairs  # type: ignore[return-value]

    def _scored(self, pairs: list[tuple[bytes, R]]) -> list[tuple[T, R]]:
        return pairs  # type: ignore[return-value]

    def _documents(self, pairs: list[tuple[bytes, dict[bytes, bytes]]]) -> list[tuple[T, dict[T, T]]]:
        return pairs  # type: ignore[return-value]

    # Looking up, under the lock

    def _peek(self, key: bytes) -> Value | None:
        """The live value at `key`, without counting as a use of it."""
        db = self._db
        deadline = db.deadlines.get(key)
        if deadline is not None and deadline <= self._shared.now():
            self._expire(key)
            return None
        if db.field_deadlines and key in db.field_deadlines:
            self._expire_fields(key)
        return db.data.get(key)

    def _live(self, key: bytes) -> Value | None:
        """The live value at `key`, one of the keys that take more than a look into `data`."""
        db = self._db
        mortal = key in db.deadlines or key in db.field_deadlines
        value = self._peek(key) if mortal else db.data.get(key)
        if value is not None and db.uses is not None:
            db.uses.note(key)
        return value

    def _find(self, key: bytes) -> Value | None:
        """The live value at `key`, of whatever kind, or None."""
        db = self._db
        return self._live(key) if key in db.special or key in db.field_deadlines else db.data.get(key)

    def _look_up(self, key: bytes) -> Value | None:
        """`_find` for a command that only reads: that nothing is there is an event."""
        value = self._find(key)
        if value is None and self._notify is not None:
            self._notify(b"keymiss", key)
        return value

    def _read(self, key: bytes, kind: type[C]) -> C | None:
        """The collection of this kind at `key`, or None; WRONGTYPE for a value of another kind."""
        value = self._find(key)
        if isinstance(value, kind):
            return value
        if value is not None:
            raise ResponseError(WRONG_TYPE)
        if self._notify is not None:
            self._notify(b"keymiss", key)
        return None

    def _held(self, key: bytes, kind: type[C]) -> C | None:
        """As `_read`, for a command that may change the value."""
        value = self._find(key)
        if value is None or isinstance(value, kind):
            return value
        raise ResponseError(WRONG_TYPE)

    def _write(self, key: bytes, kind: type[C]) -> C | None:
        """`_held`, after some dead keys have been cleared away: how such a command begins."""
        if self._shared.next_due is not None:
            self._reap()
        value = self._find(key)
        if value is None or isinstance(value, kind):
            return value
        raise ResponseError(WRONG_TYPE)

    # Expiry

    def _reap(self) -> None:
        """Clear away a bounded number of dead keys. Every write does it when some key has a deadline.

        All of them where events are published: none may be overwritten that has not been said to be dead.
        """
        shared = self._shared
        if shared.next_due is not None and shared.next_due <= shared.now():
            shared.expire_due(EXPIRE_AT_ONCE if self._notify is None else None)

    def _expire(self, key: bytes) -> None:
        if not self._shared.frozen:
            with suppress(PersistenceError):  # nothing is lost if a dead key stays in the files
                self._effect_drop(key)
                self._shared.expired_keys += 1
                if self._notify is not None:
                    self._notify(b"expired", key)

    def _expire_next(self, deadline: int) -> None:
        """Remove the key, or the fields, at the head of the timetable, whose deadline this is."""
        db = self._db
        key = db.timetable[0][1]
        if db.deadlines.get(key) == deadline:
            self._expire(key)
        else:
            self._expire_fields(key, EXPIRE_AT_ONCE)

    def _expire_fields(self, key: bytes, limit: int | None = None) -> None:
        """Remove the fields of the hash at `key` whose deadline has come, or the first `limit` of them.

        `key` is in `field_deadlines`. Hashes know how.
        """
        raise NotImplementedError

    def _put_result(self, dest: bytes, value: Collection | None, event: bytes) -> None:
        """Make what a command has computed the value of `dest`, whatever was there; None is no value."""
        if value is not None:
            self._effect_load(dest, value, None)
        elif self._peek(dest) is not None:
            self._effect_drop(dest)
            event = b"del"
        else:
            return
        if self._notify is not None:
            self._notify(event, dest)

    def _live_until(self, key: bytes, deadline: int, now: int) -> None:
        """Give `key`, which is there, a new deadline; or remove it, if that is not in the future."""
        if deadline <= now:
            self._effect_drop(key)
            event = b"del"
        else:
            self._effect_deadline(key, deadline)
            event = b"expire"
        if self._notify is not None:
            self._notify(event, key)

    def _live_on(self, key: bytes) -> bool:
        """Take the deadline away from `key`, which is there; whether it had one."""
        if key not in self._db.deadlines:
            return False
        self._effect_deadline(key, None)
        if self._notify is not None:
            self._notify(b"persist", key)
        return True

    # Several effects that belong together

    def _begin(self) -> None:
        """What follows, until `_end`, is one for every reader and one record in the log."""
        shared = self._shared
        shared.depth += 1
        if shared.depth == 1:
            for store in shared.open_stores:
                store._db.set_busy(True)

    def _end(self) -> None:
        shared = self._shared
        shared.depth -= 1
        if shared.depth == 0:
            for store in shared.open_stores:
                store._db = store._db.retired(busy=False)
            if shared.journal is not None:
                try:
                    shared.journal.end_batch()
                except BaseException:
                    shared.hub.held.clear()
                    raise
            if shared.hub.held:
                shared.hub.send_held()

    # Births

    def _birth(self, key: bytes, value: Value) -> None:
        """Give a value to `key`, which has none."""
        db = self._db
        db.add(key, value)
        if db.uses is not None:
            db.uses.born(key)
        if key in self._lines:
            self._shared.born(self, key)

    def _went(self, key: bytes) -> None:
        """The value of `key` has gone, or another one has taken its place, as who waits for it may mind."""
        if self._watchers and key in self._lines:
            self._shared.born(self, key)

    def _keep_watch(self, more: int) -> None:
        """So many more have to know when their key is removed: no change is made in line meanwhile."""
        self._watchers += more
        self._unobserved = self._is_unobserved()

    def _attempt(self, attempt: Attempt[R], timeout: float, wake: Callable[[], None]) -> R | Waiter[R] | None:
        """What can be had at once; else a Waiter, parked until somebody serves it and calls `wake`.

        Within a transaction nothing is waited for: None. A ManualClock sends the waiter away after `timeout`
        seconds, 0 being never; with another clock that is up to the caller, by `_give_up`. When it was woken,
        `_outcome` tells what came of it.
        """
        shared = self._shared
        self._acquire()
        try:
            result = attempt.begin()
            if result is not None:
                return result
            if shared.depth > 0:
                return None
            waiter = Waiter(attempt, wake)
            manual = isinstance(shared.clock, ManualClock)
            shared.room.park(waiter, shared.now() + round(timeout * 1000) if timeout and manual else None)
            return waiter
        finally:
            self._release()

    def _give_up(self, waiter: Waiter[Any], error: Exception | None = None) -> bool:
        """Wait no longer; whether it was waited for. `error` is then the outcome, else None."""
        with self._shared.lock:
            if not waiter.parked:
                return False
            waiter.error = error
            self._shared.room.leave(waiter)
            return True

    def _abandon(self, waiter: Waiter[Any]) -> bool:
        """Nobody comes for the outcome any more: wait no longer, or put back what was served to where it was.

        False if that is impossible, because something else is there by now.
        """
        if self._give_up(waiter) or waiter.result is None or waiter.attempt.put_back is None:
            return True
        try:
            self._put_back(waiter, waiter.attempt.put_back)
        except RedisError:
            return False
        return True

    def _put_back(self, waiter: Waiter[Any], put_back: Callable[[Any], object]) -> None:
        key, deadline = waiter.key, waiter.deadline
        self._acquire()
        try:
            result, waiter.result = waiter.result, None
            if result is None or (deadline is not None and deadline <= self._shared.now()):
                return
            anew = self._peek(key) is None
            self._begin()
            try:
                put_back(result)
                if anew and deadline is not None:
                    self._effect_deadline(key, deadline)
            except BaseException:
                waiter.result = result
                raise
            finally:
                self._end()
        finally:
            self._release()

    def _outcome(self, waiter: Waiter[R]) -> R | None:
        """What became of a waiter that is not parked any more, and as safe as it must be."""
        if waiter.written is not None and self._shared.journal is not None:
            self._shared.journal.settle(waiter.written)
        if waiter.error is not None:
            raise waiter.error
        return waiter.result

    def _block(self, attempt: Attempt[R], timeout: float, shape: Callable[[R], S]) -> S | None:
        """`shape` of the result of `attempt`, for which this thread sleeps up to `timeout` seconds, 0 being
        for ever; None when the time is up."""
        wait = self._shared.waits.get(threading.get_ident())
        if wait is not None:
            return wait(self, attempt, timeout, shape)  # type: ignore[no-any-return]
        bell = threading.Lock()
        bell.acquire()
        waiter = self._attempt(attempt, timeout, bell.release)
        if not isinstance(waiter, Waiter):
            return None if waiter is None else shape(waiter)
        forever = not timeout or isinstance(self._shared.clock, ManualClock)
        try:
            bell.acquire(timeout=-1 if forever else min(timeout, threading.TIMEOUT_MAX))
        except BaseException:  # KeyboardInterrupt, most of all
            self._abandon(waiter)
            raise
        self._give_up(waiter)
        result = self._outcome(waiter)
        return None if result is None else shape(result)

    # Effects on the store as a whole: on its libraries of functions

    @staticmethod
    def _announce_nothing(store: Keyspace[Any], observer: Observer, arguments: tuple[Any, ...]) -> None:
        """No key and no database changes. Who has to put libraries back has kept `Shared.libraries`."""

    @effect(70, announce=_announce_nothing.__func__)  # type: ignore[attr-defined]
    def _effect_library(self, name: bytes, code: bytes) -> None:
        """Keep `code` as the library `name`, whatever was there."""
        self._shared.libraries = {**self._shared.libraries, name: code}

    @effect(71, announce=_announce_nothing.__func__)  # type: ignore[attr-defined]
    def _effect_forget_library(self, name: bytes) -> None:
        """Keep the library `name`, which is there, no longer."""
        self._shared.libraries = {each: code for each, code in self._shared.libraries.items() if each != name}

    def _keep_libraries(self, libraries: dict[bytes, bytes]) -> None:
        """Let these be all libraries. Between `_begin` and `_end`."""
        before = self._shared.libraries
        for name in before.keys() - libraries.keys():
            self._effect_forget_library(name)
        for name, code in libraries.items():
            if before.get(name) != code:
                self._effect_library(name, code)

    # Effects that any value can undergo

    @effect(1)
    def _effect_drop(self, key: bytes) -> None:
        """Remove `key`."""
        self._db.remove(key)
        if self._watchers:
            self._went(key)

    @effect(2)
    def _effect_deadline(self, key: bytes, deadline: int | None) -> None:
        """Let `key`, which is there, live until `deadline`, milliseconds since the epoch, or for ever."""
        db = self._db
        db.set_deadline(db.keys.items[db.keys.positions[key]], deadline)  # no second copy of the key is kept
        if deadline is not None:
            self._shared.schedule(deadline)

    @effect(3)
    def _effect_load(self, key: bytes, value: Value, deadline: int | None) -> None:
        """Make `value`, which nobody else may hold, the value of `key`."""
        self._replace(key, value, deadline)

    @staticmethod
    def _announce_move(store: Keyspace[Any], observer: Observer, arguments: tuple[Any, ...]) -> None:
        key, index, new_key = arguments
        observer.changing(store, key)
        observer.changing(store._sibling(index), new_key)

    @effect(4, announce=_announce_move.__func__)  # type: ignore[attr-defined]
    def _effect_move(self, key: bytes, index: int, new_key: bytes) -> None:
        """Carry the value of `key`, with its deadline, over to `new_key` of database `index`."""
        value = self._db.data[key]
        deadline = self._db.deadlines.get(key)
        uses, other = self._db.uses, self._sibling(index)
        state = None if uses is None else uses.state(key)
        self._db = self._db.retired()
        self._db.remove(key)
        self._went(key)
        other._replace(new_key, value, deadline)
        if state is not None and other._db.uses is not None:
            other._db.uses.put_back(new_key, state)

    @staticmethod
    def _announce_flush(store: Keyspace[Any], observer: Observer, arguments: tuple[Any, ...]) -> None:
        observer.emptying(store)

    @effect(5, announce=_announce_flush.__func__)  # type: ignore[attr-defined]
    def _effect_flush(self) -> None:
        """Remove every key of this database. O(1), and what is waited for on it."""
        gone, self._db = self._db, self._db.successor()
        for key in self._lines:
            if key in gone.data:
                self._went(key)

    @staticmethod
    def _announce_swap(store: Keyspace[Any], observer: Observer, arguments: tuple[Any, ...]) -> None:
        observer.swapping(store, store._sibling(arguments[0]))

    @effect(6, announce=_announce_swap.__func__)  # type: ignore[attr-defined]
    def _effect_swap(self, index: int) -> None:
        """Change places with database `index`. O(1), and what is waited for on either."""
        other = self._sibling(index)
        self._db, other._db = other._db.retired(), self._db.retired()
        for store in (self, other):
            for key in store._lines:
                if key in self._db.data or key in other._db.data:
                    self._shared.born(store, key)

    def _replace(self, key: bytes, value: Value, deadline: int | None) -> None:
        db = self._db
        db.replace(key, value, deadline)
        if db.uses is not None:
            db.uses.born(key)
        for due in (deadline, db.field_deadlines.get(key)):
            if due is not None:
                self._shared.schedule(due)
        if key in self._lines:
            self._shared.born(self, key)


_COMMANDS_IN = tuple(f"{__package__}.{part}" for part in ("types.", "scripts", "functions", "administration"))
"""How the names of the modules begin that define commands."""


def commands_of(store: type[Keyspace[Any]]) -> dict[str, FunctionType]:
    """The methods of a store that are commands, each of which answers once."""
    return {
        name: method
        for part in store.__mro__
        if part.__module__.startswith(_COMMANDS_IN)
        for name, method in vars(part).items()
        if isinstance(method, FunctionType) and name[0] != "_" and not name.endswith("_iter")
    }
