"""Subscribing in this process: PubSub, with the interface of redis-py's, and the thread that serves one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Generic, NamedTuple, Self, TypeAlias

from .channels import Hub, Kind, Message, Subscriber
from .clock import ManualClock
from .encoding import Encodable, encode, encode_all
from .errors import ConnectionError, PubSubError, RedisError, StoreClosedError, wrong_arity
from .keyspace import Keyspace, Shared, T

Handler: TypeAlias = Callable[[dict[str, Any]], Any]
"""Called with each message of what it was subscribed with."""

MAX_PENDING = 100_000
"""How many messages may wait in a PubSub that nobody reads, unless it says otherwise."""


class Subscription(NamedTuple):
    """A channel or pattern and its handler, for names that cannot be keywords."""

    name: Encodable
    handler: Handler | None = None


class Inbox(Subscriber):
    """What has been sent to a PubSub and waits to be read, which ends with an error if it is too much."""

    def __init__(self, hub: Hub, limit: int) -> None:
        super().__init__()
        self.queue: SimpleQueue[Any] = SimpleQueue()
        """Messages, confirmations, errors to raise, and None to look again at what is waited for."""
        self._hub = hub
        self._limit = limit
        self._overrun = False
        self._roused = False

    def put(self, item: Any) -> None:
        """Add to the queue."""
        self.queue.put(item)

    def deliver(self, message: Message) -> None:
        if self._overrun:
            return
        if self._limit and self.queue.qsize() >= self._limit:
            self._overrun = True
            self._hub.drop(self)
            self.put(ConnectionError(f"{self._limit} messages waited and nobody read them"))
        else:
            self.put(message)

    def dismiss(self, why: str) -> None:
        self.put(StoreClosedError(why))

    def rouse(self) -> None:
        """Let who waits look again at what is waited for."""
        if not self._roused:
            self._roused = True
            self.put(None)

    def take(self, timeout: float | None) -> Any:
        """The next item of the queue; Empty after `timeout` seconds, if it is not None."""
        if timeout is not None:
            timeout = min(timeout, threading.TIMEOUT_MAX)
        item = self.queue.get(timeout=timeout) if timeout is None or timeout > 0 else self.queue.get_nowait()
        if item is None:
            self._roused = False
        return item


class Subscribing(Keyspace[T]):
    """Where a PubSub comes from."""

    def pubsub(self, **kwargs: Any) -> PubSub[T]:
        """Something to subscribe to channels with and to read what comes; the options are those of PubSub."""
        return PubSub(self, **kwargs)


class PubSub(Generic[T]):
    """Subscriptions, and the messages that have come and were not read yet. As in redis-py:

    >>> inbox = store.pubsub(ignore_subscribe_messages=True)
    >>> inbox.subscribe("news")
    >>> store.publish("news", "hello")
    1
    >>> inbox.get_message()
    >>> inbox.get_message()
    {'type': 'message', 'pattern': None, 'channel': b'news', 'data': b'hello'}

    A message is a dict of `type`, `pattern`, `channel` and `data`; confirmations of subscriptions are
    messages too. Those of a channel with a handler go to it, when they are read, in the thread that reads.
    One thread may subscribe while another reads.
    """

    def __init__(
        self,
        store: Keyspace[T],
        shard_hint: str | None = None,
        ignore_subscribe_messages: bool = False,
        push_handler_func: Callable[[list[Any]], Any] | None = None,
        max_pending: int = MAX_PENDING,
    ) -> None:
        """`ignore_subscribe_messages` leaves out confirmations, for which `get_message` returns None.

        When `max_pending` messages wait to be read, 0 being no limit, the subscriptions end; whoever reads
        gets those and then a ConnectionError. ValueError for less than 0. `push_handler_func` is given what
        comes, as a list, and returns what is to be made a message of. `shard_hint` has no meaning here.
        """
        if max_pending < 0:
            raise ValueError(f"max_pending is a number of messages, or 0 for no limit, and not {max_pending}")
        self.shard_hint = shard_hint
        self.ignore_subscribe_messages = ignore_subscribe_messages
        self.push_handler_func = push_handler_func
        self.max_pending = max_pending
        self.subscribed_event = threading.Event()
        self._store = store
        self._inbox: Inbox | None = None
        self._forget()

    def _forget(self) -> None:
        self.channels: dict[T, Handler | None] = {}
        self.patterns: dict[T, Handler | None] = {}
        self.shard_channels: dict[T, Handler | None] = {}
        self._handlers = {
            Kind.CHANNEL: self.channels,
            Kind.PATTERN: self.patterns,
            Kind.SHARD: self.shard_channels,
        }
        self._leaving: dict[Kind, set[T]] = {kind: set() for kind in Kind}
        """What is unsubscribed from, and the confirmation not read yet."""
        self.subscribed_event.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.reset()

    def __del__(self) -> None:
        inbox = getattr(self, "_inbox", None)
        if inbox is not None:
            self._shared.hub.drop(inbox)

    @property
    def _shared(self) -> Shared:
        return self._store._shared

    @property
    def subscribed(self) -> bool:
        """Whether there are subscriptions, as far as confirmations have been read."""
        return self.subscribed_event.is_set()

    def reset(self) -> None:
        """End all subscriptions, and forget what was not read. It can be subscribed with again."""
        inbox, self._inbox = self._inbox, None
        if inbox is not None:
            with self._shared.lock:
                self._shared.hub.leave(inbox)
            inbox.rouse()
        self._forget()

    close = reset

    # Subscribing

    def subscribe(self, *args: Any, **kwargs: Handler) -> None:
        """Subscribe to channels: names, or keywords with handlers, or Subscriptions."""
        self._subscribe(Kind.CHANNEL, args, kwargs)

    def psubscribe(self, *args: Any, **kwargs: Handler) -> None:
        """Subscribe to patterns of channels, as `subscribe`."""
        self._subscribe(Kind.PATTERN, args, kwargs)

    def ssubscribe(self, *args: Any, target_node: object = None, **kwargs: Handler) -> None:
        """Subscribe to shard channels, as `subscribe`. `target_node` has no meaning here."""
        self._subscribe(Kind.SHARD, args, kwargs)

    def unsubscribe(self, *args: Any) -> None:
        """Unsubscribe from channels, from all if none is named."""
        self._unsubscribe(Kind.CHANNEL, args)

    def punsubscribe(self, *args: Any) -> None:
        """Unsubscribe from patterns, from all if none is named."""
        self._unsubscribe(Kind.PATTERN, args)

    def sunsubscribe(self, *args: Any, target_node: object = None) -> None:
        """Unsubscribe from shard channels, from all if none is named. `target_node` has no meaning here."""
        self._unsubscribe(Kind.SHARD, args)

    def _subscribe(self, kind: Kind, args: tuple[Any, ...], kwargs: dict[str, Handler]) -> None:
        wanted: dict[Encodable, Handler | None] = {}
        for each in _one_or_many(args):
            name = (
                each if isinstance(each, (bytes, str, bytearray, memoryview)) else getattr(each, "name", each)
            )
            wanted[name] = getattr(each, "handler", None)
        wanted.update(kwargs)
        names = encode_all(wanted)
        self._store._acquire()
        try:
            inbox, hub = self._opened(), self._shared.hub
            for name in names:
                inbox.put(hub.subscribe(inbox, kind, name))
            if not names:
                inbox.put(wrong_arity(f"{kind.value.decode()}subscribe"))
        finally:
            self._store._release()
        named = dict(zip(map(self._store._one, names), wanted.values(), strict=True))
        self._handlers[kind].update(named)
        self._leaving[kind].difference_update(named)
        self.subscribed_event.set()

    def _unsubscribe(self, kind: Kind, args: tuple[Any, ...]) -> None:
        names = encode_all(_one_or_many(args))
        self._leaving[kind].update(map(self._store._one, names) if names else self._handlers[kind])
        self._store._acquire()
        try:
            inbox, hub = self._opened(), self._shared.hub
            confirmed = [hub.unsubscribe(inbox, kind, name) for name in names]
            for confirmation in confirmed or hub.unsubscribe_all(inbox, kind):
                inbox.put(confirmation)
        finally:
            self._store._release()

    def _opened(self) -> Inbox:
        if self._inbox is None:
            self._inbox = self._new_inbox()
        return self._inbox

    def _new_inbox(self) -> Inbox:
        return Inbox(self._shared.hub, self.max_pending)

    def ping(self, message: Encodable | None = None) -> None:
        """Send a `pong` with `message` to oneself, behind what has come until then."""
        text = b"" if message is None else encode(message)
        self._store._acquire()
        try:
            self._opened().queue.put((b"pong", text))
        finally:
            self._store._release()

    # Reading

    def get_message(
        self, ignore_subscribe_messages: bool = False, timeout: float | None = 0.0
    ) -> dict[str, Any] | None:
        """The next message, waiting for `timeout` seconds at most, None being for ever; None if none came.

        None also when what came went to a handler, or is a confirmation that is not wanted. Seconds are real
        ones, whatever clock the store has. StoreClosedError when the store was closed. While it is waited,
        keys of a store that publishes events expire in time.
        """
        if not self.subscribed:
            start = time.monotonic()
            if not self.subscribed_event.wait(timeout):
                return None
            if timeout is not None:
                timeout = max(0.0, timeout - (time.monotonic() - start))
        response = self.parse_response(block=timeout is None, timeout=timeout or 0.0)
        return self.handle_message(response, ignore_subscribe_messages)

    get_sharded_message = get_message

    def listen(self) -> Iterator[dict[str, Any]]:
        """Every message as it comes, until nothing is subscribed to."""
        while self.subscribed:
            message = self.handle_message(self.parse_response())
            if message is not None:
                yield message

    def parse_response(self, block: bool = True, timeout: float = 0) -> Any:
        """What came next, as a list, for `handle_message`; without `block` None if it takes too long.

        RuntimeError if there has been no subscription yet.
        """
        inbox = self._required()
        return self._response(inbox, self._take(inbox, None if block else timeout))

    def _required(self) -> Inbox:
        if self._inbox is None:
            raise RuntimeError(
                "pubsub connection not set: did you forget to call subscribe() or psubscribe()?"
            )
        return self._inbox

    def _response(self, inbox: Inbox, item: Any) -> Any:
        if isinstance(item, RedisError):
            self._end(inbox, item)
            raise item
        if item is None:
            return None
        response = [self._store._one(part) if isinstance(part, bytes) else part for part in item]
        if self.push_handler_func is not None and item[0] != b"pong":
            return self.push_handler_func(response)
        return response

    def _end(self, inbox: Inbox, error: RedisError) -> None:
        """Draw the consequences of an error that is about to be raised."""
        if isinstance(error, StoreClosedError):
            inbox.put(StoreClosedError(*error.args))  # for the next who reads
        elif isinstance(error, ConnectionError):
            self.reset()

    def _take(self, inbox: Inbox, timeout: float | None) -> Any:
        """The next item, or None. While it waits keys expire whose time comes, if anybody is to be told."""
        shared = self._shared
        give_up = None if timeout is None else time.monotonic() + timeout
        while inbox is self._inbox:
            left = None if give_up is None else give_up - time.monotonic()
            try:
                item = inbox.take(0)
            except Empty:
                if left is not None and left <= 0:
                    return self._take_what_is_due(inbox)
                item = self._wait(shared, inbox, left)
            if item is not None:
                return item
        return None

    def _take_what_is_due(self, inbox: Inbox) -> Any:
        _run_due(self._shared)
        try:
            return inbox.take(0)
        except Empty:
            return None

    @staticmethod
    def _wait(shared: Shared, inbox: Inbox, seconds: float | None) -> Any:
        """The next item, or None if there is a reason to look again."""
        with listening(shared, inbox.rouse) as due:
            waits = [wait for wait in (seconds, due) if wait is not None]
            try:
                return inbox.take(max(0.0, min(waits)) if waits else None)
            except Empty:
                return None

    def handle_message(self, response: Any, ignore_subscribe_messages: bool = False) -> dict[str, Any] | None:
        """The message that `parse_response` returned as a list; None if its handler was called with it."""
        if response is None:
            return None
        message, handler = self._sort_out(response)
        if handler is not None:
            handler(message)
            return None
        return self._wanted(message, ignore_subscribe_messages)

    def _wanted(self, message: dict[str, Any], ignore_subscribe_messages: bool) -> dict[str, Any] | None:
        ignored = ignore_subscribe_messages or self.ignore_subscribe_messages
        return None if ignored and message["type"].endswith("subscribe") else message

    def _sort_out(self, response: list[Any]) -> tuple[dict[str, Any], Handler | None]:
        """The message that came as a list, and the handler it is for."""
        word = _text(response[0])
        message = {
            "type": word,
            "pattern": response[1] if word == "pmessage" else None,
            "channel": None if word == "pong" else response[-2],
            "data": response[-1],
        }
        if word == "pong":
            return message, None
        kind = _KIND_OF[word]
        if word.endswith("message"):
            return message, self._handlers[kind].get(response[1])
        if word.endswith("unsubscribe"):
            self._left(kind, response[1])
        return message, None

    def _left(self, kind: Kind, name: T) -> None:
        """It is confirmed that `name` is unsubscribed from."""
        if name in self._leaving[kind]:
            self._leaving[kind].remove(name)
            self._handlers[kind].pop(name, None)
        if not any(self._handlers.values()):
            self.subscribed_event.clear()

    def run_in_thread(
        self,
        sleep_time: float | None = 0.0,
        daemon: bool = False,
        exception_handler: Callable[[BaseException, Any, PubSubWorkerThread], Any] | None = None,
        pubsub: Any = None,
        sharded_pubsub: bool = False,
    ) -> PubSubWorkerThread:
        """Read in a thread of its own, which is returned started, until its `stop` is called.

        It waits `sleep_time` seconds for a message at a time. PubSubError if something has no handler. An
        exception ends the thread, unless there is an `exception_handler` to call with it, this object and the
        thread.
        """
        self._require_handlers()
        reader = self if pubsub is None else pubsub
        thread = PubSubWorkerThread(reader, sleep_time, daemon, exception_handler, sharded_pubsub)
        thread.start()
        return thread

    def _require_handlers(self) -> None:
        for kind, what in (
            (Kind.CHANNEL, "Channel"),
            (Kind.PATTERN, "Pattern"),
            (Kind.SHARD, "Shard Channel"),
        ):
            for name, handler in self._handlers[kind].items():
                if handler is None:
                    raise PubSubError(f"{what}: '{name}' has no handler registered")


class PubSubWorkerThread(threading.Thread):
    """A thread that reads from a PubSub, and closes it in the end."""

    def __init__(
        self,
        pubsub: Any,
        sleep_time: float | None,
        daemon: bool = False,
        exception_handler: Callable[[BaseException, Any, PubSubWorkerThread], Any] | None = None,
        sharded_pubsub: bool = False,
    ) -> None:
        super().__init__(daemon=daemon)
        self.pubsub = pubsub
        self.sleep_time = sleep_time
        self.exception_handler = exception_handler
        self.sharded_pubsub = sharded_pubsub
        self._running = threading.Event()

    def run(self) -> None:
        self._running.set()
        pubsub = self.pubsub
        read = pubsub.get_sharded_message if self.sharded_pubsub else pubsub.get_message
        while self._running.is_set():
            try:
                read(ignore_subscribe_messages=True, timeout=self.sleep_time)
            except BaseException as error:
                if self.exception_handler is None:
                    raise
                self.exception_handler(error, pubsub, self)
        pubsub.close()

    def stop(self) -> None:
        """Let the thread end, as soon as it waits no longer."""
        self._running.clear()


_KIND_OF = {
    (kind.value + word).decode(): kind for kind in Kind for word in (b"subscribe", b"unsubscribe", b"message")
}


def _one_or_many(args: tuple[Any, ...]) -> list[Any]:
    """One argument or several, the first of which may be an iterable, as redis-py takes them."""
    if not args:
        return []
    first, *more = args
    if isinstance(first, (bytes, str, bytearray, memoryview, Subscription)) or not isinstance(
        first, Iterable
    ):
        return [first, *more]
    return [*first, *more]


def _text(word: Any) -> str:
    text: str = word.decode() if isinstance(word, bytes) else word
    return text


@contextmanager
def listening(shared: Shared, rouse: Callable[[], None]) -> Iterator[float | None]:
    """A block that waits for messages: in how many seconds to stop and begin again, or None.

    Keys expire then, of which events may tell. `rouse` is called, under the lock, if it is to be earlier.
    """
    with shared.lock:
        shared.alarms.append(rouse)
    try:
        yield _run_due(shared)
    finally:
        with shared.lock:
            shared.alarms.remove(rouse)


def _run_due(shared: Shared) -> float | None:
    """Let expire what is due, if anybody is to be told; in how many seconds more will be due, or None.

    A ManualClock does that itself.
    """
    if not shared.event_classes or isinstance(shared.clock, ManualClock):
        return None
    if shared.next_due is not None and shared.next_due <= shared.now():
        shared.run_due()
    due = shared.next_deadline()
    return None if due is None else max(0, due - shared.now()) / 1000
