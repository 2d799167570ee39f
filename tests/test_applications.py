"""Real applications do a real job on a kvlite server: RQ, Celery, Django's cache, Huey.

One that is not installed is skipped, and says so; with CI=true it fails, for `.ci/run` installs them all.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kvlite import Server, Store

HERE = Path(__file__).parent / "applications"


@pytest.fixture
def url() -> Iterator[str]:
    with Store() as store, Server(store, port=0) as server:
        yield server.url


@pytest.mark.parametrize("name", ["rq", "celery", "django", "huey"])
def test_application(name: str, url: str, tmp_path: Path) -> None:
    if importlib.util.find_spec(name) is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{name} is not installed")
        pytest.skip(f"{name} is not installed")
    (script,) = (path for path in HERE.glob(f"{name}_*.py") if not path.stem.endswith("_tests"))
    command = [sys.executable, str(script), url]
    environment = os.environ | {"URL": url}
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=120, cwd=tmp_path, env=environment, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
