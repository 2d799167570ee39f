"""SUBSCRIBE and its kin over the wire: the bytes of redis-server, in both protocols."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from raw import THE_END, Clients, RawPair, Wire

from kvlite import ManualClock, Store
from kvlite.redis import Redis

WORDS = st.sampled_from([b"a", b"b", b"c", b"", b"\xff"])
PATTERNS = st.sampled_from([b"a", b"*", b"[ab]", b"?", b""])
REQUESTS: dict[bytes, list[st.SearchStrategy[Any]]] = {
    b"SUBSCRIBE": [st.lists(WORDS, max_size=3)] * 3,
    b"PSUBSCRIBE": [st.lists(PATTERNS, max_size=2)] * 2,
    b"SSUBSCRIBE": [st.lists(WORDS, max_size=2)] * 2,
    b"UNSUBSCRIBE": [st.lists(WORDS, max_size=2)],
    b"PUNSUBSCRIBE": [st.lists(PATTERNS, max_size=2)],
    b"SUNSUBSCRIBE": [st.lists(WORDS, max_size=2)],
    b"PUBSUB": [
        st.sampled_from([[b"NUMPAT"], [b"NUMSUB", b"a", b"b"], [b"numsub"], [b"SHARDNUMSUB", b"a"]]),
        st.sampled_from([[], [b"NUMPAT", b"a"], [b"FOO"], [b"CHANNELS", b"a", b"b"]]),
        st.tuples(st.sampled_from([b"CHANNELS", b"SHARDCHANNELS"]), PATTERNS),
    ],
    b"PING": [st.lists(WORDS, max_size=2)],
    b"GET": [st.sampled_from([[b"x"], []])],
    b"SET": [st.just([b"x", b"1"])],
    b"NOSUCH": [st.just([b"x"])],
    b"MULTI": [st.just([])],
    b"EXEC": [st.just([])],
    b"RESET": [st.just([])],
    b"HELLO": [st.sampled_from([[b"2"], [b"3"]])],
    b"CLIENT": [st.sampled_from([[b"REPLY", b"ON"], [b"REPLY", b"OFF"], [b"REPLY", b"SKIP"], [b"GETNAME"]])],
}
STEPS = st.sampled_from([(name, rest) for name, several in REQUESTS.items() for rest in several]).flatmap(
    lambda row: st.tuples(st.integers(0, 1), row[1].map(lambda rest: [row[0], *rest]))
)
PUBLISHED = st.tuples(st.sampled_from([b"PUBLISH", b"SPUBLISH"]), WORDS, st.just(b"data")).map(
    lambda words: (2, list(words))
)
HISTORIES = st.lists(st.one_of(STEPS, STEPS, PUBLISHED), min_size=10, max_size=30)
IN_ANY_ORDER = {b"UNSUBSCRIBE", b"PUNSUBSCRIBE", b"SUNSUBSCRIBE", b"PUBSUB", b"EXEC", b"PUBLISH"}
"""Which channel is left first, or which pattern comes first, is up to Redis's hashing."""


def _lines(replies: bytes) -> list[bytes]:
    return sorted(replies.split(b"\r\n"))


@pytest.fixture
def clients(raw: RawPair) -> Iterator[Clients]:
    clients = Clients(raw, 3)
    yield clients
    clients.close()


@given(HISTORIES)
def test_the_bytes_are_those_of_redis(raw: RawPair, steps: list[tuple[int, list[bytes]]]) -> None:
    clients = Clients(raw, 3)
    queueing = set()
    try:
        for number, words in steps:
            if words[0] == b"CLIENT" and number in queueing:
                continue  # silenced within EXEC Redis sends less than it announces
            if words[0] == b"MULTI":
                queueing.add(number)
            elif words[0] in (b"EXEC", b"RESET"):
                queueing.discard(number)
            clients.ask(number, *words, shape=_lines if words[0] in IN_ANY_ORDER else bytes)
    finally:
        clients.close()


