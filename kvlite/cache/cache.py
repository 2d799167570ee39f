"""`Cache` and `AsyncCache`: the same methods, called or awaited."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, ParamSpec, Self, TypeVar, Unpack, overload

from .backends import backend_of, is_awaited, run
from .core import TASKS, THREADS, UNKNOWN, Core, Job, Policy, tags_of
from .durations import DEFAULT, Duration, MaybeDuration, maybe_milliseconds
from .flights import Manner
from .memoize import AsyncMemoized, AsyncMemoizer, Memoized, Memoizer, memoize
from .options import CACHE, OBTAIN, CacheOptions, MemoizeOptions, ObtainOptions, completed
from .statistics import Statistics

if TYPE_CHECKING:
    import redis
    import redis.asyncio

    from ..aio import AsyncStore
    from ..store import Store

P = ParamSpec("P")
R = TypeVar("R")
V = TypeVar("V")
C = TypeVar("C", bound=type[Any])


class _Common:
    """What is never awaited."""

    _core: Core

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._core.prefix!r}>"

    @property
    def prefix(self) -> str:
        """What every key of this cache begins with in the store."""
        return self._core.prefix

    @overload
    def register(self, kind: C) -> C: ...
    @overload
    def register(
        self,
        kind: C,
        name: str | None = None,
        *,
        dump: Callable[[Any], Any] | None = None,
        load: Callable[[Any], Any] | None = None,
    ) -> C: ...
    def register(
        self,
        kind: C,
        name: str | None = None,
        *,
        dump: Callable[[Any], Any] | None = None,
        load: Callable[[Any], Any] | None = None,
    ) -> C:
        """Let msgpack keep values of this type, under `name`, by default that of the class; returns `kind`.

        A dataclass, a named tuple, an enum or an exception needs no more. For another type, `dump` makes of a
        value something that can be kept, and `load` the value again. Fit to be a decorator.
        """
        self._core.types.register(kind, name, dump, load)
        return kind

    def stats(self) -> Statistics:
        """What has been counted of all functions, and of `get` and its like, in this process."""
        return self._core.total()

    def report(self) -> str:
        """The statistics of each function, as a table."""
        return self._core.report()


def _core(store: Any, prefix: str, ttl: Duration | None, options: CacheOptions) -> Core:
    return Core(backend_of(store), prefix=prefix, ttl=ttl, **completed(options, CACHE, "a cache"))


def _obtaining(
    core: Core, full: str, make: Any, ttl: MaybeDuration, options: ObtainOptions, awaits: bool, manner: Manner
) -> Job:
    chosen = completed(options, OBTAIN, "get_or_set")
    policy = Policy(
        core.ttl_of(ttl), stale=maybe_milliseconds(chosen["stale"]) or 0, background=chosen["background"]
    )
    call = make if callable(make) else lambda: make
    return Job(full, call, policy, core.direct, manner, "get_or_set", awaits, tags_of(chosen["tags"]))


class Cache(_Common):
    """Values under keys in a store, that are made once and expire.

    >>> cache = Cache(store, prefix="app:", ttl="5m")
    >>> @cache.memoize
    ... def square(number: int) -> int:
    ...     return number * number
    >>> square(7), square(7), square.stats().hits
    (49, 49, 1)

    A cache may be used from any number of threads, and any number of caches may be in one store if their
    prefixes differ. What it is given is what it returns, or as good as: see `docs/caching.md` for the types.
    """

    @overload
    def __new__(
        cls,
        store: Store[Any] | redis.Redis,
        prefix: str = "cache:",
        ttl: Duration | None = None,
        **options: Unpack[CacheOptions],
    ) -> Cache: ...
    @overload
    def __new__(  # type: ignore[misc]  # it makes the cache that fits
        cls,
        store: AsyncStore[Any] | redis.asyncio.Redis,
        prefix: str = "cache:",
        ttl: Duration | None = None,
        **options: Unpack[CacheOptions],
    ) -> AsyncCache: ...
    def __new__(
        cls,
        store: Any,
        prefix: str = "cache:",
        ttl: Duration | None = None,
        **options: Unpack[CacheOptions],
    ) -> Any:
        """A cache in a Store or a redis.Redis; in an AsyncStore or a redis.asyncio.Redis, an `AsyncCache`.

        Its keys begin with `prefix`. `ttl` is how long entries are kept, for ever by default. `serializer` is
        "msgpack", "json" or "pickle", or an object with dumps and loads. With a `secret`, entries are signed,
        and those without the right signature are not read. `shared=True` says that other processes reach the
        same Store through a server; of a client that is taken for granted. `lease` is after how long another
        process takes over from one that died while it computed. ValueError for an empty prefix.
        """
        awaited = is_awaited(store)
        if awaited and cls is not Cache:
            raise TypeError(
                f"{cls.__name__} is called, and {store!r} is awaited: make it a class of AsyncCache"
            )
        made: Any = object.__new__(AsyncCache if awaited else cls)
        made._core = _core(store, prefix, ttl, options)
        return made

    def get(self, key: str, default: Any = None) -> Any:
        """The value under `key`, or `default` if there is none that can be read. O(its size)."""
        core = self._core
        full = core.key(key)
        data = core.backend.read_now(full)  # type: ignore[attr-defined]
        value = core.hit(full, data, 0, core.direct)
        if value is not UNKNOWN:
            return value
        return run(core.given(full, data, default))

    def set(
        self, key: str, value: Any, ttl: MaybeDuration = DEFAULT, *, tags: Iterable[str] | str = ()
    ) -> None:
        """Keep `value` under `key`, for `ttl` or as the cache does; TypeError if it cannot be serialized."""
        run(self._core.set(key, value, ttl, tags))

    def add(
        self, key: str, value: Any, ttl: MaybeDuration = DEFAULT, *, tags: Iterable[str] | str = ()
    ) -> bool:
        """`set`, if there is nothing under `key`; whether that was so."""
        return run(self._core.add(key, value, ttl, tags))

    def delete(self, key: str) -> bool:
        """Forget what is under `key`, also what is being computed for it; whether something was there."""
        return run(self._core.delete_many([key])) > 0

    def delete_many(self, keys: Iterable[str]) -> int:
        """`delete` several keys; how many there were."""
        return run(self._core.delete_many(keys))

    def get_many(self, keys: Iterable[str]) -> dict[str, Any]:
        """The values of those of the keys that have one, in one round trip; two if some have tags."""
        return run(self._core.get_many(keys))

    def set_many(
        self, values: Mapping[str, Any], ttl: MaybeDuration = DEFAULT, *, tags: Iterable[str] | str = ()
    ) -> None:
        """Keep all values, or none if one of them cannot be serialized."""
        run(self._core.set_many(values, ttl, tags))

    @overload
    def get_or_set(
        self,
        key: str,
        make: Callable[[], V],
        ttl: MaybeDuration = DEFAULT,
        **options: Unpack[ObtainOptions],
    ) -> V: ...
    @overload
    def get_or_set(
        self,
        key: str,
        make: V,
        ttl: MaybeDuration = DEFAULT,
        **options: Unpack[ObtainOptions],
    ) -> V: ...
    def get_or_set(
        self,
        key: str,
        make: Any,
        ttl: MaybeDuration = DEFAULT,
        **options: Unpack[ObtainOptions],
    ) -> Any:
        """The value under `key`, else what `make` is or returns, which is kept.

        However many ask at once, `make` is called once. For `stale` after its time the old value is given to
        who asks, and `make` is called in the background; or, if `background` is false, by the first caller.
        """
        core = self._core
        full = core.key(key)
        data = core.backend.read_now(full)  # type: ignore[attr-defined]
        value = core.hit(full, data, 0, core.direct)
        if value is not UNKNOWN:
            return value
        if iscoroutinefunction(make):
            raise TypeError(f"get_or_set of this cache does not await, and {make!r} is a coroutine function")
        job = _obtaining(core, full, make, ttl, options, False, THREADS)
        return run(core.obtain(job, data, looked=True)).result()

    def touch(self, key: str, ttl: MaybeDuration = DEFAULT) -> bool:
        """Let what is under `key` live for `ttl` from now on; whether something is there."""
        return run(self._core.touch(key, ttl))

    def incr(self, key: str, delta: int = 1, *, ttl: MaybeDuration = DEFAULT) -> int:
        """Add `delta` to the int under `key` and return it. A new one begins at 0, and lives for `ttl`.

        TypeError if there is something else, OverflowError beyond 64 bits.
        """
        return run(self._core.incr(key, delta, ttl))

    def decr(self, key: str, delta: int = 1, *, ttl: MaybeDuration = DEFAULT) -> int:
        """`incr` by `-delta`."""
        return run(self._core.incr(key, -delta, ttl))

    def has(self, key: str) -> bool:
        """There is a value under `key`, and it can be read."""
        return run(self._core.has(key))

    def __contains__(self, key: str) -> bool:
        return run(self._core.has(key))

    def clear(self) -> int:
        """Remove every key that begins with the prefix, a thousand at a time; how many entries there were.

        O(all keys of the database), but others go on meanwhile.
        """
        return run(self._core.clear())

    def invalidate_tags(self, *tags: str) -> None:
        """Forget every entry with one of these tags, also those being computed. O(tags)."""
        run(self._core.invalidate_tags(tags))

    @overload
    def memoize(self, function: Callable[P, R], /) -> Memoized[P, R]: ...
    @overload
    def memoize(self, **options: Unpack[MemoizeOptions]) -> Memoizer: ...
    def memoize(self, *functions: Any, **options: Any) -> Any:
        """A decorator that keeps the results of a function, by its arguments.

        `ttl` is for how long. `key` is called with the arguments, and says by what the result is kept
        instead. `tags` are tags of every result, or a function of the arguments that returns them. For
        `stale` after its time an old result is given to who asks, while it is computed anew. `early=1`
        computes a result anew some time before it expires, the earlier the longer it takes (XFetch); more
        than 1 still earlier. Both are done in the background, a plain function in another thread; if
        `background` is false, by the first caller, who waits for it. None is kept unless `cache_none` is
        false; an exception only with `cache_errors`, for so long. With `typed`, 1, 1.0 and True are different
        arguments. `version` and `name` are part of the keys: another version leaves former results behind,
        and the name is by default that of the function with its module.

        Concurrent calls with the same arguments compute once. What cannot be serialized is returned but not
        kept, with a CacheWarning. TypeError for a generator function, and for a coroutine function if the
        client blocks.
        """
        return memoize(self._core, False, functions, options)


class AsyncCache(_Common):
    """`Cache` for asyncio: what `Cache` makes of an AsyncStore or a redis.asyncio.Redis. Its methods are
    awaited, and are those of `Cache` otherwise."""

    def __new__(
        cls,
        store: AsyncStore[Any] | redis.asyncio.Redis,
        prefix: str = "cache:",
        ttl: Duration | None = None,
        **options: Unpack[CacheOptions],
    ) -> Self:
        """The same as `Cache(store, ...)`; TypeError for what is not awaited."""
        if not is_awaited(store):
            raise TypeError(f"an AsyncCache is kept in what is awaited, not in {store!r}: use Cache")
        made = object.__new__(cls)
        made._core = _core(store, prefix, ttl, options)
        return made

    async def get(self, key: str, default: Any = None) -> Any:
        """The value under `key`, or `default` if there is none that can be read. O(its size)."""
        core = self._core
        full = core.key(key)
        return await core.given(full, await core.backend.get(full), default)

    async def set(
        self, key: str, value: Any, ttl: MaybeDuration = DEFAULT, *, tags: Iterable[str] | str = ()
    ) -> None:
        """Keep `value` under `key`, for `ttl` or as the cache does; TypeError if it cannot be serialized."""
        await self._core.set(key, value, ttl, tags)

    async def add(
        self, key: str, value: Any, ttl: MaybeDuration = DEFAULT, *, tags: Iterable[str] | str = ()
    ) -> bool:
        """`set`, if there is nothing under `key`; whether that was so."""
        return await self._core.add(key, value, ttl, tags)

    async def delete(self, key: str) -> bool:
        """Forget what is under `key`, also what is being computed for it; whether something was there."""
        return await self._core.delete_many([key]) > 0

    async def delete_many(self, keys: Iterable[str]) -> int:
        """`delete` several keys; how many there were."""
        return await self._core.delete_many(keys)

    async def get_many(self, keys: Iterable[str]) -> dict[str, Any]:
        """The values of those of the keys that have one, in one round trip; two if some have tags."""
        return await self._core.get_many(keys)

    async def set_many(
        self, values: Mapping[str, Any], ttl: MaybeDuration = DEFAULT, *, tags: Iterable[str] | str = ()
    ) -> None:
        """Keep all values, or none if one of them cannot be serialized."""
        await self._core.set_many(values, ttl, tags)

    @overload
    async def get_or_set(
        self,
        key: str,
        make: Callable[[], Coroutine[Any, Any, V]],
        ttl: MaybeDuration = DEFAULT,
        **options: Unpack[ObtainOptions],
    ) -> V: ...
    @overload
    async def get_or_set(
        self,
        key: str,
        make: Callable[[], V],
        ttl: MaybeDuration = DEFAULT,
        **options: Unpack[ObtainOptions],
    ) -> V: ...
    @overload
    async def get_or_set(
        self,
        key: str,
        make: V,
        ttl: MaybeDuration = DEFAULT,
        **options: Unpack[ObtainOptions],
    ) -> V: ...
    async def get_or_set(
        self,
        key: str,
        make: Any,
        ttl: MaybeDuration = DEFAULT,
        **options: Unpack[ObtainOptions],
    ) -> Any:
        """The value under `key`, else what `make` is, or returns, awaited if need be, which is kept.

        However many ask at once, `make` is called once. For `stale` after its time the old value is given to
        who asks, and `make` is called in the background; or, if `background` is false, by the first caller.
        """
        core = self._core
        job = _obtaining(core, core.key(key), make, ttl, options, callable(make), TASKS)
        return (await core.obtain(job, await core.backend.get(job.key))).result()

    async def touch(self, key: str, ttl: MaybeDuration = DEFAULT) -> bool:
        """Let what is under `key` live for `ttl` from now on; whether something is there."""
        return await self._core.touch(key, ttl)

    async def incr(self, key: str, delta: int = 1, *, ttl: MaybeDuration = DEFAULT) -> int:
        """Add `delta` to the int under `key` and return it. A new one begins at 0, and lives for `ttl`.

        TypeError if there is something else, OverflowError beyond 64 bits.
        """
        return await self._core.incr(key, delta, ttl)

    async def decr(self, key: str, delta: int = 1, *, ttl: MaybeDuration = DEFAULT) -> int:
        """`incr` by `-delta`."""
        return await self._core.incr(key, -delta, ttl)

    async def has(self, key: str) -> bool:
        """There is a value under `key`, and it can be read."""
        return await self._core.has(key)

    async def clear(self) -> int:
        """Remove every key that begins with the prefix, a thousand at a time; how many entries there were.

        O(all keys of the database), but others go on meanwhile.
        """
        return await self._core.clear()

    async def invalidate_tags(self, *tags: str) -> None:
        """Forget every entry with one of these tags, also those being computed. O(tags)."""
        await self._core.invalidate_tags(tags)

    @overload
    def memoize(self, function: Callable[P, Coroutine[Any, Any, R]], /) -> AsyncMemoized[P, R]: ...
    @overload
    def memoize(self, **options: Unpack[MemoizeOptions]) -> AsyncMemoizer: ...
    def memoize(self, *functions: Any, **options: Any) -> Any:
        """`Cache.memoize` for coroutine functions; TypeError for others."""
        return memoize(self._core, True, functions, options)
