"""The commands of streams over the wire: every byte is Redis's."""

from __future__ import annotations

import pytest
from oracle import Oracle
from raw import RawPair

from kvlite.wire.instance import Instance

GRAMMAR = """
    6 XADD key newid (member value)+
    3 XADD key [NOMKSTREAM] [(MAXLEN|MINID) [=|~] (length|id) [LIMIT length]] newid (member value)+
    2 XADD key [LIMIT length] [(MAXLEN|MINID) [=|~] (length|id) [LIMIT length]] newid (member value)+
    2 XDEL key id+
    XTRIM key (MAXLEN|MINID) [=|~] (length|id) [LIMIT length] [(MAXLEN|MINID) [=|~] (length|id)]
    XTRIM key [LIMIT length]  (MAXLEN|MINID) [=|~] (length|id) [LIMIT length]
    XSETID key id [ENTRIESADDED length] [MAXDELETEDID id]
    XLEN key
    2 XRANGE key edge edge [COUNT count]
    2 XREVRANGE key edge edge [COUNT count]
    XREAD [COUNT count] [NOACK] STREAMS key position
    XREAD [COUNT count] STREAMS key key position position
    3 XGROUP CREATE key group position [MKSTREAM] [ENTRIESREAD integer]
    3 XGROUP CREATE key group position MKSTREAM
    XGROUP SETID key group (position|edge) [ENTRIESREAD integer]
    XGROUP DESTROY key group
    XGROUP CREATECONSUMER key group consumer
    XGROUP DELCONSUMER key group consumer
    4 XREADGROUP GROUP group consumer [COUNT count] [NOACK] STREAMS key (>|position)
    2 XREADGROUP GROUP group consumer [COUNT count] [NOACK] STREAMS key key > (>|position)
    2 XACK key group id+
    XPENDING key group
    2 XPENDING key group [IDLE milliseconds] edge edge count [consumer]
    3 XCLAIM key group consumer 0 id+ [IDLE milliseconds] [RETRYCOUNT count] [FORCE] [JUSTID]
    XCLAIM key group consumer milliseconds id+ [TIME millisecond] [RETRYCOUNT count] [JUSTID] [LASTID id]
    2 XAUTOCLAIM key group consumer milliseconds edge [COUNT count] [JUSTID]
    XINFO STREAM key [FULL [COUNT count]]
    XINFO GROUPS key
    XINFO CONSUMERS key group
    XINFO (STREAM|GROUPS|CONSUMERS|HELP|x) key [group]
    DEL key
    SET key value
    OBJECT ENCODING key
    TYPE key
    SCAN 0 TYPE stream
    SORT key
    COPY key key
    PEXPIRE key milliseconds
"""


@pytest.mark.parametrize("command", ["XINFO", "XGROUP"])
def test_subcommands(raw: RawPair, command: str) -> None:
    raw.ask(command)
    raw.ask(command, "nonsense")
    raw.ask(command, "HELP", "more")


def test_digest(oracle: Oracle) -> None:
    oracle.reset()
    raw = RawPair(oracle)
    Instance.of(raw.store).config.set_at_start("enable-debug-command", "yes")
    for number in range(250):
        raw.ask("XADD", "s", f"{number}-1", "number", number, "text", "x" * number)
        raw.ask("XADD", "s", f"{number}-2", "other", number)
    raw.ask("XDEL", "s", "7-1", "120-2")
    raw.ask("XTRIM", "s", "MAXLEN", "333")
    raw.ask("DEBUG", "DIGEST-VALUE", "s")
    raw.ask("XTRIM", "s", "MAXLEN", 0)
    raw.ask("DEBUG", "DIGEST-VALUE", "s")
    raw.ask("DEBUG", "DIGEST")
    raw.close()


def test_claiming_by_and_by(raw: RawPair) -> None:
    """XAUTOCLAIM looks at ten times as many as it may claim, and says where it has come."""
    raw.ask("XGROUP", "CREATE", "s", "g", "0", "MKSTREAM")
    for number in range(1, 61):
        raw.ask("XADD", "s", number, "a", "b")
    raw.ask("XREADGROUP", "GROUP", "g", "a", "COUNT", "40", "STREAMS", "s", ">")
    raw.advance(1)
    raw.ask("XREADGROUP", "GROUP", "g", "b", "STREAMS", "s", ">")
    raw.advance(1)
    raw.ask("XCLAIM", "s", "g", "c", 0, *range(1, 31), "JUSTID")
    raw.ask("XDEL", "s", *range(33, 37))
    for count in (1, 2, 3, 7, 100):
        for start in ("0", "5", "(21", "31", "33", "59", "60", "(60", "+"):
            raw.ask("XAUTOCLAIM", "s", "g", "d", 1500, start, "COUNT", count, "JUSTID")
            raw.ask("XPENDING", "s", "g")
    raw.ask("XAUTOCLAIM", "s", "g", "d", 0, "0", "COUNT", 3)
    raw.ask("XPENDING", "s", "g", "IDLE", 500, "-", "+", 10)
    raw.ask("XPENDING", "s", "g", "-", "+", 100, "d")


