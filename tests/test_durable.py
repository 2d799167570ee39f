"""A store that is kept on disk: opening, exclusion, compaction, snapshots to and from files."""

from __future__ import annotations

import gc
import logging
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from histories import state_of

from kvlite import (
    CorruptionError,
    ManualClock,
    PersistenceError,
    ReadOnlyError,
    Store,
    StoreClosedError,
    StoreLockedError,
)


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "app.kv")


def fill(store: Store[Any]) -> None:
    """Something of everything."""
    store.mset({"s": "text", "binary": b"\xff\x00", "empty": ""})
    store.incr("n", -7)
    store.append("grown", "a")
    store.append("grown", "b")
    store.set("later", "v", px=5000)
    store.rpush("l", *range(5))
    store.hset("h", mapping={"a": 1, "b": 2})
    store.hpexpire("h", 9000, "b")
    store.sadd("S", "x", "y", b"\xff")
    store.zadd("z", {"m": 1.5, "i": float("inf"), "neg": -0.0})
    store.select(15).set("far", "away")


def test_everything_comes_back(path: str) -> None:
    clock = ManualClock()
    with Store(path, clock=clock) as store:
        fill(store)
        before = state_of(store)
    with Store(path, clock=clock) as store:
        assert state_of(store) == before
        assert store.get("n") == b"-7"
        assert store.pttl("later") == 5000
        assert store.hpttl("h", "a", "b") == [-1, 9000]
        store.advance(6)
        assert store.get("later") is None
        store.compact()
        after = state_of(store)
    with Store(path, clock=clock) as store:
        assert state_of(store) == after
        assert store.recovery is not None
        assert store.recovery.snapshot == "00000002.snapshot"
        assert store.recovery.records == 0
        store.advance(4)
        assert store.hgetall("h") == {b"a": b"1"}


