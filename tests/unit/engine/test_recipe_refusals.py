"""Every kind of bad recipe is one clear error with file, line and column."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automation.engine.recipe.load import load
from automation.engine.recipe.yaml_source import read_text
from automation.kernel.errors import InputError
from tests.unit.engine.recipe_world import GOOD, OPERATIONS, read

CASES = {
    "syntax error": ("  box: chamber", "  box: [chamber", r"^r\.yaml:\d+:\d+: not YAML"),
    "duplicate key": ("      quick: false", "      quick: false\n      quick: true", r"^r\.yaml:28:7: .*stands twice"),
    "unknown key": ("tolerance:", "tolerence:", r"^r\.yaml:23:7: .*'tolerence'; did you mean 'tolerance'"),
    "missing unit": ("every: 10 s", "every: 10", r"^r\.yaml:24:14: .*given.every.* without a unit"),
    "wrong dimension": ("every: 10 s", "every: 10 mL", r"^r\.yaml:24:14: .*another dimension"),
    "unknown unit": ("every: 10 s", "every: 10 blinks", r"^r\.yaml:24:14: .*not known"),
    "a point for a difference": ("0.5 K", "0.5 degC", r"^r\.yaml:23:18: .*a point on a scale"),
    "decimal comma": ("target: 4 degC", "target: '1,5 degC'", r"^r\.yaml:21:32: .*'1,5 degC'.*decimal point"),
    "out of range": ("every: 10 s", "every: 2 min", r"^r\.yaml:24:14: .*allowed: at least 1 s and at most 60 s"),
    "not a number": ("every: 10 s", "every: nan s", r"^r\.yaml:24:14: .*finite"),
    "bare not a number": ("every: 10 s", "every: .nan", r"^r\.yaml:24:14: "),
    "infinite": ("every: 10 s", "every: inf s", r"^r\.yaml:24:14: .*finite"),
    "unknown operation": ("operation: cool", "operation: cooll", r"^r\.yaml:17:16: .*did you mean 'cool'"),
    "cyclic order": ("    operation: weigh\n", "    operation: weigh\n    after: cool\n", r"^r\.yaml:\d+:5: .*circle"),
    "parameter missing": ("      quick: false\n", "", r"^r\.yaml:20:7: .*lacks quick"),
    "given missing": ("    given:\n      repeats: 2\n", "", r"^r\.yaml:8:5: .*lacks 'given' with repeats"),
    "unknown step": ("volume: {from: weigh.", "volume: {from: wiegh.", r"^r\.yaml:25:22: .*did you mean 'weigh'"),
    "unknown result": ("volume: {from: weigh.volume", "volume: {from: weigh.mass", r"^r\.yaml:25:22: .*unknown result"),
    "result of a later step": ("repeats: 2", "repeats: {from: cool.end}", r"^r\.yaml:11:23: .*does not come before"),
    "result of another type": (
        "volume: {from: weigh.volume",
        "volume: {from: weigh.took",
        r"^r\.yaml:25:22: .*Seconds",
    ),
    "unknown word": ("type: hold", "type: hald", r"^r\.yaml:21:18: .*did you mean 'hold'"),
    "words for a number": ("repeats: 2", "repeats: two", r"^r\.yaml:11:16: .*whole number"),
    "a count out of range": ("repeats: 2", "repeats: 99", r"^r\.yaml:11:16: .*at most 10"),
    "a flag in words": ("quick: false", "quick: no", r"^r\.yaml:27:14: .*true or false"),
    "limit of no result": ("viability: {", "vitality: {", r"^r\.yaml:13:7: .*no result of weigh"),
    "limit of another unit": ("at most 60 min", "at most 60 mL", r"^r\.yaml:14:22: .*unit of the same kind"),
    "limit in other words": ("at most 60 min", "about 60 min", r"^r\.yaml:14:22: .*'at most 60 min'"),
    "unknown equipment": ("chamber: box", "chamber: bax", r"^r\.yaml:18:26: .*did you mean 'box'"),
    "equipment of another class": ("box: chamber", "box: balance", r"^r\.yaml:18:26: .*needs a chamber"),
    "equipment missing": ("    equipment: {chamber: box}\n", "", r"^r\.yaml:16:5: .*lacks 'equipment'"),
    "unknown event": ("from: weigh.done", "from: weigh.dome", r"^r\.yaml:34:28: .*did you mean 'done'"),
    "material for no step": ("step: cool}", "step: coal}", r"^r\.yaml:6:68: .*did you mean 'cool'"),
    "each of what": (
        "    operation: weigh",
        "    each: bags\n    operation: weigh",
        r"^r\.yaml:9:11: .*'bags'; .*known: containers",
    ),
    "two words": (
        "    operation: weigh",
        "    each: containers\n    loads: {of: containers, at_most: 2}\n    operation: weigh",
        r"^r\.yaml:10:12: .*stands beside 'each'",
    ),
    "rounds without end": (
        "    operation: weigh",
        "    repeat: {until: {from: weigh.took, is: at most 5 min}}\n    operation: weigh",
        r"^r\.yaml:9:13: .*lacks at_most",
    ),
    "too many rounds": (
        "    operation: weigh",
        "    loads: {of: containers, at_most: 101}\n    operation: weigh",
        r"^r\.yaml:9:38: .*is 101; allowed: 1 to 100",
    ),
    "until another step's result": (
        "    operation: weigh",
        "    daily: {until: {from: cool.end, is: at most 5 degC}, at_most: 2}\n    operation: weigh",
        r"^r\.yaml:9:27: .*is no result of weigh",
    ),
    "opened nowhere": (
        "    operation: weigh",
        "    opens: {grade: A, background: B}\n    operation: weigh",
        r"^r\.yaml:9:12: .*needs equipment in its step",
    ),
    "opened in no grade": (
        "    operation: cool",
        "    opens: {grade: E, background: B}\n    operation: cool",
        r"^r\.yaml:17:20: .*'E'",
    ),
    "condition of another kind": (
        "    operation: cool",
        "    when: {from: weigh.took, is: at least 5 degC}\n    operation: cool",
        r"^r\.yaml:17:18: .*is in 'degC'",
    ),
    "a word for a number": (
        "    operation: cool",
        "    when: {from: weigh.took, is: long}\n    operation: cool",
        r"^r\.yaml:17:18: 'weigh.took' is a number",
    ),
    "condition on itself": (
        "    operation: cool",
        "    when: {from: cool.end, is: at least 5 degC}\n    operation: cool",
        r"^r\.yaml:17:18: .*a result of the step itself",
    ),
    "results of each container": (
        "    operation: weigh",
        "    each: containers\n    operation: weigh",
        r"^r\.yaml:26:22: .*has a value for each round of 'weigh'",
    ),
    "name of a later round": (
        "  - id: cool\n    operation: cool",
        "  - id: weigh-2\n    operation: weigh\n    daily: {at_most: 2}\n    given: {repeats: 1}\n"  # noqa: ISC004  one text
        "  - id: weigh-2-2\n    operation: weigh\n    given: {repeats: 1}\n  - id: cool\n    operation: cool",
        r"^r\.yaml:20:5: step 'weigh-2-2' has the name of a later round of 'weigh-2'",
    ),
    "no limit value": ("max: 60 min, warn_at: 70 %", "warn_at: 70 %", r"^r\.yaml:34:5: .*lacks max or min"),
    "yield of another kind": (
        "theoretical: {from: weigh.volume}",
        "theoretical: {from: weigh.took}",
        r"^r\.yaml:31:29: .*Seconds",
    ),
    "yield in another unit": ("theoretical: {from: weigh.volume}", "theoretical: 20 g", r"^r\.yaml:31:22: .*'mL'"),
    "yield of nothing": ("theoretical: {from: weigh.volume}", "theoretical: 0 mL", r"^r\.yaml:31:22: .*more than 0"),
    "empty step list": ("steps:", "steps: []\nunused:", r"unknown key 'unused'"),
    "twice the same id": ("- id: cool", "- id: weigh", r"^r\.yaml:16:5: .*an earlier step has"),
}


@pytest.mark.requirement("F019", "F159", "C02", refuses=True)
@pytest.mark.parametrize("case", CASES)
def test_a_bad_recipe_is_refused_at_its_line_and_column(tmp_path: Path, case: str) -> None:
    """One error, with the place and what is allowed."""
    old, new, message = CASES[case]
    assert old in GOOD
    with pytest.raises(InputError, match=message):
        read(tmp_path, GOOD.replace(old, new, 1))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: &x 1\nb: *x", r"^f:1:4: a has an anchor"),
        ("a: !!python/object:os.system ls", r"^f:1:4: .*tags are not used"),
        ("a: 1\n---\nb: 2", r"^f:2:1: .*another document"),
        ("", r"^f:1:1: the file is empty"),
        ("[" * 3000, r"^f: lists and mappings are nested too deeply"),
        ("? [1]\n: 3", r"^f:1:3: .*not a word"),
    ],
)
def test_yaml_that_could_surprise_is_refused(text: str, message: str) -> None:
    """Anchors, tags, several documents and unbounded nesting have no place in a master record."""
    with pytest.raises(InputError, match=message):
        read_text(text, name="f")


def test_a_byte_that_is_no_text_is_named_by_its_place(tmp_path: Path) -> None:
    """Latin-1 is not guessed at."""
    (tmp_path / "r.yaml").write_bytes(GOOD.replace("A day", "Ein Kühl-").encode("latin-1"))
    with pytest.raises(InputError, match=r"^r\.yaml:1:\d+: a byte that is not UTF-8"):
        load(tmp_path / "r.yaml", OPERATIONS)


def test_a_recipe_that_is_not_there_is_one_error(tmp_path: Path) -> None:
    """Neither a file nor an installed name."""
    with pytest.raises(InputError, match="No such file"):
        load(tmp_path / "none.yaml", OPERATIONS)
    with pytest.raises(InputError, match="no file and no installed recipe"):
        load("no-such-recipe", OPERATIONS)


@given(st.text(max_size=60))
@settings(derandomize=True, max_examples=300)
def test_any_text_is_read_or_refused_and_never_breaks_the_reader(text: str) -> None:
    """The reader knows two ends: nodes, or an error with a place."""
    assert _place(lambda: read_text(text, name="f").where).startswith("f")


@given(st.integers(0, len(GOOD) - 1), st.sampled_from([":", "-", "{", "%", "\t", "\n", "#", "'", "0", "&"]))
@settings(derandomize=True, max_examples=100, deadline=None)
def test_one_wrong_character_gives_a_recipe_or_one_error(
    tmp_path_factory: pytest.TempPathFactory, at: int, sign: str
) -> None:
    """Whatever is mistyped, nothing but an input error comes out."""
    text = GOOD[:at] + sign + GOOD[at + 1 :]
    assert _place(lambda: read(tmp_path_factory.mktemp("typo"), text).source).startswith("r.yaml")


def _place(act: Callable[[], str]) -> str:
    """Give what an act gives, or where its input error points."""
    try:
        return act()
    except InputError as error:
        return error.where
