"""HELP of every command that has subcommands: the same headings as Redis's, and sentences of its own."""

from __future__ import annotations

import pytest
from raw import RawPair, decoded

from kvlite.wire.instance import Instance

ADDED = {
    "CLIENT": {"SETINFO (LIB-NAME|LIB-VER) <value>", "NO-TOUCH (ON|OFF)", "TRACKING OFF"},
}
"""What later versions have, or what is less here."""
LACKING = {"CLIENT": {"TRACKING (ON|OFF) [REDIRECT <id>] [BCAST] [PREFIX <prefix> [...]]"}}
PARTS_OF_REDIS = {"DEBUG"}
"""Of these there is only a part."""


def helps(raw: RawPair, name: str) -> tuple[list[str], list[str]]:
    replies = (decoded(side.ask(name, "HELP")) for side in (raw.socket, raw.wire))
    theirs, own = ([line[1:].decode() for line in reply] for reply in replies)
    return theirs, own


def headings(lines: list[str]) -> list[str]:
    return [line for line in lines if not line.startswith(" ")]


def sentences(lines: list[str]) -> list[str]:
    return [line for line in lines if line.startswith("    ") and not line.lstrip().startswith("* ")]


NAMES = """
    ACL CLIENT COMMAND CONFIG DEBUG FUNCTION LATENCY MEMORY MODULE OBJECT PUBSUB SCRIPT SLOWLOG XGROUP XINFO
"""


@pytest.mark.parametrize("name", NAMES.split())
def test_help_names_the_same_subcommands(raw: RawPair, name: str) -> None:
    Instance.of(raw.store).config.set_at_start("enable-debug-command", "yes")
    theirs, own = helps(raw, name)
    listed = headings(own)
    expected = [line for line in headings(theirs) if line not in LACKING.get(name, ())]
    if name in PARTS_OF_REDIS:
        expected = [line for line in expected if line in listed]
    assert [line for line in listed if line not in ADDED.get(name, ())] == expected
    assert not set(sentences(theirs)) & set(sentences(own))
    raw.ask(name, "HELP", "x")
