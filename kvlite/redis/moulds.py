"""What redis-py's constructors would do anew for every client, done once and copied.

A client of a test lives for some commands, and redis-py takes longer to make it than to run them: it writes
a table of some two hundred callbacks, and copies the policy of retries by `deepcopy`. What is made here is
the same, and nobody shares what he might change.
"""

from __future__ import annotations

import asyncio
import copy
import threading
from collections.abc import Callable
from typing import Any

import redis.asyncio.retry
from redis.backoff import ExponentialWithJitterBackoff, NoBackoff
from redis.client import CaseInsensitiveDict
from redis.event import EventDispatcher
from redis.retry import Retry

CONSTANT = (type(None), bool, int, str)
"""Types of attributes that copies may have in common."""
OWN: dict[type, Callable[[], Any]] = {
    type(threading.RLock()): threading.RLock,
    asyncio.Lock: asyncio.Lock,
    EventDispatcher: EventDispatcher,
}
"""Types of attributes that each copy has a new one of."""
RETRIES = (Retry, redis.asyncio.retry.Retry)
STATELESS = (ExponentialWithJitterBackoff, NoBackoff)
"""Backoffs that are nothing but numbers."""


def copy_of_retry(retry: Any) -> Any:
    """A policy of retries of its own, as `deepcopy` makes it."""
    if type(retry) not in RETRIES or type(retry._backoff) not in STATELESS:
        return copy.deepcopy(retry)
    twin, backoff = object.__new__(type(retry)), object.__new__(type(retry._backoff))
    twin.__dict__.update(retry.__dict__)
    backoff.__dict__.update(retry._backoff.__dict__)
    twin._backoff = backoff
    return twin


def own_retry(options: dict[str, Any]) -> Any:
    """The policy of retries of one connection, taken out of `options`; None if redis-py has to find it."""
    retry = options.get("retry")
    if not retry or options.get("retry_on_error") or options.get("retry_on_timeout"):
        return None
    del options["retry"]
    return copy_of_retry(retry)


def of_client(options: dict[str, Any]) -> dict[str, Any]:
    """Those of the options that a client has beside its pool's, as far as they say something."""
    own = ("single_connection_client", "credential_provider", "event_dispatcher")
    return {name: options[name] for name in own if options.get(name)}


class Mould:
    """A client as redis-py's constructor leaves it, which others are made like."""

    def __init__(self, client: Any) -> None:
        attributes = dict(vars(client))
        del attributes["connection_pool"]
        self._callbacks = dict(attributes.pop("response_callbacks"))
        self._own = [(name, OWN[type(value)]) for name, value in attributes.items() if type(value) in OWN]
        self._common = {name: value for name, value in attributes.items() if type(value) not in OWN}
        self.usable = all(type(value) in CONSTANT for value in self._common.values())
        """False if there is something among its attributes of which nothing is known here."""

    def fill(self, client: Any, pool: Any) -> None:
        """Give `client` the attributes of one that was made for `pool`."""
        attributes = client.__dict__
        attributes.update(self._common)
        for name, make in self._own:
            attributes[name] = make()
        attributes["connection_pool"] = pool
        attributes["response_callbacks"] = callbacks = CaseInsensitiveDict({})
        dict.update(callbacks, self._callbacks)  # the names are in upper case already


_moulds: dict[tuple[Any, ...], Mould] = {}


def construct(client: Any, kind: type, pool: Any) -> None:
    """Do what the constructor of redis-py's class `kind` does with `client` and `connection_pool=pool`."""
    options = pool.connection_kwargs
    wanted = options.get("protocol"), options.get("legacy_responses", True)
    constructor: Callable[..., None] = kind.__init__  # type: ignore[misc]  # it is only read
    if type(wanted[0]) not in CONSTANT or type(wanted[1]) not in CONSTANT:
        constructor(client, connection_pool=pool)
        return
    key = constructor, *wanted  # whoever has replaced the constructor is asked
    mould = _moulds.get(key)
    if mould is None:
        original: Any = object.__new__(kind)
        constructor(original, connection_pool=pool)
        mould = _moulds[key] = Mould(original)
    if mould.usable:
        mould.fill(client, pool)
    else:
        constructor(client, connection_pool=pool)
