"""Pipelines in redis.asyncio's manner: commands are queued by plain calls, what does something is awaited."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, Generic, Self

from ..encoding import Encodable
from ..keyspace import T
from ..transactions import Pipeline
from ..types.bitmaps import BitFieldOperation
from .awaited import Guard


class AsyncPipeline(Generic[T]):
    """Commands that run together. Every command of the store is a method here that queues it.

    After `watch`, and until `multi`, commands are to be awaited, and run at once; `execute` then raises
    WatchError if a watched key has changed. Arguments are checked when a command is queued.
    """

    def __init__(self, pipe: Pipeline[T], guard: Guard) -> None:
        self._pipe = pipe
        self._guard = guard

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.reset()

    def __await__(self) -> Generator[Any, None, Self]:
        """Itself: whoever awaits a command that is only queued goes on."""
        return self.__aenter__().__await__()

    def __len__(self) -> int:
        """The number of commands queued."""
        return len(self._pipe)

    def __bool__(self) -> bool:
        return True

    def __getattr__(self, name: str) -> Callable[..., Any]:
        queue = getattr(self._pipe, name)
        if self._pipe.runs_at_once:
            return getattr(self._guard, name)  # type: ignore[no-any-return]

        def queued(*args: Any, **kwargs: Any) -> AsyncPipeline[T]:
            queue(*args, **kwargs)
            return self

        return queued

    async def watch(self, *names: Encodable) -> bool:
        """Let `execute` fail if one of these keys changes from now on. True."""
        return self._pipe.watch(*names)

    async def unwatch(self) -> bool:
        """Watch nothing any more. True."""
        return self._pipe.unwatch()

    def bitfield(self, key: Encodable, default_overflow: str | None = None) -> BitFieldOperation[Any]:
        """Operations on integers among the bits of a string, to be queued together by their `execute`."""
        return BitFieldOperation(self, key, default_overflow)

    def multi(self) -> None:
        """Queue commands again, after `watch`."""
        self._pipe.multi()

    async def discard(self) -> None:
        """Drop what is queued and watched."""
        self._pipe.reset()

    async def reset(self) -> None:
        """Drop what is queued and watched."""
        self._pipe.reset()

    aclose = reset

    async def execute(self, raise_on_error: bool = True) -> list[Any]:
        """Run the queued commands; their results in order.

        A command that fails does not stop the others. Its error is raised when all have run, the first
        one if there are several, or stands among the results when `raise_on_error` is false. WatchError,
        and nothing is done, if a watched key has changed. Only outside a transaction commands wait for keys.
        """
        pipe = self._pipe
        if pipe.is_transaction:
            results: list[Any] = await self._guard.run(pipe.execute, raise_on_error)
            return results
        queue = pipe._queue
        try:
            outcomes = [await self._outcome(*call) for call in queue]
        finally:
            pipe.reset()
        return pipe._judged(queue, outcomes, raise_on_error)

    async def _outcome(self, name: str, args: Any, options: dict[str, Any]) -> Any:
        try:
            return await getattr(self._guard, name)(*args, **options)
        except Exception as error:
            return error
