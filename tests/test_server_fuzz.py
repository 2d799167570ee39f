"""Whatever is thrown at a server: it answers or closes that connection, and serves the next."""

from __future__ import annotations

import contextlib
import itertools
import random
import re
import socket
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

import pytest
from grammar import ARGUMENTS
from raw import Socket, request
from served import Served, serving

from kvlite.wire.commands import ROWS
from kvlite.wire.table import Row

OPTIONS = re.findall(
    r"\S+",
    """NX XX GT LT CH INCR EX PX EXAT PXAT GET KEEPTTL PERSIST COUNT MATCH TYPE NOVALUES WITHSCORES WITHVALUES
    LIMIT BYSCORE BYLEX REV STORE BY ASC DESC ALPHA WEIGHTS AGGREGATE SUM MIN MAX LEFT RIGHT BEFORE AFTER
    RANK MAXLEN FIELDS FNX REPLACE ABSTTL COPY DB ASYNC SYNC ON OFF YES NO ID ADDR SKIPME USER HELP LEN IDX
    WITHMATCHLEN MINMATCHLEN TIMEOUT ERROR SCHEDULE SAVE 2 3 AUTH SETNAME return redis.call KEYS[1]""",
)
POOL = [*itertools.chain.from_iterable(usual for usual, _ in ARGUMENTS.values())]
ODD = [*itertools.chain.from_iterable(odd for _, odd in ARGUMENTS.values()), "x" * 70_000]
LEFT_OUT = {
    *("shutdown", "quit", "client|pause", "client|reply", "client|kill"),
    *("config|set", "config|rewrite", "acl|setuser", "acl|load", "acl|save", "auth"),
}
"""What ends the server, silences it or locks it up, on purpose."""
SCRAPS = [
    *(b"*", b"$", b"\r\n", b"\r", b"\n", b"*3\r\n", b"$3\r\nSET\r\n", b"$1\r\na\r\n", b"*-1\r\n", b"*0\r\n"),
    *(b"*2147483647\r\n", b"$536870912\r\n", b"$-1\r\n", b"PING\r\n", b"GET a\r\n", b'ECHO "', b"'", b"\0"),
    *(b"*1\r\n$4\r\nPING\r\n", b"MULTI\r\n", b"EXEC\r\n", b"HELLO 3\r\n", b"x" * 5000, b"\xff\xfe"),
]
MEMORY = 200_000_000
"""Bytes by which the server may grow."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server that has never failed, and never needed much."""
    folder = tmp_path_factory.mktemp("fuzz")
    with serving(folder, "app.kv", "--proto-max-bulk-len", "1mb") as served:
        before = resident(served)
        yield served
        assert served.ask("PING") == b"+PONG\r\n"
        assert resident(served) - before < MEMORY
        assert served.end() == 0
        assert not [line for line in served.said if "Traceback" in line or "error in the server" in line]


@pytest.fixture
def examples(pytestconfig: pytest.Config) -> Sequence[Random]:
    """The sources of chance for the examples of a test: the same in each run, unless it is a fuzzing one."""
    count, base = pytestconfig.getoption("--fuzz-examples"), 0
    if count or pytestconfig.getoption("--fuzz-random"):
        base = random.randrange(2**32)
    return [Random(base + number) for number in range(count or 60)]


def resident(served: Served) -> int:
    """Bytes of memory that the server has; 0 where the system does not tell."""
    status = Path(f"/proc/{served.process.pid}/status")
    if not status.exists():
        return 0
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
    return 1024 * int(line.split()[1])


def is_answered(client: Socket, number: int, seconds: float) -> bool:
    """Whether something that is sent now is answered, or the connection is closed."""
    mark = b"mark %d" % number
    with contextlib.suppress(ConnectionError):
        client.send(request("PING", mark))
    # Within a transaction, and to who monitors, the answer is another one.
    return client.awaits(mark, b"QUEUED", b"an't ", seconds=seconds)


def test_anything(served: Served, examples: Sequence[Random]) -> None:
    for chance in examples:
        with Socket(served.address) as client:
            scraps = chance.choices(SCRAPS, k=chance.randrange(1, 12))
            data = b"".join([*scraps, chance.randbytes(chance.randrange(20))])
            with contextlib.suppress(ConnectionError):
                while data:
                    size = chance.choice([1, 7, 1000, len(data)])
                    client.send(data[:size])
                    data = data[size:]
                client.end()
            client.rest()
        assert served.ask("PING") == b"+PONG\r\n"


def rows() -> list[Row]:
    rows = [row for row in ROWS.values() if not row.subcommands]
    rows += [part for row in ROWS.values() for part in row.subcommands.values()]
    return [row for row in dict.fromkeys(rows) if row.name not in LEFT_OUT]


def words_for(row: Row, chance: Random) -> list[object]:
    """The name of a command, and so many arguments as it may have, or not."""
    least = abs(row.arity) - len(row.name.split("|"))
    count = least + (chance.choice([0, 0, 1, 2, 3, 7]) if row.arity < 0 else 0)
    if not chance.randrange(10):
        count = chance.randrange(6)
    pools = chance.choices([POOL, OPTIONS, ODD], weights=[6, 3, 1], k=count)
    return [*row.name.split("|"), *map(chance.choice, pools)]


def test_every_command_with_any_arguments(served: Served, examples: Sequence[Random]) -> None:
    for chance in examples[: max(4, len(examples) // 10)]:
        client = Socket(served.address, chance.choice([2, 3]))
        for number, row in enumerate(rows()):
            words = words_for(row, chance)
            with contextlib.suppress(ConnectionError):
                client.send(request(*words))
            waits = "blocking" in row.flags or row.name.startswith("wait")
            answered = is_answered(client, number, 0.05 if waits else 10)
            assert answered or waits, words
            if not answered or client.ended or not chance.randrange(50):
                client.disconnect()
                client = Socket(served.address, chance.choice([2, 3]))
        client.disconnect()


def test_connections_that_are_cut(served: Served, examples: Sequence[Random]) -> None:
    """In the middle of a request, before the answer is read, while something is waited for."""
    served.ask("SET", "big", b"x" * 500_000)
    sent = [
        request("SET", "a", b"x" * 100_000)[:-50_000],
        request("GET", "big") * 20,
        request("BLPOP", "nothing", 0),
        request("SUBSCRIBE", "news"),
        request("WATCH", "a") + request("MULTI") + request("SET", "a", 1),
        request("MONITOR"),
        b"*3\r\n$3\r\nSET\r\n",
    ]
    for chance in examples:
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(5)
        client.connect(served.address)
        if chance.randrange(2):
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        for data in chance.choices(sent, k=chance.randrange(1, 4)):
            with contextlib.suppress(OSError):
                client.sendall(data, socket.MSG_DONTWAIT)
        client.close()
        assert served.ask("RPUSH", "nothing", "x").startswith(b":")
        served.ask("PUBLISH", "news", "x")
    served.ask("DEL", "nothing")


def test_what_is_announced_takes_no_memory(served: Served) -> None:
    before = resident(served)
    with contextlib.ExitStack() as opened:
        for _ in range(200):
            client = opened.enter_context(Socket(served.address))
            client.send(b"*2147483647\r\n$1048576\r\nx")
        assert served.ask("PING") == b"+PONG\r\n"
        assert resident(served) - before < 20_000_000
