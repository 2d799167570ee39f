"""The server: real sockets on this machine."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from raw import Socket, request

from kvlite import AsyncStore, Server, Store

LONG = 20


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LONG
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.001)


@pytest.fixture
def store() -> Iterator[Store[Any]]:
    with Store() as store:
        yield store


@pytest.fixture
def server(store: Store[Any]) -> Iterator[Server]:
    with Server(store, port=0) as server:
        yield server


def connect(server: Server, protocol: int = 2) -> Socket:
    assert server.port is not None
    return Socket(("127.0.0.1", server.port), protocol)


# --- its life ------------------------------------------------------------------------------------------


def test_a_client_and_the_store_see_the_same(store: Store[Any], server: Server) -> None:
    with redis.Redis.from_url(server.url) as client:
        client.set("a", "1")
        assert store.get("a") == b"1"
        store.rpush("l", "x")
        assert client.lrange("l", 0, -1) == [b"x"]
        (shown,) = client.client_list()
        assert shown["laddr"] == f"127.0.0.1:{server.port}"
        assert int(shown["fd"]) > 2


def test_after_the_end_nobody_listens_and_the_store_is_open(store: Store[Any]) -> None:
    server = Server(store, port=0)
    with server:
        client = connect(server)
        assert client.ask("SET", "a", "1") == b"+OK\r\n"
    assert client.rest() == b""
    with pytest.raises(ConnectionRefusedError):
        connect(server)
    assert store.get("a") == b"1"
    server.close()
    assert threading.active_count() == 1 or "kvlite server" not in {t.name for t in threading.enumerate()}
    with Server(store, port=server.port) as again:
        assert connect(again).ask("GET", "a") == b"$1\r\n1\r\n"
    with pytest.raises(RuntimeError, match="used once"), server:
        pass


def test_a_port_in_use_is_said_at_once(server: Server) -> None:
    with pytest.raises(OSError, match="somebody else does already"), Server(Store(), port=server.port):
        pass


def test_a_store_has_one_server_at_a_time(store: Store[Any]) -> None:
    first, second = Server(store, port=0), Server(store, port=0)
    with first:
        with pytest.raises(RuntimeError, match="another server serves this store"):
            Server(store.select(1), port=0)
        with pytest.raises(RuntimeError, match="another server serves this store"):
            second.start()
        assert connect(first).ask("PING") == b"+PONG\r\n"
    with Server(store, port=0) as third:
        assert connect(third).ask("PING") == b"+PONG\r\n"


def test_a_server_is_started_once(store: Store[Any]) -> None:
    server = Server(store, port=0)

    async def serve() -> None:
        with pytest.raises(RuntimeError, match="does not serve in this loop: start it by `async with`"):
            await server.serve_forever()

    asyncio.run(serve())
    with server:
        for again in (server.start, server.__enter__, lambda: asyncio.run(server.__aenter__())):
            with pytest.raises(RuntimeError, match="used once: make another one"):
                again()  # type: ignore[operator]
        asyncio.run(serve())
        assert connect(server).ask("PING") == b"+PONG\r\n"
    assert not server.places


def test_a_server_that_could_not_start_leaves_the_store_to_another(store: Store[Any]) -> None:
    with Server(Store(), port=0) as other, pytest.raises(OSError, match="somebody else"):
        Server(store, port=other.port).start()
    with Server(store, port=0) as server:
        assert connect(server).ask("PING") == b"+PONG\r\n"


def test_there_is_a_url_while_it_listens(store: Store[Any]) -> None:
    server = Server(store, port=0)
    with pytest.raises(RuntimeError, match="does not listen"):
        _ = server.url
    with server:
        assert server.url == server.urls[0]
    with pytest.raises(RuntimeError, match="does not listen"):
        _ = server.url


@pytest.mark.parametrize("what", ["app.kv", AsyncStore()], ids=["path", "AsyncStore"])
def test_what_is_no_store_is_not_served(what: Any) -> None:
    with pytest.raises(TypeError, match=r"a server serves a kvlite\.Store \(of an AsyncStore, its `store`\)"):
        Server(what, port=0)


def test_parameters_are_checked(store: Store[Any]) -> None:
    with pytest.raises(TypeError, match="no parameter 'requirepas'; did you mean 'requirepass'"):
        Server(store, requirepas="x")
    with pytest.raises(TypeError, match="no parameter 'tls_certfile'; did you mean 'tls_cert_file'"):
        Server(store, tls_certfile="x")
    with pytest.raises(TypeError, match="no parameter 'password'; did you mean 'requirepass'"):
        Server(store, password="x")
    with pytest.raises(TypeError, match="no parameter 'nonsense'$"):
        Server(store, nonsense="1")
    with pytest.raises(TypeError, match="requirepass is text, not b'x'"):
        Server(store, requirepass=b"x")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="maxclients='x'"):
        Server(store, maxclients="x")
    with pytest.raises(ValueError, match="forbid them to a user by an ACL"):
        Server(store, rename_command="a b")
    with pytest.raises(ValueError, match="kept on disk, or in memory"):
        Server(store, port=0, requirepass="x", appendonly=True).start()
    for host in (5, b"127.0.0.1", [b"127.0.0.1"]):
        with pytest.raises(TypeError, match="a host is the text of an address, not"):
            Server(store, host)  # type: ignore[arg-type]
    for nowhere in ("", []):
        with pytest.raises(ValueError, match="no address at which to listen"):
            Server(store, nowhere, port=0).start()
    with pytest.raises(OSError, match="the path has more than 10. bytes: choose a shorter one"):
        Server(store, port=None, unixsocket="/tmp/" + 200 * "x").start()
    limits = "normal 1mb 2mb 60 pubsub 0 0 0"
    with Server(store, port=0, client_output_buffer_limit=limits, save="900 1 300 10") as server:
        asking = connect(server)
        assert b"normal 1048576 2097152 60" in asking.ask("CONFIG", "GET", "client-output-buffer-limit")
        assert asking.ask("CONFIG", "GET", "save") == b"*2\r\n$4\r\nsave\r\n$12\r\n900 1 300 10\r\n"


def test_what_is_a_servers_own_ends_with_it(store: Store[Any], tmp_path: Path) -> None:
    store.config_set("timeout", 7)
    before = store.config_get("*")
    path = str(tmp_path / "socket")
    own = {"requirepass": "x", "maxclients": 3, "timeout": 9, "enable_debug_command": True}
    with Server(store, "127.0.0.2", 0, unixsocket=path, **own, maxmemory="100mb") as server:
        client = Socket(path)
        assert client.ask("AUTH", "x") == b"+OK\r\n"
        assert client.ask("CONFIG", "SET", "protected-mode", "no", "requirepass", "y") == b"+OK\r\n"
        assert client.ask("CONFIG", "SET", "notify-keyspace-events", "KEA") == b"+OK\r\n"
        assert client.ask("ACL", "SETUSER", "ann", "on", ">pw", "~*", "+@all") == b"+OK\r\n"
        port = server.port
        assert port
    assert server.port == port
    assert store.config_get("*") == before | {"maxmemory": "104857600", "notify-keyspace-events": "AKE"}
    with Server(store, port=0) as server:
        client = connect(server)
        assert client.ask("PING") == b"+PONG\r\n"
        assert client.ask("DEBUG", "JMAP").startswith(b"-ERR DEBUG command not allowed")
        assert client.ask("AUTH", "ann", "pw") == b"+OK\r\n"


def test_a_server_that_begins_in_a_sandbox_keeps_what_is_its_own(store: Store[Any]) -> None:
    """It would listen elsewhere, and to everybody, if what was put back in the end were its own too."""
    before = store.config_get("*")
    with store.sandbox():
        server = Server(store, port=0, requirepass="x", timeout=9).start()
        places = server.places
        with redis.Redis.from_url(server.url) as client:
            assert client.config_set("timeout", 7, "maxmemory", "100mb", "requirepass", "y")
    assert server.places == places
    assert connect(server).ask("PING").startswith(b"-NOAUTH")
    with redis.Redis.from_url(server.url) as client:
        assert client.config_get("timeout", "maxmemory") == {"timeout": "9", "maxmemory": "0"}
        with store.sandbox():
            client.config_set("timeout", 7)
        assert client.config_get("timeout", "requirepass") == {"timeout": "9", "requirepass": "x"}
        assert client.ping()
    server.close()
    assert store.config_get("*") == before
    with Server(store, port=0) as server:
        assert connect(server).ask("PING") == b"+PONG\r\n"


def test_a_server_that_never_started_has_set_nothing(store: Store[Any]) -> None:
    before = store.config_get("*")
    server = Server(store, port=7000, requirepass="x")
    assert server.port == 7000
    with pytest.raises(ValueError, match="needs a certificate"):
        Server(store, port=0, tls_port=0, requirepass="x").start()
    assert store.config_get("*") == before


def test_within_asyncio(store: Store[Any]) -> None:
    async def main() -> None:
        async with Server(store, port=0) as server:
            client = redis.asyncio.Redis.from_url(server.url)
            assert await client.set("a", "1")
            assert await client.get("a") == b"1"
            asyncio.get_running_loop().call_later(0.01, server.stop)
            await asyncio.wait_for(server.serve_forever(), LONG)
            await client.aclose()

    asyncio.run(main())


def test_several_addresses_and_a_unix_socket(store: Store[Any], tmp_path: Path) -> None:
    path = tmp_path / "socket"
    with Server(store, ["127.0.0.1", "127.0.0.2"], 0, unixsocket=str(path), unixsocketperm="700") as server:
        assert server.port is not None
        assert Socket(("127.0.0.2", server.port)).ask("PING") == b"+PONG\r\n"
        assert Socket(str(path)).ask("PING") == b"+PONG\r\n"
        assert path.stat().st_mode & 0o777 == 0o700
        with redis.Redis.from_url(server.urls[-1]) as client:
            assert client.ping()
        with (
            pytest.raises(OSError, match="somebody else does already"),
            Server(Store(), port=None, unixsocket=str(path)),
        ):
            pass
    assert not path.exists()
    path.touch()
    with pytest.raises(OSError, match="no socket"), Server(store, port=None, unixsocket=str(path)):
        pass
    path.unlink()
    with Server(store, port=None, unixsocket=str(path)) as server:
        assert server.url == f"unix://{path}?db=0"
        assert Socket(str(path)).ask("PING") == b"+PONG\r\n"


def test_answers_that_are_on_their_way_arrive(store: Store[Any]) -> None:
    store.set("big", b"x" * 5_000_000)
    with Server(store, port=0) as server:
        client = connect(server)
        client.send(request("GET", "big"))
        until(lambda: bool(store._shared.instance.statistics.commands))
        closing = threading.Thread(target=server.close)
        closing.start()
        assert len(client.reply()) == 5_000_000 + len(b"$5000000\r\n\r\n")
        closing.join()


def test_nothing_is_run_after_a_shutdown(store: Store[Any], server: Server) -> None:
    """Not what stands behind it in the pipeline, nor what others have sent."""
    first, second = connect(server), connect(server)
    assert second.ask("PING") == b"+PONG\r\n"
    with store._shared.lock:  # the loop waits for it, with what both have sent before it
        first.send(
            request("SET", "a", 1) + request("SHUTDOWN") + request("SET", "a", 2) + request("SET", "b", 2)
        )
        time.sleep(0.05)
        second.send(request("SET", "c", 2) * 2000)
        time.sleep(0.05)
    assert first.rest() == b"+OK\r\n"
    with contextlib.suppress(ConnectionResetError):
        assert second.rest() == b""
    server.close()
    assert store.get("a") == b"1"
    assert store.exists("b", "c") == 0


def test_the_timer_survives_an_error(
    store: Store[Any], server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(limit: int | None = None) -> None:
        raise RuntimeError("planned")

    with monkeypatch.context() as patch:
        patch.setattr(store._shared, "expire_due", fail)
        until(lambda: "planned" in caplog.text)
    store.set("a", "1", px=30)
    until(lambda: not store._db.data)


# --- who may come in ------------------------------------------------------------------------------------


def test_a_password(store: Store[Any]) -> None:
    with Server(store, port=0, requirepass="geheim /?") as server:
        assert connect(server).ask("GET", "a").startswith(b"-NOAUTH ")
        with redis.Redis.from_url(server.url) as client:
            assert client.ping()
        assert "geheim" not in repr(server)


def test_as_many_clients_as_are_allowed(store: Store[Any]) -> None:
    with Server(store, port=0, maxclients=2) as server:
        first, second = connect(server), connect(server)
        assert first.ask("PING") == second.ask("PING") == b"+PONG\r\n"
        assert connect(server).rest() == b"-ERR max number of clients reached\r\n"
        second.disconnect()
        until(lambda: len(server.connections) == 1)
        assert connect(server).ask("PING") == b"+PONG\r\n"


def own_address() -> str | None:
    """An address of this machine that is not a loopback one."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # nothing is sent
        address: str = probe.getsockname()[0]
        return None if address.startswith("127.") else address
    return None


