"""Damaged, hostile and foreign files: what was kept comes back, or the one documented error; nothing else."""

from __future__ import annotations

import itertools
import os
import shutil
import struct
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgpack
import pytest
from disks import DEEDS, FOLDER, PATH, SYNCS, SimulatedDisk, attempt, open_store
from histories import State, state_of
from hypothesis import given, settings
from hypothesis import strategies as st

from kvlite import CorruptionError, ManualClock, PersistenceError, Store
from kvlite.effects import EFFECTS
from kvlite.persist.log import LogReader, is_mark
from kvlite.persist.record import (
    HEADER_SIZE,
    LOG,
    SNAPSHOT,
    Frames,
    Header,
    frame,
    pack_header,
    packer,
    unpack,
)
from kvlite.persist.recovery import Folder, recover
from kvlite.persist.snapshot import read_snapshot
from kvlite.structs import KINDS
from kvlite.structs.stream_id import pack_ids

MASKS = (0x01, 0x80, 0xFF)
Image = dict[str, bytes]


def disk_of(image: Image) -> SimulatedDisk:
    names = {PATH: FOLDER} | {f"{PATH}/{name}": number for number, name in enumerate(image)}
    return SimulatedDisk(names, dict(enumerate(image.values())))


def image_of(disk: SimulatedDisk) -> Image:
    return {os.path.basename(path): content for path, content in disk.image().items()}


def opened(image: Image, writing: bool = True) -> tuple[State, int] | PersistenceError:
    """The state that a folder opens with and the bytes that were cut off, or the error it is refused with."""
    disk = disk_of(image)
    try:
        with open_store(disk, read_only=True) as store:
            assert store.recovery is not None
            found: Any = state_of(store), store.recovery.torn_bytes
    except PersistenceError as error:
        found = error
    assert image_of(disk) == image, "reading changed something"
    if not writing:
        return found  # type: ignore[no-any-return]
    error = attempt_to_open(disk)
    if isinstance(found, PersistenceError):
        assert str(error) == str(found)
        assert image_of(disk) == image, "something was changed before it was refused"
    else:
        assert error is None
        with open_store(disk, read_only=True) as store:
            assert state_of(store) == found[0]
    return found  # type: ignore[no-any-return]


def attempt_to_open(disk: SimulatedDisk) -> PersistenceError | None:
    try:
        open_store(disk, fsync="never").close()
    except PersistenceError as error:
        return error
    return None


def is_documented(error: PersistenceError, image: Image) -> bool:
    """Whether it names the file, and the place in it."""
    if isinstance(error, CorruptionError):
        name = os.path.basename(error.file)
        return name in image and 0 <= error.offset <= len(image[name]) and "check --repair" in str(error)
    return "newer version" in str(error) and any(name in str(error) for name in image)


class Kept:
    """A folder with something of everything: its files, and the states while its last log was written."""

    def __init__(self, disk: SimulatedDisk) -> None:
        self.image = {name: content for name, content in image_of(disk).items() if name != "lock"}
        self.states: list[State] = []
        self.synced = 0
        """The number of the state of which a mark says that it is on the disk."""

    @property
    def log(self) -> str:
        return max(name for name in self.image if name.endswith(".log"))

    def damaged(self, name: str, content: bytes) -> Image:
        return self.image | {name: content}


SMALL = [deed for deed in DEEDS if deed not in (DEEDS[1], DEEDS[12], DEEDS[16])]
"""The history without its long values."""


def keep(interrupted: bool = False) -> Kept:
    disk = SimulatedDisk()
    store = open_store(disk, ManualClock(1_800_000_000_000), fsync="never")
    for deed in SMALL[:12]:
        deed(store)
    if interrupted:
        disk.failing = dict.fromkeys(range(len(disk.operations) + 6, len(disk.operations) + 20), (28, False))
        assert isinstance(attempt(store, Store.compact), PersistenceError)
        disk.failing = {}
        assert sum(name.endswith(".log") for name in disk.names(PATH)) == 2
    else:
        store.compact()
    states, marked, synced = [state_of(store)], 0, 0
    for deed in SMALL[13:]:
        if deed in SYNCS:
            store.sync()
            synced = len(states) - 1
        else:
            before = store._shared.journal._log._marked  # type: ignore[union-attr]
            deed(store)
            if store._shared.journal._log._marked > before:  # type: ignore[union-attr]
                marked = synced
            states.append(state_of(store))
    store.close()
    kept = Kept(disk)
    kept.states, kept.synced = states, marked
    assert 0 < marked < len(states) - 3
    assert opened(kept.image) == (states[-1], 0)
    return kept


