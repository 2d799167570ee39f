"""COMMAND: what there is, and what a client has to know to use it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import Oracle
from raw import RawPair

from kvlite import Store
from kvlite.redis import Redis
from kvlite.wire.command_info import commands, every_row
from kvlite.wire.facts import CATEGORIES, CATEGORY_NAMES, NEWER, SINCE
from kvlite.wire.syntax import Argument, parse


def in_redis() -> Iterator[str]:
    """The commands that Redis 7.0 has too."""
    return (row.name for row in every_row() if row.name not in NEWER)


def names_in(reply: bytes) -> set[str]:
    return {name.decode() for name in re.findall(rb"\$\d+\r\n(.*)\r\n", reply)}


def chunks(reply: bytes) -> list[bytes]:
    """What is told of a command and of each of its subcommands, in the order of their names."""
    newer = tuple(b"*10\r\n$%d\r\n%b\r\n" % (len(name), name.encode()) for name in NEWER)
    found = re.split(rb"(?=\*10\r\n)", reply)
    return sorted(re.sub(rb"\*\d+\r\n\Z", b"", chunk) for chunk in found if not chunk.startswith(newer))


def test_info_of_each_command(raw: RawPair) -> None:
    for name in in_redis():
        theirs, own = (chunks(side.ask("COMMAND", "INFO", name)) for side in (raw.socket, raw.wire))
        assert theirs == own, name


def test_facts_are_complete() -> None:
    """Of each command, also of those that came later."""
    names = {row.name for row in every_row()}
    assert names <= set(CATEGORIES)
    assert names <= set(SINCE)


def test_all_at_once(raw: RawPair) -> None:
    asked = raw.wire.ask("COMMAND")
    assert asked == raw.wire.ask("COMMAND", "INFO")
    assert asked.startswith(b"*%d\r\n" % len(commands()))
    assert raw.wire.ask("COMMAND", "COUNT") == b":%d\r\n" % len(commands())
    assert len(chunks(asked)) == sum(1 for _ in in_redis()) + 1


LINES = """
    COMMAND x
    COMMAND COUNT x
    COMMAND INFO nosuch
    COMMAND INFO get nosuch client|id CLIENT|foo CLIENT|ID client|id|x client| |
    COMMAND LIST x
    COMMAND LIST FILTERBY
    COMMAND LIST FILTERBY x
    COMMAND LIST FILTERBY foo bar
    COMMAND LIST FILTERBY PATTERN
    COMMAND LIST FILTERBY PATTERN x y
    COMMAND LIST FILTERBY ACLCAT foo
    COMMAND LIST FILTERBY MODULE foo
    COMMAND DOCS nosuch
    COMMAND HELP x
    COMMAND FOO
    COMMAND GETKEYS
    COMMAND GETKEYS get
    COMMAND GETKEYS ping
    COMMAND GETKEYS config
    COMMAND GETKEYS PING x
    COMMAND GETKEYS nosuch x
    COMMAND GETKEYS client list
    COMMAND GETKEYS client foo
    COMMAND GETKEYS get x y
    COMMAND GETKEYS blpop a
    COMMAND GETKEYSANDFLAGS
    COMMAND GETKEYSANDFLAGS get
    COMMAND GETKEYSANDFLAGS ping x
    COMMAND GETKEYSANDFLAGS get x
    COMMAND GETKEYSANDFLAGS set a b
    COMMAND GETKEYSANDFLAGS set a b get
    COMMAND GETKEYSANDFLAGS set a get
    COMMAND GETKEYSANDFLAGS mset a 1 b
    COMMAND GETKEYSANDFLAGS mset a 1 b 2
    COMMAND GETKEYSANDFLAGS exists a b
    COMMAND GETKEYSANDFLAGS object encoding a
    COMMAND GETKEYSANDFLAGS memory usage a
    COMMAND GETKEYSANDFLAGS lmove a b left right
    COMMAND GETKEYSANDFLAGS lmpop 2 a b left
    COMMAND GETKEYSANDFLAGS lmpop 2 a
    COMMAND GETKEYSANDFLAGS sintercard 0 a
    COMMAND GETKEYSANDFLAGS zunion 0 a
    COMMAND GETKEYSANDFLAGS zunionstore d 2 a b weights 1 2
    COMMAND GETKEYSANDFLAGS zunionstore d 3 a b
    COMMAND GETKEYSANDFLAGS zunionstore d x a b
    COMMAND GETKEYSANDFLAGS sort a by x get y store d store e
    COMMAND GETKEYSANDFLAGS sort a limit store b store c
    COMMAND GETKEYSANDFLAGS sort a store
    COMMAND GETKEYSANDFLAGS sort a get store b
    COMMAND GETKEYSANDFLAGS sort_ro a
    COMMAND GETKEYSANDFLAGS sort_ro a store b
