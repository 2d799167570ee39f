"""AsyncStore: a Store for asyncio programs.

`awaited` says how commands are called where nothing may block. `types` and `administration` repeat the
commands of the modules of those names as coroutine functions; they are made from them.
"""

from .lock import AsyncLock
from .pipeline import AsyncPipeline
from .pubsub import AsyncPubSub
from .store import AsyncStore

__all__ = ["AsyncLock", "AsyncPipeline", "AsyncPubSub", "AsyncStore"]