@pytest.fixture(scope="module")
def kept() -> Kept:
    return keep()


@pytest.fixture(scope="module")
def interrupted() -> Kept:
    return keep(interrupted=True)


# Every byte


def test_the_last_log_ends_at_every_byte(kept: Kept) -> None:
    whole = kept.image[kept.log]
    newest = -1
    for length in range(len(whole) + 1):
        image = kept.damaged(kept.log, whole[:length])
        found = opened(image)
        if length < HEADER_SIZE:
            assert isinstance(found, CorruptionError)
            assert is_documented(found, image)
            continue
        assert not isinstance(found, PersistenceError)
        state, _ = found
        assert state in kept.states[max(0, newest) :], "longer, and less of it"
        newest = kept.states.index(state, max(0, newest))
    assert newest == len(kept.states) - 1


@pytest.mark.parametrize("mask", MASKS)
def test_each_byte_of_the_last_log_is_flipped(kept: Kept, mask: int) -> None:
    whole = kept.image[kept.log]
    refused = shortened = 0
    for place in range(len(whole)):
        content = bytearray(whole)
        content[place] ^= mask
        image = kept.damaged(kept.log, bytes(content))
        found = opened(image, writing=place % 3 == 0)
        if isinstance(found, PersistenceError):
            assert is_documented(found, image), found
            refused += 1
            continue
        state, torn = found
        assert torn > 0
        assert state in kept.states[kept.synced :], place
        shortened += 1
    assert refused > HEADER_SIZE
    assert shortened > 100


@pytest.mark.parametrize("read_only", [True, False])
def test_each_byte_of_the_snapshot_is_damaged(kept: Kept, read_only: bool) -> None:
    (name,) = (name for name in kept.image if name.endswith(".snapshot"))
    whole = kept.image[name]
    for content in _damages(whole, MASKS if read_only else (0x10,)):
        image = kept.damaged(name, content)
        found = opened(image, writing=not read_only)
        assert isinstance(found, PersistenceError), "an older state came back in silence"
        assert is_documented(found, image)


def _damages(whole: bytes, masks: tuple[int, ...]) -> Iterator[bytes]:
    for length in range(len(whole)):
        yield whole[:length]
    yield whole + b"\0"
    yield whole + b"more"
    for place, mask in itertools.product(range(len(whole)), masks):
        yield whole[:place] + bytes([whole[place] ^ mask]) + whole[place + 1 :]


def test_each_byte_of_a_log_that_is_not_the_last_is_damaged(interrupted: Kept) -> None:
    """Compaction was interrupted: there are two logs. Nothing may be missing from the first."""
    first = min(name for name in interrupted.image if name.endswith(".log"))
    whole = interrupted.image[first]
    end = LogReader(whole, first).tail().offset
    for content in _damages(whole[:end], (0xFF,)):
        image = interrupted.damaged(first, content)
        found = opened(image, writing=len(content) % 5 == 0)
        if isinstance(found, PersistenceError):
            assert is_documented(found, image)
        else:
            assert found == (interrupted.states[-1], 0)
            assert content[:end] == whole[:end]


def test_each_byte_of_a_saved_file_is_damaged(tmp_path: Path) -> None:
    with Store() as store:
        for deed in SMALL[:12]:
            if deed not in SYNCS and deed.__name__ != "_later":
                deed(store)
        store.save(tmp_path / "saved")
        whole, expected = (tmp_path / "saved").read_bytes(), state_of(store)
    assert state_of(Store.load(tmp_path / "saved")) == expected
    target = Store()
    target.set("here", "before")
    for content in _damages(whole, (0x01,)):
        (tmp_path / "saved").write_bytes(content)
        with pytest.raises(PersistenceError, match=r"saved (is damaged at byte|was written by a newer)"):
            target.restore_from(tmp_path / "saved")
    assert state_of(target) == {(0, b"here"): (b"before", None)}
    with pytest.raises(PersistenceError):
        Store.load(tmp_path / "saved")


