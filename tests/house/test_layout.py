"""The house from outside: what stands on the top level, what is locked, what no file may say."""

import re
from typing import Final

import pytest

from tests.house.source import ROOT, files, modules, texts

TOP: Final = {"automation", "protocols", "instruments", "fakes", "tests", "pyproject.toml", "README.md"} | {
    "docs", ".ci", "Makefile", "LICENSE", "CHANGELOG.md", ".gitignore",
}  # fmt: skip
LOCKS: Final = sorted(path for path in files() if path.startswith(".ci/lock/"))
FORBIDDEN: Final = {
    "a path of one machine": r"(?<![\w.])/(?:work|home|root|Users)/\w",
    "a number of a thread about the work": r"\b[Ii]ssues? #\d|\bGH-\d|\b(?:[Ff]ix(?:es|ed)?|[Cc]lose[sd]?|[Ss]ee) #\d",
    "a host that only one network knows": r"https?://[\w.-]+\.(?:internal|local|corp|lan)\b|/simple/?\s*$",
    "work that is not done": r"\b(?:TODO|FIXME|XXX|HACK)\b",
}
WRITTEN_BY_OTHERS: Final = ("LICENSE", ".ci/lock/")


def test_the_top_level_is_fixed() -> None:
    """Whoever opens the folder sees the four parts, the tests and little else."""
    assert {path.split("/")[0] for path in files()} - TOP == set()


def test_no_file_is_empty() -> None:
    """A file is there for what it says."""
    assert [path for path in files() if not (ROOT / path).stat().st_size] == []


def test_every_folder_of_code_is_a_package_with_one_sentence_about_itself() -> None:
    """An ``__init__`` tells what the folder holds; docstrings are checked by the linter."""
    folders = {module.path.rpartition("/")[0] for module in modules()}
    assert [folder for folder in sorted(folders) if f"{folder}/__init__.py" not in files()] == []


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_names(what: str) -> None:
    """The project says nothing of the machine and the talk it was made with."""
    pattern = re.compile(FORBIDDEN[what], re.MULTILINE)
    readable = [
        (path, text) for path, text in texts() if not path.startswith((*WRITTEN_BY_OTHERS, "tests/house/test_layout"))
    ]
    found = [f"{path}: {match.group()!r}" for path, text in readable for match in pattern.finditer(text)]
    assert found == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_pins_every_package_by_hash_and_names_no_address(lock: str) -> None:
    """The same lock works wherever packages come from."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    packages = re.findall(r"^[a-z0-9].*", text, re.MULTILINE)
    assert [line for line in packages if "==" not in line] == []
    assert text.count("--hash=sha256:") >= len(packages) > 0
    assert re.findall(r"https?:|--(?:extra-)?index|--find-links|--trusted|file:|@", text) == []


def test_every_locked_core_package_has_its_licence_on_the_page() -> None:
    """The page and the lock tell the same; no package is under the GPL."""
    lock = (ROOT / ".ci/lock/core.txt").read_text(encoding="utf-8")
    page = (ROOT / "docs/dependencies.md").read_text(encoding="utf-8")
    locked = set(re.findall(r"^([a-z0-9-]+)==", lock, re.MULTILINE))
    listed = dict(re.findall(r"^\| ([a-z0-9-]+) \| ([^|]+) \|", page, re.MULTILINE))
    assert locked == set(listed) - {"package"}
    assert [name for name, licence in listed.items() if "GPL" in licence] == []


def test_the_readme_names_the_very_commands_that_are_run_for_it() -> None:
    """What a newcomer types is what is tested from a clean checkout."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    run = (ROOT / ".ci/run").read_text(encoding="utf-8")
    make = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in ("test", "demo"):
        assert re.search(rf"^\s*(?:\$ )?make {target}\b", readme, re.MULTILINE)
        assert f"make {target}" in run
        assert re.search(rf"^{target}:", make, re.MULTILINE)
