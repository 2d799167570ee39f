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
check pipe "errors: 0, replies: 1000" "$(i=0; while [ $i -lt 1000 ]; do echo "SET pipe:$i $i"; i=$((i + 1)); done | cli --pipe | tail -n 1)"
check scan 1000 "$(cli --scan --pattern 'pipe:*' | wc -l | tr -d ' ')"
check resp3 'f v' "$(cli -3 hgetall h | sed 's/^1# "f" => "v"$/f v/' | tr '\n' ' ' | sed 's/ $//')"
check error "ERR wrong number of arguments for 'get' command" "$(cli get 2>&1 | head -n 1)"
check exit 1 "$(cli -e get >/dev/null 2>&1 || echo $?)"
check bigkeys yes "$(cli --bigkeys | grep -q 'Sampled 100[0-9] keys' && echo yes)"
check memkeys yes "$(cli --memkeys | grep -q 'Sampled 100[0-9] keys' && echo yes)"
check info yes "$(cli info server | grep -q '^redis_version:7' && echo yes)"
check unauthenticated 'NOAUTH Authentication required.' "$(redis-cli -h "$host" -p "$port" get a 2>&1 | head -n 1)"
echo "$checks checks passed"
