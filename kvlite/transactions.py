"""Several commands as one: pipelines with WATCH, as redis-py has them, and atomic blocks that roll back."""

from __future__ import annotations

import contextlib
import functools
import math
import time
from collections.abc import Callable, Iterator, Sequence
from types import FunctionType, TracebackType
from typing import TYPE_CHECKING, Any, Generic, Self, TypeAlias

from .atomic import Atomic
from .encoding import Encodable, encode, encode_all
from .errors import DataError, RedisError, ResponseError, WatchError
from .eviction import admit, admitted
from .keyspace import Keyspace, T, commands_of
from .lock import Lock
from .types.bitmaps import BitFieldOperation
from .watch import Watch


class Transactions(Keyspace[T]):
    """Doing several things as one."""

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline[T]:
        """Commands that are collected and then executed together: `pipe.set(...).incr(...).execute()`.

        With `transaction` they are one for every other thread, and one record in the log; a command that
        fails does not stop the others. `shard_hint` has no meaning here.
        """
        store: Any = type(self)
        return _pipeline_of(store)(self, transaction)

    def transaction(
        self,
        func: Callable[[Pipeline[T]], Any],
        *watches: Encodable,
        shard_hint: str | None = None,
        value_from_callable: bool = False,
        watch_delay: float | None = None,
    ) -> Any:
        """Run `func(pipe)` with `watches` watched, execute what it queued, and again if something intervened.

        The results of the commands, or what `func` returned with `value_from_callable`. Before it tries again
        it sleeps `watch_delay` seconds.
        """
        with self.pipeline(True, shard_hint) as pipe:
            while True:
                try:
                    if watches:
                        pipe.watch(*watches)
                    value = func(pipe)
                    results = pipe.execute()
                    return value if value_from_callable else results
                except WatchError:
                    if watch_delay:
                        time.sleep(watch_delay)

    def atomic(self) -> Atomic:
        """A block whose commands are one for every other thread; an exception undoes all of them.

        >>> with store.atomic():
        ...     left, got = store.decrby("ann", 10), store.incrby("bob", 10)
        >>> left, got
        (-10, 10)

        Other threads wait while the block runs. Blocks nest, and each undoes its own part. Within a block
        blocking commands do not wait. What a key held before its first change is copied, O(its size).
        """
        return Atomic(self)

    def lock(
        self,
        name: str,
        timeout: float | None = None,
        sleep: float = 0.1,
        blocking: bool = True,
        blocking_timeout: float | None = None,
        lock_class: Callable[..., Lock] | None = None,
        thread_local: bool = True,
        raise_on_release_error: bool = True,
    ) -> Lock:
        """A lock kept under the key `name`, with redis-py's interface; see `kvlite.lock.Lock`."""
        make = Lock if lock_class is None else lock_class
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


class _Accepted(Exception):
    """A command has taken its arguments and reached for the data."""


def _rehearsal(store: type[Any]) -> Any:
    """A store of this class without data, whose commands check their arguments and stop there."""

    def reach(self: object, name: str) -> Any:
        raise _Accepted

    return object.__new__(type(store.__name__, (store,), {"__getattr__": reach}))


def _settled(argument: Any) -> Any:
    """`argument` as it is now, whatever the caller does with it before the pipeline runs."""
    if isinstance(argument, (bytearray, memoryview)):
        return bytes(argument)
    if isinstance(argument, (dict, list, set)):
        return argument.copy()
    return list(argument) if isinstance(argument, Iterator) else argument


_Call: TypeAlias = tuple[str, Sequence[Any], dict[str, Any]]
"""The name of a command, its arguments and its options."""


