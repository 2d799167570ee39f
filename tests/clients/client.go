// redigo.
package main

import (
	"fmt"
	"os"
	"reflect"
	"time"

	"github.com/gomodule/redigo/redis"
)

var checks = 0

func same(actual, expected interface{}) {
	if !reflect.DeepEqual(actual, expected) {
		fmt.Printf("expected %#v, got %#v\n", expected, actual)
		os.Exit(1)
	}
	checks++
}

func connect() redis.Conn {
	conn, err := redis.Dial("tcp", os.Args[1]+":"+os.Args[2], redis.DialPassword("secret"), redis.DialDatabase(2))
	if err != nil {
		panic(err)
	}
	return conn
}

func main() {
	c, other := connect(), connect()
	do := func(name string, args ...interface{}) interface{} {
		reply, err := c.Do(name, args...)
		if err != nil {
			return err.Error()
		}
		return reply
	}
	same(do("FLUSHALL"), "OK")
	same(do("PING"), "PONG")
	same(do("SET", "a", []byte{0, 255, 13, 10}, "EX", 100), "OK")
	same(do("GET", "a"), []byte{0, 255, 13, 10})
	same(do("TTL", "a"), int64(100))
	same(do("GET", "missing"), nil)
	same(do("RPUSH", "l", 1, 2, 3), int64(3))
	list, _ := redis.Strings(c.Do("LRANGE", "l", 0, -1))
	same(list, []string{"1", "2", "3"})
	same(do("HSET", redis.Args{}.Add("h").AddFlat(map[string]string{"f": "v"})...), int64(1))
	hash, _ := redis.StringMap(c.Do("HGETALL", "h"))
	same(hash, map[string]string{"f": "v"})
	same(do("ZADD", "z", 1.5, "ann"), int64(1))
	score, _ := redis.Float64(c.Do("ZSCORE", "z", "ann"))
	same(score, 1.5)
	c.Send("SET", "n", 1)
	c.Send("INCR", "n")
	c.Flush()
	first, _ := c.Receive()
	second, _ := c.Receive()
	same([]interface{}{first, second}, []interface{}{"OK", int64(2)})
	c.Send("MULTI")
	c.Send("INCR", "n")
	same(do("EXEC"), []interface{}{int64(3)})
	do("WATCH", "n")
	other.Do("SET", "n", 9)
	c.Send("MULTI")
	c.Send("INCR", "n")
	same(do("EXEC"), nil)
	same(do("LPUSH", "a", 1), "WRONGTYPE Operation against a key holding the wrong kind of value")
	script := redis.NewScript(1, "return {KEYS[1], ARGV[1]}")
	pair, _ := redis.Strings(script.Do(c, "k", "v"))
	same(pair, []string{"k", "v"})

	same(do("XADD", "log", "1-1", "n", 1), []byte("1-1"))
	same(do("XADD", "log", "1-*", "n", 2), []byte("1-2"))
	same(do("XGROUP", "CREATE", "log", "group", 0), "OK")
	given, _ := redis.Values(c.Do("XREADGROUP", "GROUP", "group", "ann", "COUNT", 1, "STREAMS", "log", ">"))
	entry := []interface{}{[]byte("1-1"), []interface{}{[]byte("n"), []byte("1")}}
	same(given, []interface{}{[]interface{}{[]byte("log"), []interface{}{entry}}})
	same(do("XACK", "log", "group", "1-1"), int64(1))
	same(do("SETBIT", "bits", 9, 1), int64(0))
	same(do("BITCOUNT", "bits"), int64(1))
	fields, _ := redis.Ints(c.Do("BITFIELD", "bits", "SET", "u8", 0, 255, "OVERFLOW", "SAT", "INCRBY", "u8", 0, 9))
	same(fields, []int{0, 255})
	same(do("PFADD", "seen", "ann", "bob"), int64(1))
	same(do("PFCOUNT", "seen"), int64(2))
	same(do("GEOADD", "places", 13.361389, 38.115556, "Palermo", 15.087269, 37.502669, "Catania"), int64(2))
	distance, _ := redis.Float64(c.Do("GEODIST", "places", "Palermo", "Catania", "km"))
	same(distance, 166.2742)
	positions, _ := redis.Positions(c.Do("GEOPOS", "places", "Palermo"))
	same(*positions[0], [2]float64{13.361389338970184, 38.1155563954963})
	do("FUNCTION", "LOAD", "REPLACE", "#!lua name=go\nredis.register_function('go_echo', function(k, a) return a[1] end)")
	same(do("FCALL", "go_echo", 0, "v"), []byte("v"))

	popped := make(chan []string)
	go func() {
		reply, _ := redis.Strings(other.Do("BLPOP", "queue", 5))
		popped <- reply
	}()
	time.Sleep(10 * time.Millisecond)
	do("RPUSH", "queue", "job")
	same(<-popped, []string{"queue", "job"})

	listener := redis.PubSubConn{Conn: other}
	listener.Subscribe("news")
	same(listener.Receive(), redis.Subscription{Kind: "subscribe", Channel: "news", Count: 1})
	same(do("PUBLISH", "news", "hello"), int64(1))
	same(listener.Receive(), redis.Message{Channel: "news", Data: []byte("hello")})
	fmt.Printf("%d checks passed\n", checks)
}
