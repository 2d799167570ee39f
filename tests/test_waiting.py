"""Waiting for keys: first come, first served, nothing lost, nothing doubled, no trace left behind."""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kvlite import ManualClock, ResponseError, Store
from kvlite.errors import StoreClosedError
from kvlite.structs.gap_list import GapList
from kvlite.waiting import Attempt, Waiter

LONG = 20
"""Seconds after which a test that hangs fails."""


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LONG
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.0005)


def parked(store: Store[Any]) -> int:
    """How many wait on this database."""
    with store._shared.lock:
        return len({id(waiter) for line in store._lines.values() for waiter in line})


class Blocked:
    """A call in a thread of its own; made, and waiting or done, when the constructor returns."""

    def __init__(self, store: Store[Any], call: Callable[[], Any]) -> None:
        self.value: Any = None
        self.error: BaseException | None = None
        before = parked(store)
        self.thread = threading.Thread(target=self._run, args=(call,), daemon=True)
        self.thread.start()
        until(lambda: parked(store) > before or not self.thread.is_alive())

    def _run(self, call: Callable[[], Any]) -> None:
        try:
            self.value = call()
        except BaseException as error:
            self.error = error

    def result(self) -> Any:
        self.thread.join(LONG)
        assert not self.thread.is_alive(), "still waiting"
        if self.error is not None:
            raise self.error
        return self.value

    @property
    def waits(self) -> bool:
        return self.thread.is_alive()


@pytest.fixture
def store() -> Iterator[Store[bytes]]:
    with Store() as opened:
        yield opened
        assert not any(each._lines for each in opened._shared.open_stores), "somebody still stands in line"
        assert not opened._shared.room.ready
        assert opened._release == opened._shared.release


@pytest.fixture
def clocked() -> Iterator[Store[bytes]]:
    with Store(clock=ManualClock(1_000)) as opened:
        yield opened
        assert opened._lines == {}
        assert opened._shared.room.next_timeout() is None


# --- who is served -------------------------------------------------------------------------------------


def test_who_came_first_is_served_first(store: Store[bytes]) -> None:
    first, second, third = (Blocked(store, lambda: store.blpop("k")) for _ in range(3))
    assert store.rpush("k", "a", "b") == 2
    assert first.result() == (b"k", b"a")
    assert second.result() == (b"k", b"b")
    assert third.waits
    assert store.rpush("k", "c", "d") == 2
    assert third.result() == (b"k", b"c")
    assert store.lrange("k", 0, -1) == [b"d"]


def test_an_element_is_gone_before_anybody_else_can_see_it(store: Store[bytes]) -> None:
    waiter = Blocked(store, lambda: store.blpop("k"))
    store.rpush("k", "a")
    assert store.llen("k") == 0
    assert waiter.result() == (b"k", b"a")


def test_who_waits_for_several_keys_gets_one_element(store: Store[bytes]) -> None:
    waiter = Blocked(store, lambda: store.brpop(["a", "b", "c"]))
    store.rpush("b", 1)
    store.rpush("a", 2)
    assert waiter.result() == (b"b", b"1")
    assert store.lrange("a", 0, -1) == [b"2"]


def test_lines_are_kept_by_key(store: Store[bytes]) -> None:
    """Who came later is served first where nobody is before him."""
    early = Blocked(store, lambda: store.blpop("a"))
    late = Blocked(store, lambda: store.blpop(["a", "b"]))
    store.rpush("b", 1)
    assert late.result() == (b"b", b"1")
    store.rpush("a", 2, 3)
    assert early.result() == (b"a", b"2")
    assert store.llen("a") == 1


def test_the_same_key_twice_counts_once(store: Store[bytes]) -> None:
    waiter = Blocked(store, lambda: store.blpop(["a", "a"]))
    store.rpush("a", 1, 2)
    assert waiter.result() == (b"a", b"1")
    assert store.lrange("a", 0, -1) == [b"2"]


def test_another_type_serves_nobody(store: Store[bytes]) -> None:
    waiter = Blocked(store, lambda: store.blpop("a"))
    store.set("a", "text")
    assert waiter.waits
    store._effect_drop(b"a")
    store.rpush("a", 1)
    assert waiter.result() == (b"a", b"1")