class Pipeline(Generic[T]):
    """Commands that run together. Every command of the store is a method here that queues it.

    After `watch`, and until `multi`, commands run at once and return their results; `execute` then raises
    WatchError if a watched key has changed. Arguments are checked when a command is queued.
    """

    def __init__(self, store: Keyspace[T], transaction: bool) -> None:
        self._store = store
        self._transaction = transaction
        self._queue: list[_Call] = []
        self._explicit = False
        self._watch: Watch | None = None

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
        watch = self._watch
        if watch is not None:
            self._store._shared.forgotten.append(watch)  # this may be in the middle of a command

    def __len__(self) -> int:
        """The number of commands queued."""
        return len(self._queue)

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"<Pipeline of {self._store!r}, {len(self._queue)} commands>"

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Callable[..., Any]: ...

    def watch(self, *names: Encodable) -> bool:
        """Let `execute` fail if one of these keys changes from now on. True."""
        if self._explicit:
            raise RedisError("Cannot issue a WATCH after a MULTI")
        keys = [encode(name) for name in names]
        store = self._store
        store._acquire()
        try:
            for key in keys:
                store._peek(key)
            if self._watch is None:
                self._watch = Watch(store)
                store._shared.observe(self._watch)
            self._watch.keys.update(keys)
        finally:
            store._release()
        return True

    def unwatch(self) -> bool:
        """Watch nothing any more. True."""
        self._stop_watching()
        return True

    def _stop_watching(self) -> None:
        watch, self._watch = self._watch, None
        if watch is not None:
            shared = self._store._shared
            with shared.lock:
                shared.stop_observing(watch)

    def bitfield(self, key: Encodable, default_overflow: str | None = None) -> BitFieldOperation[Any]:
        """Operations on integers among the bits of a string, to be queued together by their `execute`."""
        return BitFieldOperation(self, key, default_overflow)

    def _run_bitfield(self, words: list[Any]) -> Any:
        if self.runs_at_once:
            return self._store._run_bitfield(words)  # type: ignore[attr-defined]
        self._queue.append(("_run_bitfield", (encode_all(words),), {}))
        return self

    def multi(self) -> None:
        """Queue commands again, after `watch`."""
        if self._explicit:
            raise RedisError("Cannot issue nested calls to MULTI")
        if self._queue:
            raise RedisError("Commands without an initial WATCH have already been issued")
        self._explicit = True

    def discard(self) -> None:
        """Drop what is queued and watched."""
        self.reset()

    def reset(self) -> None:
        """Drop what is queued and watched."""
        self._queue = []
        self._explicit = False
        self._stop_watching()

    close = reset

    def execute(self, raise_on_error: bool = True) -> list[Any]:
        """Run the queued commands; their results in order.

        A command that fails does not stop the others. Its error is raised when all have run, the first
        one if there are several, or stands among the results when `raise_on_error` is false. WatchError,
        and nothing is done, if a watched key has changed.
        """
        queue, watch = self._queue, self._watch
        try:
            if not queue and watch is None:
                return []
            outcomes = self._run(queue, watch)
        finally:
            self.reset()
        return self._judged(queue, outcomes, raise_on_error)

    @property
    def is_transaction(self) -> bool:
        """What is queued is executed as one."""
        return self._transaction or self._explicit

    @property
    def runs_at_once(self) -> bool:
        """Commands are not queued now."""
        return self._watch is not None and not self._explicit

    def _judged(self, queue: list[_Call], results: list[Any], raise_on_error: bool) -> list[Any]:
        """The results, if there is no error among them that is to be raised."""
        failed = [number for number, result in enumerate(results) if isinstance(result, Exception)]
        for number in failed:
            if not isinstance(results[number], RedisError):
                raise results[number]
        if failed and raise_on_error:
            number = failed[0]
            error, said = results[number], _truncated(_words(*queue[number]))
            error.args = (f"Command # {number + 1} ({said}) of pipeline caused error: {error.args[0]}",)
            raise error
        return results

    def _run(self, queue: list[_Call], watch: Watch | None) -> list[Any]:
        store = self._store
        if not self.is_transaction:
            return _outcomes(store, queue)
        if store._shared.probe is not None:
            store._shared.probe.executes()
        store._acquire()
        try:
            if watch is not None:
                for key in watch.keys:
                    store._peek(key)
                if watch.broken:
                    raise WatchError("Watched variable changed.")
            admit(store._shared, (name for name, _, _ in queue))
            store._begin()
            try:
                with admitted(store._shared):
                    return _outcomes(store, queue)
            finally:
                store._end()
        finally:
            store._release()


