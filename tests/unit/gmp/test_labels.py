"""Labels: numbered, reprinted with a reason and a mark, verified against the record, applied once."""

import pytest

from automation.gmp.product.labels import Label
from automation.kernel.errors import IdentityError, RefusedError
from tests.support.doors import Doorway

BAG, OTHER = "B1-01", "B1-02"
FIRST, SECOND = f"label/{BAG}-L1", f"label/{BAG}-L2"
SPOILED = "the ribbon was creased"


def _issue(way: Doorway, stream: str = FIRST, *marks: str, container: str = BAG, **said: object) -> None:
    if way.state(f"container/{container}") == "absent":
        way.do(f"container/{container}", "expect", {"identity": "COI-1", "batch": "B1"})
    body = {
        "container": container,
        "code": f"CONTAINER:{container}",
        "lines": ["T cells"],
        "marks": ["SIMULATED", *marks],
        "template": "container",
        "template_version": "1",
        "batch": "B1",
    }
    way.do(stream, "issue", {**body, **said})


def _printed(way: Doorway, stream: str = FIRST) -> None:
    way.do(stream, "print", {"sha256": "a" * 64})


def _verified(way: Doorway, stream: str = FIRST, container: str = BAG) -> None:
    _printed(way, stream)
    way.do(stream, "verify", {"code": f"CONTAINER:{container}"})


@pytest.mark.requirement("F061")
def test_the_labels_of_a_container_are_numbered_without_gaps(way: Doorway) -> None:
    """Who skips a number hides a label."""
    _issue(way)
    with pytest.raises(RefusedError, match=f"the next label of {BAG} is {BAG}-L2"):
        _issue(way, f"label/{BAG}-L3", "REPRINT", reason=SPOILED)


@pytest.mark.requirement("F061", refuses=True)
@pytest.mark.parametrize("reason", ["", "  ", "x"])
def test_a_reprint_without_a_reason_is_refused(way: Doorway, reason: str) -> None:
    """The refusal is on the record, and nothing was issued."""
    _issue(way)
    with pytest.raises(RefusedError, match="is a reprint: a reason"):
        _issue(way, SECOND, "REPRINT", reason=reason)
    assert (way.state(SECOND), len(way.refusals(SECOND))) == ("absent", 1)


def test_a_reprint_says_so(way: Doorway) -> None:
    """It carries the mark, or it is a copy for the record."""
    _issue(way)
    with pytest.raises(RefusedError, match="the mark REPRINT or RECORD COPY"):
        _issue(way, SECOND, reason=SPOILED)
    _issue(way, SECOND, "REPRINT", reason=SPOILED)
    assert way.get(Label, SECOND).reason == SPOILED


@pytest.mark.requirement("F061", refuses=True)
def test_a_label_that_reads_as_another_container_is_not_verified(way: Doorway) -> None:
    """Its printed text may look right; the symbol decides."""
    _issue(way)
    _printed(way)
    with pytest.raises(IdentityError, match="was not read as 'CONTAINER:"):
        way.do(FIRST, "verify", {"code": f"CONTAINER:{OTHER}"})
    assert way.state(FIRST) == "printed"


@pytest.mark.requirement("F061", refuses=True)
def test_a_label_goes_on_its_own_container_only(way: Doorway) -> None:
    """Whatever was scanned before."""
    _issue(way)
    _verified(way)
    with pytest.raises(IdentityError, match=f"can't go on {OTHER}"):
        way.do(FIRST, "apply", {"container": OTHER})


@pytest.mark.requirement("F061", refuses=True)
def test_a_container_carries_one_label_at_a_time(way: Doorway) -> None:
    """The old one is destroyed before the new one goes on."""
    _issue(way)
    _verified(way)
    way.do(FIRST, "apply", {"container": BAG})
    _issue(way, SECOND, "REPRINT", reason=SPOILED)
    _verified(way, SECOND)
    with pytest.raises(RefusedError, match=f"carries label {BAG}-L1"):
        way.do(SECOND, "apply", {"container": BAG})
    way.do(FIRST, "destroy", {"reason": SPOILED})
    way.do(SECOND, "apply", {"container": BAG})
    assert way.state(SECOND) == "applied"


@pytest.mark.requirement("F061", refuses=True)
def test_a_copy_for_the_record_goes_on_no_container(way: Doorway) -> None:
    """It is kept."""
    _issue(way)
    _issue(way, SECOND, "RECORD COPY", reason="for the batch record")
    _verified(way, SECOND)
    with pytest.raises(RefusedError, match="is a record copy"):
        way.do(SECOND, "apply", {"container": BAG})
    way.do(SECOND, "keep")
    assert way.state(SECOND) == "kept"


def test_a_label_is_of_a_container_of_its_batch(way: Doorway) -> None:
    """Nothing is printed for what nobody knows."""
    with pytest.raises(RefusedError, match="is not one of batch B2"):
        _issue(way, batch="B2")
    with pytest.raises(RefusedError, match="is not one of batch B1"):
        way.do("label/X-L1", "issue", {"container": "X", "code": "C", "lines": [], "template": "t",
               "template_version": "1", "batch": "B1", "marks": ["SIMULATED"]})  # fmt: skip


def test_a_label_of_a_simulated_site_says_so(way: Doorway) -> None:
    """Simulated is never real."""
    with pytest.raises(RefusedError, match="has to carry the mark SIMULATED"):
        _issue(way, marks=[])


def test_a_label_of_a_live_site_needs_no_mark(live: Doorway) -> None:
    """And a number of which nothing came out is not counted as printed."""
    _issue(live, marks=[])
    live.do(FIRST, "void", {"reason": "paper out"})
    assert not live.get(Label, FIRST).out
