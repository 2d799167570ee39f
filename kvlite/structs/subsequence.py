"""The longest common subsequence of two byte strings, chosen as Redis's LCS chooses it."""

from __future__ import annotations

from array import array
from typing import NamedTuple


class Match(NamedTuple):
    """A run of equal bytes: where it starts in the one and in the other, and how long it is."""

    first: int
    second: int
    length: int


def common_subsequence(a: bytes, b: bytes) -> tuple[bytes, list[Match]]:
    """A longest common subsequence and the runs it is made of, last first. O(len(a) * len(b)) time and space.

    >>> common_subsequence(b"ohmytext", b"mynewtext")
    (b'mytext', [Match(first=4, second=5, length=4), Match(first=2, second=0, length=2)])
    """
    width = len(b) + 1
    rows = [array("L", bytes(8 * width))]
    for byte in a:
        above = rows[-1]
        row = array("L", [0])
        left = 0
        for j, other in enumerate(b):
            if byte == other:
                left = above[j] + 1
            elif above[j + 1] > left:
                left = above[j + 1]
            row.append(left)
        rows.append(row)

    found = bytearray()
    matches: list[Match] = []
    i, j, run = len(a), len(b), 0
    while i > 0 and j > 0:
        if a[i - 1] == b[j - 1]:
            found.append(a[i - 1])
            i, j, run = i - 1, j - 1, run + 1
            continue
        if run:
            matches.append(Match(i, j, run))
            run = 0
        if rows[i - 1][j] > rows[i][j - 1]:
            i -= 1
        else:
            j -= 1
    if run:
        matches.append(Match(i, j, run))
    found.reverse()
    return bytes(found), matches
