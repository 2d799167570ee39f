"""A tour of the library: index Python's own standard library, then ask questions about it.

    todo, doing       lists        the files to index, and those that are being indexed
    words             sorted set   every word, by how often it occurs
    files:WORD        set          the files a word occurs in
    words:FILE        set          the words of a file
    file:FILE         hash         facts of a file: lines, characters, words, longest_line
    sizes             sorted set   the files, by their characters
    unreadable        hash         the files that could not be read, and why
    count:...         strings      counters: files, lines, characters, words, operations

Database 1 has what is not part of the index:

    index_of          string       what is indexed: which Python, which library, how much of it
    answer:QUESTION   string       an answer, kept for a minute
    count:...         strings      counters: hits, misses

The queue loses nothing: a worker moves a file from `todo` to `doing`, and one transaction writes all that
the file adds and takes it out of `doing`. Whatever is still in `doing` has left no trace elsewhere. So an
index that is kept in a folder can be gone on with, whenever its process was killed: what is in `doing` goes
back to `todo`.
"""

from __future__ import annotations

import os
import re
import sys
import sysconfig
import tokenize
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial
from pathlib import Path
from platform import python_version
from time import perf_counter
from typing import NamedTuple

from .errors import PersistenceError
from .store import Store

WORD = re.compile(r"[^\W\d_]{2,}")
LEFT_OUT = {"site-packages", "dist-packages", "test", "tests", "idle_test"}
UNREADABLE = (OSError, UnicodeError, SyntaxError)
STOP = ""
"""Stands at the end of the queue, once for each worker."""
MADE = "index_of"
REMEMBERED = 60
"""Seconds for which an answer is kept."""
SIZES = [
    ("under 1,000 characters", 0, "(1000"),
    ("1,000 and more", 1_000, "(10000"),
    ("10,000 and more", 10_000, "(100000"),
    ("100,000 and more", 100_000, "+inf"),
]


# Indexing


def library() -> Path:
    return Path(sysconfig.get_path("stdlib"))


def modules(root: Path) -> list[str]:
    """The Python files below `root`, in order, without tests and what was installed."""
    found = (path.relative_to(root) for path in root.rglob("*.py"))
    return sorted(path.as_posix() for path in found if LEFT_OUT.isdisjoint(path.parts))


class Found(NamedTuple):
    """What an earlier run left in the index."""

    files: int
    words: int
    operations: int


def begin(store: Store[str], root: Path, limit: int | None, path: str | None = None) -> Found | None:
    """Fill the queue, or go on with the one of an earlier run, and say what that left."""
    library = os.fsencode(root).decode(errors="backslashreplace")
    part = "all files" if limit is None else f"at most {limit:,} files"
    wanted = f"Python {python_version()} in {library}, {part}"
    made = store.select(1).get(MADE)
    if made is None:
        if store.recovery and store.recovery.keys:
            raise PersistenceError(f"{path} holds something else than an index; name another folder")
        files = modules(root)[:limit]
        if not files:
            sys.exit(f"there are no Python files below {root}")
        with store.atomic():  # a run that is killed here has done neither
            store.select(1).set(MADE, wanted)
            store.rpush("todo", *files)
        return None
    if made != wanted:
        raise PersistenceError(f"{path} has the index of {made}, not of {wanted}; name another folder")
    take_back(store)
    return Found(count(store, "files"), count(store, "words"), count(store, "operations"))


def take_back(store: Store[str]) -> None:
    """Put the files that nobody finished in front of the queue again."""
    while store.lmove("doing", "todo", "RIGHT", "LEFT") is not None:
        pass
    store.lrem("todo", 0, STOP)


def index(store: Store[str], root: Path, workers: int, progress: Callable[[int], None]) -> None:
    """Index the files in `todo` by threads that wait at it; `progress` hears how many are done."""
    with ThreadPoolExecutor(workers) as pool:
        tasks = [pool.submit(work, store, root) for _ in range(workers)]
        try:
            store.rpush("todo", *[STOP] * workers)
            while wait(tasks, timeout=0.1).not_done:
                progress(count(store, "files"))
        except BaseException:
            store.close()  # which sends the workers home
            raise
    for task in tasks:
        task.result()


