"""What Redis tells of its commands: their categories in rules for users, since when they are there, tips.

Each table goes by the fact: the commands of which it is true, subcommands as `config|get`. All commands of
Redis 7.0 are listed, and those of later ones that kvlite has: rules for users may name any of them.
"""

from __future__ import annotations

_CATEGORIES = {
    "keyspace read fast": "dbsize exists expiretime pexpiretime pttl touch ttl type",
    "keyspace read slow": "dump object|encoding object|freq object|idletime object|refcount randomkey scan",
    "keyspace read slow dangerous": "keys",
    "keyspace write fast": "expire expireat move persist pexpire pexpireat renamenx unlink",
    "keyspace write fast dangerous": "swapdb",
    "keyspace write slow": "copy del rename",
    "keyspace write slow dangerous": "flushall flushdb migrate restore restore-asking",
    "keyspace slow": "object|help",
    "read set sortedset list slow dangerous": "sort_ro",
    "read set fast": "scard sismember smismember",
    "read set slow": "sdiff sinter sintercard smembers srandmember sscan sunion",
    "read sortedset fast": "zcard zcount zlexcount zmscore zrank zrevrank zscore",
    "read sortedset slow": """
        zdiff zinter zintercard zrandmember zrange zrangebylex zrangebyscore zrevrange zrevrangebylex
        zrevrangebyscore zscan zunion
    """,
    "read list fast": "llen",
    "read list slow": "lindex lpos lrange",
    "read hash fast": "hexists hexpiretime hget hlen hmget hpexpiretime hpttl hstrlen httl",
    "read hash slow": "hgetall hkeys hrandfield hscan hvals",
    "read string fast": "get mget strlen",
    "read string slow": "getrange lcs substr",
    "read bitmap fast": "bitfield_ro getbit",
    "read bitmap slow": "bitcount bitpos",
    "read hyperloglog slow": "pfcount",
    "read geo slow": "geodist geohash geopos georadius_ro georadiusbymember_ro geosearch",
    "read stream fast": "xlen",
    "read stream slow": "xinfo|consumers xinfo|groups xinfo|stream xpending xrange xrevrange",
    "read stream slow blocking": "xread",
    "read fast": "lolwut",
    "read slow": "memory|usage",
    "write set sortedset list slow dangerous": "sort",
    "write set fast": "sadd smove spop srem",
    "write set slow": "sdiffstore sinterstore sunionstore",
    "write sortedset fast": "zadd zincrby zpopmax zpopmin zrem",
    "write sortedset fast blocking": "bzpopmax bzpopmin",
    "write sortedset slow": """
        zdiffstore zinterstore zmpop zrangestore zremrangebylex zremrangebyrank zremrangebyscore zunionstore
    """,
    "write sortedset slow blocking": "bzmpop",
    "write list fast": "lpop lpush lpushx rpop rpush rpushx",
    "write list slow": "linsert lmove lmpop lrem lset ltrim rpoplpush",
    "write list slow blocking": "blmove blmpop blpop brpop brpoplpush",
    "write hash fast": """
        hdel hexpire hexpireat hgetdel hgetex hincrby hincrbyfloat hmset hpersist hpexpire hpexpireat hset
        hsetex hsetnx
    """,
    "write string fast": "append decr decrby getdel getex getset incr incrby incrbyfloat setnx",
    "write string slow": "mset msetnx psetex set setex setrange",
    "write bitmap slow": "bitfield bitop setbit",
    "write hyperloglog admin slow dangerous": "pfdebug",
    "write hyperloglog fast": "pfadd",
    "write hyperloglog slow": "pfmerge",
    "write geo slow": "geoadd georadius georadiusbymember geosearchstore",
    "write stream fast": "xack xadd xautoclaim xclaim xdel xsetid",
    "write stream slow": """
        xgroup|create xgroup|createconsumer xgroup|delconsumer xgroup|destroy xgroup|setid xtrim
    """,
    "write stream slow blocking": "xreadgroup",
    "write slow scripting": "function|delete function|flush function|load function|restore",
    "hyperloglog admin slow dangerous": "pfselftest",
    "stream slow": "xgroup|help xinfo|help",
    "pubsub fast": "publish spublish",
    "pubsub slow": """
        psubscribe pubsub|channels pubsub|numpat pubsub|numsub pubsub|shardchannels pubsub|shardnumsub
        punsubscribe ssubscribe subscribe sunsubscribe unsubscribe
    """,
    "admin fast dangerous": "lastsave role",
    "admin slow dangerous": """
        acl|deluser acl|dryrun acl|getuser acl|list acl|load acl|log acl|save acl|setuser acl|users
        bgrewriteaof bgsave cluster|addslots cluster|addslotsrange cluster|bumpepoch
        cluster|count-failure-reports cluster|delslots cluster|delslotsrange cluster|failover
        cluster|flushslots cluster|forget cluster|meet cluster|replicas cluster|replicate cluster|reset
        cluster|saveconfig cluster|set-config-epoch cluster|setslot cluster|slaves config|get
        config|resetstat config|rewrite config|set debug failover latency|doctor latency|graph
        latency|histogram latency|history latency|latest latency|reset module|list module|load module|loadex
        module|unload monitor psync replconf replicaof save shutdown slaveof slowlog|get slowlog|len
        slowlog|reset sync
    """,
    "admin slow dangerous connection": """
        client|kill client|list client|no-evict client|pause client|unblock client|unpause
    """,
    "fast": "time",
    "fast connection": "asking auth echo hello ping quit readonly readwrite reset select",
    "fast transaction": "discard multi unwatch watch",
    "slow": """
        acl acl|cat acl|genpass acl|help acl|whoami client cluster cluster|countkeysinslot
        cluster|getkeysinslot cluster|help cluster|info cluster|keyslot cluster|links cluster|myid
        cluster|nodes cluster|shards cluster|slots config config|help function latency latency|help memory
        memory|doctor memory|help memory|malloc-stats memory|purge memory|stats module module|help object
        pubsub pubsub|help script slowlog slowlog|help xgroup xinfo
    """,
    "slow dangerous": "info",
    "slow connection": """
        client|caching client|getname client|getredir client|help client|id client|info client|no-touch
        client|reply client|setinfo client|setname client|tracking client|trackinginfo command command|count
        command|docs command|getkeys command|getkeysandflags command|help command|info command|list wait
        waitaof
    """,
    "slow transaction": "exec",
    "slow scripting": """
        eval eval_ro evalsha evalsha_ro fcall fcall_ro function|dump function|help function|kill
        function|list function|stats script|debug script|exists script|flush script|help script|kill
        script|load
    """,
}
"""The categories of commands, in the order in which Redis prints them."""