def test_each_kind_of_waiter_gets_its_kind(store: Store[bytes]) -> None:
    for_members = Blocked(store, lambda: store.bzpopmin("k"))
    for_elements = Blocked(store, lambda: store.blpop("k"))
    store.rpush("k", "a")
    assert for_elements.result() == (b"k", b"a")
    assert for_members.waits
    store.zadd("k", {"m": 1})
    assert for_members.result() == (b"k", b"m", 1.0)


def test_databases_are_separate(store: Store[bytes]) -> None:
    other = store.select(3)
    waiter = Blocked(other, lambda: other.blpop("k"))
    store.rpush("k", "here")
    assert waiter.waits
    other.rpush("k", "there")
    assert waiter.result() == (b"k", b"there")
    assert store.lrange("k", 0, -1) == [b"here"]


@pytest.mark.parametrize(
    "give",
    [
        lambda s: s.rename("x", "k"),
        lambda s: s.renamenx("x", "k"),
        lambda s: s.copy("x", "k"),
        lambda s: s.lmove("x", "k"),
        lambda s: s.sort("x", alpha=True, store="k"),
        lambda s: (s.set("k", "text"), s.rename("x", "k")),
        lambda s: (s.set("k", "text"), s.copy("x", "k", replace=True)),
    ],
)
def test_every_way_to_be_born_serves(store: Store[bytes], give: Callable[[Store[bytes]], Any]) -> None:
    store.rpush("x", "a")
    waiter = Blocked(store, lambda: store.blpop("k"))
    give(store)
    assert waiter.result() == (b"k", b"a")


def test_a_key_that_comes_from_another_database_serves(store: Store[bytes]) -> None:
    other = store.select(1)
    waiter = Blocked(store, lambda: store.blpop(["a", "b"]))
    other.rpush("a", 1)
    other.move("a", 0)
    assert waiter.result() == (b"a", b"1")

    waiters = [Blocked(each, lambda each=each: each.blpop("k")) for each in (store, other)]  # type: ignore[misc]
    third = store.select(2)
    third.rpush("k", 2)
    store.swapdb(0, 2)
    assert waiters[0].result() == (b"k", b"2")
    assert waiters[1].waits
    third.rpush("k", 3)
    store.swapdb(2, 1)
    assert waiters[1].result() == (b"k", b"3")


# --- several changes as one ----------------------------------------------------------------------------


def test_nobody_is_served_within_a_transaction(store: Store[bytes]) -> None:
    waiter = Blocked(store, lambda: store.blpop("k"))
    with store.atomic():
        store.rpush("k", 1, 2)
        assert store.lpop("k") == b"1"
        assert store.llen("k") == 1
    assert waiter.result() == (b"k", b"2")


def test_a_key_that_is_gone_at_the_end_serves_nobody(store: Store[bytes]) -> None:
    waiter = Blocked(store, lambda: store.blpop("k"))
    with store.atomic():
        store.rpush("k", 1)
        store.lpop("k")
    store.pipeline().rpush("k", 2).blpop("k").execute()
    with pytest.raises(ZeroDivisionError), store.atomic():
        store.rpush("k", 3)
        raise ZeroDivisionError
    assert waiter.waits
    assert store.rpush("k", 4) == 1
    assert waiter.result() == (b"k", b"4")


def test_keys_are_served_in_the_order_of_their_birth(store: Store[bytes]) -> None:
    waiter = Blocked(store, lambda: store.blpop(["a", "b"]))
    store.pipeline().rpush("b", 1).rpush("a", 2).execute()
    assert waiter.result() == (b"b", b"1")


def test_in_a_transaction_nothing_is_waited_for(store: Store[bytes]) -> None:
    with store.atomic():
        assert store.blpop("k") is None
        assert store.blmove("k", "l", 0) is None
        store.rpush("k", 1)
        assert store.brpop("k") == (b"k", b"1")
    assert store.pipeline().blpop("k").blmpop(0, 1, "k", direction="LEFT").execute() == [None, None]


# --- moves that wait -----------------------------------------------------------------------------------


