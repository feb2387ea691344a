"""Mutants of the rules: a copy of the project in which every function of a module has its mutants beside it.

mutmut makes them; which one is played is said by `SWITCH`. Differences from mutmut's own ways: a string is mutated once
and not in three spellings, and the methods of decorated classes (our dataclasses) are mutated too. Decorated functions
(two properties) and code outside functions are not.
"""

from __future__ import annotations

import ast
import shutil
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import libcst as cst
from mutmut import file_mutation, node_mutation

SWITCH = SimpleNamespace(now=None, hits=set())  # the mutant that is played, or STATS to note which functions are called
STATS = "stats"
RULES = Path("agents/rules")
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "__pycache__", "*.egg-info", ".*_cache", ".hypothesis", ".revmark")
TRAMPOLINE = """
from inspect import signature as _mutmut_signature
from typing import ClassVar
from tests.mutation.mutants import SWITCH as _switch


def _mutmut_trampoline(orig, mutants, call_args, call_kwargs, self_arg=None):
    if _switch.now == "stats":
        _switch.hits.add(orig.__module__ + "." + orig.__name__)
    module, _, name = (_switch.now or "").rpartition(".")
    if module != orig.__module__ or name not in mutants:
        return orig(*call_args, **call_kwargs)
    if self_arg is not None:
        return mutants[name](self_arg, *call_args, **call_kwargs)
    return mutants[name](*call_args, **call_kwargs)
"""


class Visitor(file_mutation.MutationVisitor):  # type: ignore[misc] - mutmut ships no types
    """What is mutated."""

    def _skip_node_and_children(self, node: cst.CSTNode) -> bool:
        if isinstance(node, cst.ClassDef):
            return False
        constant = isinstance(node, cst.Param) and isinstance(node.default, cst.Name) and node.default.value.isupper()
        return bool(constant or super()._skip_node_and_children(node))


def _string(node: cst.BaseString) -> Iterable[cst.BaseString]:
    value = node.value if isinstance(node, cst.SimpleString) else '"""'
    if not value.endswith(('"""', "'''")):
        yield node.with_changes(value=f"{value[:-1].replace(value[-1], value[-1] + 'XX', 1)}XX{value[-1]}")


def prepare(root: Path, modules: Iterable[str]) -> dict[str, str]:
    """Copy the project to `root` with the modules' mutants in it; each mutant's name, and the lines that it has."""
    operators = node_mutation.mutation_operators
    file_mutation.mutation_operators = [
        (kind, _string if made is node_mutation.operator_string else made) for kind, made in operators
    ]
    file_mutation.MutationVisitor = Visitor
    file_mutation.trampoline_impl_cst = list(cst.parse_module(TRAMPOLINE).body)
    build = file_mutation.build_trampoline

    def built(**parts: Any) -> str:
        return str(build(**parts)).replace("ClassVar[MutantDict]", "ClassVar[dict]")

    file_mutation.build_trampoline = built
    shutil.copytree(Path.cwd(), root, ignore=LEFT_OUT)
    found: dict[str, str] = {}
    for name in modules:
        path = root / RULES / f"{name}.py"
        text, names = file_mutation.combine_mutations_to_source(*file_mutation.create_mutations(path.read_text()))
        path.write_text(text)
        functions = {node.name: node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)}
        for each in names:
            lines = set(_lines(functions[each])) - set(_lines(functions[f"{each.rpartition('_')[0]}_orig"]))
            found[f"agents.rules.{name}.{each}"] = " / ".join(sorted(lines))
    file_mutation.build_trampoline = build
    return found


def _lines(function: ast.FunctionDef) -> list[str]:
    return [line.strip() for line in ast.unparse(function).splitlines()[1:]]