_SINCE = {
    "1.0.0": """
        auth bgrewriteaof bgsave dbsize debug decr decrby del echo exists expire flushall flushdb get getset
        incr incrby info keys lastsave lindex llen lpop lpush lrange lrem lset ltrim mget monitor move ping
        quit randomkey rename renamenx rpop rpush sadd save scard sdiff sdiffstore select set setnx shutdown
        sinter sinterstore sismember slaveof smembers smove sort spop srandmember srem substr sunion
        sunionstore sync ttl type
    """,
    "1.0.1": "mset msetnx",
    "1.0.5": "zrangebyscore",
    "1.2.0": """
        exec expireat multi rpoplpush zadd zcard zincrby zrange zrem zremrangebyscore zrevrange zscore
    """,
    "2.0.0": """
        append blpop brpop config config|get config|resetstat config|set discard hdel hexists hget hgetall
        hincrby hkeys hlen hmget hmset hset hsetnx hvals psubscribe publish punsubscribe setex subscribe
        unsubscribe zcount zinterstore zrank zremrangebyrank zrevrank zunionstore
    """,
    "2.2.0": """
        brpoplpush getbit linsert lpushx persist rpushx setbit setrange strlen unwatch watch
        zrevrangebyscore
    """,
    "2.2.3": "object object|encoding object|idletime object|refcount",
    "2.2.12": "slowlog slowlog|get slowlog|len slowlog|reset",
    "2.4.0": "client client|kill client|list getrange",
    "2.6.0": """
        bitcount bitop dump eval evalsha hincrbyfloat incrbyfloat migrate pexpire pexpireat psetex pttl
        restore script script|exists script|flush script|kill script|load time
    """,
    "2.6.9": "client|getname client|setname",
    "2.8.0": """
        config|rewrite hscan psync pubsub pubsub|channels pubsub|numpat pubsub|numsub scan sscan zscan
    """,
    "2.8.7": "bitpos",
    "2.8.9": "pfadd pfcount pfdebug pfmerge pfselftest zlexcount zrangebylex zremrangebylex zrevrangebylex",
    "2.8.12": "role",
    "2.8.13": """
        command command|count command|getkeys command|info latency latency|doctor latency|graph latency|help
        latency|history latency|latest latency|reset
    """,
    "2.9.50": "client|pause",
    "3.0.0": """
        asking cluster cluster|addslots cluster|bumpepoch cluster|count-failure-reports
        cluster|countkeysinslot cluster|delslots cluster|failover cluster|flushslots cluster|forget
        cluster|getkeysinslot cluster|info cluster|keyslot cluster|meet cluster|myid cluster|nodes
        cluster|replicate cluster|reset cluster|saveconfig cluster|set-config-epoch cluster|setslot
        cluster|slaves cluster|slots readonly readwrite replconf restore-asking wait
    """,
    "3.2.0": """
        bitfield client|reply geoadd geodist geohash geopos georadius georadiusbymember hstrlen script|debug
    """,
    "3.2.1": "touch",
    "3.2.10": "georadius_ro georadiusbymember_ro",
    "4.0.0": """
        memory memory|doctor memory|help memory|malloc-stats memory|purge memory|stats memory|usage module
        module|list module|load module|unload object|freq swapdb unlink
    """,
    "5.0.0": """
        bzpopmax bzpopmin client|help client|id client|unblock cluster|help cluster|replicas command|help
        config|help lolwut module|help replicaof script|help xack xadd xclaim xdel xgroup xgroup|create
        xgroup|delconsumer xgroup|destroy xgroup|help xgroup|setid xinfo xinfo|consumers xinfo|groups
        xinfo|help xinfo|stream xlen xpending xrange xread xreadgroup xrevrange xsetid xtrim zpopmax zpopmin
    """,
    "6.0.0": """
        acl acl|cat acl|deluser acl|genpass acl|getuser acl|help acl|list acl|load acl|log acl|save
        acl|setuser acl|users acl|whoami bitfield_ro client|caching client|getredir client|tracking hello
    """,
    "6.0.6": "lpos",
    "6.2.0": """
        blmove client|info client|trackinginfo client|unpause copy failover geosearch geosearchstore getdel
        getex hrandfield lmove object|help pubsub|help reset slowlog|help smismember xautoclaim
        xgroup|createconsumer zdiff zdiffstore zinter zmscore zrandmember zrangestore zunion
    """,
    "7.0.0": """
        acl|dryrun blmpop bzmpop client|no-evict cluster|addslotsrange cluster|delslotsrange cluster|links
        cluster|shards command|docs command|getkeysandflags command|list eval_ro evalsha_ro expiretime fcall
        fcall_ro function function|delete function|dump function|flush function|help function|kill
        function|list function|load function|restore function|stats latency|histogram lcs lmpop
        module|loadex pexpiretime pubsub|shardchannels pubsub|shardnumsub sintercard sort_ro spublish
        ssubscribe sunsubscribe zintercard zmpop
    """,
    "7.2.0": "client|no-touch client|setinfo waitaof",
    "7.4.0": "hexpire hexpireat hexpiretime hpersist hpexpire hpexpireat hpexpiretime hpttl httl",
    "8.0.0": "hgetdel hgetex hsetex",
}

