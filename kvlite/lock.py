"""A lock kept under a key, with the interface of redis-py's Lock."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace, TracebackType
from typing import Any, Literal, Self

from .encoding import Encodable, encode
from .errors import LockError, LockNotOwnedError
from .keyspace import Keyspace


class Lock:
    """Mutual exclusion among all who share the data: the key holds the token of who holds the lock.

    Times are in seconds. With `timeout` the lock frees itself after that long; `extend` and `reacquire` put
    that off. `acquire` tries every `sleep` seconds for at most `blocking_timeout`, or just once when not
    `blocking`. With `thread_local` only the thread that acquired the lock can release it.
    """

    def __init__(
        self,
        redis: Keyspace[Any],
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
        self.timeout = timeout
        self.sleep = sleep
        self.blocking = blocking
        self.blocking_timeout = blocking_timeout
        self.thread_local = bool(thread_local)
        self.raise_on_release_error = raise_on_release_error
        self.local: Any = threading.local() if self.thread_local else SimpleNamespace()
        self.local.token = None
        self._key = encode(name)

    def __enter__(self) -> Self:
        if self.acquire():
            return self
        raise LockError("Unable to acquire lock within the time specified", lock_name=self.name)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._release_in_the_end()

    def _release_in_the_end(self) -> None:
        try:
            self.release()
        except LockError:
            if self.raise_on_release_error:
                raise
            import logging  # slow to import, and rarely needed

            logging.getLogger(__name__).warning(
                "Lock was unlocked or no longer owned when exiting context manager."
            )

    def _token(self) -> bytes | None:
        token: bytes | None = getattr(self.local, "token", None)
        return token

    def acquire(
        self,
        sleep: float | None = None,
        blocking: bool | None = None,
        blocking_timeout: float | None = None,
        token: Encodable | None = None,
    ) -> bool:
        """Whether the lock was acquired. The arguments, if given, override those of the lock.

        `token` is what the key will hold; a unique one by default.
        """
        for found in self._attempts(sleep, blocking, blocking_timeout, token):
            if isinstance(found, bool):
                return found
            time.sleep(found)
        raise AssertionError("attempts end with whether one succeeded")

    def _attempts(
        self,
        sleep: float | None,
        blocking: bool | None,
        blocking_timeout: float | None,
        token: Encodable | None,
    ) -> Iterator[float | bool]:
        """Try to acquire the lock: the seconds to sleep before the next attempt, and in the end whether it
        was acquired."""
        if sleep is None:
            sleep = self.sleep
        if blocking is None:
            blocking = self.blocking
        if blocking_timeout is None:
            blocking_timeout = self.blocking_timeout
        mine = os.urandom(16).hex().encode() if token is None else encode(token)
        now = self.redis._shared.clock.now
        give_up = None if blocking_timeout is None else now() + blocking_timeout * 1000
        while not self._try(mine):
            if not blocking or (give_up is not None and now() + sleep * 1000 > give_up):
                yield False
                return
            yield float(sleep)
        self.local.token = mine
        yield True

    def _try(self, token: bytes) -> bool:
        px = int(self.timeout * 1000) if self.timeout else None
        return bool(self._store.set(self._key, token, nx=True, px=px))

    @property
    def _store(self) -> Any:
        return self.redis

    def locked(self) -> bool:
        """Whether somebody holds the lock."""
        return self._store.get(self._key) is not None

    def owned(self) -> bool:
        """Whether this lock, as acquired by this thread, holds it."""
        return self._token() is not None and self._holder() == self._token()

    def _holder(self) -> bytes | None:
        holder: bytes | None = self._store._get(self._key)
        return holder

    def release(self) -> None:
        """Let go of the lock. LockError if it is not acquired, LockNotOwnedError if it was lost meanwhile."""
        token = self._token()
        if token is None:
            raise LockError(
                "Cannot release a lock that's not owned or is already unlocked.", lock_name=self.name
            )
        self.local.token = None
        with self.redis._shared.lock:
            if self._holder() != token:
                raise LockNotOwnedError("Cannot release a lock that's no longer owned", lock_name=self.name)
            self._store.delete(self._key)

    def extend(self, additional_time: float, replace_ttl: bool = False) -> Literal[True]:
        """Add `additional_time` to the time left, or make it the time left with `replace_ttl`. True."""
        if self._token() is None:
            raise LockError("Cannot extend an unlocked lock", lock_name=self.name)
        if self.timeout is None:
            raise LockError("Cannot extend a lock with no timeout", lock_name=self.name)
        milliseconds = int(additional_time * 1000)
        with self.redis._shared.lock:
            left = self._left("extend")
            self._store.pexpire(self._key, milliseconds if replace_ttl else left + milliseconds)
        return True

    def reacquire(self) -> Literal[True]:
        """Make the whole `timeout` the time left again. True."""
        if self._token() is None:
            raise LockError("Cannot reacquire an unlocked lock", lock_name=self.name)
        if self.timeout is None:
            raise LockError("Cannot reacquire a lock with no timeout", lock_name=self.name)
        with self.redis._shared.lock:
            self._left("reacquire")
            self._store.pexpire(self._key, int(self.timeout * 1000))
        return True

    def _left(self, deed: str) -> int:
        """Milliseconds until the lock frees itself; LockNotOwnedError if it is not ours any more."""
        if self._holder() != self._token():
            raise LockNotOwnedError(f"Cannot {deed} a lock that's no longer owned", lock_name=self.name)
        left: int = self._store.pttl(self._key)
        return max(0, left)
