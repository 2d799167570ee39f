"""The pytest plugin: what its fixtures give, and that each test has its own."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from kvlite import Store

pytest_plugins = ["pytester"]

PLUGIN = ("-p", "kvlite.pytest_plugin", "-p", "no:cacheprovider")


def run(pytester: pytest.Pytester, *options: str) -> pytest.RunResult:
    return pytester.runpytest_inprocess(*PLUGIN, *options)


@pytest.fixture(autouse=True)
def _only_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed kvlite brings its plugin along; here it is named."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


def test_every_test_has_its_own(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("run", range(3))
        def test_store(kvlite_store, run):
            assert len(kvlite_store) == 0
            kvlite_store.set("a", run)

        @pytest.mark.parametrize("run", range(3))
        def test_clients_share_the_store_of_their_test(kvlite_redis, kvlite_server, kvlite_store, run):
            import redis
            assert isinstance(kvlite_redis, redis.Redis)
            assert kvlite_redis.dbsize() == 0
            kvlite_redis.set("a", run)
            with redis.Redis.from_url(kvlite_server) as client:
                assert client.get("a") == str(run).encode() == kvlite_store.get("a")

        @pytest.mark.parametrize("run", range(2))
        def test_async(kvlite_async_redis, run):
            import asyncio, redis.asyncio
            assert isinstance(kvlite_async_redis, redis.asyncio.Redis)

            async def main():
                assert await kvlite_async_redis.set("a", run, nx=True)
                return await kvlite_async_redis.get("a")

            assert asyncio.run(main()) == str(run).encode()
        """
    )
    run(pytester).assert_outcomes(passed=8)


def test_the_clock(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import time

        def test_time_is_moved(kvlite_clock, kvlite_store, kvlite_redis):
            kvlite_redis.set("token", "abc", ex=3600)
            kvlite_clock.advance(3599)
            assert kvlite_redis.ttl("token") == 1
            kvlite_clock.advance(1)
            assert kvlite_redis.get("token") is None
            assert kvlite_store.get("token") is None

        def test_time_passes_by_itself(kvlite_redis):
            kvlite_redis.set("token", "abc", px=5)
            time.sleep(0.02)
            assert kvlite_redis.get("token") is None
        """
    )
    run(pytester).assert_outcomes(passed=2)


def test_the_marker(pytester: pytest.Pytester) -> None:
    (pytester.path / "data.json").write_text(json.dumps({"from file": ["x"]}))
    store = Store()
    store.set("from snapshot", "1")
    store.save(pytester.path / "seed.snapshot")
    pytester.makepyfile(
        """
        import pytest

        pytestmark = pytest.mark.kvlite(data={"a": 1, "b": "module"}, decode_responses=True)

        def test_data(kvlite_redis):
            assert kvlite_redis.get("a") == "1"

        @pytest.mark.kvlite(data="data.json")
        @pytest.mark.kvlite(data={"b": "test"})
        def test_the_nearest_wins(kvlite_redis, kvlite_store):
            assert kvlite_redis.mget("a", "b") == ["1", "test"]
            assert kvlite_store.lrange("from file", 0, -1) == ["x"]

        @pytest.mark.kvlite(snapshot="seed.snapshot", decode_responses=False)
        def test_snapshot(kvlite_redis):
            assert kvlite_redis.get("from snapshot") == b"1"

        @pytest.mark.kvlite({"a": 1})
        def test_wrong(kvlite_store):
            pass

        @pytest.mark.kvlite(data={"a": None})
        def test_bad_data(kvlite_store):
            pass
        """
    )
    result = run(pytester, "--strict-markers")
    result.assert_outcomes(passed=3, errors=2)
    result.stdout.fnmatch_lines(["*this marker takes keywords only*", "*None is neither a text*"])
    for noise in ("*Traceback*", "*During handling*", "*pytest_plugin.py*"):
        result.stdout.no_fnmatch_line(noise)


def test_the_clock_is_that_of_the_store(pytester: pytest.Pytester) -> None:
    """Wherever it comes from; and if it cannot be, that is said."""
    pytester.makepyfile(
        """
        import pytest
        from kvlite import ManualClock

        @pytest.mark.kvlite(clock=ManualClock(1_000_000))
        def test_marker(kvlite_redis, kvlite_clock):
            kvlite_redis.set("a", 1, ex=60)
            kvlite_clock.advance(60)
            assert kvlite_redis.get("a") is None
            assert kvlite_redis.time() == (1060, 0)

        @pytest.fixture
        def clock(request):
            return request.getfixturevalue("kvlite_clock")

        def test_dynamic(clock, kvlite_redis):
            clock.advance(60)
            assert kvlite_redis.time()[0] == clock.now() // 1000

        def test_too_late(kvlite_redis, clock):
            pass
        """
    )
    result = run(pytester)
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["kvlite_clock comes too late*test_too_late*"])


def test_what_is_wrong_with_a_marker_is_said(pytester: pytest.Pytester) -> None:
    path = pytester.makepyfile(
        """
        import pytest

        @pytest.mark.kvlite(data="nosuch.json")
        def test_file(kvlite_store):
            pass

        @pytest.mark.kvlite(snapshot="nosuch.snapshot")
        def test_snapshot(kvlite_redis):
            pass

        @pytest.mark.kvlite(decode_response=True)
        def test_option(kvlite_store):
            pass
        """
    )
    result = run(pytester)
    result.assert_outcomes(errors=3)
    result.stdout.fnmatch_lines(
        [
            f"@pytest.mark.kvlite(data='nosuch.json') of {path.name}::test_file: *{path.parent}/nosuch.json*",
            f"@pytest.mark.kvlite(snapshot='nosuch.snapshot') of {path.name}::test_snapshot: "
            f"*{path.parent}/nosuch.snapshot*",
            f"@pytest.mark.kvlite(decode_response=True) of {path.name}::test_option: *decode_response*",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")


def test_a_store_on_disk_is_private_to_its_test(pytester: pytest.Pytester) -> None:
    shared = pytester.path / "shared.kv"
    pytester.makepyfile(
        f"""
        import pytest

        @pytest.mark.kvlite(path="app.kv")
        class TestOnDisk:
            @pytest.mark.parametrize("run", range(2))
            def test_private(self, kvlite_redis, tmp_path, run):
                assert kvlite_redis.incr("n") == 1
                assert (tmp_path / "app.kv").is_dir()

        @pytest.mark.kvlite(path={str(shared)!r})
        @pytest.mark.parametrize("run", range(2))
        def test_shared(kvlite_store, run):
            assert kvlite_store.incr("n") == run + 1
        """
    )
    run(pytester).assert_outcomes(passed=4)
    assert shared.is_dir()
    assert not (pytester.path / "app.kv").exists()


def test_sandboxes_of_data_that_was_seeded_once(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest
        from kvlite import Store

        @pytest.fixture(scope="session")
        def seeded():
            with Store() as store:
                store.seed({f"user:{n}": {"name": n} for n in range(1000)})
                yield store

        @pytest.fixture
        def store(seeded):
            with seeded.sandbox():
                yield seeded

        @pytest.mark.parametrize("run", range(5))
        def test_it(store, run):
            assert store.dbsize() == 1000
            store.delete("user:1", "user:2")
            store.hset("user:3", "name", "changed")
            assert store.dbsize() == 998

        def test_the_end(seeded):
            assert seeded.hget("user:3", "name") == b"3"
        """
    )
    run(pytester).assert_outcomes(passed=6)