_TIPS = {
    "nondeterministic_output": """
        client|info client|list cluster|bumpepoch cluster|count-failure-reports cluster|getkeysinslot
        cluster|info cluster|links cluster|nodes cluster|replicas cluster|shards cluster|slaves
        cluster|slots dump hrandfield hscan lastsave migrate object|encoding object|freq object|idletime
        object|refcount pttl spop srandmember sscan time ttl xadd xautoclaim xclaim xinfo|consumers xpending
        xtrim zrandmember zscan
    """,
    "nondeterministic_output_order": """
        command command|docs command|info command|list function|list hgetall hkeys hvals module|list sdiff
        sinter smembers sunion
    """,
    "request_policy:all_nodes response_policy:all_succeeded": """
        config|set latency|reset script|flush script|load slowlog|reset
    """,
    "request_policy:all_shards response_policy:agg_sum": "dbsize",
    "request_policy:multi_shard response_policy:agg_sum": "del exists touch unlink",
    "request_policy:all_shards response_policy:all_succeeded": """
        flushall flushdb function|delete function|flush function|load function|restore memory|purge ping
    """,
    "request_policy:all_shards response_policy:one_succeeded": "function|kill script|kill",
    "nondeterministic_output request_policy:all_shards response_policy:special": """
        function|stats info memory|doctor memory|malloc-stats memory|stats
    """,
    "request_policy:all_shards nondeterministic_output_order": "keys",
    "nondeterministic_output request_policy:all_nodes response_policy:special": """
        latency|doctor latency|graph latency|histogram latency|history latency|latest
    """,
    "request_policy:multi_shard": "mget",
    "request_policy:multi_shard response_policy:all_succeeded": "mset",
    "request_policy:multi_shard response_policy:agg_min": "msetnx",
    "request_policy:all_shards nondeterministic_output": "randomkey",
    "nondeterministic_output request_policy:special": "scan",
    "request_policy:all_shards response_policy:agg_logical_and": "script|exists",
    "request_policy:all_nodes nondeterministic_output": "slowlog|get",
    "request_policy:all_nodes response_policy:agg_sum nondeterministic_output": "slowlog|len",
    "request_policy:all_shards response_policy:agg_min": "wait",
}


