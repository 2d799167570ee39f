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

    for (int i = 0; i < 1000; i++) redisAppendCommand(c, "SET pipe:%d %d", i, i);
    for (int i = 0; i < 1000; i++) {
        if (redisGetReply(c, (void **)&r) != REDIS_OK || strcmp(r->str, "OK")) check("pipeline", 0);
        freeReplyObject(r);
    }
    check("pipeline", 1);
    ASK("dbsize", r->integer == 1005, "DBSIZE");

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
