"""kvlite: Redis's data model as an embeddable library."""

from .clock import Clock, ManualClock, SystemClock
from .errors import (
    ConnectionError,
    CorruptionError,
    DataError,
    LockError,
    LockNotOwnedError,
    OutOfMemoryError,
    PersistenceError,
    PubSubError,
    ReadOnlyError,
    RedisError,
    ResponseError,
    StoreClosedError,
    StoreLockedError,
    TimeoutError,
    WatchError,
)
from .store import Store

__version__ = "0.1.0"

__all__ = [
    "Clock",
    "ConnectionError",
    "CorruptionError",
    "DataError",
    "LockError",
    "LockNotOwnedError",
    "ManualClock",
    "OutOfMemoryError",
    "PersistenceError",
    "PubSubError",
    "ReadOnlyError",
    "RedisError",
    "ResponseError",
    "Store",
    "StoreClosedError",
    "StoreLockedError",
    "SystemClock",
    "TimeoutError",
    "WatchError",
]
