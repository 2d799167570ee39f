"""When, or how often, each key of a database was used: what OBJECT IDLETIME and FREQ tell, and LRU and LFU
policies go by.

A read without the lock notes its key by one operation on a dict or a deque, which is atomic; everything else
is called under the store's lock.
"""

from __future__ import annotations

import math
import os
import threading
import time
import weakref
from collections import Counter, deque
from collections.abc import Callable, Iterable
from itertools import repeat
from sys import getsizeof
from typing import TYPE_CHECKING, ClassVar, Protocol

from .clock import Clock, SystemClock
from .line import ByRank, ByTime, Line

if TYPE_CHECKING:
    from random import Random

FIRST_FREQUENCY = 5
"""What a new key starts with, so that it has a chance to be used again before it goes."""
MOST_FREQUENT = 255
MOST_RANKS = 10_000
NOTED = 16_384
"""How many uses may wait to be counted: 128 kB. Of more than come between two looks the first are lost."""
TICKS = 0.1
"""Seconds between two looks at the clock, as in Redis."""
SECOND = 1_000_000
MINUTE = 60 * SECOND
STAMP = getsizeof(1 << 50)


def ask_again(key: bytes, /) -> bool:
    """Whether a reader without the lock must take it, where that is always so."""
    return True


class Uses(Protocol):
    """What is known of how the keys of one database were used. `Times` or `Frequencies`."""

    kind: ClassVar[str]

    def note(self, key: bytes, /) -> object:
        """The key, which is there, is used now. May be called without the lock."""

    @property
    def note_read(self) -> Callable[[bytes], object]:
        """`note` for who has read without the lock: true if that cannot be noted without it."""

    def born(self, key: bytes) -> None:
        """The key came into being."""

    def forget(self, key: bytes) -> None:
        """The key is gone."""

    def forget_all(self, keys: Iterable[bytes]) -> None:
        """These are gone."""

    def state(self, key: bytes) -> int | None:
        """What is known of it, for `put_back`."""

    def put_back(self, key: bytes, state: int) -> None:
        """Let what was known of `key` be known of it again."""

    def ranks(self, keys: Iterable[bytes]) -> Iterable[int]:
        """For each key a number: the one with the least is the first to go. They may be gone already."""

    line: Line | None
    """Who goes first, if that is wanted."""

    def line_up(self, random: Random) -> None:
        """Keep a `line` from now on. O(n log n)."""

    def fill(self, keys: Iterable[bytes]) -> None:
        """These are all keys; of those that were not known nothing is known but that they are there. O(n)."""

    def settle(self) -> None:
        """Count what was noted without the lock."""

    def successor(self) -> Uses:
        """The same for an empty database."""

    def size(self) -> int:
        """How many bytes this takes. O(1)."""

    def __len__(self) -> int: ...


class Hand:
    """A coarse clock: microseconds since the epoch, which who is in a hurry reads without a call.

    No two writes see the same time, so that uses have an order. On the system's clock it is moved ten times a
    second by a thread that all stores share; other clocks are looked at each time.
    """

    __slots__ = ("__weakref__", "_now", "is_coarse", "present", "uses")

    def __init__(self, clock: Clock) -> None:
        self._now = clock.now
        self.present = clock.now() * 1000
        self.uses: weakref.WeakSet[Frequencies] = weakref.WeakSet()
        """What is to be settled now and then."""
        self.is_coarse = isinstance(clock, SystemClock)
        """`present` may be read by itself, and goes on a little by each use that takes the lock."""
        if self.is_coarse:
            _ticker.tick_for(self)

    def look(self) -> int:
        """The time, later than any that was seen before."""
        now, present = self._now() * 1000, self.present
        # Only a clock that is turned back for a test goes back by a second.
        self.present = now if now > present or now < present - SECOND else present + 1
        return self.present

    def seconds_since(self, then: int) -> int:
        """How many seconds have passed, both times in whole seconds, as Redis keeps them."""
        return max(0, self._now() // 1000 - then // SECOND)

    def minutes(self) -> int:
        return self.present // MINUTE if self.is_coarse else self._now() // 60_000


class _Ticker:
    """Moves the hands of all stores, by a thread that ends when there are none any more."""

    def __init__(self) -> None:
        self._hands: weakref.WeakSet[Hand] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def tick_for(self, hand: Hand) -> None:
        with self._lock:
            self._hands.add(hand)
            # A thread does not survive a fork.
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="kvlite-clock", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            time.sleep(TICKS)
            with self._lock:
                hands = list(self._hands)
                if not hands:
                    self._thread = None
                    return
            for hand in hands:
                hand.look()
                for uses in list(hand.uses):
                    uses.settle_if_free()
            del hands[:]

    def begin_anew(self) -> None:
        """Go on in a process that was forked, where the thread is missing and the lock is anybody's."""
        self._lock, self._thread = threading.Lock(), None
        for hand in list(self._hands):
            self.tick_for(hand)


_ticker = _Ticker()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_ticker.begin_anew)


