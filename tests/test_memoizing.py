"""`from kvlite import memoize`: in memory, and in a folder that several runs of a script use."""

from __future__ import annotations

import asyncio
import inspect
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import kvlite
from kvlite import Store, memoize


def test_in_memory() -> None:
    calls = []

    @memoize
    def square(n: int) -> int:
        """The square."""
        calls.append(n)
        return n * n

    assert square(7) == square(7) == 49
    assert calls == [7]
    assert (square.stats().hits, square.__doc__) == (1, "The square.")
    square.invalidate(7)
    assert square(7) == 49
    assert calls == [7, 7]


def test_each_function_has_its_own() -> None:
    @memoize(name="same")
    def one() -> int:
        return 1

    @memoize(name="same")
    def two() -> int:
        return 2

    assert (one(), two()) == (1, 2)


def test_the_most_recent_are_kept() -> None:
    calls = []

    @memoize(maxsize=2)
    def square(n: int) -> int:
        calls.append(n)
        time.sleep(0.002)
        return n * n

    for n in (1, 2, 1, 3, 1):
        square(n)
    assert calls == [1, 2, 3]
    assert square.stats().evictions == 1


def test_a_time() -> None:
    @memoize(ttl=0.05)
    def now() -> float:
        return time.monotonic()

    first = now()
    assert now() == first
    time.sleep(0.06)
    assert now() > first


def test_a_place_and_a_size_do_not_go_together(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="maxsize is for results in memory"):
        memoize(path=tmp_path / "a.kv", maxsize=5)
    with pytest.raises(ValueError, match="maxsize is at least 1, not 0"):
        memoize(maxsize=0)


def test_a_server_is_no_folder() -> None:
    with pytest.raises(ValueError, match=r"'redis://localhost' is no folder"):
        memoize(path="redis://localhost")


def test_lambdas(tmp_path: Path) -> None:
    """They all have one name, so where several share a place each is given one."""
    in_memory = memoize(typed=True)
    square, cube = in_memory(lambda n: n**2), in_memory(lambda n: n**3)
    assert (square(3), cube(3)) == (9, 27)
    in_folder = memoize(path=tmp_path / "a.kv")
    with pytest.raises(TypeError, match="lambda.* has no name of its own: give memoize a name="):
        in_folder(lambda n: n**2)


SCRIPT = """
import sys, time
from kvlite import memoize

@memoize(ttl="10m", path=sys.argv[1])
def length(text: str) -> int:
    print("computed", text)
    return len(text)

for word in sys.argv[3:]:
    print(length(word))
print("ready", flush=True)
if sys.argv[2] == "wait":
    sys.stdin.read()
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    file = tmp_path / "script.py"
    file.write_text(SCRIPT)
    return file


def run(script: Path, folder: Path, *words: str) -> list[str]:
    command = [sys.executable, str(script), str(folder), "go", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split("\n")[:-2]


def test_the_next_run_finds_it(script: Path, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "cache"
    assert run(script, folder, "a", "bb", "a") == ["computed a", "1", "computed bb", "2", "1"]
    assert run(script, folder, "a", "ccc") == ["1", "computed ccc", "3"]
    other = tmp_path / "other.py"
    other.write_text(SCRIPT)
    assert run(other, folder, "a") == ["computed a", "1"], "another script's function of the same name"


def test_what_is_in_no_file_is_known_by_what_it_does(tmp_path: Path) -> None:
    """So programs from a pipe, or cells of notebooks, do not find what another function of the name kept."""
    typed = """
from kvlite import memoize

@memoize(path={path!r}{name})
def f(n):
    print("computed")
    return {{m: n {sign} 2 for m in range(n) if m in {{"one", "two", 2}}}}