def test_protected_mode(store: Store[Any]) -> None:
    address = own_address()
    if address is None:
        pytest.skip("this machine has no address but loopback ones")
    with Server(store, [address, "127.0.0.1"], port=0) as server:
        assert server.port is not None
        assert Socket((address, server.port)).rest().startswith(b"-DENIED Redis is running in protected mode")
        assert connect(server).ask("CONFIG", "SET", "protected-mode", "no") == b"+OK\r\n"
        assert Socket((address, server.port)).ask("PING") == b"+PONG\r\n"


# --- TLS ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority, and a server and a client whose certificates it has signed."""
    folder = tmp_path_factory.mktemp("certificates")

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    new = ["req", "-newkey", "rsa:2048", "-nodes", "-subj"]
    openssl(*new, "/CN=authority", "-x509", "-days", "2", "-keyout", "ca.key", "-out", "ca.crt")
    (folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1")
    for name in ("server", "client"):
        openssl(*new, f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        signing = ["x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key"]
        openssl(*signing, "-CAcreateserial", "-days", "2", "-extfile", "names", "-out", f"{name}.crt")
    return folder


def test_tls_with_certificates_of_clients(store: Store[Any], certificates: Path) -> None:
    files = {
        "tls_cert_file": str(certificates / "server.crt"),
        "tls_key_file": str(certificates / "server.key"),
        "tls_ca_cert_file": str(certificates / "ca.crt"),
    }
    with Server(store, port=None, tls_port=0, **files) as server:
        assert server.url.startswith("rediss://127.0.0.1:")
        shown = {
            "ssl_ca_certs": str(certificates / "ca.crt"),
            "ssl_certfile": str(certificates / "client.crt"),
            "ssl_keyfile": str(certificates / "client.key"),
        }
        with redis.Redis.from_url(server.url, **shown) as client:
            assert client.set("a", b"x" * 1_000_000)
            assert client.get("a") == b"x" * 1_000_000
        with (
            pytest.raises(redis.ConnectionError),
            redis.Redis.from_url(server.url, ssl_ca_certs=shown["ssl_ca_certs"]) as client,
        ):
            client.ping()
    with Server(
        store, port=None, tls_port=0, **files, tls_auth_clients="no", tls_protocols="TLSv1.3"
    ) as server:
        context = ssl.create_default_context(cafile=str(certificates / "ca.crt"))
        assert server.tls_port is not None
        with (
            socket.create_connection(("127.0.0.1", server.tls_port)) as plain,
            context.wrap_socket(plain, server_hostname="localhost") as secure,
        ):
            assert secure.version() == "TLSv1.3"
            secure.sendall(b"PING\r\n")
            assert secure.recv(100) == b"+PONG\r\n"


def test_what_is_missing_for_tls_is_said(certificates: Path) -> None:
    with pytest.raises(ValueError, match="needs a certificate"), Server(Store(), port=0, tls_port=0):
        pass
    missing = Server(Store(), port=None, tls_port=0, tls_cert_file="nothing.crt")
    with pytest.raises(ValueError, match="from nothing.crt: No such file"), missing:
        pass
    files = {
        "tls_cert_file": str(certificates / "server.crt"),
        "tls_key_file": str(certificates / "server.key"),
    }
    with pytest.raises(ValueError, match="none is trusted"), Server(Store(), port=None, tls_port=0, **files):
        pass


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (
            {"tls_cert_file": "text"},
            "text and server.key: no certificate or no key in PEM, or another password",
        ),
        (
            {"tls_key_file": "text"},
            "server.crt and text: no certificate or no key in PEM, or another password",
        ),
        ({"tls_key_file": None}, "from server.crt: no certificate or no key in PEM, or another password"),
        ({"tls_key_file": "client.key"}, "key values mismatch"),
        ({"tls_ciphers": "nonsense"}, "tls-ciphers 'nonsense': no cipher can be selected"),
    ],
)
def test_what_is_wrong_with_tls_is_said(
    certificates: Path, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, str | None], said: str
) -> None:
    monkeypatch.chdir(certificates)
    Path("text").write_text("no certificate\n")
    files = {"tls_cert_file": "server.crt", "tls_key_file": "server.key", "tls_ca_cert_file": "ca.crt"}
    with pytest.raises(ValueError, match=said):
        Server(Store(), port=None, tls_port=0, **(files | wrong)).start()


