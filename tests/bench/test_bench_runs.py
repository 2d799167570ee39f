"""The benchmarks run to their end. What they find is a report, not a test."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def bench(*arguments: str) -> str:
    command = [sys.executable, "-m", "tests.bench", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "part", ["cache", "speed", "types", "imports", "durability", "clients", "suite", "server"]
)
def test_a_part_runs_to_its_end(part: str) -> None:
    if part in ("clients", "suite", "types"):
        pytest.importorskip("fakeredis")
    words = bench(part, "--quick").split()
    assert "ok" in words or "MISSED" in words
    assert "nan" not in words


@pytest.mark.parametrize("rows", ["zipf 0.7", "costs get", "memory held"])
def test_what_limits_cost_is_found(rows: str) -> None:
    pytest.importorskip("cachetools")
    words = bench("eviction", "--quick", "--only", rows).split()
    assert "ok" in words or "MISSED" in words
