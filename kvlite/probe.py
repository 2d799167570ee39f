"""What tests ask of a store: which commands were called, and that some of them fail."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from .errors import ConnectionError
from .keyspace import commands_of


class ConnectionDropped(ConnectionError):
    """A fault took the connection away in the middle of a command."""


@dataclass(frozen=True)
class Call:
    """One command as it came: a direct call with its arguments, or a request with its words.

    Bytes are shown as str where they are UTF-8.
    """

    name: str
    """In lower case: the method's name, or the command's."""
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        words = [*map(repr, self.args), *(f"{name}={value!r}" for name, value in self.kwargs.items())]
        return f"{self.name}({', '.join(words)})"

    def _words(self) -> tuple[list[Any], dict[str, Any]]:
        """The arguments as they are told apart by Redis."""
        return list(map(_word, self.args)), {name: _word(value) for name, value in self.kwargs.items()}


class Calls:
    """The commands that have been called, in order, through whichever door. A sequence of `Call`.

    >>> store.calls.clear()
    >>> store.set("a", 1, ex=60)
    True
    >>> store.calls.count("set")
    1
    >>> store.calls.last("set").kwargs
    {'ex': 60}
    """

    def __init__(self) -> None:
        self._calls: list[Call] = []

    def __len__(self) -> int:
        return len(self._calls)

    def __iter__(self) -> Iterator[Call]:
        return iter(list(self._calls))

    def __getitem__(self, index: int) -> Call:
        return self._calls[index]

    def __repr__(self) -> str:
        return f"<Calls: {', '.join(map(str, self._calls)) or 'none'}>"

    def named(self, name: str) -> list[Call]:
        """The calls of one command."""
        return [call for call in self if call.name == name.lower()]

    def count(self, name: str) -> int:
        """How often a command was called."""
        return len(self.named(name))

    def last(self, name: str) -> Call:
        """The latest call of a command; AssertionError if there was none."""
        calls = self.named(name)
        assert calls, f"{name.lower()} was not called; what was called: {self!r}"
        return calls[-1]

    def assert_called(self, name: str, *args: Any, **kwargs: Any) -> None:
        """AssertionError unless a command was called, with just these arguments if any are given.

        `1`, `"1"` and `b"1"` are the same, as they are for Redis.
        """
        calls = self.named(name)
        assert calls, f"{name.lower()} was not called; what was called: {self!r}"
        if args or kwargs:
            wanted = Call(name.lower(), args, kwargs)
            found = any(call._words() == wanted._words() for call in calls)
            assert found, f"{wanted} was not called, but {', '.join(map(str, calls))}"

    def assert_not_called(self, name: str) -> None:
        """AssertionError if a command was called."""
        calls = self.named(name)
        assert not calls, f"{name.lower()} was called: {', '.join(map(str, calls))}"

    def clear(self) -> None:
        """Forget what was called."""
        self._calls.clear()


@dataclass
class _Fault:
    command: str
    skip: int
    left: float
    error: Exception | None = None
    seconds: float = 0.0


class Faults:
    """Commands that are to go wrong, through whichever door they come.

    `command` is its name, or `"*"` for any. `nth` is which call it is from now on, 1 being the next; `times`
    how many calls go wrong from there, None being all. What goes wrong is not done.

    >>> store.faults.raises("get", ConnectionError("gone"), nth=2)
    >>> store.get("key")
    >>> store.get("key")
    Traceback (most recent call last):
    kvlite.errors.ConnectionError: gone
    >>> store.get("key")
    """

    def __init__(self) -> None:
        self._faults: list[_Fault] = []
        self._lock = threading.Lock()

    def raises(self, command: str, error: Exception, nth: int = 1, times: int | None = 1) -> None:
        """Let a call end with `error`. A client of a server sees a RedisError as the server's answer, and
        loses its connection over any other."""
        self._plan(command, nth, times, error=error)

    def waits(self, command: str, seconds: float, nth: int = 1, times: int | None = 1) -> None:
        """Let a call take `seconds` longer, by the machine's clock; then it is done as usual."""
        self._plan(command, nth, times, seconds=seconds)

    def drops(self, command: str, nth: int = 1, times: int | None = 1) -> None:
        """Let a call lose its connection without an answer; a direct call raises ConnectionError."""
        self._plan(command, nth, times, error=ConnectionDropped("the connection was dropped by a fault"))

    def clear(self) -> None:
        """Plan nothing any more."""
        with self._lock:
            self._faults.clear()

    def _plan(self, command: str, nth: int, times: int | None, **what: Any) -> None:
        if nth < 1 or (times is not None and times < 1):
            raise ValueError("nth and times count from 1")
        left = float("inf") if times is None else times
        with self._lock:
            self._faults.append(_Fault(command.lower(), nth - 1, left, **what))

    def due(self, command: str) -> _Fault | None:
        """The fault that this call meets, if it does; counts the call."""
        met = None
        with self._lock:
            for fault in self._faults:
                if fault.command not in (command, "*"):
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

    def __init__(self) -> None:
        self.calls = Calls()
        self.faults = Faults()
        self._within = threading.local()

    def stand_before(self, store: Any) -> None:
        """Stand before every command of one database."""
        for name in commands_of(type(store)):
            store.__dict__[name] = self._before(name, getattr(store, name))

    def request(self, name: str, words: list[bytes]) -> float:
        """Note a request of a client; the seconds it has to wait. Raises what it is to end with."""
        return self._meet(name, words, {})

    def _before(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """The command `call` behind the probe. What it calls itself does not count."""

        def probed(*args: Any, **kwargs: Any) -> Any:
            if getattr(self._within, "command", False):
                return call(*args, **kwargs)
            seconds = self._meet(name, args, kwargs)
            if seconds:
                time.sleep(seconds)
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

    def _meet(self, name: str, args: Sequence[Any], kwargs: dict[str, Any]) -> float:
        self.calls._calls.append(Call(name, tuple(map(_readable, args)), kwargs))
        fault = self.faults.due(name)
        if fault is None:
            return 0.0
        if fault.error is not None:
            raise fault.error
        return fault.seconds


def _readable(word: Any) -> Any:
    if isinstance(word, bytes):
        try:
            return word.decode()
        except UnicodeDecodeError:
            pass
    return word


def _word(value: Any) -> Any:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return repr(value)
    return _readable(value)
