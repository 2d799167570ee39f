"""What COMMAND DOCS tells of each command: how it is written, what it does, and what it costs.

An entry is the command with its arguments in the grammar of `syntax`, and a sentence with the cost at its
        end.
"""

from __future__ import annotations

MANUAL = """
append key value
    Adds a text to the end of a string. O(1)
bgrewriteaof
    Begins to write the log anew in the background. O(1)
bgsave [SCHEDULE]
    Begins to save all data in the background. O(1)
bitcount key [start end [BYTE|BIT]]
    Counts the bits of a string that are 1. O(N), N bytes looked at
bitfield key [(GET encoding offset|([OVERFLOW (WRAP|SAT|FAIL)] (SET encoding offset value:integer|INCRBY
        encoding offset increment:integer)))...]
    Reads, sets and adds to integers among the bits of a string. O(1) for each
bitfield_ro key [(GET encoding offset)...]
    Reads integers among the bits of a string. O(1) for each
bitop operation destkey key...
    Combines the bits of strings and stores the result. O(N), N bytes of the longest
bitpos key bit [start [end [BYTE|BIT]]]
    Finds the first bit of a string that is 1, or 0. O(N), N bytes looked at
blmove source destination (LEFT|RIGHT) (LEFT|RIGHT) timeout
    Moves an element from one list to another, and waits for one if there is none. O(1)
blmpop timeout numkeys key... (LEFT|RIGHT) [COUNT count]
    Takes elements from the first list that has some, and waits if none has. O(N+M), N keys and M elements
blpop key... timeout
    Takes the first element of the first list that has one, and waits if none has. O(N), N keys
brpop key... timeout
    Takes the last element of the first list that has one, and waits if none has. O(N), N keys
brpoplpush source destination timeout
    Moves the last element of a list to the front of another, and waits for one if there is none. O(1)
bzmpop timeout numkeys key... (MIN|MAX) [COUNT count]
    Takes members from the first sorted set that has some, and waits if none has. O(K+M*log(N)), K keys, M
        members of N
bzpopmax key... timeout
    Takes the member with the highest score of the first sorted set that has one, and waits if none has.
        O(log(N))
bzpopmin key... timeout
    Takes the member with the lowest score of the first sorted set that has one, and waits if none has.
        O(log(N))
copy source destination [DB destination-db] [REPLACE]
    Copies the value of a key to another. O(N), N elements; O(1) for a string
dbsize
    Counts the keys. O(1)
decr key
    Subtracts 1 from a number, which is 0 if there is none. O(1)
decrby key decrement
    Subtracts from a number, which is 0 if there is none. O(1)
del key...
    Removes keys. O(N), N keys and their elements
dump key
    Tells a value in the form that RESTORE takes. O(N), N bytes
exists key...
    Counts the keys that are there, one named twice as two. O(N), N keys
expire key seconds [NX|XX|GT|LT]
    Lets a key live for so many seconds. O(1)
expireat key unix-time-seconds [NX|XX|GT|LT]
    Lets a key live until then. O(1)
expiretime key
    Tells until when a key lives, in seconds since 1970. O(1)
flushall [ASYNC|SYNC]
    Removes all keys of all databases. O(N), N keys
flushdb [ASYNC|SYNC]
    Removes all keys of this database. O(N), N keys
geoadd key [NX|XX] [CH] (longitude latitude member)...
    Adds places on the earth to a sorted set. O(log(N)) for each
geodist key member1 member2 [M|KM|FT|MI]
    Tells how far two places are from each other. O(1)
geohash key member...
    Tells the geohashes of places. O(1) for each
geopos key member...
    Tells the longitudes and latitudes of places. O(1) for each
georadius key longitude latitude radius (M|KM|FT|MI) [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]]
        [ASC|DESC] [STORE key] [STOREDIST key]
    Finds the places within a circle about a point. O(N+log(M)), N places about there of M
georadius_ro key longitude latitude radius (M|KM|FT|MI) [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]]
        [ASC|DESC]
    Finds the places within a circle about a point, and stores nothing. O(N+log(M)), N places about there of M
georadiusbymember key member radius (M|KM|FT|MI) [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]]
        [ASC|DESC] [STORE key] [STOREDIST key]
    Finds the places within a circle about one of them. O(N+log(M)), N places about there of M
georadiusbymember_ro key member radius (M|KM|FT|MI) [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]]
        [ASC|DESC]
    Finds the places within a circle about one of them, and stores nothing. O(N+log(M)), N places about there
        of M
geosearch key (FROMMEMBER member|FROMLONLAT (longitude latitude)) ((BYRADIUS radius (M|KM|FT|MI))|(BYBOX width
        height (M|KM|FT|MI))) [ASC|DESC] [COUNT count [ANY]] [WITHCOORD] [WITHDIST] [WITHHASH]
    Finds the places within a circle or a rectangle. O(N+log(M)), N places about there of M
geosearchstore destination source (FROMMEMBER member|FROMLONLAT (longitude latitude)) ((BYRADIUS radius
        (M|KM|FT|MI))|(BYBOX width height (M|KM|FT|MI))) [ASC|DESC] [COUNT count [ANY]] [STOREDIST]
    Stores the places within a circle or a rectangle. O(N+log(M)), N places about there of M
get key
    Tells the string at a key. O(1)
getbit key offset
    Tells a bit of a string. O(1)
getdel key
    Tells the string at a key and removes the key. O(1)
getex key [EX seconds|PX milliseconds|EXAT unix-time-seconds|PXAT unix-time-milliseconds|PERSIST]
    Tells the string at a key and says how long it lives. O(1)
getrange key start end
    Tells a part of a string. O(N), N bytes of it
getset key value
    Stores a string and tells the one before it. O(1)
hdel key field...
    Removes fields of a hash. O(N), N fields
hexists key field
    Tells whether a hash has a field. O(1)
hexpire key seconds [NX|XX|GT|LT] FIELDS numfields field...
    Lets fields of a hash live for so many seconds. O(N), N fields
hexpireat key unix-time-seconds [NX|XX|GT|LT] FIELDS numfields field...
    Lets fields of a hash live until then. O(N), N fields
hexpiretime key FIELDS numfields field...
    Tells until when fields of a hash live, in seconds since 1970. O(N), N fields
hget key field
    Tells the value of a field. O(1)
hgetall key
    Tells all fields of a hash and their values. O(N), N fields
hgetdel key FIELDS numfields field...
    Tells the values of fields and removes the fields. O(N), N fields
hgetex key [EX seconds|PX milliseconds|EXAT unix-time-seconds|PXAT unix-time-milliseconds|PERSIST] FIELDS
        numfields field...
    Tells the values of fields and says how long they live. O(N), N fields
hincrby key field increment
    Adds to the number in a field, which is 0 if there is none. O(1)
hincrbyfloat key field increment:double
    Adds to the floating-point number in a field, which is 0 if there is none. O(1)
hkeys key
    Tells all fields of a hash. O(N), N fields
hlen key
    Counts the fields of a hash. O(1)
hmget key field...
    Tells the values of several fields. O(N), N fields
hmset key (field value)...
    Sets several fields. O(N), N fields
hpersist key FIELDS numfields field...
    Lets fields of a hash live for ever. O(N), N fields
hpexpire key milliseconds [NX|XX|GT|LT] FIELDS numfields field...
    Lets fields of a hash live for so many milliseconds. O(N), N fields
hpexpireat key unix-time-milliseconds [NX|XX|GT|LT] FIELDS numfields field...
    Lets fields of a hash live until then, to the millisecond. O(N), N fields
hpexpiretime key FIELDS numfields field...
    Tells until when fields of a hash live, in milliseconds since 1970. O(N), N fields
hpttl key FIELDS numfields field...
    Tells how many milliseconds fields of a hash have left. O(N), N fields
hrandfield key [count [WITHVALUES]]
    Draws fields of a hash by lot. O(N), N of them
hscan key cursor [MATCH pattern] [COUNT count]
    Goes through the fields of a hash, a few with each call. O(1) for a call, O(N) for all N fields
hset key (field value)...
    Sets fields of a hash. O(N), N fields
hsetex key [FNX|FXX] [EX seconds|PX milliseconds|EXAT unix-time-seconds|PXAT unix-time-milliseconds|KEEPTTL]
        FIELDS numfields (field value)...
    Sets fields of a hash and says how long they live. O(N), N fields
hsetnx key field value
    Sets a field that is not there yet. O(1)
hstrlen key field
    Tells the length of a field's value. O(1)
httl key FIELDS numfields field...
    Tells how many seconds fields of a hash have left. O(N), N fields
hvals key
    Tells all values in a hash. O(N), N fields
incr key
    Adds 1 to a number, which is 0 if there is none. O(1)
incrby key increment
    Adds to a number, which is 0 if there is none. O(1)
incrbyfloat key increment:double
    Adds to a floating-point number, which is 0 if there is none. O(1)
keys pattern
    Tells all keys that match a pattern. O(N), N keys in the database
lcs key1 key2 [LEN] [IDX] [MINMATCHLEN len] [WITHMATCHLEN]
    Finds the longest text that two strings share, in order but with gaps. O(N*M), their lengths
lindex key index
    Tells the element at a place of a list. O(1)
linsert key (BEFORE|AFTER) pivot element
    Puts an element beside another one. O(N), N elements looked at
llen key
    Counts the elements of a list. O(1)
lmove source destination (LEFT|RIGHT) (LEFT|RIGHT)
    Moves an element from one list to another. O(1)
lmpop numkeys key... (LEFT|RIGHT) [COUNT count]
    Takes elements from the first list that has some. O(N+M), N keys and M elements
lpop key [count]
    Takes elements from the front of a list. O(N), N elements taken
lpos key element [RANK rank] [COUNT num-matches] [MAXLEN len]
    Tells where an element stands in a list. O(N), N elements looked at
lpush key element...
    Puts elements before a list. O(N), N elements put
lpushx key element...
    Puts elements before a list that is there. O(N), N elements put
lrange key start stop
    Tells the elements from one place to another. O(N), N of them
lrem key count element
    Removes an element wherever it stands, or some of its places. O(N), N elements in the list
lset key index element
    Exchanges the element at a place. O(1)
ltrim key start stop
    Leaves only the elements from one place to another. O(N), N elements removed
mget key...
    Tells several strings. O(N), N keys
move key db
    Moves a key to another database. O(1)
mset (key value)...
    Stores several strings. O(N), N keys
msetnx (key value)...
    Stores several strings if none of the keys is there. O(N), N keys
object
    What is known of the value at a key.
object|encoding key
    Tells how a value is kept. O(1)
object|freq key
    Tells how often a key is used. O(1)
object|help
    Shows the subcommands. O(1)
object|idletime key
    Tells for how many seconds a key was not used. O(1)
object|refcount key
    Tells how many refer to a value. O(1)
persist key
    Lets a key live for ever. O(1)
pexpire key milliseconds [NX|XX|GT|LT]
    Lets a key live for so many milliseconds. O(1)
pexpireat key unix-time-milliseconds [NX|XX|GT|LT]
    Lets a key live until then, to the millisecond. O(1)
pexpiretime key
    Tells until when a key lives, in milliseconds since 1970. O(1)
psetex key milliseconds value
    Stores a string for so many milliseconds. O(1)
pttl key
    Tells how many milliseconds a key has left. O(1)
randomkey
    Draws a key by lot. O(1)
rename key newkey
    Gives a key another name, and whatever had that name goes. O(1)
renamenx key newkey
    Gives a key another name if nothing has that name. O(1)
restore-asking key ttl serialized-value [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency]
    Makes a key of what DUMP told, for a slot on its way. O(N), N bytes
restore key ttl serialized-value [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency]
    Makes a key of what DUMP told. O(N), N bytes
rpop key [count]
    Takes elements from the end of a list. O(N), N elements taken
rpoplpush source destination
    Moves the last element of a list to the front of another. O(1)
rpush key element...
    Puts elements behind a list. O(N), N elements put
rpushx key element...
    Puts elements behind a list that is there. O(N), N elements put
sadd key member...
    Adds members to a set. O(N), N members added
scan cursor [MATCH pattern] [COUNT count] [TYPE type]
    Goes through the keys, a few with each call. O(1) for a call, O(N) for all N keys
scard key
    Counts the members of a set. O(1)
sdiff key...
    Tells what is in the first set and in none of the others. O(N), N members in all
sdiffstore destination key...
    Keeps what is in the first set and in none of the others. O(N), N members in all
set key value [NX|XX] [GET] [EX seconds|PX milliseconds|EXAT unix-time-seconds|PXAT
        unix-time-milliseconds|KEEPTTL]
    Stores a string. O(1)
setbit key offset value:integer
    Sets a bit of a string and tells the one before it. O(1)
setex key seconds value
    Stores a string for so many seconds. O(1)
setnx key value
    Stores a string if the key is not there. O(1)
setrange key offset value
    Writes over a part of a string. O(N), N bytes written
sinter key...
    Tells what is in all sets. O(N*M), N members in the smallest of M sets
sintercard numkeys key... [LIMIT limit]
    Counts what is in all sets. O(N*M), N members in the smallest of M sets
sinterstore destination key...
    Keeps what is in all sets. O(N*M), N members in the smallest of M sets
sismember key member
    Tells whether something is in a set. O(1)
smembers key
    Tells all members of a set. O(N), N members
smismember key member...
    Tells which of several are in a set. O(N), N asked for
smove source destination member
    Moves a member from one set to another. O(1)
sort key [BY pattern] [LIMIT (offset count)] [(GET pattern)...] [ASC|DESC] [ALPHA] [STORE destination]
    Puts a list, a set or a sorted set in order, or keeps it in order at another key. O(N+M*log(M)), N
        elements, M told
sort_ro key [BY pattern] [LIMIT (offset count)] [(GET pattern)...] [ASC|DESC] [ALPHA]
    Tells a list, a set or a sorted set in order. O(N+M*log(M)), N elements, M told
spop key [count]
    Takes members of a set by lot. O(N), N members taken
srandmember key [count]
    Draws members of a set by lot. O(N), N of them
srem key member...
    Removes members of a set. O(N), N members removed
sscan key cursor [MATCH pattern] [COUNT count]
    Goes through the members of a set, a few with each call. O(1) for a call, O(N) for all N members
strlen key
    Tells the length of a string. O(1)
substr key start end
    Tells a part of a string. O(N), N bytes of it
sunion key...
    Tells what is in any of the sets. O(N), N members in all
sunionstore destination key...
    Keeps what is in any of the sets. O(N), N members in all
swapdb index1 index2
    Lets two databases change places. O(1), and what it takes to tell who watches or waits
touch key...
    Counts the keys that are there, and this as a use of them. O(N), N keys
ttl key
    Tells how many seconds a key has left. O(1)
type key
    Tells what kind of value a key has. O(1)
unlink key...
    Removes keys. O(N), N keys and their elements
xack key group id...
    Tells a consumer group that entries are done with. O(N*log(M)), N ids and M pending entries
xadd key [NOMKSTREAM] [(MAXLEN|MINID) [=|~] threshold [LIMIT count]] (*|id) (field value)...
    Puts an entry at the end of a stream, and may cut its beginning. O(1), O(N) for N entries that are cut
xautoclaim key group consumer min-idle-time:string start:string [COUNT count] [JUSTID]
    Takes over entries that have been pending for too long, wherever they are. O(N*log(M)), N entries and M
        pending ones
xclaim key group consumer min-idle-time:string id... [IDLE ms:integer] [TIME unix-time-milliseconds]
        [RETRYCOUNT count] [FORCE] [JUSTID] [LASTID id]
    Takes over pending entries. O(N*log(M)), N ids and M pending entries
xdel key id...
    Removes entries from a stream. O(N*log(M)), N ids and M entries
xgroup
    The consumer groups of streams.
xgroup|create key groupname (id|$) [MKSTREAM] [ENTRIESREAD entries_read:integer]
    Makes a consumer group. O(1)
xgroup|createconsumer key groupname consumername
    Adds a consumer to a group. O(1)
xgroup|delconsumer key groupname consumername
    Removes a consumer of a group, with what is pending at it. O(N*log(M)), N of M pending entries
xgroup|destroy key groupname
    Removes a consumer group. O(1)
xgroup|help
    Shows the subcommands. O(1)
xgroup|setid key groupname (id|$) [ENTRIESREAD entries_read:integer]
    Lets a consumer group read on from elsewhere. O(1)
xinfo
    What there is to know of streams.
xinfo|consumers key groupname
    Tells of the consumers of a group. O(N), N consumers
xinfo|groups key
    Tells of the consumer groups of a stream. O(N), N groups
xinfo|help
    Shows the subcommands. O(1)
xinfo|stream key [FULL [COUNT count]]
    Tells what a stream counts, or all that is in it. O(N), N nodes and entries told
xlen key
    Counts the entries of a stream. O(1)
xpending key group [[IDLE min-idle-time:integer] start:string end:string count [consumer]]
    Tells what of a consumer group is pending. O(N), N consumers, or pending entries looked at
xrange key start:string end:string [COUNT count]
    Tells the entries from one id to another. O(log(N)+M), M of N entries
xread [COUNT count] [BLOCK milliseconds] STREAMS (key... id...)
    Tells what has come to streams, and waits if nothing has. O(N*log(M)+L), N streams of M entries, L told
xreadgroup GROUP (group consumer) [COUNT count] [BLOCK milliseconds] [NOACK] STREAMS (key... id...)
    Gives a consumer what nobody of its group has had, and waits if there is nothing; or what is pending at it
        once more. O(N*log(M)+L), N streams of M entries, L given
xrevrange key end:string start:string [COUNT count]
    Tells the entries from one id back to another. O(log(N)+M), M of N entries
xsetid key last-id [ENTRIESADDED entries_added:integer] [MAXDELETEDID max_deleted_entry_id]
    Sets what a stream counts. O(1)
xtrim key ((MAXLEN|MINID) [=|~] threshold [LIMIT count])
    Cuts a stream at its beginning. O(N), N entries that are cut
zadd key [NX|XX] [GT|LT] [CH] [INCR] (score member)...
    Adds members to a sorted set or changes their scores. O(M*log(N)), M members of N
zcard key
    Counts the members of a sorted set. O(1)
zcount key min:double max:double
    Counts the members with scores from one to another. O(log(N))
zdiff numkeys key... [WITHSCORES]
    Tells what is in the first sorted set and in none of the others. O(L+M*log(M)), L members in all, M told
zdiffstore destination numkeys key...
    Keeps what is in the first sorted set and in none of the others. O(L+M*log(M)), L members in all, M kept
zincrby key increment member
    Adds to the score of a member, which is 0 if it is not there. O(log(N))
zinter numkeys key... [WEIGHTS weight...] [AGGREGATE (SUM|MIN|MAX)] [WITHSCORES]
    Tells what is in all sorted sets. O(N*K+M*log(M)), N members in the smallest of K, M told
zintercard numkeys key... [LIMIT limit]
    Counts what is in all sorted sets. O(N*K), N members in the smallest of K
zinterstore destination numkeys key... [WEIGHTS weight...] [AGGREGATE (SUM|MIN|MAX)]
    Keeps what is in all sorted sets. O(N*K+M*log(M)), N members in the smallest of K, M kept
zlexcount key min max
    Counts the members from one to another in the order of their bytes. O(log(N))
zmpop numkeys key... (MIN|MAX) [COUNT count]
    Takes members from the first sorted set that has some. O(K+M*log(N)), K keys, M members of N
zmscore key member...
    Tells the scores of several members. O(N), N asked for
zpopmax key [count]
    Takes the members with the highest scores. O(M*log(N)), M members of N
zpopmin key [count]
    Takes the members with the lowest scores. O(M*log(N)), M members of N
zrandmember key [count [WITHSCORES]]
    Draws members of a sorted set by lot. O(N), N of them
zrange key start:string stop:string [BYSCORE|BYLEX] [REV] [LIMIT (offset count)] [WITHSCORES]
    Tells members by rank, by score or by the order of their bytes. O(log(N)+M), M of N
zrangebylex key min max [LIMIT (offset count)]
    Tells the members from one to another in the order of their bytes. O(log(N)+M), M of N
zrangebyscore key min:double max:double [WITHSCORES] [LIMIT (offset count)]
    Tells the members with scores from one to another. O(log(N)+M), M of N
zrangestore dst src min max [BYSCORE|BYLEX] [REV] [LIMIT (offset count)]
    Keeps members by rank, by score or by the order of their bytes at another key. O(log(N)+M), M of N
zrank key member
    Tells how many members come before one. O(log(N))
zrem key member...
    Removes members of a sorted set. O(M*log(N)), M of N
zremrangebylex key min max
    Removes the members from one to another in the order of their bytes. O(log(N)+M), M of N
zremrangebyrank key start stop
    Removes the members from one rank to another. O(log(N)+M), M of N
zremrangebyscore key min:double max:double
    Removes the members with scores from one to another. O(log(N)+M), M of N
zrevrange key start stop [WITHSCORES]
    Tells members by rank, the highest score first. O(log(N)+M), M of N
zrevrangebylex key max min [LIMIT (offset count)]
    Tells the members from one to another against the order of their bytes. O(log(N)+M), M of N
zrevrangebyscore key max:double min:double [WITHSCORES] [LIMIT (offset count)]
    Tells the members with scores from one down to another. O(log(N)+M), M of N
zrevrank key member
    Tells how many members come behind one. O(log(N))
zscan key cursor [MATCH pattern] [COUNT count]
    Goes through the members of a sorted set, a few with each call. O(1) for a call, O(N) for all N members
zscore key member
    Tells the score of a member. O(1)
zunion numkeys key... [WEIGHTS weight...] [AGGREGATE (SUM|MIN|MAX)] [WITHSCORES]
    Tells what is in any of the sorted sets. O(N+M*log(M)), N members in all, M told
zunionstore destination numkeys key... [WEIGHTS weight...] [AGGREGATE (SUM|MIN|MAX)]
    Keeps what is in any of the sorted sets. O(N+M*log(M)), N members in all, M kept

auth [username] password
    Says who the client is. O(N), N passwords of the user
client
    What is known of the connections, and what can be done to them.
client|caching (YES|NO)
    Would say whether the next request is tracked; there is no tracking. O(1)
client|getname
    Tells the name of this connection. O(1)
client|getredir
    Tells where messages about tracked keys go. O(1)
client|help
    Shows the subcommands. O(1)
client|id
    Tells the number of this connection. O(1)
client|info
    Tells what is known of this connection. O(1)
client|kill (ip:port|([ID client-id]|[TYPE (NORMAL|MASTER|SLAVE|REPLICA|PUBSUB)]|[USER username]|[ADDR
        ip:port]|[LADDR ip:port]|[SKIPME yes/no])...)
    Ends connections. O(N), N connections
client|list [TYPE (NORMAL|MASTER|REPLICA|PUBSUB)] [ID client-id...]
    Tells what is known of the connections. O(N), N connections
client|no-evict (ON|OFF)
    Says that this connection is not to be ended to save memory; none is. O(1)
client|no-touch (ON|OFF)
    Lets the requests of this connection not count as uses of the keys. O(1)
client|pause timeout:integer [WRITE|ALL]
    Puts off requests for so many milliseconds. O(1)
client|reply (ON|OFF|SKIP)
    Says whether this connection is answered. O(1)
client|setinfo (LIB-NAME libname|LIB-VER libver)
    Says which library speaks. O(1)
client|setname connection-name
    Names this connection. O(1)
client|tracking (ON|OFF) [REDIRECT client-id] [(PREFIX prefix)...] [BCAST] [OPTIN] [OPTOUT] [NOLOOP]
    Would have the client told of changes to what it has read; it can only be OFF. O(1)
client|trackinginfo
    Tells how this connection is tracked. O(1)
client|unblock client-id [TIMEOUT|ERROR]
    Ends what a connection waits for. O(log(N)), N connections
client|unpause
    Ends the pause. O(N), N requests that were put off
echo message
    Tells what it was told. O(1)
hello [protover [AUTH (username password)] [SETNAME clientname]]
    Greets, and says in which protocol the client speaks, who it is and how the connection is called. O(1)
pfadd key [element...]
    Adds elements to a HyperLogLog. O(1) for each
pfcount key...
    Estimates how many different elements were added to any of several HyperLogLogs. O(N), N keys
pfdebug subcommand key
    Looks into a HyperLogLog. O(N), N registers
pfmerge destkey sourcekey...
    Makes one HyperLogLog of several. O(N), N keys
pfselftest
    Tests the implementation of HyperLogLogs. O(1)
ping [message]
    Answers. O(1)
quit
    Ends the connection. O(1)
reset
    Makes the connection as new. O(1)
select index
    Chooses the database. O(1)

cluster
    What there is to know of the cluster that this is not.
cluster|addslots slot...
    Would take slots. O(N), N slots
cluster|addslotsrange (start-slot end-slot)...
    Would take slots; this is no cluster. O(1)
cluster|bumpepoch
    Would begin an epoch; this is no cluster. O(1)
cluster|count-failure-reports node-id
    Would count who thinks that a node has failed; this is no cluster. O(1)
cluster|countkeysinslot slot
    Would count the keys of a slot; this is no cluster. O(1)
cluster|delslots slot...
    Would give up slots; this is no cluster. O(1)
cluster|delslotsrange (start-slot end-slot)...
    Would give up slots; this is no cluster. O(1)
cluster|failover [FORCE|TAKEOVER]
    Would take over from a master; this is no cluster. O(1)
cluster|flushslots
    Would give up all slots; this is no cluster. O(1)
cluster|forget node-id
    Would forget a node; this is no cluster. O(1)
cluster|getkeysinslot slot count
    Would tell keys of a slot; this is no cluster. O(1)
cluster|links
    Would tell of the links to other nodes; this is no cluster. O(1)
cluster|meet ip port [cluster_bus_port]
    Would join another node; this is no cluster. O(1)
cluster|replicas node-id
    Would tell of the replicas of a node; this is no cluster. O(1)
cluster|replicate node-id
    Would become a replica; this is no cluster. O(1)
cluster|reset [HARD|SOFT]
    Would leave the cluster; this is no cluster. O(1)
cluster|saveconfig
    Would keep the configuration; this is no cluster. O(1)
cluster|set-config-epoch config-epoch
    Would set the epoch; this is no cluster. O(1)
cluster|setslot slot (IMPORTING node-id|MIGRATING node-id|NODE node-id|STABLE)
    Would say where a slot is; this is no cluster. O(1)
cluster|slaves node-id
    Would tell of the replicas of a node; this is no cluster. O(1)
cluster|help
    Shows the subcommands. O(1)
cluster|info
    Tells of the state of the cluster. O(1)
cluster|keyslot key:string
    Tells the slot of a key. O(N), N bytes of it
cluster|myid
    Tells the name of the node. O(1)
cluster|nodes
    Tells of all nodes. O(1)
cluster|shards
    Tells which node has which slots. O(1)
cluster|slots
    Tells which node has which slots. O(1)
readonly
    Would allow to read from a replica. O(1)
readwrite
    Would end what READONLY allowed. O(1)
asking
    Would let a node of a cluster serve a slot that is on its way. O(1)

discard
    Gives the transaction up. O(N), N requests in it
exec
    Runs the requests of the transaction. Depends on them
multi
    Begins a transaction. O(1)
unwatch
    Forgets what is watched. O(1)
watch key...
    Lets the transaction be run only if these keys do not change. O(N), N keys

eval script numkeys [key...] [arg...]
    Runs a script. Depends on it
eval_ro script numkeys [key...] [arg...]
    Runs a script that changes nothing. Depends on it
evalsha sha1 numkeys [key...] [arg...]
    Runs a script that is known already. Depends on it
evalsha_ro sha1 numkeys [key...] [arg...]
    Runs a script that is known already and changes nothing. Depends on it
fcall function numkeys [key...] [arg...]
    Calls a function of a library. Depends on it
fcall_ro function numkeys [key...] [arg...]
    Calls a function that changes nothing. Depends on it
function
    The libraries of functions, and the one that runs.
function|delete library-name
    Forgets a library. O(N), N functions
function|dump
    Gives all libraries as bytes for FUNCTION RESTORE. O(N), N bytes of them
function|flush [ASYNC|SYNC]
    Forgets all libraries. O(N), N functions
function|help
    Shows the subcommands. O(1)
function|kill
    Ends the function that runs, if it has not changed anything. O(1)
function|list [LIBRARYNAME library-name-pattern] [WITHCODE]
    Tells of the libraries and their functions. O(N), N functions
function|load [REPLACE] function-code
    Loads a library. Depends on what it does then
function|restore serialized-value [FLUSH|APPEND|REPLACE]
    Loads the libraries that FUNCTION DUMP gave. O(N), N functions
function|stats
    Tells which function runs, and how many there are. O(1)
script
    The scripts that are known, and the one that runs.
script|debug (YES|SYNC|NO)
    Would say how scripts are debugged. O(1)
script|exists sha1...
    Tells which scripts are known. O(N), N scripts asked for
script|flush [ASYNC|SYNC]
    Forgets all scripts. O(N), N scripts
script|help
    Shows the subcommands. O(1)
script|kill
    Ends the script that runs, if it has not changed anything. O(1)
script|load script
    Makes a script known. O(N), N bytes of it

psubscribe pattern...
    Listens to the channels that match. O(N), N patterns
publish channel message
    Sends a message to all who listen to a channel. O(N+M), N who listen to it and M patterns
pubsub
    Who listens to what.
pubsub|channels [pattern]
    Tells the channels that somebody listens to. O(N), N of them
pubsub|help
    Shows the subcommands. O(1)
pubsub|numpat
    Counts the patterns that somebody listens to. O(1)
pubsub|numsub [channel...]
    Counts who listens to each channel. O(N), N channels
pubsub|shardchannels [pattern]
    Tells the shard channels that somebody listens to. O(N), N of them
pubsub|shardnumsub [shardchannel...]
    Counts who listens to each shard channel. O(N), N channels
punsubscribe [pattern...]
    Listens no more to the channels that match. O(N), N patterns
spublish shardchannel message
    Sends a message to all who listen to a shard channel. O(N), N who listen
ssubscribe shardchannel...
    Listens to shard channels. O(N), N channels
subscribe channel...
    Listens to channels. O(N), N channels
sunsubscribe [shardchannel...]
    Listens no more to shard channels. O(N), N channels
unsubscribe [channel...]
    Listens no more to channels. O(N), N channels

acl
    Users, and what they may do.
acl|cat [categoryname]
    Lists the categories of commands, or the commands of one. O(1)
acl|deluser username...
    Deletes users and ends their connections. O(N), N connections
acl|dryrun username command [arg...]
    Tells whether a user may run a request, without running it. O(1)
acl|genpass [bits]
    Makes a password by chance. O(1)
acl|getuser username
    Tells what a user is and may do. O(N), N rules
acl|help
    Shows the subcommands. O(1)
acl|list
    Tells all users as lines of a configuration file. O(N), N users
acl|load
    Would read the users from a file. O(N), N users
acl|log [count|RESET]
    Tells what was denied of late, or forgets it. O(N), N entries
acl|save
    Would write the users to a file. O(N), N users
acl|setuser username [rule...]
    Makes or changes a user by rules. O(N), N rules
acl|users
    Lists the names of all users. O(N), N users
acl|whoami
    Tells the name of the user of this connection. O(1)
command
    Tells of all commands what a client has to know of them. O(N), N commands
command|count
    Counts the commands. O(1)
command|docs [command-name...]
    Tells what commands do and what their arguments are. O(N), N commands
command|getkeys
    Finds the keys in a whole request. O(N), N arguments
command|getkeysandflags
    Finds the keys in a whole request, and how they are used. O(N), N arguments
command|help
    Shows the subcommands. O(1)
command|info [command-name...]
    Tells of commands what a client has to know of them. O(N), N commands
command|list [FILTERBY (MODULE module-name|ACLCAT category|PATTERN pattern)]
    Lists the names of commands. O(N), N commands
config
    The parameters.
config|get parameter...
    Tells the values of parameters. O(N), N parameters
config|help
    Shows the subcommands. O(1)
config|resetstat
    Lets what INFO counts begin at 0. O(1)
config|rewrite
    Writes the parameters to the file that they came from. O(N), N parameters
config|set (parameter value)...
    Sets parameters. O(N), N parameters
debug
    Looks inside, for those who test. Depends on what is asked
failover [TO (host port [FORCE])] [ABORT] [TIMEOUT milliseconds]
    Would hand over to a replica. O(1)
info [section...]
    Tells what is counted, measured and set. O(1)
lastsave
    Tells when the data were saved last. O(1)
latency
    What took long.
latency|doctor
    Tells what to make of it. O(1)
latency|graph event
    Draws the times of an event. O(1)
latency|help
    Shows the subcommands. O(1)
latency|histogram [command...]
    Tells how the times of commands are spread. O(N), N commands
latency|history event
    Tells the times of an event. O(1)
latency|latest
    Tells of each event the last time. O(1)
latency|reset [event...]
    Forgets the times. O(1)
lolwut [VERSION version]
    Draws something, and tells the version.
memory
    What the data take.
memory|doctor
    Tells what to make of it. O(1)
memory|help
    Shows the subcommands. O(1)
memory|malloc-stats
    Tells what the allocator counts. O(1)
memory|purge
    Gives back what is not needed. O(1)
memory|stats
    Tells what is used for what. O(1)
memory|usage key [SAMPLES count]
    Tells how many bytes a key takes. O(N), N elements looked at
module
    The modules that there are not.
module|help
    Shows the subcommands. O(1)
module|list
    Lists the modules. O(1)
module|load path [arg...]
    Would load a module. O(1)
module|loadex path [(CONFIG (name value))...] [ARGS arg...]
    Would load a module. O(1)
module|unload name
    Would forget a module. O(1)
monitor
    Shows the requests of all clients.
psync replicationid offset
    Would send what a replica needs.
replconf
    Would tell how a replica is set up. O(1)
replicaof (host port|NO ONE)
    Would make this a replica; NO ONE is as it is. O(1)
role
    Tells whether this is a master or a replica. O(1)
save
    Saves all data. O(N), N keys
shutdown [NOSAVE|SAVE] [NOW] [FORCE] [ABORT]
    Ends the server. O(N), N keys if they are saved
slaveof (host port|NO ONE)
    Would make this a replica; NO ONE is as it is. O(1)
slowlog
    The requests that took long.
slowlog|get [count]
    Tells the last ones. O(N), N of them
slowlog|help
    Shows the subcommands. O(1)
slowlog|len
    Counts them. O(1)
slowlog|reset
    Forgets them. O(N), N of them
sync
    Would send what a replica needs.
time
    Tells the time. O(1)
wait numreplicas timeout:integer
    Waits until replicas have what was written; there are none. O(1)
waitaof numlocal numreplicas timeout:integer
    Waits until the log has what was written. O(1)
"""
