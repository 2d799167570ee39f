// ioredis: pipelines, transactions, scripts as commands, pattern subscriptions, streams of scans.
import Redis from 'ioredis';
import assert from 'node:assert/strict';

const [host, port] = process.argv.slice(2);
let checks = 0;
const same = (actual, expected) => { assert.deepEqual(actual, expected); checks += 1; };
const connect = () => new Redis({ host, port: Number(port), password: 'secret', db: 3 });

const client = connect();
const other = connect();
same(await client.flushall(), 'OK');
same(await client.set('a', Buffer.from([0, 255, 13, 10]), 'PX', 100000), 'OK');
same(await client.getBuffer('a'), Buffer.from([0, 255, 13, 10]));
same(await client.get('missing'), null);
same(await client.hset('h', { f: 'v' }), 1);
same(await client.hgetall('h'), { f: 'v' });
same(await client.zadd('z', 1.5, 'ann', 2, 'bob'), 2);
same(await client.zrange('z', 0, -1, 'WITHSCORES'), ['ann', '1.5', 'bob', '2']);
same(await client.rpush('l', 1, 2, 3), 3);
same(await client.lrange('l', 0, -1), ['1', '2', '3']);
same(await client.pipeline().set('p', '1').incr('p').lpush('p', 'x').exec().then((replies) =>
  replies.map(([error, reply]) => (error ? error.message : reply))),
['OK', 2, 'WRONGTYPE Operation against a key holding the wrong kind of value']);
same(await client.multi().set('m', '1').get('m').exec(), [[null, 'OK'], [null, '1']]);
await client.watch('m');
await other.set('m', '2');
same(await client.multi().get('m').exec(), null);

client.defineCommand('swap', { numberOfKeys: 2, lua: `
  local one, two = redis.call('get', KEYS[1]), redis.call('get', KEYS[2])
  redis.call('set', KEYS[1], two) redis.call('set', KEYS[2], one)
  return {one, two}` });
await client.mset('one', '1', 'two', '2');
same(await client.swap('one', 'two'), ['1', '2']);
same(await client.mget('one', 'two'), ['2', '1']);

same(await client.xadd('log', '1-1', 'f', 'v'), '1-1');
same(await client.xgroup('CREATE', 'log', 'group', '0'), 'OK');
same(await client.xreadgroup('GROUP', 'group', 'ann', 'COUNT', 1, 'STREAMS', 'log', '>'),
  [['log', [['1-1', ['f', 'v']]]]]);
same(await client.xack('log', 'group', '1-1'), 1);
const came = other.xread('BLOCK', 5000, 'STREAMS', 'log', '1-1');
await client.xadd('log', '1-2', 'f', 'w');
same(await came, [['log', [['1-2', ['f', 'w']]]]]);
same(await client.setbit('bits', 9, 1), 0);
same(await client.bitcount('bits'), 1);
same(await client.bitfield('bits', 'SET', 'u8', 0, 255, 'OVERFLOW', 'FAIL', 'INCRBY', 'u8', 0, 1), [0, null]);
same(await client.pfadd('seen', 'ann', 'bob'), 1);
same(await client.pfcount('seen'), 2);
same(await client.geoadd('places', 13.361389, 38.115556, 'Palermo', 15.087269, 37.502669, 'Catania'), 2);
same(await client.geosearch('places', 'FROMLONLAT', 15, 37, 'BYRADIUS', 200, 'km', 'ASC', 'WITHDIST'),
  [['Catania', '56.4413'], ['Palermo', '190.4424']]);
same(await client.function('LOAD', 'REPLACE',
  "#!lua name=js\nredis.register_function('js_echo', function(k, a) return a[1] end)"), 'js');
same(await client.fcall('js_echo', 0, 'v'), 'v');

const popped = other.brpop('queue', 5);
await client.lpush('queue', 'job');
same(await popped, ['queue', 'job']);

const heard = new Promise((resolve) => other.on('pmessage', (...message) => resolve(message)));
same(await other.psubscribe('news:*'), 1);
same(await client.publish('news:1', 'hello'), 1);
same(await heard, ['news:*', 'news:1', 'hello']);

const found = [];
for await (const keys of client.scanStream({ match: '?', count: 2 })) found.push(...keys);
same(found.sort(), ['a', 'h', 'l', 'm', 'p', 'z']);
client.disconnect();
other.disconnect();
console.log(`${checks} checks passed`);
