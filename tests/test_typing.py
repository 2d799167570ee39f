"""The types that a user's checker sees."""

from __future__ import annotations

import inspect
import subprocess
import sys
import typing
from pathlib import Path

import pytest

from kvlite import Store

HERE = Path(__file__).parent


def test_answers_have_exact_types(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    pages = [str(HERE / "typed.py"), str(HERE / "typed_cache.py")]
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path), *pages]
    done = subprocess.run(command, capture_output=True, text=True, cwd=HERE.parent, check=False)
    assert done.returncode == 0, done.stdout


VAGUE = {"xautoclaim", "xinfo_stream"}
"""Whose answers are a list or a dict of different things, each of which has a type of its own."""


def test_no_command_answers_any() -> None:
    vague = []
    for name, method in inspect.getmembers(Store, inspect.isfunction):
        if not name.startswith("_") and method.__module__.startswith("kvlite.types."):
            answer = typing.get_type_hints(method).get("return")
            if answer is None or answer is typing.Any or typing.Any in typing.get_args(answer):
                vague.append(name)
    assert set(vague) == VAGUE