# --- limits ---------------------------------------------------------------------------------------------


def test_a_slow_reader_is_cut_and_stalls_nobody(store: Store[Any], server: Server) -> None:
    store.set("big", b"x" * 1_000_000)
    fast, slow = connect(server), connect(server)
    limits = "normal 20000000 0 0 pubsub 0 0 0"
    assert fast.ask("CONFIG", "SET", "client-output-buffer-limit", limits) == b"+OK\r\n"
    slow.send(request("GET", "big") * 100)
    for _ in range(100):
        assert fast.ask("PING") == b"+PONG\r\n"
    until(lambda: len(server.connections) == 1)
    assert fast.ask("PING") == b"+PONG\r\n"


def test_a_soft_limit_lasts_for_its_seconds(store: Store[Any], server: Server) -> None:
    store.set("big", b"x" * 1_000_000)
    fast, slow = connect(server), connect(server)
    limits = "normal 0 1000000 1"
    assert fast.ask("CONFIG", "SET", "client-output-buffer-limit", limits) == b"+OK\r\n"
    slow.send(request("GET", "big") * 20)
    time.sleep(0.3)
    assert len(server.connections) == 2
    until(lambda: len(server.connections) == 1)


def test_a_request_that_is_too_large_ends_the_connection(store: Store[Any], server: Server) -> None:
    client, other = connect(server), connect(server)
    assert client.ask("CONFIG", "SET", "client-query-buffer-limit", "1mb") == b"+OK\r\n"
    client.send(b"*2\r\n$4\r\nECHO\r\n$100000000\r\n")
    with contextlib.suppress(OSError):
        for _ in range(40):
            client.send(b"x" * 100_000)
        client.rest()
    until(lambda: len(server.connections) == 1)
    assert other.ask("PING") == b"+PONG\r\n"


