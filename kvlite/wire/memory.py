"""MEMORY: estimates of what is used, and by what."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Any

from .. import memory
from ..encoding import integer
from .args import syntax_error
from .replies import OK, Reply, Verbatim
from .table import Keys, command, container, helped

if TYPE_CHECKING:
    from ..database import Database
    from .instance import Instance
    from .session import Session

LITTLE = "There is little in this store: nothing can be said about how it uses memory.\n"
FINE = "Nothing is conspicuous: the memory of this process is about what its data needs.\n"
FRAGMENTED = (
    "This process holds {ratio:.1f} times the memory that its data needs. After many deletions the "
    "interpreter keeps what has become free for what comes next; MEMORY PURGE collects garbage, and only a "
    "new start gives everything back.\n"
)
ENOUGH = 5 * 1024 * 1024


class Figures:
    """Estimates in bytes, of this moment."""

    def __init__(self, instance: Instance) -> None:
        with instance.store._shared.lock:
            databases = {index: store._db for index, store in enumerate(instance.stores) if store is not None}
            self.tables = {
                index: memory.tables(db) for index, db in databases.items() if db.data or db.account
            }
            self.deadlines = {
                index: memory.deadlines(db) for index, db in databases.items() if db.data or db.account
            }
            self.keys = sum(len(db.data) for db in databases.values())
            self.dataset = sum(map(_dataset, databases.values()))
            accounts = sum(
                db.account.own_size() + (0 if db.uses is None else db.uses.size())
                for db in databases.values()
                if db.account is not None
            )
        self.overhead = sum(self.tables.values()) + sum(self.deadlines.values()) + accounts
        self.used: int = max(1, self.overhead + self.dataset)
        """What the data takes; the interpreter, and what else it does, is part of `resident` only."""
        self.resident = memory.of_process() or self.used
        self.peak = instance.peak_memory = max(instance.peak_memory, self.used)
        """The most that was used, as far as it was looked at."""

    @property
    def dataset_percentage(self) -> float:
        return self.dataset * 100 / self.used

    @property
    def fragmentation(self) -> float:
        return self.resident / self.used


def _dataset(db: Database) -> int:
    """What keys and values take: as it is counted, where there is a limit, or else an estimate."""
    return memory.dataset(db) if db.account is None else db.account.total


container("memory", -2, "server")


@command("memory|usage", -3, "readonly", "server", Keys("RO", 2))
def memory_usage(session: Session, args: list[bytes]) -> Reply:
    samples = memory.SAMPLES
    for at in range(3, len(args), 2):
        if args[at].upper() != b"SAMPLES" or at + 1 == len(args):
            raise syntax_error()
        samples = integer(args[at + 1])
        if samples < 0:
            raise syntax_error()
    return session.store._memory_usage(args[2], samples)


@command("memory|stats", 2, "", "server")
def memory_stats(session: Session, args: list[bytes]) -> Reply:
    figures = Figures(session.instance)
    stats: dict[bytes, Any] = {
        b"peak.allocated": figures.peak,
        b"total.allocated": figures.used,
        b"startup.allocated": 0,
        b"replication.backlog": 0,
        b"clients.slaves": 0,
        b"clients.normal": 0,
        b"cluster.links": 0,
        b"aof.buffer": 0,
        b"lua.caches": session.instance.scripts.size,
        b"functions.caches": session.instance.functions.size,
    }
    for index, size in figures.tables.items():
        stats[b"db.%d" % index] = {
            b"overhead.hashtable.main": size,
            b"overhead.hashtable.expires": figures.deadlines[index],
            b"overhead.hashtable.slot-to-keys": 0,
        }
    return stats | {
        b"overhead.total": figures.overhead,
        b"keys.count": figures.keys,
        b"keys.bytes-per-key": figures.used // figures.keys if figures.keys else 0,
        b"dataset.bytes": figures.dataset,
        b"dataset.percentage": figures.dataset_percentage,
        b"peak.percentage": figures.used * 100 / figures.peak,
        b"allocator.allocated": figures.used,
        b"allocator.active": figures.resident,
        b"allocator.resident": figures.resident,
        b"allocator-fragmentation.ratio": 1.0,
        b"allocator-fragmentation.bytes": 0,
        b"allocator-rss.ratio": 1.0,
        b"allocator-rss.bytes": 0,
        b"rss-overhead.ratio": 1.0,
        b"rss-overhead.bytes": 0,
        b"fragmentation": figures.fragmentation,
        b"fragmentation.bytes": figures.resident - figures.used,
    }


@command("memory|doctor", 2, "", "server")
def memory_doctor(session: Session, args: list[bytes]) -> Reply:
    figures = Figures(session.instance)
    if figures.used < ENOUGH:
        return Verbatim(LITTLE.encode())
    if figures.fragmentation > 1.5:
        return Verbatim(FRAGMENTED.format(ratio=figures.fragmentation).encode())
    return Verbatim(FINE.encode())


@command("memory|purge", 2, "", "server")
def memory_purge(session: Session, args: list[bytes]) -> Reply:
    gc.collect()
    return OK


@command("memory|malloc-stats", 2, "", "server")
def memory_malloc_stats(session: Session, args: list[bytes]) -> Reply:
    figures = Figures(session.instance)
    lines = [f"process: {figures.resident} bytes", f"data, estimated: {figures.used} bytes"]
    counts = zip(gc.get_count(), gc.get_threshold(), strict=True)
    lines += [f"generation {at}: {count} of {limit}" for at, (count, limit) in enumerate(counts)]
    return Verbatim("".join(f"{line}\n" for line in lines).encode())


helped(
    "memory",
    "DOCTOR",
    "    Say in words whether something is wrong with the memory.",
    "MALLOC-STATS",
    "    Show what the allocator of memory says of itself.",
    "PURGE",
    "    Collect garbage.",
    "STATS",
    "    Show what the memory is used for.",
    "USAGE <key> [SAMPLES <count>]",
    "    Tell about how many bytes a key takes with its value, of which <count>",
    "    elements are looked at (default: 5, 0 is all).",
)
