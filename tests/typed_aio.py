"""What a type checker says about what is awaited: checked by mypy --strict, never run (see test_aio.py)."""

from __future__ import annotations

from typing import Any, assert_type

from kvlite import AsyncStore, ManualClock, Store
from kvlite.aio import AsyncLock, AsyncPipeline

store = AsyncStore()
text = AsyncStore(decode_responses=True)
kept = AsyncStore("app.kv", fsync="always", clock=ManualClock())

assert_type(store, AsyncStore[bytes])
assert_type(text, AsyncStore[str])
assert_type(kept, AsyncStore[bytes])
assert_type(AsyncStore("app.kv", decode_responses=True, seed=1), AsyncStore[str])
assert_type(AsyncStore(Store()), AsyncStore[bytes])
assert_type(AsyncStore(Store(decode_responses=True)), AsyncStore[str])
assert_type(text.store, Store[str])
assert_type(text.select(1), AsyncStore[str])


async def commands() -> None:
    assert_type(await AsyncStore("app.kv"), AsyncStore[bytes])
    async with AsyncStore("app.kv", decode_responses=True) as opened:
        assert_type(opened, AsyncStore[str])
    assert_type(await AsyncStore.load("data.kvs"), AsyncStore[bytes])
    assert_type(await AsyncStore.load("data.kvs", decode_responses=True), AsyncStore[str])
    assert_type(await store.get("k"), bytes | None)
    assert_type(await text.atomic(lambda inside: inside.lpop("l", 2)), list[str] | None)
    assert_type(await store.ping(), bool)
    assert_type(await text.get("k"), str | None)
    assert_type(await text.mget(["a", b"b", 3]), list[str | None])
    assert_type(await store.set("k", "v"), bool | None)
    assert_type(await text.set("k", "v", ex=3, get=True), str | None)
    assert_type(await text.lpop("l", 2), list[str] | None)
    assert_type(await store.lpos("l", "x", count=0), list[int])
    assert_type(await text.blpop(["l", "m"], timeout=1), tuple[str, str] | None)
    assert_type(await text.blmove("l", "m", 0), str | None)
    assert_type(await text.bzpopmin("z"), tuple[str, str, float] | None)
    assert_type(await text.hgetall("h"), dict[str, str])
    assert_type(await text.smembers("s"), set[str])
    assert_type(await text.zrange("z", 0, -1), list[str])
    assert_type(await text.zrange("z", 0, -1, withscores=True), list[tuple[str, float]])
    assert_type(await store.zscore("z", "m"), float | None)
    assert_type(await text.scan(), tuple[int, list[str]])
    assert_type(await store.exists("a", "b"), int)
    async for key in text.scan_iter("user:*"):
        assert_type(key, str)
    async for field, value in text.hscan_iter("h"):
        assert_type((field, value), tuple[str, str])
    async for member, score in text.zscan_iter("z"):
        assert_type((member, score), tuple[str, float])
    assert_type(await store.bitfield("k").get("u8", 0).execute(), list[int | None])
    assert_type(await text.geosearch("g", "a", radius=1), list[str])
    assert_type(text.pipeline(), AsyncPipeline[str])
    assert_type(await text.pipeline().set("a", 1).get("a").execute(), Any)
    assert_type(text.lock("l"), AsyncLock)
    assert_type(await text.lock("l").acquire(), bool)
    assert_type(await store.close(), None)
