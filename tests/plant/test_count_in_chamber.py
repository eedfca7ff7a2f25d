"""A site without a cell counter counts in a chamber: what was seen is entered, and the batch goes on with it."""

from pathlib import Path

import pytest

from tests.support.runs import make_site, run_batch

DAY = "    driver: manual_counter\n"


@pytest.mark.requirement("F034", "F163.1", "C06")
def test_a_batch_is_counted_in_a_chamber(tmp_path: Path) -> None:
    """Squares, dilution, live and dead: the answers of two persons, and a viability that the recipe's limits judge."""
    site = make_site(tmp_path / "site", "b")
    told = (site / "site.yaml").read_text(encoding="utf-8")
    assert told.count(DAY) == 1
    (site / "site.yaml").write_text(told.replace(DAY, f"{DAY}    settings: {{entry: chamber}}\n"), encoding="utf-8")
    run = run_batch(site, recipe="freeze-day")
    answered = [
        dict(getattr(thing, "values", ()))
        for name, thing in run.things.items()
        if name.startswith("prompt/B-001.count") and "in the chamber" in str(getattr(thing, "opening", ""))
    ]
    assert [set(one) for one in answered] == [{"live", "dead", "squares", "dilution"}] * 2
    assert all(300 < one["live"] + one["dead"] < 500 for one in answered)
    assert run.state == "closed"
