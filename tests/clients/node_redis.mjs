// node-redis, RESP2 and RESP3.
import { createClient, WatchError } from 'redis';
import assert from 'node:assert/strict';

const [host, port] = process.argv.slice(2);
let checks = 0;
const same = (actual, expected) => { assert.deepEqual(actual, expected); checks += 1; };
const plain = (value) => JSON.parse(JSON.stringify(value));

for (const RESP of [2, 3]) {
  const options = { RESP, password: 'secret', socket: { host, port: Number(port) } };
  const client = await createClient(options).connect();
  same(await client.flushAll(), 'OK');
  same(await client.ping(), 'PONG');
  same(await client.set('a', 'é\r\n', { EX: 100 }), 'OK');
  same(await client.get('a'), 'é\r\n');
  same(await client.ttl('a'), 100);
  same(await client.get('missing'), null);
  same(await client.rPush('l', ['1', '2', '3']), 3);
  same(await client.lRange('l', 0, -1), ['1', '2', '3']);
  same(await client.hSet('h', { f: 'v', g: 'w' }), 2);
  same(plain(await client.hGetAll('h')), { f: 'v', g: 'w' });
  same(await client.sAdd('s', ['x', 'y']), 2);
  same((await client.sMembers('s')).sort(), ['x', 'y']);
  same(await client.zAdd('z', [{ value: 'ann', score: 1.5 }, { value: 'bob', score: 2 }]), 2);
  same(plain(await client.zRangeWithScores('z', 0, -1)),
    [{ value: 'ann', score: 1.5 }, { value: 'bob', score: 2 }]);
  same(await client.zScore('z', 'ann'), 1.5);
  same(await Promise.all([client.incr('n'), client.incr('n'), client.incrByFloat('f', 0.1)]), [1, 2, '0.1']);
  same(await client.multi().set('x', '1').incr('x').get('x').exec(), ['OK', 2, '2']);
  await assert.rejects(client.lPush('a', '1'), /WRONGTYPE/);
  checks += 1;

  const other = await createClient(options).connect();
  await client.watch('x');
  await other.set('x', '9');
  await assert.rejects(client.multi().set('x', '1').exec(), WatchError);
  checks += 1;

  same(await client.xAdd('log', '1-1', { f: 'v' }), '1-1');
  same(await client.xGroupCreate('log', 'group', '0'), 'OK');
  const entry = { id: '1-1', message: { f: 'v' } };
  same(plain(await client.xRange('log', '-', '+')).map(({ id, message }) => ({ id, message })), [entry]);
  same(plain(await client.xReadGroup('group', 'ann', { key: 'log', id: '>' }))[0].messages.length, 1);
  same(plain(await client.xPending('log', 'group')).consumers, [{ name: 'ann', deliveriesCounter: 1 }]);
  same(await client.xAck('log', 'group', '1-1'), 1);
  same(await client.setBit('bits', 9, 1), 0);
  same(await client.bitCount('bits'), 1);
  same(await client.bitField('bits', [{ operation: 'SET', encoding: 'u8', offset: 0, value: 255 }]), [0]);
  same(await client.pfAdd('seen', ['ann', 'bob']), 1);
  same(await client.pfCount('seen'), 2);
  same(await client.geoAdd('places', { longitude: 13.361389, latitude: 38.115556, member: 'Palermo' }), 1);
  same(await client.geoSearch('places', { longitude: 15, latitude: 37 }, { radius: 200, unit: 'km' }), ['Palermo']);
  same(await client.functionLoad("#!lua name=node\nredis.register_function('node_echo', function(k, a) return a[1] end)",
    { REPLACE: true }), 'node');
  same(await client.fCall('node_echo', { keys: [], arguments: ['v'] }), 'v');
  same(await client.del(['log', 'bits', 'seen', 'places']), 4);

  const popped = other.blPop('queue', 5);
  await client.rPush('queue', 'job');
  same(plain(await popped), { key: 'queue', element: 'job' });

  const heard = new Promise((resolve) => other.subscribe('news', (message, channel) => resolve([channel, message])));
  while ((await client.publish('news', 'hello')) === 0);
  same(await heard, ['news', 'hello']);

  same(await client.eval('return {KEYS[1], ARGV[1]}', { keys: ['k'], arguments: ['v'] }), ['k', 'v']);
  const found = [];
  for await (const keys of client.scanIterator({ MATCH: '*', COUNT: 2 })) found.push(...[].concat(keys));
  same(found.sort(), ['a', 'f', 'h', 'l', 'n', 's', 'x', 'z']);
  await other.close();
  await client.close();
}
console.log(`${checks} checks passed`);