def test_a_damaged_snapshot_with_all_that_it_was_made_from(interrupted: Kept, tmp_path: Path) -> None:
    """Log 1 begins with nothing, and later logs with a snapshot: what is missing is not taken for nothing."""
    snapshot = pack_header(Header(SNAPSHOT, 2, b"saltsalt"))
    image = interrupted.image | {"00000002.snapshot": snapshot}
    assert opened(image) == (interrupted.states[-1], 0)
    first = min(name for name in interrupted.image if name.endswith(".log"))
    del image[first]
    assert isinstance(opened(image), CorruptionError)
    log = pack_header(Header(LOG, 1, b"saltsalt"))
    damaged = {"00000001.snapshot": pack_header(Header(SNAPSHOT, 1, b"saltsalt")), "00000001.log": log}
    assert isinstance(opened(damaged), CorruptionError)


def test_zeros_are_not_taken_for_an_end(kept: Kept) -> None:
    """A hole in what a mark vouches for, whatever its size and place."""
    whole = kept.image[kept.log]
    salt, frames = LogReader(whole, kept.log).header.salt, Frames(whole, HEADER_SIZE)
    (*_, mark) = (frames.end for payload in frames if is_mark(payload, salt))
    for size in (8, 64, 512):
        for start in range(HEADER_SIZE, len(whole), 16):
            content = whole[:start] + bytes(min(size, len(whole) - start)) + whole[start + size :]
            found = opened(kept.damaged(kept.log, content), writing=False)
            if isinstance(found, PersistenceError):
                assert isinstance(found, CorruptionError)
            else:
                oldest = kept.synced if start >= mark + 24 or start + size <= mark else 0
                assert found[0] in kept.states[oldest:]


# Files that are missing, or others


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_file_that_is_missing_is_named(number: int) -> None:
    kept = keep(interrupted=number == 3)
    for name in kept.image:
        if number == 3 and name == kept.log:
            continue  # as if it had never been begun
        image = {each: content for each, content in kept.image.items() if each != name}
        found = opened(image)
        assert isinstance(found, PersistenceError)
        assert "is missing" in str(found)


def test_swapped_and_renamed_files_are_refused(kept: Kept, interrupted: Kept) -> None:
    (snapshot,) = (name for name in kept.image if name.endswith(".snapshot"))
    log = kept.image[kept.log]
    first, second = sorted(name for name in interrupted.image if name.endswith(".log"))
    images: list[Image] = [
        {"00000003.snapshot": kept.image[snapshot], "00000003.log": log},
        {snapshot: log, kept.log: log},
        {snapshot: kept.image[snapshot], kept.log: kept.image[snapshot]},
        {first: interrupted.image[second], second: interrupted.image[first]},
        interrupted.image | {"00000003.log": interrupted.image[second]},
        kept.image | {"00000003.log": log},
        {"00000001.log": log},
        {snapshot: b"", kept.log: log},
        kept.damaged(kept.log, b""),
    ]
    for image in images:
        found = opened(image)
        assert isinstance(found, CorruptionError)
        assert is_documented(found, image)


def test_other_files_are_left_alone(kept: Kept) -> None:
    others = {
        "notes.txt": b"mine",
        "1.log": b"mine",
        "x.tmp": b"mine",
        "00000002.log.damaged": b"old",
        "00000009.log.tmp": b"half",
        "00000009.snapshot.tmp": b"half",
    }
    disk = disk_of(kept.image | others)
    with open_store(disk) as store:
        assert state_of(store) == kept.states[-1]
    left = image_of(disk).keys() - kept.image.keys()
    assert left == {"notes.txt", "1.log", "x.tmp", "00000002.log.damaged"}


def test_a_newer_version_is_refused_by_name(kept: Kept) -> None:
    for name, content in kept.image.items():
        image = kept.damaged(name, content[:8] + b"\x02" + content[9:])
        found = opened(image)
        assert isinstance(found, PersistenceError)
        assert not isinstance(found, CorruptionError)
        assert f"/{name} was written by a newer version of kvlite (format 2" in str(found)


def contents(path: Path) -> dict[str, bytes | None]:
    everything = sorted(path.rglob("*"))
    return {str(each): each.read_bytes() if each.is_file() else None for each in everything}


