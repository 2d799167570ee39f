"""Lost power: at every change of the disk, in every way, what comes back is a state that was, and recent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from disks import DEEDS, MODES, PATH, START_MS, SYNCS, TIME, Deed, Mode, SimulatedDisk, open_store
from histories import State, state_of

from kvlite import ManualClock, PersistenceError, Store


class History:
    """What was done on a disk: the states there were, and when each was reached and was safe."""

    def __init__(self, disk: SimulatedDisk, fsync: Any, first: State | None = None) -> None:
        self.disk = disk
        self.fsync = fsync
        self.states: list[State] = [first or {}]
        self.reached: list[int] = [0]
        """How many changes of the disk there had been when each state was acknowledged."""
        self.safe: list[tuple[int, int]] = [(0, 0)]
        """How many changes there had been when everything up to a state was known to be synced."""
        self.clock = ManualClock(START_MS)

    def run(self, store: Store[Any], deeds: list[Deed]) -> None:
        for deed in deeds:
            deed(store)
            self.note(store, deed in SYNCS or (self.fsync == "always" and deed not in TIME))

    def note(self, store: Store[Any], synced: bool = False) -> None:
        self.states.append(state_of(store))
        self.reached.append(len(self.disk.changes))
        if synced:
            self.safe.append((len(self.disk.changes), len(self.states) - 1))

    def allowed(self, at: int) -> list[State]:
        """What may come back after a crash at this change: from what was safe to what was in flight."""
        oldest = max(state for change, state in self.safe if change <= at)
        newest = max(number for number, change in enumerate(self.reached) if change <= at) + 1
        return self.states[oldest : newest + 1]


def recovered(disk: SimulatedDisk, **options: Any) -> State:
    """The state that a disk holds, read twice in two ways."""
    if disk.is_folder(PATH) and any(name.endswith(".log") for name in disk.names(PATH)):
        before = disk.image()
        seen = state_of(open_store(disk, read_only=True))
        assert disk.image() == before, "reading changed something"
    else:
        seen = {}
    with open_store(disk, **options) as store:
        assert state_of(store) == seen
        for each in store._shared.open_stores:
            each._db._check()
        return state_of(store)


def a_history(fsync: Any, deeds: list[Deed] = DEEDS) -> History:
    disk = SimulatedDisk()
    history = History(disk, fsync)
    store = open_store(disk, history.clock, fsync=fsync)
    history.run(store, deeds)
    store.close()
    history.note(store_again := open_store(disk.crash(mode="everything")), synced=fsync != "never")
    store_again.close()
    return history


@pytest.fixture(scope="module", params=["always", "never"])
def history(request: pytest.FixtureRequest) -> History:
    return a_history(request.param)


@pytest.mark.parametrize("mode", MODES)
def test_power_is_lost_at_every_change(history: History, mode: Mode) -> None:
    for at in range(len(history.disk.changes) + 1):
        for seed in range(1 if mode in ("synced", "everything") else 2):
            found = recovered(history.disk.crash(at, mode, seed))
            allowed = history.allowed(at)
            assert found in allowed, (at, mode, seed, history.disk.changes[at - 1 : at])
            if mode == "everything":
                assert found in allowed[-2:], "a process that dies loses nothing that was acknowledged"


@pytest.mark.parametrize("mode", MODES)
def test_power_is_lost_while_the_store_recovers(history: History, mode: Mode) -> None:
    for at in range(0, len(history.disk.changes) + 1, 5):
        once = history.disk.crash(at, "sectors", at)
        open_store(once).close()
        for again in range(len(once.changes) + 1):
            found = recovered(once.crash(again, mode, again))
            assert found in history.allowed(at), (at, again)


@pytest.mark.parametrize("fsync", ["always", "never"])
@pytest.mark.parametrize("mode", ["prefix", "sectors"])
def test_it_goes_on_and_power_is_lost_again(history: History, mode: Mode, fsync: Any) -> None:
    for at in range(0, len(history.disk.changes) + 1, 23):
        disk = history.disk.crash(at, mode, at)
        store = open_store(disk, fsync=fsync)
        second = History(disk, fsync, state_of(store))
        # What was found when it was opened is safe from then on.
        second.safe.append((len(disk.changes), 0))
        opened = len(disk.changes)
        second.run(store, DEEDS[:6] + DEEDS[12:16])
        for again in range(opened, len(disk.changes) + 1):
            assert recovered(disk.crash(again, mode, again)) in second.allowed(again), (at, again)


def _writing_between(history: History, store: Store[Any], fsync: Any) -> Callable[[], None]:
    """Something more to do each time a piece of the snapshot has been written."""
    deeds = iter(DEEDS[3:14] * 3)

    def between() -> None:
        for deed in (next(deeds), next(deeds)):
            if deed not in SYNCS:
                deed(store)
                history.note(store, fsync == "always" and deed not in TIME)

    return between


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("fsync", ["always", "never"])
def test_power_is_lost_while_others_write_and_a_snapshot_is_made(
    monkeypatch: pytest.MonkeyPatch, fsync: Any, mode: Mode
) -> None:
    monkeypatch.setattr("kvlite.persist.snapshot.SLICE", 4)
    disk = SimulatedDisk()
    history = History(disk, fsync)
    store = open_store(disk, history.clock, fsync=fsync)
    history.run(store, DEEDS[:14])
    disk.between = _writing_between(history, store, fsync)
    begun = len(disk.changes)
    store.compact()
    disk.between = lambda: None
    ended = len(disk.changes)
    history.run(store, DEEDS[15:20])
    assert ended - begun > 30
    for at in range(begun, len(disk.changes) + 1):
        for seed in range(2):
            assert recovered(disk.crash(at, mode, seed)) in history.allowed(at), (at, seed)


def test_nothing_is_reordered_when_sectors_are() -> None:
    """A long run of unsynced records, of which any sectors are missing: what is left is a prefix of it."""
    disk = SimulatedDisk()
    store = open_store(disk, fsync="never")
    store.set("synced", 1)
    store.sync()
    for number in range(300):
        store.rpush("l", number)
    lengths = set()
    for seed in range(150):
        state = recovered(disk.crash(mode="sectors", seed=seed))
        assert state[0, b"synced"] == (b"1", None)
        items = state[0, b"l"][0][1] if (0, b"l") in state else []
        assert items == [b"%d" % number for number in range(len(items))]
        lengths.add(len(items))
    assert len(lengths) > 5


def test_what_a_failed_sync_left_in_memory_only_is_written_again() -> None:
    """Reopened without a restart of the machine, the file still shows what never got to the disk."""
    disk = SimulatedDisk()
    store = open_store(disk, fsync="never")
    store.set("a", 1)
    store.sync()
    store.set("b", 2)
    disk.fail(len(disk.operations))
    with pytest.raises(Exception, match="cannot be synced"):
        store.sync()
    store.close()
    again = open_store(disk, fsync="never")
    assert again.mget("a", "b") == [b"1", b"2"]
    again.set("c", 3)
    again.sync()
    assert set(recovered(disk.crash())) == {(0, b"a"), (0, b"b"), (0, b"c")}


def test_the_tail_that_is_cut_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    disk = SimulatedDisk()
    store = open_store(disk, fsync="never")
    for number in range(100):
        store.set(f"key:{number}", "x" * 50)
    found = set()
    for seed in range(20):
        with open_store(disk.crash(mode="sectors", seed=seed)) as again:
            assert again.recovery is not None
            found.add(again.recovery.torn_bytes > 0)
            assert again.recovery.records == again.recovery.keys == len(again)
    assert found == {True, False} or found == {True}
    assert "had never been synced" in caplog.text


def test_what_is_written_while_a_sync_runs_is_not_taken_for_synced() -> None:
    disk = SimulatedDisk()
    store = open_store(disk, fsync="never")
    store.set("a", 1)
    real = disk._sync

    def sync(number: int) -> None:
        real(number)
        store.set("b", 2)

    disk._sync = sync  # type: ignore[method-assign]
    store.sync()
    disk._sync = real  # type: ignore[method-assign]
    store.set("c", 3)  # with a mark before it
    for seed in range(30):
        found = recovered(disk.crash(mode="sectors", seed=seed))
        assert (0, b"a") in found
    whole = disk.image()[f"{PATH}/00000001.log"]
    record = whole.index(b"\xc4\x01b")
    disk._contents[disk._names[f"{PATH}/00000001.log"]][record] ^= 1
    assert set(recovered(disk.kill())) == {(0, b"a")}, "a torn tail, though a mark stands behind it"


def test_a_log_is_synced_to_its_end_before_the_next_one_is_begun() -> None:
    """Also if others write between the sync that compaction begins with and the one under the lock."""
    disk = SimulatedDisk()
    store = open_store(disk, fsync="never")
    journal: Any = store._shared.journal
    real = journal.sync

    def sync() -> None:
        real()
        store.set("between", 1)

    journal.sync = sync

    def full(path: str, chunks: Any) -> None:
        raise OSError("full")

    disk.write = full  # type: ignore[method-assign]
    with pytest.raises(PersistenceError):
        store.compact()
    assert set(recovered(disk.crash(mode="synced"))) == {(0, b"between")}