@pytest.mark.parametrize("fsync", ["always", "everysec", "never"])
def test_a_killed_process_loses_nothing_that_returned(path: str, fsync: str) -> None:
    code = f"""
import os, signal
from kvlite import Store
store = Store({path!r}, fsync={fsync!r})
store.set("a", 1)
store.pipeline().rpush("l", 1, 2).set("b", 2).execute()
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", code], check=False)
    assert done.returncode == -signal.SIGKILL
    with Store(path) as store:
        assert store.mget("a", "b") == [b"1", b"2"]
        assert store.lrange("l", 0, -1) == [b"1", b"2"]


def test_everysec_syncs_within_a_second_or_so(path: str) -> None:
    with Store(path, fsync="everysec") as store:
        store.set("a", 1)
        log = store._shared.journal._log  # type: ignore[union-attr]
        until = time.monotonic() + 5
        while log.synced < log.position and time.monotonic() < until:
            time.sleep(0.02)
        assert log.synced == log.position


def test_sync_forces_the_log_to_disk(path: str) -> None:
    with Store(path, fsync="never") as store:
        store.set("a", 1)
        log = store._shared.journal._log  # type: ignore[union-attr]
        assert log.synced < log.position
        store.sync()
        assert log.synced == log.position


def test_files_are_private(path: str) -> None:
    with Store(path) as store:
        store.compact()
        store.save(path + ".save")
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o700
    for file in [*Path(path).iterdir(), Path(path + ".save")]:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


# Exclusion


def test_one_writer(path: str) -> None:
    with Store(path) as store:
        store.set("a", 1)
        with pytest.raises(StoreLockedError, match=f"process {os.getpid()}"):
            Store(path)
        code = f"from kvlite import Store; Store({path!r})"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert "StoreLockedError" in done.stderr
        assert store.get("a") == b"1"
    with Store(path) as store:
        assert store.get("a") == b"1"


def test_a_reader_beside_the_writer(path: str) -> None:
    with Store(path) as store:
        store.set("a", 1)
        store.set("dead", 1, px=1)
        time.sleep(0.002)
        with Store(path, read_only=True) as reader:
            assert reader.get("a") == b"1"
            assert reader.get("dead") is None
            with pytest.raises(ReadOnlyError, match="READONLY"):
                reader.set("a", 2)
            with pytest.raises(ReadOnlyError), reader.atomic():
                reader.delete("a")
            assert reader.get("a") == b"1"
            store.set("a", 2)
            store.compact()
            assert reader.get("a") == b"1"
        with Store(path, read_only=True) as reader:
            assert reader.get("a") == b"2"


def test_reading_only_what_is_not_there(path: str) -> None:
    with pytest.raises(PersistenceError, match="there is no store at"):
        Store(path, read_only=True)
    assert not os.path.exists(path)
    with pytest.raises(ValueError, match="a store in memory cannot be read-only"):
        Store(read_only=True)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_after_a_fork_the_store_stays_with_the_parent(path: str) -> None:
    memory = Store()
    memory.set("m", 1)
    with Store(path) as store:
        store.set("a", 1)
        child = os.fork()
        if child == 0:
            code = 1
            try:
                store.set("a", 2)
            except StoreClosedError:
                memory.set("m", 2)
                code = 0 if memory.get("m") == b"2" else 2
            os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        with pytest.raises(StoreLockedError):
            Store(path)
        store.set("b", 2)
        assert store.mget("a", "b") == [b"1", b"2"]
        assert memory.get("m") == b"1"
    with Store(path) as store:
        assert store.mget("a", "b") == [b"1", b"2"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_fork_never_meets_a_store_in_the_middle_of_a_change() -> None:
    store = Store()
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            store.mset({"a": 1, "b": 1})
            store.delete("a", "b")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(30):
            child = os.fork()
            if child == 0:
                code = 0 if store.dbsize() in (0, 2) and store.set("c", 1) else 1
                os._exit(code)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    finally:
        stop.set()
        writer.join()


def test_closing(path: str) -> None:
    store = Store(path)
    other = store.select(3)
    store.close()
    store.close()
    other.close()
    memory = Store()
    memory.close()
    for closed in (store, other, memory):
        for call in (
            lambda c: c.sync(),
            lambda c: c.compact(),
            lambda c: c.__enter__(),
            lambda c: c.save("x"),
        ):
            with pytest.raises(StoreClosedError):
                call(closed)
        with pytest.raises(StoreClosedError):
            closed.get("a")
        with pytest.raises(StoreClosedError):
            closed.set("a", 1)
    assert "closed" in repr(store)


# Compaction


def test_compaction_leaves_one_snapshot_and_one_log(path: str) -> None:
    with Store(path) as store:
        fill(store)
        before = state_of(store)
        for _ in range(3):
            store.compact()
            store.set("s", "text")
        assert sorted(os.listdir(path)) == ["00000004.log", "00000004.snapshot", "lock"]
        assert state_of(store) == before
    with Store(path) as store:
        assert state_of(store).keys() == before.keys()


def test_compaction_starts_by_itself(path: str) -> None:
    with Store(path, compact_min_size=10_000, compact_percent=100) as store:
        until = time.monotonic() + 20
        n = 0
        while not os.path.exists(os.path.join(path, "00000003.snapshot")) and time.monotonic() < until:
            n += 1
            store.set("k", b"x" * 100)
        assert store.get("k") == b"x" * 100
    assert sum(file.stat().st_size for file in Path(path).iterdir()) < 1_000_000
    with Store(path) as store:
        assert store.get("k") == b"x" * 100


def test_compaction_can_be_turned_off(path: str) -> None:
    with Store(path, compact_min_size=1, compact_percent=0) as store:
        for _ in range(100):
            store.set("k", b"x" * 100)
        assert "00000001.log" in os.listdir(path)


def test_compaction_beside_running_traffic(path: str) -> None:
    with Store(path) as store:
        store.mset({f"k{n}": n for n in range(5000)})
        stop = threading.Event()
        written: list[int] = [0] * 4

        def write(number: int) -> None:
            while not stop.is_set():
                written[number] += 1
                store.set(f"w{number}", written[number])
                store.delete(f"k{written[number] * 7 % 5000}")

        writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
        for writer in writers:
            writer.start()
        for _ in range(3):
            store.compact()
        stop.set()
        for writer in writers:
            writer.join()
        before = state_of(store)
    with Store(path) as store:
        assert state_of(store) == before
        assert store.mget([f"w{n}" for n in range(4)]) == [b"%d" % n for n in written]


def test_compaction_within_a_transaction_is_refused(path: str) -> None:
    with Store(path) as store:
        with pytest.raises(PersistenceError, match="within a transaction"), store.atomic():
            store.compact()
        store.set("a", 1)


# Files


def test_save_and_load(path: str) -> None:
    store = Store(clock=ManualClock())
    fill(store)
    store.save(path)
    loaded = Store.load(path, clock=store._shared.clock)
    assert state_of(loaded) == state_of(store)
    text = Store.load(path, decode_responses=True, clock=store._shared.clock)
    assert text.get("s") == "text"
    assert text.hpttl("h", "b") == [9000]


def test_restore_replaces_everything_as_one(path: str, tmp_path: Path) -> None:
    file = tmp_path / "data.kvs"
    memory = Store()
    memory.set("a", "from the file")
    memory.save(file)
    with Store(path) as store:
        fill(store)
        pipe = store.pipeline()
        pipe.watch("s")
        store.restore_from(file)
        assert store.keys() == [b"a"]
        assert store.select(15).dbsize() == 0
    with Store(path) as store:
        assert store.get("a") == b"from the file"
        assert store.dbsize() == 1


def test_a_damaged_file_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "data.kvs"
    store = Store()
    store.set("a", 1)
    store.save(file)
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(CorruptionError, match=r"data\.kvs is damaged at byte"):
        store.restore_from(file)
    with pytest.raises(CorruptionError):
        Store.load(file)
    assert store.get("a") == b"1"
    with pytest.raises(PersistenceError, match="cannot be read"):
        store.restore_from(tmp_path / "missing")
    with pytest.raises(PersistenceError, match="cannot be written"):
        store.save(tmp_path / "missing" / "data.kvs")


def test_a_path_may_be_bytes(path: str) -> None:
    with Store(os.fsencode(path)) as store:  # type: ignore[call-overload]
        store.set("a", 1)
    with Store(path) as store:
        assert store.get("a") == b"1"


def test_backup_opens_as_a_store(path: str, tmp_path: Path) -> None:
    backup = tmp_path / "backup.kv"
    with Store(path) as store:
        fill(store)
        store.backup(backup)
        before = state_of(store)
        store.set("s", "changed")
        with pytest.raises(PersistenceError, match="there is a store at"):
            store.backup(backup)
    with Store(backup) as copy:
        assert state_of(copy) == before


# Opening


def test_a_torn_tail_is_cut_and_said(path: str, caplog: pytest.LogCaptureFixture) -> None:
    with Store(path) as store:
        store.set("a", 1)
    log = Path(path) / "00000001.log"
    whole = log.read_bytes()
    log.write_bytes(whole + b"\x20\x00\x00\x00 half a record")
    with caplog.at_level(logging.WARNING, "kvlite"), Store(path) as store:
        assert store.get("a") == b"1"
        assert store.recovery is not None
        assert store.recovery.torn_bytes == 18
        store.set("b", 2)
    assert "18 bytes at the end of the log" in caplog.text
    with Store(path) as store:
        assert store.mget("a", "b") == [b"1", b"2"]


def test_damage_to_what_was_synced_refuses_to_open(path: str) -> None:
    with Store(path) as store:
        store.set("a", 1)
        store.set("b", 2)
    log = Path(path) / "00000001.log"
    content = bytearray(log.read_bytes())
    content[48] ^= 1
    log.write_bytes(content)
    with pytest.raises(CorruptionError, match=r"00000001\.log is damaged at byte 38: .*check --repair"):
        Store(path)
    assert log.read_bytes() == content


@pytest.mark.parametrize("what", ["a file", "a folder of something else"])
def test_what_is_no_store_is_left_alone(path: str, what: str) -> None:
    if what == "a file":
        Path(path).write_text("mine")
    else:
        os.mkdir(path)
        (Path(path) / "mine.txt").write_text("mine")
    with pytest.raises(PersistenceError, match=r"a store is kept in a folder|holds something else"):
        Store(path)
    assert os.path.isfile(path) or os.listdir(path) == ["mine.txt"]


def test_an_empty_folder_becomes_a_store(path: str) -> None:
    os.mkdir(path)
    with Store(path) as store:
        store.set("a", 1)
    with Store(path) as store:
        assert store.get("a") == b"1"


def test_folders_are_made(tmp_path: Path) -> None:
    with Store(tmp_path / "a" / "b" / "app.kv") as store:
        store.set("a", 1)
    assert Store(tmp_path / "a" / "b" / "app.kv", read_only=True).get("a") == b"1"


def test_a_newer_version_is_refused_by_name(path: str) -> None:
    with Store(path) as store:
        store.set("a", 1)
    log = Path(path) / "00000001.log"
    content = bytearray(log.read_bytes())
    content[8] = 99
    log.write_bytes(content)
    with pytest.raises(PersistenceError, match=r"00000001\.log was written by a newer version of kvlite"):
        Store(path)


def test_bad_options(path: str) -> None:
    with pytest.raises(ValueError, match="fsync must be"):
        Store(path, fsync="sometimes")  # type: ignore[call-overload]
    with pytest.raises(ValueError, match="is no number of bytes"):
        Store(path, compact_min_size="many")
    assert not os.path.exists(path)


# Speed of the log


def test_a_record_is_little_longer_than_what_it_holds(path: str) -> None:
    with Store(path, fsync="never") as store:
        log = store._shared.journal._log  # type: ignore[union-attr]
        store.set("warm", "up")
        before = log.position
        store.set("key:1", b"x" * 20)
        assert log.position - before <= len("key:1") + 20 + 24


def test_threads_share_a_sync(path: str) -> None:
    with Store(path, fsync="always") as store:
        log = store._shared.journal._log  # type: ignore[union-attr]
        syncs = 0
        sync = log.sync

        def counted() -> None:
            nonlocal syncs
            syncs += 1
            time.sleep(0.002)
            sync()

        log.sync = counted  # type: ignore[method-assign]

        def write(number: int) -> None:
            for n in range(20):
                store.set(f"k{number}", n)
                assert log.synced >= 0

        writers = [threading.Thread(target=write, args=(number,)) for number in range(8)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        assert syncs < 160 // 2


def test_blocking_pop_waits_for_the_disk(path: str) -> None:
    """An element that was handed to a waiter is on the disk as taken before the waiter has it."""
    with Store(path, fsync="always") as store:
        seen: list[Any] = []

        def pop() -> None:
            seen.append(store.blpop("q", 5))
            log = store._shared.journal._log  # type: ignore[union-attr]
            seen.append(log.synced == log.position)

        popper = threading.Thread(target=pop)
        popper.start()
        while not store._lines:
            time.sleep(0.001)
        store.rpush("q", "job")
        popper.join()
        assert seen == [(b"q", b"job"), True]


def test_a_store_that_was_dropped_does_not_keep_its_folder(path: str) -> None:
    store = Store(path, fsync="never")
    store.set("a", 1)
    del store
    gc.collect()
    with Store(path) as store:
        assert store.get("a") == b"1"


def test_the_folder_of_a_store_is_no_place_to_save_to(path: str) -> None:
    with Store(path) as store, pytest.raises(PersistenceError, match="save it somewhere else"):
        store.save(os.path.join(path, "lock"))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_cannot_touch_the_files(path: str) -> None:
    with Store(path) as store:
        store.set("a", 1)
        child = os.fork()
        if child == 0:
            refused = 0
            for call in (store.compact, store.sync, lambda: store.save(path + ".x"), store.dbsize):
                try:
                    call()
                except StoreClosedError:
                    refused += 1
            store.close()
            os._exit(0 if refused == 4 else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        store.mset({f"k{n}": "x" * 100 for n in range(2000)})
    with Store(path) as store:
        assert store.dbsize() == 2001