def folders(path: Path) -> dict[str, Path]:
    """Paths at which there is no store, and cannot be one."""
    file = path / "file"
    file.write_bytes(b"something")
    for name, within in [("git", "HEAD"), ("logs", "1.log"), ("half", "x.tmp"), ("snapshots", "a.snapshot")]:
        (path / name).mkdir()
        (path / name / within).write_bytes(b"mine")
    (path / "nested" / "folder").mkdir(parents=True)
    (path / "locked").mkdir()
    (path / "locked" / "lock").mkdir()
    (path / "dangling").symlink_to(path / "nowhere")
    return {each.name: each for each in path.iterdir()} | {"below": file / "store.kv"}


def test_what_is_no_store_is_refused_and_not_touched(tmp_path: Path) -> None:
    for name, path in folders(tmp_path).items():
        before = contents(tmp_path)
        for options in ({}, {"read_only": True}):
            with pytest.raises(PersistenceError) as caught:
                Store(path, **options)  # type: ignore[call-overload]
            assert str(path) in str(caught.value), name
            assert "\n" not in str(caught.value)
            assert contents(tmp_path) == before, name


def test_a_folder_that_was_begun_is_gone_on_with(tmp_path: Path) -> None:
    for name, within in enumerate([[], ["lock"], ["00000001.log.tmp"], ["lock", "00000001.log.tmp"]]):
        path = tmp_path / str(name)
        path.mkdir()
        for each in within:
            (path / each).write_bytes(b"123")
        with pytest.raises(PersistenceError, match="there is no store at"):
            Store(path, read_only=True)
        assert sorted(each.name for each in path.iterdir()) == sorted(within)
        with Store(path) as store:
            store.set("a", 1)
        with Store(path) as store:
            assert store.get("a") == b"1"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may do anything")
def test_no_permission_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "app.kv"
    with Store(path) as store:
        store.set("a", 1)
    for mode in (0o000, 0o500):
        path.chmod(mode)
        (path / "lock").chmod(0o400) if mode else None
        with pytest.raises(PersistenceError, match="Permission denied"):
            Store(path)
        path.chmod(0o700)
    shutil.rmtree(path)


# Hostile bytes


