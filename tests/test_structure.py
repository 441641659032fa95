"""The house: who may import whom, what is public, and what a light import may load."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import auricle

SRC = Path(auricle.__file__).parent
VALUES = {
    "errors",
    "options",
    "storage",
    "transcript",
    "audio",
    "formats",
    "normalize",
    "metrics",
    "augment",
    "pages",
}
MODELS = {"models", "features", "vad", "segments", "engines"}
LAYERS = [VALUES, MODELS, {"verbs"}, {"serve", "demo"}, {"cli"}]
HEAVY = {
    "torch",
    "transformers",
    "datasets",
    "gradio",
    "fastapi",
    "uvicorn",
    "starlette",
    "ray",
    "ctranslate2",
    "openvino",
    "av",
    "onnxruntime",
}


def layer(name: str) -> int:
    return next(number for number, names in enumerate(LAYERS) if name in names)


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(SRC.rglob("*.py")):
        yield path.relative_to(SRC).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


@pytest.mark.parametrize(("path", "tree"), [pytest.param(path, tree, id=path) for path, tree in modules()])
def test_values_know_no_models_and_models_know_no_verbs(path: str, tree: ast.Module) -> None:
    home = path.split("/")[0].removesuffix(".py")
    if home in ("__init__", "__main__"):
        return
    for name in imported(tree):
        parts = name.split(".")
        if parts[0] == "auricle" and len(parts) > 1:
            assert layer(parts[1]) <= layer(home), f"{path} imports {name}, which is above it"


def test_relative_imports_are_not_used() -> None:
    for path, tree in modules():
        levels = [node.level for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        assert not any(levels), path


def test_heavy_packages_load_inside_the_function_that_needs_them() -> None:
    for path, tree in modules():
        for node in tree.body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                assert not HEAVY & {name.split(".")[0] for name in imported(node)}, path


def test_public_names() -> None:
    assert auricle.__all__ == sorted(auricle.__all__, key=lambda name: (name.islower(), name))
    for name in auricle.__all__:
        assert getattr(auricle, name).__doc__
    assert set(dir(auricle)) == set(auricle.__all__)
    with pytest.raises(AttributeError):
        auricle.nonsense  # noqa: B018


@pytest.mark.parametrize("command", ["import auricle", "from auricle.cli import run; run(['--help'])"])
def test_light_imports(command: str) -> None:
    code = f"import sys; {command}; print(*sorted(sys.modules), file=sys.stderr)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stderr
    assert not {"numpy", "rich", "huggingface_hub", "tokenizers", *HEAVY} & set(loaded.split())


def test_everything_public_says_what_it_is() -> None:
    for path, tree in modules():
        assert ast.get_docstring(tree), f"{path} does not say what it knows"


def test_every_package_is_pinned_once() -> None:
    """Two pins of one package cannot be installed."""
    lines = (Path(__file__).parent.parent / "constraints.txt").read_text("utf-8").splitlines()
    names = [re.sub(r"[-_.]+", "-", line.partition("==")[0]).lower() for line in lines if "==" in line]
    assert len(names) == len(set(names))