def test_an_element_passes_through_a_chain_of_waiters(store: Store[bytes]) -> None:
    chain = [
        Blocked(store, lambda: store.blmove("a", "b", 0)),
        Blocked(store, lambda: store.brpoplpush("b", "c")),
        Blocked(store, lambda: store.blpop("c")),
    ]
    store.rpush("a", "v")
    assert [each.result() for each in chain] == [b"v", b"v", (b"c", b"v")]
    assert not store._db.data


def test_a_circle_of_moves_ends(store: Store[bytes]) -> None:
    circle = [
        Blocked(store, lambda: store.blmove("a", "b", 0)),
        Blocked(store, lambda: store.blmove("b", "a", 0)),
    ]
    store.rpush("a", "v")
    assert [each.result() for each in circle] == [b"v", b"v"]
    assert store.lrange("a", 0, -1) == [b"v"]


def test_a_move_within_one_list(store: Store[bytes]) -> None:
    waiters = [Blocked(store, lambda: store.blmove("a", "a", 0)) for _ in range(2)]
    waiters.append(Blocked(store, lambda: store.blpop("a")))
    store.rpush("a", 1, 2)
    assert [each.result() for each in waiters] == [b"1", b"2", (b"a", b"1")]
    assert store.lrange("a", 0, -1) == [b"2"]


def test_a_move_to_another_type_is_an_error_and_the_element_stays(store: Store[bytes]) -> None:
    store.set("text", "x")
    mover = Blocked(store, lambda: store.blmove("a", "text", 0))
    popper = Blocked(store, lambda: store.blpop("a"))
    store.rpush("a", 1)
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        mover.result()
    assert popper.result() == (b"a", b"1")


# --- the end of waiting --------------------------------------------------------------------------------


def test_time_is_up(store: Store[bytes]) -> None:
    before = time.monotonic()
    assert store.blpop(["a", "b"], 0.02) is None
    assert store.blmove("a", "b", 0.001) is None
    assert 0.02 <= time.monotonic() - before < 5
    assert store._lines == {}
    store.rpush("a", 1)
    assert store.llen("a") == 1


def test_who_has_left_takes_nothing(store: Store[bytes]) -> None:
    """Many waiters leave in the very moment in which elements come; every element is somewhere."""
    for number in range(200):
        waiter = Blocked(store, lambda: store.blpop("k", 0.001))
        store.rpush("k", number)
        got = waiter.result()
        assert store.llen("k") == (1 if got is None else 0)
        store.lpop("k")


def test_a_manual_clock_ends_waits_in_the_order_of_their_times(clocked: Store[bytes]) -> None:
    ended: list[float] = []

    def wait(seconds: float) -> None:
        assert clocked.blpop(["a", f"key {seconds}"], seconds) is None
        ended.append(seconds)

    waiters = {seconds: Blocked(clocked, lambda seconds=seconds: wait(seconds)) for seconds in (5, 1, 3)}  # type: ignore[misc]
    for_ever = Blocked(clocked, lambda: clocked.blpop("a"))
    clocked.advance(0.999)
    assert parked(clocked) == 4
    for seconds in (1, 3):
        clocked.advance(seconds - clocked._shared.now() / 1000 + 1)
        waiters[seconds].result()
    assert ended == [1, 3]
    clocked.advance(1_000_000)
    waiters[5].result()
    assert for_ever.waits
    clocked.rpush("a", 1)
    assert for_ever.result() == (b"a", b"1")


def test_a_wait_that_was_served_leaves_no_timeout(clocked: Store[bytes]) -> None:
    for number in range(3):
        waiter = Blocked(clocked, lambda: clocked.blpop("a", 1_000))
        clocked.rpush("a", number)
        waiter.result()
        assert clocked._shared.room.next_timeout() is None


def test_keys_expire_before_waits_end(clocked: Store[bytes]) -> None:
    """At one and the same instant a key goes and a wait ends; the wait ends with nothing."""
    waiter = Blocked(clocked, lambda: clocked.blpop("a", 1))
    clocked.set("a", "text")
    clocked._effect_deadline(b"a", clocked._shared.now() + 1_000)
    clocked.advance(1)
    assert waiter.result() is None
    assert not clocked._db.data