class Times:
    """When each key was last used, in microseconds since the epoch."""

    __slots__ = ("at", "hand", "line", "note_read")
    kind: ClassVar[str] = "time"

    def __init__(self, hand: Hand) -> None:
        self.at: dict[bytes, int] = {}
        self.hand = hand
        self.line: Line | None = None
        self.note_read = self._reader() if hand.is_coarse else ask_again

    def __len__(self) -> int:
        return len(self.at)

    def note(self, key: bytes, /) -> None:
        hand = self.hand
        if hand.is_coarse:
            self.at[key] = now = hand.present + 1
            hand.present = now + 1  # reads that follow come later
        else:
            self.at[key] = hand.look()

    def born(self, key: bytes) -> None:
        hand = self.hand
        if hand.is_coarse:
            self.at[key] = now = hand.present + 1
            hand.present = now + 1
        else:
            self.at[key] = now = hand.look()
        if self.line is not None:
            self.line.add(key, now)

    def line_up(self, random: Random) -> None:
        self.line = ByTime(self.at, random)
        self.line.fill(self.at.items())

    def _reader(self) -> Callable[[bytes], object]:
        at, hand = self.at, self.hand

        def note_read(key: bytes) -> None:
            at[key] = hand.present

        return note_read

    def forget(self, key: bytes) -> None:
        self.at.pop(key, None)

    def forget_all(self, keys: Iterable[bytes]) -> None:
        deque(map(self.at.pop, keys, repeat(None)), maxlen=0)

    def state(self, key: bytes) -> int | None:
        return self.at.get(key)

    def put_back(self, key: bytes, state: int) -> None:
        self.at[key] = state
        if self.line is not None:
            self.line.put(key, state)
            self.line.tidy()

    def ranks(self, keys: Iterable[bytes]) -> Iterable[int]:
        return map(self.at.get, keys, repeat(0))

    def fill(self, keys: Iterable[bytes]) -> None:
        now, at = self.hand.look(), self.at
        known = {key: at.get(key, now) for key in keys}
        none_is_new = known.keys() <= at.keys()
        at.clear()  # and not exchanged: reads without the lock hold it
        at.update(known)
        if self.line is not None and not none_is_new:
            self.line.fill(at.items())

    def settle(self) -> None:
        pass

    def successor(self) -> Times:
        successor = Times(self.hand)
        if self.line is not None:
            successor.line_up(self.line.random)
        return successor

    def size(self) -> int:
        line = 0 if self.line is None else self.line.size()
        return getsizeof(self.at) + STAMP * len(self.at) + line

    def idle(self, key: bytes) -> int:
        """How many seconds ago `key`, which is there, was used."""
        return self.hand.seconds_since(self.at.setdefault(key, self.hand.present))

    def set_idle(self, key: bytes, seconds: int) -> None:
        self.put_back(key, self.hand.look() - seconds * SECOND)


