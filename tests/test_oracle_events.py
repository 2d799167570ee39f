"""Keyspace events are those of redis-server, in its order: every command there is, in random histories."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from histories import TABLES, commands
from hypothesis import given
from hypothesis import strategies as st
from oracle import Oracle, Pair, Step, ask, histories

from kvlite import Store
from kvlite.channels import Kind, Message, Subscriber
from kvlite.events import event_classes, event_letters

BY_HASH = ("sort", "sort_ro")
"""Commands that look up other keys in the order of a set's members, which is Redis's hashing."""


class Listener(Subscriber):
    """Hears of every event of a store."""

    def __init__(self, store: Store[Any]) -> None:
        super().__init__()
        self.heard: list[Message] = []
        store._shared.hub.subscribe(self, Kind.PATTERN, b"__key*__:*")

    def deliver(self, message: Message) -> None:
        self.heard.append(message[2:])


class EventPair(Pair):
    """A pair whose calls must also cause the same events. The events of advancing come in any order."""

    letters = ""

    def __init__(self, oracle: Oracle, **options: Any) -> None:
        self._subscription = oracle.client().pubsub()
        self._subscription.psubscribe("__key*__:*")
        super().__init__(oracle, **options)

    def enable(self, letters: str) -> None:
        self.letters = letters
        self.redis.config_set("notify-keyspace-events", letters)

    def reset(self) -> None:
        super().reset()
        self.store._shared.notify_events(event_classes(self.letters))
        self.listener = Listener(self.store)
        self.expired: tuple[list[Message], list[Message]] = ([], [])

    def run(self, steps: Iterable[Step]) -> None:
        """Run `steps` from an empty start. The states are compared by the tests of each type."""
        self.reset()
        for number, step in enumerate(steps, 1):
            self.oracle.steps += 1
            try:
                step.run(self)
            except Exception as error:
                error.add_note(f"in step {number}: {step!r}")
                raise
        self.advance(0)
        theirs, own = map(sorted, self.expired)
        assert theirs == own

    def both(self, function: Callable[[Any], Any], *args: Any, **kwargs: Any) -> Any:
        self._heard()
        self.oracle.calls += 1
        theirs = ask(lambda: function(self.redis))
        own = self._own = ask(lambda: function(self.store))
        # What they answer is compared by the tests of each type.
        assert (theirs.error is None) == (own.error is None)
        shown = args[1] if len(args) > 1 else None
        self._compare_events(in_order=shown is None or shown[0] not in BY_HASH)
        return theirs.error or theirs.value

    def advance(self, seconds: float) -> None:
        self._heard()
        super().advance(seconds)
        self._compare_events(in_order=False)

    def _heard(self) -> tuple[list[Message], list[Message]]:
        """What both sides have heard since the last time."""
        own, self.listener.heard = self.listener.heard, []
        self._subscription.ping("so far")
        theirs = []
        while True:
            message = self._subscription.get_message(timeout=None)
            if message is not None and message["type"] == "pong":
                return theirs, own
            if message is not None and message["type"] == "pmessage":
                theirs.append((message["channel"], message["data"]))

    def _compare_events(self, in_order: bool) -> None:
        theirs, own = map(self._without_expired, self._heard(), self.expired)
        if not in_order:
            theirs, own = sorted(theirs), sorted(own)
        if theirs != own:
            raise AssertionError(f"different events\n  redis:  {theirs}\n  kvlite: {own}")

    @staticmethod
    def _without_expired(heard: list[Message], expired: list[Message]) -> list[Message]:
        """What was `heard`; that keys have expired is noted: Redis may notice later that they were dead."""
        expired += [event for event in heard if b"expired" in event[0] + event[1]]
        return [event for event in heard if event not in expired]


@pytest.fixture(scope="module")
def pair(oracle: Oracle) -> EventPair:
    return EventPair(oracle)


HISTORIES = {table: histories(*commands([table]), size=30) for table in TABLES}


@pytest.mark.parametrize("table", TABLES)
@given(st.data())
def test_commands_cause_the_events_of_redis(pair: EventPair, table: str, data: st.DataObject) -> None:
    pair.enable(data.draw(st.sampled_from(["KEAmn", "EAm", "EAn", "KEA"])))
    pair.run(data.draw(HISTORIES[table]))


@given(st.sets(st.sampled_from("KEg$lshzxetnm"), min_size=1).map("".join), histories(*commands(), size=20))
def test_only_the_enabled_classes_are_published(pair: EventPair, letters: str, steps: list[Step]) -> None:
    pair.enable(letters)
    pair.run(steps)


@given(st.text("KEg$lshzxetdnmA", max_size=14))
def test_letters(oracle: Oracle, letters: str) -> None:
    client = oracle.client()
    client.config_set("notify-keyspace-events", letters)
    assert client.config_get()["notify-keyspace-events"] == event_letters(event_classes(letters))


@pytest.mark.parametrize("letters", ["q", "KEAq", "k", " "])
def test_unknown_letters(oracle: Oracle, letters: str) -> None:
    with pytest.raises(ValueError, match="Invalid event class") as own:
        Store(notify_keyspace_events=letters)
    with pytest.raises(Exception, match="CONFIG SET failed") as theirs:
        oracle.client().config_set("notify-keyspace-events", letters)
    assert str(theirs.value).endswith(f" - {own.value}")
