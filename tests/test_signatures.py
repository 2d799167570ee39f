"""Every command is redis-py's method: its name, its parameters, their order, kinds and defaults."""

from __future__ import annotations

import inspect

import pytest

from kvlite import Store

redis = pytest.importorskip("redis")

COMMANDS = {
    "strings": """append decr decrby get getdel getex getrange getset incr incrby incrbyfloat lcs mget mset
        msetnx psetex set setex setnx setrange strlen substr""",
    "bitmaps": "getbit setbit bitcount bitpos bitop bitfield bitfield_ro",
    "hyperloglogs": "pfadd pfcount pfmerge",
    "lists": """lindex linsert llen lmove lmpop lpop lpos lpush lpushx lrange lrem lset ltrim rpop rpoplpush
        rpush rpushx blmove blmpop blpop brpop brpoplpush""",
    "hashes": """hdel hexists hget hgetall hincrby hincrbyfloat hkeys hlen hmget hmset hrandfield hscan
        hscan_iter hset hsetnx hstrlen hvals hexpire hpexpire hexpireat hpexpireat hpersist hexpiretime
        hpexpiretime httl hpttl hgetdel hgetex hsetex""",
    "sets": """sadd scard sdiff sdiffstore sinter sintercard sinterstore sismember smembers smismember smove
        spop srandmember srem sscan sscan_iter sunion sunionstore""",
    "sorted sets": """zadd zcard zcount zdiff zdiffstore zincrby zinter zintercard zinterstore zlexcount zmpop
        zmscore zpopmax zpopmin zrandmember zrange zrangebylex zrangebyscore zrangestore zrank zrem
        zremrangebylex zremrangebyrank zremrangebyscore zrevrange zrevrangebylex zrevrangebyscore zrevrank
        zscan zscan_iter zscore zunion zunionstore bzmpop bzpopmax bzpopmin""",
    "streams": """xadd xdel xlen xrange xread xrevrange xtrim xgroup_create xgroup_createconsumer
        xgroup_delconsumer xgroup_destroy xgroup_setid xreadgroup xack xpending xpending_range xclaim
        xautoclaim xinfo_stream xinfo_groups xinfo_consumers""",
    "geo": "geoadd geodist geohash geopos geosearch geosearchstore georadius georadiusbymember",
    "keys": """copy delete exists expire expireat expiretime keys move persist pexpire pexpireat pexpiretime
        pttl randomkey rename renamenx scan scan_iter sort sort_ro touch ttl type unlink object dbsize flushdb
        flushall swapdb dump restore""",
    "channels": """publish spublish pubsub_channels pubsub_numpat pubsub_numsub pubsub_shardchannels
        pubsub_shardnumsub""",
    "scripts": """eval eval_ro evalsha evalsha_ro script_exists script_flush script_kill script_load
        register_script""",
    "functions": """fcall fcall_ro function_delete function_dump function_flush function_kill function_list
        function_load function_restore function_stats""",
    "administration": "ping",
    "together": "pipeline transaction lock pubsub",
}


def parameters(method: object) -> list[tuple[str, object, object]]:
    """The parameters of a method without annotations, and without a `**kwargs` that routes in clusters."""
    found = []
    for parameter in inspect.signature(inspect.unwrap(method)).parameters.values():  # type: ignore[arg-type]
        default = parameter.default
        if parameter.kind is not parameter.VAR_KEYWORD:
            found.append((parameter.name, parameter.kind, default))
    return found


@pytest.mark.parametrize("name", [name for group in COMMANDS.values() for name in group.split()])
def test_signature_is_that_of_redis_py(name: str) -> None:
    ours = parameters(getattr(Store, name))
    if name == "transaction":
        ours = ours[:3]  # redis-py takes the rest from **kwargs
    assert ours == parameters(getattr(redis.Redis, name))