class Frequencies:
    """How often each key is used, as Redis counts it: a logarithm of 8 bits that time diminishes.

    From `FIRST_FREQUENCY` on the counter rises with the probability 1 / (what is above it * `factor` + 1) at
    each use, and falls by one every `decay` minutes. Uses are noted in a queue, in their order, and counted
    before anybody asks, ten times a second at least.
    """

    __slots__ = (
        *("__weakref__", "_counters", "_first", "_hand", "_lock", "_minute", "_noted", "_random", "_tuning"),
        *("line", "note", "note_read"),
    )
    kind: ClassVar[str] = "frequency"

    def __init__(self, hand: Hand, random: Random, lock: threading.RLock, tuning: Tuning) -> None:
        self._counters: dict[bytes, int] = {}
        """The minute when it was last counted, and the counter in the low 8 bits."""
        self._hand = hand
        self._random = random
        self._lock = lock
        self._tuning = tuning
        self._noted: deque[bytes] = deque(maxlen=NOTED)
        self.note: Callable[[bytes], object] = self._noted.append
        self.note_read = self.note
        self.line: Line | None = None
        self._first = 0
        """The state of a key that comes into being now: one object for all of a minute."""
        self._minute = range(0)
        """In microseconds, when that is what it is."""
        hand.uses.add(self)

    def __len__(self) -> int:
        return len(self._counters)

    def born(self, key: bytes) -> None:
        if self._hand.present not in self._minute:
            self._begin_minute()
        self._counters[key] = state = self._first
        if self.line is not None:
            self.line.add(key, state)

    def _begin_minute(self) -> None:
        minutes = self._hand.minutes()
        self._first = minutes << 8 | FIRST_FREQUENCY
        if self._hand.is_coarse:
            self._minute = range(minutes * MINUTE, (minutes + 1) * MINUTE)

    def line_up(self, random: Random) -> None:
        self.settle()
        self.line = ByRank(self._counters, random, self._tuning.ranks)
        self.line.fill(self._counters.items())

    def forget(self, key: bytes) -> None:
        self._counters.pop(key, None)

    def forget_all(self, keys: Iterable[bytes]) -> None:
        deque(map(self._counters.pop, keys, repeat(None)), maxlen=0)

    def state(self, key: bytes) -> int | None:
        self.settle()
        return self._counters.get(key)

    def put_back(self, key: bytes, state: int) -> None:
        self.settle()
        self._counters[key] = state
        if self.line is not None:
            self.line.put(key, state)
            self.line.tidy()

    def ranks(self, keys: Iterable[bytes]) -> Iterable[int]:
        self.settle()
        return map(self._tuning.ranks.__getitem__, map(self._counters.get, keys, repeat(0)))

    def fill(self, keys: Iterable[bytes]) -> None:
        self.settle()
        first, counters = self._hand.minutes() << 8 | FIRST_FREQUENCY, self._counters
        known = {key: counters.get(key, first) for key in keys}
        none_is_new = known.keys() <= counters.keys()
        counters.clear()  # and not exchanged: the line holds it
        counters.update(known)
        if self.line is not None and not none_is_new:
            self.line.fill(known.items())

    def successor(self) -> Frequencies:
        successor = Frequencies(self._hand, self._random, self._lock, self._tuning)
        if self.line is not None:
            successor.line_up(self._random)
        return successor

    def size(self) -> int:
        line = 0 if self.line is None else self.line.size()
        return getsizeof(self._counters) + STAMP * len(self._counters) + getsizeof(self._noted) + line

    def frequency(self, key: bytes) -> int:
        """The counter of `key`, which is there, at this moment."""
        self.settle()
        return self._decayed(self._counters.get(key, FIRST_FREQUENCY), self._hand.minutes())

    def set_frequency(self, key: bytes, counter: int) -> None:
        self.put_back(key, self._hand.minutes() << 8 | counter)

    def settle(self) -> None:
        if not self._noted:
            return
        minutes, counters, take = self._hand.minutes(), self._counters, self._noted.popleft
        this_minute, factor, random = minutes << 8, self._tuning.factor, self._random.random
        for key, count in Counter([take() for _ in range(len(self._noted))]).items():
            state = counters.get(key)
            if state is None:
                continue
            counter = state & 255 if state >= this_minute else self._decayed(state, minutes)
            if count > 1 or counter >= MOST_FREQUENT:
                counter = self._used(counter, count)
            elif random() * ((counter - FIRST_FREQUENCY) * factor + 1) < 1:
                counter += 1
            counters[key] = this_minute | counter

    def settle_if_free(self) -> None:
        """`settle`, unless somebody holds the store's lock. Called without it."""
        if self._noted and self._lock.acquire(blocking=False):
            try:
                self.settle()
            finally:
                self._lock.release()

    def _decayed(self, state: int, minutes: int) -> int:
        counter = state & 255
        decay = self._tuning.decay
        return max(0, counter - (minutes - (state >> 8)) // decay) if decay else counter

    def _used(self, counter: int, count: int) -> int:
        """What becomes of a counter by so many uses. O(how much it rises)."""
        random, factor = self._random.random, self._tuning.factor
        while count and counter < MOST_FREQUENT:
            chance = 1 / (max(0, counter - FIRST_FREQUENCY) * factor + 1)
            if chance < 1:
                # How many uses in vain come before the one that counts.
                count -= int(math.log(1 - random()) / math.log(1 - chance))
            if count > 0:
                counter += 1
                count -= 1
            else:
                break
        return counter


class Tuning:
    """Redis's `lfu-log-factor` and `lfu-decay-time`."""

    __slots__ = ("_decay", "factor", "ranks")

    def __init__(self, factor: int = 10, decay: int = 1) -> None:
        self.factor = factor
        self.decay = decay

    @property
    def decay(self) -> int:
        return self._decay

    @decay.setter
    def decay(self, decay: int) -> None:
        self._decay = decay
        self.ranks = _Ranks(decay)


class _Ranks(dict[int, int]):
    """The rank of a counter and the minute when it was last counted: they are few, and many keys have them.

    All counters fall alike, so which of two is the lower does not change while neither key is used: a minute
    counts as much as what it takes away.
    """

    def __init__(self, decay: int) -> None:
        self._decay = decay

    def __missing__(self, state: int) -> int:
        if len(self) >= MOST_RANKS:
            self.clear()
        self[state] = rank = (state & 255) + ((state >> 8) // self._decay if self._decay else 0)
        return rank
