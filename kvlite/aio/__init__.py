"""AsyncStore: a Store for asyncio programs.

`awaited` says how commands are called where nothing may block. The modules with the names of types repeat the
commands of `kvlite.types`, as coroutine functions; they are made from them.
"""

from .lock import AsyncLock
from .pipeline import AsyncPipeline
from .store import AsyncStore

__all__ = ["AsyncLock", "AsyncPipeline", "AsyncStore"]
