"""Every example runs, quickly and without a warning, and says what it should."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

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


def test_every_example_is_run() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.py")} == set(SAID)


@pytest.mark.parametrize("name", SAID)
def test_example(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", EXAMPLES / f"{name}.py"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
    )
    assert done.stderr == ""
    assert done.stdout == SAID[name]
    assert done.returncode == 0
