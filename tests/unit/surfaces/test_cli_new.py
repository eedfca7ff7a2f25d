"""``new``: names that are read once, nothing overwritten, and one paragraph that says what is allowed."""

from pathlib import Path

import pytest

from tests.support.commands import Said, cellwright


def new(*words: str, folder: Path) -> Said:
    """Write a start without installing it."""
    return cellwright("new", *words, "--no-install", "--in", folder)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Give an empty project."""
    assert new("project", "trial-lab", folder=tmp_path).status == 0
    return tmp_path / "trial-lab"


def contents(folder: Path) -> dict[Path, str]:
    """Give every file with its text."""
    return {path: path.read_text(encoding="utf-8") for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    "name", ["", "x", "Big", "1st", "a b", "ab--c", "-ab", "ab_", "é", "../up", "a" * 25, "class", "json", "fakes"]
)
def test_a_name_that_no_file_or_class_can_have_is_refused(tmp_path: Path, name: str) -> None:
    """In one paragraph, before anything is written."""
    said = cellwright("new", "project", "--no-install", "--in", tmp_path, "--", name)
    assert (said.status, said.out, said.err.count("\n")) == (2, "", 1)
    assert f"project is {name!r}" in said.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("operation", "wash"), "installed already"),
        (("operation", "final-day"), "installed already"),
        (("driver", "mt-sics"), "installed already"),
        (("driver", "tr20", "--class", "Tube Rocker"), "--class is"),
        (("recipe", "my-day"), "name operations"),
        (("recipe", "my-day", "receeive"), "did you mean 'receive'"),
        (("recipe", "my-day", "--variant-of", "final-dai"), "did you mean 'final-day'"),
        (("recipe", "my-day", "fill"), "nothing was written"),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, tuple) else "",
)
def test_what_can_not_be_made_is_said_and_leaves_the_project_as_it_was(
    project: Path, words: tuple[str, ...], why: str
) -> None:
    """Taken names, unknown operations and recipes, steps that need others."""
    before = contents(project)
    said = new(*words, folder=project)
    assert (said.status, why in said.err) == (2, True), said.err
    assert contents(project) == before


@pytest.mark.parametrize("words", [("operation", "cold-rest"), ("driver", "tr20"), ("recipe", "my-day", "receive")])
def test_nothing_is_overwritten(project: Path, words: tuple[str, ...]) -> None:
    """The second time every file is there already."""
    assert new(*words, folder=project).status == 0
    before = contents(project)
    said = new(*words, folder=project)
    assert (said.status, "is there already" in said.err) == (2, True)
    assert contents(project) == before


def test_a_folder_that_is_there_is_no_place_for_a_project(project: Path) -> None:
    """Whatever is in it."""
    before = contents(project)
    assert new("project", "trial-lab", folder=project.parent).status == 2
    assert contents(project) == before


def test_outside_of_a_project_it_says_how_to_make_one(tmp_path: Path) -> None:
    """Also in the folder of another program."""
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "other"\n')
    said = new("operation", "cold-rest", folder=tmp_path)
    assert (said.status, "cellwright new project" in said.err) == (2, True)


def test_comments_and_order_of_the_authors_files_stay(project: Path) -> None:
    """Lines are put in, and nothing else is touched."""
    files = (project / "pyproject.toml", project / "trial_lab" / "sites" / "trial-lab" / "site.yaml")
    files[0].write_text(files[0].read_text() + "# mine\n")
    before = [file.read_text().splitlines() for file in files]
    assert new("driver", "tr20", folder=project).status == 0
    for file, lines in zip(files, before, strict=True):
        rest = iter(file.read_text().splitlines())
        assert all(line in rest for line in lines)


def test_a_second_driver_of_a_class_uses_the_interface_that_is_there(project: Path) -> None:
    """Two models, one capability."""
    assert new("driver", "tr20", "--class", "tube rocker", folder=project).status == 0
    path = project / "trial_lab" / "interfaces" / "tube_rocker.py"
    path.write_text(path.read_text() + "# mine\n")
    assert new("driver", "tr30", "--class", "tube rocker", folder=project).status == 0
    assert path.read_text().endswith("# mine\n")
