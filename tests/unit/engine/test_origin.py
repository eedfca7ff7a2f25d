"""The program runs from the packages of one installed distribution, or not at all."""

import json
from importlib.metadata import Distribution, PathDistribution
from pathlib import Path

import pytest

from automation.engine import origin
from automation.kernel.errors import InputError


def packages(folder: Path) -> Path:
    """Lay the four packages out in a folder."""
    for name in origin.PACKAGES:
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").touch()
    return folder


def distribution(
    folder: Path, *, editable: Path | None = None, recorded: tuple[str, ...] = origin.PACKAGES
) -> Distribution:
    """Lay out what an installer leaves behind."""
    info = folder / "cellwright-1.2.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: cellwright\nVersion: 1.2\n", encoding="utf-8")
    (info / "RECORD").write_text("".join(f"{name}/__init__.py,,\n" for name in recorded), encoding="utf-8")
    said = {"url": (editable or folder).as_uri(), "dir_info": {"editable": True} if editable else {}}
    (info / "direct_url.json").write_text(json.dumps(said), encoding="utf-8")
    return PathDistribution(info)


def test_the_packages_of_this_process_are_those_installed() -> None:
    """This very check runs before a site is opened."""
    origin.check(origin.installed())
    assert origin.found("automation") == Path(origin.__file__).resolve().parents[1]


@pytest.mark.parametrize("editable", [True, False])
def test_packages_of_the_distribution_are_taken(tmp_path: Path, *, editable: bool) -> None:
    """Where they were installed, or where an editable installation has its source; a blank in the path is none."""
    here = packages(tmp_path / "my folder")
    ours = distribution(tmp_path / "site", editable=here) if editable else distribution(here)
    origin.check(ours, lambda name: here / name)
    assert (here / "automation").is_dir()


@pytest.mark.parametrize("editable", [True, False])
@pytest.mark.parametrize("name", origin.PACKAGES)
def test_a_package_from_elsewhere_is_refused(tmp_path: Path, name: str, *, editable: bool) -> None:
    """One error names the package, where it comes from and where the right one stands."""
    here, other = packages(tmp_path / "here"), packages(tmp_path / "other")
    ours = distribution(tmp_path / "site", editable=here) if editable else distribution(here)
    with pytest.raises(
        InputError, match=rf"package '{name}' comes from .*other.*that of cellwright 1.2 stands in .*here"
    ):
        origin.check(ours, lambda one: (other if one == name else here) / one)


def test_a_package_that_the_wheel_does_not_record_is_refused(tmp_path: Path) -> None:
    """Somebody put a folder beside the installed ones."""
    here = packages(tmp_path)
    ours = distribution(here, recorded=("automation", "instruments", "protocols"))
    with pytest.raises(InputError, match=r"package 'fakes' comes from .*; cellwright 1.2 has none"):
        origin.check(ours, lambda name: here / name)


def test_a_package_that_is_nowhere_is_refused(tmp_path: Path) -> None:
    """A half-removed installation."""
    here = packages(tmp_path)
    with pytest.raises(InputError, match="package 'automation' comes from nowhere"):
        origin.check(distribution(here), lambda _name: None)
