import ast
import importlib
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from streams import engine
from streams.engine.seams import SEAMS, VERSIONS, Seam, fingerprint, source

LIBRARIES = ("faust", "mode", "aiokafka")
FILES = sorted(Path(engine.__file__).parent.glob("*.py"))


@pytest.mark.parametrize("package", VERSIONS)
def test_the_libraries_are_the_ones_that_were_read(package: str):
    assert version(package) == VERSIONS[package]


@pytest.mark.parametrize("seam", SEAMS, ids=lambda seam: seam.name)
def test_a_seam_has_not_moved(seam: Seam):
    assert fingerprint(seam) == seam.fingerprint, f"{seam.module}:{seam.name} moved; {seam.use}. Read it again."


def private(tree: ast.AST) -> Iterator[str]:
    """Names with one underscore that are taken from anything but what the file itself is about."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.startswith("__"):
            of = node.value
            if not (isinstance(of, ast.Name) and of.id in {"self", "cls", "os"}):
                yield node.attr


def ours(trees: list[ast.Module]) -> set[str]:
    """Names that the engine gives itself: functions, and what is set on `self`."""
    nodes = [node for tree in trees for node in ast.walk(tree)]
    named = {each.name for each in nodes if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)}
    kept = {
        each.attr
        for each in nodes
        if isinstance(each, ast.Attribute)
        and isinstance(each.ctx, ast.Store)
        and isinstance(each.value, ast.Name)
        and each.value.id == "self"
    }
    return named | kept


def test_what_is_private_in_a_library_and_used_is_of_a_seam():
    trees = [ast.parse(file.read_text()) for file in FILES if file.name != "seams.py"]
    used = {name for tree in trees for name in private(tree)} - ours(trees)
    watched = "\n".join(source(seam) for seam in SEAMS)
    assert used, "the engine uses nothing private? Then this test looks in the wrong place."
    assert {name for name in used if name not in watched} == set()


def test_what_is_private_in_a_library_and_replaced_is_a_seam():
    replaced = {
        next(f"{base.__name__}.{name}" for base in cls.__mro__[1:] if name in vars(base))
        for file in FILES
        for cls in vars(importlib.import_module(f"streams.engine.{file.stem}")).values()
        if isinstance(cls, type) and cls.__module__.startswith("streams.engine")
        for name in vars(cls)
        if name.startswith("_") and not name.startswith(("__", "_abc"))
        if any(name in vars(base) and base.__module__.startswith(LIBRARIES) for base in cls.__mro__[1:])
    }
    named = {seam.name for seam in SEAMS}
    assert replaced, "the engine replaces nothing private? Then this test looks in the wrong place."
    assert {name for name in replaced if not {name, name.partition(".")[0]} & named} == set()