"""


def test_lines(raw: RawPair) -> None:
    for line in LINES.strip().splitlines():
        raw.ask(*shlex.split(line))


@pytest.mark.parametrize(
    "filter_by",
    [
        *(("ACLCAT", category) for category in (*CATEGORY_NAMES, "FAST")),
        *(
            ("PATTERN", pattern)
            for pattern in ("*", "client*", "CLIENT|l*", "z*", "get", "[hs]set", "nosuch")
        ),
    ],
)
def test_filters(raw: RawPair, filter_by: tuple[str, str]) -> None:
    theirs, own = (
        names_in(side.ask("COMMAND", "LIST", "FILTERBY", *filter_by)) for side in (raw.socket, raw.wire)
    )
    assert own - NEWER == theirs & set(in_redis())


def test_the_list_without_a_filter(raw: RawPair) -> None:
    theirs, own = (side.ask("COMMAND", "LIST") for side in (raw.socket, raw.wire))
    assert names_in(own) - NEWER <= names_in(theirs)
    assert own[:1] == theirs[:1]


@st.composite
def requests(draw: st.DrawFn) -> list[str]:
    name = draw(st.sampled_from(sorted(in_redis())))
    words = st.sampled_from(["a", "b", "0", "1", "2", "3", "-1", "x1", "store", "get", "by", "limit", ""])
    return [*name.split("|"), *draw(st.lists(words, min_size=1, max_size=7))]


@given(st.lists(requests(), min_size=10, max_size=60))
def test_keys_of_random_requests(raw: RawPair, asked: list[list[str]]) -> None:
    for words in asked:
        raw.ask("COMMAND", "GETKEYSANDFLAGS", *words)


# DOCS

Docs = dict[str, Any]


@pytest.fixture(scope="module")
def docs(oracle: Oracle) -> tuple[Docs, Docs]:
    """What each side tells of all commands, subcommands among them."""
    with oracle.client(decode_responses=True, protocol=3) as client:
        theirs = client.execute_command("COMMAND DOCS")
    near = Redis(Store(), decode_responses=True, protocol=3)
    return flat(theirs), flat(near.execute_command("COMMAND DOCS"))


def flat(docs: Docs) -> Docs:
    found = dict(docs)
    for each in docs.values():
        found |= flat(each.get("subcommands", {}))
    return found


def as_typed(argument: Docs) -> str:
    """As redis-cli shows an argument to who types it."""
    inner = [as_typed(each) for each in argument.get("arguments", [])]
    flags = argument.get("flags", ())
    kind, token = argument["type"], argument.get("token", "")
    text = {"pure-token": token, "oneof": "|".join(inner), "block": " ".join(inner)}.get(
        kind, argument["name"]
    )
    text = f"<{text}>" if kind == "oneof" and "optional" not in flags else text
    whole = f"{token} {text}" if token and kind != "pure-token" else text
    if "multiple" in flags:
        whole += f" [{whole if 'multiple_token' in flags else text} ...]"
    return f"[{whole}]" if "optional" in flags else whole


def leaves(argument: Docs) -> Iterator[tuple[str, str, int | None]]:
    """The names, types and keys of what is not made of others."""
    if argument["type"] in ("oneof", "block"):
        for each in argument["arguments"]:
            yield from leaves(each)
    elif argument["type"] != "pure-token":
        yield argument["name"], argument["type"], argument.get("key_spec_index")


def test_docs_of_each_command(docs: tuple[Docs, Docs]) -> None:
    theirs, own = docs
    for name in in_redis():
        one, two = theirs[name], own[name]
        for fact in ("since", "group", "doc_flags", "deprecated_since"):
            assert one.get(fact) == two.get(fact), (name, fact)
        assert ("complexity" in one) == ("complexity" in two or "subcommands" in two), name
        arguments = one.get("arguments", []), two.get("arguments", [])
        assert [*map(as_typed, arguments[0])] == [*map(as_typed, arguments[1])], name
        assert [[*leaves(each)] for each in arguments[0]] == [[*leaves(each)] for each in arguments[1]], name


def test_docs_are_sentences(docs: tuple[Docs, Docs]) -> None:
    summaries = {name: each["summary"] for name, each in docs[1].items()}
    assert set(summaries) == {row.name for row in every_row()}
    for name, summary in summaries.items():
        assert re.fullmatch(r"[A-Z][^.]*\.", summary), name
        assert summary != docs[0].get(name, {}).get("summary"), name


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("key", "key"),
        ("[key]", "[key]"),
        ("key...", "key [key ...]"),
        ("[key...]", "[key [key ...]]"),
        ("[A|B b|c d]", "[A|B b|c d]"),
        ("(A|B)", "<A|B>"),
        ("(a b)...", "a b [a b ...]"),
        ("[A (b c)]", "[A b c]"),
        ("(A b)...", "A b [A b ...]"),
        ("A b...", "A b [b ...]"),
        ("[A [b]] c", "[A [b]] c"),
    ],
)
def test_the_grammar_of_arguments(text: str, typed: str) -> None:
    def show(argument: Argument) -> Docs:
        flags = [flag for flag in ("optional", "multiple", "multiple_token") if getattr(argument, flag)]
        inner = [show(each) for each in argument.arguments]
        return {**asdict(argument), "flags": flags, "arguments": inner}

    assert " ".join(as_typed(show(each)) for each in parse(text)) == typed


@pytest.mark.parametrize("text", ["[a", "(a|b", "a]", "a)"])
def test_what_is_no_grammar(text: str) -> None:
    with pytest.raises(AssertionError):
        parse(text)
