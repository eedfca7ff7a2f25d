"""Statements of labels: every line of the rule, against the table of 21 CFR 1271.90(c)."""

from itertools import product

import pytest

from automation.formulas.label_statements import (
    Evaluation,
    Statement,
    Use,
    collection_types,
    missing,
    of_donor,
    of_rules,
)

DONE, REACTIVE = Evaluation(complete=True), Evaluation(complete=True, reactive=("HBV",))
A, N, W, B, R = (
    "FOR AUTOLOGOUS USE ONLY",
    "NOT EVALUATED FOR INFECTIOUS SUBSTANCES",
    "WARNING: ADVISE RECIPIENT OF COMMUNICABLE DISEASE RISKS",
    "BIOHAZARD",
    "WARNING: REACTIVE TEST RESULTS FOR HBV",
)


@pytest.mark.requirement("F064")
@pytest.mark.parametrize(
    ("use", "known", "texts"),
    [
        (Use.AUTOLOGOUS, DONE, (A,)),
        (Use.AUTOLOGOUS, Evaluation(), (A, N)),
        (Use.AUTOLOGOUS, Evaluation(complete=True, risk=True), (A, B)),
        (Use.AUTOLOGOUS, REACTIVE, (A, B, R)),
        (Use.DIRECTED, DONE, ()),
        (Use.DIRECTED, Evaluation(), (N, W)),
        (Use.ALLOGENEIC, Evaluation(complete=True, risk=True), (W, B)),
        (Use.ALLOGENEIC, REACTIVE, (W, B, R)),
    ],
)
def test_the_statements_of_a_donor_are_those_of_the_rule(use: Use, known: Evaluation, texts: tuple[str, ...]) -> None:
    """Text by text, each under its clause."""
    found = of_donor(use, known)
    assert tuple(one.text for one in found) == texts
    assert all(one.clause.startswith("21 CFR 1271.90(c)") for one in found)


@pytest.mark.requirement("F064")
def test_a_hazard_is_never_without_its_legend_and_a_recipient_always_warned_of_it() -> None:
    """Over all combinations: biohazard exactly with a hazard; the warning exactly for others than the donor."""
    for use, complete, risk, agents in product(Use, (True, False), (True, False), ((), ("HBV",))):
        known = Evaluation(complete, risk, agents)
        texts = {one.text for one in of_donor(use, known)}
        assert (B in texts) == (risk or bool(agents))
        assert (W in texts) == (use is not Use.AUTOLOGOUS and (not complete or risk or bool(agents)))
        assert (N in texts) == (not complete)


@pytest.mark.requirement("F058", "F064")
def test_the_collection_type_says_the_same_as_the_statements() -> None:
    """X and 3 are the types with biohazard; crossover (A) is for a donor that was fully evaluated."""
    assert collection_types(Use.AUTOLOGOUS, REACTIVE) == "X"
    assert collection_types(Use.AUTOLOGOUS, Evaluation()) == "1"
    assert "A" in collection_types(Use.AUTOLOGOUS, DONE)
    assert collection_types(Use.DIRECTED, REACTIVE) == "3"
    assert set(collection_types(Use.ALLOGENEIC, DONE)) == {"V", "7"}


@pytest.mark.requirement("F064")
def test_what_a_label_lacks_is_found_wherever_its_lines_are_broken() -> None:
    """Two lines make one statement; another statement is missing; a commercial lot under EU rules needs none."""
    wanted = (Statement(A, "x"), *of_rules("us", "clinical"))
    assert missing(wanted, ("For autologous", "use only")) == of_rules("us", "clinical")
    assert of_rules("eu", "commercial") == ()
