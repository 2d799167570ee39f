"""Where a server listens, as the configuration changes and as it stops: what it leaves is free, and nobody
who has connected is left without a word."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from raw import Socket, request

from kvlite import Server, Store
from kvlite.redis import Redis

SOON = 10


@pytest.fixture(autouse=True, params=["uvloop", "asyncio"])
def loop(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose loop it is."""
    if request.param == "asyncio":
        monkeypatch.setattr("kvlite.server.server.loop_factory", lambda: None)
    else:
        pytest.importorskip("uvloop")


@pytest.fixture
def server() -> Iterator[Server]:
    with Store() as store, Server(store, port=0) as server:
        yield server


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


def connect(port: int | None) -> Socket:
    assert port is not None
    return Socket(("127.0.0.1", port))


def answers(port: int) -> bool:
    try:
        with connect(port) as client:
            return client.ask("PING") == b"+PONG\r\n"
    except ConnectionRefusedError:
        return False


def move(port: int) -> bytes:
    return request("CONFIG", "SET", "port", port)


def last_words(port: int) -> bytes | None:
    """What is heard by who connects, sends nothing and is sent away; None if nobody ends the connection."""
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.settimeout(SOON)
        try:
            return client.recv(1000)
        except ConnectionResetError:
            return b""
        except TimeoutError:
            return None


# --- CONFIG SET -------------------------------------------------------------------------------------------


def test_the_last_of_several_changes_wins(server: Server) -> None:
    first, second = free_ports(2)
    before = server.port
    assert before is not None
    with connect(before) as client:
        client.send(move(first) + move(second) + move(before) + move(first))
        assert [client.reply() for _ in range(4)] == [b"+OK\r\n"] * 4
        assert [answers(port) for port in (before, first, second)] == [False, True, False]
        assert client.ask("PING") == b"+PONG\r\n", "who was there stays"
    server.close()
    assert not any(map(answers, (before, first, second)))


def test_changes_by_several_clients_leave_one_listener(server: Server) -> None:
    ports = free_ports(3)
    assert server.port is not None
    clients = [connect(server.port) for _ in ports]
    for _ in range(10):
        for client, port in zip(clients, ports, strict=True):
            client.send(move(port))
        for client in clients:
            assert client.reply() == b"+OK\r\n"
        assert [port for port in ports if answers(port)] == [server.port]
        assert len(server.places) == 1


def test_addresses_that_overlap_follow_each_other(server: Server) -> None:
    with connect(server.port) as client:
        for hosts in ("0.0.0.0", "127.0.0.1", "127.0.0.2 127.0.0.1", "* -::*", "127.0.0.1"):
            assert client.ask("CONFIG", "SET", "bind", hosts) == b"+OK\r\n"
            assert answers(server.port or 0)


def test_where_somebody_else_listens_it_cannot(server: Server) -> None:
    before = server.port
    with socket.create_server(("127.0.0.1", 0)) as other, connect(before) as client:
        taken = other.getsockname()[1]
        assert b"somebody else does already" in client.ask("CONFIG", "SET", "port", taken)
        assert server.port == before
        assert answers(before or 0)


def test_changes_by_another_thread(server: Server) -> None:
    first, second = free_ports(2)
    client = Redis(server.store)
    for port in (first, second, first):
        assert client.config_set("port", port)
        assert answers(port)
    with (
        socket.create_server(("127.0.0.1", 0)) as other,
        pytest.raises(Exception, match="somebody else does already"),
    ):
        client.config_set("port", other.getsockname()[1])
    assert answers(first)
    pipe = client.pipeline().config_set("port", second)  # its transaction would keep the loop from doing it
    with pytest.raises(Exception, match="a transaction of another thread"):
        pipe.execute()
    assert answers(first)


# --- those who come at the wrong time -----------------------------------------------------------------------


@pytest.mark.parametrize("end", ["CONFIG SET port 0", "SHUTDOWN NOSAVE"])
def test_who_connects_while_the_listener_closes_is_sent_away(server: Server, end: str) -> None:
    port = server.port
    assert port is not None
    spare = connect(port)
    heard: list[bytes | None] = []
    threads = [threading.Thread(target=lambda: heard.append(last_words(port))) for _ in range(20)]
    with server.store._shared.lock:  # the loop waits for it, and accepts nobody
        spare.send(request("SET", "a", 1) + request(*end.split()))
        time.sleep(0.1)
        for thread in threads:
            thread.start()
        time.sleep(0.1)
    for thread in threads:
        thread.join()
    assert heard == [b""] * 20


def test_servers_that_come_and_go_leave_nobody_without_a_word() -> None:
    (port,) = free_ports(1)
    going = True
    heard: list[bytes | None] = []

    def knock() -> None:
        while going:
            with contextlib.suppress(ConnectionRefusedError, ConnectionResetError):
                heard.append(last_words(port))

    threads = [threading.Thread(target=knock) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(20):
        with Server(Store(), port=port):
            pass
    going = False
    for thread in threads:
        thread.join()
    assert set(heard) <= {b""}