def test_a_key_that_dies_while_it_is_served_serves_nobody() -> None:
    """Its deadline comes between two looks at the clock: the waiter goes on waiting."""

    class Jumping:
        times: list[int]

        def now(self) -> int:
            return self.times.pop(0) if len(self.times) > 1 else self.times[0]

    clock = Jumping()
    clock.times = [1_000]
    with Store(clock=clock) as store:
        waiter = Blocked(store, lambda: store.blpop("k"))
        with store.atomic():
            store.rpush("k", "dies")
            store._effect_deadline(b"k", 1_005)
            clock.times = [1_000, 1_010]
        assert clock.times == [1_010]
        assert waiter.waits
        assert store.llen("k") == 0
        store.rpush("k", "lives")
        assert waiter.result() == (b"k", b"lives")


def test_closing_the_store_ends_every_wait() -> None:
    store = Store()
    other = store.select(1)
    waiters = [
        Blocked(store, lambda: store.blpop(["a", "b"])),
        Blocked(store, lambda: store.blmove("a", "b", 1_000)),
        Blocked(other, lambda: other.blpop("a")),
    ]
    store.close()
    for waiter in waiters:
        with pytest.raises(StoreClosedError):
            waiter.result()
    assert len({id(waiter.error) for waiter in waiters}) == len(waiters)
    with pytest.raises(StoreClosedError):
        store.blpop("a")


def test_an_interrupted_giver_leaves_no_one_unserved(store: Store[bytes]) -> None:
    """What was left to do when somebody pressed Ctrl-C is done by the next call."""

    class Interrupt(BaseException):
        pass

    interrupts = [Interrupt()]

    def serve(key: bytes) -> bytes | None:
        found = store._read(key, GapList)
        if found is not None and interrupts:
            raise interrupts.pop()
        return store._pop(key, left=True)

    waiter = Blocked(store, lambda: store._block(Attempt(store, [b"k"], GapList, serve), 0, bytes))
    with pytest.raises(Interrupt):
        store.rpush("k", "a")
    store.llen("another")
    assert waiter.result() == b"a"


# --- what nobody came for -------------------------------------------------------------------------------


@pytest.fixture
def still() -> Store[bytes]:
    """A store whose time stands."""
    return Store(clock=ManualClock())


def park(store: Store[Any], attempt: Attempt[Any]) -> Waiter[Any]:
    waiter = store._attempt(attempt, 0, lambda: None)
    assert isinstance(waiter, Waiter)
    return waiter


def test_who_gives_up_is_not_served(still: Store[bytes]) -> None:
    waiter = park(still, still._bpop([b"k"], True))
    assert still._abandon(waiter)
    still.rpush("k", "a")
    assert still.lrange("k", 0, -1) == [b"a"]


@pytest.mark.parametrize("left", [True, False])
def test_elements_go_back_to_where_they_were(still: Store[bytes], left: bool) -> None:
    waiter = park(still, still._blmpop([b"k"], left, 2))
    with still.atomic():
        still.rpush("k", "a", "b", "c", "d")
        still.expire("k", 100)
    assert still.llen("k") == 2
    assert still._abandon(waiter)
    assert still.lrange("k", 0, -1) == [b"a", b"b", b"c", b"d"]
    assert still.ttl("k") == 100
    assert still._abandon(waiter)
    assert still.llen("k") == 4


def test_members_go_back_unless_they_are_there_again(still: Store[bytes]) -> None:
    waiter = park(still, still._bzmpop([b"z"], False, 2))
    with still.atomic():
        still.zadd("z", {"a": 1, "b": 2})
        still.expire("z", 100)
    assert still.zcard("z") == 0
    still.zadd("z", {"a": 7})
    assert still._abandon(waiter)
    assert still.zrange("z", 0, -1, withscores=True) == [(b"b", 2.0), (b"a", 7.0)]
    assert still.ttl("z") == -1


def test_what_goes_back_is_for_the_next(still: Store[bytes]) -> None:
    first, second = (park(still, still._bpop([b"k"], True)) for _ in range(2))
    still.rpush("k", "a")
    assert still._abandon(first)
    assert still._outcome(second) == (b"k", b"a")


def test_a_life_that_was_lost_is_given_back(still: Store[bytes]) -> None:
    waiter = park(still, still._bpop([b"k"], True))
    with still.atomic():
        still.rpush("k", "a")
        still.expire("k", 100)
    assert still.exists("k") == 0
    still.advance(40)
    assert still._abandon(waiter)
    assert still.ttl("k") == 60


