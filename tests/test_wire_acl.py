"""Users and what they may do: ACL, and the checks before every request."""

from __future__ import annotations

import re
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st
from raw import RawPair, Socket, Wire, request

from kvlite.wire.command_info import every_row
from kvlite.wire.facts import CATEGORIES, CATEGORY_NAMES, NEWER
from kvlite.wire.table import Row, known


def any_order(reply: bytes) -> bytes:
    """Rules in order, as Redis tells single commands by chance, and without those of newer commands."""
    lines = [re.split(rb" |(?<=\()|(?=\))", line) for line in reply.split(b"\r\n") if line[:1] != b"$"]
    known = [[word for word in line if word[1:].decode() not in NEWER] for line in lines]
    return b"\r\n".join(b" ".join(sorted(line)) for line in known)


def who(reply: bytes) -> bytes:
    """Entries of the log without what is only known of sockets."""
    reply = re.sub(rb"\$\d+\r\n(?:id=\d+ addr=\S+ laddr=\S+ fd=\S+) name", b"name", reply)
    return re.sub(rb" (?:qbuf|rbs|argv|obl|oll|omem|multi-mem|rbp|tot)\S*=\d+|U(?= db)|N(?= db)", b"", reply)


def ask_lines(raw: RawPair, text: str) -> None:
    for line in text.strip().splitlines():
        raw.ask(*shlex.split(line), blur=any_order)


RULES = """
    ACL SETUSER
    ACL SETUSER a
    ACL GETUSER a
    ACL LIST
    ACL SETUSER a foo
    ACL SETUSER new foo
    ACL USERS
    ACL SETUSER a +foo
    ACL SETUSER a -foo
    ACL SETUSER a +
    ACL SETUSER a -
    ACL SETUSER a +@
    ACL SETUSER a +@foo
    ACL SETUSER a -@foo
    ACL SETUSER a +get|x
    ACL GETUSER a
    ACL SETUSER a +get
    ACL SETUSER a +get|y
    ACL GETUSER a
    ACL SETUSER a -get|x
    ACL SETUSER a +client|foo
    ACL SETUSER a +client|list|x
    ACL SETUSER a +get|x|y
    ACL GETUSER a
    ACL SETUSER a +client|
    ACL SETUSER a +get|
    ACL SETUSER a +foo|
    ACL SETUSER a -client|
    ACL SETUSER a -client|list
    ACL SETUSER a +client
    ACL GETUSER a
    ACL SETUSER a -client|list
    ACL LIST
    ACL SETUSER a +CLIENT|List +SELECT|0 +select|1 +Select|0 +GeT
    ACL LIST
    ACL SETUSER a -@all +select|0 +@connection
    ACL LIST
    ACL SETUSER a reset +select|0 +@read
    ACL LIST
    ACL SETUSER a reset +@slow
    ACL LIST
    ACL SETUSER a +@all -@dangerous
    ACL LIST
    ACL SETUSER a +@ALL -get +get
    ACL LIST
    ACL SETUSER a -@all +@read +@write -@dangerous
    ACL LIST
    ACL SETUSER a +xadd +@stream -xinfo|stream
    ACL LIST
    ACL SETUSER a nocommands resetkeys
    ACL SETUSER a %
    ACL SETUSER a %~x
    ACL SETUSER a %RR~x
    ACL SETUSER a %q~x
    ACL SETUSER a %R
    ACL SETUSER a %R~a
    ACL SETUSER a %w~a
    ACL LIST
    ACL SETUSER a ~x ~y ~x %R~r %rw~z %wr~y
    ACL GETUSER a
    ACL SETUSER a '~a b'
    ACL SETUSER a ~
    ACL GETUSER a
    ACL SETUSER a allkeys
    ACL SETUSER a ~x
    ACL SETUSER a %R~x
    ACL SETUSER a ~*
    ACL SETUSER a %RW~*
    ACL SETUSER a resetkeys ~b %RW~*
    ACL LIST
    ACL SETUSER a resetkeys %R~* ~b
    ACL GETUSER a
    ACL SETUSER a resetkeys %RW~*
    ACL GETUSER a
    ACL SETUSER a &x &y &x '& '
    ACL SETUSER a &x &y &x &
    ACL LIST
    ACL SETUSER a allchannels
    ACL SETUSER a &x
    ACL SETUSER a resetchannels &* &z
    ACL LIST
    ACL SETUSER a >p1 >p1 >p2 >
    ACL GETUSER a
    ACL SETUSER a <p3
    ACL SETUSER a <p2 #abc
    ACL SETUSER a #E3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
    ACL SETUSER a #a3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
    ACL GETUSER a
    ACL SETUSER a !a3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
    ACL SETUSER a !a3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
    ACL SETUSER a !abc
    ACL GETUSER a
    ACL SETUSER a nopass on
    ACL GETUSER a
    ACL SETUSER a >x
    ACL GETUSER a
    ACL SETUSER a off sanitize-payload
    ACL SETUSER a skip-sanitize-payload
    ACL LIST
    ACL SETUSER a resetpass
    ACL LIST
    ACL SETUSER a reset
    ACL LIST
    ACL SETUSER a ''
    ACL SETUSER '' on
    ACL SETUSER 'a b' on
    ACL LIST
    ACL DELUSER nobody a
    ACL DELUSER a default
    ACL DELUSER default
    ACL DELUSER
    ACL USERS
    ACL GETUSER nobody
    ACL GETUSER
"""

