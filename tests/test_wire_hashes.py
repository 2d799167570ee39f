"""The commands of hashes over the wire."""

from __future__ import annotations

GRAMMAR = """
    5 HSET key (member value)+
    HMSET key (member value)+
    2 HSETNX key member value
    3 HDEL key member+
    HGET key member
    HMGET key member+
    HGETALL key
    HKEYS key
    HVALS key
    HLEN key
    HSTRLEN key member
    HEXISTS key member
    3 HINCRBY key member integer
    3 HINCRBYFLOAT key member float
    2 HRANDFIELD key [integer] [WITHVALUES]
    2 HSCAN key cursor [MATCH pattern] [COUNT page]
    SET key value
    DEL key
    PEXPIRE key milliseconds
"""