print(f(3), flush=True)
"""

    def run_typed(sign: str, name: str = "") -> str:
        program = typed.format(path=str(tmp_path / "a.kv"), sign=sign, name=name)
        done = subprocess.run(
            [sys.executable, "-"], input=program, capture_output=True, text=True, check=True, cwd=tmp_path
        )
        return done.stdout.replace("\n", " ")

    assert run_typed("+") == "computed {2: 5} "
    assert run_typed("+") == "{2: 5} "
    assert run_typed("*") == "computed {2: 6} "
    assert run_typed("+", ", name='f'") == "computed {2: 5} "
    assert run_typed("*", ", name='f'") == "{2: 5} "


def start(script: Path, folder: Path, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(script), str(folder), "wait", *words]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    while process.stdout.readline() != "ready\n":
        assert process.poll() is None
    return process


def test_runs_overlap(script: Path, tmp_path: Path) -> None:
    """Each finds what was there when it began, and what it adds is there for those that begin later."""
    folder = tmp_path / "cache"
    first = start(script, folder, "a")
    assert run(script, folder, "a", "bb") == ["1", "computed bb", "2"]
    second = start(script, folder, "a", "bb", "ccc")
    assert run(script, folder, "bb", "ccc") == ["2", "computed ccc", "3"]
    first.communicate()
    second.communicate()
    assert (first.returncode, second.returncode) == (0, 0)
    assert run(script, folder, "a", "ccc", "bb") == ["1", "3", "2"]
    assert os.listdir(folder / "runs") == ["lock"]


def test_runs_that_overlap_are_killed(script: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    both = [start(script, folder, "a"), start(script, folder, "bb")]
    for process in both:
        process.kill()
        process.communicate()
    assert run(script, folder, "a", "bb") == ["1", "2"]


STALE = """
import sys, time
from kvlite import memoize

@memoize(ttl="20ms", stale=60, path=sys.argv[1])
def now() -> int:
    time.sleep(0.1)
    return int(sys.argv[2])

print(now())
"""


def test_a_script_waits_at_its_end_for_what_is_computed(tmp_path: Path) -> None:
    """Else what is stale would never be renewed where runs are short."""
    for given, printed in (("1", "1"), ("2", "1"), ("3", "2")):
        command = [sys.executable, "-c", STALE, str(tmp_path / "cache"), given]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        assert (done.stdout, done.stderr) == (f"{printed}\n", "")
        time.sleep(0.03)


FORKING = """
import multiprocessing, sys
from kvlite import memoize

@memoize(path=sys.argv[1])
def square(n: int) -> int:
    with open(sys.argv[2], "a") as file:
        file.write(f"{n} ")
    return n * n

print(square(1))
with multiprocessing.get_context("fork").Pool(2) as pool:
    print(pool.map(square, range(4)), square.key(7))
print([square(n) for n in range(4)], square.stats().hits)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_forked_processes_are_runs_too(tmp_path: Path) -> None:
    for _ in range(2):
        command = [sys.executable, "-c", FORKING, str(tmp_path / "cache"), str(tmp_path / "computed")]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("1\n[0, 1, 4, 9] __main__.square:v1:(7)\n[0, 1, 4, 9]")
    computed = (tmp_path / "computed").read_text().split()
    assert sorted(computed) == sorted("1023023"), "the parent does not see what its children add"


def test_a_coroutine_function_in_a_folder(tmp_path: Path) -> None:
    @memoize(path=tmp_path / "cache")
    async def one() -> int:
        """Just one."""
        return 1

    assert inspect.iscoroutinefunction(one)
    assert asyncio.run(one()) == asyncio.run(one()) == 1
    assert (one.stats().hits, one.__doc__, one.__name__) == (1, "Just one.", "one")
    assert asyncio.run(one.refresh()) == 1
    assert one.invalidate()


def test_a_folder_has_one_store_in_a_process(tmp_path: Path) -> None:
    from kvlite.contrib.locations import connect

    @memoize(path=tmp_path / "cache")
    def one() -> int:
        return 1

    assert one() == 1
    store = connect(tmp_path / "cache", {})
    assert isinstance(store, Store)
    assert store.keys() == [b"memoize:" + one.key().encode()]
    store.close()


def test_a_run_is_killed(script: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    process = start(script, folder, "a", "bb")
    process.kill()
    process.communicate()
    assert run(script, folder, "a", "bb") == ["1", "2"]
    with Store(folder) as store:
        assert all(0 < left <= 600_000 for left in map(store.pttl, store.keys()))


def test_it_is_public() -> None:
    assert kvlite.memoize is memoize
    assert "memoize" in kvlite.__all__
