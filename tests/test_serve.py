"""`python -m kvlite serve` as a process: how it is started, what it says, how it ends."""

from __future__ import annotations

import errno
import logging
import os
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from raw import Socket, decoded, plain_server
from served import COMMAND, SOON, environment, serving

from kvlite import Store
from kvlite.server.listening import why_not
from kvlite.serving import run_serve
from kvlite.serving.options import read_options
from kvlite.wire.instance import Instance
from kvlite.wire.parameters import PARAMETERS

Refused = Callable[..., str]


# --- its life ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_when_told_to_and_comes_back(tmp_path: Path, how: int) -> None:
    with serving(tmp_path, "app.kv") as served:
        assert served.says(f"serving {tmp_path / 'app.kv'} (appendfsync everysec)")
        assert served.says("0 keys recovered")
        assert served.says(f"listening at {served.address}")
        assert served.ask("SET", "a", 1) == b"+OK\r\n"
        assert served.end(how) == 0
        assert served.says("stopped; everything is kept")
    assert not Path(served.address).exists()
    with serving(tmp_path, "app.kv") as served:
        assert served.says("1 keys recovered")
        assert served.ask("GET", "a") == b"$1\r\n1\r\n"
        with pytest.raises(EOFError):
            served.ask("SHUTDOWN")
        assert served.wait() == 0
    with Store(tmp_path / "app.kv") as store:
        assert store.get("a") == b"1"


def test_what_was_answered_survives_a_kill(tmp_path: Path) -> None:
    for generation in range(3):
        with serving(tmp_path, "app.kv") as served, Socket(served.address) as client:
            assert client.ask("LLEN", "l") == b":%d\r\n" % (generation * 50)
            for _ in range(50):
                assert client.ask("RPUSH", "l", "x").startswith(b":")
            assert served.end(signal.SIGKILL) == -signal.SIGKILL


def test_a_client_that_waits_is_sent_away_at_the_end(tmp_path: Path) -> None:
    with serving(tmp_path, "app.kv", "--appendfsync", "always") as served, Socket(served.address) as client:
        client.ask("SET", "a", 1)
        with Socket(served.address) as waiting:
            waiting.send(b"*3\r\n$5\r\nBLPOP\r\n$1\r\nl\r\n$1\r\n0\r\n")
            assert served.end() == 0
            assert waiting.rest() == client.rest() == b""


def test_the_folder_has_one_server(tmp_path: Path, refused: Refused) -> None:
    with serving(tmp_path, "app.kv"):
        said = refused("app.kv", "--port", "0", "--unixsocket", "other")
        assert "app.kv" in said
        assert not (tmp_path / "other").exists()


