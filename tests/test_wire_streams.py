"""The commands of streams over the wire: every byte is Redis's."""

from __future__ import annotations

import pytest
from raw import RawPair

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
