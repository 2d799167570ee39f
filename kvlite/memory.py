"""How much memory a store takes: estimates, from samples, of what its data takes in this interpreter."""

from __future__ import annotations

import os
import sys
from itertools import islice
from sys import getsizeof
from typing import Any

from .database import Database, Value, size_after_growth
from .keyspace import Keyspace
from .structs import Collection

SAMPLES = 5
"""How many elements of a value are looked at."""
KEYS_LOOKED_AT = 64
"""How many keys of a database are looked at."""


def usage(store: Keyspace[Any], key: bytes, samples: int = SAMPLES) -> int | None:
    """About how many bytes `key` takes with its value, or None if there is none. Under the lock. O(samples).

    `samples` is how many elements of the value are looked at, 0 for all. Of the tables of the database the
    share of one key counts.
    """
    value, db = store._peek(key), store._db
    if value is None:
        return None
    size = _size(key, value, samples) + tables(db) // len(db.data)
    if key in db.deadlines:
        size += deadlines(db) // (len(db.deadlines) + len(db.field_deadlines))
    return size


def _size(key: bytes, value: Value, samples: int) -> int:
    return getsizeof(key) + (value.footprint(samples) if isinstance(value, Collection) else getsizeof(value))


def tables(db: Database) -> int:
    """How many bytes the tables of the keys take. O(1)."""
    return getsizeof(db.data) + db.keys.own_size()


def after_growth(db: Database) -> int:
    """How many bytes `tables` and those of uses come to when they have next been made larger, and how many
    more those of deadlines do. O(1).

    Whoever goes by this does not have to let many keys go in the moment in which that happens.
    """
    dicts = 2 if db.uses is None else 3
    actual = tables(db) + (0 if db.uses is None else db.uses.size())
    growth = dicts * max(0, size_after_growth(len(db.data)) - getsizeof(db.data))
    if db.deadlines:
        growth += max(0, size_after_growth(len(db.deadlines)) - getsizeof(db.deadlines))
    return actual + growth


def deadlines(db: Database) -> int:
    """About how many bytes the deadlines take. O(1)."""
    tables = getsizeof(db.deadlines) + getsizeof(db.field_deadlines) + getsizeof(db.timetable)
    return tables + (getsizeof((0, b"")) + getsizeof(2**40)) * len(db.timetable)


def dataset(db: Database) -> int:
    """About how many bytes the keys and values of a database take, judging by some of them. O(1)."""
    items = db.keys.items
    count = len(items)
    step = max(1, count // KEYS_LOOKED_AT)
    looked_at = list(islice(items, 0, count, step))
    if not looked_at:
        return 0
    total = sum(_size(key, db.data[key], SAMPLES) for key in looked_at)
    return total * count // len(looked_at)


def of_process() -> int:
    """How many bytes of memory this process takes; on some systems, the most it ever took."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return _most_of_process()


def _most_of_process() -> int:
    try:
        import resource
    except ImportError:  # as on Windows
        return 0
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def of_machine() -> int:
    """How many bytes of memory there are, 0 if that cannot be told."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return 0
