"""The test kit where it has to say no: what is not installed, sites that lack something, people who can't go on."""

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from automation.kernel.errors import FailedError, InputError
from automation.kernel.quantity import Instant
from fakes.kit.contracts import check_declared, check_pieces, check_rubbish
from fakes.kit.installed import check_installed
from fakes.kit.runs import fitting, make_site, run_batch
from fakes.world import World
from tests.support.scenes import change_site

HERE = "tests.unit.fakes.test_kit"


class Careless:
    """A fake that takes a chunk for a frame and any hand for one that it knows."""

    def feed(self, data: bytes, now: Instant) -> bytes:  # noqa: ARG002  as every fake
        """Answer what came, in brackets."""
        return b"<" + data + b">"

    def hand(self, action: str, details: dict[str, object], now: Instant) -> None:
        """Know everything."""

    def unasked(self, now: Instant) -> bytes:  # noqa: ARG002  as every fake
        """Say nothing."""
        return b""


def careless(_world: World, _name: str, _settings: dict[str, str]) -> Careless:
    """Make one."""
    return Careless()


def test_what_is_declared_and_not_installed_is_named(tmp_path: Path) -> None:
    """With the command that installs it."""
    declared = '[project.entry-points."cellwright.operations"]\nno_such_step = "nowhere:Step"\n'
    (tmp_path / "pyproject.toml").write_text(declared, encoding="utf-8")
    with pytest.raises(InputError, match=r"operations no_such_step; run: python -m pip install"):
        check_installed(tmp_path)


def test_a_fake_that_breaks_the_contract_is_refused_in_words() -> None:
    """Bytes one by one, and hands that nobody knows."""
    entry = EntryPoint("careless", f"{HERE}:careless", "cellwright.fakes")
    with pytest.raises(FailedError, match="one by one"):
        check_pieces(entry)
    with pytest.raises(FailedError, match="a hand that it does not know"):
        check_rubbish(entry)
    with pytest.raises(FailedError, match="Factory is needed"):
        check_declared(entry)


def test_a_site_is_chosen_by_its_equipment(tmp_path: Path) -> None:
    """The store has no counter; a site of the day has one."""
    assert fitting(tmp_path / "one", "freeze-day", "c", "a").name == "a"
    with pytest.raises(InputError, match="cell counter"):
        fitting(tmp_path / "none", "freeze-day", "c")


@pytest.mark.requirement("C07")
def test_scripted_people_who_cannot_go_on_say_why(tmp_path: Path) -> None:
    """A field that no paper has; the question stays open, and the run says what is missing."""
    site = change_site(make_site(tmp_path), ("    condition: intact", "    colour: pink"))
    run = run_batch(site, until=7200.0)
    assert run.state == "running"
    assert "the scripted people know no condition" in " ".join(run.stuck)