def test_idle_clients_are_sent_away(store: Store[Any], server: Server) -> None:
    idle, waiting = connect(server), connect(server)
    waiting.send(request("BLPOP", "l", "0"))
    assert idle.ask("CONFIG", "SET", "timeout", "1") == b"+OK\r\n"
    assert idle.rest() == b""
    store.rpush("l", "x")
    assert waiting.reply() == b"*2\r\n$1\r\nl\r\n$1\r\nx\r\n"


# --- waiting --------------------------------------------------------------------------------------------


def test_blocked_clients_are_served_in_order_across_doors(store: Store[Any], server: Server) -> None:
    first, third = connect(server), connect(server)
    first.send(request("BLPOP", "l", "0"))
    until(lambda: len(store._lines.get(b"l", ())) == 1)
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(store.blpop("l")))
    thread.start()
    until(lambda: len(store._lines.get(b"l", ())) == 2)
    third.send(request("BLPOP", "l", "0") + request("PING"))
    until(lambda: len(store._lines.get(b"l", ())) == 3)
    assert connect(server).ask("RPUSH", "l", "1", "2", "3") == b":3\r\n"
    assert first.reply().endswith(b"$1\r\n1\r\n")
    thread.join(LONG)
    assert answers == [(b"l", b"2")]
    assert third.reply().endswith(b"$1\r\n3\r\n")
    assert third.reply() == b"+PONG\r\n"


