"""What a type checker says about caches: checked by mypy --strict, never run (see test_typing.py)."""

from __future__ import annotations

from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, assert_type

import redis
import redis.asyncio

from kvlite import AsyncCache, AsyncStore, Cache, Store, memoize
from kvlite.cache import AsyncMemoized, Memoized, Statistics

cache = Cache(Store(), prefix="app:", ttl="5m")
waited = Cache(redis.asyncio.Redis(), serializer="json")

assert_type(cache, Cache)
assert_type(Cache(Store(decode_responses=True), shared=True), Cache)
assert_type(Cache(redis.Redis()), Cache)
assert_type(waited, AsyncCache)
assert_type(Cache(AsyncStore()), AsyncCache)
assert_type(cache.get_many(["a"]), dict[str, Any])
assert_type(cache.add("a", 1, "10m", tags="t"), bool)
assert_type(cache.incr("n"), int)
assert_type(cache.get_or_set("a", lambda: 1.5), float)
assert_type(cache.get_or_set("a", 1.5), float)
assert_type(cache.get_or_set("a", lambda: 1.5, "10m", tags="t", stale=60, background=False), float)
cache.get_or_set("a", 1.5, tag="t")  # type: ignore[call-overload]
Cache(Store(), serialiser="json")  # type: ignore[call-overload]
assert_type(cache.stats(), Statistics)


@cache.memoize(ttl=60, tags=lambda item, currency="EUR": [f"item:{item}"])
def price(item: int, currency: str = "EUR") -> float:
    return item * 1.5


assert_type(price(1), float)
assert_type(price(item=1, currency="USD"), float)
assert_type(price.invalidate(1), bool)
assert_type(price.refresh(1), float)
assert_type(price.key(1), str)
assert_type(price.stats(), Statistics)
price("1")  # type: ignore[arg-type]
price.invalidate()  # type: ignore[call-arg]
price.key(1, 2)  # type: ignore[arg-type]


@cache.memoize(stale="1h", early=1.5, background=False, cache_errors=timedelta(seconds=5))
def renewed(item: int) -> float:
    return item * 1.5


assert_type(renewed(1), float)
cache.memoize(stale=[])  # type: ignore[call-overload]


@memoize(ttl="10m", path="results", stale="1d", serializer="json")
def kept(item: int) -> float:
    return item * 1.5


assert_type(kept(1), float)
assert_type(kept.invalidate(1), bool)
memoize(maxsize="5")  # type: ignore[call-overload]


@cache.memoize
def plain(item: int) -> str:
    return str(item)


@cache.memoize
async def local(item: int) -> str:
    return str(item)


def taken(function: Memoized[[int], str]) -> str:
    return function(1)


taken(plain)
under_way: Coroutine[Any, Any, str] = local(1)


class Page:
    @cache.memoize
    def render(self, style: str) -> str:
        return style

    @waited.memoize(ttl=60)
    async def fetch(self, style: str) -> bytes:
        return style.encode()


assert_type(Page().render("a"), str)
assert_type(Page.render.invalidate(Page(), "a"), bool)
Page().render(1)  # type: ignore[arg-type]


async def program() -> None:
    assert_type(await waited.get_many(["a"]), dict[str, Any])
    assert_type(await waited.has("a"), bool)
    assert_type(await Page().fetch("a"), bytes)
    assert_type(await Page.fetch.refresh(Page(), "a"), bytes)

    @waited.memoize
    async def double(number: int) -> int:
        return 2 * number

    async def make() -> float:
        return 1.5

    held: AsyncMemoized[[int], int] = double
    assert_type(await held(1), int)
    assert_type(await double.invalidate(1), bool)
    assert_type(await waited.get_or_set("a", make), float)
    assert_type(await waited.get_or_set("a", lambda: 1.5, stale=60), float)
    assert_type(await waited.get_or_set("a", 1.5), float)
    assert_type(await local(1), str)
    assert_type(await local.refresh(1), str)
    waited.memoize(str)  # type: ignore[arg-type]
