"""Channels, keyspace events and PubSub objects: what needs no redis-server to be told right from wrong."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kvlite import ConnectionError, ManualClock, PersistenceError, Store, StoreClosedError
from kvlite.channels import Hub, Kind, Message, Subscriber
from kvlite.events import event_classes
from kvlite.pubsub import PubSub

WAIT = 20
"""Seconds after which something that was to come never will."""


class Ear(Subscriber):
    """Notes what is delivered, in a list it may share with others."""

    def __init__(self, name: str, heard: list[tuple[str, Message]]) -> None:
        super().__init__()
        self.name = name
        self.heard = heard

    def deliver(self, message: Message) -> None:
        self.heard.append((self.name, message))

    def dismiss(self, why: str) -> None:
        self.heard.append((self.name, (why.encode(),)))


class Undo(Exception):
    """Raised in a block that is to be rolled back."""


def drain(inbox: PubSub[Any]) -> list[Any]:
    """The data of all messages that have come, of channels as `channel: data`."""
    found = []
    while (message := inbox.get_message()) is not None:
        if message["type"] in ("message", "pmessage", "smessage"):
            found.append(message["data"])
    return found


def events_of(store: Store[Any], *patterns: str) -> Callable[[], list[str]]:
    """What gives the events of database 0 since it was called last, as `event key`."""
    inbox = store.pubsub()
    inbox.psubscribe(*(patterns or ("__keyevent@0__:*",)))

    def since() -> list[str]:
        found = []
        while (message := inbox.parse_response(block=False)) is not None:
            if message[0] == b"pmessage":
                found.append(f"{message[2].decode().split(':')[1]} {message[3].decode()}")
        return found

    return since


@pytest.fixture
def store() -> Iterator[Store[bytes]]:
    with Store(notify_keyspace_events="KEA") as store:
        yield store


# Channels


def test_channels_come_first_then_patterns_in_the_order_of_subscription() -> None:
    hub = Hub()
    heard: list[tuple[str, Message]] = []
    ann, bob = Ear("ann", heard), Ear("bob", heard)
    hub.subscribe(ann, Kind.PATTERN, b"n*")
    hub.subscribe(bob, Kind.CHANNEL, b"news")
    hub.subscribe(bob, Kind.PATTERN, b"*s")
    hub.subscribe(ann, Kind.CHANNEL, b"news")
    hub.subscribe(bob, Kind.PATTERN, b"n*")
    assert hub.publish(b"news", b"x") == 5
    assert heard == [
        ("bob", (b"message", b"news", b"x")),
        ("ann", (b"message", b"news", b"x")),
        ("ann", (b"pmessage", b"n*", b"news", b"x")),
        ("bob", (b"pmessage", b"n*", b"news", b"x")),
        ("bob", (b"pmessage", b"*s", b"news", b"x")),
    ]


def test_a_shard_channel_is_another_channel() -> None:
    hub = Hub()
    heard: list[tuple[str, Message]] = []
    ear = Ear("ann", heard)
    hub.subscribe(ear, Kind.SHARD, b"a")
    hub.subscribe(ear, Kind.PATTERN, b"*")
    assert hub.publish_to_shard(b"a", b"x") == 1
    assert hub.publish_to_shard(b"b", b"x") == 0
    assert heard == [("ann", (b"smessage", b"a", b"x"))]


def test_who_leaves_leaves_nothing_behind() -> None:
    hub = Hub()
    ear = Ear("ann", [])
    for kind in Kind:
        for name in (b"a", b"b"):
            hub.subscribe(ear, kind, name)
            hub.subscribe(ear, kind, name)
    assert [ear.count(kind) for kind in Kind] == [4, 4, 2]
    hub.leave(ear)
    assert [ear.count(kind) for kind in Kind] == [0, 0, 0]
    assert not any(hub.audiences(kind) for kind in Kind)
    assert not hub._matchers
    assert hub.publish(b"a", b"x") == 0


def test_all_databases_share_their_channels(store: Store[bytes]) -> None:
    with store.select(3).pubsub() as inbox:
        inbox.subscribe("news")
        assert store.publish("news", "x") == 1
        assert store.select(5).pubsub_channels() == [b"news"]


# Transactions


def test_what_is_undone_was_never_published(store: Store[bytes]) -> None:
    since = events_of(store)
    with store.pubsub() as inbox:
        inbox.subscribe("news")
        with pytest.raises(Undo), store.atomic():
            store.set("a", 1)
            assert store.publish("news", "from within") == 1
            raise Undo
        store.publish("news", "after")
        assert drain(inbox) == [b"after"]
    assert since() == []


def test_an_inner_block_takes_back_its_own_part_only(store: Store[bytes]) -> None:
    since = events_of(store)
    with store.atomic():
        store.set("outer", 1)
        with pytest.raises(Undo), store.atomic():
            store.set("inner", 1)
            raise Undo
        store.set("later", 1)
        assert since() == []
    assert since() == ["set outer", "set later"]


def test_messages_and_events_keep_their_order(store: Store[bytes]) -> None:
    with store.pubsub() as inbox:
        inbox.psubscribe("__keyevent@0__:*", "news")
        pipe = (
            store.pipeline()
            .set("a", 1)
            .publish("news", "x")
            .lpush("b", 1)
            .delete("a", "b")
            .publish("news", "y")
        )
        assert pipe.execute() == [True, 1, 1, 2, 1]
        assert drain(inbox) == [b"a", b"x", b"b", b"a", b"b", b"y"]


def test_a_failed_record_is_no_event(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise PersistenceError("the disk is full")

    store = Store(tmp_path / "store", notify_keyspace_events="KEA")
    since = events_of(store)
    with monkeypatch.context() as patch:
        patch.setattr(store._shared.journal, "end_batch", fail)
        with pytest.raises(PersistenceError):
            store.mset({"a": 1, "b": 2})
    store.set("c", 3)
    assert since() == ["set c"]
    store.close()


# Events


def test_events_are_off_unless_they_are_asked_for() -> None:
    for letters in ("", "A", "K", "g$"):
        store = Store(notify_keyspace_events=letters)
        since = events_of(store, "*")
        store.set("a", 1)
        store.delete("a")
        assert since() == []


def test_events_can_be_turned_on_and_off(store: Store[bytes]) -> None:
    since = events_of(store)
    store.select(1)
    assert not store._unobserved
    store._shared.notify_events(0)
    assert store._unobserved
    for _ in range(2):
        store.set("a", 1)
        store.incr("a")
        store.lpush("l", 1)
        store.hset("h", "f", 1)
        store.sadd("s", 1)
    assert since() == []
    store._shared.notify_events(event_classes("E$"))
    store.set("a", 2)
    store.incr("a")
    store.lpush("l", 1)
    assert since() == ["set a", "incrby a"]


def test_a_database_opened_later_has_events_too(store: Store[bytes]) -> None:
    since = events_of(store, "__keyevent@7__:*")
    store.select(7).set("a", 1)
    assert since() == ["set a"]


def test_keys_expire_in_the_order_of_their_deadlines() -> None:
    store = Store(clock=ManualClock(), notify_keyspace_events="Ex")
    since = events_of(store)
    for key, seconds in (("c", 3), ("a", 1), ("b", 2), ("later", 10)):
        store.set(key, "x", ex=seconds)
    store.advance(5)
    assert since() == ["expired a", "expired b", "expired c"]


def test_a_dead_key_is_said_to_be_dead_before_it_is_overwritten() -> None:
    clock = ManualClock()
    store = Store(clock=clock, notify_keyspace_events="EA")
    for number in range(50):
        store.set(f"k{number}", "x", ex=1)
    since = events_of(store)
    clock._now += 2000  # time that passes by itself
    store.set("k49", "new")
    said = since()
    assert sorted(said[:-1]) == sorted(f"expired k{number}" for number in range(50))
    assert said[-1] == "set k49"


def test_reading_a_dead_key_is_its_end_and_a_miss() -> None:
    clock = ManualClock()
    store = Store(clock=clock, notify_keyspace_events="EAm")
    store.set("a", "x", ex=1)
    since = events_of(store)
    clock._now += 2000
    assert store.get("a") is None
    assert since() == ["expired a", "keymiss a"]


def test_a_key_that_lasts_is_not_missed(store: Store[bytes]) -> None:
    store._shared.notify_events(event_classes("Em"))
    since = events_of(store)
    store.set("a", 1)
    assert store.get("a") == b"1"
    assert "a" in store
    assert "b" not in store
    assert store.get("b") is None
    assert since() == ["keymiss b", "keymiss b"]


def test_fields_have_events_of_their_own() -> None:
    """As Redis 7.4 documents them; the oracle has no fields with deadlines."""
    store = Store(clock=ManualClock(), notify_keyspace_events="EA")
    since = events_of(store)
    store.hset("h", mapping={"a": 1, "b": 2, "c": 3})
    store.hexpire("h", 10, "a", "b", "missing")
    store.hpersist("h", "a", "c")
    store.hpersist("h", "c")
    store.hexpire("h", 0, "c")
    assert since() == ["hset h", "hexpire h", "hpersist h", "hdel h"]
    store.advance(10)
    assert since() == ["hexpired h"]
    store.hpexpire("h", 5, "a")
    store.advance(1)
    assert since() == ["hexpire h", "hexpired h", "del h"]
    store.hsetex("h", mapping={"a": 1, "b": 2}, ex=5)
    store.hgetex("h", "a", persist=True)
    store.hgetex("h", "a", ex=7)
    store.hgetex("h", "b", pxat=1)
    store.hgetdel("h", "a", "missing")
    assert since() == ["hset h", "hexpire h", "hpersist h", "hexpire h", "hdel h", "hdel h", "del h"]
    store.hset("h", "a", 1)
    store.hsetex("h", "a", 2, pxat=1)
    assert since() == ["hset h", "hdel h", "del h"]


def test_who_is_served_pops_after_the_push(store: Store[bytes]) -> None:
    since = events_of(store)
    served: list[Any] = []
    threads = [threading.Thread(target=lambda: served.append(store.blpop("jobs", WAIT))) for _ in range(2)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + WAIT
    while len(store._lines.get(b"jobs", ())) < 2 and time.monotonic() < deadline:
        time.sleep(0.001)
    store.rpush("jobs", "one", "two")
    for thread in threads:
        thread.join()
    assert sorted(served) == [(b"jobs", b"one"), (b"jobs", b"two")]
    assert since() == ["rpush jobs", "lpop jobs", "lpop jobs", "del jobs"]


def test_a_store_that_is_opened_again_tells_no_old_news(tmp_path: Path) -> None:
    with Store(tmp_path / "store", notify_keyspace_events="KEAn") as store:
        store.set("a", 1)
        since = events_of(store)
        store.incr("a")
        store.set("b", 1)
        assert since() == ["incrby a", "new b", "set b"]
    with Store(tmp_path / "store", notify_keyspace_events="KEAn") as store:
        since = events_of(store)
        store.incr("a")
        assert since() == ["incrby a"]


# PubSub objects


def test_keys_expire_in_time_while_somebody_waits_to_hear_of_it(store: Store[bytes]) -> None:
    with store.pubsub(ignore_subscribe_messages=True) as inbox:
        inbox.subscribe("__keyevent@0__:expired")
        store.set("a", "x", px=30)
        start = time.monotonic()
        assert inbox.get_message() is None
        message = inbox.get_message(timeout=WAIT)
        assert message is not None
        assert message["data"] == b"a"
        assert 0.02 < time.monotonic() - start < WAIT / 2
        store.set("b", "x", px=30)
        assert next(inbox.listen())["data"] == b"b"
        assert not store._shared.alarms


def test_a_deadline_set_while_somebody_waits_is_in_time_too(store: Store[bytes]) -> None:
    with store.pubsub(ignore_subscribe_messages=True) as inbox:
        inbox.subscribe("__keyevent@0__:expired")
        inbox.get_message()
        store.set("late", "x", ex=3600)
        timer = threading.Timer(0.05, lambda: store.set("early", "x", px=20))
        timer.start()
        message = inbox.get_message(timeout=WAIT)
        assert message is not None
        assert message["data"] == b"early"


def test_a_poll_lets_expire_what_is_due(store: Store[bytes]) -> None:
    with store.pubsub(ignore_subscribe_messages=True) as inbox:
        inbox.subscribe("__keyevent@0__:expired")
        inbox.get_message()
        store.set("a", "x", px=1)
        time.sleep(0.005)
        message = inbox.get_message()
        assert message is not None
        assert message["data"] == b"a"


def test_waiting_with_a_manual_clock_takes_real_seconds() -> None:
    store = Store(clock=ManualClock(), notify_keyspace_events="Ex")
    with store.pubsub(ignore_subscribe_messages=True) as inbox:
        inbox.subscribe("__keyevent@0__:expired")
        store.set("a", "x", ex=60)
        inbox.get_message()
        assert inbox.get_message(timeout=0.01) is None
        threading.Timer(0.02, store.advance, [60]).start()
        message = inbox.get_message(timeout=WAIT)
        assert message is not None
        assert message["data"] == b"a"


def test_get_message_waits_for_a_subscription(store: Store[bytes]) -> None:
    inbox = store.pubsub(ignore_subscribe_messages=True)
    assert inbox.get_message(timeout=0.01) is None

    def come() -> None:
        inbox.subscribe("news")
        store.publish("news", "x")

    threading.Timer(0.02, come).start()
    assert inbox.get_message(timeout=WAIT) is None
    message = inbox.get_message(timeout=None)
    assert message is not None
    assert message["data"] == b"x"


def test_a_dropped_pubsub_is_not_delivered_to(store: Store[bytes]) -> None:
    inbox = store.pubsub()
    inbox.subscribe("news")
    inbox.psubscribe("n*")
    assert store.publish("news", "x") == 2
    del inbox
    gc.collect()
    assert store.publish("news", "x") == 0
    assert store.pubsub_channels() == []
    assert store.pubsub_numpat() == 0


def test_closing_from_another_thread_ends_the_waiting(store: Store[bytes]) -> None:
    inbox = store.pubsub()
    inbox.subscribe("news")
    got: list[Any] = []
    thread = threading.Thread(target=lambda: got.extend(inbox.listen()))
    thread.start()
    deadline = time.monotonic() + WAIT
    while not got and time.monotonic() < deadline:
        time.sleep(0.001)
    inbox.close()
    thread.join(WAIT)
    assert not thread.is_alive()
    assert [message["type"] for message in got] == ["subscribe"]


def test_who_waits_is_told_that_the_store_is_closed() -> None:
    store = Store()
    inbox = store.pubsub()
    inbox.subscribe("news")
    store.publish("news", "last")
    threading.Timer(0.02, store.close).start()
    assert [inbox.get_message(timeout=WAIT), inbox.get_message(timeout=WAIT)][1] is not None
    for _ in range(2):
        with pytest.raises(StoreClosedError):
            inbox.get_message(timeout=WAIT)
    with pytest.raises(StoreClosedError):
        inbox.subscribe("more")
    with pytest.raises(StoreClosedError):
        store.publish("news", "x")


def test_a_reader_that_is_too_slow_is_cut_off(store: Store[bytes]) -> None:
    with store.pubsub(max_pending=3) as inbox:
        inbox.subscribe("news")
        assert [store.publish("news", str(number)) for number in range(5)] == [1, 1, 1, 0, 0]
        messages = [inbox.get_message() for _ in range(3)]
        assert [message["data"] for message in messages if message] == [1, b"0", b"1"]
        with pytest.raises(ConnectionError, match="3 messages waited"):
            inbox.get_message()
        assert not inbox.subscribed
        inbox.subscribe("news")
        store.publish("news", "again")
        assert drain(inbox) == [b"again"]


def test_no_limit(store: Store[bytes]) -> None:
    with pytest.raises(ValueError, match="0 for no limit, and not -1"):
        store.pubsub(max_pending=-1)
    with store.pubsub(max_pending=0) as inbox:
        inbox.subscribe("news")
        for _ in range(200):
            store.publish("news", "x")
        assert len(drain(inbox)) == 200


def test_a_thread_that_reads(store: Store[bytes]) -> None:
    heard: list[Any] = []
    errors: list[Any] = []
    come = threading.Event()

    def hear(message: dict[str, Any]) -> None:
        heard.append(message["data"])
        if message["data"] == b"bad":
            raise ValueError(message["data"])
        if message["data"] == b"last":
            come.set()

    inbox = store.pubsub()
    inbox.subscribe(news=hear)
    thread = inbox.run_in_thread(
        sleep_time=0.01, daemon=True, exception_handler=lambda *about: errors.append(about)
    )
    assert thread.daemon
    for data in ("first", "bad", "last"):
        store.publish("news", data)
    assert come.wait(WAIT)
    thread.stop()
    thread.join(WAIT)
    assert heard == [b"first", b"bad", b"last"]
    [(error, pubsub, teller)] = errors
    assert isinstance(error, ValueError)
    assert (pubsub, teller) == (inbox, thread)
    assert not inbox.subscribed
    assert store.publish("news", "nobody") == 0


def test_every_message_of_every_thread_comes_in_its_order(store: Store[bytes]) -> None:
    each, publishers = 300, 4
    with store.pubsub(ignore_subscribe_messages=True) as inbox:
        inbox.psubscribe("from:*")

        def publish(number: int) -> None:
            for place in range(each):
                store.publish(f"from:{number}", place)

        threads = [threading.Thread(target=publish, args=[number]) for number in range(publishers)]
        for thread in threads:
            thread.start()
        got: dict[bytes, list[int]] = {}
        for message in inbox.listen():
            got.setdefault(message["channel"], []).append(int(message["data"]))
            if sum(map(len, got.values())) == each * publishers:
                break
        for thread in threads:
            thread.join()
    assert list(got.values()) == [list(range(each))] * publishers


def test_decoded() -> None:
    decoding = Store(decode_responses=True)
    with decoding.pubsub() as inbox:
        inbox.subscribe("é")
        decoding.publish("é", "ü")
        inbox.ping("ping")
        assert [inbox.get_message() for _ in range(3)] == [
            {"type": "subscribe", "pattern": None, "channel": "é", "data": 1},
            {"type": "message", "pattern": None, "channel": "é", "data": "ü"},
            {"type": "pong", "pattern": None, "channel": None, "data": "ping"},
        ]
