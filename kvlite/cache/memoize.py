"""Functions whose results are kept: `Cache.memoize`.

What stands in for the function is a plain function too, so that it is a method in a class, a coroutine
function to frameworks, and found by its name.
"""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable, Coroutine
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar, overload

from .backends import run, unread
from .core import TASKS, THREADS, UNKNOWN, CacheWarning, Core, Job, Policy, tags_of
from .durations import Duration, MaybeDuration, maybe_milliseconds, milliseconds
from .flights import Flight
from .keys import TEXTS, Unkeyable, call_with_key, key_of_call, name_of, shortened
from .options import MEMOIZE, Tags, completed
from .serializers import Msgpack
from .statistics import Statistics

P = ParamSpec("P")
Q = ParamSpec("Q")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
S = TypeVar("S")


class Memoized(Generic[P, R_co]):
    """What a type checker knows of a memoized function; what there is at run time is a function."""

    __name__: str
    __qualname__: str
    __wrapped__: Callable[P, R_co]

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """The result, kept or computed."""
        raise AssertionError

    @overload
    def __get__(self, instance: None, owner: type[Any]) -> Memoized[P, R_co]: ...
    @overload
    def __get__(self: Memoized[Concatenate[S, Q], R], instance: S, owner: type[Any]) -> Callable[Q, R]: ...
    def __get__(self, instance: Any, owner: type[Any]) -> Any:
        raise AssertionError

    def invalidate(self, *args: P.args, **kwargs: P.kwargs) -> bool:
        """Forget the result of this call, also one that is being computed; whether there was one."""
        raise AssertionError

    def refresh(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """Compute the result of this call now, keep it and return it."""
        raise AssertionError

    def key(self, *args: P.args, **kwargs: P.kwargs) -> str:
        """The key of this call, as the cache's methods take it."""
        raise AssertionError

    def stats(self) -> Statistics:
        """What has been counted of this function, in this process."""
        raise AssertionError


class AsyncMemoized(Generic[P, R_co]):
    """`Memoized` for the coroutine functions of an AsyncCache."""

    __name__: str
    __qualname__: str
    __wrapped__: Callable[P, Coroutine[Any, Any, R_co]]

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, R_co]:
        """The result, kept or computed."""
        raise AssertionError

    @overload
    def __get__(self, instance: None, owner: type[Any]) -> AsyncMemoized[P, R_co]: ...
    @overload
    def __get__(
        self: AsyncMemoized[Concatenate[S, Q], R], instance: S, owner: type[Any]
    ) -> Callable[Q, Coroutine[Any, Any, R]]: ...
    def __get__(self, instance: Any, owner: type[Any]) -> Any:
        raise AssertionError

    async def invalidate(self, *args: P.args, **kwargs: P.kwargs) -> bool:
        """Forget the result of this call, also one that is being computed; whether there was one."""
        raise AssertionError

    async def refresh(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """Compute the result of this call now, keep it and return it."""
        raise AssertionError

    def key(self, *args: P.args, **kwargs: P.kwargs) -> str:
        """The key of this call, as the cache's methods take it."""
        raise AssertionError

    def stats(self) -> Statistics:
        """What has been counted of this function, in this process."""
        raise AssertionError


class Memoizer(Protocol):
    """A decorator that keeps the signature."""

    def __call__(self, function: Callable[P, R], /) -> Memoized[P, R]: ...


class AsyncMemoizer(Protocol):
    def __call__(self, function: Callable[P, Coroutine[Any, Any, R]], /) -> AsyncMemoized[P, R]: ...


class Memo:
    """One memoized function: its keys, its policy and its statistics."""

    def __init__(
        self,
        core: Core,
        function: Callable[..., Any],
        *,
        ttl: MaybeDuration,
        key: Callable[..., Any] | None,
        tags: Tags,
        stale: Duration | None,
        early: float | None,
        background: bool,
        cache_none: bool,
        cache_errors: Duration | None,
        typed: bool,
        version: int | str,
        name: str | None,
    ) -> None:
        if name is None:
            name = _checked_name(function)
            if key is None and name in core.functions and _takes_from_around(function):
                warnings.warn(
                    f"{name} is memoized once more, and finds the results of the one before: what it takes "
                    f"from around it is in no key. Give each a name=, or a key= that says it",
                    CacheWarning,
                    stacklevel=4,
                )
        if name.startswith("@"):
            raise ValueError(f"a name does not begin with @: {name!r}")
        if early is not None and early < 0:
            raise ValueError(f"early is 0 or more, not {early!r}")
        self.core = core
        self.function = function
        self.name = name
        self.awaits = inspect.iscoroutinefunction(function)
        self.policy = Policy(
            core.ttl_of(ttl),
            stale=maybe_milliseconds(stale) or 0,
            early=early or 0.0,
            background=background,
            errors=0 if cache_errors is None else milliseconds(cache_errors),
            keep_none=cache_none,
        )
        self.tags = tags if callable(tags) else tags_of(tags)
        self.head = head = f"{core.prefix}{name}:v{version}:"
        self.stats = core.statistics(name, head)
        self.typed = typed
        self.by_arguments = key is None
        self.early = self.policy.early
        self.is_plain = not (self.tags or stale or early)
        """Its entries are a value and nothing else."""
        self.key: Callable[..., str] = (
            key_of_call(function, head, typed) if key is None else _key_by(key, name, head, typed)
        )

    def job(self, key: str, args: Any, kwargs: Any) -> Job:
        tags = self.tags
        return Job(
            key,
            functools.partial(self.function, *args, **kwargs),
            self.policy,
            self.stats,
            TASKS if self.awaits else THREADS,
            self.name,
            self.awaits,
            tags_of(tags(*args, **kwargs) or ()) if callable(tags) else tags,
        )

    def obtain(
        self, key: str, data: bytes | None, args: Any, kwargs: Any, looked: bool
    ) -> Coroutine[Any, Any, Flight]:
        return self.core.obtain(self.job(key, args, kwargs), data, looked)

    async def renew(self, args: Any, kwargs: Any) -> Flight:
        return await self.core.renew(self.job(self._key_of(args, kwargs), args, kwargs))

    async def invalidate(self, *args: Any, **kwargs: Any) -> bool:
        return await self.core.remove([self._key_of(args, kwargs)]) > 0

    def public_key(self, *args: Any, **kwargs: Any) -> str:
        return self._key_of(args, kwargs)[len(self.core.prefix) :]

    def _key_of(self, args: Any, kwargs: Any) -> str:
        """The key of a call, of which a method's object is part."""
        try:
            return self.key(*args, **kwargs)
        except TypeError as error:
            if "missing" not in str(error) or not takes_an_object(self.function):
                raise
            name = self.function.__qualname__
            raise TypeError(
                f"{error}: what belongs to a method takes the object as well, "
                f"as in {name}.invalidate(object, ...)"
            ) from None


def _checked_name(function: Callable[..., Any]) -> str:
    """The name of a function that can be memoized; TypeError naming one that cannot."""
    if isinstance(function, (classmethod, staticmethod, property)):
        raise TypeError(f"put @{type(function).__name__} above @cache.memoize, not beneath it")
    if not callable(function) or isinstance(function, type):
        raise TypeError(f"memoize is for functions, not for {function!r}")
    if is_lambda(function) or not hasattr(function, "__qualname__"):
        raise TypeError(f"{function!r} has no name of its own: give memoize a name=")
    return name_of(function)


def is_lambda(function: Callable[..., Any]) -> bool:
    """Its name is that of every lambda, so it would find the results of others."""
    return getattr(function, "__qualname__", "").endswith("<lambda>")


def _takes_from_around(function: Callable[..., Any]) -> bool:
    """It is within a function, and uses names of that."""
    code = getattr(function, "__code__", None)
    return code is not None and not {function.__name__, "__class__"}.issuperset(code.co_freevars)


def takes_an_object(function: Callable[..., Any]) -> bool:
    """It looks like a method."""
    parameters = list(inspect.signature(function).parameters)
    return parameters[:1] in (["self"], ["cls"])


def refuse_generators(function: Callable[..., Any]) -> None:
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise TypeError(
            f"{name_of(function)} is a generator function: what it yields can be read only once, so it "
            f"cannot be kept; return a list instead"
        )


def _key_by(key: Callable[..., Any], name: str, head: str, typed: bool) -> Callable[..., str]:
    write = TEXTS[typed]

    def key_of(*args: Any, **kwargs: Any) -> str:
        said = key(*args, **kwargs)
        try:
            return shortened(head + write(said))
        except Unkeyable as error:
            raise TypeError(
                f"{name} is memoized by a key=, which returned {said!r}, and {error} has no place in a key"
            ) from None

    return key_of


def dressed(memo: Memo, call: Callable[..., Any], **attributes: Any) -> Any:
    """`call` with the looks of the memoized function."""
    functools.update_wrapper(call, memo.function)
    for name, value in attributes.items():
        setattr(call, name, value)
    call.key = memo.public_key  # type: ignore[attr-defined]
    call.stats = memo.stats.copy  # type: ignore[attr-defined]
    return call


READING = """\
try:
    __data = __get(__key)
except __Exception as __error:
    __data = __unread(__error)
"""
"""How a memoized function goes on from its key."""

PLAIN_HIT = """\
if __data and __data[0] > 0x7F:
    try:
        __value = __unpackb(__data, ext_hook=__ext_hook, strict_map_key=False)
    except __Exception:
        pass  # it has a header, or is for `obtain` to count
    else:
        __stats.hits += 1
        return __value
elif __data and __len(__data) < 20 and __data.isdigit():
    __stats.hits += 1
    return __int(__data)
return __obtain(__key, __data, ARGUMENTS, False)
"""
"""And then, where most entries are msgpack and nothing else, or digits: a hit is one call of Python, and what
the store and msgpack take."""

HIT = """\
if __data:
    __value = __look(__key, __data, __early)
    if __value is not __unknown:
        __stats.hits += 1
        return __value
return __obtain(__key, __data, ARGUMENTS, True)
"""
"""The same for other entries."""


def memoized_in_threads(memo: Memo) -> Any:
    """For a plain function and a cache that is called, not awaited."""
    core, serializer = memo.core, memo.core.serializer
    backend: Any = core.backend
    key_of, read, hit = memo.key, backend.read_now, core.hit

    def invalidate(*args: Any, **kwargs: Any) -> bool:
        return run(memo.invalidate(*args, **kwargs))

    def refresh(*args: Any, **kwargs: Any) -> Any:
        return run(memo.renew(args, kwargs)).result()

    def obtain_now(key: str, data: bytes | None, args: Any, kwargs: Any, looked: bool) -> Any:
        return run(memo.obtain(key, data, args, kwargs, looked)).result()

    def call(*args: Any, **kwargs: Any) -> Any:
        key = key_of(*args, **kwargs)
        data = read(key)
        value = hit(key, data, memo.early, memo.stats)
        if value is not UNKNOWN:
            return value
        return obtain_now(key, data, args, kwargs, True)

    if memo.by_arguments:
        names = {"__get": backend.get_now, "__stats": memo.stats, "__obtain": obtain_now, "__unread": unread}
        go_on = HIT
        if memo.is_plain and core.entries.reads_plainly and isinstance(serializer, Msgpack):
            from msgpack import unpackb

            go_on = PLAIN_HIT
            names |= {"__unpackb": unpackb, "__ext_hook": serializer.ext_hook}
        else:
            names |= {"__look": core.look, "__early": memo.early, "__unknown": UNKNOWN}
        call = call_with_key(memo.function, memo.head, memo.typed, READING + go_on, names)
    return dressed(memo, call, invalidate=invalidate, refresh=refresh)


def memoized_in_tasks(memo: Memo) -> Any:
    """For a coroutine function and a Store in this process."""
    core = memo.core
    read, hit = core.backend.read_now, core.hit  # type: ignore[attr-defined]

    def invalidate(*args: Any, **kwargs: Any) -> bool:
        return run(memo.invalidate(*args, **kwargs))

    async def refresh(*args: Any, **kwargs: Any) -> Any:
        return (await memo.renew(args, kwargs)).result()

    async def call(*args: Any, **kwargs: Any) -> Any:
        key = memo.key(*args, **kwargs)
        data = read(key)
        value = hit(key, data, memo.early, memo.stats)
        if value is not UNKNOWN:
            return value
        return (await memo.obtain(key, data, args, kwargs, True)).result()

    return dressed(memo, call, invalidate=invalidate, refresh=refresh)


def memoized_awaited(memo: Memo) -> Any:
    """For a coroutine function and a cache that is awaited."""
    core = memo.core
    get, hit, looks = core.backend.get, core.hit, core.looks

    async def refresh(*args: Any, **kwargs: Any) -> Any:
        return (await memo.renew(args, kwargs)).result()

    async def call(*args: Any, **kwargs: Any) -> Any:
        key = memo.key(*args, **kwargs)
        data = await get(key)
        value = hit(key, data, memo.early, memo.stats) if looks else UNKNOWN
        if value is not UNKNOWN:
            return value
        return (await memo.obtain(key, data, args, kwargs, looks)).result()

    return dressed(memo, call, invalidate=memo.invalidate, refresh=refresh)


def memoize(core: Core, awaited: bool, functions: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """The function memoized, or what does that to the function it is then given."""
    options = completed(options, MEMOIZE, "memoize")
    if functions:
        return _memoized(core, functions[0], awaited, options)
    return lambda function: _memoized(core, function, awaited, options)


def _memoized(core: Core, function: Callable[..., Any], awaited: bool, options: dict[str, Any]) -> Any:
    refuse_generators(function)
    memo = Memo(core, function, **options)
    if awaited:
        if not memo.awaits:
            raise TypeError(
                f"{name_of(function)} is no coroutine function, and this cache is awaited: "
                f"make it `async def`"
            )
        return memoized_awaited(memo)
    if not memo.awaits:
        return memoized_in_threads(memo)
    if core.backend.blocks:
        raise TypeError(
            f"{name_of(function)} is a coroutine function, and the client of this cache blocks: "
            f"use Cache(redis.asyncio.Redis(...))"
        )
    return memoized_in_tasks(memo)
