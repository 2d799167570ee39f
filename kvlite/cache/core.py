"""What a cache does, written once as coroutines: `Cache` runs them, `AsyncCache` awaits them.

A value is found, or obtained: read, and if it is not there computed by one caller for all. Within a process
that is a flight (`flights`); among processes its leader takes a lease, a key that says who computes, and
stores the value in the same transaction that gives the lease back. Invalidating removes both, so what was
computed from older data is not kept.

A tag is a key with a random version. An entry remembers the versions that its tags had before it was
computed, and counts only while they are the same; invalidating a tag removes the key, and whoever needs it
next gives it another version.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import isawaitable
from math import log
from random import Random
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from ..globs import literal_glob
from .backends import Backend, Command, as_bytes, is_called, ttl_options
from .durations import DEFAULT, Duration, MaybeDuration, maybe_milliseconds, milliseconds
from .entries import INT64, Entries, Entry
from .evictions import Evictions, evictions_of
from .flights import Flight, Flights, Manner, TaskManner, ThreadManner, computing, flights_of
from .leases import Renewing, renewed_by_task, renewed_by_thread
from .serializers import Serializer, Types, serializer_of
from .statistics import Statistics, table

if TYPE_CHECKING:
    from ..store import Store

UNKNOWN = object()
random = Random().random
"""Of a generator of its own, which nothing else draws from."""
TAG_SLACK = 60_000
"""How many milliseconds a tag outlives the entries that bear it: computing them takes time."""
FAILURE_KEPT = 5_000
"""For how many milliseconds the other processes that wait can learn that a computation failed."""


class CacheWarning(UserWarning):
    """A result could not be kept."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How the entries of a function are kept; times in milliseconds."""

    ttl: int | None
    stale: int = 0
    early: float = 0.0
    background: bool = True
    errors: int = 0
    keep_none: bool = True


@dataclass(slots=True)
class Job:
    """A value to be obtained: under which key, how it is computed and how it is kept."""

    key: str
    call: Callable[[], Any]
    policy: Policy
    stats: Statistics
    manner: Manner
    name: str
    """What computes it, for people."""
    awaits: bool = False
    """What `call` returns is to be awaited."""
    tags: Sequence[str] = ()
    versions: dict[str, str] = field(default_factory=dict)
    """Of the tags, from before the computation."""
    cost: int = 1
    """How many milliseconds the computation took."""


THREADS = ThreadManner()
TASKS = TaskManner()


