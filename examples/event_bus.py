"""An event bus: each service reads all events, its workers share them, and one that dies loses none.

Events lie in one stream. A service is a consumer group: each event goes to one of its workers, and is
pending there until the worker says that it is done. A worker that dies leaves what it was at; after a while
the others take that over. An event that nobody can handle is put aside after three attempts.

    python examples/event_bus.py            in memory
    python examples/event_bus.py app.kv     kept in a folder: kill it and start it again, and it goes on

Each event is handled at least once by each service: one that was done, but not acknowledged, comes again.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from kvlite import ManualClock, ResponseError, Store

Event = dict[str, str]
ATTEMPTS = 3
PATIENCE = 30_000
"""For how many milliseconds an event may be pending before it is taken to have been abandoned."""
LENGTH = 10_000
"""About how many events are kept."""


class Died(BaseException):
    """The process of a worker has ended."""


class Bus:
    def __init__(self, store: Store[str]) -> None:
        self.store = store

    def publish(self, **event: str | int) -> str:
        return self.store.xadd("events", event, maxlen=LENGTH) or ""

    def subscribe(self, service: str) -> None:
        """Let a service see all events from now on; it goes on where it was if it is known already."""
        try:
            self.store.xgroup_create("events", service, mkstream=True)
        except ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise

    def backlog(self, service: str) -> int:
        """How many events a service has still to see."""
        return next(g["lag"] for g in self.store.xinfo_groups("events") if g["name"] == service)


class Worker:
    def __init__(self, bus: Bus, service: str, name: str, handle: Callable[[Event], None]) -> None:
        self.bus, self.store = bus, bus.store
        self.service, self.name, self.handle = service, name, handle
        self.done = 0

    def run(self) -> None:
        """Handle what this worker was at when it ended, what others have abandoned, and what is new."""
        for id, event in self._read("0"):
            self._do(id, event)
        cursor = "0"
        while True:
            cursor, abandoned, _ = self.store.xautoclaim(
                "events", self.service, self.name, PATIENCE, cursor, count=10
            )
            for id, event in abandoned:
                self._do(id, event)
            if cursor == "0-0":
                break
        while new := self._read(">"):
            for id, event in new:
                self._do(id, event)

    def _read(self, position: str) -> list[tuple[str, Event]]:
        found = self.store.xreadgroup(self.service, self.name, {"events": position}, count=2)
        return found[0][1] if found else []

    def _do(self, id: str, event: Event) -> None:
        try:
            self.handle(event)
        except Exception as error:
            pending = self.store.xpending_range("events", self.service, id, id, 1)
            if pending[0]["times_delivered"] < ATTEMPTS:
                return  # it stays pending, and is taken over later
            self.store.xadd(f"failed:{self.service}", {"event": id, "error": str(error)})
        else:
            self.done += 1
        self.store.xack("events", self.service, id)


def main(path: str | None = None) -> None:
    clock = ManualClock(1_700_000_000_000)
    with Store(path, decode_responses=True, clock=clock) as store:
        bus = Bus(store)
        for service in ("mail", "bill"):
            bus.subscribe(service)
        for number in range(1, 9):
            bus.publish(kind="order", number=number, amount=number * 10 if number != 5 else "much")
        print(f"mail has to see {bus.backlog('mail')} events")

        sent: list[str] = []

        def send(event: Event) -> None:
            if event["number"] == "3" and not sent.count("3"):
                sent.append("3")  # the letter is out, but the worker dies before it can say so
                raise Died
            sent.append(event["number"])

        total = 0

        def bill(event: Event) -> None:
            nonlocal total
            total += int(event["amount"])

        ann = Worker(bus, "mail", "ann", send)
        try:
            ann.run()
        except Died:
            print(f"ann has died; sent: {' '.join(sent)}; {pending_at(store, 'mail')}")
        bob = Worker(bus, "mail", "bob", send)
        bob.run()
        print(f"bob goes on; sent: {' '.join(sent)}; {pending_at(store, 'mail')}")
        clock.advance(60)
        bob.run()
        print(f"a minute later; sent: {' '.join(sent)}; {pending_at(store, 'mail')}")

        cat = Worker(bus, "bill", "cat", bill)
        for _ in range(ATTEMPTS):
            cat.run()
            clock.advance(60)
        print(f"billed {total} for {cat.done} orders; {pending_at(store, 'bill')}")
        for _, failure in store.xrevrange("failed:bill", count=1):
            print(f"put aside: {failure['error']}")


def pending_at(store: Store[str], service: str) -> str:
    consumers = store.xpending("events", service)["consumers"]
    return "pending: " + (", ".join(f"{each['pending']} at {each['name']}" for each in consumers) or "none")


if __name__ == "__main__":
    main(*sys.argv[1:2])
