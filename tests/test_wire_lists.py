"""The commands of lists over the wire."""

from __future__ import annotations

GRAMMAR = """
    3 LPUSH key value+
    5 RPUSH key value+
    LPUSHX key value+
    RPUSHX key value+
    2 LPOP key [count]
    2 RPOP key [count]
    LLEN key
    LINDEX key integer
    LRANGE key integer integer
    2 LSET key integer value
    2 LINSERT key (BEFORE|AFTER) value value
    2 LREM key integer value
    LTRIM key integer integer
    3 LPOS key value [RANK integer] [COUNT count] [MAXLEN count]
    2 LMOVE key key (LEFT|RIGHT) (LEFT|RIGHT)
    RPOPLPUSH key key
    2 LMPOP #key (LEFT|RIGHT) [COUNT count]
    BLPOP key+ timeout
    BRPOP key+ timeout
    BLMOVE key key (LEFT|RIGHT) (LEFT|RIGHT) timeout
    BRPOPLPUSH key key timeout
    BLMPOP timeout #key (LEFT|RIGHT) [COUNT count]
    SET key value
    DEL key
    PEXPIRE key milliseconds
"""