def work(store: Store[str], root: Path) -> None:
    while file := store.blmove("todo", "doing", timeout=0):
        index_file(store, root, file)
    store.lrem("doing", 1, STOP)


def index_file(store: Store[str], root: Path, file: str) -> None:
    """Write all that `file` adds and take it out of `doing`, at once or not at all."""
    with store.pipeline() as pipe:
        try:
            facts, words = read(root / file)
        except UNREADABLE as error:
            pipe.hset("unreadable", file, str(error))
        else:
            pipe.hset(f"file:{file}", mapping=facts)
            pipe.zadd("sizes", {file: facts["characters"]})
            for word, times in words.items():
                pipe.zincrby("words", times, word)
                pipe.sadd(f"files:{word}", file)
            if words:
                pipe.sadd(f"words:{file}", *words)
            for name in ("lines", "characters", "words"):
                pipe.incr(f"count:{name}", facts[name])
        pipe.lrem("doing", 1, file)
        pipe.incr("count:files")
        pipe.incr("count:operations", len(pipe) + 1)
        pipe.execute()


def read(path: Path) -> tuple[dict[str, int], Counter[str]]:
    """Facts about a file, and how often each word occurs in it."""
    with tokenize.open(path) as source:
        lines = source.readlines()
    words = Counter(WORD.findall("".join(lines).lower()))
    facts = {
        "lines": len(lines),
        "characters": sum(map(len, lines)),
        "words": words.total(),
        "longest_line": max((len(line.rstrip("\n")) for line in lines), default=0),
    }
    return facts, words


# Asking


def frequent_words(store: Store[str]) -> str:
    words = store.zrevrange("words", 0, 9, withscores=True)
    return "  " + ", ".join(f"{word} {times:,.0f}" for word, times in words)