SELECTORS = """
    ACL SETUSER a (+get ~x) "(+set &c %R~y)"
    ACL SETUSER a '(+get ~x)' '(+set &c %R~y)'
    ACL GETUSER a
    ACL LIST
    ACL SETUSER a (+get ~x ) (
    ACL SETUSER a (+get ~x
    ACL SETUSER a )
    ACL SETUSER a '(on)'
    ACL SETUSER a '(reset)'
    ACL SETUSER a '(+foo)'
    ACL SETUSER a '(+get (+x))'
    ACL SETUSER a clearselectors
    ACL SETUSER a '()'
    ACL SETUSER a '( +get  ~x )'
    ACL SETUSER a '(+get' '~x )'
    ACL SETUSER a ( ~x )
    ACL SETUSER a ( )
    ACL SETUSER a (+get '' ~x)
    ACL SETUSER a '(~x)~y'
    ACL SETUSER a '(~x)~y' '&z)'
    ACL SETUSER a '(nocommands allchannels allkeys)'
    ACL LIST
    ACL SETUSER b '(+@all -@admin)' +@read ~k
    ACL LIST
    ACL SETUSER b reset
    ACL LIST
    CONFIG SET acl-pubsub-default allchannels
    ACL SETUSER c
    ACL SETUSER c '(+get)'
    ACL SETUSER b '(+get)'
    ACL LIST
    ACL SETUSER b reset
    ACL LIST
"""

OTHERS = """
    ACL
    ACL FOO
    ACL WHOAMI
    ACL WHOAMI x
    ACL CAT
    ACL CAT foo
    ACL CAT a b
    ACL GENPASS 0
    ACL GENPASS 4097
    ACL GENPASS x
    ACL GENPASS -1
    ACL GENPASS 1 2
    ACL SAVE
    ACL LOAD
    ACL LOG
    ACL LOG -1
    ACL LOG 1
    ACL LOG x
    ACL LOG 1 2
    ACL LOG RESET
    ACL HELP x
    ACL DRYRUN
    ACL DRYRUN default get
    ACL DRYRUN default get x
    ACL DRYRUN default get x y
    ACL DRYRUN nobody get x
    ACL DRYRUN default foo
    ACL DRYRUN default FOO bar
    ACL DRYRUN default client
    ACL DRYRUN default client foo
    ACL SETUSER a %R~* +get +@string
    ACL DRYRUN a get ''
    ACL DRYRUN a get x
    ACL DRYRUN a set x 1
    ACL DRYRUN a set x 1 GET
    ACL DRYRUN a PING
    ACL DRYRUN a Config Get x
    ACL DRYRUN a client list
    ACL DRYRUN a auth x
    ACL SETUSER a +@all ~w* %W~x -client
    ACL DRYRUN a set x 1
    ACL DRYRUN a set x 1 get
    ACL DRYRUN a mset x 1 w2 3 y 2
    ACL DRYRUN a client
    ACL DRYRUN a client list
"""


