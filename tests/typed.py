"""What a type checker says about the answers: checked by mypy --strict, never run (see test_typing.py)."""

from __future__ import annotations

from typing import assert_type

from kvlite import ManualClock, Store
from kvlite.redis import AsyncConnectionPool, AsyncRedis, ConnectionPool, Redis
from kvlite.transactions import Pipeline

store = Store()
text = Store(decode_responses=True)
kept = Store("app.kv", fsync="always", clock=ManualClock())

assert_type(store, Store[bytes])
assert_type(text, Store[str])
assert_type(kept, Store[bytes])
assert_type(Store("app.kv", decode_responses=True), Store[str])
assert_type(Store.load("data.kvs"), Store[bytes])
assert_type(Store.load("data.kvs", decode_responses=True), Store[str])
flag: bool = input() == "text"
Store(decode_responses=flag)
pairs: dict[bytes, bytes] = {b"a": b"1"}
assert_type(store.mset(pairs), bool)
assert_type(store.msetnx({"a": 1, "b": "2"}), bool)
assert_type(store.select(1), Store[bytes])
with Store() as opened:
    assert_type(opened, Store[bytes])

# Streams
assert_type(store.xadd("x", {"field": 1}), bytes | None)
assert_type(text.xrange("x"), list[tuple[str, dict[str, str]]])
assert_type(store.xtrim("x", 10), int)
assert_type(store.xack("x", "group", "5-1"), int)
assert_type(store.xclaim("x", "group", "c", 0, ["5-1"]), list[tuple[bytes, dict[bytes, bytes]]])
assert_type(text.xpending("x", "group")["consumers"][0]["name"], str)

# Bitmaps, HyperLogLogs, places
assert_type(store.setbit("k", 7, 1), int)
assert_type(store.bitfield("k").get("u8", 0).execute(), list[int | None])
assert_type(store.bitfield_ro("k", "u8", "#1"), list[int])
assert_type(store.pfadd("h", "a"), int)
assert_type(store.geopos("g", "a"), list[tuple[float, float] | None])
assert_type(text.geosearch("g", "a", radius=1), list[str])
assert_type(
    text.geosearch("g", "a", radius=1, withdist=True),
    list[str] | list[list[str | float | int | tuple[float, float]]],
)

# Strings
assert_type(store.get("k"), bytes | None)
assert_type(text.get("k"), str | None)
assert_type(store.mget("a", "b"), list[bytes | None])
assert_type(text.mget(["a", b"b", 3]), list[str | None])
assert_type(store.set("k", "v"), bool | None)
assert_type(store.set("k", "v", get=True), bytes | None)
assert_type(text.set("k", "v", ex=3, get=True), str | None)
assert_type(store.incr("n"), int)
assert_type(store.incrbyfloat("n", 0.5), float)
assert_type(text.getrange("k", 0, -1), str)
assert_type(text.getdel("k"), str | None)
assert_type(store.setnx("k", 1), bool)
assert_type(text.lcs("a", "b"), str)
assert_type(text.lcs("a", "b", len=True), int)

# Lists
assert_type(store.lpush("l", 1, "a", b"b"), int)
assert_type(store.lpop("l"), bytes | None)
assert_type(text.lpop("l"), str | None)
assert_type(text.lpop("l", 2), list[str] | None)
assert_type(text.rpop("l", count=2), list[str] | None)
assert_type(text.lrange("l", 0, -1), list[str])
assert_type(text.lindex("l", 0), str | None)
assert_type(text.lmove("a", "b"), str | None)
assert_type(text.blpop("l"), tuple[str, str] | None)
assert_type(text.blpop(["l", "m"], timeout=1), tuple[str, str] | None)
assert_type(store.lpos("l", "x"), int | None)
assert_type(store.lpos("l", "x", count=0), list[int])

# Hashes
assert_type(store.hset("h", "f", "v"), int)
assert_type(text.hget("h", "f"), str | None)
assert_type(text.hgetall("h"), dict[str, str])
assert_type(store.hgetall("h"), dict[bytes, bytes])
assert_type(text.hkeys("h"), list[str])
assert_type(text.hmget("h", "a", "b"), list[str | None])
assert_type(text.hmget("h", ["a", "b"]), list[str | None])
assert_type(store.hexists("h", "f"), bool)
assert_type(store.hincrbyfloat("h", "f", 0.5), float)
assert_type(store.httl("h", "f"), list[int])
assert_type(text.hrandfield("h"), str | None)

# Sets
assert_type(text.smembers("s"), set[str])
assert_type(store.sinter("a", "b"), set[bytes])
assert_type(text.sinter(["a", "b"]), set[str])
assert_type(store.sadd("s", "a"), int)
assert_type(text.spop("s"), str | None)
assert_type(text.srandmember("s"), str | None)
assert_type(text.srandmember("s", 3), list[str])

# Sorted sets
assert_type(store.zscore("z", "m"), float | None)
assert_type(text.zrange("z", 0, -1), list[str])
assert_type(text.zrange("z", 0, -1, withscores=True), list[tuple[str, float]])
assert_type(store.zrank("z", "m"), int | None)
assert_type(store.zmscore("z", ["m"]), list[float | None])
assert_type(text.zpopmin("z"), list[tuple[str, float]])
assert_type(store.zcard("z"), int)

# Keys
assert_type(store.exists("a", "b"), int)
assert_type(store.expire("a", 3), bool)
assert_type(store.ttl("a"), int)
assert_type(text.keys(), list[str])
assert_type(text.randomkey(), str | None)
assert_type(text.scan(), tuple[int, list[str]])
assert_type(text["a"], str)
assert_type("a" in text, bool)
assert_type(len(text), int)
assert_type(list(text), list[str])
for key in store:
    assert_type(key, bytes)
for name in text.scan_iter("user:*"):
    assert_type(name, str)

# Together
assert_type(text.pipeline(), Pipeline[str])
with store.atomic():
    pass
assert_type(store.lock("l").acquire(), bool)


# Who says nothing of the kind means a store that answers in bytes
def seeded(store: Store) -> None:
    assert_type(store, Store[bytes])


# Clients of redis-py
assert_type(Redis.from_pool(ConnectionPool(store)), Redis)
assert_type(AsyncRedis.from_pool(AsyncConnectionPool(store)), AsyncRedis)
