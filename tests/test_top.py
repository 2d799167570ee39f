"""`python -m kvlite top`, of a folder, a kvlite server and a Redis."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread

import pytest
import redis
from oracle import Oracle

from kvlite import Server, Store
from kvlite.top.screen import Rates, duration, size
from kvlite.top.sources import open_source
from kvlite.top.survey import Survey

NOBODY = "redis://:secret@127.0.0.1:1/0"


def run(*arguments: object) -> tuple[int, str, str]:
    command = [sys.executable, "-m", "kvlite", "top", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout, done.stderr


def fill(store: Store[bytes]) -> None:
    store.mset({f"key:{n}": "x" * n for n in range(1_200)})
    store.expire("key:7", 1000)
    store.hset("hash\n", mapping={f"f{n}": "x" * 100 for n in range(200)})
    store.select(3).zadd("scores", {"a": 1})


def expected(said: str) -> None:
    assert "keys      1,202 in 2 databases, 1 with a deadline\n" in said
    for kind, count in {"string": 1_200, "hash": 1, "zset": 1}.items():
        assert re.search(rf"^  {kind} +{count:,} ", said, re.MULTILINE)
    largest = said.split("largest\n")[1].splitlines()
    assert len(largest) == 3
    assert "hash " in largest[0]
    assert repr(b"hash\n") in largest[0]


def test_of_a_server() -> None:
    with Store() as store, Server(store, port=0) as server:
        fill(store)
        code, said, _ = run(server.url, "--once", "--largest", 3)
        assert said.startswith(server.url)
    assert code == 0
    expected(said)
    assert "lookups   hits 0, misses 0\n" in said
    assert "1 clients" in said


def test_of_a_folder_that_is_written_to(tmp_path: Path) -> None:
    with Store(tmp_path / "a.kv") as store:
        fill(store)
        code, said, _ = run(tmp_path / "a.kv", "--largest", 3)
        assert code == 0
        expected(said)
        assert "hits" not in said
        source = open_source(str(tmp_path / "a.kv"))
        assert source.info()["db3"]["keys"] == 1
        store.select(3).set("more", 1)
        assert source.info()["db3"]["keys"] == 2
        source.close()


def test_of_redis(oracle: Oracle) -> None:
    client = oracle.client()
    client.flushall()
    client.set("a", "x")
    code, said, _ = run(f"unix://{oracle.address}", "--once")
    assert code == 0
    assert re.search(r"string +1  100.0%", said)


def test_a_survey_goes_on_where_it_was() -> None:
    with Store() as store, Server(store, port=0) as server:
        fill(store)
        source = open_source(server.url)
        survey = Survey(source, 3)
        survey.advance([0, 3], 500)
        assert survey.complete is None
        assert 500 <= survey.best.visited < 1_000
        survey.advance([0, 3], 500)
        survey.advance([0, 3], 500)
        assert survey.complete is not None
        assert survey.best.visited == 1_202
        store.flushall()
        assert survey.best.visited == 1_202
        survey.advance([], 500)
        assert survey.best.visited == 0
        source.close()


def test_rates() -> None:
    rates = Rates()
    counters = {"keyspace_hits": 10, "total_commands_processed": 5}
    rates.look(counters, 100.0)
    assert rates.lately == {}
    rates.look(counters | {"keyspace_hits": 30}, 110.0)
    assert rates.lately["keyspace_hits"] == 2.0
    rates.look(counters, 120.0)
    assert rates.lately == {}, "the counters began again"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([NOBODY], "redis://127.0.0.1:1/0: "),
        (["/no/such/folder"], "there is no store at /no/such/folder"),
        (["http://localhost"], "http://localhost: "),
        ([], "required: PATH|URL"),
        (["x.kv", "--interval", "0"], "'0' is not a number from 1 to 3600"),
    ],
)
def test_one_line_says_what_is_wrong(arguments: list[str], message: str) -> None:
    code, said, error = run(*arguments)
    assert (code, said) == (2, "")
    assert message in error
    assert "secret" not in error
    assert error.count("\n") == 1


class Terminal:
    """One in which a store is watched."""

    def __init__(self, where: str) -> None:
        self._master, slave = pty.openpty()
        command = [sys.executable, "-m", "kvlite", "top", where, "--interval", "1"]
        self._process = subprocess.Popen(command, stdout=slave, stderr=slave)
        os.close(slave)
        self.said = b""

    def read_until(self, times: int, text: bytes) -> None:
        """Until it has said something so often."""
        until = time.monotonic() + 30
        while self.said.count(text) < times:
            assert time.monotonic() < until, self.said
            if select.select([self._master], [], [], 1)[0]:
                self.said += os.read(self._master, 65536)

    def interrupt(self, by: int = signal.SIGINT) -> int:
        """Press Ctrl-C, or send another signal; the exit code."""
        self._process.send_signal(by)
        try:
            while select.select([self._master], [], [], 10)[0] and (more := os.read(self._master, 65536)):
                self.said += more
        except OSError:  # how the end is told
            pass
        self._process.terminate()  # where interrupts are ignored
        os.close(self._master)
        return self._process.wait(10)


def test_the_terminal_is_left_as_it_was_whatever_ends_it(tmp_path: Path) -> None:
    with Store(tmp_path / "a.kv") as store:
        store.set("a", 1)
        for by in (signal.SIGTERM, signal.SIGHUP):
            terminal = Terminal(str(tmp_path / "a.kv"))
            terminal.read_until(1, b"largest")
            assert terminal.interrupt(by) == 128 + by
            assert terminal.said.endswith(b"\x1b[?1049l")


def test_in_a_terminal() -> None:
    """It draws again and again, counts no visit of its own as a hit, and leaves the terminal as it was."""
    with Store() as store, Server(store, port=0) as server:
        store.set("a", 1)
        terminal = Terminal(server.url)
        terminal.read_until(3, b"lookups")
        assert terminal.interrupt() == 130
    assert terminal.said.startswith(b"\x1b[?1049h")
    assert terminal.said.endswith(b"\x1b[?1049l")
    assert terminal.said.count(b"hits 0") >= 3


def test_a_server_goes_and_comes_back() -> None:
    """In a terminal what was shown stays, with what is wrong above, until there is something new."""
    with Store() as store:
        store.set("a", 1)
        with Server(store, port=0) as server:
            terminal = Terminal(server.url)
            terminal.read_until(1, b"keys      1")
        terminal.read_until(1, b"not reached")
        store.set("b", 1)
        with Server(store, port=server.port):
            terminal.read_until(1, b"keys      2")
        assert terminal.interrupt() == 130
    assert b"Traceback" not in terminal.said


class GoneWhileVisited(StreamRequestHandler):
    """A server that answers INFO, and goes away when its keys are visited."""

    def handle(self) -> None:
        while True:
            words = []
            for _ in range(int(self.rfile.readline()[1:] or 0)):
                words.append(self.rfile.read(int(self.rfile.readline()[1:]) + 2)[:-2].upper())
            if not words or words[0] == b"SCAN":
                return
            fields = (b"run_id:a", b"used_memory:1", b"used_memory_rss:1", b"keyspace_hits:0")
            info = b"\r\n".join((*fields, b"db0:keys=1,expires=0", b""))
            reply = b"$%d\r\n%s\r\n" % (len(info), info) if words[0] == b"INFO" else b"+OK\r\n"
            self.wfile.write(b"-ERR no such command\r\n" if words[0] == b"HELLO" else reply)


def test_a_server_goes_while_its_keys_are_visited() -> None:
    with ThreadingTCPServer(("127.0.0.1", 0), GoneWhileVisited) as server:
        Thread(target=server.serve_forever, args=(0.01,)).start()
        url = f"redis://127.0.0.1:{server.server_address[1]}"
        code, said, error = run(f"{url}?protocol=2", "--once")
        server.shutdown()
    assert (code, said) == (2, "")
    assert error.startswith(f"python -m kvlite: {url}")
    assert error.count("\n") == 1


def test_a_survey_begins_again_after_an_error() -> None:
    with Store() as store, Server(store, port=0) as server:
        fill(store)
        source = open_source(server.url)
        survey = Survey(source, 3)
        survey.advance([0, 3], 500)
        while survey.complete is None:
            survey.advance([0, 3], None)
        with pytest.raises(redis.ResponseError):
            survey.advance([99], None)
        source.database(99).connection_pool.disconnect()
        survey.advance([0, 3], None)
        assert survey.best.visited == 1_202
        source.close()


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 KB"), (2**20, "1.0 MB"), (2**60, "1,024.0 PB")],
)
def test_sizes(value: int, text: str) -> None:
    assert size(value) == text


@pytest.mark.parametrize(("value", "text"), [(0, "0 s"), (61, "1 min 1 s"), (3 * 86_400 + 5, "3 d 0 h")])
def test_durations(value: int, text: str) -> None:
    assert duration(value) == text
