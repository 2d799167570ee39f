<?php
// phpredis.
[, $host, $port] = $argv;
$checks = 0;
function same($actual, $expected) {
    global $checks;
    if ($actual !== $expected) {
        echo 'expected ' . var_export($expected, true) . ', got ' . var_export($actual, true) . "\n";
        exit(1);
    }
    $checks++;
}
function connect() {
    global $host, $port;
    $redis = new Redis();
    $redis->connect($host, (int)$port, 5);
    $redis->auth('secret');
    return $redis;
}
$redis = connect();
$other = connect();
same($redis->flushAll(), true);
same($redis->ping(), true);
same($redis->set('a', "\0\xff\r\n", ['ex' => 100]), true);
same($redis->get('a'), "\0\xff\r\n");
same($redis->ttl('a'), 100);
same($redis->get('missing'), false);
same($redis->rPush('l', '1', '2', '3'), 3);
same($redis->lRange('l', 0, -1), ['1', '2', '3']);
same($redis->hMSet('h', ['f' => 'v', 'g' => 'w']), true);
same($redis->hGetAll('h'), ['f' => 'v', 'g' => 'w']);
same($redis->sAdd('s', 'x'), 1);
same($redis->sMembers('s'), ['x']);
same($redis->zAdd('z', 1.5, 'ann', 2, 'bob'), 2);
same($redis->zRange('z', 0, -1, true), ['ann' => 1.5, 'bob' => 2.0]);
same($redis->pipeline()->set('n', 1)->incr('n')->exec(), [true, 2]);
same($redis->multi()->incr('n')->get('n')->exec(), [3, '3']);
$redis->watch('n');
$other->set('n', 9);
same($redis->multi()->incr('n')->exec(), false);
same($redis->lPush('a', '1'), false);
same(rtrim($redis->getLastError(), "\0"), 'WRONGTYPE Operation against a key holding the wrong kind of value');
$redis->clearLastError();
same($redis->eval('return {KEYS[1], ARGV[1]}', ['k', 'v'], 1), ['k', 'v']);
same($redis->xAdd('log', '1-1', ['f' => 'v']), '1-1');
same($redis->xGroup('CREATE', 'log', 'group', '0'), true);
same($redis->xReadGroup('group', 'ann', ['log' => '>']), ['log' => ['1-1' => ['f' => 'v']]]);
same($redis->xAck('log', 'group', ['1-1']), 1);
same($redis->xRange('log', '-', '+'), ['1-1' => ['f' => 'v']]);
same($redis->setBit('bits', 9, true), 0);
same($redis->bitCount('bits'), 1);
same($redis->rawCommand('BITFIELD', 'bits', 'SET', 'u8', '0', '255', 'OVERFLOW', 'SAT', 'INCRBY', 'u8', '0', '9'), [0, 255]);
same($redis->pfAdd('seen', ['ann', 'bob']), 1);
same($redis->pfCount('seen'), 2);
same($redis->geoAdd('places', 13.361389, 38.115556, 'Palermo', 15.087269, 37.502669, 'Catania'), 2);
same($redis->geoDist('places', 'Palermo', 'Catania', 'km'), 166.2742);
same($redis->geoRadius('places', 15, 37, 200, 'km', ['ASC']), ['Catania', 'Palermo']);
same($redis->rawCommand('FUNCTION', 'LOAD', "#!lua name=php\nredis.register_function('php_echo', function(k, a) return a[1] end)"), 'php');
same($redis->rawCommand('FCALL', 'php_echo', '0', 'v'), 'v');
$redis->setOption(Redis::OPT_SCAN, Redis::SCAN_RETRY);
$found = [];
$cursor = null;
while (($keys = $redis->scan($cursor, '?', 2)) !== false) {
    array_push($found, ...$keys);
}
sort($found);
same($found, ['a', 'h', 'l', 'n', 's', 'z']);
$redis->rPush('queue', 'job');
same($other->blPop(['queue'], 5), ['queue', 'job']);
same($other->blPop(['queue'], 1), []);
same($other->publish('news', 'hello'), 0);
echo "$checks checks passed\n";
