"""Clients of other languages, each with a script of its own, do their work on a kvlite server.

A client that is not installed is skipped, and says so; with CI=true that fails: `.ci/run` installs them all.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from kvlite import Server, Store

HERE = Path(__file__).parent / "clients"
NODE_MODULES = os.environ.get("NODE_MODULES", "")
"""The folder in which `npm install redis ioredis` was run."""


@dataclass(frozen=True)
class Client:
    """How a script is run. It needs a program, and a library: without that the command `has` fails."""

    script: str
    needs: str
    command: Callable[[Path, Path], list[str]]
    has: str = "true"


def _node(script: Path, folder: Path) -> list[str]:
    """Node looks for packages beside the script."""
    copy = folder / script.name
    copy.write_text(script.read_text())
    (folder / "node_modules").symlink_to(Path(NODE_MODULES) / "node_modules")
    return ["node", str(copy)]


def _compiled(script: Path, folder: Path) -> list[str]:
    subprocess.run(["cc", "-o", str(folder / "client"), str(script), "-lhiredis"], check=True)
    return [str(folder / "client")]


def _go(script: Path, folder: Path) -> list[str]:
    environment = os.environ | {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode"}
    subprocess.run(["go", "build", "-o", str(folder / "client"), str(script)], env=environment, check=True)
    return [str(folder / "client")]


def _interpreted(program: str) -> Callable[[Path, Path], list[str]]:
    return lambda script, folder: [program, str(script)]


CLIENTS = [
    Client("redis_cli.sh", "redis-cli", _interpreted("sh")),
    Client("node_redis.mjs", "node", _node, f"test -d '{NODE_MODULES}/node_modules/redis'"),
    Client("ioredis.mjs", "node", _node, f"test -d '{NODE_MODULES}/node_modules/ioredis'"),
    Client("hiredis.c", "cc", _compiled, "test -f /usr/include/hiredis/hiredis.h"),
    Client("ruby.rb", "ruby", _interpreted("ruby"), "ruby -e \"require 'redis'\""),
    Client("php.php", "php", _interpreted("php"), "php -r 'exit(class_exists(\"Redis\") ? 0 : 1);'"),
    Client("perl.pl", "perl", _interpreted("perl"), "perl -MRedis -e 1"),
    Client("client.go", "go", _go, "test -d /usr/share/gocode/src/github.com/gomodule/redigo"),
]


@pytest.fixture
def port() -> Iterator[int]:
    with Store() as store, Server(store, port=0, requirepass="secret") as server:
        yield server.port


def installed(client: Client) -> bool:
    if shutil.which(client.needs) is None:
        return False
    return subprocess.run(client.has, shell=True, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.script)
def test_client(client: Client, port: int, tmp_path: Path) -> None:
    if not installed(client):
        missing = f"the client of {client.script} is not installed"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    command = client.command(HERE / client.script, tmp_path)
    done = subprocess.run(
        [*command, "127.0.0.1", str(port)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    words = done.stdout.split()
    assert words[1:] == ["checks", "passed"], done.stdout
    assert int(words[0]) >= 30


def test_redis_benchmark(port: int) -> None:
    if shutil.which("redis-benchmark") is None:
        pytest.skip("redis-benchmark is not installed")
    command = ["redis-benchmark", "-p", str(port), "-a", "secret", "-q", "-n", "500", "-c", "20"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    lines = [line for line in done.stdout.replace("\r", "\n").splitlines() if "requests per second" in line]
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(lines) >= 18, done.stdout
    assert "rror" not in done.stdout + done.stderr.replace("WARNING", "")
