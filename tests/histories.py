"""Random histories of every type at once, for tests that need no oracle: what holds for all commands."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterable
from typing import Any

from hypothesis import strategies as st
from oracle import Command, Step, call, command, histories, keys, values

from kvlite import ManualClock, RedisError, Store
from kvlite.structs import Collection

TABLES = [
    "strings",
    "bitmaps",
    "hyperloglogs",
    "lists",
    "hashes",
    "sets",
    "sort",
    "sorted_sets",
    "streams",
    "geo",
    "keys",
    "dump",
]

State = dict[tuple[int, bytes], tuple[Any, int | None]]
LIBRARIES = -1
"""What `state_of` says instead of a database, for libraries of functions."""


def library(name: str, *functions: str) -> str:
    """The code of a library whose functions each set their key to its name and their argument."""
    body = f"function(keys, args) return redis.call('SET', keys[1], '{name}' .. args[1]) end"
    return "\n".join(
        [f"#!lua name={name}", *(f"redis.register_function('{each}', {body})" for each in functions)]
    )


def payload(libraries: dict[str, str]) -> bytes:
    """What FUNCTION DUMP gives for libraries with these names, each of one function."""
    with Store() as store:
        for name, function in libraries.items():
            store._effect_library(name.encode(), library(name, function).encode())
        return store.function_dump()


NAMES = st.sampled_from(["one", "two"])
CALLED = st.sampled_from(["f", "g"])
FUNCTIONS = [
    command("function_load", st.builds(library, NAMES, CALLED), replace=st.booleans()).weighing(6),
    command("function_delete", NAMES).weighing(2),
    command("function_flush"),
    command(
        "function_restore",
        st.builds(payload, st.dictionaries(NAMES, CALLED)),
        policy=st.sampled_from(["FLUSH", "REPLACE"]),
    ).weighing(2),
    command("fcall", CALLED, 1, keys(), values()).weighing(6),
]


def commands(names: Iterable[str] = TABLES) -> list[Command]:
    """Every row of the tables that the types' own tests are made of."""
    rows: list[Command] = []
    for name in names:
        module = importlib.import_module(f"test_oracle_{name}")
        tables = [table for table in vars(module).values() if isinstance(table, list)]
        rows += [row for table in tables for row in table if isinstance(row, Command)]
    return rows


def all_histories(size: int = 40) -> st.SearchStrategy[list[Step]]:
    return histories(*commands(), *FUNCTIONS, size=size)


def new_store(**options: Any) -> Store[bytes]:
    return Store(clock=ManualClock(1_800_000_000_000), seed=1, **options)


def state_of(store: Store[Any]) -> State:
    """Everything a store holds, in a form that compares."""
    state: State = {}
    for each in store._shared.open_stores:
        db = each._db
        for key, value in db.data.items():
            dump = (value.kind, _sorted_dump(value)) if isinstance(value, Collection) else _text(value)
            state[each._index, key] = (dump, db.deadlines.get(key))
    for name, code in store._shared.libraries.items():
        state[LIBRARIES, name] = (code, None)
    return state


def _text(value: Any) -> bytes:
    return b"%d" % value if isinstance(value, int) else bytes(value)


def _sorted_dump(value: Collection) -> Any:
    """Where the order of the elements means nothing, they are put in order."""
    dump = value.dump()
    return sorted(dump) if value.kind == "set" else dump


def take(store: Store[Any], step: Step) -> Exception | None:
    """Do one step of a history, without waiting; the error it ended with, if it did."""
    waits = step.method.startswith(("bl", "br", "bz"))
    try:
        with store.atomic() if waits else contextlib.nullcontext():
            call(store, step.method, step.args, step.kwargs)
    except (RedisError, ValueError, TypeError, OverflowError) as error:
        return error
    return None