PREAMBLE = """
import pytest, redis
from django.conf import settings
from kvlite import Store
import test_settings

settings.configure(CACHES=test_settings.CACHES)

def create_app(redis_url):
    return redis.from_url(redis_url)

"""
EPILOGUE = """

def test_app(app):
    assert app.set("a", 1)

@pytest.mark.parametrize("run", range(2))
def test_seeded(store, run):
    assert store.hget("ann", "age") == b"31"
    store.flushall()

@pytest.mark.parametrize("run", range(2))
def test_cache(run):
    from django.core.cache import cache
    assert cache.add("a", run)
"""


def test_the_recipes_of_the_page_work(pytester: pytest.Pytester) -> None:
    """Those for pytest; `test_docs` runs the others."""
    for name in ("rq", "celery", "django"):
        pytest.importorskip(name)
    page = (Path(__file__).parent.parent / "docs" / "testing.md").read_text()
    recipes = re.findall(r"^```py\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    users = {"ann": {"age": 31}}
    for name in ("users.json", "users.yaml"):  # what is JSON is YAML too
        (pytester.path / name).write_text(json.dumps(users))
    store = Store()
    store.save(pytester.path / "big.snapshot")
    (settings,) = (each for each in recipes if "CACHES = {" in each)
    recipes.remove(settings)
    pytester.makepyfile(test_settings=settings, test_recipes=PREAMBLE + "\n".join(recipes) + EPILOGUE)
    result = pytester.runpytest_subprocess(*PLUGIN, "-p", "celery.contrib.pytest")
    result.assert_outcomes(passed=10)


def test_tests_run_side_by_side(pytester: pytest.Pytester) -> None:
    pytest.importorskip("xdist")
    pytester.makepyfile(
        """
        import pytest, redis

        @pytest.mark.parametrize("run", range(8))
        def test_it(kvlite_server, run):
            with redis.Redis.from_url(kvlite_server) as client:
                assert client.incr("n") == 1
        """
    )
    result = pytester.runpytest_subprocess(*PLUGIN, "-p", "xdist", "-n", "2")
    result.assert_outcomes(passed=8)


def test_unused_it_imports_nothing(tmp_path: Path) -> None:
    code = "import sys, kvlite.pytest_plugin; print(*sorted(m for m in sys.modules if 'kvlite' in m))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["kvlite", "kvlite.pytest_plugin"]
    (tmp_path / "test_it.py").write_text(
        "import sys\ndef test_it():\n    assert 'kvlite.store' not in sys.modules\n"
    )
    pytest_of_its_own = [sys.executable, "-m", "pytest", "-q", *PLUGIN, str(tmp_path)]
    subprocess.run(pytest_of_its_own, cwd=tmp_path, check=True, capture_output=True)


def test_a_store_of_the_tests_own_is_what_its_clients_talk_to(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest
        from kvlite import Store

        @pytest.fixture
        def kvlite_store():
            with Store(decode_responses=True) as store:
                store.set("a", "own")
                yield store

        def test_client(kvlite_redis, kvlite_store):
            assert kvlite_redis.get("a") == "own"
            assert kvlite_redis.store is kvlite_store

        def test_async_client(kvlite_async_redis):
            import asyncio
            assert asyncio.run(kvlite_async_redis.get("a")) == "own"
        """
    )
    run(pytester).assert_outcomes(passed=2)
