"""Faults: each operation of the disk fails in turn. What could not be kept raises, and did not happen."""

from __future__ import annotations

import errno
import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from disks import DEEDS, PATH, START_MS, SYNCS, SimulatedDisk, attempt, open_store
from histories import State, state_of

from kvlite import ManualClock, PersistenceError, Store, StoreClosedError
from kvlite.persist.files import Files, MappedAppender, WritingAppender
from kvlite.structs.hash import Hash

KEPT = "The store only reads until it is opened again"


def visible(store: Store[Any]) -> State:
    """What a store holds, without what is dead."""
    now = store._shared.now()
    state = {key: value for key, value in state_of(store).items() if value[1] is None or value[1] > now}
    for (index, key), (_, deadline) in list(state.items()):
        value = store._shared.stores[index]._db.data[key]  # type: ignore[union-attr]
        if isinstance(value, Hash):
            dead = {field for field, due in (value.deadlines or {}).items() if due <= now}
            alive = {field: text for field, text in value.fields.items() if field not in dead}
            state[index, key] = alive, deadline
            if not alive:
                del state[index, key]
    return state


def is_frozen(store: Store[Any]) -> bool:
    return store._shared.frozen


class Run:
    """A history on a disk on which something fails, beside the same in memory of what was acknowledged."""

    def __init__(self, disk: SimulatedDisk, fsync: Any) -> None:
        self.clock = ManualClock(START_MS)
        self.model = Store(clock=self.clock)
        self.store: Store[Any] | None = None
        self.failed: list[PersistenceError] = []
        try:
            self.store = open_store(disk, self.clock, fsync=fsync)
        except PersistenceError as error:
            self.failed.append(error)

    def go(self, deeds: list[Any] = DEEDS) -> None:
        for deed in deeds if self.store is not None else []:
            frozen = is_frozen(self.store)
            error = attempt(self.store, deed)
            if error is None:
                if deed not in SYNCS and not _passes_time(deed):
                    attempt(self.model, deed)
            else:
                self.failed.append(error)
                if frozen:
                    assert KEPT in str(error)
            assert visible(self.store) == visible(self.model), deed


def _passes_time(deed: Any) -> bool:
    return deed.__name__ == "_later"


def operations(fsync: Any) -> list[str]:
    disk = SimulatedDisk()
    run = Run(disk, fsync)
    run.go()
    assert run.store is not None
    run.store.close()
    return disk.operations


FAULTS = [
    ("everysec", errno.ENOSPC, False),
    ("always", errno.EIO, False),
    ("never", errno.EIO, True),
    ("always", errno.EIO, True),
]


LASTING = ("sync", "create", "rename", "sync folder", "cut", "remove")
"""Operations that may fail after they were done, and show it."""


@pytest.mark.parametrize(("fsync", "code", "late"), FAULTS)
def test_each_operation_fails_in_turn(fsync: Any, code: int, late: bool) -> None:
    every = operations(fsync)
    assert {"append", "sync", "rename", "create", "write", "remove", "sync folder"} <= set(every)
    for number, name in enumerate(every):
        disk = SimulatedDisk()
        disk.fail(number, code, late)
        run = Run(disk, fsync)
        run.go()
        if run.store is not None:
            error = attempt(run.store, Store.close)
            assert error is None or name == "sync", (number, name)
            with pytest.raises(StoreClosedError):
                run.store.get("a")
        if name in ("append", "sync") and run.store is not None:
            assert run.failed or number >= len(every) - 6, (number, name)
        with open_store(disk, run.clock) as again:
            assert visible(again) == visible(run.model), (number, name)
            again.set("goes", "on")
        assert all(name.endswith((".log", ".snapshot")) for name in disk.names(PATH))


