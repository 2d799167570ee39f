"""The law of effects: what is recorded, made again, is what happened; and what failed did not happen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from histories import all_histories, new_store, state_of, take
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import Step

import kvlite
from kvlite import Store
from kvlite.effects import EFFECTS
from kvlite.persist.record import packer, unpack
from kvlite.persist.recovery import replays_of


class Recorder:
    """A journal that makes every effect again, in another store, at once: through the bytes of the log."""

    path = "a recorder"

    def __init__(self, store: Store[Any]) -> None:
        self.release = store._shared.lock.release
        self.twin = Store()
        self._shared = store._shared
        self._pack = packer().pack
        self._batch: list[bytes] = []
        store._shared.keep_journal(self)

    def write(self, effect: tuple[Any, ...]) -> None:
        self._batch.append(self._pack(effect))
        if self._shared.depth == 0:
            self.end_batch()

    def end_batch(self) -> None:
        batch, self._batch = self._batch, []
        for record in batch:
            code, database, *arguments = unpack(record)
            replays_of(Store)[code](self.twin.select(database), arguments)

    def mark(self) -> int:
        return len(self._batch)

    def rewind(self, mark: int) -> None:
        del self._batch[mark:]

    def written(self) -> None: ...
    def settle(self, written: None) -> None: ...
    def stop(self) -> None: ...
    def close(self) -> None: ...
    def abandon(self) -> None: ...


@given(all_histories())
def test_replay_equals_live_after_every_step(steps: list[Step]) -> None:
    store = new_store()
    recorder = Recorder(store)
    for step in steps:
        take(store, step)
        assert state_of(recorder.twin) == state_of(store), step
        for each in store._shared.open_stores:
            each._db._check()


@given(all_histories())
def test_a_call_that_raised_changed_nothing(steps: list[Step]) -> None:
    store = new_store()
    for step in steps:
        store._shared.expire_due()
        before = state_of(store)
        if take(store, step) is not None:
            assert state_of(store) == before, step


@given(all_histories())
def test_what_is_done_in_line_is_the_effect(steps: list[Step]) -> None:
    """Where nobody observes, some commands do without their effect."""
    plain, gated = new_store(record_accesses=False), new_store(record_accesses=False)
    Recorder(gated)
    for step in steps:
        assert repr(take(plain, step)) == repr(take(gated, step)), step
        assert state_of(plain) == state_of(gated), step
        assert order_of(plain) == order_of(gated), step
        for each in plain._shared.open_stores:
            each._db._check()


class Undo(Exception):
    pass


def order_of(store: Store[Any]) -> list[list[bytes]]:
    """Where each key stands for the scans that are under way."""
    return [each._db.keys.items.copy() for each in store._shared.open_stores if each._db.data]


@settings(max_examples=60)
@given(all_histories(size=15), all_histories(size=15))
def test_an_atomic_block_that_raises_changed_nothing(first: list[Step], second: list[Step]) -> None:
    store = new_store()
    recorder = Recorder(store)
    for step in first:
        take(store, step)
    store._shared.expire_due()
    before, order = state_of(store), order_of(store)
    with pytest.raises(Undo), store.atomic():
        for step in second:
            if step.method != "advance":
                take(store, step)
        raise Undo
    assert state_of(store) == before
    assert order_of(store) == order
    assert state_of(recorder.twin) == before
    for each in store._shared.open_stores:
        each._db._check()
    for step in second:
        take(store, step)
    assert state_of(recorder.twin) == state_of(store)


@settings(max_examples=40)
@given(all_histories(size=15), all_histories(size=15))
def test_only_the_inner_block_is_undone(first: list[Step], second: list[Step]) -> None:
    store, plain = new_store(), new_store()
    with store.atomic(), plain.atomic():
        for step in first:
            if step.method != "advance" and step.check is None:
                take(store, step)
                take(plain, step)
        with pytest.raises(Undo), store.atomic():
            for step in second:
                if step.method != "advance":
                    take(store, step)
            raise Undo
    assert state_of(store) == state_of(plain)


def test_codes_of_effects_are_those_of_the_format() -> None:
    """They are written in logs. Add to this list, and to docs/log_format.md; never change what is there."""
    assert EFFECTS == {
        1: "_effect_drop",
        2: "_effect_deadline",
        3: "_effect_load",
        4: "_effect_move",
        5: "_effect_flush",
        6: "_effect_swap",
        10: "_effect_put",
        11: "_effect_append",
        12: "_effect_overlay",
        13: "_effect_write",
        14: "_effect_splice",
        20: "_effect_lpush",
        21: "_effect_rpush",
        22: "_effect_lpop",
        23: "_effect_rpop",
        24: "_effect_ltrim",
        25: "_effect_lset",
        26: "_effect_linsert",
        27: "_effect_lrem",
        30: "_effect_field",
        31: "_effect_fields",
        32: "_effect_remove_fields",
        33: "_effect_field_deadline",
        40: "_effect_sadd",
        41: "_effect_srem",
        42: "_effect_sadd_one",
        50: "_effect_zadd",
        51: "_effect_zrem",
        60: "_effect_xadd",
        61: "_effect_xdel",
        62: "_effect_xtrim",
        63: "_effect_xsetid",
        64: "_effect_xgroup",
        65: "_effect_xgroup_destroy",
        66: "_effect_xconsumer",
        67: "_effect_xconsumer_destroy",
        68: "_effect_xpend",
        69: "_effect_xack",
        70: "_effect_library",
        71: "_effect_forget_library",
    }
    page = (Path(kvlite.__file__).parent.parent / "docs" / "log_format.md").read_text()
    for code in EFFECTS:
        assert f"\n| {code} | " in page


class TickingClock:
    """Time passes every time somebody looks, also in the middle of a command."""

    def __init__(self, tick: int) -> None:
        self.time = 1_800_000_000_000
        self.tick = tick

    def now(self) -> int:
        self.time += self.tick
        return self.time


@given(all_histories(), st.sampled_from([1, 300, 700, 5000]))
def test_time_may_pass_within_a_command(steps: list[Step], tick: int) -> None:
    store: Store[bytes] = Store(clock=TickingClock(tick), seed=1)
    recorder = Recorder(store)
    for step in steps:
        if step.method != "advance":
            take(store, step)
            assert state_of(recorder.twin) == state_of(store), step
            for each in store._shared.open_stores:
                each._db._check()
