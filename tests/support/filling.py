"""A bag of washed cells at a packaged site, formulated and filled by a recipe of the tests."""

from pathlib import Path

from tests.support.runs import Hook, Run, make_site, run_batch
from tests.support.scenes import change_site

RECIPE = Path(__file__).parents[1] / "data" / "recipes" / "fill-day.yaml"
BAG = "WASH-0001"
_KNOWN = """containers:
  WASH-0001:
    identity: CHA999926W4SH01
    din: A999926000201
    product_code: S12954A0
    kind: bag150
    volume: 20 mL
    sealed_with: SL-60001
"""
_TRUE = """world:
  containers:
    WASH-0001:
      {kind: bag150, volume: 20, live: 1.04e+9, dead: 0.05e+9, density: 1.01, place: bench, temperature: 22}
"""
_PAPERS = """  papers_of:
    WASH-0001: {lowest: 19.5, highest: 23.8}
"""


def fill_site(folder: Path, site: str = "b", *changes: tuple[str, str]) -> Path:
    """Make a folder with a packaged site at which a bag of washed cells is expected."""
    made = make_site(folder, site)
    known, true, papers = ("containers:\n", _KNOWN), ("world:\n  containers:\n", _TRUE), ("  papers_of:\n", _PAPERS)
    path = made / "site.yaml"
    text = path.read_text(encoding="utf-8")
    for old, new in (true, papers):
        text = text.replace(old, new)
    text = text.replace("\n" + known[0], "\n" + known[1], 1)
    path.write_text(text, encoding="utf-8")
    return change_site(made, *changes)


def fill_day(folder: Path, *hooks: Hook, site: str = "b") -> Run:
    """Run the recipe of the tests at a new site."""
    return run_batch(fill_site(folder, site), *hooks, recipe=str(RECIPE))
