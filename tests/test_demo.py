"""The main job and the command line: figures against a plain recount, whatever the threads do."""

from __future__ import annotations

import os
import platform
import random
import re
import select
import signal
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

import kvlite
from kvlite import Store, demo
from kvlite.__main__ import main

FILES = {
    "alpha.py": "def one():\n    return one or two\n",
    "pack/__init__.py": "",
    "pack/beta.py": "# One, two; three_four snake_case x y2z été ÉTÉ\r\nvalue = 'one'\r\n\r\n",
    "pack/no_end.py": "two two two",
    "pack/latin.py": "# -*- coding: latin-1 -*-\n# caf\xe9\n",
    "pack/broken.py": "# caf\xe9 is not UTF-8\n",
    "pack/late.py": "# fine\n# fine\n# caf\xe9 in the third line\n",
    "pack/unknown.py": "# -*- coding: no-such-thing -*-\none = 1\n",
    "pack/tests/left_out.py": "hidden = 1\n",
    "test/left_out.py": "hidden = 1\n",
    "site-packages/left_out.py": "hidden = 1\n",
    "notes.txt": "hidden",
}
LATIN = {"pack/latin.py", "pack/broken.py", "pack/late.py"}
UNREADABLE = {"pack/broken.py", "pack/late.py", "pack/unknown.py"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("latin-1" if name in LATIN else "utf-8"))
    return tmp_path


def indexed(root: Path, files: list[str], workers: int) -> Store[str]:
    store = Store(decode_responses=True)
    store.rpush("todo", *files)
    demo.index(store, root, workers, lambda done: None)
    return store


def contents(store: Store[str]) -> dict[str, Any]:
    """Everything in the store, as plain Python values."""
    read = {
        "string": store.get,
        "list": lambda key: store.lrange(key, 0, -1),
        "hash": store.hgetall,
        "set": store.smembers,
        "zset": lambda key: store.zrange(key, 0, -1, withscores=True),
    }
    return {key: read[store.type(key)](key) for key in store}


def words_of(text: str) -> list[str]:
    """The words of a text, letter by letter."""
    words, word = [], ""
    for letter in text.lower() + " ":
        if letter.isalpha():
            word += letter
        else:
            if len(word) > 1:
                words.append(word)
            word = ""
    return words


def recounted(root: Path, files: list[str], encodings: dict[str, str]) -> dict[str, Any]:
    """What the store should hold for files that can be read, counted without it."""
    everywhere: Counter[str] = Counter()
    holders: dict[str, set[str]] = defaultdict(set)
    found: dict[str, Any] = {}
    totals: Counter[str] = Counter(files=len(files))
    sizes = {}
    for file in files:
        encoding = encodings.get(file, "utf-8")
        text = (root / file).read_bytes().decode(encoding).replace("\r\n", "\n").removeprefix("\ufeff")
        words, lines = words_of(text), text.split("\n")
        if not lines[-1]:
            lines.pop()
        facts = {
            "lines": len(lines),
            "characters": len(text),
            "words": len(words),
            "longest_line": max(map(len, lines), default=0),
        }
        found[f"file:{file}"] = {name: str(value) for name, value in facts.items()}
        sizes[file] = float(len(text))
        if words:
            found[f"words:{file}"] = set(words)
        everywhere.update(words)
        for word in words:
            holders[word].add(file)
        for name in ("lines", "characters", "words"):
            totals[name] += facts[name]
    found.update({f"count:{name}": str(total) for name, total in totals.items()})
    found.update({f"files:{word}": files for word, files in holders.items()})
    for key, scores in (("words", everywhere), ("sizes", sizes)):
        pairs = [(name, float(score)) for name, score in scores.items()]
        found[key] = sorted(pairs, key=lambda pair: (pair[1], pair[0]))
    return found


def test_modules_leaves_out_tests_and_what_was_installed(folder: Path) -> None:
    assert demo.modules(folder) == [
        "alpha.py",
        "pack/__init__.py",
        "pack/beta.py",
        "pack/broken.py",
        "pack/late.py",
        "pack/latin.py",
        "pack/no_end.py",
        "pack/unknown.py",
    ]


