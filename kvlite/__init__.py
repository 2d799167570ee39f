"""kvlite: Redis's data model as an embeddable library."""

from .clock import Clock, ManualClock, SystemClock
from .errors import (
    ConnectionError,
    DataError,
    LockError,
    LockNotOwnedError,
    OutOfMemoryError,
    PubSubError,
    RedisError,
    ResponseError,
    StoreClosedError,
    TimeoutError,
    WatchError,
)
from .store import Store

__version__ = "0.1.0"

__all__ = [
    "Clock",
    "ConnectionError",
    "DataError",
    "LockError",
    "LockNotOwnedError",
    "ManualClock",
    "OutOfMemoryError",
    "PubSubError",
    "RedisError",
    "ResponseError",
    "Store",
    "StoreClosedError",
    "SystemClock",
    "TimeoutError",
    "WatchError",
]