texts = st.binary(max_size=12) | st.sampled_from([b"k", b"l", b"h", b"s", b"z"])
numbers = st.integers(-(2**63), 2**64 - 1) | st.integers(-3, 60)
scalars = st.none() | st.booleans() | numbers | st.floats() | texts | st.text(max_size=4)
things = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(scalars, inner, max_size=3),
    max_leaves=12,
)
values = st.one_of(
    texts,
    numbers,
    st.fixed_dictionaries({}, optional=dict.fromkeys(KINDS, things)),
    st.builds(lambda dump: {"list": dump}, st.lists(texts, max_size=3)),
    st.builds(lambda dump: {"set": dump}, st.lists(texts, max_size=3)),
    st.builds(lambda dump: {"zset": dump}, st.dictionaries(texts, st.floats(), max_size=3)),
    st.builds(
        lambda *dump: {"hash": list(dump)}, st.dictionaries(texts, texts), st.dictionaries(texts, numbers)
    ),
)
arguments = st.one_of(
    texts,
    numbers,
    st.none(),
    values,
    st.lists(texts, max_size=3),
    st.lists(st.tuples(texts, texts), max_size=2),
    st.dictionaries(texts, st.floats(), max_size=3),
    things,
)
codes = st.sampled_from(sorted(EFFECTS))
wild_effects = st.tuples(codes | numbers, st.integers(-1, 17), st.lists(arguments, max_size=4)).map(
    lambda parts: [parts[0], parts[1], *parts[2]]
)
keys = st.sampled_from([b"k", b"l", b"h", b"s", b"z"])
members = st.lists(st.sampled_from([b"a", b"b", b"c"]), max_size=3)
places = st.integers(-2, 5)
streams = st.sampled_from([b"x", b"x", b"k", b"new"])
groups = st.sampled_from([b"g", b"h"])
entry_ids = st.one_of(
    st.lists(st.integers(0, 6).map(lambda number: (5 << 64) + number), max_size=2).map(pack_ids),
    st.just(pack_ids([(1 << 128) - 1])),
    texts,
)
deadlines = st.none() | st.integers(0, 2**47)
likely_effects = st.one_of(
    st.tuples(st.just(1), st.just(0), keys),
    st.tuples(st.just(2), st.just(0), keys, deadlines),
    st.tuples(st.just(3), st.just(0), keys, values, deadlines),
    st.tuples(st.just(4), st.integers(0, 1), keys, st.integers(0, 1), keys),
    st.tuples(st.just(5), st.integers(0, 1)),
    st.tuples(st.just(6), st.integers(0, 1), st.integers(0, 1)),
    st.tuples(st.just(10), st.just(0), keys, texts | numbers, deadlines),
    st.tuples(st.just(11), st.just(0), keys, texts),
    st.tuples(st.just(12), st.just(0), keys, places, texts),
    st.tuples(st.sampled_from([20, 21, 32, 40, 41, 51]), st.just(0), keys, members),
    st.tuples(st.sampled_from([22, 23]), st.just(0), keys),
    st.tuples(st.just(24), st.just(0), keys, places, places),
    st.tuples(st.sampled_from([25, 26]), st.just(0), keys, places, texts),
    st.tuples(st.just(42), st.just(0), keys, st.sampled_from([b"a", b"c"])),
    st.tuples(st.just(27), st.just(0), keys, texts, places),
    st.tuples(st.just(30), st.just(0), keys, st.sampled_from([b"a", b"b"]), texts, deadlines),
    st.tuples(st.just(31), st.just(0), keys, st.lists(st.tuples(texts, texts), max_size=3), deadlines),
    st.tuples(st.just(33), st.just(0), keys, members, deadlines),
    st.tuples(st.just(50), st.just(0), keys, st.dictionaries(texts, st.floats(), max_size=3)),
    st.tuples(st.just(60), st.just(0), streams, entry_ids, members, members),
    st.tuples(st.sampled_from([61, 62]), st.just(0), streams, entry_ids),
    st.tuples(st.just(63), st.just(0), streams, entry_ids, places),
    st.tuples(st.just(64), st.just(0), streams, groups, entry_ids, places),
    st.tuples(st.just(65), st.just(0), streams, groups),
    st.tuples(st.just(66), st.just(0), streams, groups, groups, places),
    st.tuples(st.just(67), st.just(0), streams, groups, groups),
    st.tuples(
        st.just(68), st.just(0), streams, groups, groups, entry_ids, places, st.lists(places, max_size=2)
    ),
    st.tuples(st.just(69), st.just(0), streams, groups, entry_ids),
).map(list)
records = wild_effects | likely_effects | st.lists(wild_effects | likely_effects, max_size=5) | things
pack = packer().pack


def framed(payloads: list[bytes]) -> bytes:
    return b"".join(frame(payload) for payload in payloads if payload)


def packed(thing: Any) -> bytes:
    try:
        return bytes(msgpack.packb(thing))
    except (ValueError, OverflowError):
        return b"\xc1"


def read(image: Image) -> None:
    """Read the files of a folder: a state in which everything fits, or the documented error."""
    failure = None
    try:
        found = recover(Folder(disk_of(image), PATH), Store)
    except PersistenceError as error:
        failure = error
    if failure is not None:
        assert is_documented(failure, image)
        return
    for db in found.state.databases:
        db._check()


def read_log(content: bytes) -> None:
    read({"00000001.log": pack_header(Header(LOG, 1, b"saltsalt")) + content})


FILLED = framed(
    [
        pack((10, 0, b"k", b"text", None)),
        pack((21, 0, b"l", [b"a", b"b", b"c"])),
        pack((31, 0, b"h", [(b"a", b"1"), (b"b", b"2")], 2**40)),
        pack((40, 0, b"s", [b"a", b"b"])),
        pack((50, 0, b"z", {b"a": 1.0, b"b": 2.0})),
        pack((60, 0, b"x", pack_ids([(5 << 64) + 1]), [b"f"], [b"v"])),
        pack((60, 0, b"x", pack_ids([(5 << 64) + 2]), [b"f", b"g"], [b"v", b"w"])),
        pack((64, 0, b"x", b"g", pack_ids([(5 << 64) + 1]), 1)),
        pack((66, 0, b"x", b"g", b"g", 7)),
        pack((68, 0, b"x", b"g", b"g", pack_ids([(5 << 64) + 1]), 7, [1])),
    ]
)


@given(st.binary(max_size=300))
def test_random_bytes_as_a_log(data: bytes) -> None:
    read_log(data)
    for reading in (LogReader, read_snapshot):
        with pytest.raises(PersistenceError, match="file"):
            reading(data, "file")


