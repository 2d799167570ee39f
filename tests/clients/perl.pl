# Redis.pm.
use strict;
use warnings;
use Redis;

my ($host, $port) = @ARGV;
my $checks = 0;
sub same {
    my ($actual, $expected) = map { defined $_ ? (ref $_ ? join('|', map { $_ // 'undef' } @$_) : $_) : 'undef' } @_;
    die "expected '$expected', got '$actual'\n" if $actual ne $expected;
    $checks++;
}
sub connection { return Redis->new(server => "$host:$port", password => 'secret', encoding => undef) }

my $redis = connection();
my $other = connection();
same($redis->flushall, 'OK');
same($redis->ping, 'PONG');
same($redis->set('a', "\0\xff\r\n", 'EX', 100), 'OK');
same($redis->get('a'), "\0\xff\r\n");
same($redis->ttl('a'), 100);
same($redis->get('missing'), undef);
same($redis->rpush('l', 1, 2, 3), 3);
same([$redis->lrange('l', 0, -1)], [1, 2, 3]);
same($redis->hset('h', 'f', 'v'), 1);
my %hash = $redis->hgetall('h');
same($hash{f}, 'v');
same($redis->sadd('s', 'x'), 1);
same([$redis->smembers('s')], ['x']);
same($redis->zadd('z', 1.5, 'ann'), 1);
same([$redis->zrange('z', 0, -1, 'WITHSCORES')], ['ann', '1.5']);
my @piped;
$redis->incr('n', sub { push @piped, $_[0] }) for 1 .. 3;
$redis->wait_all_responses;
same(\@piped, [1, 2, 3]);
$redis->multi;
$redis->incr('n');
same([$redis->exec], [4]);
$redis->watch('n');
$other->set('n', 9);
$redis->multi;
$redis->incr('n');
same(scalar $redis->exec, undef);
eval { $redis->lpush('a', 1) };
same($@ =~ /WRONGTYPE Operation against a key holding the wrong kind of value/ ? 1 : 0, 1);
same([$redis->eval('return {KEYS[1], ARGV[1]}', 1, 'k', 'v')], ['k', 'v']);
$redis->rpush('queue', 'job');
same([$other->blpop('queue', 5)], ['queue', 'job']);
my @heard;
$other->subscribe('news', sub { @heard = @_[1, 0] });
same($redis->publish('news', 'hello'), 1);
$other->wait_for_messages(1) until @heard;
same(\@heard, ['news', 'hello']);
print "$checks checks passed\n";
