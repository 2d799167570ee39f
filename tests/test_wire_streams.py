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