def rare_words(store: Store[str]) -> str:
    once = store.zcount("words", 1, 1)
    some = store.zrangebyscore("words", 1, 1, start=once // 2, num=6)
    return f"  {once:,} of {store.zcard('words'):,} words occur only once, among them {', '.join(some)}"


def files_by_size(store: Store[str]) -> str:
    rows = []
    for name, low, high in SIZES:
        files = store.zrangebyscore("sizes", low, high)
        rows.append((name, f"{len(files):>5,}   {' '.join(files[-2:])}"))
    return table(rows)


def largest_files(store: Store[str]) -> str:
    rows = []
    for file in store.zrevrange("sizes", 0, 3):
        facts = store.hmget(f"file:{file}", "characters", "lines", "longest_line")
        characters, lines, longest = (int(fact or 0) for fact in facts)
        rows.append((file, f"{characters:>9,} characters, {lines:>6,} lines, the longest of {longest:,}"))
    return table(rows)


def words_in_common(store: Store[str]) -> str:
    if store.zcard("sizes") < 2:
        return "  that takes two files"
    one, other = store.zrevrange("sizes", 0, 1)
    # The words of both files, by their scores in the whole library.
    common = store.zinter({"words": 1, f"words:{one}": 0, f"words:{other}": 0})
    return (
        f"  {one} and {other} share {len(common):,} words,\n"
        f"  of which the rarest elsewhere are {', '.join(common[:6])}"
    )


def about(word: str, store: Store[str]) -> str:
    times, rank = store.zscore("words", word), store.zrevrank("words", word)
    if times is None or rank is None:
        return "  occurs nowhere"
    largest = store.sort(f"files:{word}", by="file:*->characters", desc=True, start=0, num=3)
    return (
        f"  occurs {times:,.0f} times in {store.scard(f'files:{word}'):,} files,"
        f" which makes it number {rank + 1:,};\n  the largest of the files: {' '.join(largest)}"
    )


def questions(word: str) -> dict[str, Callable[[Store[str]], str]]:
    return {
        "The most frequent words": frequent_words,
        "The rarest words": rare_words,
        "Files by size, and the largest two of each": files_by_size,
        "The largest files": largest_files,
        "The two largest files": words_in_common,
        f"The word {word!r}": partial(about, word),
    }


def answer(store: Store[str], question: str, ask: Callable[[Store[str]], str]) -> str:
    """The answer from the cache, or else asked for and kept there."""
    cache = store.select(1)
    known = cache.get(f"answer:{question}")
    cache.incr("count:misses" if known is None else "count:hits")
    if known is None:
        known = ask(store)
        cache.set(f"answer:{question}", known, ex=REMEMBERED)
    return known


# Reporting


def table(rows: Iterable[tuple[str, str]]) -> str:
    rows = list(rows)
    width = max((len(name) for name, _ in rows), default=0)
    return "\n".join(f"  {name:<{width}}  {value}".rstrip() for name, value in rows)


def show_progress(total: int, done: int) -> None:
    """Draw a bar where a person watches."""
    if sys.stderr.isatty():
        bar = "#" * (30 * done // total)
        sys.stderr.write(f"\r  [{bar:<30}] {done:,} of {total:,} files ")
        sys.stderr.flush()


def clear_progress() -> None:
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


def count(store: Store[str], name: str) -> int:
    return int(store.get(f"count:{name}") or 0)


def report(store: Store[str], word: str, workers: int, seconds: float, found: Found | None = None) -> str:
    """What was read, how long it took, and the answers."""
    counts = {name: count(store, name) for name in ("files", "lines", "characters", "words", "operations")}
    read = "{files:,} files, {lines:,} lines, {characters:,} characters, {words:,} words".format(**counts)
    unreadable = store.hgetall("unreadable")
    parts = [
        f"The standard library of Python {python_version()}",
        table(
            [
                ("read", read),
                ("not readable", f"{len(unreadable):,} files"),
                *(("", f"{file}: {why}") for file, why in sorted(unreadable.items())[:3]),
                *speed(counts, workers, seconds, found),
                ("keys", f"{store.dbsize():,}"),
            ]
        ),
    ]
    asked = questions(word)
    times = []
    for _ in range(2):
        start = perf_counter()
        answers = {question: answer(store, question, ask) for question, ask in asked.items()}
        times.append(1000 * (perf_counter() - start))
    for question, text in answers.items():
        parts += ["", question, text]
    cache = store.select(1)
    parts += [
        "",
        f"{len(asked)} questions took {times[0]:.2f} ms, and again {times[1]:.2f} ms from the cache"
        f" ({count(cache, 'misses')} misses, {count(cache, 'hits')} hits, kept for {REMEMBERED} s)",
    ]
    return "\n".join(parts)


def speed(
    counts: dict[str, int], workers: int, seconds: float, found: Found | None
) -> Iterable[tuple[str, str]]:
    """How fast this run was at what an earlier one had not found time for."""
    files, words, operations = found or Found(0, 0, 0)
    if found:
        yield "resumed", f"{files:,} of {counts['files']:,} files were there already"
    if files == counts["files"]:
        yield "operations", f"{operations:,}"
        return
    rates = (counts["words"] - words) / seconds, (counts["operations"] - operations) / seconds
    yield "time", f"{seconds:.1f} seconds with {workers} worker{'s' if workers > 1 else ''}"
    yield "words", f"{rates[0]:,.0f} a second"
    yield "operations", f"{counts['operations']:,}, {rates[1]:,.0f} a second"


def run(workers: int, limit: int | None, word: str, path: str | None = None) -> None:
    """Index what is not in the index yet, and report; with a `path` the index is kept there."""
    root = library()
    with Store(path, decode_responses=True) as store:
        found = begin(store, root, limit, path)
        start = perf_counter()
        if todo := store.llen("todo"):
            try:
                index(store, root, workers, partial(show_progress, count(store, "files") + todo))
            finally:
                clear_progress()
        seconds = perf_counter() - start
        if todo:
            store.compact()  # a snapshot is opened faster than a log is replayed
        print(report(store, word, workers, seconds, found))
