"""Limits: what is counted, what is refused before anything has changed, and which keys go."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import redis
from hypothesis import given, settings
from hypothesis import strategies as st

from kvlite import AsyncStore, ManualClock, OutOfMemoryError, ResponseError, Store
from kvlite.accounting import needed_by, used_by
from kvlite.digest import of_store
from kvlite.eviction import DENYOOM, GUARDED
from kvlite.redis import Redis
from kvlite.wire import commands as commands  # fills the table
from kvlite.wire.table import ROWS

START = 1_700_000_000_123


def new_store(**options: Any) -> Store[str]:
    return Store(decode_responses=True, clock=ManualClock(START), seed=1, **options)


def digest(store: Store[Any]) -> bytes:
    return of_store(store._shared.stores)


def used(store: Store[Any]) -> int:
    return int(store.info("memory")["used_memory"])


def errors_of_account(store: Store[Any]) -> list[int]:
    """How far the account is from what it is when everything is measured anew, and that."""
    account = store._db.account
    kept = account.total
    account.count(store._db)
    return [abs(kept - account.total), account.total]


# What stays


def fill(store: Store[Any], count: int = 100, size: int = 1000) -> None:
    for number in range(count):
        store.set(f"key:{number}", "x" * size)


@pytest.mark.parametrize("policy", ["allkeys-lru", "allkeys-lfu", "allkeys-random"])
def test_the_limit_is_kept(policy: str) -> None:
    with new_store(maxmemory="100kb", maxmemory_policy=policy) as store:
        for number in range(1000):
            store.set(f"key:{number}", "x" * 1000)
            assert used(store) <= 100 * 1024 + 2000
        assert 60 < len(store) < 100
        assert store.info("stats")["evicted_keys"] == 1000 - len(store)


def test_the_least_recently_used_go_first() -> None:
    with new_store(maxkeys=3, maxmemory_policy="allkeys-lru") as store:
        store.mset({"a": 1, "b": 2, "c": 3})
        store.get("a")
        store.set("d", 4)
        assert sorted(store) == ["a", "c", "d"]
        store.hset("h", "field", 1)
        assert sorted(store) == ["a", "d", "h"]
        store.hget("h", "field"), store.get("a")
        store.set("a", 5)
        store.sadd("s", 1)
        assert sorted(store) == ["a", "h", "s"]


def test_reads_without_the_lock_have_their_place_between_writes() -> None:
    with Store(maxkeys=2, maxmemory_policy="allkeys-lru", seed=1) as store:
        for number in range(50):
            store.set(f"a{number}", 1)
            store.set(f"b{number}", 1)
            store.get(f"a{number}")
            store.set(f"c{number}", 1)
            assert sorted(store) == sorted([b"a%d" % number, b"c%d" % number])


def test_the_least_frequently_used_go_first() -> None:
    with new_store(maxkeys=3, maxmemory_policy="allkeys-lfu", lfu_log_factor=0) as store:
        store.mset({"a": 1, "b": 2, "c": 3})
        store.get("a"), store.get("a"), store.get("b")
        store.set("d", 4)
        assert sorted(store) == ["a", "b", "d"]
        store.set("e", 5)
        assert sorted(store) == ["a", "b", "e"]


def test_the_key_that_was_just_made_stays() -> None:
    for policy in ("allkeys-random", "allkeys-lfu"):
        with new_store(maxkeys=1, maxmemory_policy=policy) as store:
            for name in "abcdef":
                store.set(name, 1)
                store.get(name)
                assert list(store) == [name]


@pytest.mark.parametrize("most", [3, 20, 40])
def test_any_key_goes_by_chance(most: int) -> None:
    gone: set[bytes] = set()
    for seed in range(most * 6):
        with Store(maxkeys=most, maxmemory_policy="allkeys-random", seed=seed) as store:
            store.mset(dict.fromkeys(range(most), 1))
            before = set(store)
            store.set("new", 1)
            assert store.exists("new")
            gone |= before - set(store)
    assert len(gone) > most * 0.95


def test_overwriting_makes_nothing_go() -> None:
    with new_store(maxkeys=2, maxmemory_policy="allkeys-lru") as store:
        store.set("a", 1)
        store.set("b", 1)
        for _ in range(5):
            store.set("b", 2)
        assert sorted(store) == ["a", "b"]


@pytest.mark.parametrize("policy", ["allkeys-lru", "allkeys-lfu", "volatile-ttl", "volatile-lru"])
def test_growing_tables_never_cost_many_keys_at_once(policy: str) -> None:
    with Store(maxmemory="2mb", maxmemory_policy=policy, seed=1) as store:
        before = 0
        for number in range(20_000):
            store.set(f"key:{number}", "x" * 100, ex=1000)
            assert len(store) > before - 300
            before = len(store)


@pytest.mark.parametrize("policy", ["volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl"])
def test_volatile_policies_spare_what_has_no_deadline(policy: str) -> None:
    with new_store(maxkeys=4, maxmemory_policy=policy) as store:
        store.mset({"a": 1, "b": 1})
        for number in range(20):
            store.set(f"v{number}", 1, ex=100 + number)
            assert len(store) <= 4
        assert store.exists("a", "b") == 2


def test_what_is_to_live_shortest_goes_first() -> None:
    with new_store(maxkeys=3, maxmemory_policy="volatile-ttl") as store:
        store.set("long", 1, ex=100)
        store.set("short", 1, ex=10)
        store.set("middle", 1, ex=50)
        store.set("plain", 1)
        assert sorted(store) == ["long", "middle", "plain"]


def test_keys_are_counted_over_all_databases() -> None:
    with new_store(maxkeys=3, maxmemory_policy="allkeys-lru") as store:
        store.set("a", 1)
        store.select(1).set("b", 1)
        store.select(2).set("c", 1)
        store.set("d", 1)
        assert [list(store), list(store.select(1)), list(store.select(2))] == [["d"], ["b"], ["c"]]


# What is refused


def test_without_eviction_writes_are_refused_before_anything_has_changed() -> None:
    with new_store(maxmemory="20kb") as store:
        store.rpush("list", *["element"] * 10)
        with pytest.raises(OutOfMemoryError, match="^command not allowed when used memory > 'maxmemory'.$"):
            fill(store)
        before = digest(store)
        refused: list[Callable[[], Any]] = [
            lambda: store.set("key", 1),
            lambda: store.lmove("list", "other"),
            lambda: store.incr("list"),
            lambda: store.mset({"a": 1, "b": 2}),
            lambda: store.lpushx("missing", 1),
            lambda: store.xgroup_create("stream", "group", mkstream=True),
            lambda: store.bitfield("bits").set("u8", 0, 1).execute(),
            lambda: store.pipeline().set("a", 1).get("a").execute(),
            lambda: store.__setitem__("key", 1),
        ]
        for call in refused:
            with pytest.raises(OutOfMemoryError):
                call()
        assert digest(store) == before
        assert store.lpop("list") == "element"
        assert store.pipeline().get("a").lpop("list").execute() == [None, "element"]
        for number in range(100):
            store.delete(f"key:{number}")
        assert store.set("key", 1)


def test_an_atomic_block_that_is_refused_is_undone_with_what_went_for_it() -> None:
    with new_store(maxmemory="50kb", maxmemory_policy="volatile-lru") as store:
        for number in range(10):
            store.set(f"v{number}", "x" * 1000, ex=100)
        before = digest(store)
        with pytest.raises(OutOfMemoryError), store.atomic():
            fill(store)
        assert digest(store) == before
        assert errors_of_account(store)[0] == 0


def test_a_transaction_is_not_disturbed() -> None:
    with new_store(maxmemory="50kb", maxmemory_policy="allkeys-lru") as store:
        fill(store)
        with store.pipeline() as pipe:
            for number in range(100):
                pipe.set(f"new:{number}", "x" * 1000)
            pipe.exists(*[f"new:{number}" for number in range(100)])
            assert pipe.execute()[-1] == 100
        store.set("one", 1)
        assert used(store) < 55_000


# Steering


def test_limits_come_and_go() -> None:
    with Store(seed=1) as store:
        fill(store, 500)
        assert store._unobserved
        store.config_set("maxmemory-policy", "allkeys-lru", "maxmemory", "200kb")
        assert len(store) < 200
        assert used(store) <= 200 * 1024
        assert not store._unobserved
        store.select(5).set("elsewhere", "x" * 1000)
        store.config_set("maxmemory", "0")
        assert store._unobserved
        assert store._db.account is None
        fill(store, 500)
        assert len(store) == 500
        assert store.config_get("maxmemory*") == {
            "maxmemory": "0",
            "maxmemory-policy": "allkeys-lru",
            "maxmemory-samples": "5",
            "maxmemory-clients": "0",
            "maxmemory-eviction-tenacity": "10",
        }


def test_options_are_what_config_get_says() -> None:
    options: dict[str, Any] = {
        "maxmemory": "1mb",
        "maxmemory_policy": "volatile-lfu",
        "maxmemory_samples": 7,
        "lfu_log_factor": 3,
        "lfu_decay_time": 2,
    }
    with Store(**options) as store:
        found = store.config_get("maxmemory*") | store.config_get("lfu*")
        assert found["maxmemory"] == str(1024 * 1024)
        assert found["maxmemory-policy"] == "volatile-lfu"
        assert [found["maxmemory-samples"], found["lfu-log-factor"], found["lfu-decay-time"]] == [
            "7",
            "3",
            "2",
        ]
    for wrong in ({"maxmemory_policy": "lru"}, {"maxkeys": -1}, {"maxmemory_samples": 0}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            Store(**wrong)  # type: ignore[arg-type]
    for wrong in ({"maxkeys": "10"}, {"maxkeys": 1.5}, {"maxmemory_samples": None}, {"maxkeys": True}):
        with pytest.raises(TypeError, match=f"{next(iter(wrong))} is a whole number, not "):
            Store(**wrong)  # type: ignore[arg-type]


def test_how_many_keys_there_may_be_is_set_by_name_and_found_by_no_pattern() -> None:
    with Store(maxkeys=5, maxmemory_policy="allkeys-random") as store:
        store.mset({str(number): number for number in range(5)})
        assert store.config_get("maxkeys") == {"maxkeys": "5"}
        assert "maxkeys" not in store.config_get("*") | store.config_get("max*")
        store.config_set("maxkeys", 2)
        assert len(store) == 2
        store.config_set("maxmemory", "1mb")
        store.set("new", 1)
        assert len(store) == 2
        store.config_set("maxkeys", 0)
        store.mset({str(number): number for number in range(5)})
        assert len(store) >= 5
        with pytest.raises(ResponseError, match="between 0 and"):
            store.config_set("maxkeys", -1)


def test_idle_times_and_frequencies() -> None:
    clock = ManualClock(START)
    with Store(clock=clock, maxmemory_policy="allkeys-lfu", lfu_log_factor=0) as store:
        store.set("a", 1)
        assert store.object("freq", "a") == 5
        for _ in range(300):
            store.get("a")
        assert store.object("freq", "a") == 255
        store.advance(60 * 10)
        assert store.object("freq", "a") == 245
        store.restore("b", 0, store.dump("a"), frequency=77)
        assert store.object("freq", "b") == 77
        store.rename("b", "c")
        assert store.object("freq", "c") in (77, 78)
        store.config_set("maxmemory-policy", "allkeys-lru")
        store.advance(5)
        store.restore("b", 0, store.dump("a"), idletime=77)
        assert [store.object("idletime", key) for key in "abc"] == [0, 77, 5]


def test_idle_times_with_the_clock_of_the_machine() -> None:
    with Store(maxmemory="1mb", maxmemory_policy="allkeys-lru") as store:
        store.set("a", 1)
        store._db.uses.set_idle(b"a", 100)  # type: ignore[union-attr]
        assert store.object("idletime", "a") in (100, 101)
        store.get("a")
        assert store.object("idletime", "a") in (0, 1)
        hand = store._db.uses.hand  # type: ignore[union-attr]
        seen = hand.present
        deadline = time.monotonic() + 5
        while hand.present < seen + 50_000 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert hand.present >= seen + 50_000


def test_events_tell_what_went() -> None:
    with new_store(maxkeys=1, maxmemory_policy="allkeys-lru", notify_keyspace_events="Ee") as store:
        pubsub = store.pubsub()
        pubsub.psubscribe("*")
        store.set("a", 1)
        store.set("b", 1)
        heard = [
            message["data"] for message in iter(pubsub.get_message, None) if message["type"] == "pmessage"
        ]
        assert heard == ["a"]


def test_what_went_has_gone_from_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "store"
    with Store(path, maxmemory="100kb", maxmemory_policy="allkeys-lru") as store:
        fill(store, 500)
        before = digest(store)
    with Store(path, maxmemory="30kb", maxmemory_policy="allkeys-lru") as store:
        assert digest(store) == before, "nothing goes while it is read"
        assert used(store) > 30 * 1024
        store.set("a", 1)
        assert used(store) <= 30 * 1024 + 1000


def test_reads_are_noted_whatever_stands_before_them() -> None:
    with Store(maxmemory="1mb", maxmemory_policy="allkeys-lru", seed=1) as store:
        store.set("a", "text")
        assert store.calls.count("get") == 0
        store.config_set("maxmemory-policy", "allkeys-lfu", "lfu-log-factor", "0")
        assert [store.get("a"), store.calls.count("get"), store.object("freq", "a")] == [b"text", 1, 6]
        store.config_set("maxmemory-policy", "noeviction")
        assert [store.get("a"), store.calls.count("get")] == [b"text", 2]


def test_what_a_key_held_and_how_it_was_used_is_kept_through_a_rollback() -> None:
    with new_store(maxmemory="1mb", maxmemory_policy="allkeys-lfu", lfu_log_factor=0) as store:
        store.rpush("list", *"abc")
        with pytest.raises(KeyError), store.atomic():
            store.delete("list")
            store.set("new", "x" * 1000)
            raise KeyError
        assert store.object("freq", "list") == 5
        assert len(store._db.uses or ()) == 1
        assert errors_of_account(store)[0] == 0


def test_a_sandbox_brings_back_what_went() -> None:
    with new_store(maxmemory="100kb", maxmemory_policy="allkeys-lru") as store:
        fill(store, 50)
        before = digest(store)
        with store.sandbox():
            fill(store, 500, 2000)
        assert digest(store) == before
        assert errors_of_account(store)[0] == 0


# Accounts

KEYS = st.sampled_from(["a", "b", "c", "d"])
TEXTS = st.sampled_from(["", "x", "y" * 20, "z" * 300])
MANY = st.lists(TEXTS, min_size=1, max_size=5)
STEPS = st.one_of(
    st.tuples(st.just("set"), KEYS, TEXTS),
    st.tuples(st.just("append"), KEYS, TEXTS),
    st.tuples(st.just("setrange"), KEYS, st.integers(0, 50), TEXTS),
    st.tuples(st.just("incr"), KEYS),
    st.tuples(st.just("rpush"), KEYS, TEXTS, TEXTS),
    st.tuples(st.just("lpush"), KEYS, TEXTS),
    st.tuples(st.just("lpop"), KEYS),
    st.tuples(st.just("ltrim"), KEYS, st.integers(0, 2), st.integers(-3, 5)),
    st.tuples(st.just("hset"), KEYS, TEXTS, TEXTS),
    st.tuples(st.just("hdel"), KEYS, TEXTS),
    st.tuples(st.just("sadd"), KEYS, TEXTS, TEXTS),
    st.tuples(st.just("srem"), KEYS, TEXTS),
    st.tuples(st.just("zincrby"), KEYS, st.integers(0, 3), TEXTS),
    st.tuples(st.just("zrem"), KEYS, TEXTS),
    st.tuples(st.just("xadd"), KEYS, st.just({"field": "value"})),
    st.tuples(st.just("rename"), KEYS, KEYS),
    st.tuples(st.just("copy"), KEYS, KEYS),
    st.tuples(st.just("move"), KEYS, st.just(1)),
    st.tuples(st.just("delete"), KEYS),
    st.tuples(st.just("expire"), KEYS, st.integers(-1, 2)),
    st.tuples(st.just("advance"), st.integers(0, 2)),
    st.tuples(st.just("flushdb")),
    st.tuples(st.just("swapdb"), st.just(0), st.just(1)),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(STEPS, max_size=60), st.sampled_from(["allkeys-lru", "volatile-lfu", "allkeys-random"]))
def test_the_account_is_what_is_there(steps: list[tuple[Any, ...]], policy: str) -> None:
    limit = 6_000
    with new_store(maxmemory=limit, maxmemory_policy=policy) as store:
        for name, *arguments in steps:
            before = sum(needed_by(each._db) for each in store._shared.open_stores)
            try:
                getattr(store, name)(*arguments)
            except OutOfMemoryError:
                assert before > limit
            except ResponseError:
                continue
            for each in store._shared.open_stores:
                account = each._db.account
                kept = account.total
                assert account.records.keys() <= each._db.data.keys()
                account.count(each._db)
                assert abs(kept - account.total) <= 200 + account.total // 8
                account.total = kept
                uses = each._db.uses
                assert uses is None or len(uses) == len(each._db.data)
                each._db._check()


def test_what_may_take_memory_is_a_command_or_the_wire_has_it_alone() -> None:
    names = {name.encode() for name in DENYOOM}
    rows = [*ROWS.values(), *(row for each in ROWS.values() for row in each.subcommands.values())]
    assert {row.name.encode() for row in rows if "denyoom" in row.flags} == names
    assert {name for name in GUARDED if not hasattr(Store, name)} == {"pfdebug", "restore-asking", "xsetid"}


def test_a_limit_needs_nothing_of_the_wire() -> None:
    program = """
