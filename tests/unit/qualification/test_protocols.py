"""Qualification protocols as files: read with the place of every mistake, known by a digest of what they say."""

from pathlib import Path

import pytest

from automation.engine.recipe.yaml_source import read_text
from automation.gmp.bodies.assets import Stage
from automation.gmp.bodies.protocols import Risk
from automation.kernel.errors import InputError
from automation.qualification.protocols import installed, load, read

SHIPPED = tuple(installed())
TEXT = """\
id: mini-iq
version: "1"
title: A short protocol
stages: [IQ]
asset_class: balance
scope: one balance
acceptance: every step as expected
requalify_d: 365
requirements:
  - {id: URS-1, text: It weighs 10 g., risk: high}
cases:
  - id: W
    title: Weighing
    requirements: [URS-1]
    risk: high
    challenge: true
    steps:
      - {n: 1, action: Enter the temperature., expected: 20 degC, limits: between 15.0 and 25.0 degC}
      - n: 2
        action: Weigh ten times.
        expected: within 5 %
        series: gravimetric
        count: 10
        given: {volume: 100 uL, water: from W.1, error: 5.0 %, spread: 5.0 %}
      - {n: 3, action: The program verifies., expected: intact, check: ledger}
"""
UNPREPARED = """preconditions: [Empty]
    steps:
      - {n: 0, action: It runs., expected: intact, check: ledger}
      - {n: 1, action: Enter the temperature."""
SET = "set: stand_by, argument: target, value: 20 degC, read: chamber"
WRONG = {
    "a requirement that nothing shows": ("high}\ncases", "high}\n  - {id: URS-2, text: Other., risk: low}\ncases",
        "requirement URS-2 is shown by no case"),
    "a high risk that nothing challenges": ("    challenge: true\n", "", "a case that challenges it is needed"),
    "an orphan case": ("requirements: [URS-1]", "requirements: [URS-9]", "case W shows URS-9, which is no requirement"),
    "a check that nobody knows": ("check: ledger", "check: ledgre", "did you mean 'ledger'?"),
    "a check that is told too much": ("check: ledger", "check: ledger, given: {file: x}", "is told 'file'"),
    "a check that is told no number": ("check: ledger", f"check: set and read back, given: {{{SET}, within: inf}}",
        "within is 'inf'; a finite number of at least 0 is needed"),
    "a check that is told no time": ("check: ledger", "check: pytest, given: {file: x, sha256: y, within: 0 s}",
        "within is '0 s'; a time above 0 s is needed"),
    "a rule that nobody knows": ("series: gravimetric", "series: gravity", "series is judged by 'gravity'"),
    "a rule that lacks something": ("error: 5.0 %, ", "", "it wants volume (uL), water (degC), error (%), spread (%)"),
    "a rule in another unit": ("volume: 100 uL", "volume: 100 mL", "a number in uL is needed"),
    "a value of a later step": ("from W.1", "from W.3", "takes a value from W.3, which is no earlier step"),
    "limits without a unit": ("25.0 degC", "25.0", "write 'at least 70.0 %'"),
    "two ways to judge": ("check: ledger", "check: ledger, series: about, count: 3", "is judged in two ways"),
    "a program that begins unprepared": ("steps:\n      - {n: 1, action: Enter the temperature.", UNPREPARED,
        "case W has preconditions, and the program begins it"),
    "a step twice": ("{n: 3", "{n: 1", "step of case W '1' stands twice"),
    "a word that nobody knows": ("scope:", "skope:", "skope is no key here"),
    "a series without a number": ("        count: 10\n", "", "how many readings"),
    "no limit of time": ("requalify_d: 365", "requalify_d: 0", "requalify_d"),
}  # fmt: skip


@pytest.mark.requirement("F150.2", "C10.2")
@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_protocol_reads_and_shows_each_requirement(name: str) -> None:
    """Each says its sources, its class of asset, and challenges what is of high risk."""
    protocol = load(name).protocol
    assert protocol.id == name
    assert protocol.sources
    shown = {one for case in protocol.cases for one in case.requirements}
    assert shown == {one.id for one in protocol.requirements}
    assert any(one.risk is Risk.HIGH for one in protocol.requirements)
    assert set(protocol.stages) <= set(Stage)


def test_every_limit_of_a_shipped_protocol_says_where_it_comes_from() -> None:
    """A number that nobody can trace is a number that somebody has made up."""
    silent = [
        f"{name} {step}"
        for name in SHIPPED
        for step, _, one in load(name).protocol.steps()
        if (one.limits or one.series) and not one.source
    ]
    assert silent == []


@pytest.mark.requirement("F150.2", refuses=True)
@pytest.mark.parametrize("what", WRONG)
def test_a_mistake_in_a_protocol_is_named_with_its_place(what: str) -> None:
    """One error; nothing is planned by a protocol that can't be judged."""
    old, new, says = WRONG[what]
    assert TEXT.count(old) == 1
    with pytest.raises(InputError) as wrong:
        read(read_text(TEXT.replace(old, new), name="mine.yaml"))
    assert says in str(wrong.value)
    assert str(wrong.value).startswith("mine.yaml:")


def test_what_is_no_protocol_at_all_is_told_in_words() -> None:
    """A list, say."""
    with pytest.raises(InputError, match=r"^l.yaml:1:1: a protocol is a mapping of names to values$"):
        read(read_text("- a\n", name="l.yaml"))


def test_the_digest_is_of_what_a_protocol_says_and_not_of_how_it_is_written() -> None:
    """A comment changes nothing; a letter does."""
    plain = read(read_text(TEXT, name="a.yaml"))
    assert read(read_text(f"# a comment\n{TEXT}", name="b.yaml")).digest == plain.digest
    assert read(read_text(TEXT.replace("25.0", "25.1"), name="c.yaml")).digest != plain.digest


def test_a_protocol_is_found_by_its_name_or_its_file(tmp_path: Path) -> None:
    """A file brings its folder, beside which the tests of an engineer lie."""
    (tmp_path / "mine.yaml").write_text(TEXT, encoding="utf-8")
    assert load(tmp_path / "mine.yaml").folder == tmp_path
    with pytest.raises(InputError, match="did you mean 'balance-oq'"):
        load("balance-q")
