"""Commands about the whole server over the wire: snapshots, its end, replication, no cluster."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from oracle import Oracle
from raw import RawPair, Wire, decoded

from kvlite import Store
from kvlite.wire.commands import ROWS
from kvlite.wire.instance import Instance

# Snapshots


def kept(tmp_path: Path) -> Store[bytes]:
    return Store(tmp_path / "kept")


def test_requests_for_snapshots_that_are_wrong(raw: RawPair) -> None:
    for line in ["SAVE x", "BGSAVE FOO", "BGSAVE SCHEDULE x", "BGREWRITEAOF x", "LASTSAVE x"]:
        raw.ask(*line.split())
    raw.ask_all([["MULTI"], ["SAVE"], ["EXEC"]])


@pytest.mark.parametrize("line", ["SAVE", "BGSAVE", "BGSAVE SCHEDULE", "BGREWRITEAOF"])
def test_a_store_in_memory_says_that_nothing_is_saved(line: str) -> None:
    answer = Wire(Store()).ask(*line.split())
    assert answer == b"-ERR this store is kept in memory only: there is no file to save it to\r\n"


def await_end(store: Store[bytes]) -> None:
    deadline = time.monotonic() + 10
    while Instance.of(store).saves.running:
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_saving(tmp_path: Path) -> None:
    with kept(tmp_path) as store:
        wire = Wire(store)
        before = int(wire.ask("LASTSAVE")[1:])
        assert before <= time.time()
        wire.ask("SET", "a", "1")
        assert wire.ask("SAVE") == b"+OK\r\n"
        assert [each.name for each in (tmp_path / "kept").glob("*snapshot*")]
        assert before <= int(wire.ask("LASTSAVE")[1:]) <= time.time()
        assert wire.ask("BGSAVE") == b"+Background saving started\r\n"
        await_end(store)
        assert wire.ask("BGSAVE", "schedule") == b"+Background saving started\r\n"
        await_end(store)
        assert wire.ask("BGREWRITEAOF") == b"+Background append only file rewriting started\r\n"
        await_end(store)
        assert Instance.of(store).saves.count == 4
    with kept(tmp_path) as store:
        assert store.get("a") == b"1"


def test_one_snapshot_at_a_time(tmp_path: Path) -> None:
    """What is asked for while another is being taken is refused or put off, in Redis's words."""
    with kept(tmp_path) as store:
        wire = Wire(store)
        saves = Instance.of(store).saves
        with store._shared.lock:  # no snapshot can be begun
            assert wire.ask("BGREWRITEAOF").startswith(b"+")
            assert wire.ask("SAVE") == b"-ERR Background save already in progress\r\n"
            again = wire.ask("BGREWRITEAOF")
            assert again == b"-ERR Background append only file rewriting already in progress\r\n"
            assert wire.ask("BGSAVE").startswith(b"-ERR Another child process is active (AOF?)")
            assert wire.ask("BGSAVE", "SCHEDULE") == b"+Background saving scheduled\r\n"
            assert (saves.running, saves.scheduled) == ("rewrite", "save")
            assert b"aof_rewrite_in_progress:1\r\n" in wire.ask("INFO", "persistence")
        await_end(store)
        assert saves.count == 2
        with store._shared.lock:
            wire.ask("BGSAVE")
            assert wire.ask("BGSAVE") == b"-ERR Background save already in progress\r\n"
            scheduled = wire.ask("BGREWRITEAOF")
            assert scheduled == b"+Background append only file rewriting scheduled\r\n"
            assert b"aof_rewrite_scheduled:1\r\n" in wire.ask("INFO", "persistence")
        await_end(store)
        assert saves.count == 4


def test_a_snapshot_that_fails_is_told(tmp_path: Path) -> None:
    store = kept(tmp_path)
    wire = Wire(store)
    store.close()
    wire.ask("BGSAVE")
    assert wire.ask("SAVE").startswith(b"-")


def test_a_store_that_is_only_read_is_not_saved(tmp_path: Path) -> None:
    kept(tmp_path).close()
    with Store(tmp_path / "kept", read_only=True) as store:
        assert Wire(store).ask("SAVE").startswith(b"-ERR this store")


# Settings that act on the store