import sys
from kvlite import OutOfMemoryError, Store
store = Store(maxmemory="10kb", maxkeys=10)
try:
    store.mset({number: "x" * 1000 for number in range(20)})
    store.set("key", 1)
except OutOfMemoryError:
    print(*(name for name in sys.modules if name.startswith("kvlite.wire")), sep=", ")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"


def test_an_account_costs_nothing_where_there_is_no_limit() -> None:
    with Store() as store:
        store.set("a", 1)
        assert store._shared.eviction is None
        assert store._db.account is None
        assert "set" not in vars(store)


def test_used_memory_of_an_empty_store_is_little() -> None:
    with Store(maxmemory="1mb") as store:
        assert used_by(store._db) < 2_000


def test_threads_share_a_limit() -> None:
    with Store(maxmemory="100kb", maxmemory_policy="allkeys-lru", seed=1) as store:

        def work(number: int) -> None:
            for step in range(500):
                store.set(f"{number}:{step}", "x" * 500)
                store.rpush(f"list:{number}", "element")
                store.get(f"{number}:{step - 1}")

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(work, range(4)))
        store.set("last", 1)
        assert used(store) <= 100 * 1024 + 1000
        kept = store._db.account.total
        store._db.account.count(store._db)
        assert kept == pytest.approx(store._db.account.total, rel=0.1)


def test_the_other_doors_have_limits() -> None:
    async def fill_asynchronously() -> int:
        async with AsyncStore(maxkeys=5, maxmemory_policy="allkeys-lru") as store:
            for number in range(20):
                await store.set(f"key:{number}", 1)
            return await store.dbsize()

    assert asyncio.run(fill_asynchronously()) == 5
    with Store(maxkeys=5, maxmemory_policy="allkeys-lru") as store:
        client = Redis(store)
        for number in range(20):
            client.set(f"key:{number}", 1)
            assert client.dbsize() <= 5
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", 1)
        with pytest.raises(redis.exceptions.OutOfMemoryError, match="^command not allowed when used memory"):
            client.set("key", 1)
        assert client.get("key:19") == b"1"
