"""What assistants say, against fact sheets: each answer in the words of one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.facts.answers import Answer, sentences
from console.facts.checking import LONGEST, Checked, check
from console.facts.sheet import sellers
from tests.unit.facts.records import ACME, ARM, contract, made

CONTRACT = contract()
SELLER = sellers(CONTRACT)[0]
COMPANY = ACME | {
    "name": "Acme Ltd", "domain": "acme.example", "custom_legal": "Acme Holdings Limited",
    "custom_trading": ["Kiwi Tools"], "custom_areas": ["Otago", "Southland"],
}  # fmt: skip
BOX = {"sku": "BOX-L", "name": "Transport box", "description": None, "price": "20.00"}
SHEETS = [SELLER, made(COMPANY, ACME, agreed=CONTRACT), made(ARM, ARM, "product:1", CONTRACT)]
SHEETS += [made(BOX, BOX, "product:2", CONTRACT), made({"name": "Acme Robotics"}, None, "company:3", CONTRACT)]


def said(text: str, about: str = "") -> Checked:
    return check([Answer(text, about)], SHEETS)


@pytest.mark.parametrize(
    ("text", "record", "fact", "part"),
    [
        ("The Robot arm costs 1,400.00 NZD.", "product:1", "price", "1,400.00 NZD"),
        ("You can buy ARM-7 for NZ$1.400,00 today.", "product:1", "price", "NZ$1.400,00"),
        ("The ARM-7 sells at $1399.", "product:1", "price", "$1399"),
        ("Robot arm: 1380.01 NZD!", "product:1", "price", "1380.01 NZD"),
        ("The item code for the robot arm is ARM-9.", "product:1", "sku", "ARM-9"),
        ("The robot arm has the SKU ARM-8.", "product:1", "sku", "ARM-8"),
        ("The website of Acme Ltd is acme.com.", "company:1", "domain", "acme.com"),
        ("Call Acme on +64 4 123 4568.", "company:1", "phone", "+64 4 123 4568"),
        ("Acme's GST number is 98-765-433.", "company:1", "tax_number", "98-765-433"),
        ("Acme is based in Auckland, New Zealand.", "company:1", "address", "Auckland, New Zealand"),
        ("Acme is headquartered in Wellington, Australia.", "company:1", "address", "Wellington, Australia"),
        ("The address of Acme is 14 Kiwi Road, Wellington.", "company:1", "address", "14 Kiwi Road, Wellington"),
        ("Acme's office is at 12 Kiwi Road, Wellington 6012.", "company:1", "address", "12 Kiwi Road, Wellington 6012"),
        ("Acme serves Otago and Northland.", "company:1", "service_areas", "Northland"),
        ("Acme ships to customers worldwide.", "company:1", "service_areas", "worldwide"),
        ("Acme's legal name is Acme Holdings Inc.", "company:1", "legal_name", "Acme Holdings Inc"),
        ("Acme is also known as Moa Tools.", "company:1", "trading_names", "Moa Tools"),
        ("Kiwi Tools is located in Auckland.", "company:1", "address", "Auckland"),
        ("Harbour Instruments Ltd is based in Dunedin.", "seller", "address", "Dunedin"),
        ("The shop at acme.example is of a firm based in Auckland.", "company:1", "address", "Auckland"),
    ],
)
def test_a_sentence_that_says_otherwise_is_found_with_the_part_that_does(text: str, record: str, fact: str, part: str):
    (found,) = said(f"Thanks for asking! {text} Is there anything else?").contradictions
    assert (found.record, found.fact, found.said, found.sentence) == (record, fact, part, text)


@pytest.mark.parametrize(
    "text",
    [
        "The Robot arm costs 1,380.00 NZD.",
        "ARM-7 sells for NZ$1380.",
        "Robot arm (ARM-7): $1 380.00",
        "The robot arm has the item code arm-7.",
        "The SKU of the robot arm is ARM-7.",
        "The website of Acme is https://www.acme.example/shop.",
        "Call Acme on 04 123 4567.",
        "The tax number of Acme Limited is 98 765 432.",
        "Acme Ltd is based in Wellington, NZ.",
        "The registered office of Acme is 12 Kiwi Rd., Te Aro, Wellington 6011, New Zealand.",
        "Acme serves Southland and the Otago region.",
        "The legal name is Acme Holdings Ltd, and Acme is what people say.",
        "Acme is also known as Kiwi Tools.",
        "Harbour Instruments is available in Australia and New Zealand.",
    ],
)
def test_a_sentence_that_says_the_same_in_any_form_is_borne_out(text: str):
    found = said(text)
    assert (found.contradictions, found.uncompared) == ([], [])
    assert found.agreed >= 1


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("The robot arm does not cost 1,400 NZD.", "it denies something"),
        ("The robot arm was sold for 1,400 NZD.", "it speaks of the past"),
        ("The robot arm might cost 1,400 NZD.", "it is not sure"),
        ("The robot arm costs about 1,400 NZD.", "it is about that amount"),
        ("The robot arm costs 1.4k NZD.", "it rounds the amount"),
        ("The robot arm costs 800 EUR.", "it is in another currency than NZD"),
        ("Shipping of the robot arm costs 40 NZD.", "it may be of something else than the price"),
        ("Unlike at 1,380.00 NZD, with a case the robot arm comes to 1,500.00 NZD.", "it states another one too"),
        ("The robot arm and the transport box cost 1,500 NZD.", "it names several at once"),
        ("It costs 1,400 NZD.", "it names nobody who has a sheet"),
        ("Zenith is based in Auckland.", "it names nobody who has a sheet"),
        ("Acme Marine is based in Auckland.", "it names nobody who has a sheet"),
        ("Acme Robotics is based in Auckland.", "the sheet of Acme Robotics does not say"),
        ("Acme serves Europe.", "it names a part of the world"),
        ("Acme is based in Europe.", "it names a part of the world"),
    ],
)
def test_what_cannot_be_compared_is_told_and_no_contradiction(text: str, why: str):
    found = said(text)
    assert found.contradictions == []
    assert why in {each.why for each in found.uncompared}


@pytest.mark.parametrize(
    "text", ["", "Hello!", "The robot arm has seven axes and weighs 29 kg.", "I was founded in 1998.", "Ask ACME-IT."]
)
def test_what_states_nothing_is_silent(text: str):
    found = said(text)
    assert (found.contradictions, found.uncompared, found.silent) == ([], [], found.sentences)


def test_an_answer_about_a_record_need_not_name_it():
    (found,) = said("It costs 1,400 NZD. The other one, BOX-L, costs 20 NZD.", about="product:1").contradictions
    assert (found.record, found.value, found.owner, found.currency) == ("product:1", "1380.00", "Xero", "NZD")


def test_a_unsettled_fact_bears_out_what_either_system_says():
    both = [made(ACME | {"phone": "+64 4 000 0000"}, ACME)]
    for number in ("+64 4 000 0000", "+64 4 123 4567"):
        assert check([Answer(f"Call Acme on {number}.")], both).agreed == 1
    (found,) = check([Answer("Call Acme on +64 4 999 9999.")], both).contradictions
    assert found.value == ["+64 4 000 0000", "+64 4 123 4567"]


def test_a_list_a_table_and_a_wrapped_paragraph_are_read_line_by_line():
    text = """# Prices
