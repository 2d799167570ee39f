"""The caching layer: `Cache`, on a Store in the process or on a Redis server.

    cache = Cache(Store(), prefix="app:", ttl="5m")

    @cache.memoize(stale="1h")
    def price(item: int) -> float: ...

`cache` is what is called, `options` what it can be told, `core` what it does; `keys`, `serializers` and
`entries` are what is kept under what; `flights` and `leases` let one compute for all, in a process and among
them, `background` while all go on; `statistics` and `evictions` are what is counted.
"""

from .cache import AsyncCache, Cache
from .core import CacheWarning
from .durations import DEFAULT, Duration
from .memoize import AsyncMemoized, Memoized
from .options import CacheOptions, MemoizeOptions, ObtainOptions
from .serializers import Serializer
from .statistics import Statistics

__all__ = [
    "DEFAULT",
    "AsyncCache",
    "AsyncMemoized",
    "Cache",
    "CacheOptions",
    "CacheWarning",
    "Duration",
    "MemoizeOptions",
    "Memoized",
    "ObtainOptions",
    "Serializer",
    "Statistics",
]