@pytest.mark.parametrize("fsync", ["always", "never"])
def test_a_process_dies_after_a_fault(fsync: Any) -> None:
    """As above, but nobody closes the store: what lies on the disk then is what was acknowledged."""
    for number, name in enumerate(operations(fsync)):
        for late in (False, True) if name in LASTING else (False,):
            disk = SimulatedDisk()
            disk.fail(number, errno.EIO, late)
            run = Run(disk, fsync)
            run.go()
            with open_store(disk.kill(), run.clock) as again:
                assert visible(again) == visible(run.model), (number, name, late)


def test_power_is_lost_after_a_fault() -> None:
    for number, name in enumerate(operations("always")):
        for late in (False, True) if name in LASTING else (False,):
            disk = SimulatedDisk()
            disk.fail(number, errno.EIO, late)
            run = Run(disk, "always")
            run.go(DEEDS[:26])
            with open_store(disk.crash(mode="synced"), run.clock) as again:
                if late and name == "sync":
                    assert (
                        visible(run.model).keys() <= visible(again).keys()
                    )  # it was on the disk, and counts
                else:
                    assert visible(again) == visible(run.model), (number, name, late)


def test_everything_that_changes_is_refused_and_reads_go_on() -> None:
    disk = SimulatedDisk()
    store = open_store(disk, fsync="everysec")
    store.hset("h", mapping={"f": 1, "g": 2})
    store.hpexpire("h", 1000, "f")
    store.set("dead", 1, px=1000)
    store.set("alive", 1)
    store.rpush("l", 1)
    disk.fail(len(disk.operations), errno.ENOSPC)
    with pytest.raises(PersistenceError, match="No space left on device"):
        store.set("a", 1)
    assert store.get("a") is None
    store.advance(2)
    assert store.get("dead") is None
    assert store.get("alive") == b"1"
    assert store.hgetall("h") == {b"g": b"2"}
    assert store.hlen("h") == 1
    assert sorted(store.keys()) == [b"alive", b"h", b"l"]
    assert store.lrange("l", 0, -1) == [b"1"]
    for change in [
        lambda: store.set("a", 1),
        lambda: store.delete("alive"),
        lambda: store.rpush("l", 2),
        lambda: store.hset("h", "x", 1),
        lambda: store.flushall(),
        lambda: store.mset({"x": 1, "y": 2}),
        lambda: store.lmove("l", "m"),
        lambda: store.compact(),
        lambda: store.pipeline().set("x", 1).set("y", 2).execute(),
    ]:
        with pytest.raises(PersistenceError, match="No space left on device"):
            change()
    with pytest.raises(PersistenceError), store.atomic():
        store.set("x", 1)
    assert sorted(store.keys()) == [b"alive", b"h", b"l"]
    errors = []
    for _ in range(2):
        with pytest.raises(PersistenceError) as caught:
            store.set("a", 1)
        errors.append(caught.value)
    assert str(errors[0]) == str(errors[1])
    assert errors[0] is not errors[1], "an error that is raised twice grows a traceback without end"
    store.close()
    with open_store(disk, store._shared.clock) as again:  # type: ignore[arg-type]
        assert sorted(again.keys()) == [b"alive", b"h", b"l"]


def test_a_read_that_meets_something_dead_answers_on_a_full_disk() -> None:
    for name, answer in [("get", None), ("hgetall", {})]:
        disk = SimulatedDisk()
        store = open_store(disk, clock := ManualClock(START_MS), fsync="everysec")
        store.set("s", 1, px=1000)
        store.hset("h", "f", 1)
        store.hpexpire("h", 1000, "f")
        clock._now += 2000
        disk.fail(len(disk.operations), errno.ENOSPC)
        assert getattr(store, name)("s" if name == "get" else "h") == answer
        with pytest.raises(PersistenceError, match="No space left"):
            store.set("a", 1)
        assert store.get("s") is None
        assert store.hgetall("h") == {}
        store.close()