@pytest.mark.parametrize("lines", [RULES, SELECTORS, OTHERS], ids=["rules", "selectors", "others"])
def test_acl(raw: RawPair, lines: str) -> None:
    ask_lines(raw, lines)


@pytest.mark.parametrize("bits", [1, 4, 5, 8, 255, 256, 4096])
def test_genpass(raw: RawPair, bits: int) -> None:
    theirs, own = (side.ask("ACL", "GENPASS", bits) for side in (raw.socket, raw.wire))
    assert len(theirs) == len(own)
    assert re.fullmatch(rb"[0-9a-f]+", own.split()[1])
    assert bits < 255 or own != raw.wire.ask("ACL", "GENPASS", bits)


def test_every_command_has_its_categories(raw: RawPair) -> None:
    own = {row.name for row in every_row()} - NEWER  # of which Redis 7.0 knows nothing
    assert own <= set(CATEGORIES)
    for category in CATEGORY_NAMES:
        theirs = set(re.findall(rb"\$\d+\r\n(.*)\r\n", raw.socket.ask("ACL", "CAT", category)))
        told = set(re.findall(rb"\$\d+\r\n(.*)\r\n", raw.wire.ask("ACL", "CAT", category.upper())))
        assert {name.decode() for name in told} - NEWER == {name.decode() for name in theirs} & own
        known = {name for name, categories in CATEGORIES.items() if category in categories}
        assert {name.decode() for name in theirs} <= known


# What users may do


def log_in(raw: RawPair, rules: str) -> tuple[Wire, Socket]:
    """The connections of a user with these rules, apart from those of the default user."""
    raw.ask("ACL", "SETUSER", "a", "on", "nopass", *rules.split())
    admin = raw.wire, raw.socket
    raw.wire, raw.socket = raw.connect(protocol=2)
    raw.ask("AUTH", "a", "x")
    return admin


def test_what_a_user_may_do(raw: RawPair) -> None:
    admin = log_in(
        raw,
        "~k* %R~r* %W~w* &ch* +get +set +client|list +exec +multi +mget +mset +auth +select|1",
    )
    ask_lines(
        raw,
        """
        GET k
        GET x
        GET r
        GET w
        SET w 1
        SET w 1 GET
        SET r 1
        SET k 1 GET
        MGET k1 k2 x k3
        MSET w 1 k 2
        MSET w 1 r 2
        INCR k
        CLIENT ID
        CLIENT
        CLIENT NOSUCH
        NOSUCH
        PING
        SELECT 1
        SELECT 2
        RESET
        AUTH a x
        MULTI
        INCR k
        GET k
        EXEC
        MULTI
        GET k
        DISCARD
        EXEC
        GET k
        """,
    )
    raw.wire, raw.socket = admin
    raw.ask("ACL", "LOG", blur=who)
    raw.advance(59)
    raw.ask("ACL", "LOG", 2, blur=who)
    raw.ask("ACL", "LOG", "RESET")
    raw.ask("ACL", "LOG")


