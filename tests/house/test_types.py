"""Types hold: few holes, each with a reason, and units that do not fit are refused."""

import re
from pathlib import Path

import pytest
from mypy import api

from tests.house.source import PACKAGES, ROOT, modules

EVERYWHERE = (*PACKAGES, "tests")
ANY_PER_THOUSAND = 3.0
IGNORES_PER_THOUSAND = 0.3
IGNORE = re.compile(r"#\s*type:\s*ignore(?P<code>\[[a-z-, ]+\])?(?P<reason>.*)")
HEADER = """
from automation.kernel.quantity import (
    Celsius, CellsPerMillilitre, Grams, Instant, Kelvin, KelvinPerMinute, Microlitres, Millilitres, Percent, Seconds,
)

def hold(duration: Seconds) -> None: ...

t, dt, rate = Celsius(-40), Kelvin(2), KelvinPerMinute(-1)
volume, small, mass = Millilitres(20), Microlitres(5), Grams(3)
now, wait, share, density = Instant(0), Seconds(60), Percent(5), CellsPerMillilitre(1e6)
"""
WRONG = (
    "t - rate",
    "t + t",
    "dt + rate",
    "volume + small",
    "volume + mass",
    "now + now",
    "now - rate",
    "share < volume",
    "hold(dt)",
    "hold(60.0)",
)
RIGHT = (
    "t - t + dt",
    "t + dt",
    "t - dt",
    "now - now",
    "now + wait",
    "volume * 2",
    "volume / volume",
    "dt < dt",
    "hold(wait)",
)


def test_any_is_almost_never_written() -> None:
    """``Any`` switches the checker off for everything it touches."""
    found = [
        f"{m.path}: {n}"
        for m in modules(*EVERYWHERE)
        if (n := len(re.findall(r"(?<![\w\"'`])Any\b(?!\w)", _code(m.text))))
    ]
    lines = sum(module.length for module in modules(*EVERYWHERE))
    assert sum(int(entry.split()[-1]) for entry in found) <= ANY_PER_THOUSAND * lines / 1000, found


def _code(text: str) -> str:
    """Give the lines that are neither comment nor inside a docstring's first line."""
    return "\n".join(line.split("#")[0] for line in text.splitlines() if not line.strip().startswith(('"""', "#")))


def test_each_ignored_type_error_names_its_code_and_its_reason() -> None:
    """An exception without a reason can't be reviewed."""
    found = [
        (module, match)
        for module in modules(*EVERYWHERE)
        for match in IGNORE.finditer(module.text)
        if module.path != "tests/house/test_types.py"
    ]
    assert [f"{m.path} {i.group()}" for m, i in found if not i["code"] or not i["reason"].strip(" #")] == []
    lines = sum(module.length for module in modules(*EVERYWHERE))
    assert len(found) <= IGNORES_PER_THOUSAND * lines / 1000, [f"{m.path} {i.group()}" for m, i in found]


@pytest.mark.requirement("C01.1")
@pytest.mark.requirement("C01.1", refuses=True)
def test_the_type_checker_refuses_each_of_ten_wrong_lines_and_no_right_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Units that do not fit are found before anything runs."""
    monkeypatch.chdir(ROOT)
    snippet = tmp_path / "snippet.py"
    snippet.write_text(HEADER + "\n".join((*WRONG, *RIGHT)) + "\n", encoding="utf-8")
    said, trouble, _ = api.run(["--config-file", str(ROOT / "pyproject.toml"), "--no-error-summary", str(snippet)])
    refused = {int(number) for number in re.findall(r"snippet\.py:(\d+): error", said)}
    first = HEADER.count("\n") + 1
    assert refused == set(range(first, first + len(WRONG))), said + trouble