@pytest.mark.parametrize("operation", ["create", "write", "rename", "sync folder", "remove", "names", "size"])
@pytest.mark.parametrize("late", [False, True])
def test_a_compaction_that_fails_leaves_a_store_that_works(operation: str, late: bool) -> None:
    disk = SimulatedDisk()
    store = open_store(disk, fsync="always")
    store.set("a", 1)
    count = 0
    for nth in range(4):
        start = len(disk.operations)
        store.compact()
        ahead = [number for number, name in enumerate(disk.operations[start:]) if name == operation]
        if nth >= len(ahead):
            break
        disk.fail(len(disk.operations) + ahead[nth], errno.ENOSPC, late)
        error = attempt(store, Store.compact)
        disk.failing.clear()
        assert error is None or "the snapshot cannot be written" in str(error)
        assert not is_frozen(store)
        store.incr("a")
        count += 1
        for mode in ("everything", "synced"):
            with open_store(disk.crash(mode=mode)) as again:  # type: ignore[arg-type]
                assert again.get("a") == b"%d" % (1 + count)
    assert count
    store.compact()
    store.close()
    with open_store(disk) as again:
        assert again.get("a") == b"%d" % (1 + count)
        assert len(disk.names(PATH)) == 2


def test_a_failed_compaction_is_tried_again_later(caplog: pytest.LogCaptureFixture) -> None:
    disk = SimulatedDisk()
    clock = ManualClock(START_MS)
    store = Store(PATH, files=disk, clock=clock, fsync="never", compact_percent=100, compact_min_size=2000)
    real = disk.write
    broken = True

    def write(path: str, chunks: Any) -> None:
        if broken:
            raise OSError(errno.ENOSPC, "full")
        real(path, chunks)

    disk.write = write  # type: ignore[method-assign]

    def fill() -> None:
        for number in range(60):
            store.set(f"k{number}", "x" * 50)
        compactor = store._shared.journal._compactor  # type: ignore[union-attr]
        if compactor is not None:
            compactor.join(10)

    fill()
    assert "will be tried again" in caplog.text
    broken = False
    fill()
    fill()
    assert any(name.endswith(".snapshot") for name in disk.names(PATH))
    store.close()
    with open_store(disk) as again:
        assert len(again) == 60


def _in_threads(count: int, work: Any) -> None:
    threads = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive(), "a thread waits for ever"


@pytest.mark.parametrize("seed", range(5))
def test_all_who_wait_for_a_sync_that_fails_get_the_error(seed: int) -> None:
    disk = SimulatedDisk()
    store = open_store(disk, fsync="always")
    real = disk._sync
    failing = threading.Event()

    def slow_sync(number: int) -> None:
        time.sleep(0.002)
        if failing.is_set():
            failing.clear()  # the next one would be told that all is well
            disk._change("lose", number)
            raise OSError(errno.EIO, "gone")
        real(number)

    disk._sync = slow_sync  # type: ignore[method-assign]
    acknowledged: list[set[str]] = [set() for _ in range(8)]
    errors: list[PersistenceError] = []

    def write(thread: int) -> None:
        for number in range(50):
            try:
                if thread % 2:
                    store.pipeline().set(f"{thread}:{number}", 1).rpush(f"l{thread}", number).execute()
                else:
                    store.set(f"{thread}:{number}", 1)
            except PersistenceError as error:
                errors.append(error)
                return
            acknowledged[thread].add(f"{thread}:{number}")

    timer = threading.Timer(0.01 + seed * 0.01, failing.set)
    timer.start()
    _in_threads(8, write)
    assert len(errors) == 8
    expected = {key.encode() for keys in acknowledged for key in keys}
    assert {key for key in store if b":" in key} == expected
    store.close()
    disk._sync = real  # type: ignore[method-assign]
    for found in (disk.crash(mode="synced"), disk):
        with open_store(found) as again:
            assert {key for key in again if b":" in key} == expected
            for thread in range(1, 8, 2):
                assert again.llen(f"l{thread}") == len(acknowledged[thread])


