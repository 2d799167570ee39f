"""A leaderboard: scores that grow, the top, a player's rank and neighbours, and a total over several weeks.

A sorted set keeps the players in the order of their scores, so a rank among n of them costs O(log n).

    python examples/leaderboard.py            in memory
    python examples/leaderboard.py app.kv     kept in a folder: what was played once is there in later runs
"""

from __future__ import annotations

import sys
from random import Random

from kvlite import Store


class Leaderboard:
    def __init__(self, store: Store[str], name: str) -> None:
        self.store = store
        self.key = f"leaderboard:{name}"

    def add(self, player: str, points: int) -> None:
        self.store.zincrby(self.key, points, player)

    def top(self, count: int) -> list[tuple[str, int]]:
        best = self.store.zrevrange(self.key, 0, count - 1, withscores=True)
        return [(player, int(points)) for player, points in best]

    def rank(self, player: str) -> int | None:
        """1 for the best player; None for one who has not played."""
        above = self.store.zrevrank(self.key, player)
        return None if above is None else above + 1

    def around(self, player: str, distance: int = 1) -> list[str]:
        """The player with the next better and the next worse ones."""
        place = self.store.zrevrank(self.key, player)
        if place is None:
            return []
        return self.store.zrevrange(self.key, max(place - distance, 0), place + distance)

    def total_of(self, *weeks: Leaderboard) -> None:
        """Become the sum of other leaderboards."""
        self.store.zunionstore(self.key, [week.key for week in weeks])


def play(weeks: list[Leaderboard]) -> None:
    dice = Random(7)
    players = [f"player-{number:05}" for number in range(20_000)]
    for week in weeks:
        for player in dice.choices(players, k=20_000):
            week.add(player, dice.randint(1, 100))
    weeks[1].add("ada", 450)


def show(store: Store[str]) -> None:
    weeks = [Leaderboard(store, f"week-{number}") for number in (1, 2)]
    with store.atomic():  # should the program be killed in here, nothing has been played
        if not store.exists(weeks[0].key):
            play(weeks)

    total = Leaderboard(store, "total")
    total.total_of(*weeks)

    print(f"{store.zcard(total.key):,} players, the best of both weeks:")
    for place, (player, points) in enumerate(total.top(3), 1):
        print(f"  {place}. {player}  {points}")
    print(f"ada is number {weeks[1].rank('ada')} of week 2 and number {total.rank('ada')} in total,")
    print(f"between {' and '.join(name for name in total.around('ada') if name != 'ada')}")
    print(f"bob, who has not played, is number {total.rank('bob')}")


def main(path: str | None = None) -> None:
    with Store(path, decode_responses=True) as store:
        show(store)


if __name__ == "__main__":
    main(*sys.argv[1:2])