@pytest.mark.parametrize(
    ("entries", "deleted", "last"),
    [
        (["1", "2", "3"], ["1"], None),
        (["1", "2", "3"], ["2"], None),
        (["1", "2", "3"], ["3"], None),
        (["10", "20"], [], "20 MAXDELETEDID 2-5"),
        (["10", "20"], ["10", "20"], "15 MAXDELETEDID 2-5"),
    ],
)
def test_lag_behind_what_was_removed(
    raw: RawPair, entries: list[str], deleted: list[str], last: str | None
) -> None:
    """What was removed counts where entries that are left lie before it."""
    for id in entries:
        raw.ask("XADD", "s", id, "a", "b")
    for id in deleted:
        raw.ask("XDEL", "s", id)
    if last is not None:
        raw.ask("XSETID", "s", *last.split())
    raw.ask("XADD", "s", "30", "a", "b")
    for number, id in enumerate(("0", "0-1", "1", "1-1", "2", "3", "10", "30")):
        raw.ask("XGROUP", "CREATE", "s", f"g{number}", id, "ENTRIESREAD", "1")
    raw.ask("XINFO", "GROUPS", "s")
    for number in range(8):
        raw.ask("XREADGROUP", "GROUP", f"g{number}", "c", "COUNT", "1", "STREAMS", "s", ">")
    raw.ask("XINFO", "GROUPS", "s")


def test_the_last_id_is_set_back(raw: RawPair) -> None:
    """XSETID may go back behind entries that were removed, not behind one that is there."""
    raw.ask("XADD", "s", "2-2", "a", "b")
    raw.ask("XADD", "s", "36-2", "a", "b")
    raw.ask("XDEL", "s", "36-2")
    for words in ("1", "2-2", "40-1 MAXDELETEDID 30", "2-2 MAXDELETEDID 3", "3-2 MAXDELETEDID 1", "2-2"):
        raw.ask("XSETID", "s", *words.split())
        raw.ask("XINFO", "STREAM", "s")
    raw.ask("XADD", "s", "2-3", "a", "b")


def test_counts_of_64_bits(raw: RawPair) -> None:
    """They go on from the smallest number behind the largest, through copies, payloads and scripts too."""
    largest = 2**63 - 1
    raw.ask("XADD", "s", "1", "a", "b")
    raw.ask("XSETID", "s", "5", "ENTRIESADDED", largest)
    raw.ask("XGROUP", "CREATE", "s", "g", "0", "ENTRIESREAD", largest)
    for id in ("6", "7", "8"):
        raw.ask("XADD", "s", id, "a", "b")
    raw.ask("XREADGROUP", "GROUP", "g", "c", "COUNT", "3", "STREAMS", "s", ">")
    raw.ask("XCLAIM", "s", "g", "c", "0", "1", "6", "RETRYCOUNT", largest)
    raw.ask("XCLAIM", "s", "g", "c", "0", "1")
    raw.ask("XAUTOCLAIM", "s", "g", "c", "0", "6")
    raw.ask("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", "0")
    raw.ask("XPENDING", "s", "g", "-", "+", "10")
    raw.ask("COPY", "s", "t")
    raw.ask("DUMP", "t")
    raw.ask("XINFO", "STREAM", "t", "FULL")
    raw.ask("XINFO", "GROUPS", "t")
    raw.ask("XINFO", "STREAM", "t")


def test_claiming_more_than_there_can_be(raw: RawPair) -> None:
    raw.ask("XGROUP", "CREATE", "s", "g", "0", "MKSTREAM")
    for count in (2**40, 2**44, 2**56, 2**59 - 1, 2**59, 2**63 - 1, 2**63):
        raw.ask("XAUTOCLAIM", "s", "g", "c", "0", "0", "COUNT", count)
        raw.ask("XAUTOCLAIM", "s", "none", "c", "0", "0", "COUNT", count)
    raw.ask("XINFO", "CONSUMERS", "s", "g")