def test_what_can_still_be_synced_is_acknowledged_when_the_log_cannot_grow() -> None:
    """A failed append ends writing, but takes nothing back from those who wait for a sync."""
    disk = SimulatedDisk()
    store = open_store(disk, fsync="always")
    real, syncing, go_on = disk._sync, threading.Event(), threading.Event()

    def slow_sync(number: int) -> None:
        syncing.set()
        assert go_on.wait(10)
        real(number)

    disk._sync = slow_sync  # type: ignore[method-assign]
    results: dict[int, Any] = {}

    def write(number: int) -> None:
        results[number] = attempt(store, lambda store: store.set(f"k{number}", 1))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(2)]
    threads[0].start()
    assert syncing.wait(10)
    threads[1].start()  # its record is written, and waits for the next sync
    while (0, b"k1") not in state_of(store):
        time.sleep(0.001)
    disk.fail(len(disk.operations), errno.ENOSPC)
    assert attempt(store, lambda store: store.set("k2", 1)) is not None
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert results == {0: None, 1: None}
    store.close()
    with open_store(disk.crash(mode="synced")) as again:
        assert sorted(again.keys()) == [b"k0", b"k1"]


def test_who_waits_for_an_element_whose_push_is_not_kept_gets_an_error() -> None:
    disk = SimulatedDisk()
    store = open_store(disk, fsync="always")
    store.set("a", 1)
    results: list[Any] = []

    def wait() -> None:
        results.append(attempt(store, lambda store: store.blpop("l", 10)))

    waiting = threading.Thread(target=wait, daemon=True)
    waiting.start()
    while not store._lines:
        time.sleep(0.001)
    real = disk._sync

    def broken(number: int) -> None:
        raise OSError(errno.EIO, "gone")

    disk._sync = broken  # type: ignore[method-assign]
    with pytest.raises(PersistenceError):
        store.rpush("l", 1)
    waiting.join(10)
    assert not waiting.is_alive()
    assert isinstance(results[0], PersistenceError)
    disk._sync = real  # type: ignore[method-assign]
    assert store.llen("l") == 0
    store.close()
    with open_store(disk) as again:
        assert again.keys() == [b"a"]


