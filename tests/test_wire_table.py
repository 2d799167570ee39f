"""What the table says of each command is what Redis says of it."""

from __future__ import annotations

from typing import Any

import pytest
import redis
from raw import RawPair

from kvlite.wire.commands import ROWS
from kvlite.wire.facts import NEWER
from kvlite.wire.table import Keys, Row


def shown(keys: Keys) -> Any:
    """A key spec as COMMAND INFO has it, without what it says twice."""
    if keys.keyword is not None:
        begin: Any = ("keyword", keys.keyword.decode(), keys.index)
    else:
        begin = ("index", keys.index) if keys.index else ("unknown",)
    if keys.counted:
        find: Any = ("keynum", 0, 1, keys.step)
    else:
        find = ("range", keys.last, keys.step, keys.limit) if keys.index else ("unknown",)
    return set(keys.flags.split()), begin, find


def told(spec: Any) -> Any:
    """The same of what the server said, which the client makes dicts of."""
    values = []
    for name in (b"begin_search", b"find_keys"):
        kind, rest = spec[name][b"type"].decode(), spec[name][b"spec"].values()
        values.append((kind, *[each.decode() if isinstance(each, bytes) else each for each in rest]))
    flags = {flag.decode() for flag in spec[b"flags"]}
    return flags, *values


@pytest.fixture
def info(redis_client: redis.Redis) -> dict[str, Any]:
    connection = redis_client.connection_pool.get_connection()
    connection.send_command("COMMAND")
    told = {}
    for entry in connection.read_response():
        for each in [entry, *entry[9]]:
            told[each[0].decode()] = each
    redis_client.connection_pool.release(connection)
    return told


def rows() -> list[Row]:
    found = list(dict.fromkeys(ROWS.values()))
    return found + [subcommand for row in found for subcommand in row.subcommands.values()]


def test_every_row_is_as_redis_has_it(info: dict[str, Any]) -> None:
    wrong = []
    for row in rows():
        theirs = info.get(row.name)
        if theirs is None:
            continue
        arity, flags, specs = theirs[1], {flag.decode() for flag in theirs[2]}, theirs[8]
        if (row.arity, row.flags - {"in_multi", "may_replicate"}) != (arity, flags):
            wrong.append(f"{row.name}: {row.arity} {sorted(row.flags)}, not {arity} {sorted(flags)}")
        ours, wanted = list(map(shown, row.keys)), list(map(told, specs))
        if ours != wanted:
            wrong.append(f"{row.name}: keys {ours}, not {wanted}")
    assert not wrong, "\n".join(wrong)


def test_every_row_says_how_many_arguments_it_has(raw: RawPair) -> None:
    for row in rows():
        if row.name not in NEWER:
            words = row.name.split("|")
            few, many = abs(row.arity) - 1 - len(words), abs(row.arity) + 1 - len(words)
            if few >= 0:
                raw.ask(*words, *["1"] * few)
            if row.arity > 0:
                raw.ask(*words, *["1"] * many)
