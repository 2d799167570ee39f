"""`python -m kvlite check` and `info`, and what repair keeps."""

from __future__ import annotations

import json
import subprocess
import sys
from base64 import b64decode
from pathlib import Path

import pytest
from histories import state_of

from kvlite import Store
from kvlite.persist.check import check


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A store with a snapshot of a hundred keys and a log of a hundred more."""
    path = tmp_path / "app.kv"
    with Store(path) as store:
        for n in range(100):
            store.set(f"a{n}", "x" * n)
        store.rpush("list", *range(50))
        store.compact()
        for n in range(100):
            store.set(f"b{n}", "y" * n)
        store.pipeline().hset("hash", "f", "v").sadd("set", "m").zadd("zset", {"m": 1}).execute()
    return path


def run(*arguments: object) -> tuple[int, str]:
    command = [sys.executable, "-m", "kvlite", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def flip(file: Path, offset: int) -> None:
    content = bytearray(file.read_bytes())
    content[offset] ^= 0xFF
    file.write_bytes(content)


def test_a_sound_folder(folder: Path) -> None:
    before = {file: file.read_bytes() for file in folder.iterdir()}
    code, said = run("check", folder)
    assert code == 0
    assert "204 keys can be read\nsound\n" in said
    code, said = run("info", folder)
    assert code == 0
    for line in ("keys: 204", "snapshot: 00000002.snapshot", "string            200", "50 elements  list"):
        assert line in said
    assert {file: file.read_bytes() for file in folder.iterdir()} == before


def test_libraries_of_functions_are_shown(tmp_path: Path) -> None:
    with Store(tmp_path / "app.kv") as store:
        store._effect_library(b"mylib", b"#!lua name=mylib\nreturn 1")
    code, said = run("info", tmp_path / "app.kv")
    assert code == 0
    assert "libraries of functions:\n               25 bytes  mylib\n" in said


def test_a_torn_tail_is_no_damage(folder: Path) -> None:
    log = folder / "00000002.log"
    log.write_bytes(log.read_bytes() + b"half")
    code, said = run("check", folder)
    assert code == 0
    assert "4 torn bytes at the end" in said


@pytest.mark.parametrize("name", ["00000002.log", "00000002.snapshot"])
def test_damage_is_found_and_repaired(folder: Path, name: str) -> None:
    model = state_of(Store(folder, read_only=True))
    flip(folder / name, 300)
    code, said = run("check", folder)
    assert code == 1
    assert "damaged" in said
    assert run("info", folder)[0] == 1
    code, said = run("check", folder, "--repair")
    assert code == 0
    assert "keys kept" in said
    with Store(folder) as store:
        kept = state_of(store)
    assert kept.items() <= model.items()
    assert len(kept) >= (203 if name.endswith("log") else 103)
    assert (folder / f"{name}.damaged").exists()
    rows = [json.loads(row) for row in (folder / "left-out-00000003.jsonl").read_text().splitlines()]
    assert rows
    assert all(row["file"] == name and len(b64decode(row["base64"])) == row["size"] for row in rows)
    assert run("check", folder)[0] == 0


def test_a_damaged_header_and_a_missing_log(folder: Path) -> None:
    flip(folder / "00000002.log", 12)
    report = check(str(folder), Store)
    assert not report.sound
    assert report.keys == 204  # the records behind the header are sound
    (folder / "00000002.log").unlink()
    code, said = run("check", folder)
    assert code == 1
    assert "00000002.log is missing" in said


def test_what_is_no_store(tmp_path: Path) -> None:
    for command in ("check", "info"):
        code, said = run(command, tmp_path / "nothing")
        assert (code, said) == (2, f"python -m kvlite: there is no store at {tmp_path / 'nothing'}\n")
    assert not list(tmp_path.iterdir())


def test_repair_while_somebody_writes_is_refused(folder: Path) -> None:
    flip(folder / "00000002.snapshot", 300)
    holder = f"import fcntl, sys; f = open({str(folder / 'lock')!r}, 'r+'); fcntl.flock(f, fcntl.LOCK_EX)"
    process = subprocess.Popen(
        [sys.executable, "-c", f"{holder}; print(flush=True); sys.stdin.read()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.readline()
    code, said = run("check", folder, "--repair")
    process.communicate()
    assert code == 2
    assert "is open for writing" in said
    assert not list(folder.glob("*.damaged"))


def test_check_beside_a_writer(tmp_path: Path) -> None:
    with Store(tmp_path / "app.kv") as store:
        store.set("a", 1)
        code, said = run("check", tmp_path / "app.kv")
        assert code == 0
        assert "1 keys can be read" in said