def _outcomes(store: Keyspace[Any], queue: list[_Call]) -> list[Any]:
    """What each command returns or raises."""
    outcomes: list[Any] = []
    for name, arguments, options in queue:
        try:
            outcomes.append(getattr(store, name)(*arguments, **options))
        except Exception as error:
            outcomes.append(error)
    return outcomes


@functools.cache
def _pipeline_of(store: type[Keyspace[Any]]) -> type[Pipeline[Any]]:
    """The pipeline of stores of this class: with a method for each command that a type defines, that answers
    once, and that pipelines do not have of their own."""
    rehearsal = _rehearsal(store)
    methods = {
        name: _queueing(name, method, rehearsal)
        for name, method in commands_of(store).items()
        if name not in vars(Pipeline)
    }
    return type("Pipeline", (Pipeline,), methods)


def _queueing(name: str, method: FunctionType, rehearsal: Any) -> Callable[..., Any]:
    """The method of a pipeline that queues the command `method`.

    A command that once took so many texts and numbers takes as many again: making bytes of them is all that
    is left to check. Other arguments are checked by a rehearsal.
    """
    most = _most_plain(method)
    taken: set[int] = set()

    def queue(self: Pipeline[Any], *arguments: Any, **options: Any) -> Any:
        if self.runs_at_once:
            return getattr(self._store, name)(*arguments, **options)
        if not options and len(arguments) in taken:
            try:
                self._queue.append((name, encode_all(arguments), options))
                return self
            except DataError:
                pass
        arguments = tuple(map(_settled, arguments))
        options = {key: _settled(option) for key, option in options.items()}
        with contextlib.suppress(_Accepted, ResponseError):
            method(rehearsal, *arguments, **options)
        if not options and len(arguments) <= most:
            taken.add(len(arguments))
        self._queue.append((name, arguments, options))
        return self

    return functools.update_wrapper(queue, method)


_HAS_VARIADIC = 0x04
"""The flag of code that takes `*arguments` (inspect.CO_VARARGS, whose module is slow to import)."""


def _most_plain(method: FunctionType) -> float:
    """How many arguments `method` takes before one that may be more than a text or a number."""
    code, annotations = method.__code__, method.__annotations__
    several = bool(code.co_flags & _HAS_VARIADIC)
    after = code.co_argcount + code.co_kwonlyargcount
    names = code.co_varnames[1 : code.co_argcount] + code.co_varnames[after : after + several]
    for number, name in enumerate(names):
        if annotations[name] not in ("Encodable", "Encodable | None", "int", "float"):
            return number
    return math.inf if several else len(names)


_REDIS_NAMES = {
    "incr": "INCRBY",
    "decr": "DECRBY",
    "delete": "DEL",
    "sort_ro": "SORT_RO",
    "_run_bitfield": "BITFIELD",
}


def _words(name: str, args: Sequence[Any], options: dict[str, Any]) -> str:
    """The command about as redis-py words it in the error of a pipeline."""
    words = [_REDIS_NAMES.get(name, name.upper())]
    for argument in (*args, *options.values()):
        if isinstance(argument, dict):
            words += [_word(each) for pair in argument.items() for each in pair]
        elif isinstance(argument, (list, tuple, set, frozenset)):
            words += map(_word, argument)
        elif argument is not None and not isinstance(argument, bool):
            words.append(_word(argument))
    if name in ("incr", "decr") and len(words) == 2:
        words.append("1")
    return " ".join(words)


def _word(argument: Any) -> str:
    return argument.decode(errors="replace") if isinstance(argument, bytes) else str(argument)


def _truncated(text: str) -> str:
    return text if len(text) <= 100 else text[:97] + "..."
