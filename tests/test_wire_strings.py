"""The commands of strings over the wire: the bytes of the answers are Redis's."""

from __future__ import annotations

import pytest
from raw import RawPair

GRAMMAR = """
    5 SET key value
    3 SET key value [NX|XX] [GET] [EX seconds|PX milliseconds|EXAT second|PXAT millisecond|KEEPTTL]
    2 GET key
    SETNX key value
    SETEX key seconds value
    PSETEX key milliseconds value
    GETSET key value
    GETDEL key
    2 GETEX key [EX seconds|PX milliseconds|EXAT second|PXAT millisecond|PERSIST]
    MGET key+
    MSET (key value)+
    MSETNX (key value)+
    2 APPEND key value
    STRLEN key
    GETRANGE key integer integer
    SUBSTR key integer integer
    2 SETRANGE key integer value
    2 INCR key
    DECR key
    INCRBY key integer
    DECRBY key integer
    2 INCRBYFLOAT key float
    2 LCS key key [LEN] [IDX] [MINMATCHLEN count] [WITHMATCHLEN]
    RPUSH key value
    DEL key
"""

REQUESTS = """
    SET k v
    GET k
    GET missing
    SET k w NX
    SET k w XX GET
    SET k w GET
    SET missing w XX GET
    SET k w EX 10 PX 10
    SET k w EX
    SET k w EX x
    SET k w EX 0
    SET k w KEEPTTL EX 1
    SET k w EX 1 KEEPTTL
    SET k w NX XX
    SET k w EX 10 EX 20
    SET k w KEEPTTL keepttl nx Nx
    GETEX k PX 5000 PX 10000
    GETEX k PERSIST PERSIST
    SET k w PXAT 99999999999999
    SETEX k 10 v
    SETEX k 0 v
    PSETEX k -1 v
    GETEX k PERSIST
    GETEX k EX 10 PERSIST
    GETEX k EX 100
    GETDEL k
    GETSET k v
    SETNX k v
    MSET a 1 b
    MSET a 1 b 2
    MSETNX a 1 c 2
    MSETNX a
    MGET a b c
    APPEND k tail
    STRLEN k
    GETRANGE k 0 -1
    SUBSTR k 1 2
    GETRANGE k a 0
    SETRANGE k 2 xx
    SETRANGE k -1 xx
    INCR n
    INCR k
    DECR n
    INCRBY n 9223372036854775807
    INCRBY n 1
    DECRBY n -9223372036854775808
    INCRBYFLOAT f 0.1
    INCRBYFLOAT f abc
    MSET x ohmytext y mynewtext
    LCS x y
    LCS x y LEN
    LCS x y len IDX
    LCS x y IDX
    LCS x y IDX MINMATCHLEN 4 WITHMATCHLEN MINMATCHLEN 2
    LCS x y MINMATCHLEN
    LCS x y MINMATCHLEN x
    LCS x y NONSENSE
    LCS x none LEN
    LCS x none IDX
    LCS none x
    RPUSH l a
    LCS l x NONSENSE
    GET
    get k
    NOSUCH a b c
    NOSUCH
"""


def test_strings(raw: RawPair) -> None:
    raw.ask_lines(REQUESTS)


@pytest.mark.parametrize("name", ["GET", "STRLEN", "INCR", "APPEND", "GETDEL", "GETRANGE"])
def test_arity(raw: RawPair, name: str) -> None:
    raw.ask(name)
    raw.ask(name, *"abcdefg")
