"""redis-py in the process: clients that are redis-py's own and talk to a Store in memory.

    from kvlite.redis import Redis

    client = Redis(store)     # a redis.Redis; Redis() has a new store of its own

`AsyncRedis` is the same for redis.asyncio.

Everything of redis-py works, and means what it means with a server: pipelines, WATCH, Lock, PubSub, scripts,
response callbacks, RESP2 and RESP3. There is no socket, and no thread.
"""

from __future__ import annotations

try:
    import redis as _redis  # noqa: F401  # only to say what is missing
except ImportError as error:
    raise ImportError("kvlite.redis needs redis-py: pip install 'kvlite[redis]'") from error

from .asyncio import AsyncConnection, AsyncConnectionPool, AsyncPipeline, AsyncRedis
from .client import Pipeline, Redis
from .connection import Connection, ConnectionPool

__all__ = [
    "AsyncConnection",
    "AsyncConnectionPool",
    "AsyncPipeline",
    "AsyncRedis",
    "Connection",
    "ConnectionPool",
    "Pipeline",
    "Redis",
]