@settings(max_examples=4 * settings().max_examples)
@given(st.lists(records.map(packed) | st.binary(max_size=40), max_size=6))
def test_good_frames_around_anything_as_a_log(payloads: list[bytes]) -> None:
    read_log(FILLED + framed(payloads))


chunks = st.one_of(
    st.tuples(st.integers(-1, 17), st.dictionaries(texts, texts | numbers, max_size=3)),
    st.tuples(st.integers(0, 1), st.lists(st.tuples(texts, deadlines, values), max_size=3)),
    st.tuples(scalars, things),
    things,
)


@settings(max_examples=4 * settings().max_examples)
@given(st.lists(chunks.map(packed), max_size=4), st.integers(0, 8), st.booleans())
def test_good_frames_around_anything_as_a_snapshot(payloads: list[bytes], keys: int, ended: bool) -> None:
    data = pack_header(Header(SNAPSHOT, 1, b"saltsalt")) + framed(payloads)
    if ended:
        data += frame(pack(("end", keys)))
    read({"00000001.snapshot": data, "00000001.log": pack_header(Header(LOG, 1, b"saltsalt"))})


def _mutated(thing: Any, dice: Any) -> Any:
    """The same with one part of it changed."""
    if isinstance(thing, list) and thing and dice.random() < 0.8:
        copy = list(thing)
        place = dice.randrange(len(copy))
        change = dice.randrange(8)
        if change == 0:
            del copy[place]
        elif change == 1:
            copy.insert(place, copy[dice.randrange(len(copy))])
        else:
            copy[place] = _mutated(copy[place], dice)
        return copy
    if isinstance(thing, dict) and thing and dice.random() < 0.8:
        copy = dict(thing)
        key = dice.choice(list(copy))
        copy[key] = _mutated(copy[key], dice)
        return copy
    return dice.choice(
        [None, -1, 0, 1, 2**63, True, b"", b"k", "k", 1.5, float("nan"), [], [b"a"], {}, {b"a": 1.0}, thing]
    )


@settings(max_examples=2 * settings().max_examples)
@given(st.randoms(use_true_random=False), st.integers(1, 4))
def test_records_that_were_changed_and_checksummed_again(kept: Kept, dice: Any, changes: int) -> None:
    whole = kept.image[kept.log]
    payloads = [bytes(payload) for payload in Frames(whole, HEADER_SIZE)]
    for _ in range(changes):
        place = dice.randrange(len(payloads))
        if len(payloads[place]) != 16:
            try:
                payloads[place] = packed(_mutated(unpack(payloads[place]), dice))
            except ValueError:
                payloads[place] = b"\xc1"
    image = kept.damaged(kept.log, whole[:HEADER_SIZE] + framed(payloads))
    read(image)


NO_DUMPS: dict[str, list[Any]] = {
    "list": [None, 1, b"bytes", "text", {}, {b"a": b"b"}, [1], [b"a", "b"], [None], [[b"a"]]],
    "set": [None, 1, b"bytes", "text", {b"a": 1}, [1], [b"a", "b"], [b"a", b"a"], [[b"a"]]],
    "zset": [
        None, 1, b"bytes", [b"a"], [[b"a", 1.0]], {b"a": 1}, {b"a": b"1"}, {"a": 1.0}, {b"a": float("nan")},
        {b"a": None}, {b"a": True},
    ],
    "hash": [
        None, 1, b"bytes", [], {}, [None], [[b"a"]], [{b"a": 1}], [{"a": b"1"}], [{b"a": b"1"}, {}],
        [{b"a": b"1"}, {b"b": 5}], [{b"a": b"1"}, {b"a": b"5"}], [{b"a": b"1"}, {b"a": 1.5}],
        [{b"a": b"1"}, {b"a": 5}, {}], [{b"a": b"1"}, None, None], [{b"a": b"1"}, [b"a"]],
    ],
    "stream": [
        None, 1, b"bytes", [], {}, [b"", 0, [], {}], [pack_ids([5, 0]), -1, [], {}],
        [pack_ids([5, 0]), 1, [[pack_ids([6]), [b"f"], [b"v"], 0, [], {}]], {}],
        [pack_ids([5, 0]), 1, [[pack_ids([5]), [b"f"], [], 0, [], {}]], {}],
        [pack_ids([5, 0]), 1, [], {b"g": [pack_ids([5]), 0, {b"c": [7, pack_ids([5]), [1], []]}]}],
    ],
}  # fmt: skip


