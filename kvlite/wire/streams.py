"""The commands of streams and of their consumer groups."""

from __future__ import annotations

from functools import partial
from typing import Any

from ..structs.stream import Stream
from ..structs.stream_id import show_id
from ..types.stream_arguments import (
    parse_interval,
    read_count,
    read_xautoclaim,
    read_xpending,
    read_xread,
    read_xsetid,
    read_xtrim,
)
from ..types.stream_information import flat
from ..types.streams import Found
from .lua.caller import Caller
from .replies import NULL_ARRAY, OK, Map, Reply
from .session import Session
from .table import Keys, command, container, helped

READ = Keys("RO access")
UPDATE = Keys("RW update")
DELETE = Keys("RW delete")
GROUP_READ = Keys("RO access", 2)
GROUP_INSERT = Keys("RW insert", 2)
GROUP_UPDATE = Keys("RW update", 2)
GROUP_DELETE = Keys("RW delete", 2)


# Entries


@command("xadd", -5, "write fast", "stream", UPDATE)
def xadd(session: Session, args: list[bytes]) -> Reply:
    return session.store._xadd_as_said(args)


@command("xdel", -3, "write fast", "stream", DELETE)
def xdel(session: Session, args: list[bytes]) -> Reply:
    return session.store._xdel(args[1], args[2:])


@command("xtrim", -4, "write", "stream", DELETE)
def xtrim(session: Session, args: list[bytes]) -> Reply:
    return session.store._xtrim(args[1], read_xtrim(args, session.store._shared.limits))


@command("xsetid", -3, "write fast", "stream", UPDATE)
def xsetid(session: Session, args: list[bytes]) -> Reply:
    session.store._xsetid(args[1], read_xsetid(args))
    return OK


@command("xlen", 2, "readonly fast", "stream", Keys("RO"))
def xlen(session: Session, args: list[bytes]) -> Reply:
    return session.store._xlen(args[1])


@command("xrange", -4, "readonly", "stream", READ)
def xrange(session: Session, args: list[bytes]) -> Reply:
    return _range(session, args, parse_interval(args[2], args[3]), reverse=False)


@command("xrevrange", -4, "readonly", "stream", READ)
def xrevrange(session: Session, args: list[bytes]) -> Reply:
    return _range(session, args, parse_interval(args[3], args[2]), reverse=True)


def _range(session: Session, args: list[bytes], interval: tuple[int, int], reverse: bool) -> Reply:
    entries = session.store._xrange(args[1], interval, read_count(args), reverse, Stream.listed)
    return NULL_ARRAY if entries is None else entries


# Reading on


@command(
    "xread",
    -4,
    "readonly blocking movablekeys",
    "stream",
    Keys("RO access", last=-1, limit=2, keyword=b"STREAMS"),
)
def xread(session: Session, args: list[bytes]) -> Reply:
    store = session.store
    reading = read_xread(args, may_block=not isinstance(session, Caller))
    if reading.block is None:
        return _by_key(session, store._read_now(store._read_behind, reading, Stream.listed))
    return session.block(
        store._xread(reading, Stream.listed), reading.block / 1000, partial(_by_key, session)
    )


@command(
    "xreadgroup",
    -7,
    "write blocking movablekeys",
    "stream",
    Keys("RO access", 4, last=-1, limit=2, keyword=b"STREAMS"),
)
def xreadgroup(session: Session, args: list[bytes]) -> Reply:
    store = session.store
    reading = read_xread(args, may_block=not isinstance(session, Caller))
    if reading.block is None:
        return _by_key_in_group(session, store._read_now(store._read_in_group, reading))
    return session.block(store._xreadgroup(reading), reading.block / 1000, partial(_by_key_in_group, session))


def _by_key(session: Session, found: Found | None) -> Reply:
    if found is None:
        return NULL_ARRAY
    return Map(found) if session.protocol == 3 else found


def _by_key_in_group(session: Session, found: Found | None) -> Reply:
    return _by_key(session, found and [(key, list(map(_entry, entries))) for key, entries in found])


def _entry(entry: Any) -> list[Any]:
    """An entry that was read, or that is gone."""
    return [show_id(entry[0]), NULL_ARRAY] if entry[1] is None else flat(entry)


# Consumer groups


container("xgroup", -2, "stream")


