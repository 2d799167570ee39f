"""The configuration parameters of Redis 7.0, one row each: name, kind of value, default, when it may be set.

Sizes are in bytes and times in seconds, but for `busy-reply-threshold`, `cluster-node-timeout` and
`latency-monitor-threshold` (milliseconds) and `slowlog-log-slower-than` (microseconds).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from ..keyspace import DATABASES
from ..numbers import INT64_MAX as LONG
from .parameter_kinds import (
    UINT64,
    Addresses,
    AlwaysNo,
    BufferLimits,
    Choice,
    Events,
    Frequency,
    Integer,
    Kind,
    Master,
    Memory,
    MemoryOrPercent,
    Octal,
    OomScores,
    Percentiles,
    SavePoints,
    ShutdownOptions,
    Text,
    YesNo,
    is_file_name,
    is_folder,
    is_hostname,
    is_title,
)

INT_MAX = 2**31 - 1
UINT_MAX = 2**32 - 1

IN_FRONT = "a kvlite server stays in front: let a service manager, or your shell, put it into the background"
NO_CLUSTER = "a kvlite server is not part of a cluster"
NO_DEFRAGMENTATION = (
    "Active defragmentation cannot be enabled: it requires a Redis server compiled with a modified Jemalloc "
    "like the one shipped by default with the Redis source distribution"
)

When = Literal["any time", "at start", "protected"]


@dataclass(frozen=True, slots=True, eq=False)
class Parameter:
    name: str
    kind: Kind
    default: str
    when: When
    """`at start`: never by CONFIG SET; `protected`: only if enable-protected-configs says so."""
    alias: str | None
    """Its name in older versions of Redis."""
    hidden: bool
    """Whether no pattern finds it."""
    secret: bool
    """Whether nobody is shown what a client sets it to."""


PARAMETERS: dict[str, Parameter] = {}
"""Every parameter by its name."""

NAMES: dict[str, Parameter] = {}
"""Every parameter by its name and by its alias."""

yes_no = YesNo()
whole = Integer(0, INT_MAX)
at_least_1 = Integer(1, INT_MAX)
long = Integer(0, LONG)
port = Integer(0, 65535)
percent = Integer(0, 100)
memory = Memory()
text = Text()


def _row(
    name: str,
    kind: Kind,
    default: str,
    when: When = "any time",
    *,
    alias: str | None = None,
    hidden: bool = False,
    secret: bool = False,
) -> None:
    row = Parameter(name, kind, default, when, alias, hidden, secret)
    PARAMETERS[name] = NAMES[name] = row
    if alias is not None:
        NAMES[alias] = row


# Listening

_row("bind", Addresses(), "* -::*")
_row("port", port, "6379")
_row("protected-mode", yes_no, "yes")
_row("unixsocket", text, "", "at start")
_row("unixsocketperm", Octal(0, 0o777), "0", "at start")
_row("tcp-backlog", whole, "511", "at start")
_row("tcp-keepalive", whole, "300")
_row("socket-mark-id", Integer(0, UINT_MAX), "0", "at start")
_row("bind-source-addr", text, "")

# TLS

_row("tls-port", port, "0")
_row("tls-cert-file", text, "")
_row("tls-key-file", text, "")
_row("tls-key-file-pass", text, "", secret=True)
_row("tls-client-cert-file", text, "")
_row("tls-client-key-file", text, "")
_row("tls-client-key-file-pass", text, "", secret=True)
_row("tls-dh-params-file", text, "")
_row("tls-ca-cert-file", text, "")
_row("tls-ca-cert-dir", text, "")
_row("tls-auth-clients", Choice("no", "yes", "optional"), "yes")
_row("tls-protocols", text, "")
_row("tls-ciphers", text, "")
_row("tls-ciphersuites", text, "")
_row("tls-prefer-server-ciphers", yes_no, "no")
_row("tls-session-caching", yes_no, "yes")
_row("tls-session-cache-size", whole, "20480")
_row("tls-session-cache-timeout", whole, "300")
_row("tls-cluster", yes_no, "no")
_row("tls-replication", yes_no, "no")

# Clients

_row("maxclients", Integer(1, UINT_MAX), "10000")
_row("timeout", whole, "0")
_row("requirepass", text, "", secret=True)
_row(
    "client-output-buffer-limit",
    BufferLimits(),
    "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60",
)
_row("client-query-buffer-limit", Memory(1024**2), "1073741824")
_row("proto-max-bulk-len", Memory(1024**2), "536870912")
_row("maxmemory-clients", MemoryOrPercent(), "0")
_row("tracking-table-max-keys", long, "1000000")
_row("acl-pubsub-default", Choice("allchannels", "resetchannels"), "resetchannels")
_row("aclfile", text, "", "at start")
_row("acllog-max-len", long, "128")

# The process

_row("databases", Integer(1, DATABASES), "16", "at start")
_row("dir", Text(is_folder), ".", "protected")
_row("logfile", text, "", "at start")
_row("loglevel", Choice("debug", "verbose", "notice", "warning"), "notice")
_row("syslog-enabled", yes_no, "no", "at start")
_row("syslog-ident", text, "redis", "at start")
_row(
    "syslog-facility",
    Choice("user", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"),
    "local0",
    "at start",
)
_row("daemonize", AlwaysNo(IN_FRONT), "no", "at start")
_row("supervised", Choice("upstart", "systemd", "auto", "no"), "no", "at start")
_row("pidfile", text, "", "at start")
_row("set-proc-title", yes_no, "yes", "at start")
_row("proc-title-template", Text(is_title), "{title} {listen-addr} {server-mode}")
_row("always-show-logo", yes_no, "no", "at start")
_row("ignore-warnings", text, "")
_row("crash-log-enabled", yes_no, "yes")
_row("crash-memcheck-enabled", yes_no, "yes")
_row("use-exit-on-panic", yes_no, "no", hidden=True)
_row("watchdog-period", whole, "0", hidden=True)
_row("shutdown-timeout", whole, "10")
_row("shutdown-on-sigint", ShutdownOptions(), "default")
_row("shutdown-on-sigterm", ShutdownOptions(), "default")
_row("hz", Frequency(0, INT_MAX), "10")
_row("dynamic-hz", yes_no, "yes")
_row("io-threads", Integer(1, 128), "1", "at start")
_row("io-threads-do-reads", yes_no, "no", "at start")
_row("server_cpulist", text, "", "at start")
_row("bio_cpulist", text, "", "at start")
_row("aof_rewrite_cpulist", text, "", "at start")
_row("bgsave_cpulist", text, "", "at start")
_row("oom-score-adj", Choice("no", "yes", "relative", "absolute"), "no")
_row("oom-score-adj-values", OomScores(), "0 200 800")
_row("disable-thp", yes_no, "yes", "at start")
_row("jemalloc-bg-thread", yes_no, "yes")
_row("enable-debug-command", Choice("no", "yes", "local"), "no", "at start")
_row("enable-module-command", Choice("no", "yes", "local"), "no", "at start")
_row("enable-protected-configs", Choice("no", "yes", "local"), "no", "at start")

# Memory and expiry

_row("maxmemory", Memory(0, UINT64 - 1), "0")
_row(
    "maxmemory-policy",
    Choice(
        "volatile-lru",
        "volatile-lfu",
        "volatile-random",
        "volatile-ttl",
        "allkeys-lru",
        "allkeys-lfu",
        "allkeys-random",
        "noeviction",
    ),
    "noeviction",
)
_row("maxmemory-samples", at_least_1, "5")
_row("maxmemory-eviction-tenacity", percent, "10")
_row("lfu-log-factor", whole, "10")
_row("lfu-decay-time", whole, "1")
_row("maxkeys", long, "0", hidden=True)  # the one that Redis does not have
_row("active-expire-effort", Integer(1, 10), "1")
_row("activerehashing", yes_no, "yes")
_row("activedefrag", AlwaysNo(NO_DEFRAGMENTATION), "no")
_row("active-defrag-ignore-bytes", Memory(1), "104857600")
_row("active-defrag-threshold-lower", Integer(0, 1000), "10")
_row("active-defrag-threshold-upper", Integer(0, 1000), "100")
_row("active-defrag-cycle-min", Integer(1, 99), "1")
_row("active-defrag-cycle-max", Integer(1, 99), "25")
_row("active-defrag-max-scan-fields", Integer(1, LONG), "1000")
_row("lazyfree-lazy-eviction", yes_no, "no")
_row("lazyfree-lazy-expire", yes_no, "no")
_row("lazyfree-lazy-server-del", yes_no, "no")
_row("lazyfree-lazy-user-del", yes_no, "no")
_row("lazyfree-lazy-user-flush", yes_no, "no")

# How values are kept

_row("hash-max-listpack-entries", long, "512", alias="hash-max-ziplist-entries")
_row("hash-max-listpack-value", memory, "64", alias="hash-max-ziplist-value")
_row("list-max-listpack-size", Integer(-INT_MAX - 1, INT_MAX), "-2", alias="list-max-ziplist-size")
_row("list-compress-depth", whole, "0")
_row("set-max-intset-entries", long, "512")
_row("zset-max-listpack-entries", long, "128", alias="zset-max-ziplist-entries")
_row("zset-max-listpack-value", memory, "64", alias="zset-max-ziplist-value")
_row("hll-sparse-max-bytes", memory, "3000")
_row("stream-node-max-bytes", memory, "4096")
_row("stream-node-max-entries", long, "100")

# Watching

_row("notify-keyspace-events", Events(), "")
_row("slowlog-log-slower-than", Integer(-1, LONG), "10000")
_row("slowlog-max-len", long, "128")
_row("latency-monitor-threshold", long, "0")
_row("latency-tracking", yes_no, "yes")
_row("latency-tracking-info-percentiles", Percentiles(), "50 99 99.9")
_row("busy-reply-threshold", long, "5000", alias="lua-time-limit")
_row("lua-enable-deprecated-api", yes_no, "no", "at start", hidden=True)

# Files

_row("save", SavePoints(), "3600 1 300 100 60 10000")
_row("dbfilename", Text(is_file_name), "dump.rdb", "protected")
_row("rdbcompression", yes_no, "yes")
_row("rdbchecksum", yes_no, "yes", "at start")
_row("rdb-del-sync-files", yes_no, "no")
_row("rdb-save-incremental-fsync", yes_no, "yes")
_row("rdb-key-save-delay", Integer(-INT_MAX - 1, INT_MAX), "0", hidden=True)
_row("key-load-delay", Integer(-INT_MAX - 1, INT_MAX), "0", hidden=True)
_row("loading-process-events-interval-bytes", Integer(1024, INT_MAX), "2097152", hidden=True)
_row("sanitize-dump-payload", Choice("no", "yes", "clients"), "no")
_row("stop-writes-on-bgsave-error", yes_no, "yes")
_row("appendonly", yes_no, "no")
_row("appendfilename", text, "appendonly.aof", "at start")
_row("appenddirname", text, "appendonlydir", "at start")
_row("appendfsync", Choice("everysec", "always", "no"), "everysec")
_row("no-appendfsync-on-rewrite", yes_no, "no")
_row("auto-aof-rewrite-percentage", whole, "100")
_row("auto-aof-rewrite-min-size", memory, "67108864")
_row("aof-load-truncated", yes_no, "yes")
_row("aof-use-rdb-preamble", yes_no, "yes")
_row("aof-timestamp-enabled", yes_no, "no")
_row("aof-disable-auto-gc", yes_no, "no")
_row("aof-rewrite-incremental-fsync", yes_no, "yes")

# Replication

_row("masterauth", text, "", secret=True)
_row("masteruser", text, "", secret=True)
_row("min-replicas-max-lag", whole, "10", alias="min-slaves-max-lag")
_row("min-replicas-to-write", whole, "0", alias="min-slaves-to-write")
_row("propagation-error-behavior", Choice("ignore", "panic", "panic-on-replicas"), "ignore")
_row("repl-backlog-size", Memory(1), "1048576")
_row("repl-backlog-ttl", long, "3600")
_row("repl-disable-tcp-nodelay", yes_no, "no")
_row("repl-diskless-load", Choice("disabled", "on-empty-db", "swapdb"), "disabled")
_row("repl-diskless-sync", yes_no, "yes")
_row("repl-diskless-sync-delay", whole, "5")
_row("repl-diskless-sync-max-replicas", whole, "0")
_row("repl-ping-replica-period", at_least_1, "10", alias="repl-ping-slave-period")
_row("repl-timeout", at_least_1, "60")
_row("replica-announce-ip", text, "", alias="slave-announce-ip")
_row("replica-announce-port", port, "0", alias="slave-announce-port")
_row("replica-announced", yes_no, "yes")
_row("replica-ignore-disk-write-errors", yes_no, "no")
_row("replica-ignore-maxmemory", yes_no, "yes", alias="slave-ignore-maxmemory")
_row("replica-lazy-flush", yes_no, "no", alias="slave-lazy-flush")
_row("replica-priority", whole, "100", alias="slave-priority")
_row("replica-read-only", yes_no, "yes", alias="slave-read-only")
_row("replica-serve-stale-data", yes_no, "yes", alias="slave-serve-stale-data")
_row("replicaof", Master(), "no one", "at start", alias="slaveof")

# Cluster

_row("cluster-allow-pubsubshard-when-down", yes_no, "yes")
_row("cluster-allow-reads-when-down", yes_no, "no")
_row("cluster-allow-replica-migration", yes_no, "yes")
_row("cluster-announce-bus-port", port, "0")
_row("cluster-announce-hostname", Text(is_hostname), "")
_row("cluster-announce-ip", text, "")
_row("cluster-announce-port", port, "0")
_row("cluster-announce-tls-port", port, "0")
_row("cluster-config-file", text, "nodes.conf", "at start")
_row("cluster-enabled", AlwaysNo(NO_CLUSTER), "no", "at start")
_row("cluster-link-sendbuf-limit", Memory(0, UINT64 - 1), "0")
_row("cluster-migration-barrier", whole, "1")
_row("cluster-node-timeout", long, "15000")
_row("cluster-port", port, "0", "at start")
_row("cluster-preferred-endpoint-type", Choice("ip", "hostname", "unknown-endpoint"), "ip")
_row("cluster-replica-no-failover", yes_no, "no", alias="cluster-slave-no-failover")
_row("cluster-replica-validity-factor", whole, "10", alias="cluster-slave-validity-factor")
_row("cluster-require-full-coverage", yes_no, "yes")

DEFAULTS: dict[str, Any] = {
    name: row.kind.read(row.default.split(" ") if row.kind.several else [row.default])
    for name, row in PARAMETERS.items()
}
"""The value of every parameter that is not set."""

OF_A_SERVER = frozenset(
    (
        *(name for name in PARAMETERS if name.startswith(("tls-", "enable-"))),
        *("bind", "port", "protected-mode", "unixsocket", "unixsocketperm", "tcp-backlog", "tcp-keepalive"),
        *("socket-mark-id", "bind-source-addr", "maxclients", "timeout", "requirepass"),
        *("client-output-buffer-limit", "client-query-buffer-limit", "proto-max-bulk-len"),
        "maxmemory-clients",
    )
)
"""Where a server listens, whom it lets in, and what it grants them: these end with it. The others are the
store's."""


ELSEWHERE = {"password": "requirepass", "max-connections": "maxclients", "address": "bind"}
"""What other programs, and clients, call a parameter that nothing here is spelt like."""


def nearest(name: str, others: Iterable[str] = (), likeness: float = 0.6) -> str | None:
    """The parameter, or which of the `others`, that may have been meant by a name that is none. 1 is the
    `likeness` of a name to itself."""
    from difflib import get_close_matches

    name = name.lower()
    close = get_close_matches(name, [*PARAMETERS, *others], 1, likeness)
    return close[0] if close else ELSEWHERE.get(name)
