"""INFO: what there is to know of a running instance, in sections.

Everything is computed when it is asked for. Sizes in memory are estimates: see `kvlite.memory`. What only a
server written in C has is 0.
"""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeAlias

from .. import memory
from .memory import Figures
from .replies import Reply, Verbatim
from .table import command

if TYPE_CHECKING:
    from ..persist.durability import Durability
    from .instance import Instance
    from .session import Session

VERSION = "7.0.15"
"""Of the Redis whose answers are given."""
DEADLINES_LOOKED_AT = 100

Fields: TypeAlias = "dict[str, Any]"


def server(instance: Instance) -> Fields:
    now, config = instance.now(), instance.config
    uptime = max(0, now - instance.started_ms) // 1000
    return {
        "redis_version": VERSION,
        "redis_git_sha1": "00000000",
        "redis_git_dirty": 0,
        "redis_build_id": "kvlite",
        "redis_mode": "standalone",
        "os": f"{platform.system()} {platform.release()} {platform.machine()}",
        "arch_bits": 64 if sys.maxsize > 2**32 else 32,
        "monotonic_clock": "perf_counter",
        "multiplexing_api": "asyncio",
        "atomicvar_api": "gil",
        "gcc_version": platform.python_compiler(),
        "python_version": platform.python_version(),
        "process_id": os.getpid(),
        "process_supervised": "no",
        "run_id": instance.run_id,
        "tcp_port": config["port"],
        "server_time_usec": now * 1000,
        "uptime_in_seconds": uptime,
        "uptime_in_days": uptime // 86400,
        "hz": config["hz"],
        "configured_hz": config["hz"],
        "lru_clock": now // 1000 & 0xFFFFFF,
        "executable": sys.executable,
        "config_file": config.file or "",
        "io_threads_active": 0,
    }


def clients(instance: Instance) -> Fields:
    sessions = list(instance.sessions.values())
    waits = [session.wait for session in sessions if session.wait is not None]
    return {
        "connected_clients": len(sessions),
        "cluster_connections": 0,
        "maxclients": instance.config["maxclients"],
        "client_recent_max_input_buffer": 0,
        "client_recent_max_output_buffer": 0,
        "blocked_clients": len(waits),
        "tracking_clients": 0,
        "clients_in_timeout_table": sum(wait.seconds is not None for wait in waits),
    }


def memory_section(instance: Instance) -> Fields:
    figures, config = Figures(instance), instance.config
    scripts, functions = instance.scripts, instance.functions
    library_count, function_count = functions.counts(strict=False)
    return {
        **_with_human("used_memory", figures.used),
        **_with_human("used_memory_rss", figures.resident),
        **_with_human("used_memory_peak", figures.peak),
        "used_memory_peak_perc": f"{figures.used * 100 / figures.peak:.2f}%",
        "used_memory_overhead": figures.overhead,
        "used_memory_startup": 0,
        "used_memory_dataset": figures.dataset,
        "used_memory_dataset_perc": f"{figures.dataset_percentage:.2f}%",
        "allocator_allocated": figures.used,
        "allocator_active": figures.resident,
        "allocator_resident": figures.resident,
        **_with_human("total_system_memory", memory.of_machine()),
        "used_memory_lua": scripts.memory,
        "used_memory_vm_eval": scripts.memory,
        "used_memory_lua_human": human(scripts.memory),
        "used_memory_scripts_eval": scripts.size,
        "number_of_cached_scripts": scripts.count,
        "number_of_functions": function_count,
        "number_of_libraries": library_count,
        "used_memory_vm_functions": functions.memory,
        **_with_human("used_memory_vm_total", scripts.memory + functions.memory),
        "used_memory_functions": functions.size,
        **_with_human("used_memory_scripts", scripts.size + functions.size),
        **_with_human("maxmemory", config["maxmemory"]),
        "maxmemory_policy": config["maxmemory-policy"],
        "allocator_frag_ratio": "1.00",
        "allocator_frag_bytes": 0,
        "allocator_rss_ratio": "1.00",
        "allocator_rss_bytes": 0,
        "rss_overhead_ratio": "1.00",
        "rss_overhead_bytes": 0,
        "mem_fragmentation_ratio": f"{figures.fragmentation:.2f}",
        "mem_fragmentation_bytes": figures.resident - figures.used,
        "mem_not_counted_for_evict": 0,
        "mem_replication_backlog": 0,
        "mem_total_replication_buffers": 0,
        "mem_clients_slaves": 0,
        "mem_clients_normal": 0,
        "mem_cluster_links": 0,
        "mem_aof_buffer": 0,
        "mem_allocator": "python",
        "active_defrag_running": 0,
        "lazyfree_pending_objects": 0,
        "lazyfreed_objects": 0,
    }


def _with_human(name: str, size: int) -> Fields:
    return {name: size, f"{name}_human": human(size)}


