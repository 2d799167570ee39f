"""kvlite: Redis's data model as an embeddable library.

Names are imported from their modules when they are first used, so that `import kvlite`, and pytest with its
plugin, cost nothing before that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .aio import AsyncStore as AsyncStore
    from .cache import AsyncCache as AsyncCache
    from .cache import Cache as Cache
    from .clock import Clock as Clock
    from .clock import ManualClock as ManualClock
    from .clock import SystemClock as SystemClock
    from .errors import ConnectionError as ConnectionError
    from .errors import CorruptionError as CorruptionError
    from .errors import CustomError as CustomError
    from .errors import DataError as DataError
    from .errors import ExecAbortError as ExecAbortError
    from .errors import LockError as LockError
    from .errors import LockNotOwnedError as LockNotOwnedError
    from .errors import NoPermissionError as NoPermissionError
    from .errors import NoScriptError as NoScriptError
    from .errors import OutOfMemoryError as OutOfMemoryError
    from .errors import PersistenceError as PersistenceError
    from .errors import PubSubError as PubSubError
    from .errors import ReadOnlyError as ReadOnlyError
    from .errors import RedisError as RedisError
    from .errors import ResponseError as ResponseError
    from .errors import StoreClosedError as StoreClosedError
    from .errors import StoreLockedError as StoreLockedError
    from .errors import TimeoutError as TimeoutError
    from .errors import WatchError as WatchError
    from .memoizing import memoize as memoize
    from .server import Server as Server
    from .store import Store as Store

__version__ = "0.1.0"

_HOMES = {
    "aio": ["AsyncStore"],
    "cache": ["AsyncCache", "Cache"],
    "clock": ["Clock", "ManualClock", "SystemClock"],
    "errors": [
        *("RedisError", "ResponseError", "DataError", "WatchError", "ConnectionError", "TimeoutError"),
        *("OutOfMemoryError", "ReadOnlyError", "PubSubError", "LockError", "LockNotOwnedError"),
        *("NoScriptError", "ExecAbortError", "NoPermissionError", "CustomError"),
        *("StoreClosedError", "PersistenceError", "StoreLockedError", "CorruptionError"),
    ],
    "memoizing": ["memoize"],
    "store": ["Store"],
    "server": ["Server"],
}
"""The public names, by the module in which they are."""

__all__ = sorted(name for names in _HOMES.values() for name in names)  # pyright: ignore


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            from importlib import import_module

            value = globals()[name] = getattr(import_module(f"{__name__}.{home}"), name)
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