def test_transactions_look_at_the_rules_again(raw: RawPair) -> None:
    own, theirs = log_in(raw, "allkeys +@all")

    def admin(*words: str) -> None:
        assert own.ask(*words) == theirs.ask(*words)

    ask_lines(raw, "MULTI\nGET k\nSET k 1")
    admin("ACL", "SETUSER", "a", "-get", "resetkeys", "~x")
    raw.ask("EXEC")
    ask_lines(raw, "MULTI\nSET x 1")
    admin("ACL", "SETUSER", "a", "-exec")
    ask_lines(raw, "EXEC\nEXEC\nDISCARD")
    raw.wire, raw.socket = own, theirs
    raw.ask("ACL", "LOG", blur=who)


def test_the_log_joins_what_is_alike(raw: RawPair) -> None:
    admin = log_in(raw, "~k +get +auth")
    for _ in range(3):
        raw.ask("GET", "x")
        raw.ask("SET", "x", "1")
        raw.ask("AUTH", "nobody", "x")
        raw.advance(40)
    raw.advance(30)
    raw.ask("GET", "x")
    for place in range(12):
        raw.ask("GET", f"x{place}")
    raw.ask("SET", "x", "1")
    raw.wire, raw.socket = admin
    raw.ask("ACL", "LOG", 100, blur=who)
    raw.ask("CONFIG", "SET", "acllog-max-len", 3)
    raw.ask("ACL", "LOG", 100, blur=who)
    raw.ask("AUTH", "nobody", "x")
    raw.ask("ACL", "LOG", 100, blur=who)


def test_channels(raw: RawPair) -> None:
    log_in(raw, "&ch* &[x] +@pubsub +multi +exec +@connection")
    ask_lines(
        raw,
        """
        PUBLISH c 1
        PUBLISH cha 1
        PUBLISH x 1
        SPUBLISH c 1
        SPUBLISH cha 1
        SUBSCRIBE cha c
        SUBSCRIBE c
        PSUBSCRIBE x
        PSUBSCRIBE cha
        PSUBSCRIBE ch* *
        SSUBSCRIBE c
        UNSUBSCRIBE c
        PUNSUBSCRIBE *
        PUBSUB CHANNELS
        MULTI
        PUBLISH cha 1
        PUBLISH c 1
        EXEC
        PSUBSCRIBE ch*
        PSUBSCRIBE [x]
        SUBSCRIBE ch1
        SSUBSCRIBE x
        SUBSCRIBE no
        """,
    )


def test_patterns_of_sort_lead_to_any_key(raw: RawPair) -> None:
    admin = log_in(raw, "~k* %R~* +sort +sort_ro +rpush +eval")
    ask_lines(
        raw,
        """
        RPUSH k 3 1 2
        SORT k
        SORT x
        SORT k STORE x
        SORT k BY x* GET # GET y* STORE k2
        """,
    )
    for rules in ("resetkeys ~k* %R~x*", "%R~*"):
        for each in admin:
            each.ask("ACL", "SETUSER", "a", *rules.split())
        ask_lines(
            raw,
            """
            SORT k BY x
            SORT k BY x*
            SORT k GET #
            SORT k GET x* FOO
            SORT_RO k BY x*
            SORT_RO k GET x*
            SORT k STORE x1
            SORT k FOO BY x*
            """,
        )
        raw.ask("MULTI")
        ask_lines(raw, "SORT k BY x*\nSORT k\nEXEC")


def test_what_scripts_may_do_is_what_their_caller_may_do(raw: RawPair) -> None:
    pytest.importorskip("lupa")
    admin = log_in(raw, "~k* %R~r* &c +eval +get +set +sort +evalsha +publish")
    for script, *more in [
        ("return redis.call('get', 'k')", "0"),
        ("return redis.call('get', 'x')", "0"),
        ("return redis.pcall('get', 'x')", "0"),
        ("return redis.call('get', KEYS[1])", "1", "x"),
        ("return redis.call('get', KEYS[1])", "1", "k"),
        ("return redis.call('incr', KEYS[1])", "1", "k"),
        ("return redis.pcall('incr', 'k')", "0"),
        ("return redis.call('set', 'r', 1)", "0"),
        ("return redis.pcall('sort', 'k1', 'by', 'x*')", "0"),
        ("return {redis.acl_check_cmd('get', 'x'), redis.acl_check_cmd('get', 'k')}", "0"),
        ("return 1", "x", "k"),
        ("return 1", "4", "k"),
    ]:
        raw.ask("EVAL", script, *more)
    raw.wire, raw.socket = admin
    raw.ask("ACL", "LOG", 20, blur=who)


