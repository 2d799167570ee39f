"""Limits: how much memory or how many keys a store may have, and which go when it has more.

A store without a limit knows nothing of this. While one stands, effects go through gates that keep an account
(`accounting`), and the methods of commands that may take memory are preceded by `Eviction.admit`, as a
session asks it before such a request: it makes room, or refuses before anything has changed.

Where the policy is LRU or LFU among all keys, those that go are the first in line (`line`). The others find
them as Redis does, by samples: each time some are needed many are drawn, and of these, and the best of those
drawn before, the first `BATCH` go one after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import wraps
from itertools import islice, repeat
from math import inf
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeAlias

from .accounting import Account, counting_gate, let_go, needed_by, used_by
from .database import Database
from .errors import OUT_OF_MEMORY, OutOfMemoryError
from .uses import Frequencies, Hand, Times, Tuning, Uses

if TYPE_CHECKING:
    from .keyspace import Keyspace, Shared

Candidate: TypeAlias = "tuple[int, bytes, Keyspace[Any]]"
"""A key that may go, with its rank: the least goes first."""

BATCH = 16
"""How many keys are picked at a time."""
MOST_AT_ONCE = 128
"""How many keys go before it is looked at how much is left."""
_DENYOOM = """
    append bitfield bitop blmove brpoplpush copy decr decrby function|load function|restore geoadd georadius
    georadiusbymember geosearchstore getset hincrby hincrbyfloat hmset hset hsetex hsetnx incr incrby
    incrbyfloat linsert lmove lpush lpushx lset mset msetnx pfadd pfdebug pfmerge psetex restore
    restore-asking rpoplpush rpush rpushx sadd sdiffstore set setbit setex setnx setrange sinterstore sort
    sunionstore xadd xgroup|create xgroup|createconsumer xsetid zadd zdiffstore zincrby zinterstore
    zrangestore zunionstore
"""
DENYOOM = frozenset(_DENYOOM.split())
"""The commands that may take memory, which is what Redis's flag of this name says of them. Subcommands as
`xgroup|create`."""
DONE_BY = {"bitfield": "_run_bitfield"}
"""The methods of commands that are done by another one than that of their name."""
GUARDED = frozenset(DONE_BY.get(name, name.replace("|", "_")) for name in DENYOOM)
"""The methods of these commands, of those of them that are methods."""
STEP = 256
"""Room is made for more than is needed: one part in so many of the limit, or one key more."""


@dataclass(frozen=True)
class Policy:
    """Which keys may go: those with a deadline only, if it is `volatile`; and which of them go first."""

    name: str
    volatile: bool = False
    by: str | None = None
    """The least `time` of use, `frequency` of use or `deadline`; None is chance."""
    evicts: bool = True

    @property
    def lines_up(self) -> bool:
        """Keys go in an exact order; else they are looked for each time, by samples."""
        return self.by in ("time", "frequency") and not self.volatile


POLICIES = {
    policy.name: policy
    for policy in (
        Policy("noeviction", evicts=False),
        Policy("allkeys-lru", by="time"),
        Policy("allkeys-lfu", by="frequency"),
        Policy("allkeys-random"),
        Policy("volatile-lru", volatile=True, by="time"),
        Policy("volatile-lfu", volatile=True, by="frequency"),
        Policy("volatile-random", volatile=True),
        Policy("volatile-ttl", volatile=True, by="deadline"),
    )
}


LEAST = {"maxmemory": 0, "maxkeys": 0, "maxmemory_samples": 1, "lfu_log_factor": 0, "lfu_decay_time": 0}


@dataclass(frozen=True)
class Settings:
    """What can be set, under Redis's names; 0 is no limit."""

    maxmemory: int = 0
    maxkeys: int = 0
    maxmemory_policy: str = "noeviction"
    maxmemory_samples: int = 5
    lfu_log_factor: int = 10
    lfu_decay_time: int = 1

    def __post_init__(self) -> None:
        if self.maxmemory_policy not in POLICIES:
            raise ValueError(f"maxmemory_policy is one of {', '.join(POLICIES)}")
        for name, least in LEAST.items():
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool):
                raise TypeError(f"{name} is a whole number, not {value!r}")
            if value < least:
                raise ValueError(f"{name} is at least {least}, not {value!r}")


DEFAULTS = Settings()