def test_settings_of_a_store_that_is_kept(tmp_path: Path) -> None:
    with Store(tmp_path / "kept", fsync="never", compact_percent=50, compact_min_size="1mb") as store:
        wire = Wire(store)
        assert decoded(wire.ask("CONFIG", "GET", "append*")) == [
            *(b"appendonly", b"yes", b"appendfilename", b"appendonly.aof", b"appenddirname", b"kept"),
            *(b"appendfsync", b"no"),
        ]
        assert decoded(wire.ask("CONFIG", "GET", "dir")) == [b"dir", str(tmp_path).encode()]
        assert decoded(wire.ask("CONFIG", "GET", "auto-aof-*")) == [
            *(b"auto-aof-rewrite-percentage", b"50", b"auto-aof-rewrite-min-size", b"1048576"),
        ]
        journal = store._durability()
        assert journal is not None
        for choice, fsync in [("always", "always"), ("everysec", "everysec"), ("no", "never")]:
            assert wire.ask("CONFIG", "SET", "appendfsync", choice) == b"+OK\r\n"
            assert journal.fsync == fsync
            wire.ask("SET", "a", choice)
            assert (journal.sizes().unsynced == 0) >= (choice == "always")
        wire.ask("CONFIG", "SET", "auto-aof-rewrite-percentage", "7", "auto-aof-rewrite-min-size", "1kb")
        assert (journal.compact_percent, journal.compact_min_size) == (7, 1024)
        refused = wire.ask("CONFIG", "SET", "appendonly", "no")
        assert refused.endswith(b"a store is kept on disk, or in memory, from its opening on\r\n")
        assert wire.ask("CONFIG", "SET", "appendonly", "yes") == b"+OK\r\n"
    with kept(tmp_path) as store:
        assert store.get("a") == b"no"


def test_settings_of_values(raw: RawPair) -> None:
    raw.ask("CONFIG", "SET", "hash-max-ziplist-entries", "2", "set-max-intset-entries", "1")
    raw.ask_all([["HSET", "h", *"a1b2c3"], ["SADD", "s", 3, 1, 2]])
    limits = raw.store._shared.limits
    assert (limits.hash_max_listpack_entries, limits.set_max_intset_entries) == (2, 1)
    raw.ask("CONFIG", "SET", "proto-max-bulk-len", "1mb")
    raw.ask("SETRANGE", "a", 2**20, "x")
    raw.ask("SETRANGE", "a", 2**20 - 1, "x")
    raw.ask("APPEND", "a", "x")


def test_the_longest_argument_may_be_changed(raw: RawPair) -> None:
    raw.ask("CONFIG", "SET", "proto-max-bulk-len", "1mb")
    sent = b"*2\r\n$4\r\nECHO\r\n$1048577\r\n"
    raw.socket.send(sent)
    raw.wire.send(sent)
    assert raw.wire.receive() == raw.socket.reply()


def test_fewer_databases(oracle: Oracle) -> None:
    store: Store = Store()
    Instance.of(store).config.set_at_start("databases", "4")
    wire = Wire(store)
    assert wire.ask("SELECT", "3") == b"+OK\r\n"
    for line in ["SELECT 4", "SWAPDB 0 4", "MOVE a 4", "COPY a b DB 4"]:
        assert wire.ask(*line.split()) == b"-ERR DB index is out of range\r\n", line
    assert b"databases\r\n$1\r\n4\r\n" in wire.ask("CONFIG", "GET", "databases")


# The end


@pytest.mark.parametrize(
    "line",
    [
        "SHUTDOWN FOO",
        "SHUTDOWN ABORT",
        "SHUTDOWN ABORT ABORT",
        "SHUTDOWN SAVE NOSAVE",
        "SHUTDOWN ABORT NOW",
        "SHUTDOWN A B C D E F",
    ],
)
def test_what_is_wrong_about_shutdown(raw: RawPair, line: str) -> None:
    raw.ask(*line.split())


def test_shutdown_asks_the_server_to_stop(tmp_path: Path) -> None:
    with kept(tmp_path) as store:
        stopped: list[int] = []
        assert Wire(store).ask("SHUTDOWN").startswith(b"-ERR there is no server to shut down")
        Instance.of(store).stop = lambda: stopped.append(Instance.of(store).saves.count)
        for line, saves in [("SHUTDOWN", 0), ("SHUTDOWN NOSAVE NOW FORCE", 0), ("SHUTDOWN save", 1)]:
            wire = Wire(store)
            assert wire.ask(*line.split()) == b""
            assert wire.closed
            assert stopped.pop() == saves
    store = Store()
    stop = []
    Instance.of(store).stop = lambda: stop.append(True)
    assert Wire(store).ask("SHUTDOWN", "SAVE") == b"-ERR Errors trying to SHUTDOWN. Check logs.\r\n"
    assert not stop
    assert Wire(store).ask("SHUTDOWN", "SAVE", "FORCE") == b""
    assert stop


# Replication


REPLICATION = """
    ROLE
    ROLE x
    REPLICAOF
    REPLICAOF NO ONE
    SLAVEOF no one
    REPLICAOF 127.0.0.1 99999
    REPLICAOF 127.0.0.1 x
    REPLICAOF no two
    WAIT 0 0
    WAIT -1 1
    WAIT x 1
    WAIT 1 x
    WAIT 1 -1
    WAIT 0 99999999999999999999
    FAILOVER
    FAILOVER ABORT
    FAILOVER ABORT x
    FAILOVER FOO
    FAILOVER TO
    FAILOVER TO a
    FAILOVER TO a x
    FAILOVER TO a 1
    FAILOVER TO a 1 FORCE TIMEOUT 5
    FAILOVER TIMEOUT
    FAILOVER TIMEOUT x
    FAILOVER TIMEOUT 0
    FAILOVER FORCE
    PSYNC
    SYNC x
    READONLY
    READWRITE
    ASKING
    READONLY x
""".strip().splitlines()


