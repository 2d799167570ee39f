"""The commands of sorted sets over the wire."""

from __future__ import annotations

# Redis leaves ranges by lex undefined where scores differ; what it says of short members is settled.
GRAMMAR = """
    5 ZADD key (score short)+
    5 ZADD key [NX|XX] [GT|LT] [CH] [INCR] (score short)+
    2 ZADD large (score member)+
    2 ZRANGE large integer integer [WITHSCORES] [REV]
    2 ZSCAN large cursor
    2 ZINCRBY key score short
    2 ZREM key short+
    ZREMRANGEBYRANK key integer integer
    ZREMRANGEBYSCORE key bound bound
    ZREMRANGEBYLEX key lex lex
    ZPOPMIN key [count]
    ZPOPMAX key [count]
    2 ZMPOP #key (MIN|MAX) [COUNT count]
    BZPOPMIN key+ timeout
    BZPOPMAX key+ timeout
    BZMPOP timeout #key (MIN|MAX) [COUNT count]
    ZSCORE key short
    ZMSCORE key short+
    ZCARD key
    ZCOUNT key bound bound
    ZLEXCOUNT key lex lex
    ZRANK key short
    ZREVRANK key short
    ZRANDMEMBER key [integer] [WITHSCORES]
    2 ZSCAN key cursor [MATCH pattern] [COUNT page]
    2 ZRANGE key integer integer [WITHSCORES] [REV] [BYSCORE|BYLEX] [LIMIT integer integer]
    ZRANGE key bound bound [WITHSCORES] [BYSCORE|REV BYSCORE] [LIMIT integer integer]
    ZRANGE key lex lex [BYLEX|BYLEX REV] [LIMIT integer integer] [WITHSCORES]
    ZREVRANGE key integer integer [WITHSCORES]
    ZRANGEBYSCORE key bound bound [WITHSCORES] [LIMIT integer integer]
    ZREVRANGEBYSCORE key bound bound [WITHSCORES] [LIMIT integer integer]
    ZRANGEBYLEX key lex lex [LIMIT integer integer]
    ZREVRANGEBYLEX key lex lex [LIMIT integer integer]
    ZRANGESTORE key key integer integer [REV] [BYSCORE|BYLEX] [LIMIT integer integer]
    ZRANGESTORE key key bound bound [REV] BYSCORE [LIMIT integer integer]
    ZUNION #key [WEIGHTS weight#] [AGGREGATE (SUM|MIN|MAX)] [WITHSCORES]
    ZINTER #key [WEIGHTS weight#] [AGGREGATE (SUM|MIN|MAX)] [WITHSCORES]
    ZDIFF #key [WITHSCORES]
    ZUNIONSTORE key #key [WEIGHTS weight#] [AGGREGATE (SUM|MIN|MAX)]
    ZINTERSTORE key #key [WEIGHTS weight#] [AGGREGATE (SUM|MIN|MAX)]
    ZDIFFSTORE key #key
    ZINTERCARD #key [LIMIT count]
    SADD key short+
    SET key value
    DEL key
    PEXPIRE key milliseconds
"""
