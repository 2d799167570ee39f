"""Every Python block of the README and the docs runs, and shows what really happens."""

from __future__ import annotations

import doctest
import re
from pathlib import Path
from types import ModuleType

import pytest

import kvlite

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
MODULES = sorted((ROOT / "kvlite").rglob("*.py"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_code_on_the_page_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The blocks of a page share one namespace, in order. Those with prompts must give their output."""
    monkeypatch.chdir(tmp_path)
    text = page.read_text()
    names: dict[str, object] = {"__name__": page.stem}
    for match in BLOCK.finditer(text):
        line = text[: match.start()].count("\n") + 1
        if ">>> " in match[1]:
            test = doctest.DocTestParser().get_doctest(match[1], names, page.name, str(page), line)
            runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
            runner.run(test, clear_globs=False)
            assert runner.failures == 0, f"{page.name}, line {line}"
            names.update(test.globs)
        else:
            exec(compile("\n" * line + match[1], str(page), "exec"), names)


def modules_with_examples() -> list[ModuleType]:
    found = []
    for path in MODULES:
        if ">>> " in path.read_text() and path.name != "__main__.py":
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            found.append(__import__(name, fromlist=["_"]))
    return found


@pytest.mark.parametrize("module", modules_with_examples(), ids=lambda module: module.__name__)
def test_examples_in_docstrings(module: ModuleType) -> None:
    result = doctest.testmod(module, extraglobs={"store": kvlite.Store()})
    assert result.attempted > 0
    assert result.failed == 0


def test_links_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
