"""Runs that overlap in one folder: nothing that one of them kept is lost, nothing it forgot comes back."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kvlite import Cache, PersistenceError, Store
from kvlite.persist.check import check, contents
from kvlite.persist.exclusion import turn
from kvlite.runs import Run


@pytest.fixture
def open_run(tmp_path: Path) -> Callable[[], Run]:
    return lambda: Run.open(str(tmp_path / "cache"))


@pytest.fixture
def own_folders(tmp_path: Path) -> Callable[[], int]:
    runs = tmp_path / "cache" / "runs"
    return lambda: len(set(os.listdir(runs)) - {"lock"}) if runs.exists() else 0


def test_the_second_ends_first(open_run: Callable[[], Run], own_folders: Callable[[], int]) -> None:
    first = open_run()
    first.store.set("a", 1)
    second = open_run()
    assert second.store.get("a") == b"1"
    second.store.set("b", 2, ex=60)
    assert own_folders() == 1
    second.close()
    third = open_run()
    assert third.store.get("b") == b"2", "although the first has the folder still"
    assert own_folders() == 2
    third.close()
    assert own_folders() == 1
    first.store.set("c", 3)
    first.close()
    assert own_folders() == 0
    last = open_run()
    assert last.own is None
    assert sorted(last.store.keys()) == [b"a", b"b", b"c"]
    assert last.store.mget("a", "b", "c") == [b"1", b"2", b"3"]
    assert 50 < last.store.ttl("b") <= 60
    assert last.store.select(1).dbsize() == 0
    last.close()


def test_several_end_while_the_first_goes_on(
    open_run: Callable[[], Run], own_folders: Callable[[], int]
) -> None:
    """What they leave is joined, so that it does not become ever more."""
    first = open_run()
    first.store.mset({"a": 1, "b": 1, "c": 1, "d": 1})
    first.store.set("e", 1, ex=600)
    for change in (
        lambda store: store.set("new", 1),
        lambda store: store.delete("a"),
        lambda store: store.set("b", 2),
        lambda store: store.set("e", 2, ex=60),
        lambda store: store.delete("new", "c"),
        lambda store: store.set("d", 2) and store.set("a", 3),
    ):
        run = open_run()
        change(run.store)
        run.close()
        assert own_folders() <= 2
    overlapping = open_run()
    first.close()
    last = open_run()
    for run in (overlapping, last):
        assert sorted(run.store.keys()) == [b"a", b"b", b"d", b"e"]
        assert run.store.mget(*"abde") == [b"3", b"2", b"2", b"2"]
        assert run.store.ttl("e") <= 60
        run.close()
    assert own_folders() == 0


def test_the_second_ends_last(open_run: Callable[[], Run], own_folders: Callable[[], int]) -> None:
    first, second, third = open_run(), open_run(), open_run()
    for run, key in ((first, "a"), (second, "b"), (third, "c")):
        run.store.set(key, 1)
    first.close()
    second.close()
    fourth = open_run()
    assert fourth.own is None
    assert sorted(fourth.store.keys()) == [b"a", b"b"], "the third still runs"
    third.close()
    fourth.close()
    assert own_folders() == 0
    last = open_run()
    assert sorted(last.store.keys()) == [b"a", b"b", b"c"]
    last.close()


def test_the_folder_is_a_store_like_any_other(open_run: Callable[[], Run], tmp_path: Path) -> None:
    first, second = open_run(), open_run()
    second.store.set("b", 1)
    second.close()
    first.store.close()
    path = str(tmp_path / "cache")
    assert set(contents(path, Store).sizes) == {"00000001.log", "lock"}
    assert check(path, Store).sound
    with Store(path) as store:
        store.set("a", 1)
        store.compact()
    last = open_run()
    assert sorted(last.store.keys()) == [b"a", b"b"]
    last.close()


def test_a_run_that_changes_nothing_leaves_nothing(
    open_run: Callable[[], Run], own_folders: Callable[[], int]
) -> None:
    first = open_run()
    first.store.mset({f"key:{n}": n for n in range(100)})
    first.store.set("short", 1, px=20)
    second = open_run()
    time.sleep(0.03)
    assert own_folders() == 1
    second.close()
    assert own_folders() == 0
    first.close()


def test_what_is_deleted_stays_deleted(open_run: Callable[[], Run]) -> None:
    first = open_run()
    first.store.mset({"gone": 1, "renewed": 1, "kept": 1})
    second = open_run()
    second.store.delete("gone", "renewed")
    first.store.set("renewed", 2)
    first.store.set("gone here", 1)
    second.close()
    first.close()
    last = open_run()
    assert sorted(last.store.keys()) == [b"gone here", b"kept", b"renewed"]
    last.close()


def test_a_copy_is_no_change(open_run: Callable[[], Run]) -> None:
    first = open_run()
    first.store.mset({"a": 1, "b": 1, "c": 1})
    first.store.set("lasting", 1, ex=60)
    second = open_run()
    first.store.set("a", 2)
    first.store.delete("b")
    second.store.expire("lasting", 120)
    second.store.set("d", 1)
    second.close()
    first.close()
    last = open_run()
    assert last.store.mget("a", "b", "c", "d") == [b"2", None, b"1", b"1"]
    assert last.store.ttl("lasting") > 60
    last.close()


def test_of_two_results_the_one_that_lives_longer_is_kept(open_run: Callable[[], Run]) -> None:
    first = open_run()
    second = open_run()
    for key, ours, theirs in (("a", 100, 200), ("b", 200, 100), ("c", None, 100), ("d", 100, None)):
        first.store.set(key, "first", ex=ours)
        second.store.set(key, "second", ex=theirs)
    second.close()
    first.close()
    last = open_run()
    assert last.store.mget(*"abcd") == [b"second", b"first", b"first", b"second"]
    last.close()


def test_what_was_invalidated_does_not_come_back(open_run: Callable[[], Run]) -> None:
    first = open_run()
    Cache(first.store, ttl=60).set_many({"a": 1, "b": 1}, tags="t")
    second = open_run()
    cache = Cache(second.store, ttl=60)
    assert cache.get("a") == 1
    cache.invalidate_tags("t")
    cache.set("c", 1, tags="t")
    Cache(first.store, ttl=600).set("d", 1)
    second.close()
    first.close()
    last = open_run()
    assert Cache(last.store).get_many("abcd") == {"c": 1, "d": 1}
    last.close()


def test_what_is_in_the_way_is_left_alone(open_run: Callable[[], Run], tmp_path: Path) -> None:
    runs = tmp_path / "cache" / "runs"
    (runs / "1-broken").mkdir(parents=True)
    (runs / "1-broken" / "00000001.log").write_text("nonsense")
    (runs / "2-file").touch()
    (runs / "gone-3").mkdir()
    (runs / "4-empty").mkdir()
    run = open_run()
    assert run.own is None
    assert sorted(os.listdir(runs)) == ["1-broken", "2-file", "lock"]
    run.close()


def test_a_folder_that_cannot_be_a_store(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(PersistenceError, match="something else"):
        Run.open(str(tmp_path))


CHILD = """
import sys, time
from kvlite.runs import Run
run = Run.open(sys.argv[1])
store = run.store
n = 0
while True:
    key = f"{sys.argv[2]}:{n}"
    store.set(key, "x" * 100)
    print(key, flush=True)
    time.sleep(0.001)
    n += 1
