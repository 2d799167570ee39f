"""ACL: users, as the commands show and change them."""

from __future__ import annotations

import os

from ..encoding import integer
from ..errors import ResponseError, wrong_arity
from .acl_log import Entry
from .acl_selector import Denial, Selector
from .client import end
from .facts import CATEGORIES, CATEGORY_NAMES
from .pubsub import may_hear
from .replies import OK, Members, Reply
from .session import Session
from .table import ROWS, command, container, helped, known, wrong_subcommand

NO_FILE = (
    "This Redis instance is not configured to use an ACL file. You may want to specify users via the ACL "
    "SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis configuration file set) in "
    "order to store users in the Redis configuration."
)
BAD_BITS = (
    "ACL GENPASS argument must be the number of bits for the output password, a positive number up to 4096"
)
DRY_RUN = {
    Denial.COMMAND: "This user has no permissions to run the '{}' command",
    Denial.KEY: "This user has no permissions to access the '{}' key",
    Denial.CHANNEL: "This user has no permissions to access the '{}' channel",
}
ADMIN = "admin noscript loading stale"
ANYONE = "noscript loading stale"

container("acl", -2, "server")


@command("acl|whoami", 2, ANYONE, "server")
def whoami(session: Session, args: list[bytes]) -> Reply:
    return session.user.name


@command("acl|users", 2, ADMIN, "server")
def users(session: Session, args: list[bytes]) -> Reply:
    return sorted(session.instance.acl.users)


@command("acl|list", 2, ADMIN, "server")
def list_(session: Session, args: list[bytes]) -> Reply:
    return [user.describe() for _, user in sorted(session.instance.acl.users.items())]


@command("acl|getuser", 3, ADMIN, "server")
def getuser(session: Session, args: list[bytes]) -> Reply:
    user = session.instance.acl.users.get(args[2])
    if user is None:
        return None
    root, *others = user.selectors
    return {
        b"flags": Members(user.flags()),
        b"passwords": list(user.passwords),
        **_show(root),
        b"selectors": [_show(selector) for selector in others],
    }


def _show(selector: Selector) -> dict[bytes, bytes]:
    return {
        b"commands": selector.command_rules(),
        b"keys": selector.key_rules(),
        b"channels": selector.channel_rules(),
    }


@command("acl|setuser", -3, ADMIN, "server")
def setuser(session: Session, args: list[bytes]) -> Reply:
    session.instance.acl.set_user(args[2], args[3:])
    session.instance.review()
    for each in list(session.instance.sessions.values()):
        if not may_hear(each):
            end(each, session)
    return OK


@command("acl|deluser", -3, ADMIN, "server")
def deluser(session: Session, args: list[bytes]) -> Reply:
    """Their connections end; that of who asks, when it has been answered."""
    deleted = session.instance.acl.delete_users(args[2:])
    for each in list(session.instance.sessions.values()):
        if any(each.user is user for user in deleted):
            end(each, session)
    return len(deleted)


@command("acl|cat", -2, ANYONE, "server")
def cat(session: Session, args: list[bytes]) -> Reply:
    if len(args) > 3:
        raise wrong_subcommand(args)
    if len(args) == 2:
        return [name.encode() for name in CATEGORY_NAMES]
    category = _text(args[2])
    if category.lower() not in CATEGORY_NAMES:
        raise ResponseError(f"Unknown category '{category}'")
    return [
        row.name.encode()
        for command in dict.fromkeys(ROWS.values())
        for row in (command, *command.subcommands.values())
        if category.lower() in CATEGORIES.get(row.name, ())
    ]


@command("acl|genpass", -2, ANYONE, "server")
def genpass(session: Session, args: list[bytes]) -> Reply:
    if len(args) > 3:
        raise wrong_subcommand(args)
    bits = integer(args[2]) if len(args) == 3 else 256
    if not 1 <= bits <= 4096:
        raise ResponseError(BAD_BITS)
    digits = (bits + 3) // 4
    return os.urandom((digits + 1) // 2).hex()[:digits].encode()


@command("acl|dryrun", -4, ADMIN, "server")
def dryrun(session: Session, args: list[bytes]) -> Reply:
    user = session.instance.acl.users.get(args[2])
    if user is None:
        raise ResponseError(f"User '{_text(args[2])}' not found")
    request = args[3:]
    row = known(request)
    if row is None:
        raise ResponseError(f"Command '{_text(request[0])}' not found")
    if not row.fits(len(request)):
        raise wrong_arity(row.name)
    found = user.denial(row, request)
    if found is None:
        return OK
    denial, place = found
    what = row.name if denial is Denial.COMMAND else _text(request[place])
    return DRY_RUN[denial].format(what).encode("utf-8", "surrogateescape")


@command("acl|log", -2, ADMIN, "server")
def log(session: Session, args: list[bytes]) -> Reply:
    if len(args) > 3:
        raise wrong_subcommand(args)
    entries = session.instance.acl_log.entries
    if len(args) == 3 and args[2].lower() == b"reset":
        session.instance.acl_log.clear()
        return OK
    count = integer(args[2]) if len(args) == 3 else 10
    return [_entry(session, entry) for entry in entries[: max(0, count)]]


def _entry(session: Session, entry: Entry) -> dict[bytes, Reply]:
    return {
        b"count": entry.count,
        b"reason": entry.reason.encode(),
        b"context": entry.context.encode(),
        b"object": entry.what,
        b"username": entry.username,
        b"age-seconds": session.instance.acl_log.age(entry),
        b"client-info": entry.client,
    }


@command("acl|save", 2, ADMIN, "server")
@command("acl|load", 2, ADMIN, "server")
def save_or_load(session: Session, args: list[bytes]) -> Reply:
    raise ResponseError(NO_FILE)


helped(
    "acl",
    "CAT [<category>]",
    "    List the categories of commands, or the commands of one of them.",
    "DELUSER <username> [<username> ...]",
    "    Delete users, and end their connections.",
    "DRYRUN <username> <command> [<arg> ...]",
    "    Tell whether a user may run a command, without running it.",
    "GETUSER <username>",
    "    Show what a user is and may do.",
    "GENPASS [<bits>]",
    "    Make a password by chance, of 256 bits or of as many as are asked for.",
    "LIST",
    "    Show all users as lines of a configuration file.",
    "LOAD",
    "    Read the users from the ACL file.",
    "LOG [<count> | RESET]",
    "    Show what was denied of late, or forget it.",
    "SAVE",
    "    Write the users to the ACL file.",
    "SETUSER <username> <attribute> [<attribute> ...]",
    "    Make or change a user by rules.",
    "USERS",
    "    List the names of all users.",
    "WHOAMI",
    "    Tell the name of the user of this connection.",
)


def _text(word: bytes) -> str:
    return word.decode("utf-8", "surrogateescape")
