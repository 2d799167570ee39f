"""How the commands of a store are called where nothing may block.

Nearly every command is done in less time than it takes to switch to another task: it is called, and its
answer is there. What may take longer goes through a `Guard`: a command that waits for a key, a write that is
to be on the disk before it counts, and the opening of a folder.
"""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

from ..bell import AsyncBell, Turns
from ..clock import ManualClock
from ..errors import StoreClosedError
from ..keyspace import T
from ..store import Store
from ..waiting import Attempt, Waiter

R = TypeVar("R")
S = TypeVar("S")


class Awaited(Generic[T]):
    """What the commands of each type are part of."""

    _guard: Guard
    _calls: Any
    """What commands are called on: the store itself, if they need not be awaited, else the guard."""
    _at_once: bool
    """It is the store itself."""

    async def _opened(self) -> Store[T]:
        """The store, opened if it was not."""
        store = await self._guard.opened()
        self._look_again()
        return store

    def _look_again(self) -> None:
        """See whether commands need be awaited."""
        store = self._guard.store
        self._at_once = store is not None and not store._syncs
        self._calls = store if self._at_once else self._guard


def _refuse() -> Store[Any]:
    raise StoreClosedError("the store is closed")


class Guard:
    """A store whose methods are coroutine functions, and which is opened when one is first called."""

    def __init__(self, open_store: Callable[[], Store[Any]]) -> None:
        self._open_store = open_store
        self._opening = threading.Lock()
        self._turns = Turns()
        self.store: Store[Any] | None = None

    def open(self) -> Store[Any]:
        """The store, opened at once if it was not."""
        with self._opening:
            if self.store is None:
                self.store = self._open_store()
            return self.store

    def close(self) -> None:
        """Close the store. One that was not opened is not any more."""
        with self._opening:
            if self.store is None:
                self._open_store = _refuse
            else:
                self.store.close()

    async def opened(self) -> Store[Any]:
        """The store, opened in another thread if it was not."""
        return await asyncio.to_thread(self.open) if self.store is None else self.store

    def __getattr__(self, name: str) -> Callable[..., Any]:
        async def call(*args: Any, **kwargs: Any) -> Any:
            return await self.run(getattr(await self.opened(), name), *args, **kwargs)

        return call

    async def run(self, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """What `method` of the store answers, when that is kept."""
        store = await self.opened()
        if self._turns.over():
            await self._turns.pause()
        waits, me = store._shared.waits, threading.get_ident()
        waits[me] = self._block
        try:
            with store._deferring() as owed:
                result = method(*args, **kwargs)
        finally:
            del waits[me]
        if inspect.iscoroutine(result):
            return await result
        if owed:
            await asyncio.to_thread(store._settle, owed)
        return result

    # Waiting

    def _block(self, store: Store[Any], attempt: Attempt[R], timeout: float, shape: Callable[[R], S]) -> Any:
        """In the place of `Keyspace._block`: the answer if it can be had now, else a coroutine."""
        bell = AsyncBell()
        deadlines = {key: store._db.deadlines.get(key) for key in attempt.keys} if store._syncs else {}
        found = store._attempt(attempt, timeout, bell.ring)
        if isinstance(found, Waiter):
            return self._sleep(store, found, timeout, shape, bell)
        if found is None:
            return None
        if not store._syncs or attempt.put_back is None:
            return shape(found)
        waiter = Waiter(attempt, bell.ring)
        waiter.result, waiter.key = found, found[0]  # type: ignore[index]  # what goes back begins with its key
        waiter.deadline = deadlines.get(waiter.key)
        return self._take(store, waiter, shape)

    async def _sleep(
        self,
        store: Store[Any],
        waiter: Waiter[R],
        timeout: float,
        shape: Callable[[R], S],
        bell: AsyncBell,
    ) -> S | None:
        turned_by_hand = isinstance(store._shared.clock, ManualClock)
        with self._nothing_lost(store, waiter):
            await bell.wait(None if turned_by_hand else timeout or None)
        store._give_up(waiter)
        return await self._take(store, waiter, shape)

    async def _take(self, store: Store[Any], waiter: Waiter[R], shape: Callable[[R], S]) -> S | None:
        """The answer of a waiter that has been served."""
        with store._deferring():
            result = store._outcome(waiter)
        if store._syncs:
            journal: Any = store._shared.journal
            with self._nothing_lost(store, waiter):
                await asyncio.to_thread(journal.settle, journal.written())
        return None if result is None else shape(result)

    @contextmanager
    def _nothing_lost(self, store: Store[Any], waiter: Waiter[Any]) -> Iterator[None]:
        """A block that awaits: if it is cancelled, what the waiter was served goes back to where it was.

        That it is back need not be awaited: who takes it next waits for that as well. Where something else
        has taken its place, it is handed to the caller after all, who is then not cancelled.
        """
        try:
            yield
        except asyncio.CancelledError:
            if self._abandon(store, waiter):
                raise
            task = asyncio.current_task()
            if task is not None:
                task.uncancel()
        except BaseException:
            self._abandon(store, waiter)
            raise

    def _abandon(self, store: Store[Any], waiter: Waiter[Any]) -> bool:
        with store._deferring():
            return store._abandon(waiter)