def test_a_port_of_tcp(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with serving(tmp_path, "--port", str(port), "--host", "127.0.0.1") as served:
        assert served.says("in memory only")
        assert served.says(f"listening at 127.0.0.1:{port}")
        with Socket(("127.0.0.1", port)) as client:
            assert client.ask("PING") == b"+PONG\r\n"
            client.send(b"SHUTDOWN NOSAVE\r\n")
            assert client.rest() == b""
        assert "cannot listen" not in "".join(served.said)
        assert served.wait() == 0


def test_files_that_others_look_at(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(SOON)
        address = str(tmp_path / "notify")
        with serving(tmp_path, "--pidfile", "pid", NOTIFY_SOCKET=address) as served:
            assert manager.recv(100) == b"READY=1"
            assert int((tmp_path / "pid").read_text()) == served.process.pid
            assert served.end() == 0
            assert manager.recv(100) == b"STOPPING=1"
    assert not (tmp_path / "pid").exists()


def test_it_is_not_ready_before_its_pid_file_is_there(tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "--port", "0", "--unixsocket", "socket", "--pidfile", "nowhere/pid"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=SOON,
        check=False,
    )
    assert done.returncode == 2
    why = f"there is no folder {tmp_path}/nowhere: make it, or choose another"
    assert done.stderr == f"python -m kvlite serve: --pidfile nowhere/pid cannot be made: {why}\n"


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_before_it_serves(tmp_path: Path, how: int) -> None:
    """It waits for its configuration here, from a pipe to which nobody writes."""
    os.mkfifo(tmp_path / "pipe")
    process = subprocess.Popen([*COMMAND, "--config", "pipe"], cwd=tmp_path, env=environment())
    with (tmp_path / "pipe").open("wb"):
        process.send_signal(how)
        assert process.wait(SOON) == 0


# --- how it is told -----------------------------------------------------------------------------------------


def test_arguments_win_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "more.conf").write_text("hash-max-listpack-entries 7\n")
    (tmp_path / "kvlite.conf").write_text(
        "# a comment\nmaxclients 11\ntimeout 11\ntcp-keepalive 11\nappendonly no\ninclude more.conf\n"
        'user ann on >secret ~* +@all\nsave ""\n'
    )
    variables = {"KVLITE_TIMEOUT": "22", "KVLITE_MAXCLIENTS": "22", "KVLITE_PORT": "tcp://10.0.0.1:6379"}
    with serving(tmp_path, "kvlite.conf", "--maxclients", "33", "--path", "app.kv", **variables) as served:
        assert served.says("KVLITE_PORT in the environment is no option")
        shown = decoded(
            served.ask(
                *("CONFIG", "GET", "maxclients", "timeout", "tcp-keepalive", "hash-max-listpack-entries"),
                *("save", "appendonly"),
            )
        )
        assert shown == [
            *(b"maxclients", b"33", b"timeout", b"22", b"tcp-keepalive", b"11"),
            *(b"hash-max-listpack-entries", b"7", b"save", b"", b"appendonly", b"yes"),
        ]
        assert served.ask("AUTH", "ann", "secret") == b"+OK\r\n"
        assert served.ask("CONFIG", "SET", "timeout", "44") == b"+OK\r\n"
        assert served.ask("CONFIG", "REWRITE") == b"+OK\r\n"
        assert "timeout 44\n" in (tmp_path / "kvlite.conf").read_text()


def test_a_file_made_for_redis_says_where_the_data_is(tmp_path: Path) -> None:
    (tmp_path / "redis.conf").write_text(f"dir {tmp_path}\nappendonly yes\nappendfsync always\n")
    with serving(tmp_path, KVLITE_CONFIG="redis.conf") as served:
        assert served.says(f"serving {tmp_path / 'appendonlydir'} (appendfsync always)")
        assert served.ask("SET", "a", 1) == b"+OK\r\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--save", ""],
        ["--save", "900", "1", "300", "10"],
        ["--save", "900 1"],
        ["--requirepass", "x y"],
        ["--requirepass", ""],
        ["--enable-debug-command", "yes"],
        ["--appendfsync", "always"],
        ["--MAXMEMORY", "1gb", "--maxmemory-policy", "allkeys-lru"],
        ["--client-output-buffer-limit", "normal", "1mb", "2mb", "60", "pubsub", "0", "0", "0"],
        ["--client-output-buffer-limit", "normal 1mb 2mb 60"],
        ["--notify-keyspace-events", "KEA"],
        ["--slaveof", "no", "one"],
        ["--hash-max-ziplist-entries", "5"],
        ["--loglevel", "warning", "--databases", "4"],
        ["--shutdown-on-sigterm", "nosave", "now"],
    ],
)
def test_parameters_are_taken_as_redis_server_takes_them(arguments: list[str]) -> None:
    config = Instance.of(Store()).config
    for setting in read_options(arguments, {}).settings:
        setting.apply(config)
    names = [word.removeprefix("--").lower() for word in arguments if word.startswith("--")]
    with plain_server(*arguments) as address, Socket(address) as client:
        if config["requirepass"]:
            client.ask("AUTH", config["requirepass"])
        theirs = decoded(client.ask("CONFIG", "GET", *names))
    own = {name.encode(): value.encode() for name, value in config.matching(names).items()}
    assert own == dict(zip(theirs[::2], theirs[1::2], strict=True))


def test_every_parameter_is_an_option_and_a_variable() -> None:
    for name, row in PARAMETERS.items():
        variable = f"KVLITE_{name.upper().replace('-', '_')}"
        told = read_options([f"--{name}={row.default}"], {}).settings
        around = read_options([], {variable: row.default}).settings
        assert [each.name for each in (*told, *around)] == ([] if name == "appendonly" else [name] * 2)
        assert [each.value() for each in told] == [each.value() for each in around]


# --- what is wrong ----------------------------------------------------------------------------------------


