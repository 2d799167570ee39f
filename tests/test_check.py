"""`python -m kvlite check` and `info`: what they say, what a repair keeps, and that no more is touched."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from disks import START_MS
from histories import State, state_of

from kvlite import ManualClock, PersistenceError, Store, StoreLockedError
from kvlite.__main__ import main
from kvlite.persist.check import check, repair
from kvlite.persist.files import Files
from kvlite.persist.log import create_log
from kvlite.persist.record import (
    FRAME_OVERHEAD,
    HEADER_SIZE,
    MAGIC,
    SNAPSHOT,
    Frames,
    Header,
    frame,
    pack_header,
)
from kvlite.persist.snapshot import CHUNK
from kvlite.structs.gap_list import GapList

LOG, NEXT_LOG, SNAPSHOT_FILE = "00000001.log", "00000002.log", "00000002.snapshot"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "app.kv"


def opened(path: Path, **options: Any) -> Store[bytes]:
    return Store(path, clock=ManualClock(START_MS), **options)


def content(path: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in path.iterdir()}


def held(path: Path) -> State:
    with opened(path) as store:
        return state_of(store)


def flip(file: Path, offset: int, mask: int = 0x40) -> None:
    data = bytearray(file.read_bytes())
    data[offset] ^= mask
    file.write_bytes(data)


def frames(file: Path) -> list[tuple[int, int]]:
    """Where each frame begins and ends."""
    found, each = [], Frames(file.read_bytes(), HEADER_SIZE)
    for payload in each:
        found.append((each.end, each.end + FRAME_OVERHEAD + len(payload)))
    return found


def separate_keys(path: Path, count: int = 8, **options: Any) -> State:
    """A log with a key of its own in each record."""
    with opened(path, **options) as store:
        for i in range(count):
            store.set(f"key{i}", b"value \0%d\0" % i)
        return state_of(store)


def everything(path: Path) -> State:
    """A snapshot of several chunks, and a log; something of each type."""
    with opened(path) as store:
        store.mset({f"key{i}": i for i in range(CHUNK + 10)})
        store.set("later", "v", px=5000)
        store.rpush("list", *range(5))
        store.select(3).hset("hash", mapping={"a": 1, "b": 2})
        store.select(3).hpexpire("hash", 9000, "b")
        store.select(15).zadd("zset", {"m": 1.5})
        store.compact()
        store.sadd("set", "x", "y")
        store.append("key1", "grown")
        store.pipeline().rpush("list", 5).delete("key2").execute()
        return state_of(store)


class NoSnapshots(Files):
    """A disk with no room for a snapshot: a compaction gets as far as the next log."""

    def write(self, path: str, chunks: Iterable[bytes]) -> None:
        raise OSError("no room")


def two_logs(path: Path) -> State:
    with opened(path, files=NoSnapshots()) as store:
        store.set("first", 1)
        store.set("second", 2)
        with pytest.raises(PersistenceError, match="no room"):
            store.compact()
        store.set("third", 3)
        return state_of(store)


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    code = main([str(argument) for argument in arguments])
    printed = capsys.readouterr()
    return code, printed.out + printed.err


# Sound folders


def test_a_sound_folder(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = everything(path)
    before = content(path)
    for arguments in (["check", path], ["check", path, "--repair"]):
        code, printed = run(capsys, *arguments)
        assert code == 0
        assert printed.splitlines()[-2:] == [f"{len(state):,} keys can be read", "sound"]
        assert printed.count("records  ok\n") == 2
    assert {**before, "lock": b""} == {**content(path), "lock": b""}


def test_as_a_program(path: Path) -> None:
    separate_keys(path)
    flip(path / LOG, HEADER_SIZE + 12)
    command = [sys.executable, "-m", "kvlite", "check", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"byte {HEADER_SIZE}: the checksum is wrong" in done.stdout
    assert "7 keys can be read\ndamaged: 29 bytes cannot be used; --repair keeps the rest" in done.stdout
    assert done.stderr == ""


def test_a_torn_tail_is_no_damage(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = separate_keys(path)
    with (path / LOG).open("ab") as log:
        log.write(b"x" * 100 + bytes(50))
    before = content(path)
    assert run(capsys, "check", path)[0] == 0
    assert run(capsys, "check", path, "--repair")[0] == 0
    code, printed = run(capsys, "check", path)
    assert code == 0
    assert "ok, with 100 torn bytes at the end that had never been synced" in printed
    code, printed = run(capsys, "info", path)
    assert code == 0
    assert "100 bytes at its end were never synced" in printed
    assert {**before, "lock": b""} == {**content(path), "lock": b""}
    assert held(path) == state


def test_a_log_that_could_not_be_gone_over_to(path: Path) -> None:
    """When a compaction fails the log before may go on; the empty one behind it does not count."""
    separate_keys(path)
    create_log(Files(), str(path / NEXT_LOG), 2, HEADER_SIZE).close()
    with (path / LOG).open("ab") as log:
        log.write(b"torn")
    report = check(str(path), Store)
    assert report.sound
    assert [(file.name, file.torn) for file in report.files] == [(LOG, 4)]
    assert len(held(path)) == report.keys == 8


def test_two_logs(path: Path) -> None:
    state = two_logs(path)
    assert check(str(path), Store).sound
    assert held(path) == state


def test_progress_goes_up_to_the_size_of_all_files(path: Path) -> None:
    everything(path)
    seen: list[tuple[int, int]] = []
    check(str(path), Store, progress=lambda done, total: seen.append((done, total)))
    size = sum(len(data) for name, data in content(path).items() if name != "lock")
    assert seen == sorted(seen)
    assert {total for _, total in seen} == {size}
    assert seen[-1][0] == size


def test_no_value_is_copied_where_nothing_is_wrong(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(path) as store:
        for i in range(100):
            store.pipeline().rpush("list", i).incr("n").execute()
    monkeypatch.setattr(GapList, "copy", None)
    assert check(str(path), Store).sound


# Damage, and repairing it


def assert_repaired(path: Path, expected: State, pieces: int = 1) -> list[dict[str, Any]]:
    """Check, repair and open; what the side file lists."""
    before = content(path)
    damaged = {name: data for name, data in before.items() if name.endswith((".log", ".snapshot"))}
    report = check(str(path), Store)
    assert not report.sound
    assert content(path) == before
    report, side = repair(str(path), Store)
    assert side is not None
    after = content(path)
    assert {name: after[name + ".damaged"] for name in damaged} == damaged
    lines = [json.loads(line) for line in after[side].splitlines()]
    for line in lines:
        piece = damaged[line["file"]][line["offset"] :][: line["size"]]
        assert base64.b64decode(line["base64"]) in (piece, b"")
        assert line["why"]
    assert len(lines) == len(report.left_out) == pieces
    assert check(str(path), Store).sound
    assert repair(str(path), Store)[1] is None
    assert held(path) == expected
    return lines


@pytest.mark.parametrize("which", range(8))
@pytest.mark.parametrize("place", [0, 1, 2, 3, 4, 8, 12, -1])
def test_a_damaged_record_is_left_out(path: Path, which: int, place: int) -> None:
    state = separate_keys(path)
    start, end = frames(path / LOG)[which]
    flip(path / LOG, (start if place >= 0 else end) + place)
    del state[0, b"key%d" % which]
    [line] = assert_repaired(path, state)
    assert (line["file"], line["offset"]) == (LOG, start)
    assert line["why"] == "the checksum is wrong"
    assert line["size"] == end - start or which == 7, "behind the last one there is a mark"


@pytest.mark.parametrize("mask", [0x01, 0x80, 0xFF])
def test_any_byte_of_a_log(tmp_path: Path, path: Path, mask: int) -> None:
    state = separate_keys(path, 3)
    size = (path / LOG).stat().st_size
    for offset in range(size):
        copy = Path(shutil.copytree(path, tmp_path / f"{offset}.kv"))
        flip(copy / LOG, offset, mask)
        if offset == len(MAGIC) and mask != 0x01:
            with pytest.raises(PersistenceError, match="newer version"):
                repair(str(copy), Store)
            continue
        report, _ = repair(str(copy), Store)
        assert report.keys >= (3 if offset < HEADER_SIZE else 2)
        found = held(copy)
        assert found.items() <= state.items()
        assert len(found) == report.keys


def test_a_log_that_ends_too_early(path: Path) -> None:
    """The next log knows how long it was."""
    state = two_logs(path)
    [*_, (start, end)] = [each for each in frames(path / LOG) if each[1] - each[0] != 24]  # no mark
    os.truncate(path / LOG, start)
    with pytest.raises(PersistenceError, match="goes on from byte"):
        opened(path)
    del state[0, b"second"]
    [line] = assert_repaired(path, state)
    assert line["offset"] == start
    assert line["size"] >= end - start


def test_a_hole_before_what_was_synced(path: Path) -> None:
    state = separate_keys(path)
    (start, _), (_, end) = frames(path / LOG)[2:4]
    data = bytearray((path / LOG).read_bytes())
    data[start:end] = bytes(end - start)
    (path / LOG).write_bytes(data)
    del state[0, b"key2"], state[0, b"key3"]
    [line] = assert_repaired(path, state)
    assert (line["offset"], line["size"]) == (start, end - start)


def test_what_belongs_together_is_kept_together(path: Path) -> None:
    with opened(path) as store:
        store.rpush("list", *range(5))
        store.set("kept", 1)
        with store.atomic():
            store.set("kept", 2)
            store.rpush("new", 1)
            store.lset("list", 4, "x")  # cannot be made again without the list
            store.set("also", 2)
        store.set("last", 3)
    flip(path / LOG, HEADER_SIZE + 10)
    first, second = assert_repaired(path, {(0, b"kept"): (b"1", None), (0, b"last"): (b"3", None)}, 2)
    assert first["why"] == "the checksum is wrong"
    assert second["why"].startswith("an effect that cannot be made: ")


def test_an_effect_that_fails_half_way_is_undone(path: Path) -> None:
    with opened(path) as store:
        store.sadd("set", "a", "b", "c")
        store.sadd("set", "d")
        store.srem("set", "b", "d")
        store.srem("set", "c")
    start, _ = frames(path / LOG)[1]
    flip(path / LOG, start + 10)
    assert_repaired(path, {(0, b"set"): (("set", [b"a", b"b"]), None)}, 2)


@pytest.mark.parametrize("name", [LOG, NEXT_LOG])
def test_a_damaged_header_costs_nothing_else(path: Path, name: str) -> None:
    state = two_logs(path)
    flip(path / name, 12)
    [line] = assert_repaired(path, state)
    assert (line["file"], line["offset"], line["size"]) == (name, 0, HEADER_SIZE)


def test_a_damaged_header_of_a_snapshot(path: Path) -> None:
    state = everything(path)
    flip(path / SNAPSHOT_FILE, 0)
    [line] = assert_repaired(path, state)
    assert (line["file"], line["why"]) == (SNAPSHOT_FILE, "not a kvlite snapshot")


def test_a_damaged_chunk_of_a_snapshot(path: Path) -> None:
    state = everything(path)
    model = check(str(path), Store)
    assert model.files[0].records >= 5
    for which, (start, end) in enumerate(frames(path / SNAPSHOT_FILE)[:-1]):
        copy = Path(shutil.copytree(path, path.parent / f"{which}.kv"))
        flip(copy / SNAPSHOT_FILE, (start + end) // 2)
        report, _ = repair(str(copy), Store)
        assert not report.sound
        found = held(copy)
        lost = {key for key in state if key not in found}
        assert lost or which == 0
        assert 1 <= len(report.left_out) <= 4
        whole = {key for key in found if found[key] != state[key]}
        assert whole <= {(0, b"list"), (0, b"key1")}, "only what the log changed may be another"


def test_a_snapshot_without_its_end(path: Path) -> None:
    state = everything(path)
    start, _ = frames(path / SNAPSHOT_FILE)[-1]
    os.truncate(path / SNAPSHOT_FILE, start)
    [line] = assert_repaired(path, state)
    assert line["why"] == "the end of the snapshot is missing"


def test_a_snapshot_without_one_of_its_chunks(path: Path) -> None:
    """Each frame is sound; only the number of keys tells."""
    everything(path)
    start, end = frames(path / SNAPSHOT_FILE)[-2]
    data = (path / SNAPSHOT_FILE).read_bytes()
    (path / SNAPSHOT_FILE).write_bytes(data[:start] + data[end:])
    report = check(str(path), Store)
    assert [piece.why for piece in report.left_out] == [f"{CHUNK + 13} keys where {CHUNK + 14} were written"]


def test_an_older_snapshot_takes_the_place_of_a_damaged_one(path: Path) -> None:
    with opened(path) as store:
        store.set("first", 1)
        store.compact()
        store.set("second", 2)
        shutil.copytree(path, path.parent / "before")
        store.compact()
        store.set("third", 3)
        state = state_of(store)
    for name in (SNAPSHOT_FILE, NEXT_LOG):
        shutil.copy(path.parent / "before" / name, path / name)
    flip(path / "00000003.snapshot", HEADER_SIZE + 12)
    assert_repaired(path, state)


def test_a_missing_log(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = two_logs(path)
    (path / LOG).unlink()
    code, printed = run(capsys, "check", path)
    assert code == 1
    assert f"{LOG} is missing" in printed
    del state[0, b"first"], state[0, b"second"]
    assert_repaired(path, state, pieces=0)


def test_a_snapshot_without_a_log(path: Path) -> None:
    with opened(path) as store:
        store.set("a", 1)
        store.compact()
        state = state_of(store)
    (path / NEXT_LOG).unlink()
    assert check(str(path), Store).problem == f"{NEXT_LOG} is missing"
    assert_repaired(path, state, pieces=0)


def test_a_file_under_the_name_of_another(path: Path) -> None:
    state = two_logs(path)
    (path / NEXT_LOG).rename(path / "00000003.log")
    report = check(str(path), Store)
    assert report.problem == f"{NEXT_LOG} is missing"
    assert [piece.why for piece in report.left_out] == ["it says that it is log 2"]
    assert_repaired(path, state)


def test_a_repaired_folder_can_be_damaged_again(path: Path) -> None:
    state = separate_keys(path)
    flip(path / LOG, HEADER_SIZE + 12)
    del state[0, b"key0"]
    assert_repaired(path, state)
    with opened(path) as store:
        store.set("new", 1)
        store.set("newer", 1)
        state = state_of(store)
    flip(path / NEXT_LOG, HEADER_SIZE + 12)
    del state[0, b"new"]
    assert_repaired(path, state)


def test_the_search_behind_damage_comes_to_an_end(path: Path) -> None:
    """Everywhere there is what looks like the beginning of a long frame."""
    with opened(path) as store:
        store.set("hostile", b"\x00\x00\x08\x00\x92\x92\x92\x92" * 200_000)
        store.set("behind", 1)
    flip(path / LOG, HEADER_SIZE + 2)
    start = time.process_time()
    report = check(str(path), Store)
    assert not report.sound
    assert time.process_time() - start < 20


def test_a_snapshot_of_nonsense_ends_in_a_report(path: Path) -> None:
    separate_keys(path)
    nonsense = [
        b"\xc1", b"\x92\x05", b"\x91\x00", b"\x93\x00\x80\x00", b"\x92\xff\x80", b"\x92\x63\x80",
        b"\x92\x00\xc0", b"\x92\xa3end\xc0", b"\x92\xa3end\x05",
    ]  # fmt: skip
    header = pack_header(Header(SNAPSHOT, 1, b"saltsalt"))
    (path / "00000001.snapshot").write_bytes(header + b"".join(map(frame, nonsense)))
    report, side = repair(str(path), Store)
    assert side is not None
    assert len(report.left_out) == len(nonsense) - 1, "the first end can be read"
    assert len(held(path)) == 8


# Who else has the folder, and what is no folder


def test_beside_a_running_writer(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Store(path, compact_min_size=100_000, compact_percent=1) as store:
        stop = threading.Event()

        def write() -> None:
            i = 0
            while not stop.is_set():
                store.pipeline().set(f"key{i % 500}", b"v" * (i % 300)).rpush("list", i).ltrim(
                    "list", -9, -1
                ).execute()
                i += 1

        writer = threading.Thread(target=write)
        writer.start()
        try:
            until = time.monotonic() + 3
            checks = 0
            while time.monotonic() < until or checks < 5:
                assert check(str(path), Store).sound
                assert run(capsys, "info", path)[0] == 0
                checks += 1
        finally:
            stop.set()
            writer.join()


def test_no_repair_while_somebody_has_it_open(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with opened(path) as store:
        store.set("a", 1)
        flip(path / LOG, HEADER_SIZE + 12)
        before = content(path)
        with pytest.raises(StoreLockedError, match=f"process {os.getpid()}"):
            repair(str(path), Store)
        code, printed = run(capsys, "check", path, "--repair")
        assert code == 2
        assert f"is open for writing in process {os.getpid()}" in printed
        assert content(path) == before
        flip(path / LOG, HEADER_SIZE + 12)
        store.set("b", 1)
    assert len(held(path)) == 2


@pytest.mark.parametrize("command", [["check"], ["check", "--repair"], ["info"]])
def test_what_is_no_store(tmp_path: Path, capsys: pytest.CaptureFixture[str], command: list[str]) -> None:
    (tmp_path / "file").write_text("text")
    (tmp_path / "empty").mkdir()
    (tmp_path / "else").mkdir()
    (tmp_path / "else" / "photo.jpg").write_text("")
    for name in ("file", "empty", "else", "missing"):
        code, printed = run(capsys, command[0], tmp_path / name, *command[1:])
        assert code == 2
        assert printed.count("\n") == 1
        assert str(tmp_path / name) in printed
    assert sorted(each.name for each in tmp_path.rglob("*")) == ["else", "empty", "file", "photo.jpg"]


@pytest.mark.parametrize("command", [["check"], ["check", "--repair"], ["info"]])
@pytest.mark.parametrize("name", [SNAPSHOT_FILE, NEXT_LOG])
def test_a_newer_version(
    path: Path, capsys: pytest.CaptureFixture[str], command: list[str], name: str
) -> None:
    everything(path)
    flip(path / name, 8, 1 ^ 9)
    before = content(path)
    code, printed = run(capsys, command[0], path, *command[1:])
    assert code == 2
    assert name in printed
    assert "newer version of kvlite (format 9; this one reads up to 1)" in printed
    assert {**before, "lock": b""} == {**content(path), "lock": b""}


def test_a_disk_that_cannot_be_read(path: Path) -> None:
    class Unreadable(Files):
        def read(self, path: str) -> bytes:
            raise OSError("no")

    separate_keys(path)
    for command in (check, repair):
        with pytest.raises(PersistenceError, match="cannot be re"):
            command(str(path), Store, Unreadable())


# info


def test_info(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with opened(path) as store:
        store.mset({"a": "text", "big": b"x" * 5000, b"\xff\n": 1})
        store.incr("n", 12345)
        store.set("later", "v", px=9000)
        store.select(3).rpush("list", *range(300))
        store.select(3).zadd("zset", {"m": 1.5})
        store.compact()
        store.set("b", 1)
        store.set("b", 2)
        store.sadd("set", "x", "y")
    before = content(path)
    code, printed = run(capsys, "info", path)
    lines = printed.splitlines()
    assert code == 0
    assert {**before, "lock": b""} == {**content(path), "lock": b""}
    assert lines[0] == f"{path}: {sum(map(len, before.values())):,} bytes in 3 files"
    for name, data in before.items():
        assert f"    {name:22} {len(data):>15,}" in lines
    assert f"snapshot: {SNAPSHOT_FILE}" in lines
    assert f"log: {NEXT_LOG}, 3 records since the snapshot" in lines
    assert "keys: 9, of which 1 have a deadline" in lines
    counts = {"string": 6, "list": 1, "set": 1, "zset": 1}
    for kind, count in counts.items():
        assert f"    {kind:8} {count:>12}" in lines
    assert lines[lines.index("    in database 0: 7") + 1] == "    in database 3: 2"
    largest = [line.split() for line in lines[lines.index("largest:") + 1 :]]
    assert largest[0] == ["5,003", "bytes", "string", "5,000", "bytes", "big"]
    assert largest[1][2:] == ["list", "300", "elements", "list", "(database", "3)"]
    assert len(largest) == 9
    assert r"b'\xff\n'" in printed


def test_info_of_a_damaged_folder(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    separate_keys(path)
    flip(path / LOG, HEADER_SIZE + 12)
    before = content(path)
    code, printed = run(capsys, "info", path)
    assert code == 1
    assert f"{path / LOG} is damaged at byte {HEADER_SIZE}" in printed
    assert content(path) == before
