"""The whole day at a site whose freezer is behind LADS: its program's content is compared by hash, or by people."""

import pytest

from automation.gmp.people.prompts import Prompt
from fakes.lads_freezer import TEMPLATE
from tests.support.lads_freezers import site_with_lads
from tests.support.runs import Run, run_batch

pytestmark = pytest.mark.requirement("C05.3", "F048")


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run a batch at a freezer that gives the content of its program out."""
    return run_batch(site_with_lads(tmp_path_factory.mktemp("shown") / "a"))


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run a batch at a freezer that keeps its programs to itself."""
    return run_batch(site_with_lads(tmp_path_factory.mktemp("closed") / "a", shows=False))


def test_a_bag_is_frozen_by_a_program_that_was_uploaded(shown: Run) -> None:
    """Every step ends well, the program ran once in the device, and its curve was accepted."""
    assert (shown.state, shown.step("freeze").state) == ("closed", "frozen")
    assert shown.deviations() == []
    assert shown.acts["crf-01"]["start"] == 1
    assert asked(shown) == []


def test_people_compare_a_program_that_the_device_does_not_show(closed: Run) -> None:
    """Once at loading, by two, and once before the start; what the device shows of it stands in the question."""
    assert (closed.state, closed.step("freeze").state) == ("closed", "frozen")
    texts = asked(closed)
    assert len(texts) == 2
    assert all(f"{TEMPLATE!r} (version " in text for text in texts)
    assert "4. ramp to -18 degC at 10 K/min" in texts[0]


def asked(run: Run) -> list[str]:
    """Give what people were asked about the stored program, in order."""
    prompts = [thing for thing in run.things.values() if isinstance(thing, Prompt) and thing.opening is not None]
    return [one.opening.text for one in prompts if one.opening is not None and "stored program" in one.opening.text]
