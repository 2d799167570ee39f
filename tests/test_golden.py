"""A folder of the first format, which must open for ever."""

from __future__ import annotations

import shutil
from pathlib import Path

from histories import state_of

from kvlite import ManualClock, Store
from kvlite.effects import EFFECTS
from kvlite.persist.check import check
from kvlite.persist.log import LogReader

GOLDEN = Path(__file__).parent / "golden" / "app.kv"
LIBRARIES = Path(__file__).parent / "golden" / "functions.kv"
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