"""


def test_killed_at_any_time(tmp_path: Path) -> None:
    """What a run said to have kept is there afterwards, however many are killed and whenever."""
    folder = tmp_path / "cache"
    kept: set[bytes] = set()
    dice = random.Random(7)
    for round_number in range(2):
        children = [
            subprocess.Popen(
                [sys.executable, "-c", CHILD, str(folder), f"{round_number}:{child}"], stdout=subprocess.PIPE
            )
            for child in range(3)
        ]
        for child in children:
            assert child.stdout is not None
            kept.add(child.stdout.readline().strip())
        time.sleep(0.05 * dice.random())
        for child in children:
            time.sleep(0.02 * dice.random())
            child.kill()
        for child in children:
            assert child.stdout is not None
            kept |= set(child.stdout.read().split(b"\n")[:-1])
            child.communicate(timeout=30)
    run = Run.open(str(folder))
    assert run.own is None
    assert kept <= set(run.store.keys())
    assert os.listdir(folder / "runs") == ["lock"]
    run.close()
    with Store(folder, read_only=True) as store:
        assert kept <= set(store.keys())


HURRYING = """
import sys
from kvlite.runs import Run
for n in range(8):
    run = Run.open(sys.argv[1])
    run.store.set(f"{sys.argv[2]}:{n}", "x", ex=1000)
    if n % 3 == 2:
        run.store.delete(f"{sys.argv[2]}:{n - 1}")
    run.close()
"""


def test_many_begin_and_end_at_once(tmp_path: Path) -> None:
    """Each finds what it has kept itself, and what it deletes does not come back."""
    folder = tmp_path / "cache"
    children = [
        subprocess.Popen([sys.executable, "-c", HURRYING, str(folder), str(child)], stderr=subprocess.PIPE)
        for child in range(4)
    ]
    for child in children:
        _, said = child.communicate(timeout=60)
        assert (child.returncode, said) == (0, b"")
    run = Run.open(str(folder))
    expected = {b"%d:%d" % (child, n) for child in range(4) for n in range(8) if n not in (1, 4)}
    assert set(run.store.keys()) == expected
    assert os.listdir(folder / "runs") == ["lock"]
    run.close()


def test_a_turn_that_does_not_end_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kvlite.persist.exclusion.TURN", 0.02)
    done: list[str] = []
    with turn(str(tmp_path / "lock")):
        thread = threading.Thread(target=lambda: take_turn(str(tmp_path / "lock"), done))
        thread.start()
        thread.join(10)
        assert done == ["waited"]


def take_turn(path: str, done: list[str]) -> None:
    began = time.monotonic()
    with turn(path):
        done.append("waited" if time.monotonic() - began >= 0.02 else "at once")
