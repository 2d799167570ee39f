/* hiredis, the client that the clients of many languages are built on. */
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int checks = 0;

static void check(const char *name, int holds) {
    if (!holds) {
        printf("%s: not as expected\n", name);
        exit(1);
    }
    checks++;
}

static redisContext *connect_to(const char *host, int port) {
    redisContext *context = redisConnect(host, port);
    check("connect", context && !context->err);
    redisReply *reply = redisCommand(context, "AUTH secret");
    check("auth", reply->type == REDIS_REPLY_STATUS && !strcmp(reply->str, "OK"));
    freeReplyObject(reply);
    return context;
}

int main(int argc, char **argv) {
    if (argc < 3) return 2;
    redisContext *c = connect_to(argv[1], atoi(argv[2])), *other = connect_to(argv[1], atoi(argv[2]));
    redisReply *r;
#define ASK(name, holds, ...) do { r = redisCommand(c, __VA_ARGS__); check(name, r && (holds)); freeReplyObject(r); } while (0)
    ASK("flushall", !strcmp(r->str, "OK"), "FLUSHALL");
    ASK("ping", !strcmp(r->str, "PONG"), "PING");
    ASK("set", r->type == REDIS_REPLY_STATUS, "SET %s %b", "a", "\0\r\n\xff", (size_t)4);
    ASK("get", r->len == 4 && !memcmp(r->str, "\0\r\n\xff", 4), "GET a");
    ASK("nil", r->type == REDIS_REPLY_NIL, "GET missing");
    ASK("incr", r->type == REDIS_REPLY_INTEGER && r->integer == 7, "INCRBY n 7");
    ASK("rpush", r->integer == 3, "RPUSH l 1 2 3");
    ASK("lrange", r->type == REDIS_REPLY_ARRAY && r->elements == 3 && !strcmp(r->element[2]->str, "3"), "LRANGE l 0 -1");
    ASK("hset", r->integer == 2, "HSET h f v g w");
    ASK("hgetall", r->elements == 4, "HGETALL h");
    ASK("zadd", r->integer == 1, "ZADD z 1.5 ann");
    ASK("zscore", !strcmp(r->str, "1.5"), "ZSCORE z ann");
    ASK("error", r->type == REDIS_REPLY_ERROR && !strncmp(r->str, "WRONGTYPE ", 10), "LPUSH a 1");
    ASK("eval", r->elements == 2 && r->element[1]->integer == 3, "EVAL %s 1 k 3", "return {KEYS[1], tonumber(ARGV[1])}");
    ASK("multi", !strcmp(r->str, "OK"), "MULTI");
    ASK("queued", !strcmp(r->str, "QUEUED"), "INCR n");
    ASK("exec", r->elements == 1 && r->element[0]->integer == 8, "EXEC");

    ASK("xadd", !strcmp(r->str, "1-1"), "XADD log 1-1 f v");
    ASK("xgroup", !strcmp(r->str, "OK"), "XGROUP CREATE log group 0");
    ASK("xreadgroup", !strcmp(r->element[0]->element[1]->element[0]->element[0]->str, "1-1"), "XREADGROUP GROUP group ann STREAMS log >");
    ASK("xack", r->integer == 1, "XACK log group 1-1");
    ASK("setbit", r->integer == 0, "SETBIT bits 9 1");
    ASK("bitfield", r->elements == 2 && r->element[1]->integer == 64, "BITFIELD bits GET u1 9 GET u8 8");
    ASK("pfadd", r->integer == 1, "PFADD seen ann bob");
    ASK("pfcount", r->integer == 2, "PFCOUNT seen");
    ASK("geoadd", r->integer == 2, "GEOADD places 13.361389 38.115556 Palermo 15.087269 37.502669 Catania");
    ASK("geodist", !strcmp(r->str, "166.2742"), "GEODIST places Palermo Catania km");
    ASK("load", !strcmp(r->str, "c"), "FUNCTION LOAD REPLACE %s", "#!lua name=c\nredis.register_function('c_sum', function(k, a) return a[1] + a[2] end)");
    ASK("fcall", r->integer == 5, "FCALL c_sum 0 2 3");

    for (int i = 0; i < 1000; i++) redisAppendCommand(c, "SET pipe:%d %d", i, i);
    for (int i = 0; i < 1000; i++) {
        if (redisGetReply(c, (void **)&r) != REDIS_OK || strcmp(r->str, "OK")) check("pipeline", 0);
        freeReplyObject(r);
    }
    check("pipeline", 1);
    ASK("dbsize", r->integer == 1009, "DBSIZE");

    redisAppendCommand(other, "BLPOP queue 5");
    int done = 0;
    while (!done) redisBufferWrite(other, &done);
    ASK("rpush", r->integer >= 1, "RPUSH queue job");
    check("blpop", redisGetReply(other, (void **)&r) == REDIS_OK && !strcmp(r->element[1]->str, "job"));
    freeReplyObject(r);

    r = redisCommand(other, "SUBSCRIBE news");
    check("subscribe", r->elements == 3 && r->element[2]->integer == 1);
    freeReplyObject(r);
    ASK("publish", r->integer == 1, "PUBLISH news hello");
    check("message", redisGetReply(other, (void **)&r) == REDIS_OK && !strcmp(r->element[2]->str, "hello"));
    freeReplyObject(r);
    redisFree(other);
    redisFree(c);
    printf("%d checks passed\n", checks);
    return 0;
}
