"""A change is judged by the tests that reach it, the quick ones first; ``make mutants`` runs all of it."""

from tests.mutants.groups import GROUPS
from tests.mutants.reach import LONGEST, Mutant, Reach, heads_of

CHANGE = Mutant("automation.x.x_f__mutmut_1", "automation/x.py", "x_f", (10, 20), "")
TOOK = {"slow": 2.0, "quick": 0.1, "elsewhere": 0.5, "endless": LONGEST}


def _reach(lines: dict[str, list[int]]) -> Reach:
    """Say which tests ran which lines of the module."""
    return Reach(TOOK, {"automation/x.py": lines})


def test_a_change_is_judged_by_the_tests_that_reach_it_the_shortest_first() -> None:
    """As many as fit in the time; whose first line alone was run did not run the function."""
    lines = {"slow": [11], "quick": [5, 20], "elsewhere": [10, 21], "endless": [15]}
    assert _reach(lines).of(CHANGE) == ["quick", "slow"]
    assert _reach({"endless": [15]}).of(CHANGE) == ["endless"]
    assert _reach({}).of(CHANGE) == []


def test_what_runs_while_a_module_is_imported_may_show_in_any_test() -> None:
    """Those that reach it again come first."""
    reach = _reach({"": [12], "slow": [12]})
    assert reach.early(CHANGE)
    assert reach.of(CHANGE) == ["slow", "quick", "elsewhere"]
    assert not _reach({"slow": [12]}).early(CHANGE)


def test_the_first_lines_of_a_function_are_not_what_it_does() -> None:
    """They run whenever its module is imported, however many they are."""
    code = "\n\nclass C:\n    def f(\n        self\n    ) -> int:\n        return 1\n\n\nasync def g():\n    pass\n"
    assert heads_of(code) == {"f": 6, "g": 10}


def test_modules_are_named_by_words_of_their_paths() -> None:
    """All without a word; what does nothing is left out."""
    assert GROUPS["kernel"].modules(["lines", "ids"]) == ["automation/kernel/ids.py", "automation/kernel/lines.py"]
    assert "automation/kernel/errors.py" not in GROUPS["kernel"].modules([])
    assert GROUPS["journal"].modules([]) == ["automation/engine/journal.py"]