def test_passwords(raw: RawPair) -> None:
    ask_lines(
        raw,
        """
        ACL SETUSER a on >one >two +@all
        AUTH a three
        AUTH a one
        ACL WHOAMI
        AUTH a two
        RESET
        ACL WHOAMI
        ACL SETUSER a off
        AUTH a one
        ACL SETUSER a on <one
        AUTH a one
        AUTH a two
        ACL SETUSER a reset on +@all
        AUTH a ''
        ACL SETUSER a nopass
        AUTH a whatever
        ACL SETUSER default >secret
        CONFIG GET requirepass
        RESET
        PING
        AUTH default secret
        AUTH secret
        CONFIG SET requirepass other
        AUTH secret
        AUTH other
        ACL LIST
        ACL SETUSER default off
        AUTH other
        AUTH default other
        ACL SETUSER default on nopass
        AUTH other
        CONFIG GET requirepass
        CONFIG SET requirepass ''
        ACL LIST
        """,
    )


def test_a_default_user_that_is_off_lets_nobody_in(raw: RawPair) -> None:
    raw.ask("ACL", "SETUSER", "default", "off")
    admin = raw.wire, raw.socket
    raw.wire, raw.socket = raw.connect(protocol=2)
    ask_lines(raw, "PING\nAUTH x\nAUTH default x\nHELLO\nRESET")
    raw.wire, raw.socket = admin
    ask_lines(raw, "PING\nACL SETUSER default on")


def test_users_who_are_deleted_are_gone(raw: RawPair) -> None:
    own, theirs = log_in(raw, "+@all")
    assert own.ask("ACL", "DELUSER", "a") == theirs.ask("ACL", "DELUSER", "a")
    raw.wire.receive()
    assert raw.wire.closed
    assert raw.socket.rest() == b""


def test_who_deletes_himself_is_answered(raw: RawPair) -> None:
    log_in(raw, "+@all")
    raw.ask("ACL", "DELUSER", "a")
    assert raw.wire.closed
    assert raw.socket.rest() == b""


# At random


def rules() -> st.SearchStrategy[str]:
    names = sorted(set(CATEGORIES) - NEWER)
    present = [row.name for row in every_row() if row.name not in NEWER]
    name = st.sampled_from(present) | st.sampled_from(present) | st.sampled_from(names)
    selector = st.one_of(
        st.builds("{}{}".format, st.sampled_from("+-"), name),
        st.builds("{}@{}".format, st.sampled_from("+-"), st.sampled_from([*CATEGORY_NAMES, "all"])),
        st.builds(
            "+{}|{}".format, st.sampled_from(["get", "select", "set", "client"]), st.sampled_from("ak01")
        ),
        st.builds("{}~{}".format, st.sampled_from(["", "%R", "%W", "%RW"]), patterns()),
        st.builds("&{}".format, patterns()),
        st.sampled_from(
            ["allkeys", "resetkeys", "allchannels", "resetchannels", "allcommands", "nocommands"]
        ),
    )
    inside = st.lists(selector, max_size=3).map(" ".join).map("({})".format)
    return selector | selector | selector | inside | st.sampled_from(["clearselectors", "reset"])


def patterns() -> st.SearchStrategy[str]:
    return st.sampled_from(["*", "a*", "a", "[ab]", "?", "k1", "", "\\*", "**"])


