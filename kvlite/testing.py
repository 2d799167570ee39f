"""What a store offers tests: sandboxes, planned faults, and a record of what was called."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from .atomic import Atomic
from .encoding import PathLike
from .keyspace import Keyspace, T
from .probe import Calls, Faults, Probe
from .sandbox import Sandbox
from .seeds import read_seeds
from .wording import SENT_AS


class Testing(Keyspace[T]):
    """seed(), sandbox(), faults, calls."""

    def seed(self, data: Mapping[str, Any] | PathLike) -> int:
        """Put data into the store that is written down in a dict, or a file of JSON or YAML; how many keys.

        >>> store.seed({"hello": "world", "queue": ["a", "b"], "ann": {"age": 31}, "tags": {"$set": ["x"]}})
        4
        >>> store.lrange("queue", 0, -1)
        [b'a', b'b']

        A text or number is a string, a list a list, a dict a hash; `{"$set": [...]}`, `{"$zset": {...}}`,
        `{"$stream": {"1-1": {"field": "value"}}}` and so on say more, and how many seconds it lives:
        `{"$string": "hello", "$ttl": 60}`. A key that is there already is replaced. DataError, and nothing is
        changed, for anything else.
        """
        seeds = read_seeds(data)
        store: Any = self
        write = {
            "$string": store.set,
            "$list": lambda key, value: store.rpush(key, *value),
            "$set": lambda key, value: store.sadd(key, *value),
            "$hash": lambda key, value: store.hset(key, mapping=value),
            "$zset": store.zadd,
            "$stream": lambda key, value: [
                store.xadd(key, fields, id=each) for each, fields in value.items()
            ],
        }
        with Atomic(self):
            for seed in seeds:
                store.delete(seed.key)
                write[seed.kind](seed.key, seed.value)
                if seed.ttl is not None:
                    store.pexpire(seed.key, round(seed.ttl * 1000))
        return len(seeds)

    def sandbox(self) -> Sandbox:
        """A block after which all databases are as they were before, whoever changed them.

        >>> with store.sandbox():
        ...     _ = store.flushall(), store.set("a", "changed")
        >>> store.get("a")

        Seed a store once and give each test a sandbox. Others are not kept out. The time of a ManualClock is
        turned back as well, parameters and users are put back, `faults` that were planned and `calls` that
        were made meanwhile are forgotten. Blocks nest. What is touched is copied before its first change,
        O(its size).
        """
        return Sandbox(self)

    @property
    def faults(self) -> Faults:
        """Commands that are to go wrong: `store.faults.raises("get", error, nth=3)`."""
        return self._probed().faults

    @property
    def calls(self) -> Calls:
        """The commands that were called since this was first asked for."""
        return self._probed().calls

    def _probed(self) -> Probe:
        shared = self._shared
        with shared.lock:
            if shared.probe is None:
                shared.probe = Probe(_known_commands)
                for store in shared.open_stores:
                    shared.probe.stand_before(store)
                if shared.instance is not None:
                    shared.instance.meet_probe()
            probe: Probe = shared.probe
            return probe


@cache
def _known_commands() -> set[str]:
    """The names that a command may be called by; those of subcommands as `config|get`."""
    from .wire import commands as commands  # fills the table
    from .wire.table import ROWS

    rows = {row.name for each in ROWS.values() for row in (each, *each.subcommands.values())}
    return rows.union(SENT_AS)
