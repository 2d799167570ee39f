"""The commands of keys over the wire."""

from __future__ import annotations

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