@pytest.fixture
def refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Refused]:
    """The one line that is said by a server that does not start, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("KVLITE_"):
            monkeypatch.delenv(name)
    root = logging.getLogger()
    before = root.level, root.handlers[:]

    def refused(*arguments: str) -> str:
        assert run_serve(arguments) == 2
        said, line = capsys.readouterr()
        assert said == ""
        assert line.startswith("python -m kvlite serve: ")
        assert line.count("\n") == 1
        return line

    yield refused
    root.setLevel(before[0])
    root.handlers[:] = before[1]


WRONG = {
    "--prot 1": "there is no option --prot; did you mean --port?",
    "-p 1": "options begin with two hyphens",
    "--port": "--port: wrong number of arguments",
    "--port x": "--port: argument couldn't be parsed into an integer",
    "--port 65536": "--port: argument must be between 0 and 65535",
    "--port 0": "nowhere to listen",
    "--daemonize yes": "stays in front",
    "--rename-command a b": "forbid them to a user by an ACL",
    "--loadmodule x": "loads no modules",
    "--aclfile x": "put its `user` lines",
    "--save 1": "Invalid save parameters",
    "a b": "one word too many",
    "--config nothing.conf": "nothing.conf: No such file or directory",
    "bad.conf": "bad.conf, line 2: timeout: argument couldn't be parsed into an integer",
    "quote.conf": "Unbalanced quotes",
    "unknown.conf": "unknown.conf, line 1: no-such-thing: Bad directive or wrong number of arguments\n",
    "near.conf": "near.conf, line 1: requirepas: Bad directive or wrong number of arguments; did you mean"
    " requirepass?",
    "--dir /nowhere": "--dir: No such file or directory",
    "--dir file": "--dir: Not a directory",
    "--dir=": "--dir: No such file or directory",
    "dir.conf": "dir.conf, line 1: dir: No such file or directory",
    "loop.conf": "includes itself",
    "file --port 0 --unixsocket file": "there is something that is no socket",
    "--unixsocket /nowhere/at/all --port 0": "at /nowhere/at/all: there is no folder /nowhere/at: make",
    "--unixsocket file/at/all --port 0": "/file/at is no folder: choose another",
    "--unixsocket full --port 0": "there is something that is no socket",
    "--bind 192.0.2.1": "cannot listen at 192.0.2.1:6379",
    "--tls-port 7": "needs a certificate",
    "--tls-port 7 --tls-cert-file file": "no certificate with its key can be read from file",
    "--logfile /nowhere/log": "/nowhere/log cannot be made: there is no folder /nowhere: make it, or",
    "--logfile full": "--logfile full cannot be made: that is a folder: give the name of a file in it",
    "--pidfile /nowhere/pid --port 0 --unixsocket s": "/nowhere/pid cannot be made: there is no folder",
    "--pidfile full --port 0 --unixsocket s": "--pidfile full cannot be made: that is a folder",
    "/dev/null/app.kv": "/dev/null/app.kv cannot be opened",
    "full": "holds something else than a store",
}


@pytest.mark.parametrize("arguments", WRONG)
def test_what_is_wrong_is_said_in_a_line(refused: Refused, tmp_path: Path, arguments: str) -> None:
    (tmp_path / "bad.conf").write_text("port 6379\ntimeout x\n")
    (tmp_path / "quote.conf").write_text('requirepass "x\n')
    (tmp_path / "unknown.conf").write_text("no-such-thing 1\n")
    (tmp_path / "near.conf").write_text("requirepas x\n")
    (tmp_path / "dir.conf").write_text("dir /nowhere\nappendonly yes\n")
    (tmp_path / "loop.conf").write_text("include loop.conf\n")
    (tmp_path / "file").write_text("# nothing is configured here\n")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "other").touch()
    assert WRONG[arguments] in refused(*arguments.split())


def test_what_is_wrong_in_the_environment(refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KVLITE_TIMEOUT", "x")
    assert "KVLITE_TIMEOUT: argument" in refused()


@pytest.mark.parametrize(
    ("number", "why"),
    [
        (errno.EACCES, "this user may not write it: choose another folder than /some/where, or let the user"),
        (errno.EROFS, "this user may not write it"),
        (errno.ENOSPC, "no space left on device"),
    ],
)
def test_why_a_file_cannot_be_made(number: int, why: str) -> None:
    assert why in why_not("/some/where/file", OSError(number, os.strerror(number)))


def test_a_variable_that_is_none_may_be_misspelt(tmp_path: Path) -> None:
    variables = {
        "KVLITE_REQUIREPAS": "x",
        "KVLITE_SERVICE_PORT": "6379",
        "KVLITE_PORT": "tcp://10.0.0.1:1",
    }
    with serving(tmp_path, **variables) as served:
        assert served.says(
            "warning: KVLITE_REQUIREPAS in the environment is no option, and is ignored: did you mean"
            " KVLITE_REQUIREPASS?\n"
        )
        for name in ("KVLITE_SERVICE_PORT", "KVLITE_PORT"):
            assert served.says(f" {name} in the environment is no option, and is ignored\n")


def test_a_port_in_use(refused: Refused) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        said = refused("--port", port, "--host", "127.0.0.1")
        assert f"cannot listen at 127.0.0.1:{port}: somebody else does already: choose another" in said


def test_the_exit_code_of_a_process() -> None:
    done = subprocess.run(
        [*COMMAND, "--prot", "1"], capture_output=True, text=True, timeout=SOON, check=False
    )
    assert done.returncode == 2
    assert done.stderr == f"python -m kvlite serve: {WRONG['--prot 1']}\n"


def test_help() -> None:
    done = subprocess.run([*COMMAND, "--help"], capture_output=True, text=True, timeout=SOON, check=True)
    assert "--requirepass PASSWORD" in done.stdout
    for word in done.stdout.split():
        name = word.strip(",;=").removeprefix("--")
        if word.startswith("--") and name not in ("OPTION", "help", "path", "config"):
            assert name in PARAMETERS or name == "host"
