"""AsyncStore: a Store for asyncio programs, whose commands are awaited."""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import Awaitable, Callable, Generator, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal, Self, TypedDict, TypeVar, Unpack, overload

from ..clock import Clock
from ..encoding import Encodable, PathLike
from ..errors import WatchError
from ..keyspace import T
from ..persist.durability import Fsync
from ..persist.files import Files
from ..persist.recovery import Recovery
from ..probe import Calls, Faults
from ..sandbox import Sandbox
from ..scripts import Script
from ..store import Store
from ..types.bitmaps import BitFieldOperation
from .administration import AsyncAdministration
from .awaited import Guard
from .functions import AsyncFunctions
from .lock import AsyncLock
from .pipeline import AsyncPipeline
from .pubsub import AsyncPubSub
from .scripts import AsyncScripts
from .types.bitmaps import AsyncBitmaps
from .types.consumer_groups import AsyncConsumerGroups
from .types.geo import AsyncGeo
from .types.hash_expiry import AsyncHashExpiry
from .types.hashes import AsyncHashes
from .types.hyperloglogs import AsyncHyperLogLogs
from .types.keys import AsyncKeys
from .types.lists import AsyncLists
from .types.pubsub import AsyncChannels
from .types.sets import AsyncSets
from .types.sort import AsyncSort
from .types.sorted_set_algebra import AsyncSortedSetAlgebra
from .types.sorted_set_ranges import AsyncSortedSetRanges
from .types.sorted_sets import AsyncSortedSets
from .types.stream_information import AsyncStreamInformation
from .types.streams import AsyncStreams
from .types.strings import AsyncStrings

R = TypeVar("R")


class Options(TypedDict, total=False):
    """The options of a Store, but for `decode_responses`."""

    fsync: Fsync
    read_only: bool
    compact_percent: int
    compact_min_size: int | str
    clock: Clock | None
    seed: int | None
    record_accesses: bool | None
    maxmemory: int | str
    maxmemory_policy: str
    maxmemory_samples: int
    maxkeys: int
    lfu_log_factor: int
    lfu_decay_time: int
    notify_keyspace_events: str
    files: Files


_OPTIONS = {"decode_responses", *Options.__annotations__}


class AsyncScript(Script):
    """A script that is called like a coroutine function."""

    def __init__(self, registered_client: AsyncStore[Any], script: str | bytes) -> None:
        on: Any = registered_client
        super().__init__(on, script)

    async def __call__(
        self,
        keys: Sequence[Encodable] | None = None,
        args: Iterable[Encodable] | None = None,
        client: Any = None,
    ) -> Any:
        """Run it on its store or on `client`: another store, or a pipeline, which then queues it."""
        result = super().__call__(keys, args, client)
        return await result if inspect.isawaitable(result) else result