def test_a_wait_ends_in_time_and_who_leaves_loses_nothing(store: Store[Any], server: Server) -> None:
    client, gone = connect(server), connect(server)
    assert client.ask("BLPOP", "l", "0.01") == b"*-1\r\n"
    gone.send(request("BLPOP", "l", "0"))
    until(lambda: len(store._lines.get(b"l", ())) == 1)
    gone.disconnect()
    until(lambda: b"l" not in store._lines)
    store.rpush("l", "kept")
    assert client.ask("LPOP", "l") == b"$4\r\nkept\r\n"


def test_keys_expire_without_anybody_asking(store: Store[Any], server: Server) -> None:
    store.set("a", "1", px=30)
    store.select(3).set("b", "1", px=60)
    until(lambda: not store._db.data and not store.select(3)._db.data)


# --- durability -----------------------------------------------------------------------------------------


def test_what_was_answered_is_on_the_disk(tmp_path: Path) -> None:
    """Many clients share the syncs; each gets its answers in order, and all that was answered is kept."""
    with Store(tmp_path / "app.kv", fsync="always") as store, Server(store, port=0) as server:
        answers: list[list[bytes]] = [[] for _ in range(8)]

        def work(number: int) -> None:
            with connect(server) as client:
                for _ in range(20):
                    client.send(request("INCR", f"n{number}") * 3 + request("GET", f"n{number}"))
                    answers[number] += [client.reply() for _ in range(4)]

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        waiting = connect(server)
        waiting.send(request("BLPOP", "l", "0"))
        for thread in threads:
            thread.join()
        assert connect(server).ask("RPUSH", "l", "x") == b":1\r\n"
        assert waiting.reply().endswith(b"$1\r\nx\r\n")
        for got in answers:
            numbers = [int(reply[1:]) for reply in got if reply.startswith(b":")]
            assert numbers == list(range(1, 61))
            assert got[-1] == b"$2\r\n60\r\n"
    with Store(tmp_path / "app.kv") as store:
        assert [store.get(f"n{number}") for number in range(8)] == [b"60"] * 8


