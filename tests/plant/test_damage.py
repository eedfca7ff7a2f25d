"""What is wrong with a simulated site is told in one paragraph, before anything happens."""

from pathlib import Path

import pytest

from automation.bootstrap import operations
from automation.engine.recipe.load import load
from automation.kernel.errors import DamagedError, InputError
from tests.support.runs import make_site, resume_batch, run_batch
from tests.support.scenes import change_site


def test_a_power_fail_strategy_that_the_fake_does_not_know_is_refused(tmp_path: Path) -> None:
    """The key, the value and what is allowed are named."""
    folder = change_site(make_site(tmp_path), ("power_fail: continue", "power_fail: maybe"))
    with pytest.raises(InputError, match=r"power_fail.*maybe.*continue"):
        run_batch(folder)


def test_a_damaged_log_of_the_plant_is_named_with_its_line(tmp_path: Path) -> None:
    """The plant is not rebuilt from what it never heard."""
    run_batch(make_site(tmp_path), until=1000.0)
    log = tmp_path / "plant.log"
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(lines[0] + b"\xff" * 20 + b"\n" + b"".join(lines[2:]))
    with pytest.raises(DamagedError, match=r"plant\.log:2"):
        resume_batch(tmp_path)


def test_a_rate_that_no_freezer_has_is_refused_where_it_stands(tmp_path: Path) -> None:
    """A program's segments have ranges, as every other parameter."""
    text = (Path(__file__).parents[2] / "protocols" / "recipes" / "freeze-day.yaml").read_text()
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(text.replace("rate: 25 K/min", "rate: 1000 K/min"))
    with pytest.raises(InputError, match=r"wrong\.yaml:\d+:\d+: .*1000"):
        load(wrong, operations())