def human(size: int) -> str:
    """A number of bytes as Redis shows it to people."""
    if size < 1024:
        return f"{size}B"
    power = min((size.bit_length() - 1) // 10, 5)
    return f"{size / 1024**power:.2f}{'BKMGTP'[power]}"


def persistence(instance: Instance) -> Fields:
    saves = instance.saves
    durability = instance.store._durability()
    running = saves.running
    elapsed = (instance.now() - saves.began_ms) // 1000 if running else -1
    failed = "err" if saves.last_failed else "ok"
    fields = {
        "loading": 0,
        "async_loading": 0,
        "current_cow_peak": 0,
        "current_cow_size": 0,
        "current_cow_size_age": 0,
        "current_fork_perc": "0.00",
        "current_save_keys_processed": 0,
        "current_save_keys_total": 0,
        "rdb_changes_since_last_save": saves.unsaved_writes,
        "rdb_bgsave_in_progress": int(running == "save"),
        "rdb_last_save_time": saves.last_ms // 1000,
        "rdb_last_bgsave_status": failed,
        "rdb_last_bgsave_time_sec": saves.last_seconds,
        "rdb_current_bgsave_time_sec": elapsed if running == "save" else -1,
        "rdb_saves": saves.count,
        "rdb_last_cow_size": 0,
        "rdb_last_load_keys_expired": 0,
        "rdb_last_load_keys_loaded": 0,
        "aof_enabled": int(durability is not None),
        "aof_rewrite_in_progress": int(running == "rewrite"),
        "aof_rewrite_scheduled": int(saves.scheduled == "rewrite"),
        "aof_last_rewrite_time_sec": saves.last_seconds,
        "aof_current_rewrite_time_sec": elapsed if running == "rewrite" else -1,
        "aof_last_bgrewrite_status": failed,
        "aof_rewrites": saves.count,
        "aof_rewrites_consecutive_failures": int(saves.last_failed),
        "aof_last_write_status": "ok",
        "aof_last_cow_size": 0,
        "module_fork_in_progress": 0,
        "module_fork_last_cow_size": 0,
    }
    return fields if durability is None else fields | _files(durability)


def _files(durability: Durability) -> Fields:
    sizes = durability.sizes()
    return {
        "aof_last_write_status": "ok" if durability.failure is None else "err",
        "aof_current_size": sizes.snapshot + sizes.log,
        "aof_base_size": sizes.snapshot,
        "aof_pending_rewrite": 0,
        "aof_buffer_length": 0,
        "aof_pending_bio_fsync": int(sizes.unsynced > 0),
        "aof_delayed_fsync": 0,
    }


def stats(instance: Instance) -> Fields:
    counted, shared = instance.statistics, instance.store._shared
    hub = shared.hub
    return {
        "total_connections_received": counted.connections,
        "total_commands_processed": counted.commands,
        "instantaneous_ops_per_sec": round(counted.rates.commands),
        "total_net_input_bytes": counted.bytes_read,
        "total_net_output_bytes": counted.bytes_written,
        "total_net_repl_input_bytes": 0,
        "total_net_repl_output_bytes": 0,
        "instantaneous_input_kbps": f"{counted.rates.bytes_read / 1024:.2f}",
        "instantaneous_output_kbps": f"{counted.rates.bytes_written / 1024:.2f}",
        "instantaneous_input_repl_kbps": "0.00",
        "instantaneous_output_repl_kbps": "0.00",
        "rejected_connections": counted.rejected_connections,
        "sync_full": 0,
        "sync_partial_ok": 0,
        "sync_partial_err": 0,
        "expired_keys": shared.expired_keys,
        "expired_stale_perc": "0.00",
        "expired_time_cap_reached_count": 0,
        "expire_cycle_cpu_milliseconds": 0,
        "evicted_keys": shared.evicted_keys,
        "evicted_clients": 0,
        "total_eviction_exceeded_time": 0,
        "current_eviction_exceeded_time": 0,
        "keyspace_hits": counted.hits,
        "keyspace_misses": counted.misses,
        "pubsub_channels": len(hub.channels),
        "pubsub_patterns": len(hub.patterns),
        "pubsubshard_channels": len(hub.shards),
        "latest_fork_usec": 0,
        "total_forks": 0,
        "migrate_cached_sockets": 0,
        "slave_expires_tracked_keys": 0,
        "active_defrag_hits": 0,
        "active_defrag_misses": 0,
        "active_defrag_key_hits": 0,
        "active_defrag_key_misses": 0,
        "total_active_defrag_time": 0,
        "current_active_defrag_time": 0,
        "tracking_total_keys": 0,
        "tracking_total_items": 0,
        "tracking_total_prefixes": 0,
        "unexpected_error_replies": 0,
        "total_error_replies": sum(counted.errors.values()),
        "dump_payload_sanitizations": 0,
        "total_reads_processed": counted.reads,
        "total_writes_processed": counted.writes,
        "io_threaded_reads_processed": 0,
        "io_threaded_writes_processed": 0,
        "reply_buffer_shrinks": 0,
        "reply_buffer_expands": 0,
    }


def replication(instance: Instance) -> Fields:
    return {
        "role": "master",
        "connected_slaves": 0,
        "master_failover_state": "no-failover",
        "master_replid": instance.replication_id,
        "master_replid2": "0" * 40,
        "master_repl_offset": 0,
        "second_repl_offset": -1,
        "repl_backlog_active": 0,
        "repl_backlog_size": instance.config["repl-backlog-size"],
        "repl_backlog_first_byte_offset": 0,
        "repl_backlog_histlen": 0,
    }


def cpu(instance: Instance) -> Fields:
    times = os.times()
    return {
        "used_cpu_sys": f"{times.system:.6f}",
        "used_cpu_user": f"{times.user:.6f}",
        "used_cpu_sys_children": f"{times.children_system:.6f}",
        "used_cpu_user_children": f"{times.children_user:.6f}",
        "used_cpu_sys_main_thread": f"{times.system:.6f}",
        "used_cpu_user_main_thread": f"{times.user:.6f}",
    }


def commandstats(instance: Instance) -> Fields:
    fields = {}
    for row, usage in instance.statistics.entries():
        calls, microseconds = usage.calls, usage.spent // 1000
        each = usage.spent / 1000 / calls if calls else 0
        fields[f"cmdstat_{row.name}"] = (
            f"calls={calls},usec={microseconds},usec_per_call={each:.2f},"
            f"rejected_calls={usage.rejected},failed_calls={usage.failed}"
        )
    return fields


def errorstats(instance: Instance) -> Fields:
    errors = sorted(instance.statistics.errors.copy().items())
    return {f"errorstat_{code}": f"count={count}" for code, count in errors}


def latencystats(instance: Instance) -> Fields:
    if not instance.config["latency-tracking"]:
        return {}
    percentiles = instance.config["latency-tracking-info-percentiles"]
    return {
        f"latency_percentiles_usec_{row.name}": ",".join(
            f"p{each:g}={usage.percentile(each) / 1000:.3f}" for each in percentiles
        )
        for row, usage in instance.statistics.entries()
        if usage.calls
    }


def keyspace(instance: Instance) -> Fields:
    fields = {}
    now = instance.now()
    for index, store in enumerate(instance.stores):
        if store is not None and store._db.data:
            deadlines = store._db.deadlines
            left = [max(0, deadline - now) for deadline in islice(deadlines.values(), DEADLINES_LOOKED_AT)]
            average = sum(left) // len(left) if left else 0
            fields[f"db{index}"] = f"keys={len(store._db.data)},expires={len(deadlines)},avg_ttl={average}"
    return fields


SECTIONS: dict[str, Callable[[Instance], Fields]] = {
    "server": server,
    "clients": clients,
    "memory": memory_section,
    "persistence": persistence,
    "stats": stats,
    "replication": replication,
    "cpu": cpu,
    "modules": lambda instance: {},
    "commandstats": commandstats,
    "errorstats": errorstats,
    "latencystats": latencystats,
    "cluster": lambda instance: {"cluster_enabled": 0},
    "keyspace": keyspace,
}
"""Every section in its place."""

SETS = {
    "default": SECTIONS.keys() - {"commandstats", "latencystats"},
    "all": SECTIONS.keys(),
    "everything": SECTIONS.keys(),
}
"""Names for several sections."""


def chosen(names: list[str]) -> list[str]:
    """The sections of these names, in their place; those of `default` if none is named."""
    wanted = {section for name in names or ["default"] for section in SETS.get(name.lower(), {name.lower()})}
    return [section for section in SECTIONS if section in wanted]


def text(instance: Instance, names: list[str]) -> str:
    """What INFO answers when it is asked for these sections."""
    instance.statistics.rates.look(instance.statistics, time.monotonic())
    with instance.store._shared.lock:
        return "\r\n".join("".join(_lines(instance, section)) for section in chosen(names))


def _lines(instance: Instance, section: str) -> Iterator[str]:
    yield f"# {section.capitalize() if section != 'cpu' else 'CPU'}\r\n"
    for name, value in SECTIONS[section](instance).items():
        yield f"{name}:{value}\r\n"


def parsed(answer: str) -> dict[str, Any]:
    """The fields of an answer: numbers, lists and maps of them where they look like that, else texts."""
    lines = [line for line in answer.splitlines() if line and not line.startswith("#")]
    return {name: _value(text) for name, _, text in (line.partition(":") for line in lines)}


def _value(text: str) -> Any:
    if "=" in text:
        pairs = [part.rpartition("=") for part in text.split(",")]
        return {name: _value(value) for name, _, value in pairs}
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            pass
    return text


@command("info", -1, "loading stale", "server")
def info(session: Session, args: list[bytes]) -> Reply:
    session.settle()
    names = [arg.decode(errors="replace") for arg in args[1:]]
    return Verbatim(text(session.instance, names).encode("utf-8", "surrogateescape"))
