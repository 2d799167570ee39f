#!/bin/sh
# redis-cli: commands as arguments, from standard input, --pipe, --scan, --bigkeys, RESP3, its exit codes.
set -eu
host=$1 port=$2 checks=0
cli() { redis-cli -h "$host" -p "$port" -a secret --no-auth-warning "$@"; }
check() { # name, expected, actual
    if [ "$2" != "$3" ]; then echo "$1: expected '$2', got '$3'"; exit 1; fi
    checks=$((checks + 1))
}
check flushall OK "$(cli flushall)"
check ping PONG "$(cli ping)"
check set OK "$(cli set a '1 2' ex 100)"
check get '1 2' "$(cli get a)"
check ttl 100 "$(cli ttl a)"
check stdin 'stdin' "$(printf 'stdin' | cli -x set b >/dev/null; cli get b)"
check several "OK 2" "$(printf 'set n 1\nincr n\n' | cli | tr '\n' ' ' | sed 's/ $//')"
check hash '{"f":"v"}' "$(cli hset h f v >/dev/null; cli --json hgetall h)"
check repeat '3' "$(cli -r 3 incr counter | tail -n 1)"
check multi "OK QUEUED QUEUED OK 5" "$(printf 'multi\nset x 4\nincr x\nexec\n' | cli | tr '\n' ' ' | sed 's/ $//')"
check eval 'h-v' "$(cli --eval /dev/stdin h , v <<'LUA'
return KEYS[1] .. '-' .. ARGV[1]
LUA
)"
check stream '1-1' "$(cli xadd log 1-1 f v)"
check group 'OK' "$(cli xgroup create log group 0)"
check given '[["log",[["1-1",["f","v"]]]]]' "$(cli --json -2 xreadgroup group group ann streams log '>')"
check acknowledged 1 "$(cli xack log group 1-1)"
check setbit 0 "$(cli setbit bits 9 1)"
check bitfield '0 255' "$(cli bitfield bits set u8 0 255 overflow sat incrby u8 0 9 | tr '\n' ' ' | sed 's/ $//')"
check sketch '1 2' "$(printf 'pfadd seen ann bob\npfcount seen\n' | cli | tr '\n' ' ' | sed 's/ $//')"
check places 2 "$(cli geoadd places 13.361389 38.115556 Palermo 15.087269 37.502669 Catania)"
check distance 166.2742 "$(cli geodist places Palermo Catania km)"
check library 'cli' "$(printf "#!lua name=cli\nredis.register_function('cli_echo', function(k, a) return a[1] end)" | cli -x function load)"
check function 'v' "$(cli fcall cli_echo 0 v)"
check pipe "errors: 0, replies: 1000" "$(i=0; while [ $i -lt 1000 ]; do echo "SET pipe:$i $i"; i=$((i + 1)); done | cli --pipe | tail -n 1)"
check scan 1000 "$(cli --scan --pattern 'pipe:*' | wc -l | tr -d ' ')"
check resp3 'f v' "$(cli -3 hgetall h | sed 's/^1# "f" => "v"$/f v/' | tr '\n' ' ' | sed 's/ $//')"
check error "ERR wrong number of arguments for 'get' command" "$(cli get 2>&1 | head -n 1)"
check exit 1 "$(cli -e get >/dev/null 2>&1 || echo $?)"
check bigkeys yes "$(cli --bigkeys | grep -q 'Sampled 10[01][0-9] keys' && echo yes)"
check memkeys yes "$(cli --memkeys | grep -q 'Sampled 10[01][0-9] keys' && echo yes)"
check info yes "$(cli info server | grep -q '^redis_version:7' && echo yes)"
check unauthenticated 'NOAUTH Authentication required.' "$(redis-cli -h "$host" -p "$port" get a 2>&1 | head -n 1)"
echo "$checks checks passed"
