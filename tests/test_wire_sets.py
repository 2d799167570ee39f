"""The commands of sets over the wire."""

from __future__ import annotations

import pytest
from raw import RawPair, Wire

from kvlite import Store

GRAMMAR = """
    5 SADD key member+
    3 SADD key number+
    3 SREM key member+
    SISMEMBER key member
    SMISMEMBER key member+
    SCARD key
    SMEMBERS key
    2 SPOP key [count]
    2 SRANDMEMBER key [integer]
    2 SMOVE key key member
    SINTER key+
    SUNION key+
    SDIFF key+
    SINTERSTORE key key+
    SUNIONSTORE key key+
    SDIFFSTORE key key+
    2 SINTERCARD #key [LIMIT count]
    2 SSCAN key cursor [MATCH pattern] [COUNT page]
    SET key value
    DEL key
    PEXPIRE key milliseconds
"""

REQUESTS = """
    SET str text
    SADD s 1 2 3 2
    SADD t 3 x ''
    SADD str a
    SREM s 9 9
    SREM str 9
    SISMEMBER t ''
    SISMEMBER none a
    SISMEMBER str a
    SMISMEMBER s 1 9 1
    SMISMEMBER none 1 9
    SMISMEMBER str 1
    SCARD none
    SMEMBERS s
    SMEMBERS none
    SMEMBERS str
    SPOP none
    SPOP none 0
    SPOP none 2
    SPOP s 0
    SPOP s -1
    SPOP s x
    SPOP str x
    SPOP str
    SPOP s 1 1
    SPOP s 100
    SADD s 1 2 3
    SRANDMEMBER none
    SRANDMEMBER none 2
    SRANDMEMBER none -2
    SRANDMEMBER s 0
    SRANDMEMBER s 100
    SRANDMEMBER s x
    SRANDMEMBER s 1 1
    SRANDMEMBER str
    SRANDMEMBER str x
    SMOVE s t 1
    SMOVE s s 2
    SMOVE s s 9
    SMOVE s str 2
    SMOVE str s 2
    SMOVE none str 2
    SINTER s t
    SINTER s none
    SINTER str none
    SINTER none str
    SUNION none none
    SUNION none str
    SDIFF s t
    SDIFF none str
    SDIFF str none
    SINTERSTORE d s t
    SINTERSTORE d none str
    SUNIONSTORE str none
    SET str text
    SUNIONSTORE d s str
    SDIFFSTORE d s t
    SDIFFSTORE s s s
    SADD s 1 2 3
    SINTERCARD 0 s
    SINTERCARD x s
    SINTERCARD 2 s
    SINTERCARD 1 s LIMIT
    SINTERCARD 1 s LIMIT -1
    SINTERCARD 1 s LIMIT x
    SINTERCARD 1 s limit 2
    SINTERCARD 1 s LIMIT 2 LIMIT 0
    SINTERCARD 1 s COUNT 2
    SINTERCARD 2 s str
    SINTERCARD 2 none str
    SSCAN s 0
    SSCAN s 0 COUNT 100 MATCH 1*
    SSCAN s 0 COUNT 0
    SSCAN str x
    SSCAN none 0 NONSENSE
"""


def test_sets_over_the_wire(raw: RawPair) -> None:
    raw.ask_lines(REQUESTS)


@pytest.mark.parametrize(
    ("words", "options"),
    [("SRANDMEMBER s", ""), ("HRANDFIELD h", "WITHVALUES"), ("ZRANDMEMBER z", "WITHSCORES")],
)
def test_nobody_draws_all_the_memory_there_is(words: str, options: str) -> None:
    """Redis would go on until there is no more: members may repeat, so a count means as many."""
    store = Store()
    wire = Wire(store)
    long = b"x" * 2**20
    store.sadd("s", long)
    store.hset("h", "f", long)
    store.zadd("z", {long: 1})
    for count in (-(2**62) + 1, -(2**31), -(2**23) - 1, -600):
        for rest in ([], options.split()):
            assert wire.ask(*words.split(), count, *rest) == b"-ERR value is out of range\r\n"
    assert wire.ask(*words.split(), -3).startswith(b"*3\r\n")
    assert wire.ask(*words.split(), -500).startswith(b"*500\r\n")
    assert wire.ask(*words.split(), 2**62).startswith(b"*1\r\n")
    store.close()
