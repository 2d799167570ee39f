"""What a store offers tests: sandboxes, planned faults, and a record of what was called."""

from __future__ import annotations

from .keyspace import Keyspace, T
from .probe import Calls, Faults, Probe
from .sandbox import Sandbox


class Testing(Keyspace[T]):
    """sandbox(), faults, calls."""

    def sandbox(self) -> Sandbox:
        """A block after which all databases are as they were before, whoever changed them.

        >>> with store.sandbox():
        ...     _ = store.flushall(), store.set("a", "changed")
        >>> store.get("a")

        Seed a store once and give each test a sandbox. Others are not kept out, and the time of a ManualClock
        is turned back as well. Blocks nest. What is touched is copied before its first change, O(its size).
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
                shared.probe = Probe()
                for store in shared.open_stores:
                    shared.probe.stand_before(store)
                if shared.instance is not None:
                    shared.instance.review()
            probe: Probe = shared.probe
            return probe
