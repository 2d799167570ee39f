"""CONFIG and its parameters over the wire, and configuration files."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
import redis
from oracle import Oracle
from raw import RawPair, Socket, Wire, plain_server, request, unordered

from kvlite import Store
from kvlite.wire.config import Config, read_config_file
from kvlite.wire.instance import Instance
from kvlite.wire.parameters import NAMES, PARAMETERS

OF_THIS_MACHINE = {"dir", "port", "unixsocket"}
"""What a plain server answers for where it runs."""

# Changes, and questions about what came of them. The oracle answers a pattern in any order.
REQUESTS = """
    CONFIG
    CONFIG GET
    CONFIG SET
    CONFIG SET maxmemory
    CONFIG SET maxmemory 1 hz
    CONFIG SET a b c
    CONFIG SET nosuch 1
    CONFIG SET maxmemory 5 nosuch 1
    CONFIG SET DIR /tmp nosuch 1
    CONFIG SET nosuch 1 dir /tmp
    CONFIG SET hz 3 DATABASES 4
    CONFIG SET maxmemory 5 maxmemory 6
    CONFIG SET maxmemory 5 MAXMEMORY 6
    CONFIG GET maxmemory
    CONFIG SET MAXMEMORY 5mb hz 20
    CONFIG GET MAXMEMORY hz
    CONFIG SET maxmemory 5 HZ x
    CONFIG GET maxmemory
    CONFIG SET hash-max-ziplist-entries 5 hash-max-listpack-entries 6
    CONFIG GET hash-max-*-entries
    CONFIG SET lua-time-limit x
    CONFIG SET lua-time-limit 7
    CONFIG GET busy-reply-threshold
    CONFIG SET slave-priority 3
    CONFIG GET replica-priority
    CONFIG GET *announce-ip
    CONFIG GET nosuch
    CONFIG GET max* hz MAXCLIENTS hz HZ
    CONFIG GET MAX* h[zy] tim?out
    CONFIG GET key-load-delay
    CONFIG GET key-load-dela*
    CONFIG GET use-exit*
    CONFIG SET maxmemory 1KB
    CONFIG GET maxmemory
    CONFIG SET maxmemory 1Gb
    CONFIG GET maxmemory
    CONFIG SET maxmemory ''
    CONFIG SET maxmemory kb
    CONFIG SET maxmemory 010
    CONFIG SET maxmemory 18446744073709551616
    CONFIG GET maxmemory
    CONFIG SET maxmemory 99999999999999999gb
    CONFIG GET maxmemory
    CONFIG SET maxmemory 0
    CONFIG SET maxmemory-clients 5%
    CONFIG GET maxmemory-clients
    CONFIG SET maxmemory-clients 101%
    CONFIG SET maxmemory-clients -1%
    CONFIG SET maxmemory-clients 0
    CONFIG SET hz 1000
    CONFIG GET hz
    CONFIG SET hz 0
    CONFIG GET hz
    CONFIG SET loglevel NOTICE
    CONFIG SET loglevel 'notice warning'
    CONFIG SET maxmemory-policy ALLKEYS-lru
    CONFIG GET maxmemory-policy
    CONFIG SET stop-writes-on-bgsave-error No
    CONFIG GET stop-writes-on-bgsave-error
    CONFIG SET rdbcompression 1
    CONFIG SET shutdown-on-sigint 'now nosave force'
    CONFIG GET shutdown-on-sigint
    CONFIG SET shutdown-on-sigint 'save nosave'
    CONFIG SET shutdown-on-sigint ''
    CONFIG SET shutdown-on-sigint 'default now'
    CONFIG GET shutdown-on-sigint
    CONFIG SET save ''
    CONFIG GET save
    CONFIG SET save '900 1 300 10'
    CONFIG GET save
    CONFIG SET save 900
    CONFIG SET save '0 1'
    CONFIG SET save '1 -1'
    CONFIG SET save '1 0'
    CONFIG SET save ' 60  5 '
    CONFIG GET save
    CONFIG SET client-output-buffer-limit 'normal 1 2 3'
    CONFIG GET client-output-buffer-limit
    CONFIG SET client-output-buffer-limit 'replica 1mb 2kb 3 pubsub 1 2 3'
    CONFIG GET client-output-buffer-limit
    CONFIG SET client-output-buffer-limit 'bogus 1 2 3'
    CONFIG SET client-output-buffer-limit 'master 1 2 3'
    CONFIG SET client-output-buffer-limit 'normal x 2 3'
    CONFIG SET client-output-buffer-limit 'normal 1 2 -3'
    CONFIG SET client-output-buffer-limit 'normal 1 2'
    CONFIG SET client-output-buffer-limit 'normal 0 0 0'
    CONFIG SET latency-tracking-info-percentiles '50 99.99 100'
    CONFIG GET latency-tracking-info-percentiles
    CONFIG SET latency-tracking-info-percentiles '50 x'
    CONFIG SET latency-tracking-info-percentiles '50 101'
    CONFIG SET latency-tracking-info-percentiles ''
    CONFIG GET latency-tracking-info-percentiles
    CONFIG SET oom-score-adj-values '1 2 3'
    CONFIG GET oom-score-adj-values
    CONFIG SET oom-score-adj-values '1 2 9999'
    CONFIG SET oom-score-adj-values '1 2'
    CONFIG SET activedefrag yes
    CONFIG SET list-max-ziplist-size 0
    CONFIG GET list-max-*
    CONFIG SET cluster-announce-hostname 'bad host!'
    CONFIG SET cluster-announce-hostname good.host
    CONFIG GET cluster-announce-hostname
    CONFIG SET dir /tmp hz 3
    CONFIG SET hz 3 port x
    CONFIG SET logfile x
    CONFIG SET LOGFILE x
    CONFIG SET requirepass ''
    CONFIG SET masterauth "a b"
    CONFIG GET masterauth
    CONFIG SET proc-title-template ''
    CONFIG SET proc-title-template {foo}
    CONFIG SET proc-title-template x{
    CONFIG SET proc-title-template {title}{port}
    CONFIG GET proc-title-template
    CONFIG SET enable-protected-configs yes
    CONFIG REWRITE
    CONFIG REWRITE x
    CONFIG RESETSTAT
    CONFIG RESETSTAT x
    CONFIG HELP x
    CONFIG nosuch
    CONFIG nosuch a b
""".strip().splitlines()


def test_config(raw: RawPair) -> None:
    raw.ask("CONFIG", "SET", "hz", "10")  # the oracle is started with another
    for line in REQUESTS:
        words = shlex.split(line)
        raw.ask(*words, blur=unordered if words[1:2] == ["GET"] else None)


@pytest.mark.parametrize("letters", ["KEA", "g$lshztxedK", "Kmn", "AKEmn", "g$lshzxeK", "A", "", "q", "a"])
def test_classes_of_events(raw: RawPair, letters: str) -> None:
    raw.ask("CONFIG", "SET", "notify-keyspace-events", letters)
    raw.ask("CONFIG", "GET", "notify-keyspace-events")


LEFT_ALONE = {
    "appendonly",  # is a matter of how the store was opened
    "bind",
    "port",
    "tls-cluster",
    "tls-port",
    "tls-replication",
    "maxclients",  # Redis looks at the limits of the process
    "maxkeys",  # Redis does not have it
    "requirepass",
    "unixsocket",
    "jemalloc-bg-thread",
    "oom-score-adj",
    "watchdog-period",
}
"""What acts on the server in a way of its own."""

VALUES = [
    "",
    "x",
    "yes",
    "NO",
    "0",
    "1",
    "-1",
    "007",
    "1 2 3",
    "1kb",
    "1.5mb",
    "50%",
    "99999999999",
    "9" * 30,
]


@pytest.mark.parametrize("name", sorted(NAMES.keys() - LEFT_ALONE))
def test_values_of_each_parameter(raw: RawPair, name: str) -> None:
    """What is refused and how, and what is answered for what is taken."""
    for value in VALUES:
        raw.ask("CONFIG", "SET", name, value)
    if name not in OF_THIS_MACHINE | CHANGED_AT_START:
        raw.ask("CONFIG", "GET", name)


CHANGED_AT_START = {"enable-debug-command", "save", "hz", "dir"}
"""The oracle has other values than a plain server."""


def test_names_and_defaults() -> None:
    with plain_server() as address, redis.Redis(unix_socket_path=address) as client:
        theirs = client.config_get("*")
    own = Config().matching(["*"])
    assert own.keys() == theirs.keys()
    different = {name for name in own if own[name] != theirs[name]}
    assert different <= OF_THIS_MACHINE


def test_several_parameters_change_together_or_not_at_all() -> None:
    config, seen = Config(), []
    config.on_change(lambda: seen.append((config["hz"], config["timeout"])), "hz", "timeout")
    config.change([("hz", "20"), ("timeout", "5"), ("maxclients", "7")])
    assert seen == [(20, 5)]

    def refuse() -> None:
        seen.append(config["maxclients"])
        if config["maxclients"] == 8:
            raise ValueError("that many cannot be served")

    config.on_change(refuse, "maxclients")
    with pytest.raises(Exception, match=r"related to argument 'maxclients'\) - that many cannot be served"):
        config.change([("hz", "30"), ("maxclients", "8")])
    assert config["hz"] == 20
    assert config["maxclients"] == 7
    assert seen == [(20, 5), (30, 5), 8, (20, 5), 7]


def test_protected_parameters_are_set_where_that_is_allowed(oracle: Oracle) -> None:
    options = ("--enable-protected-configs", "local")
    with plain_server(*options) as address:
        store: Store = Store()
        Instance.of(store).config.set_at_start("enable-protected-configs", "local")
        wire = Wire(store)
        with redis.Redis(unix_socket_path=address) as client:
            assert client.config_set("dbfilename", "other.rdb")
            assert wire.ask("CONFIG", "SET", "dbfilename", "other.rdb") == b"+OK\r\n"
            assert client.config_get("dbfilename") == {"dbfilename": "other.rdb"}
            assert b"other.rdb" in wire.ask("CONFIG", "GET", "dbfilename")
        with Socket(address) as theirs:
            for folder in ("/nowhere/at/all", "/etc/passwd", "", "/tmp"):
                assert wire.ask("CONFIG", "SET", "dir", folder) == theirs.ask("CONFIG", "SET", "dir", folder)


def test_a_client_from_elsewhere_is_not_local() -> None:
    store: Store = Store()
    Instance.of(store).config.set_at_start("enable-protected-configs", "local")
    wire = Wire(store)
    wire.stream.address = "192.0.2.1:1234"
    assert b"can't set protected config" in wire.ask("CONFIG", "SET", "dbfilename", "other.rdb")


# Files

FILE = """
# a comment
   # and another

maxmemory 5mb
save 900 1
save 300 10 60 5
client-output-buffer-limit normal 1 2 3
client-output-buffer-limit pubsub 1mb 2mb 60
HZ   50
hz 60
masterauth "a b\\x41"
loglevel   warning
notify-keyspace-events ""
slave-priority 5
list-max-ziplist-size -3
latency-tracking-info-percentiles 50 99
shutdown-on-sigterm nosave now
timeout 0
"""


def test_a_file_is_read_as_redis_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "kvlite.conf"
    file.write_text(FILE)
    with plain_server(str(file)) as address, redis.Redis(unix_socket_path=address) as client:
        theirs = client.config_get("*")
    config = Config()
    config.load(str(file))
    own = config.matching(["*"])
    different = {name for name in own if own[name] != theirs[name]}
    assert different <= OF_THIS_MACHINE


def test_the_file_is_rewritten_as_redis_rewrites_it(tmp_path: Path) -> None:
    own, theirs = tmp_path / "own.conf", tmp_path / "theirs.conf"
    own.write_text(FILE)
    theirs.write_text(FILE)
    changes = """
        CONFIG SET maxmemory 3gb hz 10 timeout 7
        CONFIG SET save '60 3 30 1'
        CONFIG SET notify-keyspace-events KA masteruser "a\\0b'"
        CONFIG SET auto-aof-rewrite-min-size 1025kb proto-max-bulk-len 1048577 appendfsync always
        CONFIG REWRITE
    """
    requests = [shlex.split(line) for line in changes.strip().splitlines()]
    with plain_server(str(theirs)) as address, redis.Redis(unix_socket_path=address) as client:
        for each in requests:
            client.execute_command(*each)
    store: Store = Store()
    Instance.of(store).config.load(str(own))
    wire = Wire(store)
    for each in requests:
        assert wire.ask(*each) == b"+OK\r\n"

    def of_everybody(file: Path) -> list[str]:
        """Redis writes where it listens and who its users are, too."""
        lines = [line.strip() for line in file.read_text().splitlines() if line]
        mine = ("port", "dir", "unixsocket", "user ")
        return sorted(line for line in lines if not line.startswith(mine))

    assert of_everybody(own) == of_everybody(theirs)
    again = Instance.of(Store()).config
    again.load(str(own))
    assert again == Instance.of(store).config
    before = own.read_text()
    assert wire.ask("CONFIG", "REWRITE") == b"+OK\r\n"
    assert own.read_text() == before


def test_users_of_a_file(tmp_path: Path) -> None:
    own, theirs = tmp_path / "own.conf", tmp_path / "theirs.conf"
    for file in own, theirs:
        file.write_text("hz 10\nuser bob on >x ~* +@all\ntimeout 3\nuser alice nopass ~a* &* +get\n")
    store: Store = Store()
    Instance.of(store).config.load(str(own))
    wire = Wire(store)
    wire.ask("ACL", "SETUSER", "bob", "off")
    wire.ask("CONFIG", "REWRITE")
    with plain_server(str(theirs)) as address, redis.Redis(unix_socket_path=address) as client:
        client.acl_setuser("bob", enabled=False)
        client.config_rewrite()
    users = [line for line in theirs.read_text().splitlines() if line.startswith("user")]
    assert sorted(users) == [line for line in own.read_text().splitlines() if line.startswith("user")]
    again = Instance.of(Store())
    again.config.load(str(own))
    assert again.acl.lines() == Instance.of(store).acl.lines()


@pytest.mark.parametrize(
    ("line", "why"),
    [("user", "wrong number of arguments"), ("user bob +nosuch", "Unknown command or category name in ACL")],
)
def test_users_that_are_none(tmp_path: Path, line: str, why: str) -> None:
    file = tmp_path / "kvlite.conf"
    file.write_text(line)
    with pytest.raises(ValueError, match=why):
        Instance.of(Store()).config.load(str(file))


@pytest.mark.parametrize(
    ("name", "value"),
    [("bind", "x\nhz 77"), ("masteruser", "x\nhz 77"), ("bind", ""), ("bind", "* -::* fe80::1%lo")],
)
def test_a_value_is_one_line_of_the_file(tmp_path: Path, name: str, value: str) -> None:
    file = tmp_path / "kvlite.conf"
    file.write_text("timeout 1\n")
    store: Store = Store()
    Instance.of(store).config.load(str(file))
    wire = Wire(store)
    assert wire.ask("CONFIG", "SET", name, value) == b"+OK\r\n"
    assert wire.ask("CONFIG", "REWRITE") == b"+OK\r\n"
    again = Config()
    again.load(str(file))
    assert again.show(name) == value
    assert again["hz"] == 10


def test_a_file_that_has_gone_cannot_be_rewritten(tmp_path: Path) -> None:
    file = tmp_path / "kvlite.conf"
    file.write_text("hz 20")
    store: Store = Store()
    Instance.of(store).config.load(str(file))
    file.unlink()
    assert (
        Wire(store).ask("CONFIG", "REWRITE") == b"-ERR Rewriting config file: No such file or directory\r\n"
    )


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("nosuch 1", "Bad directive or wrong number of arguments"),
        ("hz", "wrong number of arguments"),
        ("hz 1 2", "wrong number of arguments"),
        ('hz "1', "Unbalanced quotes in configuration line"),
        ("save 1", "Invalid save parameters"),
        ("maxmemory 1x", "argument must be a memory value"),
        ("loglevel a b", "wrong number of arguments"),
        ("dir /nowhere/at/all", "No such file or directory"),
        ("dir /etc/passwd", "Not a directory"),
        ('dir ""', "No such file or directory"),
        ("dbfilename a/b", "dbfilename can't be a path, just a filename"),
        ("bind 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17", "Too many bind addresses specified."),
        ("replicaof a b c", "wrong number of arguments"),
        ("oom-score-adj-values 1 2", "wrong number of arguments"),
        ("unixsocketperm 9", "argument couldn't be parsed as an octal number"),
        ("tcp-backlog x", "argument couldn't be parsed into an integer"),
    ],
)
def test_a_line_that_is_wrong_is_named(tmp_path: Path, line: str, why: str) -> None:
    """In the words of Redis, which writes them to its log."""
    file = tmp_path / "kvlite.conf"
    file.write_text(f"# first\n{line}\n")
    with pytest.raises(ValueError, match="kvlite.conf, line 2: ") as raised:
        Config().load(str(file))
    assert why in str(raised.value)


@pytest.mark.parametrize(
    "line",
    [
        "replicaof 127.0.0.1 6379",
        "cluster-enabled yes",
        "daemonize yes",
        "rename-command CONFIG ''",
        "loadmodule x",
    ],
)
def test_what_cannot_be_done_is_refused(tmp_path: Path, line: str) -> None:
    file = tmp_path / "kvlite.conf"
    file.write_text(line)
    with pytest.raises(ValueError, match="a kvlite server"):
        Config().load(str(file))


def test_a_file_includes_another(tmp_path: Path) -> None:
    first, second = tmp_path / "first.conf", tmp_path / "second.conf"
    first.write_text(f"hz 20\ninclude {second}\nmaxclients 5")
    second.write_text("hz 30\ntimeout 3")
    lines = [(Path(line.file).name, line.number, line.name) for line in read_config_file(str(first))]
    assert lines == [
        ("first.conf", 1, "hz"),
        ("second.conf", 1, "hz"),
        ("second.conf", 2, "timeout"),
        ("first.conf", 3, "maxclients"),
    ]
    second.write_text(f"include {first}")
    with pytest.raises(ValueError, match="includes itself"):
        list(read_config_file(str(first)))
    second.unlink()
    with pytest.raises(FileNotFoundError):
        list(read_config_file(str(first)))


def test_the_command_line_goes_on_where_the_file_ends(tmp_path: Path) -> None:
    file = tmp_path / "kvlite.conf"
    file.write_text("save 900 1\nport 7000\n")
    config = Config()
    config.load(str(file))
    config.set_at_start("port", "7001")
    config.set_at_start("save", "60", "5")
    config.set_at_start("unixsocketperm", "700")
    assert config["port"] == 7001
    assert config["save"] == ((900, 1), (60, 5))
    assert config["unixsocketperm"] == 0o700
    assert config.show("unixsocketperm") == "700"


def test_every_kind_shows_what_it_reads() -> None:
    config = Config()
    for name, row in PARAMETERS.items():
        shown = config.show(name) or row.default
        again = row.kind.read(shown.split(" ") if row.kind.several else [shown])
        assert again == config[name], name


def test_a_request_of_many_parameters_is_one_change(raw: RawPair) -> None:
    both = request("CONFIG", "SET", "hz", "50", "timeout", "60") + request("CONFIG", "GET", "timeout")
    raw.socket.send(both)
    raw.wire.send(both)
    assert raw.socket.reply() + raw.socket.reply() == raw.wire.receive()
