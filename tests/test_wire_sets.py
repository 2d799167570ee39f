"""The commands of sets over the wire."""

from __future__ import annotations

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
