"""Contracts of several files: put together, said once, and told with file, line and column where they are wrong."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from schemas.contract import lint, load_contract, parse_contract, template
from schemas.contract.lint import placed
from schemas.contract.loader import located
from schemas.errors import ContractError
from schemas.published import contract_schema
from tests.support.contracts import shipped

ALIASES = [f"{name}: &{name} [{', '.join([f'*{last}'] * 9)}]\n" for last, name in pairwise("abcdefg")]


def write(folder: Path, **files: str) -> Path:
    """Files by name (`__` is a folder); the path of `contract`."""
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / "contract.yaml"


def cut(*keys: str) -> tuple[str, str]:
    """The shipped contract without some keys, and these keys alone."""
    whole: dict[str, Any] = yaml.safe_load(template())
    apart = {key: whole.pop(key) for key in keys}
    return yaml.safe_dump(whole), yaml.safe_dump(apart)


def refused(path: Path) -> str:
    """What is said of a contract that cannot be read."""
    with pytest.raises(ContractError) as caught:
        load_contract(path)
    return caught.value.message.replace(f"{path.parent}/", "")


def test_a_contract_that_is_cut_into_files_is_the_same_contract(tmp_path: Path):
    rest, apart = cut("guards", "timing", "examples")
    mine, deeper = "include: ../deeper.yaml\n", apart
    path = write(tmp_path, contract=f"include: [parts/mine.yaml]\n{rest}", parts__mine=mine, deeper=deeper)
    assert load_contract(path) == shipped()
    assert load_contract(path).digest == shipped().digest


def test_mappings_are_put_together_and_lists_of_cases_and_guards_are_added(tmp_path: Path):
    own = "[{{guard: {0}, protects: [name], when: customer.ordered, because: {0}}}]"
    case = "[{{example: {0}, when: {{crm: {{name: A}}}}, then: {{fields: {{name: nobody}}}}}}]"
    rest, _ = cut("examples")
    base = rest.replace("guards:", f"guards:\n  own: {own.format('third')}") + f"examples: {case.format('third')}"
    one, two = (f"examples: {case.format(name)}\nguards: {{own: {own.format(name)}}}" for name in ("first", "second"))
    path = write(tmp_path, contract=f"include: [one.yaml, two.yaml]\n{base}", one=one, two=two)
    found, source = located(path)
    assert [each.example for each in found.examples] == ["first", "second", "third"]
    assert [each.guard for each in found.guards.own] == ["first", "second", "third"]
    files = [str(source.place(("guards", "own", str(place), "when"))).split(":")[0] for place in range(3)]
    assert [Path(each).name for each in files] == ["one.yaml", "two.yaml", "contract.yaml"]


def test_a_key_is_said_once(tmp_path: Path):
    path = write(tmp_path, contract="include: part.yaml\n" + template(), part="name: a\nguards: {credit_hold: true}\n")
    said = refused(path)
    assert "'name' is said in part.yaml:1:1 already" in said
    assert said.startswith("contract.yaml:6:1: ")
    assert "under overrides in contract.yaml" in said


@pytest.mark.parametrize("part", ["examples: {}\n", "guards: []\n"])
def test_values_of_two_kinds_do_not_go_together(tmp_path: Path, part: str):
    assert "already" in refused(write(tmp_path, contract="include: part.yaml\n" + template(), part=part))


def test_the_later_file_wins_where_it_says_so(tmp_path: Path):
    head = "include: [one.yaml, two.yaml]\noverrides: [name, guards.currency_lock, entities.company.fields.name]\n"
    one = "name: one\nguards: {currency_lock: false}\nentities: {company: {fields: {name: {policy: newest}}}}\n"
    found, source = located(write(tmp_path, contract=head + template(), one=one, two="name: two\n"))
    assert found == shipped()
    assert str(source.place(("entities", "company", "fields", "name", "owner"))).startswith(f"{tmp_path}/contract.yaml")
    (tmp_path / "contract.yaml").write_text("include: base.yaml\noverrides: [name]\nname: mine\n")
    (tmp_path / "base.yaml").write_text(template())
    assert load_contract(tmp_path / "contract.yaml").name == "mine"


def test_an_override_that_replaces_nothing_is_refused(tmp_path: Path):
    text = "include: part.yaml\noverrides:\n- name\n- timezone\n" + template()
    said = refused(write(tmp_path, contract=text, part="name: a\n"))
    assert said == "contract.yaml:4:3: 'timezone' overrides nothing: no two of its files say it. Remove it"


def test_files_that_include_each_other_are_refused_with_the_circle(tmp_path: Path):
    two = "a: 1\ninclude:\n  - ../one.yaml"
    said = refused(write(tmp_path, contract="include: one.yaml", one="include: sub/two.yaml", sub__two=two))
    assert said == "sub/two.yaml:3:5: files include each other in a circle: one.yaml -> two.yaml -> one.yaml"
    assert "contract.yaml -> contract.yaml" in refused(write(tmp_path, contract="include: contract.yaml"))


def test_a_file_that_is_included_twice_is_taken_in_once(tmp_path: Path):
    rest, apart = cut("timing")
    both = dict.fromkeys(("one", "two"), "include: part.yaml")
    head = "include: [one.yaml, two.yaml]\n"
    assert load_contract(write(tmp_path, contract=head + rest, **both, part=apart)) == shipped()


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"contract": "a: 1\ninclude: [none.yaml]"}, "contract.yaml:2:11: none.yaml cannot be included (No such file"),
        ({"contract": "include: {a: 1}"}, "contract.yaml:1:1: 'include' is a text or a list of texts"),
        ({"contract": "overrides: [1]"}, "contract.yaml:1:1: 'overrides' is a text or a list of texts"),
        ({"contract": "include: part.yaml", "part": "- 1"}, "part.yaml holds no mapping"),
        ({"contract": "include: part.yaml", "part": "a: ["}, "part.yaml is no YAML"),
        (
            {"contract": "include: part.yaml", "part": "a: 1\nb:\n  c: 1\n  c: 2"},
            "part.yaml:4:3: 'c' is said twice, first in part.yaml:3:3",
        ),
        ({"contract": "a: &a\n  b: *a\n"}, "an alias that holds itself"),
        ({"contract": "a: &a [1]\n" + "".join(ALIASES)}, "aliases of aliases"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told_with_its_place(tmp_path: Path, files: dict[str, str], said: str):
    assert said in refused(write(tmp_path, **files))


def test_bytes_that_are_no_text_are_refused(tmp_path: Path):
    path = write(tmp_path, contract="include: part.yaml")
    (tmp_path / "part.yaml").write_bytes(b"\xff\xfe\x00")
    assert "part.yaml cannot be included (it is no UTF-8 text)" in refused(path)
    path.write_bytes(b"\xff\xfe\x00")
    assert "it is no UTF-8 text" in refused(path)


def test_a_text_without_a_folder_includes_nothing():
    with pytest.raises(ContractError, match=r"contract:1:1: 'a\.yaml' cannot be included"):
        parse_contract("include: a.yaml")


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("guards:\n  credit_hald: true", "part.yaml:2:3: guards.credit_hald: unknown key 'credit_hald': did you mean"),
        ("guards:\n  own:\n  - guard: x\n", "part.yaml:3:5: guards.own.0.protects: Field required"),
        (
            "guards: {own: [{guard: x, protects: [name], because: y, when: a and}]}",
            "part.yaml:1:57: guards.own.0.when: line 1",
        ),
        (
            "entities: {company: {fields: {name: {owner: sales}}}}",
            "part.yaml:1:38: entities.company.fields.name.owner: Input should be 'crm' or 'erp' or:",
        ),
        (
            "entities: {company: {fields: {name: {owner: {prospect: sales}}}}}",
            "part.yaml:1:46: entities.company.fields.name.owner.prospect: Input should be 'crm' or 'erp' or: Input",
        ),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_the_place_of_its_key(tmp_path: Path, part: str, said: str):
    whole: dict[str, Any] = yaml.safe_load(template())
    if "entities" in part:
        del whole["entities"]["company"]["fields"]["name"]
    else:
        del whole["guards"]
    assert said in refused(write(tmp_path, contract="include: part.yaml\n" + yaml.safe_dump(whole), part=part))


def test_lint_tells_where_across_files(tmp_path: Path):
    rest, _ = cut("timing")
    part = "timing:\n  invoice_when: never\nrequired:\n  invoice: [date]\n"
    base = yaml.safe_load(rest)
    del base["required"], base["entities"]["company"]["fields"]["name"]
    contract, source = located(write(tmp_path, contract="include: part.yaml\n" + yaml.safe_dump(base), part=part))
    told = {each.path: each.place.removeprefix(f"{tmp_path}/") for each in placed(lint(contract), source)}
    assert told["required.invoice"] == "part.yaml:4:3"
    assert told["entities.company.fields.name"].startswith("contract.yaml:")  # the nearest key that is there


def test_an_editor_knows_the_words_of_files():
    schema = jsonschema.Draft202012Validator(json.loads(contract_schema()))
    assert schema.is_valid({"include": ["a.yaml"], "overrides": ["name"]})
    assert schema.is_valid({"include": "a.yaml"})
    assert not schema.is_valid({"name": "x"})
    assert not schema.is_valid({"include": 1})
