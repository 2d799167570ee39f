"""Libraries of functions as methods of a store: what is kept of them, where, and what undoes a change."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from disks import PATH, SimulatedDisk
from oracle import Oracle, Pair

from kvlite import AsyncStore, ResponseError, Store
from kvlite.errors import ReadOnlyError
from kvlite.persist.check import check, repair

pytest.importorskip("lupa.lua51", reason="functions need the extra 'lua': pip install 'kvlite[lua]'")


COUNTER = """#!lua name=counter
local function count(keys, args)
    return redis.call('INCRBY', keys[1], args[1] or 1)
end
local function value(keys)
    return redis.call('GET', keys[1])
end
redis.register_function('count', count)
redis.register_function{
    function_name = 'value', callback = value, description = 'what it has come to', flags = {'no-writes'},
}
"""
OTHER = (
    "#!lua name=other\nredis.register_function('other', function() return {1.9, 'x', false, {ok = 'y'}} end)"
)


def names(store: Store[Any]) -> list[Any]:
    return [described[1] for described in store.function_list()]


@pytest.mark.parametrize("decode", [False, True])
def test_methods_answer_as_in_redis_py(oracle: Oracle, decode: bool) -> None:
    call = Pair(oracle, decode_responses=decode).call
    call("function_load", COUNTER)
    call("function_load", COUNTER)
    call("function_delete", "counter")
    call("function_load", OTHER, True)
    call("function_load", OTHER, replace=True)
    call("function_load", "x")
    call("function_load", None)
    call("function_list")
    call("function_list", "OTH*", withcode=True)
    call("function_list", "none", True)
    call("function_list", None)
    call("function_load", COUNTER)
    call("fcall", "count", 1, "n")
    call("fcall", "COUNT", 1, "n", 5)
    call("fcall", b"count", "1", "n", 1.5)
    call("fcall", "count", 0)
    call("fcall", "count", None)
    call("fcall", "count", "x")
    call("fcall", "count", -1)
    call("fcall", "count", 1)
    call("fcall", "none", 0)
    call("fcall", "other", 0)
    call("fcall_ro", "value", 1, "n")
    call("fcall_ro", "value", 1, "none")
    call("fcall_ro", "count", 1, "n")
    call("function_stats")
    call("function_kill")
    call("function_delete", "other")
    call("function_delete", "other")
    call("function_dump")
    dumped = oracle.client().function_dump()
    for policy in ["APPEND", "REPLACE", "flush", "x", None]:
        call("function_restore", dumped, policy)
    call("function_restore", b"x")
    call("function_flush", "x")
    call("function_flush", "ASYNC")
    call("function_flush")
    call("function_dump")
    call("function_list")


def test_a_pipeline_calls_functions() -> None:
    store = Store()
    store.function_load(COUNTER)
    with store.pipeline() as pipe:
        assert pipe.fcall("count", 1, "n").fcall_ro("value", 1, "n").execute() == [1, b"1"]


# Changes that are taken back, and those that are not


class Undo(Exception):
    pass


def test_an_atomic_block_that_raises_leaves_the_libraries_as_they_were() -> None:
    store = Store()
    store.function_load(COUNTER)
    with pytest.raises(Undo), store.atomic():
        store.function_delete("counter")
        store.function_load(OTHER)
        assert names(store) == [b"other"]
        raise Undo
    assert names(store) == [b"counter"]
    assert store.fcall("count", 1, "n") == 1
    with pytest.raises(ResponseError, match="Function not found"):
        store.fcall("other", 0)
    with pytest.raises(Undo), store.atomic():
        store.function_load(COUNTER.replace("or 1", "or 100"), replace=True)
        assert store.fcall("count", 1, "n") == 101
        raise Undo
    assert store.fcall("count", 1, "n") == 2


def test_an_inner_block_is_taken_back_by_itself() -> None:
    store = Store()
    with store.atomic():
        store.function_load(COUNTER)
        with pytest.raises(Undo), store.atomic():
            store.function_load(OTHER)
            raise Undo
    assert names(store) == [b"counter"]


def test_a_sandbox_puts_the_libraries_back(tmp_path: Path) -> None:
    with Store(tmp_path / "app.kv") as store:
        store.function_load(COUNTER)
        with store.sandbox():
            store.function_delete("counter")
            store.function_load(OTHER)
        assert names(store) == [b"counter"]
    with Store(tmp_path / "app.kv") as store:
        assert names(store) == [b"counter"]


def test_what_cannot_be_restored_changes_nothing() -> None:
    store, source = Store(), Store()
    source.function_load(OTHER)
    source.function_load(COUNTER)
    store.function_load(COUNTER.replace("or 1", "or 100"))
    with pytest.raises(ResponseError, match="Library counter already exists"):
        store.function_restore(source.function_dump())
    assert names(store) == [b"counter"]
    assert store.fcall("count", 1, "n") == 100


def test_a_library_may_fail_half_way() -> None:
    store = Store()
    store.function_load(COUNTER)
    with pytest.raises(ResponseError, match="nonexistent global variable 'x'"):
        store.function_load(COUNTER + "local y = x", replace=True)
    assert store.fcall("count", 1, "n") == 1


# On the disk


def test_libraries_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "app.kv"
    with Store(path) as store:
        store.function_load(COUNTER)
        store.function_load(OTHER)
        store.function_delete("other")
        store.flushall()
        store.fcall("count", 1, "n")
    with Store(path) as store:
        assert names(store) == [b"counter"]
        assert store.fcall("count", 1, "n") == 2
        store.compact()
        store.function_load(OTHER)
    with Store(path) as store:
        assert sorted(names(store)) == [b"counter", b"other"]
        store.compact()
        store.function_flush()
        store.compact()
    with Store(path) as store:
        assert names(store) == []


@pytest.mark.parametrize("in_snapshot", [True, False])
def test_libraries_survive_a_kill(in_snapshot: bool) -> None:
    disk = SimulatedDisk()
    store = Store(PATH, files=disk, fsync="never", compact_percent=0)
    with store.atomic():
        store.function_load(COUNTER)
        store.set("n", 5)
    if in_snapshot:
        store.compact()
    found = Store(PATH, files=disk.kill(), fsync="never")
    assert found.fcall("count", 1, "n") == 6
    store.close()
    found.close()


def test_a_change_while_a_snapshot_is_written_is_not_in_it(tmp_path: Path) -> None:
    from kvlite.persist.snapshot import Capture, read_snapshot, write_snapshot

    store = Store()
    store.function_load(COUNTER)
    store.set("a", 1)
    pieces = write_snapshot(Capture(store._shared), 7, b"saltsalt")
    data = next(pieces)
    store.function_load(OTHER)
    store.function_delete("counter")
    _, state = read_snapshot(data + b"".join(pieces), "memory")
    assert state.libraries == {b"counter": COUNTER.encode()}


def test_a_store_that_only_reads(tmp_path: Path) -> None:
    with Store(tmp_path / "app.kv") as store:
        store.function_load(COUNTER)
        store.set("n", 5)
    with Store(tmp_path / "app.kv", read_only=True) as store:
        assert store.fcall_ro("value", 1, "n") == b"5"
        dumped = store.function_dump()
        for change in [
            lambda: store.function_load(OTHER),
            lambda: store.function_delete("counter"),
            store.function_flush,
            lambda: store.function_restore(dumped, "REPLACE") and store.function_flush(),
            lambda: store.fcall("count", 1, "n"),
        ]:
            with pytest.raises(ReadOnlyError):
                change()
        assert names(store) == [b"counter"]


def test_files_and_backups_hold_libraries(tmp_path: Path) -> None:
    store = Store()
    store.function_load(COUNTER)
    store.set("n", 5)
    store.save(tmp_path / "file")
    store.backup(tmp_path / "backup.kv")
    with Store(tmp_path / "backup.kv") as copy:
        assert copy.fcall("count", 1, "n") == 6
    assert Store.load(tmp_path / "file").fcall("count", 1, "n") == 6
    with Store(tmp_path / "other.kv") as other:
        other.function_load(OTHER)
        other.restore_from(tmp_path / "file")
        assert names(other) == [b"counter"]
    with Store(tmp_path / "other.kv") as other:
        assert names(other) == [b"counter"]


def test_a_folder_is_checked_and_repaired_with_its_libraries(tmp_path: Path) -> None:
    path = str(tmp_path / "app.kv")
    with Store(path, compact_percent=0) as store:
        store.function_load(COUNTER)
        store.compact()
        store.function_load(OTHER)
        store.set("a", "damaged")
        store.set("b", 1)
    assert check(path, Store).sound
    log = tmp_path / "app.kv" / "00000002.log"
    log.write_bytes(log.read_bytes().replace(b"damaged", b"Damaged"))
    assert not check(path, Store).sound
    repair(path, Store)
    with Store(path) as store:
        assert sorted(names(store)) == [b"counter", b"other"]
        assert store.mget("a", "b") == [None, b"1"]


def test_libraries_that_are_none_are_damage() -> None:
    from kvlite import CorruptionError
    from kvlite.persist.record import SNAPSHOT, Header, frame, pack_header, packer
    from kvlite.persist.snapshot import read_snapshot

    pack = packer().pack
    for content in [5, [b"a"], {"a": b"b"}, {b"a": 1}, {b"a": None}]:
        data = pack_header(Header(SNAPSHOT, 1, b"saltsalt"))
        data += frame(pack(["libraries", content])) + frame(pack(["end", 1]))
        with pytest.raises(CorruptionError):
            read_snapshot(data, "file")


def test_a_library_that_does_not_load_any_more_has_no_functions(caplog: pytest.LogCaptureFixture) -> None:
    """As one may that was written by hand."""
    store = Store()
    store.function_load(OTHER)
    store._effect_library(b"bad", b"#!lua name=bad\nx(")
    store._effect_library(b"worse", b"")
    assert store.fcall("other", 0)
    assert "the library bad cannot be loaded any more" in caplog.text
    assert sorted(names(store)) == [b"bad", b"other", b"worse"]
    store.function_delete("bad")
    store.function_delete("worse")
    assert names(store) == [b"other"]


WITHOUT_LUA = """
import sys
sys.modules["lupa"] = sys.modules["lupa.lua51"] = None
from kvlite import ResponseError, Store
with Store(sys.argv[1]) as store:
    assert store.get("n") == b"5"
    for call in (
        lambda: store.fcall("count", 1, "n"), store.function_list, store.function_stats,
        lambda: store.function_load("#!lua name=a\\n"),
        lambda: store.function_restore(store.function_dump(), "REPLACE"),
    ):
        try:
            call()
        except ResponseError as error:
            assert "pip install 'kvlite[lua]'" in str(error), error
        else:
            raise AssertionError("it did without Lua")
    assert b"counter" in store.function_dump()
    store.compact()
    store.function_delete("other")
    print(store.info("memory")["number_of_libraries"])
