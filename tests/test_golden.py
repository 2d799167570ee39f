"""A folder of the first format, which must open for ever."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from histories import state_of

from kvlite import ManualClock, Store
from kvlite.effects import EFFECTS
from kvlite.persist.check import check
from kvlite.persist.log import LogReader
from kvlite.redis import Redis

GOLDEN = Path(__file__).parent / "golden" / "app.kv"
LIBRARIES = Path(__file__).parent / "golden" / "functions.kv"
TYPES = Path(__file__).parent / "golden" / "types.kv"
NOW = 1_800_000_000_000


def write(path: str) -> None:
    """Make the folder. What lies in tests/golden was made by this, and is not to be made again."""
    with Store(path, clock=ManualClock(NOW), fsync="never", seed=1) as store:
        store.mset({"plain": "text", b"\xff\x00": b"\x00\xff", "": ""})
        store.set("snapshot:later", "v", px=10_000)
        store.incr("snapshot:n", 41)
        store.rpush("snapshot:list", "a", "b")
        store.hset("snapshot:hash", mapping={"f": 1, "g": 2})
        store.hpexpire("snapshot:hash", 20_000, "g")
        store.sadd("snapshot:set", "x", "y")
        store.zadd("snapshot:zset", {"m": 1.5, "inf": float("inf"), "neg": -2})
        store.select(15).set("far", "away")
        store.compact()
        store.set("plain", "new", px=30_000)
        store.persist("plain")
        store.append("plain", "er")
        store.setrange("plain", 1, "E")
        store.delete("")
        store.rename("snapshot:n", "n")
        store.copy("snapshot:set", "copy")
        store.select(3).set("gone", 1)
        store.select(3).flushdb()
        store.select(4).set("swapped", 1)
        store.swapdb(4, 5)
        store.lpush("list", "c", "b", "a")
        store.rpush("list", "d", "e", "f", "b")
        store.lpop("list")
        store.rpop("list")
        store.ltrim("list", 0, 3)
        store.lset("list", 0, "B")
        store.linsert("list", "AFTER", "B", "i")
        store.lrem("list", 1, "d")
        store.hset("hash", "one", 1)
        store.hset("hash", mapping={"two": 2, "three": 3})
        store.hdel("hash", "one")
        store.hpexpire("hash", 40_000, "two")
        store.sadd("set", "one")
        store.sadd("set", "two", "three")
        store.srem("set", "two")
        store.zadd("zset", {"a": 1, "b": 2})
        store.zrem("zset", "a")
        store.pipeline().incr("together").rpush("together:list", "x").execute()


HELD = {
    (0, b"plain"): (b"nEwer", None),
    (0, b"\xff\x00"): (b"\x00\xff", None),
    (0, b"snapshot:later"): (b"v", NOW + 10_000),
    (0, b"n"): (b"41", None),
    (0, b"snapshot:list"): (("list", [b"a", b"b"]), None),
    (0, b"snapshot:hash"): (("hash", [{b"f": b"1", b"g": b"2"}, {b"g": NOW + 20_000}]), None),
    (0, b"snapshot:set"): (("set", [b"x", b"y"]), None),
    (0, b"snapshot:zset"): (("zset", {b"neg": -2.0, b"m": 1.5, b"inf": float("inf")}), None),
    (15, b"far"): (b"away", None),
    (0, b"copy"): (("set", [b"x", b"y"]), None),
    (5, b"swapped"): (b"1", None),
    (0, b"list"): (("list", [b"B", b"i", b"c", b"e"]), None),
    (0, b"hash"): (("hash", [{b"two": b"2", b"three": b"3"}, {b"two": NOW + 40_000}]), None),
    (0, b"set"): (("set", [b"one", b"three"]), None),
    (0, b"zset"): (("zset", {b"b": 2.0}), None),
    (0, b"together"): (b"1", None),
    (0, b"together:list"): (("list", [b"x"]), None),
}


def test_the_golden_folder_opens(tmp_path: Path) -> None:
    path = shutil.copytree(GOLDEN, tmp_path / "app.kv")
    with Store(path, clock=ManualClock(NOW)) as store:
        assert state_of(store) == HELD
        assert store.incr("n") == 42
    with Store(path, clock=ManualClock(NOW)) as store:
        assert store.get("n") == b"42"
    assert state_of(Store(GOLDEN, read_only=True, clock=ManualClock(NOW))) == HELD
    assert check(str(GOLDEN), Store).sound


FIRST = {*range(1, 7), *range(10, 13), *range(20, 28), *range(30, 34), *range(40, 43), 50, 51}
"""The codes of the effects that there were when the folder was made."""


def test_the_golden_folder_has_every_effect_of_its_time() -> None:
    log = GOLDEN / "00000002.log"
    effects = [effect for _, effects in LogReader(log.read_bytes(), log.name).records() for effect in effects]
    assert {effect[0] for effect in effects} == FIRST <= set(EFFECTS)


def test_this_version_still_writes_that(tmp_path: Path) -> None:
    write(str(tmp_path / "app.kv"))
    with Store(tmp_path / "app.kv", clock=ManualClock(NOW)) as store:
        assert state_of(store) == HELD


def library(name: str) -> str:
    return f"#!lua name={name}\nredis.register_function('of_{name}', function() return 1 end)"


def write_libraries(path: str) -> None:
    """Make the folder with libraries of functions, which is not to be made again either."""
    with Store(path, clock=ManualClock(NOW), fsync="never", seed=1, compact_percent=0) as store:
        store.function_load(library("in_snapshot"))
        store.function_load(library("gone"))
        store.set("key", "value")
        store.compact()
        store.function_load(library("in_log"))
        store.function_delete("gone")


def test_the_golden_folder_with_libraries_opens(tmp_path: Path) -> None:
    log = LIBRARIES / "00000002.log"
    effects = [effect for _, effects in LogReader(log.read_bytes(), log.name).records() for effect in effects]
    assert {effect[0] for effect in effects} == {70, 71}
    path = shutil.copytree(LIBRARIES, tmp_path / "app.kv")
    with Store(path, clock=ManualClock(NOW)) as store:
        assert store.get("key") == b"value"
        kept = {name.encode(): library(name).encode() for name in ("in_snapshot", "in_log")}
        assert store._shared.libraries == kept
    assert check(str(LIBRARIES), Store).sound


def write_types(path: str) -> None:
    """Make the folder with streams, bitmaps, sketches and places, which is not to be made again either."""
    with Store(path, clock=ManualClock(NOW), fsync="never", seed=1, compact_percent=0) as store:
        fill(store, "snapshot:")
        store.compact()
        fill(store, "log:")


def fill(store: Store[bytes], prefix: str) -> None:
    stream, bits, places = prefix + "stream", prefix + "bits", prefix + "places"
    for number in range(1, 131):
        fields = {"n": number, "text": "x" * (number % 7)} if number % 9 else {"other": b"\xff\x00"}
        store.xadd(stream, fields, id=f"{number}-{number % 3}")
    store.xadd(stream, {"last": 1})
    store.xdel(stream, "5-2", "70-1")
    store.xtrim(stream, minid="3", approximate=False)
    store.xgroup_create(stream, "readers", "0", entries_read=2)
    store.xgroup_create(stream, "late", "129-0", entries_read=129)
    store.xgroup_create(stream, "destroyed", "$")
    store.xgroup_destroy(stream, "destroyed")
    store.xreadgroup("readers", "ann", {stream: ">"}, count=5)
    store.xreadgroup("readers", "bob", {stream: ">"}, count=3)
    store.xclaim(stream, "readers", "ann", 0, ["10-1"], retrycount=7)
    store.xautoclaim(stream, "readers", "cid", 0, count=2)
    store.xack(stream, "readers", "7-1", "8-2")
    store.xgroup_createconsumer(stream, "readers", "dan")
    store.xgroup_createconsumer(stream, "readers", "eve")
    store.xgroup_delconsumer(stream, "readers", "dan")
    Redis(store).execute_command("XSETID", stream, NOW + 5000, "ENTRIESADDED", 500)
    store.setbit(bits, 1000, 1)
    store.bitfield(bits, "SAT").incrby("i17", "#3", 70_000).set("u5", 3, 21).execute()
    store.bitop("NOT", prefix + "not", bits)
    store.pfadd(prefix + "sparse", *range(10))
    store.pfadd(prefix + "sparse", *range(10, 20))
    store.pfcount(prefix + "sparse")
    store.pfadd(prefix + "dense", *range(2000))
    store.pfadd(prefix + "dense", *range(2000, 2010))
    store.pfmerge(prefix + "merged", prefix + "sparse", prefix + "dense")
    store.geoadd(places, [13.361389, 38.115556, "Palermo", 15.087269, 37.502669, "Catania"])
    store.geosearchstore(prefix + "near", places, member="Palermo", radius=200, unit="km", storedist=True)


def told(store: Store[bytes], prefix: str) -> dict[str, Any]:
    """What there is to know of what `fill` has made."""
    stream, bits = prefix + "stream", prefix + "bits"
    fields = store.bitfield(bits).get("i17", "#3").get("u5", 3).execute()
    return {
        "entries": [store.xlen(stream), *store.xrange(stream, "8", "11"), *store.xrevrange(stream, count=1)],
        "ids": [store.xinfo_stream(stream)[name] for name in ("last-generated-id", "max-deleted-entry-id")],
        "groups": [tuple(group.values()) for group in store.xinfo_groups(stream)],
        "consumers": [tuple(consumer.values()) for consumer in store.xinfo_consumers(stream, "readers")],
        "pending": [tuple(each.values()) for each in store.xpending_range(stream, "readers", "-", "+", 10)],
        "bits": [store.bitcount(bits), store.bitcount(prefix + "not"), store.getbit(bits, 1000), *fields],
        "sketches": [store.pfcount(prefix + name) for name in ("sparse", "dense", "merged")],
        "bytes": [store.strlen(prefix + name) for name in ("sparse", "dense", "merged")],
        "places": store.geopos(prefix + "places", "Palermo", "Catania"),
        "near": store.zrange(prefix + "near", 0, -1, withscores=True),
    }


TOLD: dict[str, Any] = {
    "entries": [
        127,
        (b"8-2", {b"n": b"8", b"text": b"x"}),
        (b"9-0", {b"other": b"\xff\x00"}),
        (b"10-1", {b"n": b"10", b"text": b"xxx"}),
        (b"11-2", {b"n": b"11", b"text": b"xxxx"}),
        (b"1800000000000-0", {b"last": b"1"}),
    ],
    "ids": [b"1800000005000-0", b"70-1"],
    "groups": [(b"late", 0, 0, b"129-0", 129, 371), (b"readers", 4, 6, b"11-2", None, None)],
    "consumers": [(b"ann", 2, 1000), (b"bob", 2, 1000), (b"cid", 2, 1000), (b"eve", 0, 1000)],
    "pending": [
        (b"3-0", b"cid", 1000, 2),
        (b"4-1", b"cid", 1000, 2),
        (b"6-0", b"ann", 1000, 1),
        (b"9-0", b"bob", 1000, 1),
        (b"10-1", b"ann", 1000, 7),
        (b"11-2", b"bob", 1000, 1),
    ],
    "bits": [20, 988, 1, 65535, 21],
    "sketches": [20, 2016, 2016],
    "bytes": [77, 12304, 12304],
    "places": [(13.361389338970184, 38.1155563954963), (15.087267458438873, 37.50266842333162)],
    "near": [(b"Palermo", 0.0), (b"Catania", 166.27415156960032)],
}


def test_the_golden_folder_with_streams_opens(tmp_path: Path) -> None:
    log = TYPES / "00000002.log"
    effects = [effect for _, effects in LogReader(log.read_bytes(), log.name).records() for effect in effects]
    assert {effect[0] for effect in effects} == {3, 10, 13, 14, 50, *range(60, 70)}
    path = shutil.copytree(TYPES, tmp_path / "app.kv")
    with Store(path, clock=ManualClock(NOW + 1000)) as store:
        assert told(store, "snapshot:") == TOLD
        assert told(store, "log:") == TOLD
        store.xadd("log:stream", {"a": 1}, "1800000005000-*")
    with Store(path, read_only=True, clock=ManualClock(NOW)) as store:
        assert store.xinfo_stream("log:stream")["last-generated-id"] == b"1800000005000-1"
    assert check(str(TYPES), Store).sound


def test_this_version_still_writes_streams_so(tmp_path: Path) -> None:
    write_types(str(tmp_path / "app.kv"))
    with Store(tmp_path / "app.kv", clock=ManualClock(NOW + 1000)) as store:
        assert told(store, "snapshot:") == told(store, "log:") == TOLD