@command("xgroup|create", -5, "write", "stream", GROUP_INSERT)
def xgroup_create(session: Session, args: list[bytes]) -> Reply:
    session.store._xgroup_create(args)
    return OK


@command("xgroup|setid", -5, "write", "stream", GROUP_UPDATE)
def xgroup_setid(session: Session, args: list[bytes]) -> Reply:
    session.store._xgroup_setid(args)
    return OK


@command("xgroup|destroy", 4, "write", "stream", GROUP_DELETE)
def xgroup_destroy(session: Session, args: list[bytes]) -> Reply:
    return session.store._xgroup_destroy(args[2], args[3])


@command("xgroup|createconsumer", 5, "write", "stream", GROUP_INSERT)
def xgroup_createconsumer(session: Session, args: list[bytes]) -> Reply:
    return session.store._xgroup_createconsumer(*args[2:])


@command("xgroup|delconsumer", 5, "write", "stream", GROUP_DELETE)
def xgroup_delconsumer(session: Session, args: list[bytes]) -> Reply:
    return session.store._xgroup_delconsumer(*args[2:])


helped(
    "xgroup",
    "CREATE <key> <groupname> <id|$> [option]",
    "    Make a group of consumers. Options:",
    "    * MKSTREAM",
    "      Make the stream too, empty, if there is none.",
    "    * ENTRIESREAD entries_read",
    "      Say how many entries the group has read.",
    "CREATECONSUMER <key> <groupname> <consumer>",
    "    Make a consumer of a group.",
    "DELCONSUMER <key> <groupname> <consumer>",
    "    Forget a consumer, and what it has not acknowledged.",
    "DESTROY <key> <groupname>",
    "    Forget a group.",
    "SETID <key> <groupname> <id|$> [ENTRIESREAD entries_read]",
    "    Say which entry a group has read last.",
)


@command("xack", -4, "write fast", "stream", UPDATE)
def xack(session: Session, args: list[bytes]) -> Reply:
    return session.store._xack(args[1], args[2], args[3:])


@command("xpending", -3, "readonly", "stream", READ)
def xpending(session: Session, args: list[bytes]) -> Reply:
    pends = read_xpending(args)
    if pends is not None:
        found = session.store._xpending_range(args[1], args[2], pends)
        return [[show_id(id), *others] for id, *others in found]
    total, first, last, consumers = session.store._xpending(args[1], args[2])
    if first is None or last is None:
        return [0, None, None, NULL_ARRAY]
    return [total, show_id(first), show_id(last), [[name, b"%d" % count] for name, count in consumers]]


@command("xclaim", -6, "write fast", "stream", UPDATE)
def xclaim(session: Session, args: list[bytes]) -> Reply:
    entries, just_ids = session.store._xclaim(args)
    return [show_id(entry[0]) if just_ids else flat(entry) for entry in entries]


@command("xautoclaim", -6, "write fast", "stream", DELETE)
def xautoclaim(session: Session, args: list[bytes]) -> Reply:
    claim = read_xautoclaim(args)
    cursor, entries, gone = session.store._xautoclaim(args[1], args[2], args[3], claim)
    claimed = [show_id(entry[0]) if claim.just_id else flat(entry) for entry in entries]
    return [show_id(cursor), claimed, list(map(show_id, gone))]


# What there is to know


container("xinfo", -2, "stream")


@command("xinfo|stream", -3, "readonly", "stream", GROUP_READ)
def xinfo_stream(session: Session, args: list[bytes]) -> Reply:
    return session.store._xinfo_stream(args)


@command("xinfo|groups", 3, "readonly", "stream", GROUP_READ)
def xinfo_groups(session: Session, args: list[bytes]) -> Reply:
    return session.store._xinfo_groups(args[2])


@command("xinfo|consumers", 4, "readonly", "stream", GROUP_READ)
def xinfo_consumers(session: Session, args: list[bytes]) -> Reply:
    return session.store._xinfo_consumers(args[2], args[3])


helped(
    "xinfo",
    "CONSUMERS <key> <groupname>",
    "    Show the consumers of a group.",
    "GROUPS <key>",
    "    Show the groups of a stream.",
    "STREAM <key> [FULL [COUNT <count>]",
    "    Show what is known of a stream; with FULL its entries and groups too.",
)
