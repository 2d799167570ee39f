# redis-rb.
require 'redis'

host, port = ARGV
$checks = 0
def same(actual, expected)
  abort "expected #{expected.inspect}, got #{actual.inspect}" unless actual == expected
  $checks += 1
end
connect = -> { Redis.new(host: host, port: port.to_i, password: 'secret', db: 1) }

redis = connect.call
other = connect.call
same redis.flushall, 'OK'
same redis.ping, 'PONG'
same redis.set('a', "\x00\xff\r\n".b, ex: 100), 'OK'
same redis.get('a').b, "\x00\xff\r\n".b
same redis.ttl('a'), 100
same redis.get('missing'), nil
same redis.set('a', 'x', nx: true), false
same redis.rpush('l', %w[1 2 3]), 3
same redis.lrange('l', 0, -1), %w[1 2 3]
redis.mapped_hmset('h', { 'f' => 'v', 'g' => 'w' })
same redis.hgetall('h'), { 'f' => 'v', 'g' => 'w' }
same redis.sadd?('s', 'x'), true
same redis.smembers('s'), ['x']
same redis.zadd('z', [[1.5, 'ann'], [2, 'bob']]), 2
same redis.zrange('z', 0, -1, with_scores: true), [['ann', 1.5], ['bob', 2.0]]
same redis.pipelined { |pipe| pipe.set('n', 1); pipe.incr('n') }, ['OK', 2]
same redis.multi { |transaction| transaction.incr('n'); transaction.get('n') }, [3, '3']
same(redis.watch('n') { other.set('n', 9); redis.multi { |transaction| transaction.incr('n') } }, nil)
begin
  redis.lpush('a', '1')
  abort 'no error'
rescue Redis::CommandError => error
  same error.message, 'WRONGTYPE Operation against a key holding the wrong kind of value'
end
same redis.eval('return {KEYS[1], ARGV[1]}', keys: ['k'], argv: ['v']), %w[k v]
same redis.scan_each(match: '?', count: 2).to_a.uniq.sort, %w[a h l n s z]
same redis.xadd('log', { f: 'v' }, id: '1-1'), '1-1'
same redis.xgroup(:create, 'log', 'group', '0'), 'OK'
same redis.xreadgroup('group', 'ann', 'log', '>'), { 'log' => [['1-1', { 'f' => 'v' }]] }
same redis.xack('log', 'group', '1-1'), 1
same redis.xrange('log'), [['1-1', { 'f' => 'v' }]]
same redis.setbit('bits', 9, 1), 0
same redis.bitcount('bits'), 1
same redis.call('BITFIELD', 'bits', 'SET', 'u8', 0, 255, 'OVERFLOW', 'FAIL', 'INCRBY', 'u8', 0, 1), [0, nil]
same redis.pfadd('seen', %w[ann bob]), true
same redis.pfcount('seen'), 2
same redis.geoadd('places', 13.361389, 38.115556, 'Palermo', 15.087269, 37.502669, 'Catania'), 2
same redis.geodist('places', 'Palermo', 'Catania', 'km'), '166.2742'
same redis.georadius('places', 15, 37, 200, 'km', sort: 'ASC'), %w[Catania Palermo]
same redis.call('FUNCTION', 'LOAD', "#!lua name=ruby\nredis.register_function('rb_echo', function(k, a) return a[1] end)"), 'ruby'
same redis.call('FCALL', 'rb_echo', 0, 'v'), 'v'
waiting = Thread.new { other.blpop('queue', timeout: 5) }
redis.rpush('queue', 'job')
same waiting.value, %w[queue job]
heard = nil
other.subscribe('news') do |on|
  on.subscribe { redis.publish('news', 'hello') }
  on.message { |channel, message| heard = [channel, message]; other.unsubscribe }
end
same heard, %w[news hello]
puts "#{$checks} checks passed"
