"""Every example runs, quickly and without a warning, and says what it should."""

from __future__ import annotations

import importlib
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kvlite import ManualClock, PersistenceError, Store

EXAMPLES = Path(__file__).parent.parent / "examples"

SAID = {
    "leaderboard": """\
17,283 players, the best of both weeks:
  1. player-16858  552
  2. player-18865  531
  3. player-03921  522
ada is number 2 of week 2 and number 29 in total,
between player-13151 and player-17810
bob, who has not played, is number None
""",
    "rate_limiter": """\
At most 3 calls in any 10 seconds, a call every 2 seconds:
  second  0: allowed
  second  2: allowed
  second  4: allowed
  second  6: refused
  second  8: refused
  second 10: allowed
  second 12: allowed
  second 14: allowed
  second 16: refused
400 calls by 8 threads at one instant: 3 allowed
Keys of callers after 10 quiet seconds: 0
""",
    "unique_visitors": """\
Mon: 3,000 views of   749 visitors (758 exactly)
Tue: 3,000 views of   735 visitors (736 exactly)
Wed: 3,000 views of   717 visitors (724 exactly)
Thu: 3,000 views of   736 visitors (735 exactly)
Fri: 3,000 views of   713 visitors (716 exactly)
Sat: 6,000 views of 1,250 visitors (1,246 exactly)
Sun: 6,000 views of 1,275 visitors (1,272 exactly)
the week: 3,741 visitors (3,767 exactly)
on both days of the weekend: 396 (398 exactly)
bytes of the whole week: 12,304
""",
    "nearest_places": """\
2,000 stations, 63 on a map of 4 km by 2 km
the nearest with a bicycle:
  station 1882   304 m  1 bicycles
  station 1889   349 m  2 bicycles
  station 1382   479 m  5 bicycles
after station 1882 was closed: station 1889
from there to the next: 803 m
nothing in the sea: []
""",
    "event_bus": """\
mail has to see 8 events
ann has died; sent: 1 2 3; pending: 2 at ann
bob goes on; sent: 1 2 3 5 6 7 8; pending: 2 at ann
a minute later; sent: 1 2 3 5 6 7 8 3 4; pending: none
billed 310 for 7 orders; pending: none
put aside: invalid literal for int() with base 10: 'much'
""",
    "job_queue": """\
      360  done   at attempt 1: 2 x 2 x 2 x 3 x 3 x 5
       91  done   at attempt 2: 7 x 13
  1000003  done   at attempt 1: 1000003
   ninety  failed at attempt 3: invalid literal for int() with base 10: 'ninety'
    65536  done   at attempt 1: 2 x 2 x 2 x 2 x 2 x 2 x 2 x 2 x 2 x 2 x 2 x 2 x 2 x 2 x 2 x 2
123456789  done   at attempt 1: 3 x 3 x 3607 x 3803
waiting 0, running 0, failed 1
""",
    "sessions": """\
ada has 2 sessions
after 20 minutes she uses the laptop: {'user': 'ada', 'requests': '1', 'browser': 'Firefox'}
after 20 more the laptop is logged in: True
and the phone, not used for 40 minutes: False
so she has 1 session, for another 1800 seconds
she logs in once more, then out everywhere: 2 sessions ended
keys left: 0
""",
}


HELD = """
import sys, threading
sys.path.insert(0, sys.argv[1])
import job_queue
factors = job_queue.factors

def hold(number):
    if number == "65536":
        threading.Event().wait()
    return factors(number)

job_queue.factors = hold
job_queue.main(sys.argv[2])
"""
"""Runs the job queue, with a worker that is in the middle of a job for ever."""


def run(name: str, *arguments: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", EXAMPLES / f"{name}.py", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
    )
    assert done.stderr == ""
    assert done.returncode == 0
    return done.stdout


def test_every_example_is_run() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.py")} == set(SAID)


@pytest.mark.parametrize("name", SAID)
def test_example(name: str) -> None:
    assert run(name) == SAID[name]


@pytest.mark.parametrize("name", SAID)
def test_example_kept_on_disk(name: str, tmp_path: Path) -> None:
    """It says the same when it is run again on what the first run left."""
    path = tmp_path / "app.kv"
    assert [run(name, path), run(name, path)] == [SAID[name]] * 2


def test_a_job_whose_worker_is_killed_is_done_by_the_next_run(tmp_path: Path) -> None:
    path, end = tmp_path / "app.kv", time.monotonic() + 60
    child = subprocess.Popen([sys.executable, "-c", HELD, EXAMPLES, path])
    try:
        while left_open(path) != 1 and child.poll() is None and time.monotonic() < end:
            time.sleep(0.05)
        assert left_open(path) == 1
    finally:
        child.kill()
        child.wait()
    with Store(path, decode_responses=True, read_only=True) as store:
        assert store.lrange("running", 0, -1) == ["job:5"]
        assert store.hgetall("job:5") == {"payload": "65536", "attempts": "1", "state": "waiting"}

    again = SAID["job_queue"].replace("65536  done   at attempt 1", "65536  done   at attempt 2")
    assert [run("job_queue", path), run("job_queue", path)] == [again] * 2


def left_open(path: Path) -> int | None:
    """How many jobs are not finished, seen from outside; None before they were put."""
    try:
        with Store(path, decode_responses=True, read_only=True) as store:
            found = store.get("open")
    except PersistenceError:  # there is no store yet
        return None
    return None if found is None else int(found)


def test_sessions_and_limits_outlive_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(EXAMPLES)
    rate_limiter, sessions = map(importlib.import_module, ("rate_limiter", "sessions"))
    clock, path = ManualClock(), tmp_path / "app.kv"
    tokens, passed = [], []
    for seconds in (0, 9, 1, 1800):
        with Store(path, decode_responses=True, clock=clock) as store:
            store.advance(seconds)
            limiter = rate_limiter.RateLimiter(store, clock, limit=2, seconds=10)
            passed.append(sum(limiter.allow("ada") for _ in range(5)))
            tokens.append(tokens[0] if tokens else sessions.Sessions(store).log_in("ada"))
            used = sessions.Sessions(store).use(tokens[0])
            assert (used is not None) == (seconds < 1800)
    assert passed == [2, 0, 2, 2]


def test_events_outlive_the_process_of_a_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(EXAMPLES)
    event_bus = importlib.import_module("event_bus")
    clock, path, seen = ManualClock(), tmp_path / "app.kv", []

    def die(event: dict[str, str]) -> None:
        raise event_bus.Died

    with Store(path, decode_responses=True, clock=clock) as store:
        bus = event_bus.Bus(store)
        bus.subscribe("mail")
        for number in range(1, 6):
            bus.publish(n=number)
        with pytest.raises(event_bus.Died):
            event_bus.Worker(bus, "mail", "ann", die).run()
    for seconds in (0, 60):
        with Store(path, decode_responses=True, clock=clock) as store:
            store.advance(seconds)
            bus = event_bus.Bus(store)
            bus.subscribe("mail")
            event_bus.Worker(bus, "mail", "bob", lambda event: seen.append(event["n"])).run()
    assert seen == ["3", "4", "5", "1", "2"]