NOTES: dict[str, tuple[str, ...]] = {
    "bitfield": ("This command allows both access and modification of the key",),
    "eval": ("We cannot tell how the keys will be used so we assume the worst, RW and UPDATE",),
    "eval_ro": ("We cannot tell how the keys will be used so we assume the worst, RO and ACCESS",),
    "fcall": ("We cannot tell how the keys will be used so we assume the worst, RW and UPDATE",),
    "fcall_ro": ("We cannot tell how the keys will be used so we assume the worst, RO and ACCESS",),
    "getex": ("RW and UPDATE because it changes the TTL",),
    "pfcount": (
        "RW because it may change the internal representation of the key, and propagate to replicas",
    ),
    "set": ("RW and ACCESS due to the optional `GET` argument",),
    "sort": (
        "",
        "For the optional BY/GET keyword. It is marked 'unknown' because the key names derive from the "
        "content of the key we sort",
        "For the optional STORE keyword. It is marked 'unknown' because the keyword can appear anywhere in "
        "the argument array",
    ),
}
NOTES["xadd"] = ("UPDATE instead of INSERT because of the optional trimming feature",)
NOTES["sort_ro"] = NOTES["sort"]
"""What COMMAND INFO answers about the keys of a command, in their order."""

DEPRECATED = {
    "brpoplpush": ("6.2.0", "`BLMOVE` with `RIGHT` and `LEFT`"),
    "cluster|slaves": ("5.0.0", "`CLUSTER REPLICAS`"),
    "cluster|slots": ("7.0.0", "`CLUSTER SHARDS`"),
    "georadius": ("6.2.0", "`GEOSEARCH` and `GEOSEARCHSTORE` with `BYRADIUS`"),
    "georadius_ro": ("6.2.0", "`GEOSEARCH` with `BYRADIUS`"),
    "georadiusbymember": ("6.2.0", "`GEOSEARCH` and `GEOSEARCHSTORE` with `BYRADIUS` and `FROMMEMBER`"),
    "georadiusbymember_ro": ("6.2.0", "`GEOSEARCH` with `BYRADIUS` and `FROMMEMBER`"),
    "getset": ("6.2.0", "`SET` with `GET`"),
    "hmset": ("4.0.0", "`HSET`"),
    "rpoplpush": ("6.2.0", "`LMOVE` with `RIGHT` and `LEFT`"),
    "slaveof": ("5.0.0", "`REPLICAOF`"),
    "substr": ("2.0.0", "`GETRANGE`"),
    "zrangebylex": ("6.2.0", "`ZRANGE` with `BYLEX`"),
    "zrangebyscore": ("6.2.0", "`ZRANGE` with `BYSCORE`"),
    "zrevrange": ("6.2.0", "`ZRANGE` with `REV`"),
    "zrevrangebylex": ("6.2.0", "`ZRANGE` with `REV` and `BYLEX`"),
    "zrevrangebyscore": ("6.2.0", "`ZRANGE` with `REV` and `BYSCORE`"),
}
"""Commands that have a successor: since when, and which."""


def _by_name(table: dict[str, str]) -> dict[str, str]:
    return {name: fact for fact, names in table.items() for name in names.split()}


CATEGORY_NAMES = (
    *(
        "keyspace",
        "read",
        "write",
        "set",
        "sortedset",
        "list",
        "hash",
        "string",
        "bitmap",
        "hyperloglog",
        "geo",
    ),
    *("stream", "pubsub", "admin", "fast", "slow", "blocking", "dangerous", "connection", "transaction"),
    "scripting",
)
"""As ACL CAT lists them."""

CATEGORIES: dict[str, tuple[str, ...]] = {
    name: tuple(fact.split()) for name, fact in _by_name(_CATEGORIES).items()
}
SINCE = _by_name(_SINCE)
NEWER = {name for name, version in SINCE.items() if version > "7.0.15"}
"""Those that Redis 7.0.15, which kvlite says it is, does not have."""
TIPS = {name: fact.split() for name, fact in _by_name(_TIPS).items()}
