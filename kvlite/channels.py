"""Channels: who hears what is published, and in which order.

A store has one hub, for all its databases. Whoever wants to hear of something is a `Subscriber` of it: a
session of the wire, or what stands behind a `PubSub` of this process.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import Enum
from typing import TypeAlias

from .globs import compile_glob

Message: TypeAlias = tuple[bytes, ...]
"""As Redis sends it: `message`, channel, data; `smessage`, channel, data; or `pmessage`, pattern,
channel, data."""

Confirmation: TypeAlias = tuple[bytes, bytes | None, int]
"""What Redis answers to a subscription: `subscribe` or the like, the name, how many there are then."""


class Kind(Enum):
    """What is subscribed to. The value is the letter before `subscribe`, `unsubscribe` and `message`."""

    CHANNEL = b""
    PATTERN = b"p"
    SHARD = b"s"


class Subscriber:
    """Somebody who hears of messages, and what he is subscribed to, in the order of subscription."""

    def __init__(self) -> None:
        self.subscriptions: dict[Kind, dict[bytes, None]] = {kind: {} for kind in Kind}

    def count(self, kind: Kind) -> int:
        """What is counted in the reply to a subscription: shard channels alone, the others together."""
        held = self.subscriptions
        if kind is Kind.SHARD:
            return len(held[Kind.SHARD])
        return len(held[Kind.CHANNEL]) + len(held[Kind.PATTERN])

    def deliver(self, message: Message) -> None:
        """Take a message. Called under the store's lock, by the thread that published: it must neither block
        nor subscribe to anything."""
        raise NotImplementedError

    def dismiss(self, why: str) -> None:
        """Nothing comes any more: the store is closed. Called under the store's lock."""
        raise NotImplementedError


Audience: TypeAlias = dict[Subscriber, None]


class Hub:
    """The subscriptions to one store. Every method but `drop` is called under the store's lock."""

    def __init__(self) -> None:
        self.channels: dict[bytes, Audience] = {}
        self.patterns: dict[bytes, Audience] = {}
        self.shards: dict[bytes, Audience] = {}
        self.held: list[tuple[list[Subscriber], Message]] = []
        """What was published by changes that are not complete, and who is to hear of it."""
        self._matchers: dict[bytes, Callable[[bytes], bool]] = {}
        self._dropped: deque[Subscriber] = deque()

    # Subscribing

    def audiences(self, kind: Kind) -> dict[bytes, Audience]:
        """By channel or pattern, who is subscribed to it: never nobody."""
        if self._dropped:
            self._sweep()
        return (
            self.channels if kind is Kind.CHANNEL else self.patterns if kind is Kind.PATTERN else self.shards
        )

    def subscribe(self, subscriber: Subscriber, kind: Kind, name: bytes) -> Confirmation:
        """Let `subscriber` hear of `name`, after those who do so far; nothing changes if he does. O(1)."""
        if kind is Kind.PATTERN and name not in self._matchers:
            self._matchers[name] = pattern_matcher(name)
        self.audiences(kind).setdefault(name, {})[subscriber] = None
        subscriber.subscriptions[kind][name] = None
        return kind.value + b"subscribe", name, subscriber.count(kind)

    def unsubscribe(self, subscriber: Subscriber, kind: Kind, name: bytes) -> Confirmation:
        """Let `subscriber` hear of `name` no more; nothing changes if he does not. O(1)."""
        if name in subscriber.subscriptions[kind]:
            del subscriber.subscriptions[kind][name]
            audiences = self.audiences(kind)
            del audiences[name][subscriber]
            if not audiences[name]:
                del audiences[name]
                if kind is Kind.PATTERN:
                    del self._matchers[name]
        return kind.value + b"unsubscribe", name, subscriber.count(kind)

    def unsubscribe_all(self, subscriber: Subscriber, kind: Kind) -> list[Confirmation]:
        """`unsubscribe` from all of this kind; something is confirmed in any case. O(subscriptions)."""
        names = list(subscriber.subscriptions[kind])
        confirmed = [self.unsubscribe(subscriber, kind, name) for name in names]
        return confirmed or [(kind.value + b"unsubscribe", None, subscriber.count(kind))]

    def leave(self, subscriber: Subscriber) -> None:
        """Let `subscriber` hear of nothing any more. O(his subscriptions)."""
        for kind in Kind:
            self.unsubscribe_all(subscriber, kind)

    def drop(self, subscriber: Subscriber) -> None:
        """`leave`, soon: for finalizers, which run anywhere, within these methods too, and may not wait."""
        self._dropped.append(subscriber)

    def _sweep(self) -> None:
        while self._dropped:
            self.leave(self._dropped.popleft())

    def dismiss(self, why: str) -> None:
        """Tell every subscriber that the store is closed."""
        everybody = {
            subscriber: None
            for kind in Kind
            for audience in self.audiences(kind).values()
            for subscriber in audience
        }
        for subscriber in everybody:
            self.leave(subscriber)
            subscriber.dismiss(why)

    # Publishing

    def publish(self, channel: bytes, data: bytes, hold: bool = False) -> int:
        """Send `data` to those who subscribed to `channel`, then to those whose patterns match it; how many
        they are, each counted as often as he gets it. O(subscribers + patterns).

        With `hold` it is sent by the next `send_held`, to those who are subscribed now.
        """
        if self._dropped:
            self._sweep()
        receivers = 0
        audience = self.channels.get(channel)
        if audience is not None:
            receivers += self._send(audience, (b"message", channel, data), hold)
        for pattern, matches in self._matchers.items():
            if matches(channel):
                message = (b"pmessage", pattern, channel, data)
                receivers += self._send(self.patterns[pattern], message, hold)
        return receivers

    def publish_to_shard(self, channel: bytes, data: bytes, hold: bool = False) -> int:
        """`publish` to those who subscribed to the shard channel."""
        audience = self.audiences(Kind.SHARD).get(channel)
        return 0 if audience is None else self._send(audience, (b"smessage", channel, data), hold)

    def _send(self, audience: Audience, message: Message, hold: bool) -> int:
        subscribers = list(audience)
        if hold:
            self.held.append((subscribers, message))
        else:
            for subscriber in subscribers:
                subscriber.deliver(message)
        return len(subscribers)

    def send_held(self) -> None:
        """Send what was held: what was being done is complete."""
        held, self.held = self.held, []
        for subscribers, message in held:
            for subscriber in subscribers:
                subscriber.deliver(message)


def pattern_matcher(pattern: bytes) -> Callable[[bytes], bool]:
    """Whether a channel matches `pattern`: as KEYS, but that `*` does not match the empty name."""
    return bool if pattern == b"*" else compile_glob(pattern)
