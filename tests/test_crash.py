"""A process that is killed at any instant loses nothing acknowledged, and leaves nothing half done."""

from __future__ import annotations

import contextlib
import multiprocessing
import random
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import crash_child
import pytest
from histories import state_of

from kvlite import ManualClock, Store
from kvlite.persist.check import check

ROUNDS = 20
"""Kills of one folder, one after another; then another folder is begun."""

STEPS = {"always": 40, "everysec": 800, "never": 800}
"""By how it syncs, after how many steps a process is killed, at most; it makes some more meanwhile."""
LONG = 120
"""Seconds after which a process that does nothing fails the test."""


@pytest.fixture(scope="module")
def context() -> Any:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["crash_child"])
    return context


def lifetime(context: Any, path: str, seed: int, start: int, now: int, dice: random.Random) -> int:
    """Let a process go on with the history until it is killed; the last step that it acknowledged.

    It is killed by what it has done, not by the time, so it does as much on a machine that is busy.
    """
    reading, writing = context.Pipe(duplex=False)
    fsync = dice.choice([*STEPS])
    process = context.Process(target=crash_child.run, args=(path, seed, start, now, fsync, writing))
    process.start()
    writing.close()
    last = start - 1
    try:
        for _ in range(dice.randint(1, STEPS[fsync])):
            assert reading.poll(LONG), "the process does not go on"
            last = int.from_bytes(reading.recv_bytes(), "little")
        time.sleep(dice.random() * 0.002)
    finally:
        process.kill()
        process.join()
    with contextlib.suppress(EOFError):
        while True:
            last = int.from_bytes(reading.recv_bytes(), "little")
    reading.close()
    return last


def settled(path: str, model: Store[Any]) -> Any:
    """What is kept at `path`, once all has gone that has expired at the time of `model`.

    Whatever expires in the course of one call goes by itself: a kill may come in between.
    """
    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copytree(path, f"{folder}/copy.kv")
        with Store(copy, clock=ManualClock(model._shared.now())) as store:
            store.advance(0)
            return state_of(store)


def test_kill(context: Any, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    kills = pytestconfig.getoption("--kills")
    steps = compactions = 0
    for seed in range((kills + ROUNDS - 1) // ROUNDS):
        dice = random.Random(seed)
        path = str(tmp_path / f"{seed}.kv")
        model = Store(clock=ManualClock(crash_child.START_MS))
        done = 0
        for _ in range(min(ROUNDS, kills - seed * ROUNDS)):
            now = model._shared.now()
            last = lifetime(context, path, seed, done, now, dice)
            while done <= last:
                crash_child.step(model, done, seed)
                done += 1
            with Store(path, read_only=True) as store:
                came_back = state_of(store)
            if came_back != state_of(model):
                crash_child.step(model, done, seed)  # the one that was in flight
                done += 1
                if came_back != state_of(model):
                    assert settled(path, model) == state_of(model), f"seed {seed}, after step {done}"
            report = check(path, Store)
            assert report.sound
            compactions += "snapshot" in report.files[0].name
        steps += done
    assert steps > kills, "the processes were killed before they did anything"
    assert compactions > kills // 3, "hardly any compaction happened"
