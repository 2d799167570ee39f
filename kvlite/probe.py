"""What tests ask of a store: which commands were called, and that some of them fail."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field
from typing import Any

from .errors import ConnectionError, RedisError, reply_of
from .keyspace import commands_of
from .wording import one_name, plain, words_of

ANY = "*"
KnownCommands = Callable[[], Collection[str]]
"""Tells the names of all commands, those of subcommands as `config|get`."""


class Names:
    """The commands there are."""

    def __init__(self, known: KnownCommands) -> None:
        self._known = known

    def find(self, name: str) -> str:
        """`one_name` of a command; ValueError, which suggests another, if there is none of this name."""
        found = one_name(name)
        known = self._known()
        if found not in map(one_name, known):
            from difflib import get_close_matches

            near = get_close_matches(name.lower(), known, n=3)
            hint = f": is it {' or '.join(map(repr, near))}?" if near else ""
            raise ValueError(f"there is no command {name!r}{hint}")
        return found


class ConnectionDropped(ConnectionError):
    """A fault took the connection away in the middle of a command."""


@dataclass(frozen=True)
class Call:
    """One command as it came: a direct call with its arguments, or a request with its words.

    Bytes are shown as str where they are UTF-8.
    """

    name: str
    """In lower case: the method's name, or the command's; that of a subcommand is `config|get`."""
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    implied: bool = field(default=False, compare=False, repr=False)
    """Nobody has called it by this name: a client sends it by itself to begin a connection, or it stands for
    the end of a pipeline that calls the store directly."""

    def __str__(self) -> str:
        words = [*map(repr, self.args), *(f"{name}={value!r}" for name, value in self.kwargs.items())]
        return f"{self.name}({', '.join(words)})"

    def _forms(self) -> list[Any]:
        """What it is known by: two calls that have one of these in common are the same."""
        forms: list[Any] = [(plain(self.args), plain(self.kwargs))]
        words = words_of(self.name, self.args, self.kwargs)
        return forms if words is None else [*forms, (words, {})]


class Calls:
    """The commands that have been called, in order, through whichever door. A sequence of `Call`.

    What a client sends by itself to begin a connection, such as HELLO, is not among them, unless it is asked
    for by name. A command may be named as redis-py's method is, or as Redis does: `delete` is `del`. A name
    that no command has is a ValueError.

    >>> store.calls.clear()
    >>> store.set("a", 1, ex=60)
    True
    >>> store.calls.count("set")
    1
    >>> store.calls.last("set").kwargs
    {'ex': 60}
    """

    def __init__(self, names: Names) -> None:
        self._names = names
        self._calls: list[Call] = []

    def _asked_for(self) -> list[Call]:
        return [call for call in self._calls if not call.implied]

    def __len__(self) -> int:
        return len(self._asked_for())

    def __iter__(self) -> Iterator[Call]:
        return iter(self._asked_for())

    def __getitem__(self, index: int) -> Call:
        return self._asked_for()[index]

    def __repr__(self) -> str:
        return f"<Calls: {', '.join(map(str, self)) or 'none'}>"

    def named(self, name: str) -> list[Call]:
        """The calls of one command."""
        wanted = self._names.find(name)
        return [call for call in self._calls if one_name(call.name) == wanted]

    def count(self, name: str) -> int:
        """How often a command was called."""
        return len(self.named(name))

    def last(self, name: str) -> Call:
        """The latest call of a command; AssertionError if there was none."""
        return self._some(name)[-1]

    def assert_called(self, name: str, *args: Any, **kwargs: Any) -> None:
        """AssertionError unless a command was called, with just these arguments if any are given.

        `1`, `"1"` and `b"1"` are the same, as they are for Redis. Where redis-py is installed, calls are the
        same for which it would send the same: `"a", 1, ex=60`, `name="a", value=1, ex=60` and what clients
        send, `"a", "1", "EX", "60"`.
        """
        calls = self._some(name)
        if args or kwargs:
            wanted = Call(name.lower(), args, kwargs)
            forms = wanted._forms()
            if not any(form in forms for call in calls for form in call._forms()):
                raise AssertionError(f"{wanted} was not called, but {', '.join(map(str, calls))}")

    def assert_not_called(self, name: str) -> None:
        """AssertionError if a command was called."""
        calls = self.named(name)
        if calls:
            raise AssertionError(f"{name.lower()} was called: {', '.join(map(str, calls))}")

    def _some(self, name: str) -> list[Call]:
        """The calls of a command, of which there must be one."""
        calls = self.named(name)
        if not calls:
            raise AssertionError(f"{name.lower()} was not called; what was called: {self!r}")
        return calls

    def clear(self) -> None:
        """Forget what was called."""
        self._calls.clear()

    def noted(self) -> list[Call]:
        """All calls, with those that nobody has asked for."""
        return list(self._calls)

    def forget_but(self, kept: list[Call]) -> None:
        """Forget all calls but `kept`."""
        self._calls[:] = kept


@dataclass
class Fault:
    """What is to go wrong."""

    command: str
    """Its `one_name`, or ANY."""
    skip: int
    left: float
    seconds: float = 0.0
    error: Exception | None = None
    """What a direct call raises."""
    reply: RedisError | None = None
    """What a client is answered; if there is an error and no reply, its connection is lost."""


class Faults:
    """Commands that are to go wrong, through whichever door they come.

    `command` is its name, as for `Calls`, or `"*"` for any that a client does not send by itself to begin a
    connection. `nth` is which call it is from now on, 1 being the next; `times` how many calls go wrong from
    there, None being all. What goes wrong is not done. ValueError for a name that no command has.

    A transaction is executed by `exec`, that of a pipeline which calls the store directly too.

    Clients have their own ways to go on: redis-py sends a command again, ten times if need be, when a
    connection is lost or Redis is loading. What goes wrong once, an application that uses it does not see.

    >>> store.faults.raises("get", ConnectionError("gone"), nth=2)
    >>> store.get("key")
    >>> store.get("key")
    Traceback (most recent call last):
    kvlite.errors.ConnectionError: gone
    >>> store.get("key")
    """

    def __init__(self, names: Names) -> None:
        self._names = names
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def raises(
        self, command: str, error: Exception | type[Exception], nth: int = 1, times: int | None = 1
    ) -> None:
        """Let a call end with `error`, an exception of kvlite's, of redis-py's, or any other, or its class.

        Where it stands for an answer of Redis's, as a ResponseError does or a BusyLoadingError, a client gets
        that answer. Any other takes its connection away: a client in this process then raises `error`.
        """
        if isinstance(error, type):
            error = error()
        if not isinstance(error, Exception):
            raise TypeError(f"what is raised is an exception, not {error!r}")
        self._plan(command, nth, times, error=error, reply=reply_of(error))

    def waits(self, command: str, seconds: float, nth: int = 1, times: int | None = 1) -> None:
        """Let a call take `seconds` longer, by the machine's clock; then it is done as usual.

        A direct call holds up its thread meanwhile, and that of an AsyncStore its loop.
        """
        if not 0 <= seconds < float("inf"):
            raise ValueError(f"a call waits for some seconds, not {seconds!r}")
        self._plan(command, nth, times, seconds=seconds)

    def drops(self, command: str, nth: int = 1, times: int | None = 1) -> None:
        """Let a call lose its connection without an answer; a direct call raises ConnectionError."""
        self._plan(command, nth, times, error=ConnectionDropped("the connection was dropped by a fault"))

    def clear(self) -> None:
        """Plan nothing any more."""
        with self._lock:
            self._faults.clear()

    def planned(self) -> list[Fault]:
        """What is planned and has not gone wrong as often as it is to."""
        return list(self._faults)

    def forget_but(self, kept: list[Fault]) -> None:
        """Plan what is among `kept` and has not gone wrong as often as it is to, and nothing else."""
        with self._lock:
            self._faults = [fault for fault in kept if fault.left > 0]

    def _plan(self, command: str, nth: int, times: int | None, **what: Any) -> None:
        if nth < 1 or (times is not None and times < 1):
            raise ValueError("nth and times count from 1")
        name = command if command == ANY else self._names.find(command)
        left = float("inf") if times is None else times
        with self._lock:
            self._faults.append(Fault(name, nth - 1, left, **what))

    def due(self, call: Call) -> Fault | None:
        """The fault that this call meets, if it does; counts the call."""
        if not self._faults:
            return None
        met, name = None, one_name(call.name)
        with self._lock:
            for fault in self._faults:
                if fault.command != name and (fault.command != ANY or call.implied):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                elif met is None:
                    fault.left -= 1
                    met = fault
            self._faults = [fault for fault in self._faults if fault.left > 0]
        return met


class Probe:
    """Stands before every command of a store, from when a test first asks for `calls` or `faults`."""

    def __init__(self, known: KnownCommands) -> None:
        names = Names(known)
        self.calls = Calls(names)
        self.faults = Faults(names)
        self._within = threading.local()

    def stand_before(self, store: Any) -> None:
        """Stand before every command of one database."""
        for name in commands_of(type(store)):
            store.__dict__[name] = self._before(name, getattr(store, name))

    def request(self, name: str, words: Sequence[bytes], implied: bool) -> Fault | None:
        """Note a request of a client; the fault that it meets. `implied` is as in `Call`."""
        return self._meet(name, words, implied=implied)

    def executes(self) -> None:
        """A pipeline that calls the store directly is about to execute its commands as one."""
        fault = self._meet("exec", (), implied=True)
        if fault is not None:
            _befall(fault)

    def _before(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """The command `call` behind the probe. What it calls itself does not count."""

        def probed(*args: Any, **kwargs: Any) -> Any:
            if getattr(self._within, "command", False):
                return call(*args, **kwargs)
            fault = self._meet(name, args, kwargs)
            if fault is not None:
                _befall(fault)
            with self.inside():
                return call(*args, **kwargs)

        return probed

    @contextmanager
    def inside(self) -> Iterator[None]:
        """What is called of the store in this block is part of a request, and does not count."""
        within = self._within
        before, within.command = getattr(within, "command", False), True
        try:
            yield
        finally:
            within.command = before

    def _meet(
        self, name: str, args: Sequence[Any], kwargs: dict[str, Any] | None = None, implied: bool = False
    ) -> Fault | None:
        call = Call(name, _readable(tuple(args)), _readable(kwargs or {}), implied)
        self.calls._calls.append(call)
        return self.faults.due(call)


def _befall(fault: Fault) -> None:
    """Let a direct call meet the fault: it waits, or raises the error, which callers may add to."""
    if fault.error is not None:
        try:
            error = copy(fault.error)
        except Exception:
            error = fault.error.with_traceback(None)
        raise error
    time.sleep(fault.seconds)


def _readable(value: Any) -> Any:
    """`value` as it is now, with bytes as text where they are UTF-8."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return plain(value)
    if isinstance(value, dict):
        return {_readable(name): _readable(each) for name, each in value.items()}
    if type(value) in (list, tuple, set, frozenset):
        return type(value)(map(_readable, value))
    return value