class Core:
    """One cache."""

    def __init__(
        self,
        backend: Backend,
        *,
        prefix: str,
        ttl: Duration | None,
        serializer: str | Serializer,
        secret: bytes | str | None,
        shared: bool | None,
        lease: Duration,
    ) -> None:
        if not isinstance(prefix, str):
            raise TypeError(f"a prefix is a text, not {prefix!r}")
        if not prefix:
            raise ValueError("a cache needs a prefix: clear() removes what begins with it")
        self.backend = backend
        self._mget_now: Any = getattr(backend, "mget_now", None)
        self.looks = self._mget_now is not None
        """The values of keys are there without awaiting, once one was."""
        self.prefix = prefix
        self._tags = f"{prefix}@tag:"
        self.ttl = maybe_milliseconds(ttl)
        self.types = Types()
        self.serializer = serializer_of(serializer, self.types)
        self.entries = Entries(self.serializer, self.types, secret)
        if shared is False and not backend.private:
            raise ValueError("shared=False is for a Store: other processes may use what a client talks to")
        self.shared = not backend.private if shared is None else shared
        self.lease = milliseconds(lease)
        self.direct = Statistics()
        self.functions: dict[str, Statistics] = {}
        self._flights: Flights | None = None
        self._evictions: Evictions | None = None
        self._heads = {prefix: [self.direct], f"{prefix}@": [], f"{prefix}@@": [self.direct]}
        """By the beginnings of keys, where their evictions are counted."""
        self._meet_store()

    def flights(self) -> Flights:
        if self._flights is None:
            store = self._meet_store()
            if store is None and self.backend.private:
                return Flights()  # of a folder that is not open yet: there are none
            self._flights = Flights() if store is None else flights_of(store)
        return self._flights

    def _meet_store(self) -> Store[Any] | None:
        """The Store, if it is in this process, which from now on tells of its evictions."""
        store = self.backend.store
        if store is not None and self._evictions is None:
            with store._shared.lock:
                self._evictions = evictions_of(store)
                for head, counters in self._heads.items():
                    self._evictions.count_in(head.encode(), *counters)
        return store

    # Names

    def key(self, key: str) -> str:
        """The key in the store. Those that begin with a single @ are the cache's own."""
        if not isinstance(key, str):
            raise TypeError(f"a key is a str, not {key!r}")
        return f"{self.prefix}@{key}" if key.startswith("@") else self.prefix + key

    def _tag(self, tag: str) -> str:
        return self._tags + tag

    def _lock(self, key: str) -> str:
        return f"{self.prefix}@lock:{key[len(self.prefix) :]}"

    def _failure(self, key: str) -> str:
        return f"{self.prefix}@failed:{key[len(self.prefix) :]}"

    def ttl_of(self, ttl: MaybeDuration) -> int | None:
        return self.ttl if ttl is DEFAULT else maybe_milliseconds(ttl)

    def statistics(self, name: str, head: str) -> Statistics:
        """Those of a function, whose keys begin with `head`."""
        stats = self.functions.setdefault(name, Statistics())
        if head not in self._heads:
            self._heads[head] = [stats]
            store = self.backend.store
            if store is not None and self._evictions is not None:
                with store._shared.lock:
                    self._evictions.count_in(head.encode(), stats)
        return stats

    # Reading

    async def find(self, key: str, stats: Statistics) -> Entry | None:
        return await self.judge(key, await self.backend.get(key), stats)

    async def judge(self, key: str, data: bytes | None, stats: Statistics) -> Entry | None:
        """The entry, if these bytes are one that still counts."""
        entry = self._read(key, data, stats)
        if entry is not None and entry.tags:
            tags = list(entry.tags)
            versions = await self.backend.mget([self._tag(tag) for tag in tags])
            if not _same_versions(entry, dict(zip(tags, versions, strict=True))):
                return None
        return entry

    def _read(self, key: str, data: bytes | None, stats: Statistics) -> Entry | None:
        if data is None:
            return None
        try:
            return self.entries.read(key, data)
        except Exception:  # whatever a serializer raises for what it cannot read
            stats.unreadable += 1
            return None

    def look(self, key: str, data: bytes, early: float) -> Any:
        """The value that `data` holds, if it counts and need not be computed anew; else UNKNOWN.

        It is what a hit takes, and no more. Only where `looks`.
        """
        try:
            value, failed, due, deadline, cost, tags = self.entries.parts(key, data)
        except Exception:
            return UNKNOWN
        if failed or ((due or deadline) and self._has_come(due, deadline, cost, early)):
            return UNKNOWN
        if tags:
            held = self._mget_now([self._tags + tag for tag in tags])
            for version, wanted in zip(held, tags.values(), strict=True):
                if version is None or version.decode() != wanted:
                    return UNKNOWN
        return value

    def hit(self, key: str, data: bytes | None, early: float, stats: Statistics) -> Any:
        """The value that `look` finds in what a key holds, counted as a hit; UNKNOWN if it finds none."""
        value = UNKNOWN if data is None else self.look(key, data, early)
        if value is not UNKNOWN:
            stats.hits += 1
        return value

    def _is_due(self, entry: Entry, early: float) -> bool:
        """It is to be computed anew, though it still counts."""
        if not (entry.due or entry.deadline):
            return False
        return self._has_come(entry.due, entry.deadline, entry.cost, early)

    def _has_come(self, due: int, deadline: int, cost: int, early: float) -> bool:
        now = self.backend.now()
        if due and now >= due:
            return True
        if not early or not deadline:
            return False
        # XFetch: A. Vattani, F. Chierichetti, K. Lowenstein, "Optimal Probabilistic Cache Stampede
        # Prevention", PVLDB 8(8), 2015. The dearer the computation and the nearer its end, the likelier.
        ahead = -log(1.0 - random()) * early * max(cost, 1)
        return now + ahead >= (due or deadline)

    def _is_newer(self, entry: Entry, stale: Entry | None) -> bool:
        """It need not be computed, and is not the one that was seen to be due."""
        if self._is_due(entry, 0):
            return False
        return stale is None or (entry.due, entry.deadline) != (stale.due, stale.deadline)

    async def given(self, key: str, data: bytes | None, default: Any) -> Any:
        """The value in `data`, which `key` holds; `default` if it does not count."""
        entry = await self.judge(key, data, self.direct)
        if entry is None or entry.failed:
            self.direct.misses += 1
            return default
        self.direct.hits += 1
        return entry.value

    async def get_many(self, keys: Iterable[str]) -> dict[str, Any]:
        names = list(keys)
        if not names:
            return {}
        full = [self.key(name) for name in names]
        found = {
            name: self._read(key, data, self.direct)
            for name, key, data in zip(names, full, await self.backend.mget(full), strict=True)
        }
        tags = sorted({tag for entry in found.values() if entry is not None for tag in entry.tags})
        versions: dict[str, bytes | None] = {}
        if tags:
            values = await self.backend.mget([self._tag(tag) for tag in tags])
            versions = dict(zip(tags, values, strict=True))
        values_by_name = {
            name: entry.value
            for name, entry in found.items()
            if entry is not None and not entry.failed and _same_versions(entry, versions)
        }
        self.direct.hits += len(values_by_name)
        self.direct.misses += len(found) - len(values_by_name)
        return values_by_name

    async def has(self, key: str) -> bool:
        entry = await self.find(self.key(key), self.direct)
        return entry is not None and not entry.failed

    # Writing

    async def _versions(self, tags: Sequence[str], ttl: int | None) -> dict[str, str]:
        """The versions of these tags, which are given one if they have none."""
        if not tags:
            return {}
        keys = [self._tag(tag) for tag in tags]
        found = await self.backend.mget(keys)
        if None in found:
            options = ttl_options(None if ttl is None else ttl + TAG_SLACK) | {"nx": True}
            new = [
                ("set", (key, token_hex(8)), options)
                for key, value in zip(keys, found, strict=True)
                if value is None
            ]
            await self.backend.execute(*new)
            found = await self.backend.mget(keys)
        return {
            tag: value.decode() if value is not None else "" for tag, value in zip(tags, found, strict=True)
        }

    def _writing(self, key: str, data: bytes, ttl: int | None, tags: Iterable[str]) -> list[Command]:
        """The commands that store an entry, and let its tags live as long."""
        commands: list[Command] = [("set", (key, data), ttl_options(ttl))]
        for tag in tags:
            if ttl is None:
                commands.append(("persist", (self._tag(tag),), {}))
            else:
                commands.append(("pexpire", (self._tag(tag), ttl + TAG_SLACK), {"gt": True}))
        return commands

    async def set(self, key: str, value: Any, ttl: MaybeDuration, tags: Iterable[str] | str) -> None:
        await self.set_many({key: value}, ttl, tags)

    async def set_many(
        self, values: Mapping[str, Any], ttl: MaybeDuration, tags: Iterable[str] | str
    ) -> None:
        lifetime, names = self.ttl_of(ttl), tags_of(tags)
        versions = await self._versions(names, lifetime)
        packed = {
            full: self.entries.write(full, Entry(value, tags=versions))
            for full, value in ((self.key(key), value) for key, value in values.items())
        }
        commands = [
            command
            for number, (full, data) in enumerate(packed.items())
            for command in self._writing(full, data, lifetime, () if number else names)
        ]
        if commands:
            self.flights().forget_keys(packed)
            await self.backend.execute(*commands, *self._unlocking(packed))

    def _unlocking(self, keys: Iterable[str]) -> list[Command]:
        """What ends the leases of these keys: what is being computed for them is not to be kept."""
        locks = [self._lock(key) for key in keys] if self.shared else []
        return [("delete", locks, {})] if locks else []

    async def add(self, key: str, value: Any, ttl: MaybeDuration, tags: Iterable[str] | str) -> bool:
        full, lifetime, names = self.key(key), self.ttl_of(ttl), tags_of(tags)
        data = self.entries.write(full, Entry(value, tags=await self._versions(names, lifetime)))
        while True:
            present = await self.backend.get(full)
            if await self.judge(full, present, self.direct) is not None:
                return False
            writing = self._writing(full, data, lifetime, names)
            if await self.backend.execute_if(full, _equals(present), *writing):
                return True

    async def delete_many(self, keys: Iterable[str]) -> int:
        full = [self.key(key) for key in keys]
        return await self.remove(full) if full else 0

    async def remove(self, full: Sequence[str]) -> int:
        self.flights().forget_keys(full)
        removed: int = (await self.backend.execute(("delete", full, {}), *self._unlocking(full)))[0]
        return removed

    async def touch(self, key: str, ttl: MaybeDuration) -> bool:
        full, lifetime = self.key(key), self.ttl_of(ttl)
        entry = await self.find(full, self.direct)
        if entry is None:
            return False
        lasting: Command = ("persist", (full,), {})
        if lifetime is not None:
            lasting = ("pexpire", (full, lifetime), {})
        _, *tags = self._writing(full, b"", lifetime, entry.tags)
        await self.backend.execute(lasting, *tags)
        return True

    async def incr(self, key: str, delta: int, ttl: MaybeDuration) -> int:
        full, lifetime = self.key(key), self.ttl_of(ttl)
        if not isinstance(delta, int):
            raise TypeError(f"what is counted is an int, not {delta!r}")
        if delta not in INT64:
            raise OverflowError(f"{delta} is no integer of 64 bits")
        try:
            results = await self.backend.execute(
                ("set", (full, 0), ttl_options(lifetime) | {"nx": True}), ("incrby", (full, delta), {})
            )
        except Exception as error:
            if "not an integer" in str(error) or "WRONGTYPE" in str(error):
                raise TypeError(
                    f"what is kept under {key!r} is no integer of 64 bits, so it cannot be counted with"
                ) from error
            if "would overflow" in str(error):
                raise OverflowError(f"what is kept under {key!r} would need more than 64 bits") from error
            raise
        count: int = results[1]
        return count

    async def clear(self) -> int:
        self.flights().forget(lambda flight: flight.key.startswith(self.prefix))
        if self.shared:
            await self._remove_all(f"{self.prefix}@lock:")  # so that nothing is stored behind the scan
        return await self._remove_all(self.prefix)

    async def _remove_all(self, prefix: str) -> int:
        """Remove the keys that begin so; how many of them were entries."""
        pattern = literal_glob(prefix) + "*"
        own = f"{self.prefix}@".encode()
        removed = cursor = 0
        while True:
            cursor, keys = await self.backend.scan(cursor, pattern)
            if keys:
                await self.backend.execute(("unlink", keys, {}))
                removed += sum(not _is_own(as_bytes(key) or b"", own) for key in keys)
            if not cursor:
                return removed

    async def invalidate_tags(self, tags: Iterable[str]) -> None:
        names = frozenset(tags_of(tags))
        if names:
            self.flights().forget(
                lambda flight: flight.key.startswith(self.prefix) and not names.isdisjoint(flight.tags)
            )
            await self.backend.execute(("delete", [self._tag(tag) for tag in names], {}))

    # Obtaining

    async def obtain(self, job: Job, data: bytes | None, looked: bool = False) -> Flight:
        """The value of a job, as a flight that has landed. `data` is what its key holds; `looked` says that
        `look` was for computing it anew, which is left to chance and not to be asked twice."""
        stats, counted = job.stats, False
        flights = self.flights()
        while True:
            entry = await self.judge(job.key, data, stats)
            is_due = entry is not None and (looked or self._is_due(entry, job.policy.early))
            if entry is not None and (entry.failed or not is_due):
                if not counted:
                    stats.hits += 1
                return _landed(job.key, entry)
            if entry is not None and job.policy.background:
                stats.stale_hits += not counted
                self._refresh_later(job, entry)
                return _landed(job.key, entry)
            flight, leading = flights.board(job.key, frozenset(job.tags))
            if entry is not None and not leading:
                stats.stale_hits += not counted
                return _landed(job.key, entry)
            if not counted and entry is None:
                stats.misses += 1
            counted = True
            if leading:
                await self._lead(job, flight, force=False, stale=entry)
                return flight
            chain = computing.get()
            may_wait = job.manner.may_wait(flight) and not self._is_in_atomic_block()
            if not may_wait or not flight.begin_to_wait(chain):
                return await self._compute_alone(job)
            try:
                await job.manner.wait(flight)
            finally:
                flight.stop_waiting(chain)
            if flight.landed:
                stats.waits += 1
                return flight
            data, looked = await self.backend.get(job.key), False

    def _is_in_atomic_block(self) -> bool:
        """The caller holds the store's lock, without which who computes elsewhere does not come to an end."""
        store = self.backend.store
        owned: bool = store is not None and store._shared.lock._is_owned()  # type: ignore[attr-defined]
        return owned

    async def renew(self, job: Job) -> Flight:
        """The value of a job, computed now whatever is kept."""
        flight = self.flights().replace(job.key, frozenset(job.tags))
        await self._lead(job, flight, force=True, stale=None)
        return flight

    def _refresh_later(self, job: Job, stale: Entry) -> None:
        """Have what `stale` is an old value of computed while the caller goes on, once for all of them."""
        flights = self.flights()
        if flights.begin_to_refresh(job.key):
            try:
                job.manner.leave_behind(lambda: self._refresh(job, stale))
            except RuntimeError:  # there can be no more threads: the next caller tries again
                flights.end_refresh(job.key)

    async def _refresh(self, job: Job, stale: Entry) -> None:
        computing.set(())  # nobody waits for this
        flights, error = self.flights(), None
        try:
            entry = await self.find(job.key, job.stats)
            if entry is None or self._is_newer(entry, stale):
                return
            flight, leading = flights.board(job.key, frozenset(job.tags))
            if leading:
                await self._lead(job, flight, force=False, stale=stale)
                error = flight.error
        except Exception as caught:
            job.stats.errors += 1
            error = None if is_called(caught, "StoreClosedError") else caught
        finally:
            flights.end_refresh(job.key)
        if error is not None:
            import logging  # slow to import, and rarely needed

            name = job.key[len(self.prefix) :]
            logging.getLogger("kvlite").warning("computing %s anew failed: %r", name, error)

    async def _compute_alone(self, job: Job) -> Flight:
        """Compute for the caller only, who must not wait for others, and keep nothing."""
        flight = Flight(job.key)
        await self._compute(job, flight)
        return flight

    async def _lead(self, job: Job, flight: Flight, force: bool, stale: Entry | None) -> None:
        flights = self.flights()
        flight.loop = job.manner.loop()
        try:
            await (self._lead_for_all if self.shared else self._lead_here)(job, flight, force, stale)
        except Exception as error:
            if flight.landed or not is_called(error, "OutOfMemoryError"):
                raise
            self._not_kept(job, error)
            await self._compute(job, flight)
        finally:
            flights.leave(flight)

    async def _lead_here(self, job: Job, flight: Flight, force: bool, stale: Entry | None) -> None:
        if not force:
            entry = await self.find(job.key, job.stats)  # somebody may have landed since it was looked at
            if entry is not None and self._is_newer(entry, stale):
                _land(flight, entry)
                return
        job.versions = await self._versions(job.tags, job.policy.ttl)
        await self._compute(job, flight)
        commands = self._storing(job, flight, force, stale)
        if commands:
            await self._store(job, flight, job.key, lambda _: not flight.forgotten, commands)

    async def _compute(self, job: Job, flight: Flight) -> None:
        """Let the flight land. What is no Exception, such as being cancelled, leaves it to somebody else."""
        stats = job.stats
        token = computing.set((*computing.get(), flight))
        started = time.perf_counter()
        try:
            value = job.call()
            if job.awaits and isawaitable(value):
                value = await value
        except Exception as error:
            stats.errors += 1
            flight.fail(error)
        else:
            flight.land(value)
        finally:
            computing.reset(token)
            took = time.perf_counter() - started
            stats.loads += 1
            stats.load_seconds += took
            job.cost = max(1, round(took * 1000))

    def _storing(self, job: Job, flight: Flight, force: bool, stale: Entry | None) -> list[Command]:
        """The commands that keep what came of a flight; if it is not to be kept, those that take away what it
        shows to be outdated. An old value is worth more than an error."""
        policy = job.policy
        failed = flight.error is not None
        if failed and stale is not None:
            return self._postponing(job, stale)
        if failed and not policy.errors:
            return []
        taking_away: list[Command] = [("delete", (job.key,), {})] if force or stale is not None else []
        if flight.value is None and not failed and not policy.keep_none:
            return taking_away
        now = self.backend.now()
        ttl = policy.errors if failed else policy.ttl
        due = now + ttl if policy.stale and ttl is not None and not failed else 0
        deadline = now + ttl if policy.early and ttl is not None and not failed else 0
        entry = Entry(
            flight.error if failed else flight.value,
            failed=failed,
            due=due,
            deadline=deadline,
            cost=job.cost if deadline else 0,
            tags=job.versions,
        )
        try:
            data = self.entries.write(job.key, entry)
        except Exception as error:
            self._not_kept(job, error)
            return taking_away
        lifetime = ttl if ttl is None or failed else ttl + policy.stale
        return self._writing(job.key, data, lifetime, job.tags)

    def _postponing(self, job: Job, stale: Entry) -> list[Command]:
        """The commands that leave `stale` as it is, but to be computed anew only when an error kept would
        have ended."""
        if not (job.policy.errors and stale.due):
            return []
        due = self.backend.now() + job.policy.errors
        entry = Entry(stale.value, due=due, deadline=stale.deadline, cost=stale.cost, tags=stale.tags)
        return [("set", (job.key, self.entries.write(job.key, entry)), {"keepttl": True, "xx": True})]

    async def _store(
        self,
        job: Job,
        flight: Flight,
        key: str,
        holds: Callable[[bytes | None], bool],
        commands: list[Command],
    ) -> bool:
        try:
            return await self.backend.execute_if(key, holds, *commands)
        except Exception as error:
            if not flight.landed:
                raise
            self._not_kept(job, error)
            return False

    def _not_kept(self, job: Job, error: Exception) -> None:
        job.stats.unstored += 1
        if not is_called(error, "StoreClosedError"):
            # Without the key: a warning is shown once, so what fails for every key is said once.
            warnings.warn(f"a result of {job.name} is not cached: {error}", CacheWarning, stacklevel=2)

    # Among processes

    async def _lead_for_all(self, job: Job, flight: Flight, force: bool, stale: Entry | None) -> None:
        lock, token = self._lock(job.key), token_hex(8).encode()
        options = {"px": self.lease} if force else {"px": self.lease, "nx": True}
        started = time.monotonic()
        while True:
            got, holder = await self.backend.execute(("set", (lock, token), options), ("get", (lock,), {}))
            if not force:
                entry = await self.find(job.key, job.stats)
                if entry is not None and (not got or self._is_newer(entry, stale)):
                    if got:
                        await self.backend.execute_if(lock, _equals(token), ("delete", (lock,), {}))
                    _land(flight, entry)
                    return
            if got:
                break
            if await self._wait_for_holder(job, flight, as_bytes(holder), started):
                return
        try:
            job.versions = await self._versions(job.tags, job.policy.ttl)
            renewing: Renewing = renewed_by_thread if job.manner is THREADS else renewed_by_task
            async with renewing(lambda: self._keep_lease(lock, token), self.lease / 3000):
                await self._compute(job, flight)
        except GeneratorExit:  # its loop is gone: nothing can be awaited, and the lease runs out
            raise
        except BaseException:
            await self.backend.execute_if(lock, _equals(token), ("delete", (lock,), {}))
            raise
        commands = [*self._storing(job, flight, force, stale), ("delete", (lock,), {})]
        if flight.error is not None:
            note = self._failure_note(job, flight.error)
            if note is not None:
                failure = ("set", (self._failure(job.key), token + b" " + note), {"px": FAILURE_KEPT})
                commands.append(failure)
        await self._store(job, flight, lock, _equals(token), commands)

    def _keep_lease(self, lock: str, token: bytes) -> Any:
        return self.backend.execute_if(lock, _equals(token), ("pexpire", (lock, self.lease), {}))

    def _failure_note(self, job: Job, error: BaseException) -> bytes | None:
        try:
            return self.entries.write(job.key, Entry(error, failed=True))
        except Exception:
            return None

    async def _wait_for_holder(self, job: Job, flight: Flight, holder: bytes | None, started: float) -> bool:
        """Wait for the process that computes; whether the flight has landed, or else is to be led here."""
        keys = [job.key, self._lock(job.key), self._failure(job.key)]
        nested = bool(computing.get()) or self._is_in_atomic_block()
        while True:
            waited = time.monotonic() - started
            if nested and waited * 1000 > self.lease:
                # Who computes there may wait for what is computed here.
                await self._compute(job, flight)
                return True
            await job.manner.sleep(min(max(waited / 10, 0.001), 0.05))
            data, now_held, failure = await self.backend.mget(keys)
            entry = await self.judge(job.key, data, job.stats)
            if entry is not None:
                _land(flight, entry)
                job.stats.waits += 1
                return True
            if holder is not None and failure is not None and failure.startswith(holder + b" "):
                failed = self._read(job.key, failure[len(holder) + 1 :], job.stats)
                if failed is not None and isinstance(failed.value, BaseException):
                    flight.fail(failed.value)
                    job.stats.waits += 1
                    return True
            if now_held is None:
                return False
            holder = now_held

    # What is told

    def total(self) -> Statistics:
        return sum(self.functions.values(), self.direct.copy())

    def report(self) -> str:
        rows = [(name, each) for name, each in sorted(self.functions.items())]
        if self.direct.calls or not rows:
            rows.append(("(direct)", self.direct))
        if len(rows) > 1:
            rows.append(("total", self.total()))
        return table(rows, self._evictions is not None)


def tags_of(tags: Iterable[str] | str) -> list[str]:
    """The tags, each once; a single one may stand alone. TypeError for what is no text."""
    if isinstance(tags, str):
        return [tags]
    if not isinstance(tags, Iterable):
        raise TypeError(f"tags are texts, not {tags!r}")
    several = list(tags)
    for tag in several:
        if not isinstance(tag, str):
            raise TypeError(f"a tag is a text, not {tag!r}")
    return list(dict.fromkeys(several))


def _equals(wanted: bytes | None) -> Callable[[bytes | None], bool]:
    return lambda held: held == wanted


def _same_versions(entry: Entry, versions: Mapping[str, bytes | None]) -> bool:
    return all(as_bytes(version) == versions.get(tag) for tag, version in entry.tags.items())


def _is_own(key: bytes, own: bytes) -> bool:
    return key.startswith(own) and not key.startswith(own + b"@")


def _land(flight: Flight, entry: Entry) -> None:
    if entry.failed:
        flight.fail(entry.value)
    else:
        flight.land(entry.value)


def _landed(key: str, entry: Entry) -> Flight:
    flight = Flight(key)
    _land(flight, entry)
    return flight