def test_nothing_is_answered_that_could_not_be_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store(tmp_path / "app.kv", fsync="always") as store, Server(store, port=0) as server:
        client = connect(server)
        assert client.ask("SET", "a", "1") == b"+OK\r\n"

        def fail(written: Any) -> None:
            raise OSError("the disk is gone")

        monkeypatch.setattr(store._shared.journal, "settle", fail)
        client.send(request("SET", "a", "2"))
        with contextlib.suppress(ConnectionResetError):
            assert client.rest() == b""
        monkeypatch.undo()


@pytest.mark.parametrize("publisher", ["client", "transaction", "program"])
def test_a_message_leaves_when_what_it_tells_of_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, publisher: str
) -> None:
    with Store(tmp_path / "app.kv", fsync="always") as store, Server(store, port=0) as server:
        listening, writing = connect(server), connect(server)
        assert listening.ask("CONFIG", "SET", "notify-keyspace-events", "KA") == b"+OK\r\n"
        listening.ask("SUBSCRIBE", "__keyspace@0__:a")
        log = store._shared.journal._log  # type: ignore[union-attr]
        sync, may_sync = log.sync, threading.Event()

        def sync_late() -> None:
            assert may_sync.wait(LONG)
            sync()

        monkeypatch.setattr(log, "sync", sync_late)
        thread = threading.Thread(target=store.set, args=("a", "1"))
        if publisher == "program":
            thread.start()
            until(lambda: store._db.data.get(b"a") is not None)
        else:
            within = request("MULTI"), request("EXEC")
            before, after = within if publisher == "transaction" else (b"", b"")
            writing.send(before + request("SET", "a", 1) + after)
        assert listening.silent(0.1)
        may_sync.set()
        assert listening.reply() == b"*3\r\n$7\r\nmessage\r\n$16\r\n__keyspace@0__:a\r\n$3\r\nset\r\n"
        if thread.ident is not None:
            thread.join()