def test_replication(raw: RawPair) -> None:
    for line in REPLICATION:
        raw.ask(*line.split(), blur=without_offset if line == "ROLE" else None)


def without_offset(reply: bytes) -> bytes:
    """The oracle counts what it once sent to somebody who asked for it."""
    return re.sub(rb":\d+", b":offset", reply)


def test_replicas_are_waited_for_in_vain(raw: RawPair) -> None:
    raw.ask_all([["MULTI"], ["WAIT", "1", "0"], ["EXEC"]])
    raw.wire.send(b"*3\r\n$4\r\nWAIT\r\n$1\r\n1\r\n$3\r\n100\r\n")
    assert raw.wire.receive() == b""
    assert raw.wire.timers[-1].seconds == 0.1
    raw.wire.time_out()
    assert raw.wire.receive() == b":0\r\n"


@pytest.mark.parametrize("line", ["REPLICAOF 127.0.0.1 6379", "SYNC", "PSYNC ? -1", "REPLCONF capa eof"])
def test_a_kvlite_server_is_alone(line: str) -> None:
    assert Wire(Store()).ask(*line.split()).startswith(b"-ERR a kvlite server")


def test_waiting_for_the_disk(tmp_path: Path) -> None:
    wire = Wire(Store())
    assert wire.ask("WAITAOF", "0", "0", "0") == b"*2\r\n:0\r\n:0\r\n"
    assert wire.ask("WAITAOF", "1", "0", "0").startswith(b"-ERR WAITAOF cannot be used when numlocal is set")
    assert wire.ask("WAITAOF", "2", "0", "0").startswith(
        b"-ERR value is out of range, value must between 0 and 1"
    )
    assert wire.ask("WAITAOF", "0", "-1", "0") == b"-ERR value is out of range, must be positive\r\n"
    assert wire.ask("WAITAOF", "0", "0", "-1") == b"-ERR timeout is negative\r\n"
    with Store(tmp_path / "kept", fsync="never") as store:
        wire, journal = Wire(store), store._durability()
        assert journal is not None
        wire.ask("SET", "a", "1")
        assert journal.sizes().unsynced > 0
        assert wire.ask("WAITAOF", "1", "0", "0") == b"*2\r\n:1\r\n:0\r\n"
        assert journal.sizes().unsynced == 0
        assert wire.ask("WAITAOF", "1", "1", "50") == b""
        wire.time_out()
        assert wire.receive() == b"*2\r\n:1\r\n:0\r\n"
        wire.ask("MULTI")
        wire.ask("SET", "a", "2")
        wire.ask("WAITAOF", "1", "0", "0")
        assert wire.ask("EXEC") == b"*2\r\n+OK\r\n*2\r\n:0\r\n:0\r\n"


# Modules


@pytest.mark.parametrize(
    "line", ["", "LIST", "LIST x", "LOAD", "LOAD x", "LOADEX x y", "UNLOAD x", "UNLOAD", "NOSUCH"]
)
def test_modules(raw: RawPair, line: str) -> None:
    raw.ask("MODULE", *line.split())


def test_no_module_is_loaded_even_where_that_is_allowed() -> None:
    store: Store = Store()
    Instance.of(store).config.set_at_start("enable-module-command", "yes")
    wire = Wire(store)
    assert wire.ask("MODULE", "LOAD", "x.so").startswith(b"-ERR Error loading the extension")
    assert wire.ask("MODULE", "UNLOAD", "x").startswith(b"-ERR Error unloading module")


# CLUSTER


def test_cluster(raw: RawPair) -> None:
    subcommands = [name.decode() for name in ROWS[b"cluster"].subcommands]
    for name in [*subcommands, "NOSUCH", ""]:
        for count in range(4):
            raw.ask("CLUSTER", *name.upper().split(), *"1234"[:count])


def test_every_subcommand_of_cluster_is_there(raw: RawPair) -> None:
    info = decoded(raw.socket.ask("COMMAND", "INFO", "cluster"))
    theirs = {each[0].split(b"|")[1] for each in info[0][9]}
    assert ROWS[b"cluster"].subcommands.keys() == theirs


# LOLWUT


def test_a_picture(raw: RawPair) -> None:
    for line in ["LOLWUT VERSION x", "LOLWUT VERSION 5 x", "LOLWUT VERSION 5 10 x"]:
        raw.ask(*line.split())
    for words, columns, rows in [([], 48, 9), (["x"], 48, 9), (["VERSION", "5", "20", "6"], 20, 6)]:
        raw.socket.ask("LOLWUT", *words)
        picture = decoded(raw.wire.ask("LOLWUT", *words)).decode().removeprefix("txt:")
        *drawn, last = picture.rstrip("\n").split("\n")
        assert len(drawn) == rows
        assert max(map(len, drawn)) == columns
        assert last.endswith("Redis ver. 7.0.15")
    assert re.search(rb"Redis ver\. 7\.0\.15\n", raw.socket.ask("LOLWUT"))