def requests() -> st.SearchStrategy[list[str]]:
    """With as many arguments as fit, or nearly."""
    words = st.sampled_from(["a", "b", "k1", "", "0", "1", "2", "GET", "STORE", "id", "*"])
    named = [
        (row.name.split("|"), row.arity)
        for row in every_row()
        if row.name not in NEWER and not row.subcommands and row.name != "acl|genpass"
    ]

    def with_arguments(entry: tuple[list[str], int]) -> st.SearchStrategy[list[str]]:
        name, arity = entry
        least = abs(arity) - len(name)
        return st.lists(words, min_size=least, max_size=least + (3 if arity < 0 else 0)).map(
            lambda arguments: [*name, *arguments]
        )

    return st.sampled_from(named).flatmap(with_arguments)


UNSAFE = {
    "wait",
    "waitaof",
    "swapdb",
    "hello",
    "quit",
    "reset",
    "auth",
    "command|docs",
    "command|info",
    "command",
}
"""Not to be sent at random, though scripts may."""


def harmless(row: Row) -> bool:
    """Whether a request is answered at once, and in the same way whoever asks."""
    return row.flags.isdisjoint(("admin", "blocking", "pubsub", "noscript")) and row.name not in UNSAFE


@given(st.lists(rules(), min_size=1, max_size=6), st.lists(requests(), min_size=1, max_size=15))
def test_rules_at_random(raw: RawPair, given_rules: list[str], asked: list[list[str]]) -> None:
    """Told alike, and meant alike: by DRYRUN, and by who asks really."""
    raw.reset()
    raw.ask("ACL", "SETUSER", "a", "reset", "on", "nopass")
    for rule in given_rules:
        raw.ask("ACL", "SETUSER", "a", rule)
    raw.ask("ACL", "LIST", blur=any_order)
    admin = raw.wire, raw.socket
    user = raw.connect(protocol=2)
    for side in user:
        side.ask("AUTH", "a", "x")
    for words in asked:
        raw.wire, raw.socket = admin
        raw.ask("ACL", "DRYRUN", "a", *words)
        row = known([word.encode() for word in words])
        if row is None or not harmless(row):
            continue
        own, theirs = (side.ask(*words) for side in user)
        assert own.startswith(b"-NOPERM") == theirs.startswith(b"-NOPERM"), (words, own, theirs)
        if own.startswith(b"-NOPERM"):
            assert own == theirs


TOLD_AS_ALL_KEYS = re.compile(r"%\w+~\*(?=[ )]|\Z)")
"""Only of a pattern, which is told as `~*`, and that means more."""


@given(st.lists(rules().filter(lambda rule: not TOLD_AS_ALL_KEYS.search(rule)), min_size=1, max_size=6))
def test_what_is_told_makes_the_same_user_again(raw: RawPair, given_rules: list[str]) -> None:
    """On either side, from what the other tells."""
    raw.reset()
    for side in (raw.wire, raw.socket):
        side.ask("ACL", "SETUSER", "a", "reset")
        for rule in given_rules:
            side.ask("ACL", "SETUSER", "a", rule)
    for teller, learner in ((raw.wire, raw.socket), (raw.socket, raw.wire)):
        line = teller.ask("ACL", "LIST").split(b"\r\n")[2]
        line = re.sub(rb" [-+](?:%b)(?= |$)" % "|".join(map(re.escape, NEWER)).encode(), b"", line)
        _, _, *told = re.findall(rb"\([^)]*\)|\S+", line)
        assert learner.ask("ACL", "SETUSER", "b", "reset", *told) == b"+OK\r\n"
        learner.send(request("ACL", "LIST"))
        answer = learner.receive() if isinstance(learner, Wire) else learner.reply()
        again = answer.split(b"\r\n")[4]
        assert any_order(again.replace(b"user b", b"user a").replace(b" sanitize-payload", b"")) == any_order(
            line.replace(b" sanitize-payload", b"")
        )
