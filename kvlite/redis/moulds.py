"""What redis-py's constructors would do anew for every client, done once and copied.

A client of a test lives for some commands, and redis-py takes longer to make it than to run them: a table of
some two hundred callbacks, policies, locks, a pool with all of its options. So the first client with certain
options is taken as a mould. What is cast in it is the same, and nobody shares what he might change.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import threading
from collections.abc import Callable, Iterable
from enum import Enum
from types import FunctionType, MappingProxyType
from typing import Any

from redis.driver_info import DriverInfo
from redis.event import EventDispatcher
from redis.maint_notifications import MaintNotificationsConfig

from .talk import Talk

CONSTANT = frozenset((type(None), bool, int, float, str, bytes))
COMMON = CONSTANT | {FunctionType, MappingProxyType, DriverInfo, MaintNotificationsConfig, Talk}
"""Types of what copies have in common, beside classes and members of enumerations: it does not change."""
OWN: dict[type, Callable[[], Any]] = {
    type(threading.Lock()): threading.Lock,
    type(threading.RLock()): threading.RLock,
    asyncio.Lock: asyncio.Lock,
    EventDispatcher: EventDispatcher,
}
"""Types of what each copy has a new one of."""
OWN_ATTRIBUTES: dict[str, Callable[[], Any]] = {"_pool_id": lambda: secrets.token_hex(4)}
"""The same by the name of the attribute."""
MOST = 64
"""How many sets of options are remembered."""

Step = Callable[[list[Any]], Any]
"""Makes one object of a copy; it is given those that have been made before it."""


class Uncopyable(Exception):
    """There is something of which it is not known how to copy it."""


class Mould:
    """Copies an object with all that belongs to it: a `deepcopy` that has found its way before.

    Each copy has one of its own of `given`, with which the object was made. Uncopyable if the object holds
    anything unheard of.
    """

    def __init__(self, original: Any, given: object) -> None:
        self._steps: list[Step] = []
        self._numbers = {id(given): 0}
        self._add(original)
        del self._numbers

    def cast(self, given: object) -> Any:
        """A copy that has this where the original has what it was made with."""
        made = [given]
        for step in self._steps:
            made.append(step(made))
        return made[-1]

    def _number(self, value: Any) -> int | None:
        """The place of the copy of `value` among what is made; None if copies have `value` in common."""
        if type(value) in COMMON or isinstance(value, (type, Enum)):
            return None
        if type(value) is tuple and all(self._number(each) is None for each in value):
            return None
        return self._numbers[id(value)] if id(value) in self._numbers else self._add(value)

    def _add(self, value: Any) -> int:
        step = self._step(value)
        number = self._numbers[id(value)] = self._append(step)
        return number

    def _append(self, step: Step) -> int:
        self._steps.append(step)
        return len(self._steps)

    def _step(self, value: Any) -> Step:
        kind = type(value)
        if kind in OWN:
            return _new(OWN[kind])
        if kind in (list, set) and not value:
            return _new(kind)
        if kind is dict:
            return self._filling(dict, value.items())
        ours = kind.__module__.startswith(("redis.", "kvlite.redis."))
        if not ours or any(getattr(each, "__slots__", ()) for each in kind.__mro__):
            raise Uncopyable(kind)
        if isinstance(value, dict):
            return self._filling(kind, value.items())
        fill = self._filling(dict, vars(value).items())

        def step(made: list[Any]) -> Any:
            twin = object.__new__(kind)
            twin.__dict__ = fill(made)
            return twin

        return step

    def _filling(self, kind: type[dict[Any, Any]], items: Iterable[tuple[Any, Any]]) -> Step:
        common, own = {}, []
        for key, value in items:
            make = OWN_ATTRIBUTES.get(key)
            number = self._number(value) if make is None else self._append(_new(make))
            if number is None:
                common[key] = value
            else:
                own.append((key, number))

        def step(made: list[Any]) -> Any:
            twin = dict.__new__(kind)
            dict.update(twin, common)
            for key, number in own:
                dict.__setitem__(twin, key, made[number])
            return twin

        return step


def _new(make: Callable[[], Any]) -> Step:
    return lambda made: make()


class Moulds:
    """The moulds of one class's objects, by the options that its constructor is given."""

    def __init__(self, kind: type, construct: Callable[..., None]) -> None:
        """`construct` is the constructor: it takes an object, what is given to it, and options."""
        self._kind = kind
        self._construct = construct
        self._moulds: dict[tuple[Any, ...], Mould | None] = {}

    def construct(self, made: Any, given: object, options: dict[str, Any]) -> None:
        """Do with the new object `made` what the constructor does."""
        mould = self._find(given, options) if type(made) is self._kind else None
        if mould is None:
            self._construct(made, given, **options)
        else:
            vars(made).update(mould.cast(given))

    def _find(self, given: object, options: dict[str, Any]) -> Mould | None:
        """None if it has to be made each time."""
        types = tuple(map(type, options.values()))
        if not CONSTANT.issuperset(types):
            return None
        # redis-py's objects know their process, and whoever has replaced its constructor is asked
        key = os.getpid(), self._kind.__bases__[-1].__init__, types, *options.items()  # type: ignore[misc]
        if key not in self._moulds and len(self._moulds) < MOST:
            self._moulds[key] = self._make(given, options)
        return self._moulds.get(key)

    def _make(self, given: object, options: dict[str, Any]) -> Mould | None:
        original: Any = object.__new__(self._kind)
        self._construct(original, given, **options)
        try:
            return Mould(vars(original), given)
        except (Uncopyable, RecursionError):
            return None
