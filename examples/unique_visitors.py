"""Unique visitors of a site: how many different people came on a day, in a week, on both days of a weekend.

A page view is a PFADD to the HyperLogLog of its day: 12 kB a day, however many come, and nobody's name is
kept. Days are added up by a PFCOUNT of several keys, which counts who came on more days once. What is asked
for often is merged into one key. Who came on both of two days is estimated from the two and their union.

    python examples/unique_visitors.py            in memory
    python examples/unique_visitors.py app.kv     kept in a folder: who comes again in a later run counts once
"""

from __future__ import annotations

import sys
from datetime import date, timedelta
from random import Random

from kvlite import Store

MONDAY = date(2024, 1, 1)
KEPT_DAYS = 90


class Visitors:
    def __init__(self, store: Store[str]) -> None:
        self.store = store

    def came(self, who: str, day: date) -> None:
        """Count a page view."""
        key = f"visitors:{day}"
        with self.store.pipeline() as pipe:
            pipe.pfadd(key, who)
            pipe.expire(key, KEPT_DAYS * 86_400)
            pipe.execute()

    def on(self, *days: date) -> int:
        """About how many different visitors there were on any of these days."""
        return self.store.pfcount(*(f"visitors:{day}" for day in days))

    def on_both(self, day: date, other: date) -> int:
        """About how many came on both days; the errors of three estimates add up here."""
        return max(0, self.on(day) + self.on(other) - self.on(day, other))

    def close_week(self, monday: date) -> int:
        """Merge the days of a week into one key, which is kept for good; how many visitors it had."""
        key = f"visitors:week:{monday}"
        self.store.pfmerge(key, *(f"visitors:{day}" for day in days_of(monday)))
        return self.store.pfcount(key)


def days_of(monday: date) -> list[date]:
    return [monday + timedelta(days=number) for number in range(7)]


def main(path: str | None = None) -> None:
    with Store(path, decode_responses=True) as store:
        show(store)


def show(store: Store[str]) -> None:
    visitors, truth, random = Visitors(store), {}, Random(1)
    for number, day in enumerate(days_of(MONDAY)):
        views = [
            f"user:{int(random.paretovariate(0.3)) % 20_000}" for _ in range(3000 if number < 5 else 6000)
        ]
        truth[day] = set(views)
        for who in views:
            visitors.came(who, day)
        print(
            f"{day:%a}: {len(views):,} views of {visitors.on(day):5,} visitors ({len(truth[day]):,} exactly)"
        )

    week = days_of(MONDAY)
    everyone = set().union(*truth.values())
    print(f"the week: {visitors.close_week(MONDAY):,} visitors ({len(everyone):,} exactly)")
    both = truth[week[5]] & truth[week[6]]
    print(f"on both days of the weekend: {visitors.on_both(week[5], week[6]):,} ({len(both):,} exactly)")
    print(f"bytes of the whole week: {store.strlen(f'visitors:week:{MONDAY}'):,}")


if __name__ == "__main__":
    main(*sys.argv[1:2])