"""


def test_a_machine_without_lua_keeps_them(tmp_path: Path) -> None:
    path = tmp_path / "app.kv"
    with Store(path) as store:
        store.set("n", 5)
        store.function_load(COUNTER)
        store.function_load(OTHER)
    command = [sys.executable, "-c", WITHOUT_LUA, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("1\n", "")
    with Store(path) as store:
        assert names(store) == [b"counter"]
        assert store.fcall("count", 1, "n") == 6


# Every door, and many threads


def test_doors_see_the_same_libraries() -> None:
    redis = pytest.importorskip("redis")
    from kvlite import Server
    from kvlite.redis import Redis

    store = Store()
    with Server(store, port=0) as server, redis.Redis.from_url(server.url) as far:
        near = Redis(store)
        assert far.function_load(COUNTER) == b"counter"
        assert near.function_load(OTHER) == b"other"
        assert [each.fcall("count", 1, "n") for each in (store, near, far)] == [1, 2, 3]
        assert near.function_list() == far.function_list() == store.function_list()
        assert near.function_stats() == far.function_stats() == store.function_stats()
        store.function_flush()
        assert near.function_list() == far.function_list() == []
        assert store.function_restore(near.function_dump(), "FLUSH")


def test_async_stores_have_functions() -> None:
    async def main() -> None:
        async with AsyncStore() as store:
            assert await store.function_load(COUNTER) == b"counter"
            assert await store.fcall("count", 1, "n") == 1
            assert await store.fcall_ro("value", 1, "n") == b"1"
            assert await store.function_flush()

    asyncio.run(main())


def test_threads_take_turns() -> None:
    store = Store()
    store.function_load(COUNTER)
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for turn in range(50):
                store.fcall("count", 1, "n")
                if turn % 10 == number:
                    store.function_load(COUNTER + f"-- {number} {turn}", replace=True)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert store.get("n") == b"200"