- **Robot arm**: 1,400.00 NZD
1. [Transport box](https://harbour.example/box): 21.00 NZD
| ARM-7 | 1,380.00 NZD |

Harbour Instruments Ltd. is a maker of instruments, and it is, as far as
is known, based in Dunedin."""
    assert [each.said for each in said(text).contradictions] == ["1,400.00 NZD", "21.00 NZD", "Dunedin"]


def test_a_form_ends_no_sentence_and_a_new_one_begins_behind_it():
    text = "Acme Ltd. and St. John Co. trade. It is sold by Acme Ltd. The price is 5.20 NZD, e.g. Here."
    assert list(sentences(text)) == [
        "Acme Ltd. and St. John Co. trade.", "It is sold by Acme Ltd.", "The price is 5.20 NZD, e.g. Here.",
    ]  # fmt: skip


def test_what_is_too_long_is_not_looked_at():
    found = said("Acme is based in " + "Auckland, " * LONGEST)
    assert (found.contradictions, [each.why for each in found.uncompared]) == ([], ["it is too long for a sentence"])


WORDS = ["Acme", "ARM-7", "costs", "NZD", "1,400", "based in", "Auckland", "+64 4", "$", "GST", "website", "serves"]


@given(st.text(max_size=300), st.permutations(WORDS))
def test_whatever_is_said_is_read_to_its_end(noise: str, words: list[str]):
    """No text stops the check, and the same text always comes to the same."""
    found = said(" ".join([*words, noise]))
    assert found.sentences >= found.silent
    assert found == said(" ".join([*words, noise]))
