"""The commands of sorted sets over the wire."""

from __future__ import annotations

from raw import RawPair

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

REQUESTS = """
    SET str text
    ZADD z CH 1 a 2 a
    ZADD z 1 a 2.5 b inf c -inf d 1e17 e 0.1 f
    ZADD z xx ch 5 a 6 n
    ZADD z NX CH 7 a 7 n
    ZADD z gt LT 1 a
    ZADD z NX GT 1 a
    ZADD z NX XX GT LT 1 a
    ZADD z NX NX 1 a
    ZADD z INCR 1 a 2 b
    ZADD z INCR 1 a
    ZADD z incr NX 1 a
    ZADD z INCR XX 1 none
    ZADD z INCR GT -1 a
    ZADD z INCR CH -inf c
    ZADD z CH
    ZADD z CH 1
    ZADD z 1 a CH
    ZADD z 1 a x b
    ZADD z x
    ZADD z x a
    ZADD z nan a
    ZADD str x a
    ZADD str 1 a
    ZINCRBY z 1 a
    ZINCRBY z x a
    ZINCRBY z NX a
    ZINCRBY str x a
    ZINCRBY z -inf c
    ZREM z nothing nothing
    ZREM str a
    ZSCORE z e
    ZSCORE z d
    ZSCORE z nothing
    ZSCORE none a
    ZSCORE str a
    ZMSCORE z a nothing c f
    ZMSCORE none a b
    ZCARD none
    ZCARD str
    ZCOUNT z (1 +inf
    ZCOUNT z x 1
    ZCOUNT str x 1
    ZLEXCOUNT z - +
    ZLEXCOUNT z a b
    ZRANK z a
    ZRANK z nothing
    ZREVRANK z a
    ZRANK z a WITHSCORE
    ZRANGE z 0 -1
    ZRANGE z 0 -1 withscores
    ZRANGE z 0 -1 WITHSCORES REV
    ZRANGE z 1 2 REV WITHSCORES BYSCORE
    ZRANGE z 2 1 BYSCORE REV LIMIT 0 1 WITHSCORES
    ZRANGE z - + BYLEX WITHSCORES
    ZRANGE z - + BYLEX LIMIT 1 2
    ZRANGE z 0 -1 LIMIT 0 1
    ZRANGE z 0 -1 LIMIT 0 -1
    ZRANGE z 0 -1 LIMIT 0
    ZRANGE z x y BYSCORE BYLEX
    ZRANGE z x y LIMIT 0 1
    ZRANGE z x y BYLEX
    ZRANGE z x y
    ZRANGE str x y
    ZRANGE str 0 1 NONSENSE
    ZREVRANGE z 0 0 WITHSCORES
    ZREVRANGE z 0 0 REV
    ZRANGEBYSCORE z -inf (2.5 WITHSCORES LIMIT 0 2
    ZRANGEBYSCORE z -inf inf LIMIT 0 x
    ZRANGEBYSCORE z -inf inf LIMIT -1 2
    ZREVRANGEBYSCORE z inf 1 LIMIT 1 -1
    ZRANGEBYLEX z [a (c
    ZRANGEBYLEX z [a (c WITHSCORES
    ZREVRANGEBYLEX z + - LIMIT 0 1
    ZRANGEBYLEX none a b
    ZRANGESTORE d z 0 1
    ZRANGESTORE d z 1 3 BYSCORE LIMIT 0 1 REV
    ZRANGESTORE d z 0 1 WITHSCORES
    ZRANGESTORE d none 0 1
    ZRANGESTORE d str 0 1
    ZREMRANGEBYRANK z 0 x
    ZREMRANGEBYRANK str 0 1
    ZREMRANGEBYSCORE z 1e17 (inf
    ZREMRANGEBYSCORE str x y
    ZREMRANGEBYLEX z [b [b
    ZADD y 1 a 2 b 3 c
    ZPOPMIN y 0
    ZPOPMIN y
    ZPOPMAX y 2
    ZPOPMIN y
    ZPOPMIN y 2
    ZPOPMIN y -1
    ZPOPMIN str -1
    ZPOPMIN str x y
    ZADD y 1 a 2 b 3 c 4 d 5 e
    ZMPOP 2 none y min
    ZMPOP 1 y MAX COUNT 2
    ZMPOP 1 none MIN
    ZMPOP 1 y MIN COUNT 0
    ZMPOP 1 y MIN COUNT 1 COUNT 1
    ZMPOP 0 y MIN
    ZMPOP 2 none str MIN
    BZPOPMIN none y 0
    BZPOPMAX y 1
    BZPOPMIN y x
    BZPOPMIN str 0
    ZADD y 1 a 2 b
    BZMPOP 0 1 y MIN COUNT 5
    BZMPOP x 1 y MIN COUNT 0
    BZMPOP x 1 y MIN
    ZADD y 1 a 2 b
    ZADD x 10 a 20 q
    SADD s a b c
    ZUNION 2 y x
    ZUNION 2 y x WITHSCORES
    ZUNION 3 y x s WITHSCORES WEIGHTS 1 2 3 AGGREGATE max
    ZUNION 2 y x WEIGHTS 1
    ZUNION 2 y x WEIGHTS 1 x
    ZUNION 2 y str WEIGHTS 1 x
    ZUNION 2 y x AGGREGATE AVG
    ZUNION 2 y x AGGREGATE
    ZUNION 0 y x
    ZUNION x y x
    ZUNION 3 y x
    ZINTER 2 y x WITHSCORES AGGREGATE MIN AGGREGATE SUM
    ZINTER 2 y none
    ZDIFF 2 y x WITHSCORES
    ZDIFF 2 y x WEIGHTS 1 2
    ZUNIONSTORE d 2 y x WITHSCORES
    ZUNIONSTORE d 2 y s WEIGHTS 2 inf
    ZINTERSTORE d 2 y none
    ZDIFFSTORE d 2 y x
    ZDIFFSTORE d 2 str x
    ZUNIONSTORE d 0 y
    ZINTERCARD 2 y x
    ZINTERCARD 2 y x LIMIT
    ZINTERCARD 2 y x LIMIT -1
    ZINTERCARD 2 y x limit 1 LIMIT 0
    ZINTERCARD 2 y str
    ZADD one 1.5 m
    ZRANDMEMBER one
    ZRANDMEMBER none
    ZRANDMEMBER one 3
    ZRANDMEMBER one -2 WITHSCORES
    ZRANDMEMBER none 2 WITHSCORES
    ZRANDMEMBER one x
    ZRANDMEMBER one 1 NONSENSE
    ZRANDMEMBER str
    ZRANDMEMBER one 4611686018427387904 WITHSCORES
    ZSCAN y 0
    ZSCAN y 0 MATCH b COUNT 10
    ZSCAN str x
    ZSCAN none 0 NONSENSE
"""


def test_sorted_sets_over_the_wire(raw: RawPair) -> None:
    raw.ask_lines(REQUESTS)