def test_what_would_have_died_meanwhile_does_not_go_back(still: Store[bytes]) -> None:
    waiter = park(still, still._bpop([b"k"], True))
    with still.atomic():
        still.rpush("k", "a")
        still.expire("k", 100)
    still.advance(100)
    assert still._abandon(waiter)
    assert still.exists("k") == 0


def test_what_cannot_go_back_is_still_there_to_be_had(still: Store[bytes]) -> None:
    waiter = park(still, still._bpop([b"k"], True))
    still.rpush("k", "a")
    still.set("k", "a string")
    assert not still._abandon(waiter)
    assert still._outcome(waiter) == (b"k", b"a")


def test_what_was_moved_stays_where_it_went(still: Store[bytes]) -> None:
    waiter = park(still, still._blmove(b"k", b"other", True, True))
    still.rpush("k", "a")
    assert still._abandon(waiter)
    assert still.lrange("other", 0, -1) == [b"a"]


# --- stress --------------------------------------------------------------------------------------------


@pytest.fixture
def _switching() -> Iterator[None]:
    """Threads take turns a hundred times as often as usual."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(usual / 100)
    yield
    sys.setswitchinterval(usual)


def run_all(*jobs: Callable[[], None]) -> None:
    errors: list[BaseException] = []

    def guarded(job: Callable[[], None]) -> None:
        try:
            job()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(job,), daemon=True) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(3 * LONG)
    assert not errors
    assert not any(thread.is_alive() for thread in threads)


@pytest.mark.usefixtures("_switching")
def test_eight_threads_lose_nothing_and_double_nothing(store: Store[bytes]) -> None:
    """Two give, two carry on, two leave too early again and again, two take; some wait for several keys."""
    each = 4_000
    taken: Counter[bytes] = Counter()
    lock = threading.Lock()
    givers = 2

    def give(name: str) -> None:
        for number in range(each):
            (store.rpush if number % 2 else store.lpush)("in", f"{name} {number}")

    def carry() -> None:
        while store.blmove("in", "out", 0) != b"end":
            pass

    def hurry(stop: threading.Event) -> None:
        while not stop.is_set():
            got = store.blpop(["in", "out"], 0.001)
            if got is not None:
                store.rpush("out", got[1])

    def take() -> None:
        mine: list[bytes] = []
        while True:
            got = store.brpop(["nothing", "out"])
            assert got is not None
            if got[1] == b"end":
                break
            mine.append(got[1])
        with lock:
            taken.update(mine)

    stop = threading.Event()

    def conduct() -> None:
        run_all(*(lambda name=name: give(name) for name in ("x", "y")))
        until(lambda: store.llen("in") == 0)
        stop.set()
        until(lambda: parked(store) == 4)
        store.rpush("in", "end", "end")
        until(lambda: parked(store) == 0)

    run_all(carry, carry, lambda: hurry(stop), lambda: hurry(stop), take, take, conduct)
    assert sum(taken.values()) == givers * each
    assert set(taken.values()) == {1}
    assert not store._db.data


@pytest.mark.usefixtures("_switching")
def test_a_queue_between_threads_keeps_its_order(store: Store[bytes]) -> None:
    count, got = 3_000, []

    def give() -> None:
        for number in range(count):
            store.rpush("q", number)

    def take() -> None:
        for _ in range(count):
            pair = store.blpop("q")
            assert pair is not None
            got.append(int(pair[1]))

    run_all(take, give)
    assert got == list(range(count))


@pytest.mark.usefixtures("_switching")
def test_transactions_and_waiters(store: Store[bytes]) -> None:
    """What is pushed within a transaction and stays comes out whole, though six wait for single elements."""
    each, sums = 200, []

    def take() -> None:
        total = 0
        while (pair := store.blpop(["a", "b"])) is not None and pair[1] != b"end":
            total += int(pair[1])
        sums.append(total)

    def give() -> None:
        for number in range(each):
            with store.atomic():
                store.rpush("a", number, number)
                store.rpush("b", number)
                store.rpop("a")
        until(lambda: parked(store) == 6)
        store.rpush("a", *["end"] * 6)

    run_all(*[take] * 6, give)
    assert sum(sums) == 2 * sum(range(each))
