"""Fixtures of the whole suite, and how long and how randomly the generated tests run.

By default they are the same in every run. `--fuzz-examples N` draws N histories a test, at random;
`--fuzz-random` draws the usual number, at random.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest
import redis
from hypothesis import HealthCheck, settings
from oracle import Oracle, Pair, why_missing
from raw import RawPair

EXAMPLES = 100
"""Histories a test runs by default: some 4,000 steps, at 50 a history and fewer."""

_ORACLE = pytest.StashKey[Oracle]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("fuzz")
    group.addoption("--fuzz-examples", type=int, metavar="N", help="run N random examples of each test")
    group.addoption("--kills", type=int, default=200, metavar="N", help="kill a writing process N times")
    group.addoption("--fuzz-random", action="store_true", help="draw other examples in every run")


def pytest_configure(config: pytest.Config) -> None:
    common = settings(
        deadline=None,
        database=None,
        print_blob=True,
        # A history is long by design, and resets what its fixtures hold by itself.
        suppress_health_check=[
            HealthCheck.function_scoped_fixture,
            HealthCheck.too_slow,
            HealthCheck.data_too_large,
            HealthCheck.large_base_example,
        ],
    )
    examples = config.getoption("--fuzz-examples")
    settings.register_profile("steady", common, max_examples=EXAMPLES, derandomize=True)
    settings.register_profile("fuzz", common, max_examples=examples or EXAMPLES, derandomize=False)
    settings.load_profile("fuzz" if examples or config.getoption("--fuzz-random") else "steady")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    oracle = config.stash.get(_ORACLE, None)
    if oracle is not None:
        total = f"{oracle.calls} calls compared, {oracle.steps} steps of histories"
        terminalreporter.write_line(f"oracle: {total}")


@pytest.fixture(scope="session")
def oracle(pytestconfig: pytest.Config) -> Iterator[Oracle]:
    """The real redis-server. Where it cannot run, tests are skipped; on Linux in CI they fail."""
    missing = why_missing()
    if missing is not None:
        if os.environ.get("CI") == "true" and sys.platform == "linux":
            pytest.fail(missing, pytrace=False)
        pytest.skip(missing)
    with Oracle() as running:
        pytestconfig.stash[_ORACLE] = running
        yield running


@pytest.fixture
def redis_client(oracle: Oracle) -> Iterator[redis.Redis]:
    """A client of the oracle, which is as new."""
    oracle.reset()
    with oracle.client() as client:
        yield client


@pytest.fixture
def pair(oracle: Oracle) -> Pair:
    """An empty kvlite store beside an empty oracle."""
    oracle.reset()
    return Pair(oracle)


@pytest.fixture(params=[2, 3], ids=["resp2", "resp3"])
def raw(oracle: Oracle, request: pytest.FixtureRequest) -> Iterator[RawPair]:
    """A raw connection to an empty kvlite store beside one to an empty oracle, in each protocol."""
    oracle.reset()
    pair = RawPair(oracle, request.param)
    yield pair
    pair.close()
