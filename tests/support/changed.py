"""An installed recipe with other words in it, written beside a site for one test."""

from pathlib import Path

from protocols import recipes


def recipe_with(folder: Path, recipe: str, *changes: tuple[str, str]) -> str:
    """Write a recipe with each text replaced by another; gives its path. A text that is not in it is an error."""
    text = (Path(recipes.__file__).parent / f"{recipe}.yaml").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    path = folder / "changed.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)
