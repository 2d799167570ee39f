"""What parameters change in the store itself: how values are kept, and when what was written is synced.

A store that was opened with other values than Redis's defaults is where the configuration starts from.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any

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
