"""The commands of keys over the wire."""

from __future__ import annotations

from raw import RawPair

GRAMMAR = """
    2 SET key value
    2 RPUSH key value+
    2 HSET key member value
    2 SADD key member+
    2 ZADD key score member
    2 DEL key+
    UNLINK key+
    EXISTS key+
    TOUCH key+
    TYPE key
    KEYS pattern
    2 SCAN cursor COUNT page [MATCH pattern] [TYPE type] [COUNT page]
    RANDOMKEY
    DBSIZE
    FLUSHDB [SYNC|ASYNC]
    FLUSHALL [SYNC|ASYNC]
    3 RENAME key key
    3 RENAMENX key key
    3 MOVE key database
    3 COPY key key [DB database] [REPLACE]
    SWAPDB database database
    3 EXPIRE key seconds [NX|XX] [GT|LT]
    3 PEXPIRE key milliseconds [NX|XX] [GT|LT]
    2 EXPIREAT key second [NX|XX] [GT|LT]
    2 PEXPIREAT key millisecond [NX|XX] [GT|LT]
    2 PERSIST key
    TTL key
    PTTL key
    EXPIRETIME key
    PEXPIRETIME key
    TIME
"""

REQUESTS = """
    MSET a 1 b 2 '' 3
    RPUSH l x
    SADD s x
    HSET h x 1
    ZADD z 1 x
    TYPE a
    TYPE l
    TYPE s
    TYPE h
    TYPE z
    TYPE none
    EXISTS a a none ''
    TOUCH a none
    DEL a none a
    UNLINK '' none
    SET a 1
    EXPIRE a 10 NX XX
    EXPIRE a 10 GT LT
    EXPIRE a x NX XX
    EXPIRE a x NONSENSE
    EXPIRE a 10 NX NONSENSE
    EXPIRE a 10 gt gt
    EXPIRE a 10 lt
    EXPIRE a 20 GT XX
    EXPIRE a 10 NX
    EXPIRE none x
    EXPIRE a 9223372036854775807
    EXPIRE a -9223372036854775808
    PEXPIRE a 9223372036854775807
    EXPIREAT a 9223372036854775
    PEXPIREAT a 9223372036854775807
    PEXPIRETIME a
    TTL none
    PERSIST a
    PERSIST a
    TTL a
    PTTL a
    EXPIRETIME a
    EXPIRE b -1
    EXISTS b
    KEYS [l-k]
    KEYS none*
    SCAN 0 TYPE list TYPE set
    SCAN 0 COUNT 100 match l
    SCAN 0 MATCH
    SCAN 0 COUNT 0
    SCAN 0 COUNT x
    SCAN 0 NONSENSE x
    SCAN x
    SCAN x NONSENSE
    RENAME none none
    RENAME none a
    RENAME a a
    RENAMENX a a
    RENAMENX a l
    RENAMENX a c
    RENAME c l
    MOVE l 0
    MOVE l x
    MOVE l 16
    MOVE none 0
    MOVE none 1
    MOVE l 1
    COPY s t
    COPY s t
    COPY s t replace REPLACE
    COPY s s
    COPY s s DB 0
    COPY none none
    COPY s s DB 1
    COPY s t DB
    COPY s t DB x
    COPY s t DB 16
    COPY s t DB 1 DB 0 REPLACE
    COPY s t NONSENSE
    SELECT 1
    DBSIZE
    SWAPDB 0 1
    DBSIZE
    SWAPDB 0 0
    SWAPDB x 1
    SWAPDB 0 x
    SWAPDB 0 16
    SWAPDB -1 99999999999
    FLUSHDB NONSENSE
    FLUSHDB SYNC ASYNC
    FLUSHDB async
    RANDOMKEY
    FLUSHALL sync
    DBSIZE
    SELECT 0
    RANDOMKEY
    TIME
"""


def test_keys_over_the_wire(raw: RawPair) -> None:
    raw.ask_lines(REQUESTS)