def test_quit_and_the_end_of_a_connection_end_subscriptions(raw: RawPair, clients: Clients) -> None:
    clients.ask(0, "SUBSCRIBE", "a")
    clients.ask(1, "PSUBSCRIBE", "*")
    clients.disconnect(1)
    assert clients.ask(2, "PUBLISH", "a", "x")[2] == b":1\r\n"
    clients.ask(0, "QUIT")
    assert clients.pairs[0][0].closed
    clients.disconnect(0)
    assert clients.ask(2, "PUBLISH", "a", "x")[2] == b":0\r\n"
    assert not raw.store._shared.hub.channels


def test_two_channels_are_confirmed_within_exec(clients: Clients) -> None:
    clients.ask(0, "MULTI")
    clients.ask(0, "SUBSCRIBE", "a", "b")
    clients.ask(0, "PING")
    clients.ask(0, "UNSUBSCRIBE", "a")
    clients.ask(0, "SSUBSCRIBE", "s")
    assert clients.ask(0, "EXEC")[0].count(b"subscribe") == 3
    assert clients.ask(1, "PUBLISH", "b", "x")[0]
    clients.ask(0, "PING", "again")


def test_what_transactions_publish_comes_in_order(raw: RawPair, clients: Clients) -> None:
    clients.ask(2, "CONFIG", "SET", "notify-keyspace-events", "KEA")
    clients.ask(2, "CONFIG", "GET", "notify-keyspace-events")
    clients.ask(0, "SUBSCRIBE", "news", "__keyevent@0__:set", "__keyevent@0__:del", "__keyspace@0__:l")
    for words in (["MULTI"], ["SET", "a", "1"], ["PUBLISH", "news", "x"], ["DEL", "a"], ["RPUSH", "l", "1"]):
        clients.ask(1, *words)
    assert clients.ask(1, "EXEC")[0].count(b"message") == 4
    clients.ask(1, "LPOP", "l")
    clients.ask(1, "SET", "a", "1", "PX", "100")
    clients.ask(0, "SUBSCRIBE", "__keyevent@0__:expired")
    raw.advance(1)
    assert b"expired" in clients.ask(2, "PING")[0]


def test_who_waits_is_served_with_its_events(clients: Clients) -> None:
    clients.ask(2, "CONFIG", "SET", "notify-keyspace-events", "EA")
    clients.ask(0, "PSUBSCRIBE", "__keyevent@0__:*")
    clients.ask(1, "BLMOVE", "l", "m", "LEFT", "RIGHT", "0")
    assert clients.ask(2, "RPUSH", "l", "1", "2")[0].count(b"pmessage") == 3


def test_what_scripts_publish_comes_in_order(clients: Clients) -> None:
    pytest.importorskip("lupa")
    clients.ask(2, "CONFIG", "SET", "notify-keyspace-events", "EA")
    clients.ask(0, "SUBSCRIBE", "news", "__keyevent@0__:set", "__keyevent@0__:incrby")
    script = "redis.call('set', 'a', 1) redis.call('publish', 'news', 'x') return redis.call('incr', 'a')"
    assert clients.ask(1, "EVAL", script, "0")[0].count(b"message") == 3


def test_own_messages_come_after_the_reply(raw: RawPair) -> None:
    """As in Redis 7.2; Redis 7.0 puts some of them before it, or within it."""
    wire = Wire(raw.store, 3)
    wire.ask("SUBSCRIBE", "a")
    assert wire.ask("PUBLISH", "a", "x") == b":1\r\n>3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nx\r\n"


def test_a_client_that_listens_is_shown_as_such(clients: Clients) -> None:
    def told(replies: bytes) -> set[bytes]:
        return set(re.findall(rb"(?:sub|psub|ssub)=\S+", replies))

    clients.ask(0, "SUBSCRIBE", "a", "b", "c")
    clients.ask(0, "PSUBSCRIBE", "a")
    clients.ask(0, "SSUBSCRIBE", "a", "b")
    wire, plug = clients.pairs[2]
    theirs, own = plug.ask("CLIENT", "LIST", "TYPE", "pubsub"), wire.ask("CLIENT", "LIST", "TYPE", "pubsub")
    assert told(theirs) == told(own) == {b"sub=3", b"psub=1", b"ssub=2"}
    assert b"flags=PU " in theirs
    assert b"flags=P " in own
    clients.ask(2, "CLIENT", "KILL", "TYPE", "pubsub")
    assert clients.pairs[0][0].closed