def test_the_thread_that_syncs_every_second_reports_and_ends(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("kvlite.persist.durability.SYNC_EVERY", 0.01)
    disk = SimulatedDisk()
    store = open_store(disk, fsync="everysec")
    real = disk._sync
    calls = 0

    def broken(number: int) -> None:
        nonlocal calls
        calls += 1
        raise OSError(errno.EIO, "gone")

    disk._sync = broken  # type: ignore[method-assign]
    store.set("a", 1)
    until = time.monotonic() + 60
    while "cannot be synced" not in caplog.text and time.monotonic() < until:
        time.sleep(0.005)
    assert is_frozen(store)
    with pytest.raises(PersistenceError, match="cannot be synced"):
        store.set("b", 1)
    assert store.get("a") == b"1"
    time.sleep(0.05)
    with pytest.raises(PersistenceError):
        store.sync()
    with pytest.raises(PersistenceError):
        store.close()
    assert calls == 1
    disk._sync = real  # type: ignore[method-assign]
    with open_store(disk) as again:
        assert again.get("a") == b"1"


def test_a_store_whose_folder_cannot_be_read_again_closes_and_lets_go() -> None:
    disk = SimulatedDisk()
    store = open_store(disk, fsync="always")
    store.set("a", 1)
    real = disk.read

    def broken(path: str) -> bytes:
        raise OSError(errno.EIO, "gone")

    disk.read = broken  # type: ignore[method-assign]
    disk.fail(len(disk.operations) + 2)  # after a mark and a record
    with pytest.raises(PersistenceError):
        store.set("b", 1)
    with pytest.raises(StoreClosedError, match="cannot be read any more"):
        store.get("a")
    disk.read = real  # type: ignore[method-assign]
    with open_store(disk) as again:
        assert again.keys() == [b"a"]
    store.close()


# Closing, while something goes on


@pytest.mark.parametrize("fsync", ["always", "everysec", "never"])
@pytest.mark.parametrize("background", [False, True])
def test_closing_while_a_compaction_runs(
    monkeypatch: pytest.MonkeyPatch, fsync: Any, background: bool
) -> None:
    monkeypatch.setattr("kvlite.persist.snapshot.SLICE", 10)
    disk = SimulatedDisk()
    store = open_store(disk, fsync=fsync)
    store.mset({f"k{number}": number for number in range(300)})
    between, errors = threading.Event(), []
    disk.between = lambda: (between.set(), time.sleep(0.002))
    if background:
        store._shared.journal._start_compaction()  # type: ignore[union-attr]
        compacting = store._shared.journal._compactor  # type: ignore[union-attr]
    else:
        compacting = threading.Thread(target=lambda: errors.append(attempt(store, Store.compact)))
        compacting.start()
    assert between.wait(10)
    store.set("last", 1)
    store.close()
    after = disk.image()
    compacting.join(10)
    assert not compacting.is_alive()
    assert disk.image() == after, "it went on after the folder was let go of"
    assert background or isinstance(errors[0], PersistenceError)
    with open_store(disk) as again:
        assert len(again) == 301


def test_a_closed_store_neither_syncs_nor_compacts() -> None:
    for fsync in ("always", "never"):
        disk = SimulatedDisk()
        store = open_store(disk, fsync=fsync)
        store.set("a", 1)
        store.close()
        before = disk.image()
        for call in (store.sync, store.compact):
            with pytest.raises(StoreClosedError):
                call()
        store.close()
        assert disk.image() == before


def test_nothing_is_closed_synced_or_compacted_from_within_a_block() -> None:
    store = open_store(SimulatedDisk())
    with store.atomic():
        store.set("a", 1)
        for call in (store.close, store.sync, store.compact):
            with pytest.raises(Exception, match="within a transaction"):
                call()
    assert store.get("a") == b"1"
    store.close()


def test_closing_while_threads_write(tmp_path: Path) -> None:
    for fsync in ("always", "everysec", "never"):
        path = str(tmp_path / fsync)
        store = Store(path, fsync=fsync, compact_min_size=20_000)  # type: ignore[call-overload]
        counts = [0] * 4

        def write(thread: int, store: Store[Any] = store, counts: list[int] = counts) -> None:
            try:
                while True:
                    store.rpush(f"l{thread}", "x" * 50)
                    counts[thread] += 1
            except StoreClosedError:
                pass

        closing = threading.Timer(0.15, store.close)
        closing.start()
        _in_threads(4, write)
        closing.join()
        with Store(path) as again:
            for thread, count in enumerate(counts):
                assert again.llen(f"l{thread}") in (count, count + 1)


def test_threads_write_while_the_log_is_compacted_again_and_again(tmp_path: Path) -> None:
    path = str(tmp_path / "app.kv")
    store = Store(path, fsync="always", compact_percent=0)
    end = time.monotonic() + 0.5

    def work(thread: int) -> None:
        number = 0
        while time.monotonic() < end:
            if thread == 0:
                store.compact()
            elif thread == 1:
                store.sync()
            else:
                store.rpush(f"l{thread}", number)
                number += 1

    _in_threads(5, work)
    before = state_of(store)
    store.close()
    with Store(path) as again:
        assert state_of(again) == before


# The real file system


class WritingFiles(Files):
    """The real file system, where space cannot be reserved."""

    def create(self, path: str) -> WritingAppender:
        return WritingAppender(os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), 0)

    def extend(self, path: str, length: int, synced: int) -> WritingAppender:
        super().extend(path, length, synced).close()
        return WritingAppender(os.open(path, os.O_RDWR), length)


