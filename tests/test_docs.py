"""The documentation: its examples run, its generated parts are current, its links lead somewhere."""

from __future__ import annotations

import importlib.util
import re
import shutil
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import auricle
from doc_examples import Page, blocks

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
EXAMPLES = [
    page for page in PAGES if {"console", "python"} & {block.kind for block in blocks(page.read_text())}
]


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def _loudness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The engine of docs/adding-an-engine.md, as if its package were installed."""
    found = blocks((ROOT / "docs" / "adding-an-engine.md").read_text())
    code = next(block.text for block in found if block.kind == "python")
    project = tomllib.loads(next(block.text for block in found if block.kind == "toml"))["project"]
    (group,) = project["entry-points"]
    points = "".join(f"{point} = {module}\n" for point, module in project["entry-points"][group].items())
    info = tmp_path / "auricle_loudness-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: auricle-loudness\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text(f"[{group}]\n{points}")
    (tmp_path / "auricle_loudness.py").write_text(code)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    sys.modules.pop("auricle_loudness", None)


@pytest.mark.skipif(
    not shutil.which("bash") or not shutil.which("timeout"), reason="the examples are for a shell"
)
@pytest.mark.usefixtures("_loudness")
@pytest.mark.parametrize("page", EXAMPLES, ids=name)
def test_examples_do_what_the_page_says(page: Path) -> None:
    found = list(Page(page.read_text("utf-8"), page.name).run())
    assert not found, "\n\n".join(map(str, found)) + f"\n\nType: python tests/doc_examples.py {name(page)}"


def test_pages_with_examples_are_found() -> None:
    assert {"README.md", "docs/transcribing.md", "docs/adding-an-engine.md"} <= set(map(name, EXAMPLES))


def test_generated_parts_are_current(generate: ModuleType) -> None:
    assert generate.main(["--check"]) == 0, "Type: make docs"


def test_check_tells_a_stale_page(generate: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(generate.PARTS, "models", lambda: "nothing")
    assert generate.main(["--check"]) == 1


def test_every_generated_part_is_on_a_page(generate: ModuleType) -> None:
    marks = [
        mark
        for page in generate.PAGES
        for mark in re.findall(r"generated: ([\w-]+)", (ROOT / page).read_text())
    ]
    assert sorted(marks) == sorted(generate.PARTS)


def test_the_tree_in_the_readme_is_the_tree() -> None:
    tree = next(block for block in blocks((ROOT / "README.md").read_text()) if "src/auricle/" in block.text)
    shown = [line.split()[1].rstrip("/") for line in tree.lines if line.startswith(("├── ", "└── "))]
    home = Path(auricle.__file__).parent
    assert sorted(shown) == sorted(item.name for item in home.iterdir() if item.name != "__pycache__")


def test_the_targets_named_in_the_readme_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in set(re.findall(r"\bmake ([a-z]+)", (ROOT / "README.md").read_text())):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        target, _, place = link.partition("#")
        if "://" in link:
            continue
        file = page.parent / target if target else page
        assert file.exists(), f"{link} leads nowhere"
        if place:
            headings = re.findall(r"^#+ (.+)$", file.read_text("utf-8"), re.MULTILINE)
            assert place in {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in headings}, (
                link
            )


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_no_page_names_a_folder_of_somebody_s_machine(page: Path) -> None:
    assert not re.search(r"(?:/work|/root|/home|/Users)/", page.read_text("utf-8"))
