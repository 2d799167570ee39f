"""What parameters change in the store itself: how values are kept, and when what was written is synced.

A store that was opened with other values than Redis's defaults is where the configuration starts from.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any

from ..eviction import Eviction
from ..structs.limits import SETTINGS, Limits
from .config import Config

if TYPE_CHECKING:
    from ..keyspace import Shared
    from ..persist.durability import Durability, Fsync
    from ..store import Store

FSYNC: dict[str, Fsync] = {"always": "always", "everysec": "everysec", "no": "never"}
"""The store's word for each choice of appendfsync."""
NOT_CHANGED = "a store is kept on disk, or in memory, from its opening on"


def connect(config: Config, store: Store[Any]) -> None:
    """Let `config` say what holds for `store`, and `store` follow it from now on."""
    shared = store._shared
    _values(config, shared.limits)
    _databases(config, shared)
    _events(config, shared)
    _limits(config, store)
    _files(config, store)
    config.defaults = dict(config)


def _values(config: Config, limits: Limits) -> None:
    def follow() -> None:
        for name in SETTINGS:
            if config[name] != limits.get(name):
                limits.set(name, config[name])

    for name in SETTINGS:
        config[name] = limits.get(name)
    config.on_change(follow, *SETTINGS)


def _databases(config: Config, shared: Shared) -> None:
    def follow() -> None:
        shared.databases = config["databases"]

    config["databases"] = shared.databases
    config.on_change(follow, "databases")


def _events(config: Config, shared: Shared) -> None:
    def follow() -> None:
        with shared.lock:
            shared.notify_events(config["notify-keyspace-events"])

    config["notify-keyspace-events"] = shared.event_classes
    config.on_change(follow, "notify-keyspace-events")


EVICTION = {
    "maxmemory": "maxmemory",
    "maxmemory-policy": "maxmemory_policy",
    "maxmemory-samples": "maxmemory_samples",
    "maxkeys": "maxkeys",
    "lfu-log-factor": "lfu_log_factor",
    "lfu-decay-time": "lfu_decay_time",
}
"""What `eviction.Settings` calls each parameter."""


def _limits(config: Config, store: Store[Any]) -> None:
    shared = store._shared

    def follow() -> None:
        values = {attribute: config[name] for name, attribute in EVICTION.items()}
        if shared.eviction is None and all(config[name] == config.defaults[name] for name in EVICTION):
            return
        with shared.lock:
            Eviction.of(shared).set(**values)
        if shared.instance is not None:
            shared.instance.review()

    if shared.eviction is not None:
        for name, attribute in EVICTION.items():
            config[name] = getattr(shared.eviction.settings, attribute)
    config.on_change(follow, *EVICTION)


def _files(config: Config, store: Store[Any]) -> None:
    journal = store._shared.journal
    kept = config["appendonly"] = journal is not None
    if journal is not None:
        config["dir"], config["appenddirname"] = os.path.split(journal.path)
    else:
        with contextlib.suppress(OSError):  # of a folder that has been removed
            config["dir"] = os.getcwd()

    def refuse() -> None:
        if config["appendonly"] != kept:
            raise ValueError(NOT_CHANGED)

    config.on_change(refuse, "appendonly")
    durability = store._durability()
    if durability is not None:
        _syncing(config, durability)


def _syncing(config: Config, durability: Durability) -> None:
    def follow() -> None:
        durability.set_fsync(FSYNC[config["appendfsync"]])

    def plan() -> None:
        durability.set_compaction(config["auto-aof-rewrite-percentage"], config["auto-aof-rewrite-min-size"])

    config["appendfsync"] = next(choice for choice, fsync in FSYNC.items() if fsync == durability.fsync)
    config["auto-aof-rewrite-percentage"] = durability.compact_percent
    config["auto-aof-rewrite-min-size"] = durability.compact_min_size
    config.on_change(follow, "appendfsync")
    config.on_change(plan, "auto-aof-rewrite-percentage", "auto-aof-rewrite-min-size")