def test_who_may_not_hear_any_more_is_cut_off(clients: Clients) -> None:
    setuser = ["ACL", "SETUSER", "ann", "on", "nopass", "+@all", "~*"]
    clients.ask(2, *setuser, "resetchannels", "&a*", "&[b]*")
    for number in (0, 1):
        clients.ask(number, "AUTH", "ann", "")
    assert clients.ask(0, "SUBSCRIBE", "c")[0].startswith(b"-NOPERM")
    clients.ask(0, "PSUBSCRIBE", "a*")
    clients.ask(1, "PSUBSCRIBE", "[b]*")
    clients.ask(2, *setuser, "resetchannels", "&a*")
    assert [wire.closed for wire, _ in clients.pairs] == [False, True, False]
    assert clients.pairs[1][1].arrived() == THE_END


def test_closing_the_store_ends_connections_that_listen() -> None:
    store = Store(clock=ManualClock())
    wire = Wire(store)
    wire.ask("SUBSCRIBE", "a")
    store.close()
    wire.receive()
    assert wire.closed


def test_config_enables_events_of_the_store_and_says_what_it_was_opened_with() -> None:
    store = Store(notify_keyspace_events="Kx")
    wire = Wire(store)
    assert wire.ask("CONFIG", "GET", "notify-keyspace-events").endswith(b"xK\r\n")
    wire.ask("CONFIG", "SET", "notify-keyspace-events", "EAn")
    inbox = store.pubsub()
    inbox.psubscribe("__key*")
    store.set("a", 1)
    said = [message["channel"] for message in iter(inbox.get_message, None)]
    assert said[1:] == [b"__keyevent@0__:new", b"__keyevent@0__:set"]


# redis-py in the process


def test_a_thread_may_subscribe_while_another_reads() -> None:
    store = Store()
    client = Redis(store)
    heard: list[Any] = []
    inbox = client.pubsub(ignore_subscribe_messages=True)
    inbox.subscribe(first=lambda message: heard.append(message["data"]))
    reader = inbox.run_in_thread(sleep_time=0.05)
    for number in range(20):
        inbox.subscribe(**{f"c{number}": lambda message: heard.append(message["data"])})
        assert store.publish(f"c{number}", number) == 1
    deadline = time.monotonic() + 20
    while len(heard) < 20 and time.monotonic() < deadline:
        time.sleep(0.001)
    reader.stop()
    reader.join(20)
    assert heard == [b"%d" % number for number in range(20)]


def test_keys_expire_in_time_for_a_client_that_waits() -> None:
    store = Store(notify_keyspace_events="Ex")
    inbox = Redis(store).pubsub(ignore_subscribe_messages=True)
    inbox.subscribe("__keyevent@0__:expired")
    assert inbox.get_message(timeout=1) is None
    store.set("late", "x", ex=3600)
    threading.Timer(0.02, lambda: store.set("soon", "x", px=20)).start()
    message = inbox.get_message(timeout=20)
    assert message is not None
    assert message["data"] == b"soon"
    inbox.close()
    assert not store._shared.alarms


def test_a_client_that_listens_may_wait_for_something_else() -> None:
    client = Redis(Store(), single_connection_client=True)
    connection = client.connection
    connection.send_command("SUBSCRIBE", "news")
    assert connection.read_response(push_request=True) == [b"subscribe", b"news", 1]
    start = time.monotonic()
    assert client.blpop("nothing", timeout=0.05) is None
    assert 0.04 < time.monotonic() - start < 10


def test_a_server_hears_from_threads() -> None:
    """No message is lost between the thread that publishes and the one that writes."""
    store = Store()
    wire = Wire(store, 3)
    wire.ask("SUBSCRIBE", "a")
    count, publishers = 500, 3
    threads = [
        threading.Thread(target=lambda: [store.publish("a", "x") for _ in range(count)])
        for _ in range(publishers)
    ]
    for thread in threads:
        thread.start()
    received = b""
    while any(thread.is_alive() for thread in threads):
        received += wire.ask("PING")
    for thread in threads:
        thread.join()
    received += wire.ask("PING")
    assert received.count(b"message") == count * publishers