@pytest.fixture(params=[MappedAppender, WritingAppender])
def appender(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    descriptor = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
    return request.param(descriptor, 0)


def test_an_appender_keeps_what_it_is_given(appender: Any, tmp_path: Path) -> None:
    expected = b""
    for size in [1, 0, 100, 70_000, 3, 500_000, 4096, 1, 9_000_000, 7]:
        data = bytes([len(expected) % 251]) * size
        appender.append(data)
        expected += data
        assert appender.position == len(expected)
        found = (tmp_path / "file").read_bytes()
        assert found[: len(expected)] == expected, "it is there at once"
        assert not found[len(expected) :].strip(b"\0")
        appender.sync()
    appender.cut(600_001)
    assert (tmp_path / "file").read_bytes() == expected[:600_001]
    appender.append(b"after")
    appender.cut(600_003)
    appender.append(b"end")
    appender.close()
    assert (tmp_path / "file").read_bytes() == expected[:570_105] + expected[570_105:600_001] + b"afend"


@pytest.mark.parametrize("kind", [MappedAppender, WritingAppender])
def test_an_appender_goes_on_anywhere(tmp_path: Path, kind: Any) -> None:
    expected = b""
    for length in [0, 1, 4095, 4096, 4097, 65_536, 70_001]:
        expected = expected[:length].ljust(length, b"-")
        (tmp_path / "file").write_bytes(expected)
        appender = kind(os.open(tmp_path / "file", os.O_RDWR), length)
        appender.append(b"x" * 5000)
        appender.close()
        expected += b"x" * 5000
        assert (tmp_path / "file").read_bytes() == expected


def test_extending_a_file_cuts_it(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    for files, synced in [(Files(), 2), (WritingFiles(), 5)]:
        appender = files.extend(str(path), 5, synced)
        appender.append(b"xyz")
        appender.close()
        assert path.read_bytes() == b"01234xyz"


def test_a_mapping_that_cannot_grow_keeps_what_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    appender = MappedAppender(os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT), 0)
    appender.append(b"a" * 60_000)

    def full(*arguments: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(OSError, match="full"):
        appender.append(b"b" * 10_000)
    appender.append(b"c" * 100)
    appender.sync()
    appender.close()
    assert (tmp_path / "file").read_bytes() == b"a" * 60_000 + b"c" * 100


@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize("written", [0, 1, 7])
def test_a_short_write_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: int, batch: bool
) -> None:
    store = Store(str(tmp_path / "app.kv"), files=WritingFiles(), compact_percent=0)
    store.set("a", 1)
    size = os.path.getsize(tmp_path / "app.kv" / "00000001.log")
    real = os.write
    calls = 0

    def short(descriptor: int, data: Any) -> int:
        nonlocal calls
        calls += 1
        if calls > 1 or not written:
            raise OSError(errno.ENOSPC, "full")
        return real(descriptor, data[:written])

    monkeypatch.setattr(os, "write", short)
    with pytest.raises(PersistenceError, match="full"):
        if batch:
            store.pipeline().set("b", 2).set("c", 3).execute()
        else:
            store.set("b", 2)
    monkeypatch.undo()
    assert os.path.getsize(tmp_path / "app.kv" / "00000001.log") == size
    assert store.keys() == [b"a"]
    with pytest.raises(PersistenceError, match="full"):
        store.set("b", 2)
    store.close()
    with Store(str(tmp_path / "app.kv")) as again:
        assert again.keys() == [b"a"]


@pytest.mark.parametrize("files", [Files(), WritingFiles()])
@pytest.mark.parametrize("fsync", ["always", "never"])
def test_the_history_on_the_real_file_system(tmp_path: Path, files: Files, fsync: Any) -> None:
    clock = ManualClock(START_MS)
    path = str(tmp_path / "app.kv")
    store = Store(path, files=files, clock=clock, fsync=fsync)
    model = Store(clock=clock)
    for deed in DEEDS:
        deed(store)
        if not _passes_time(deed):
            deed(model)
    store.set("big", big := b"\1" * 9_000_000)
    store.append("big", "tail")
    model.set("big", big + b"tail")
    assert visible(store) == visible(model)
    store.close()
    for _ in range(2):
        with Store(path, clock=clock) as again:
            assert visible(again) == visible(model)
            again.append("big", "tail")
            model.append("big", "tail")