@pytest.mark.parametrize("workers", [1, 2, 7])
def test_index_is_what_a_recount_gives(folder: Path, workers: int) -> None:
    files = demo.modules(folder)
    found = contents(indexed(folder, files, workers))

    assert set(found.pop("unreadable")) == UNREADABLE
    assert int(found.pop("count:operations")) > len(files)
    assert found.pop("count:files") == str(len(files))
    readable = [file for file in files if file not in UNREADABLE]
    expected = recounted(folder, readable, {"pack/latin.py": "latin-1"})
    del expected["count:files"]
    assert found == expected


def test_part_of_the_standard_library_is_what_a_recount_gives() -> None:
    root = demo.library()
    files = [file for file in demo.modules(root) if file.startswith(("json/", "email/", "concurrent/"))]
    found = [contents(indexed(root, files, workers)) for workers in (1, 4)]
    assert found[0] == found[1]
    del found[0]["count:operations"]
    assert found[0] == recounted(root, files, {})


def test_a_file_that_was_not_finished_leaves_no_trace(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that dies in the middle of a file leaves it in `doing`; done again, it is counted once."""
    files = ["alpha.py", "pack/no_end.py"]
    read = demo.read

    def dies(path: Path) -> Any:
        if path.name == "no_end.py":
            raise ZeroDivisionError
        return read(path)

    monkeypatch.setattr(demo, "read", dies)
    store = Store(decode_responses=True)
    store.rpush("todo", *files)
    with pytest.raises(ZeroDivisionError):
        demo.index(store, folder, 2, lambda done: None)
    assert "pack/no_end.py" in store.lrange("doing", 0, -1)
    assert store.get("count:files") == "1"
    assert store.zrange("sizes", 0, -1) == ["alpha.py"]

    monkeypatch.undo()
    demo.take_back(store)
    assert (store.lrange("todo", 0, -1), store.exists("doing")) == (["pack/no_end.py"], 0)
    demo.index(store, folder, 1, lambda done: None)
    assert contents(store) == contents(indexed(folder, files, 1))


def test_a_file_is_in_doing_or_in_the_index_and_never_in_both() -> None:
    root = demo.library()
    files = [file for file in demo.modules(root) if file.startswith(("json/", "email/", "concurrent/"))]
    store = Store(decode_responses=True)
    store.rpush("todo", *files)
    indexer = threading.Thread(target=demo.index, args=(store, root, 3, lambda done: None))
    indexer.start()
    looks = 0
    while indexer.is_alive():
        with store.atomic():
            doing, done = set(store.lrange("doing", 0, -1)), set(store.zrange("sizes", 0, -1))
            assert doing.isdisjoint(done)
            assert len(done) == int(store.get("count:files") or 0)
        looks += 1
        time.sleep(0.001)
    assert looks > 10
    assert store.exists("todo", "doing") == 0


def test_interrupting_sends_the_workers_home(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = []

    def slow(path: Path) -> Any:
        begun.append(path)
        time.sleep(0.02)
        raise OSError

    def interrupt(done: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(demo, "read", slow)
    files = demo.modules(folder) * 20
    store = Store(decode_responses=True)
    store.rpush("todo", *files)
    threads = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        demo.index(store, folder, 3, interrupt)
    assert threading.active_count() == threads
    assert len(begun) < len(files)


def test_answers(folder: Path) -> None:
    store = indexed(folder, demo.modules(folder), 2)
    assert demo.frequent_words(store).startswith("  two 5, one 4, été 2, value 1, ")
    assert demo.rare_words(store).startswith("  11 of 14 words occur only once, among them ")
    assert "5   " in demo.files_by_size(store).splitlines()[0]
    assert demo.largest_files(store).split()[:2] == ["pack/beta.py", "63"]
    assert "pack/beta.py and pack/latin.py share 0 words" in demo.words_in_common(store)
    assert demo.about("two", store) == (
        "  occurs 5 times in 3 files, which makes it number 1;\n"
        "  the largest of the files: pack/beta.py alpha.py pack/no_end.py"
    )
    assert demo.about("zebra", store) == "  occurs nowhere"


def test_report_names_what_could_not_be_read(folder: Path) -> None:
    report = demo.report(indexed(folder, demo.modules(folder), 2), "two", 2, 1.0)
    assert "not readable  3 files\n" in report
    assert re.search(r"^ +pack/broken\.py: invalid or missing encoding", report, re.MULTILINE)
    assert re.search(r"^ +pack/late\.py: 'utf-8' codec", report, re.MULTILINE)
    assert re.search(r"^ +pack/unknown\.py: .*no-such-thing", report, re.MULTILINE)


def test_answers_about_nothing() -> None:
    store = Store(decode_responses=True)
    assert all(ask(store) is not None for ask in demo.questions("queue").values())


def test_answers_are_remembered_for_a_while() -> None:
    clock = kvlite.ManualClock()
    store = Store(decode_responses=True, clock=clock)
    asked = []

    def ask(store: Store[str]) -> str:
        asked.append(store)
        return str(len(asked))

    assert [demo.answer(store, "how many?", ask) for _ in range(3)] == ["1", "1", "1"]
    store.advance(demo.REMEMBERED)
    assert demo.answer(store, "how many?", ask) == "2"
    assert store.select(1).mget("count:misses", "count:hits") == ["2", "2"]
    assert store.dbsize() == 0


def test_what_was_taken_back_is_first_in_line() -> None:
    store = Store(decode_responses=True)
    store.rpush("doing", "a", demo.STOP, "b", demo.STOP)
    store.rpush("todo", "c", "d", demo.STOP)
    demo.take_back(store)
    assert contents(store) == {"todo": ["a", "b", "c", "d"]}


# The command line


def command(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "kvlite", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        **options,
    )


def test_demo_says_what_it_read_and_found() -> None:
    root = demo.library()
    expected = recounted(root, demo.modules(root)[:40], {})
    totals = {name: int(expected[f"count:{name}"]) for name in ("lines", "characters", "words")}
    read = "40 files, {lines:,} lines, {characters:,} characters, {words:,} words\n".format(**totals)
    word, most = expected["words"][-1]
    scores = dict(expected["words"])
    places = [
        f"The most frequent words\n  {word} {most:,.0f}, ",
        f"The word 'self'\n  occurs {scores['self']:,.0f} times in {len(expected['files:self'])} files, ",
        "6 questions took ",
        " ms from the cache (6 misses, 6 hits, kept for 60 s)\n",
    ]
    answers = set()
    for workers in ("1", "3"):
        done = command("demo", "--limit", "40", "--workers", workers, "--word", "Self")
        assert (done.returncode, done.stderr) == (0, "")
        assert read in done.stdout
        assert [place for place in places if place not in done.stdout] == []
        answers.add(done.stdout[done.stdout.index(places[0]) : done.stdout.index(places[2])])
    assert len(answers) == 1


# Kept on disk

KILLED = """
import signal, sys
from kvlite import demo
from kvlite.__main__ import main
signal.setitimer(signal.ITIMER_PROF, float(sys.argv[1]))
sys.exit(main(sys.argv[2:]))
"""
"""Runs a command; when it has used so many seconds of the processor a signal ends it, as SIGKILL would."""


def answers_of(report: str) -> list[str]:
    """The lines of a report that say nothing about this run."""
    lines = report[: report.index("\n6 questions took ")].splitlines()
    own = ("  resumed ", "  time ", "  operations ")
    return [line for line in lines if not line.startswith(own) and " a second" not in line]


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
def test_killed_at_any_moment_it_goes_on_where_it_was(tmp_path: Path) -> None:
    dice = random.Random(2)
    arguments = ["demo", "--limit", "24", "--word", "self"]
    expected = command(*arguments).stdout

    path = tmp_path / "demo.kv"
    child = [sys.executable, "-c", KILLED]
    kills, done = -1, None
    while done is None or done.returncode == -signal.SIGPROF:
        kills += 1
        delay = dice.uniform(0.001, 0.15 + kills / 20)
        options = ["--path", str(path), "--workers", dice.choice("1237")]
        done = subprocess.run(
            [*child, str(delay), *arguments, *options],
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=60,
        )
    assert done.returncode == 0, done.stderr
    assert kills > 1
    assert answers_of(done.stdout) == answers_of(expected)

    root = demo.library()
    with Store(path, decode_responses=True, read_only=True) as store:
        assert contents(store) == contents(indexed(root, demo.modules(root)[:24], 1))


@pytest.fixture
def small_library(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(demo, "library", lambda: folder)
    return folder


def test_a_run_says_that_it_resumed_and_one_more_answers_at_once(
    small_library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["demo", "--word", "two"]) == 0
    expected = capsys.readouterr().out
    arguments = ["demo", "--word", "two", "--workers", "1", "--path", str(tmp_path / "demo.kv")]
    read = demo.read

    def interrupted(path: Path) -> Any:
        if path.name == "late.py":
            raise KeyboardInterrupt
        return read(path)

    monkeypatch.setattr(demo, "read", interrupted)
    assert main(arguments) == 130
    assert capsys.readouterr().out == ""
    monkeypatch.setattr(demo, "read", read)
    assert main(arguments) == 0
    resumed = capsys.readouterr().out
    assert "\n  resumed       4 of 8 files were there already\n  time " in resumed
    monkeypatch.setattr(demo, "read", None)
    assert main(arguments) == 0
    again = capsys.readouterr().out
    assert "\n  resumed       8 of 8 files were there already\n  operations " in again
    assert " time " not in again
    assert answers_of(expected) == answers_of(resumed) == answers_of(again)


def refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What a command says that ends with 2: a line."""
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert re.fullmatch(r"python -m kvlite: [^\n]+\n", said.err)
    return said.err


def test_a_folder_is_for_one_library_and_one_limit(
    small_library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["demo", "--path", str(tmp_path / "demo.kv")]
    assert main([*arguments, "--limit", "3"]) == 0
    capsys.readouterr()
    for other, limit in (
        (small_library, []),
        (small_library, ["--limit", "2"]),
        (tmp_path / "x", ["--limit", "3"]),
    ):
        monkeypatch.setattr(demo, "library", lambda root=other: root)
        said = refused([*arguments, *limit], capsys)
        assert f" has the index of Python {platform.python_version()} in " in said
        assert ", at most 3 files, not of Python " in said


def test_a_folder_of_something_else_is_refused(
    small_library: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "is a file" in refused(["demo", "--path", str(small_library / "notes.txt")], capsys)
    assert "something else than a store" in refused(["demo", "--path", str(small_library)], capsys)
    path = tmp_path / "app.kv"
    with Store(path) as store:
        store.select(3).set("a", b"\xff")
        assert "open" in refused(["demo", "--path", str(path)], capsys)
    assert "something else than an index" in refused(["demo", "--path", str(path)], capsys)
    with Store(path) as store:
        assert [len(store.select(index)) for index in range(16)] == [0, 0, 0, 1] + [0] * 12


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert "demo" in capsys.readouterr().out
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"kvlite {kvlite.__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["--nonsense"],
        ["demo", "--nonsense"],
        ["demo", "--work", "1"],
        ["demo", "--workers", "0"],
        ["demo", "--workers", "65"],
        ["demo", "--workers", "many"],
        ["demo", "--limit", "-1"],
        ["demo", "--limit"],
        ["demo", "--word", "two words"],
        ["demo", "--word", "\udcff"],
        ["demo", "--path"],
        ["demo", "--path", ""],
        ["demo", "extra"],
    ],
)
def test_a_bad_option_is_one_line(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert re.fullmatch(r"python -m kvlite( demo)?: [^\n]+\n", said.err)


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("arguments", [["demo", "--limit", "3"], ["--help"], []])
def test_a_broken_pipe_is_quiet(arguments: list[str], unbuffered: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "kvlite", *arguments],
            stdout=writer,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
            timeout=120,
        )
    finally:
        os.close(writer)
    assert done.stderr == b""
    # Unbuffered, argparse itself keeps silent about what it could not write.
    assert done.returncode == 141 or (unbuffered and "demo" not in arguments)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo terminals")
def test_a_person_sees_progress_and_can_interrupt() -> None:
    import pty

    ours, theirs = pty.openpty()
    child = subprocess.Popen([sys.executable, "-m", "kvlite", "demo"], stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    seen, end = b"", time.monotonic() + 60
    try:
        while b" files " not in seen and time.monotonic() < end:
            if select.select([ours], [], [], 1)[0]:
                seen += os.read(ours, 1000)
        child.send_signal(signal.SIGINT)
        out = child.communicate(timeout=60)[0]
        while select.select([ours], [], [], 0)[0]:
            try:
                seen += os.read(ours, 1000)
            except OSError:
                break
    finally:
        child.kill()
        os.close(ours)
    assert re.match(rb"\r  \[[# ]{30}\] [\d,]+ of [\d,]+ files ", seen)
    assert (child.returncode, out) == (130, b"")
    assert b"Traceback" not in seen