class Eviction:
    """The limits of one store, and what keeps them. One per store, from when something is first set."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self.settings = DEFAULTS
        self.policy = POLICIES["noeviction"]
        self._tuning = Tuning()
        self._hand: Hand | None = None
        self._records_times = False
        """Times of use are recorded whatever the policy is."""
        self.maxkeys = 0
        """That of the settings."""
        self.pressed = False
        """The memory that is used may have come near the limit."""
        self.unchecked = 0
        """What is done now has been admitted as a whole, if this is not 0."""
        self._victims: list[Candidate] = []
        """Those that go next, the first of them last."""
        self._next_best: list[Candidate] = []

    @classmethod
    def of(cls, shared: Shared) -> Eviction:
        """That of a store, the same each time."""
        if shared.eviction is None:
            shared.eviction = cls(shared)
        eviction: Eviction = shared.eviction
        return eviction

    @property
    def is_limited(self) -> bool:
        return bool(self.settings.maxmemory or self.settings.maxkeys)

    # Setting

    def record_times(self) -> None:
        """Note when keys are used, whatever the policy is."""
        self._records_times = True
        self._take_in_all()

    def set(self, **changes: Any) -> None:
        """Set some of the `Settings`, and hold them from now on: too much goes at once, if it can. O(n) when
        the first limit is set, or other uses are to be noted. ValueError for what cannot be. Under the lock.
        """
        was_limited = self.is_limited
        self.settings = settings = replace(self.settings, **changes)
        self.policy = POLICIES[settings.maxmemory_policy]
        self.maxkeys = settings.maxkeys
        self._tune(settings.lfu_log_factor, settings.lfu_decay_time)
        self._victims, self._next_best = [], []
        self.pressed = True
        self._take_in_all()
        if self.is_limited != was_limited:
            self._shared.count_with(counting_gate if self.is_limited else None)
        if self.is_limited and not self._shared.frozen:
            self._make_room()

    def _tune(self, factor: int, decay: int) -> None:
        self._tuning.factor = factor
        if self._tuning.decay != decay:
            self._tuning.decay = decay
            for store in self._shared.open_stores:
                if store._db.uses is not None:
                    store._db.uses.line = None  # the ranks are other ones

    def _take_in_all(self) -> None:
        for store in self._shared.open_stores:
            self.take_in(store)

    def take_in(self, store: Keyspace[Any]) -> None:
        """Let `store` be as the settings want it: a new database of the store, or one with a new content."""
        db = store._db
        kind = self._kind()
        if kind != (None if db.uses is None else db.uses.kind):
            if kind is None:
                db = db.retired()  # a reader may be about to call what notes uses
            db.record_uses(self._new_uses(kind))
            store._db = db
        if db.uses is not None and (db.uses.line is not None) != (self.policy.lines_up and self.is_limited):
            if db.uses.line is None:
                db.uses.line_up(self._shared.random)
            else:
                db.uses.line = None
        if not self.is_limited:
            db.account = None
            for name in GUARDED:
                if getattr(store.__dict__.get(name), "guards", None) is self:
                    del store.__dict__[name]
        elif db.account is None:
            db.account = Account(self)
            db.account.count(db)
            self.pressed = True
            self._stand_before(store)

    def _kind(self) -> str | None:
        if self.policy.by in ("time", "frequency"):
            return self.policy.by
        return "time" if self._records_times else None

    def _new_uses(self, kind: str | None) -> Uses | None:
        if kind is None:
            return None
        shared = self._shared
        if self._hand is None:
            self._hand = Hand(shared.clock)
        if kind == "time":
            return Times(self._hand)
        return Frequencies(self._hand, shared.random, shared.lock, self._tuning)

    # Standing before commands

    def _stand_before(self, store: Keyspace[Any]) -> None:
        for name in GUARDED:
            if hasattr(store, name) and getattr(store.__dict__.get(name), "guards", None) is not self:
                store.__dict__[name] = self._before(store, getattr(store, name))

    def _before(self, store: Keyspace[Any], call: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(call)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if self.pressed:
                self.admit()
            result = call(*args, **kwargs) if kwargs else call(*args)
            if self.maxkeys:
                self.trim(store)
            return result

        guarded.guards = self  # type: ignore[attr-defined]
        return guarded

    def admit(self) -> None:
        """Make room for a command that may take memory. OutOfMemoryError if there is none."""
        shared = self._shared
        with shared.lock:
            if shared.closed or self.unchecked or shared.frozen:
                return
            if not self._make_room():
                raise OutOfMemoryError(OUT_OF_MEMORY)

    def trim(self, store: Keyspace[Any]) -> None:
        """Let keys go until there are no more than may be, after a command that may have made some in
        `store`, but not the one that it has made last."""
        shared, most = self._shared, self.settings.maxkeys
        if not most or not self.policy.evicts or self._count() <= most:
            return
        with shared.lock:
            if not shared.closed and not self.unchecked and not shared.frozen:
                self._evict_until(lambda: self._count() <= most, spare_newest_of=store)

    def _count(self) -> int:
        return sum(len(store._db.data) for store in self._shared.open_stores)

    def used(self) -> int:
        """The bytes that all databases take. O(1). Under the lock."""
        return sum(used_by(store._db) for store in self._shared.open_stores)

    def recount(self) -> None:
        """Measure everything anew, after what was no effect. O(n)."""
        for store in self._shared.open_stores:
            if store._db.account is not None:
                store._db.account.count(store._db)
        self.pressed = True

    def is_full(self) -> bool:
        """Whether there is more than may be, after as much as can go has gone. Under the lock."""
        return self.is_limited and self.pressed and not self._make_room()

    # Making room

    def _make_room(self) -> bool:
        """Whether there is no more than may be, now."""
        return self._is_below_maxkeys() and self._is_below_maxmemory()

    def _is_below_maxkeys(self) -> bool:
        most = self.settings.maxkeys
        if not most:
            return True
        if not self.policy.evicts:
            self.pressed = True
            return self._count() < most
        return self._evict_until(lambda: self._count() <= most)

    def _is_below_maxmemory(self) -> bool:
        most = self.settings.maxmemory
        if not most:
            self.pressed = bool(self.settings.maxkeys and not self.policy.evicts)
            return True
        needed = self._needed(most)
        one_more = needed // max(1, self._count()) if self.policy.evicts else 0
        if needed > most - one_more and self.policy.evicts:
            enough = most - max(most // STEP, one_more)
            while needed > enough and self._evict_some(needed - enough):
                needed = self._needed(most)
        self._place_ceilings(most - one_more - needed)
        return needed <= most

    def _needed(self, most: int) -> int:
        """The bytes that are needed; if more than `most`, with tables no larger than they must be."""
        needed = sum(needed_by(store._db) for store in self._shared.open_stores)
        if needed > most and self._shared.give_back(Database.is_wasteful):
            needed = sum(needed_by(store._db) for store in self._shared.open_stores)
        return needed

    def _evict_some(self, excess: int) -> bool:
        """Let as many keys go as take about so many bytes, but few, if any may: to look after each how much
        is left would cost more."""
        count = self._count()
        weight = sum(store._db.account.total for store in self._shared.open_stores)
        wanted = excess * count // max(1, weight) + 1
        return self._evict(min(wanted, MOST_AT_ONCE, count // BATCH + 1)) > 0

    def _place_ceilings(self, room: int) -> None:
        """Look again when what is there has grown by a step, or has filled the `room`."""
        step = min(room, self.settings.maxmemory // STEP) if room > 0 else 0
        for store in self._shared.open_stores:
            account = store._db.account
            account.ceiling = account.total + step // len(self._shared.open_stores)
        self.pressed = room < 0 or bool(self.settings.maxkeys and not self.policy.evicts)

    def _evict_until(self, enough: Callable[[], bool], spare_newest_of: Keyspace[Any] | None = None) -> bool:
        """Let keys go, one after the other; False if there are none left that may."""
        while not enough():
            if not self._evict(1, spare_newest_of):
                return False
        return True

    def _evict(self, count: int, spare_newest_of: Keyspace[Any] | None = None) -> int:
        """Let so many keys go, if so many may; how many have gone."""
        if self.policy.lines_up:
            return self._evict_in_line(count, spare_newest_of)
        gone = 0
        while gone < count and (self._victims or self._pick(spare_newest_of)):
            batch = self._victims[gone - count :][::-1]
            del self._victims[-len(batch) :]
            for store in self._shared.open_stores:
                keys = self._ripe(store, batch, spare_newest_of)
                let_go(store, keys)
                gone += len(keys)
        self._shared.evicted_keys += gone
        return gone

    def _evict_in_line(self, count: int, spare_newest_of: Keyspace[Any] | None) -> int:
        """`_evict` where all keys stand in line."""
        stores = [store for store in self._shared.open_stores if store._db.data]
        for store in stores:
            store._db.uses.settle()  # type: ignore[union-attr]
        gone = 0
        while gone < count and stores:
            # From several databases they go one by one, each from the one whose turn it is.
            store = min(stores, key=_turn) if len(stores) > 1 else stores[0]
            db: Any = store._db
            most = 1 if len(stores) > 1 else count - gone
            keys = db.uses.line.take(most, db.account.newest if store is spare_newest_of else None)
            if not keys:
                stores.remove(store)
            if not all(map(db.data.__contains__, keys)):
                keys = _existing(db, keys)
            let_go(store, keys)
            gone += len(keys)
        self._shared.evicted_keys += gone
        return gone

    def _ripe(
        self, store: Keyspace[Any], batch: list[Candidate], spare_newest_of: Keyspace[Any] | None
    ) -> dict[bytes, int]:
        """Those of the batch that are keys of `store`, and may go still, with their ranks."""
        db: Any = store._db
        if self.policy.volatile:
            batch = [each for each in batch if each[1] in db.deadlines]
        if self.policy.by == "time":
            # A key that has been used since is not the one that was picked any more.
            at = db.uses.at.get
            batch = [each for each in batch if at(each[1]) == each[0]]
        keys = {key: rank for rank, key, of in batch if of is store and key in db.data}
        if store is spare_newest_of:
            keys.pop(db.account.newest, None)
        return keys

    def _pick(self, spare_newest_of: Keyspace[Any] | None) -> bool:
        """Find those that go next; whether there are any."""
        by = self.policy.by
        drawn = self._next_best
        stores = [store for store in self._shared.open_stores if store._db.data]
        samples = self.settings.maxmemory_samples
        kept = BATCH * (samples - 1) // 2
        wanted = BATCH * samples - len(drawn) if by else MOST_AT_ONCE
        for store in stores:
            db = store._db
            keys = self._draw(db, max(BATCH, wanted // len(stores)))
            if store is spare_newest_of:
                keys = [key for key in keys if key != db.account.newest]
            drawn += zip(self._ranks(db, keys), keys, repeat(store))
        if by is None:
            self._victims, self._next_best = drawn[:MOST_AT_ONCE], []
            return bool(drawn)
        drawn.sort(key=_rank)
        picked = min(BATCH, max(1, len(drawn) // samples))
        self._victims, self._next_best = drawn[:picked][::-1], drawn[picked : picked + kept]
        return bool(drawn)

    def _draw(self, db: Database, count: int) -> list[bytes]:
        """About `count` keys that may go, or all, if there are no more. One may be there twice."""
        random = self._shared.random
        if not self.policy.volatile:
            keys = db.keys.items
            return random.choices(keys, k=count) if len(keys) > 2 * count else random.sample(keys, len(keys))
        deadlines = db.deadlines
        if len(deadlines) <= count:
            return random.sample(list(deadlines), len(deadlines))
        # A timetable is a heap: the earliest stand at its beginning.
        nearest = self.policy.by == "deadline"
        drawn = islice(db.timetable, count) if nearest else random.choices(db.timetable, k=count)
        keys = [key for at, key in drawn if deadlines.get(key) == at]
        return keys or list(islice(deadlines, count))

    def _ranks(self, db: Database, keys: list[bytes]) -> Iterable[int]:
        if self.policy.by == "deadline":
            return map(db.deadlines.get, keys)  # type: ignore[arg-type]
        return repeat(0, len(keys)) if self.policy.by is None else db.uses.ranks(keys)  # type: ignore[union-attr]


def admit(shared: Shared, names: Iterable[str]) -> None:
    """Make room for methods of these names, which are to be called together, as for each of them."""
    eviction: Eviction | None = shared.eviction
    if eviction is not None and eviction.is_limited and not GUARDED.isdisjoint(names):
        eviction.admit()


@contextmanager
def admitted(shared: Shared) -> Iterator[None]:
    """A block whose commands have been admitted as a whole: none is refused, and nothing goes. Under the
    lock."""
    eviction: Eviction | None = shared.eviction
    if eviction is not None:
        eviction.unchecked += 1
    try:
        yield
    finally:
        if eviction is not None:
            eviction.unchecked -= 1


_rank = itemgetter(0)


def _existing(db: Database, keys: dict[bytes, int]) -> dict[bytes, int]:
    """Those that are there. A reader without the lock may have noted the use of one that went meanwhile."""
    for key in keys.keys() - db.data.keys():
        db.uses.forget(key)  # type: ignore[union-attr]
    return {key: state for key, state in keys.items() if key in db.data}


def _turn(store: Keyspace[Any]) -> float:
    """How soon it is the turn of the first key of a database: the least goes first."""
    first = store._db.uses.line.first()  # type: ignore[union-attr]
    return inf if first is None else first
