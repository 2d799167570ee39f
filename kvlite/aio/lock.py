"""A lock kept under a key, with the interface of redis.asyncio's Lock."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Literal, Self

from ..encoding import Encodable
from ..errors import LockError
from ..lock import Lock

if TYPE_CHECKING:
    from .store import AsyncStore


class AsyncLock:
    """`kvlite.lock.Lock`, awaited. With `thread_local`, what may release it is any task of the thread."""

    def __init__(
        self,
        redis: AsyncStore[Any],
        name: str,
        timeout: float | None = None,
        sleep: float = 0.1,
        blocking: bool = True,
        blocking_timeout: float | None = None,
        thread_local: bool = True,
        raise_on_release_error: bool = True,
    ) -> None:
        self.redis = redis
        self.name = name
        self._lock = Lock(
            redis.store,
            name,
            timeout,
            sleep,
            blocking,
            blocking_timeout,
            thread_local,
            raise_on_release_error,
        )
        self._run = redis._guard.run

    async def __aenter__(self) -> Self:
        if await self.acquire():
            return self
        raise LockError("Unable to acquire lock within the time specified", lock_name=self.name)

    async def __aexit__(self, *error: object) -> None:
        await self._run(self._lock._release_in_the_end)

    async def acquire(
        self,
        sleep: float | None = None,
        blocking: bool | None = None,
        blocking_timeout: float | None = None,
        token: Encodable | None = None,
    ) -> bool:
        """Whether the lock was acquired. The arguments, if given, override those of the lock."""
        attempts = self._lock._attempts(sleep, blocking, blocking_timeout, token)
        while True:
            found = await self._run(next, attempts)
            if isinstance(found, bool):
                return found
            await asyncio.sleep(found)

    async def locked(self) -> bool:
        """Whether somebody holds the lock."""
        return bool(await self._run(self._lock.locked))

    async def owned(self) -> bool:
        """Whether this lock, as acquired by this thread, holds it."""
        return bool(await self._run(self._lock.owned))

    async def release(self) -> None:
        """Let go of the lock. LockError if it is not acquired, LockNotOwnedError if it was lost meanwhile."""
        await self._run(self._lock.release)

    async def extend(self, additional_time: float, replace_ttl: bool = False) -> Literal[True]:
        """Add `additional_time` to the time left, or make it the time left with `replace_ttl`. True."""
        await self._run(self._lock.extend, additional_time, replace_ttl)
        return True

    async def reacquire(self) -> Literal[True]:
        """Make the whole `timeout` the time left again. True."""
        await self._run(self._lock.reacquire)
        return True
