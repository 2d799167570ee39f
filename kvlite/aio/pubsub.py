"""Subscribing from tasks: AsyncPubSub, with the interface of redis.asyncio's PubSub."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from queue import Empty
from typing import TYPE_CHECKING, Any, Generic, Self

from ..bell import AsyncBell, Turns
from ..encoding import Encodable
from ..keyspace import T
from ..pubsub import Handler, Inbox, PubSub, listening

if TYPE_CHECKING:
    from .store import AsyncStore


class _RingingInbox(Inbox):
    """An inbox that says when something has come."""

    bell: AsyncBell

    def put(self, item: Any) -> None:
        super().put(item)
        self.bell.ring()


class _RingingPubSub(PubSub[T]):
    """What an AsyncPubSub is made of."""

    bell: AsyncBell

    def _new_inbox(self) -> Inbox:
        inbox = _RingingInbox(self._shared.hub, self.max_pending)
        inbox.bell = self.bell
        return inbox


class AsyncPubSub(Generic[T]):
    """Subscriptions, and the messages that have come and were not read yet: `kvlite.pubsub.PubSub`, awaited.

    Handlers may be coroutine functions. One task may subscribe while another reads.
    """

    def __init__(self, store: AsyncStore[T], **options: Any) -> None:
        self._inner = _RingingPubSub(store.store, **options)
        self._inner.bell = AsyncBell()
        self._turns = Turns()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        self._inner.reset()

    @property
    def channels(self) -> dict[T, Handler | None]:
        """The channels and their handlers."""
        return self._inner.channels

    @property
    def patterns(self) -> dict[T, Handler | None]:
        """The patterns and their handlers."""
        return self._inner.patterns

    @property
    def shard_channels(self) -> dict[T, Handler | None]:
        """The shard channels and their handlers."""
        return self._inner.shard_channels

    @property
    def subscribed(self) -> bool:
        """Whether there are subscriptions, as far as confirmations have been read."""
        return self._inner.subscribed

    async def reset(self) -> None:
        """End all subscriptions, and forget what was not read. It can be subscribed with again."""
        self._inner.reset()

    aclose = close = reset

    # Subscribing

    async def subscribe(self, *args: Any, **kwargs: Handler) -> None:
        """Subscribe to channels: names, or keywords with handlers, or Subscriptions."""
        self._inner.subscribe(*args, **kwargs)

    async def psubscribe(self, *args: Any, **kwargs: Handler) -> None:
        """Subscribe to patterns of channels, as `subscribe`."""
        self._inner.psubscribe(*args, **kwargs)

    async def ssubscribe(self, *args: Any, target_node: object = None, **kwargs: Handler) -> None:
        """Subscribe to shard channels, as `subscribe`. `target_node` has no meaning here."""
        self._inner.ssubscribe(*args, **kwargs)

    async def unsubscribe(self, *args: Any) -> None:
        """Unsubscribe from channels, from all if none is named."""
        self._inner.unsubscribe(*args)

    async def punsubscribe(self, *args: Any) -> None:
        """Unsubscribe from patterns, from all if none is named."""
        self._inner.punsubscribe(*args)

    async def sunsubscribe(self, *args: Any, target_node: object = None) -> None:
        """Unsubscribe from shard channels, from all if none is named. `target_node` has no meaning here."""
        self._inner.sunsubscribe(*args)

    async def ping(self, message: Encodable | None = None) -> None:
        """Send a `pong` with `message` to oneself, behind what has come until then."""
        self._inner.ping(message)

    # Reading

    async def get_message(
        self, ignore_subscribe_messages: bool = False, timeout: float | None = 0.0
    ) -> dict[str, Any] | None:
        """The next message, waiting for `timeout` seconds at most, None being for ever; None if none came.

        None also when what came went to a handler, or is a confirmation that is not wanted. RuntimeError if
        there has been no subscription yet, StoreClosedError when the store was closed.
        """
        response = await self.parse_response(block=timeout is None, timeout=timeout or 0.0)
        return await self.handle_message(response, ignore_subscribe_messages)

    async def listen(self) -> AsyncIterator[dict[str, Any]]:
        """Every message as it comes, until nothing is subscribed to."""
        while self.subscribed:
            message = await self.handle_message(await self.parse_response())
            if message is not None:
                yield message

    async def parse_response(self, block: bool = True, timeout: float = 0) -> Any:
        """What came next, as a list, for `handle_message`; without `block` None if it takes too long."""
        inbox = self._inner._required()
        if self._turns.over():
            await self._turns.pause()
        return self._inner._response(inbox, await self._take(inbox, None if block else timeout))

    async def _take(self, inbox: Inbox, timeout: float | None) -> Any:
        """The next item, or None. While it waits keys expire whose time comes, if anybody is to be told."""
        inner = self._inner
        give_up = None if timeout is None else time.monotonic() + timeout
        while inbox is inner._inbox:
            try:
                item = inbox.take(0)
            except Empty:
                left = None if give_up is None else give_up - time.monotonic()
                if left is not None and left <= 0:
                    return inner._take_what_is_due(inbox)
                with listening(inner._shared, inner.bell.ring) as due:
                    waits = [wait for wait in (left, due) if wait is not None]
                    await inner.bell.wait(min(waits, default=None))
            else:
                if item is not None:
                    return item
        return None

    async def handle_message(
        self, response: Any, ignore_subscribe_messages: bool = False
    ) -> dict[str, Any] | None:
        """The message that `parse_response` returned as a list; None if its handler was called with it."""
        if response is None:
            return None
        message, handler = self._inner._sort_out(response)
        if handler is not None:
            result = handler(message)
            if inspect.isawaitable(result):
                await result
            return None
        return self._inner._wanted(message, ignore_subscribe_messages)

    async def run(
        self,
        *,
        exception_handler: Callable[[BaseException, AsyncPubSub[T]], Awaitable[Any] | Any] | None = None,
        poll_timeout: float = 1.0,
        pubsub: Any = None,
    ) -> None:
        """Read until the task that runs this is cancelled. PubSubError if something has no handler.

        An exception ends it, unless there is an `exception_handler` to call with it and this object.
        """
        self._inner._require_handlers()
        reader = self if pubsub is None else pubsub
        while True:
            try:
                await reader.get_message(ignore_subscribe_messages=True, timeout=poll_timeout)
            except asyncio.CancelledError:
                raise
            except BaseException as error:
                if exception_handler is None:
                    raise
                result = exception_handler(error, self)
                if inspect.isawaitable(result):
                    await result
            await asyncio.sleep(0)  # others are to have their turn, however much comes