class AsyncStore(
    AsyncBitmaps[T],
    AsyncHyperLogLogs[T],
    AsyncStrings[T],
    AsyncLists[T],
    AsyncHashes[T],
    AsyncHashExpiry[T],
    AsyncSets[T],
    AsyncGeo[T],
    AsyncSortedSets[T],
    AsyncSortedSetRanges[T],
    AsyncSortedSetAlgebra[T],
    AsyncStreams[T],
    AsyncConsumerGroups[T],
    AsyncStreamInformation[T],
    AsyncSort[T],
    AsyncKeys[T],
    AsyncChannels[T],
    AsyncAdministration[T],
    AsyncScripts[T],
    AsyncFunctions[T],
):
    """A Store whose commands are coroutine functions, with the same parameters and answers.

        async with AsyncStore("app.kv") as store:
            await store.set("greeting", "hello", ex=60)

    It may be used from several tasks, and from several loops in several threads. A command whose answer is
    there is done at once, without giving other tasks a turn; one that waits for a key, or for the disk, is
    awaited. If it is cancelled while it waits, nothing is lost: what it was served at that very moment goes
    back to where it was.
    """

    @overload
    def __init__(self: AsyncStore[T], path: Store[T]) -> None: ...
    @overload
    def __init__(
        self: AsyncStore[bytes],
        path: PathLike | None = None,
        *,
        decode_responses: Literal[False] = False,
        **options: Unpack[Options],
    ) -> None: ...
    @overload
    def __init__(
        self: AsyncStore[str],
        path: PathLike | None = None,
        *,
        decode_responses: Literal[True],
        **options: Unpack[Options],
    ) -> None: ...
    @overload
    def __init__(
        self: AsyncStore[Any],
        path: PathLike | None = None,
        *,
        decode_responses: bool,
        **options: Unpack[Options],
    ) -> None: ...
    def __init__(self, path: Store[Any] | PathLike | None = None, **options: Any) -> None:
        """A store that is there already, or a new one: `path` and the options are those of `Store`. TypeError
        for options that there are not, and for any if the store is there.

        A folder is opened, in another thread, by `async with` or by the first command that is awaited.
        """
        self._own = not isinstance(path, Store)
        if unknown := options.keys() - _OPTIONS if self._own else options.keys():
            why = "a store has no option" if self._own else "the store that is there has its own:"
            raise TypeError(f"{why} {', '.join(sorted(unknown))}")
        if not isinstance(path, Store | None):
            path = os.fsdecode(path)
        self._guard = Guard(lambda: path if isinstance(path, Store) else Store(path, **options))
        self._databases: dict[int, Self] = {}
        if path is None or not self._own:
            self._guard.open()
        self._look_again()

    @property
    def store(self) -> Store[T]:
        """The Store itself, opened on the spot if it was not. What blocks there blocks the loop.

        Nothing may be awaited in a block of it, such as `atomic`: other tasks would take part in it.
        """
        store = self._guard.open()
        self._look_again()
        return store

    def __repr__(self) -> str:
        store = self._guard.store
        return f"<AsyncStore of {'a folder that is not open yet' if store is None else repr(store)}>"

    def __await__(self) -> Generator[Any, None, Self]:
        """`store = await AsyncStore("app.kv")`: the same, opened."""
        return self.__aenter__().__await__()

    async def __aenter__(self) -> Self:
        try:
            (await self._opened())._check_open()
        except asyncio.CancelledError:
            if self._own:
                await asyncio.to_thread(self._close)
            raise
        return self

    async def __aexit__(self, *error: object) -> None:
        if self._own:
            await self.close()

    async def close(self) -> None:
        """End the store, with all its databases; whoever waits on it gets StoreClosedError, and so does
        every later call. `async with` does so in the end, unless it was given a Store."""
        await asyncio.to_thread(self._close)

    aclose = close

    def _close(self) -> None:
        self._guard.close()

    def select(self, index: int) -> Self:
        """The same data's database `index`, 0 to 15; the same object each time."""
        found = self._databases.get(index)
        if found is None:
            found = self._databases[index] = type(self)(self.store.select(index))
        return found

    async def advance(self, seconds: float | timedelta) -> None:
        """Move the store's ManualClock forward: keys expire and waits end, in the order of their times."""
        (await self._opened()).advance(seconds)

    def pubsub(self, **kwargs: Any) -> AsyncPubSub[T]:
        """Something to subscribe to channels with and to read what comes; the options are those of
        `kvlite.pubsub.PubSub`."""
        return AsyncPubSub(self, **kwargs)

    # Doing several things as one

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> AsyncPipeline[T]:
        """Commands that are queued and then executed together: `await pipe.set(...).incr(...).execute()`.

        With `transaction` they are one for every other task and thread, and one record in the log; a command
        that fails does not stop the others. `shard_hint` has no meaning here.
        """
        return AsyncPipeline(self.store.pipeline(transaction, shard_hint), self._guard)

    async def transaction(
        self,
        func: Callable[[AsyncPipeline[T]], Awaitable[Any] | Any],
        *watches: Encodable,
        shard_hint: str | None = None,
        value_from_callable: bool = False,
        watch_delay: float | None = None,
    ) -> Any:
        """Run `func(pipe)` with `watches` watched, execute what it queued, and again if something intervened.

        The results of the commands, or what `func` returned with `value_from_callable`; it may be a coroutine
        function. Before it tries again it sleeps `watch_delay` seconds.
        """
        async with self.pipeline(True, shard_hint) as pipe:
            while True:
                try:
                    if watches:
                        await pipe.watch(*watches)
                    value = func(pipe)
                    if inspect.isawaitable(value):
                        value = await value
                    results = await pipe.execute()
                    return value if value_from_callable else results
                except WatchError:
                    await asyncio.sleep(watch_delay or 0)

    async def atomic(self, func: Callable[[Store[T]], R]) -> R:
        """Call `func` with the Store, whose commands are not awaited; what it returns. All that it does
        is one for every other task and thread, and is undone if it raises.

        TypeError if it is a coroutine function: what is awaited gives other tasks a turn.
        """
        store = await self._opened()
        with store._deferring() as owed, store.atomic():
            result = func(store)
            if inspect.isawaitable(result):
                if inspect.iscoroutine(result):
                    result.close()
                raise TypeError(
                    "a function that is atomic awaits nothing: use the commands of the Store it gets"
                )
        if owed:
            await asyncio.to_thread(store._settle, owed)
        return result

    def lock(
        self,
        name: str,
        timeout: float | None = None,
        sleep: float = 0.1,
        blocking: bool = True,
        blocking_timeout: float | None = None,
        lock_class: Callable[..., AsyncLock] | None = None,
        thread_local: bool = True,
        raise_on_release_error: bool = True,
    ) -> AsyncLock:
        """A lock kept under the key `name`, with the interface of redis.asyncio's; see `kvlite.lock.Lock`."""
        make = AsyncLock if lock_class is None else lock_class
        return make(
            self,
            name,
            timeout=timeout,
            sleep=sleep,
            blocking=blocking,
            blocking_timeout=blocking_timeout,
            thread_local=thread_local,
            raise_on_release_error=raise_on_release_error,
        )

    def register_script(self, script: str | bytes) -> AsyncScript:
        """The `script` as a coroutine function: call it with lists of `keys` and `args`."""
        return AsyncScript(self, script)

    def bitfield(
        self, key: Encodable, default_overflow: str | None = None
    ) -> BitFieldOperation[Awaitable[list[int | None]]]:
        """Operations on integers among the bits of a string, whose `execute` is to be awaited."""
        return BitFieldOperation(self, key, default_overflow)

    async def _run_bitfield(self, words: list[Any]) -> list[int | None]:
        found: list[int | None] = await self._guard._run_bitfield(words)
        return found

    # The disk

    @property
    def recovery(self) -> Recovery | None:
        """What was found when the store was opened; None for a store in memory."""
        return self.store.recovery

    async def sync(self) -> None:
        """Return when everything written so far is on the disk. Nothing to do for a store in memory."""
        await asyncio.to_thread((await self._opened()).sync)

    async def compact(self) -> None:
        """Write a snapshot of the present state and drop the log before it. O(n), while others go on."""
        await asyncio.to_thread((await self._opened()).compact)

    async def save(self, file: PathLike) -> None:
        """Write all databases, as they are at this instant, to one file. O(n), while others go on."""
        await asyncio.to_thread((await self._opened()).save, file)

    async def backup(self, path: PathLike) -> None:
        """Write all databases, as they are at this instant, to a new folder. O(n), while others go on."""
        await asyncio.to_thread((await self._opened()).backup, path)

    async def restore_from(self, file: PathLike) -> None:
        """Replace the content of all databases by what `save` wrote to `file`, as one change. O(n)."""
        await asyncio.to_thread((await self._opened()).restore_from, file)

    @overload
    @classmethod
    async def load(
        cls, file: PathLike, *, decode_responses: Literal[False] = False, **options: Unpack[Options]
    ) -> AsyncStore[bytes]: ...
    @overload
    @classmethod
    async def load(
        cls, file: PathLike, *, decode_responses: Literal[True], **options: Unpack[Options]
    ) -> AsyncStore[str]: ...
    @classmethod
    async def load(cls, file: PathLike, **options: Any) -> AsyncStore[Any]:
        """A new store with what `save` wrote to `file`. The options are those of `Store`."""
        load: Callable[..., Store[Any]] = Store.load
        loaded = cls(await asyncio.to_thread(load, file, **options))
        loaded._own = True
        return loaded

    async def config_set(self, name: Encodable, value: Encodable, *args: Encodable) -> bool:
        """Set one parameter, or several by further names and values: all or none. True."""
        done = await super().config_set(name, value, *args)
        self._look_again()  # whether writes are to be on the disk may be among them
        return done

    # Tests

    async def seed(self, data: Mapping[str, Any] | PathLike) -> int:
        """Put data into the store that is written down in a dict, or a JSON or YAML file; how many keys."""
        return await asyncio.to_thread((await self._opened()).seed, data)

    def sandbox(self) -> Sandbox:
        """A block, `with store.sandbox():`, after which all databases are as they were before."""
        return self.store.sandbox()

    @property
    def faults(self) -> Faults:
        """Commands that are to go wrong: `store.faults.raises("get", error, nth=3)`."""
        return self.store.faults

    @property
    def calls(self) -> Calls:
        """The commands that were called since this was first asked for."""
        return self.store.calls
