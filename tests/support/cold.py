"""Batches of frozen product: recipes approved for a lot that is for patients, and what stands in the store."""

from importlib import resources
from pathlib import Path

from tests.support.runs import Run

BAG = "BAG-0101"
POSITION = "LN2-1/R1/B1/01"


def approved(folder: Path, recipe: str, *changes: tuple[str, str]) -> str:
    """Write an approved copy of a packaged recipe with other words in it; gives its path."""
    text = resources.files("protocols.recipes").joinpath(f"{recipe}.yaml").read_text(encoding="utf-8")
    for old, new in (("status: draft", "status: approved"), *changes):
        assert old in text, old
        text = text.replace(old, new)
    path = folder / f"{recipe}-approved.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def bag_of(run: Run) -> tuple[str, bool]:
    """Give where the stored bag has come to, and whether it is on QA hold."""
    bag = run.things[f"container/{BAG}"]
    return str(bag.state), bool(getattr(bag, "on_hold", False))