@pytest.mark.parametrize("kind", NO_DUMPS)
def test_what_is_no_dump_is_refused(kind: str) -> None:
    for dump in NO_DUMPS[kind]:
        for payload in ((3, 0, b"k", {kind: dump}, None), ("chunk", 0, [[b"k", None, {kind: dump}]])):
            if payload[0] == "chunk":
                with pytest.raises(CorruptionError):
                    read_snapshot(
                        pack_header(Header(SNAPSHOT, 1, b"saltsalt"))
                        + framed([pack(payload[1:]), pack(("end", 1))]),
                        "file",
                    )
            else:
                found = opened(
                    {"00000001.log": pack_header(Header(LOG, 1, b"saltsalt")) + framed([pack(payload)])}
                )
                assert isinstance(found, CorruptionError), (kind, dump)
    nothing = {"list": [], "set": [], "zset": {}, "hash": [{}], "stream": [pack_ids([0, 0]), 0, [], {}]}
    empty: Any = nothing[kind]
    image = {
        "00000001.log": pack_header(Header(LOG, 1, b"saltsalt"))
        + framed([pack((3, 0, b"k", {kind: empty}, 0))])
    }
    assert isinstance(opened(image), CorruptionError) == (not KINDS[kind].may_be_empty)


def _peak(image: Image) -> int:
    disk = disk_of(image)
    Folder(disk, PATH)
    tracemalloc.start()
    try:
        recover(Folder(disk, PATH), Store)
    except PersistenceError:
        pass
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return peak


@pytest.mark.parametrize(
    "payload",
    [
        b"\xdd\xff\xff\xff\xff" + b"\xc0" * 100,
        b"\xdf\xff\xff\xff\xff" + b"\xc0" * 100,
        b"\xc6\xff\xff\xff\xff" + b"\xc0" * 100,
        b"\xdb\xff\xff\xff\xff" + b"\xc0" * 100,
        b"\xc9\xff\xff\xff\xff\x01" + b"\xc0" * 100,
        b"\x91" * 5000,
        b"\xdc\x00\x10" * 2000,
        b"\xdd\x00\x00\x10\x00" * 2000,
        b"\xdd\x00\x00\x00\x20" * 2000,
        b"\x81\xc4\x00" * 3000,
        packed([12, 0, b"k", 500_000_000, b"x"]),
        packed([12, 0, b"k", 2**60, b"x"]),
        packed([10, 0, b"k", 2**64 - 1, None]),
        packed([24, 0, b"l", 0, 2**60]),
        packed([26, 0, b"l", 2**60, b"x"]),
    ],
)
def test_a_hostile_length_allocates_nothing(payload: bytes) -> None:
    recover(Folder(disk_of({"00000001.log": pack_header(Header(LOG, 1, b"saltsalt"))}), PATH), Store)
    data = pack_header(Header(LOG, 1, b"saltsalt")) + FILLED + frame(payload)
    assert _peak({"00000001.log": data}) < 300_000 + 20 * len(data)


def test_a_hostile_frame_allocates_nothing() -> None:
    for length in (2**32 - 1, 2**31, 10**6):
        data = pack_header(Header(LOG, 1, b"saltsalt")) + FILLED + struct.pack("<II", length, 0) + b"x" * 50
        assert _peak({"00000001.log": data}) < 300_000
        found = opened({"00000001.log": data})
        assert not isinstance(found, PersistenceError)
        assert found[1] == 58


def test_reading_a_large_file_takes_a_small_multiple_of_it() -> None:
    records = [pack((10, 0, b"key:%d" % number, b"x" * 100, None)) for number in range(5000)]
    data = pack_header(Header(LOG, 1, b"saltsalt")) + framed(records)
    assert _peak({"00000001.log": data}) < 8 * len(data)


def test_a_writer_may_be_at_work_while_others_read(tmp_path: Path) -> None:
    path = tmp_path / "app.kv"
    with Store(path, fsync="never", compact_percent=0) as store:
        for number in range(200):
            store.rpush("l", number)
            if number % 50 == 20:
                store.sync()
            if number % 50 == 40:
                store.compact()
            with Store(path, read_only=True) as reader:
                assert reader.llen("l") == number + 1
