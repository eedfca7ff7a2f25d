"""Deviations: concluded by one, closed by another."""

import pytest

from automation.gmp.quality.deviations import Deviation
from automation.kernel.errors import RefusedError
from tests.support.doors import SECOND, START, Doorway, proof
from tests.unit.gmp.moves_of_quality import Body, act, check_refused, lot

D = "deviation/B1-D01"
CONCLUSION = {"cause": "the lid was open", "impact": "none, the curve is in limits"}


@pytest.mark.requirement("F073", refuses=True)
@pytest.mark.parametrize("subject", ["crf-01", "B-17", "freezer/crf-01", "asset/", ""])
def test_a_deviation_is_about_something_that_can_be_found_by_it(way: Doorway, subject: str) -> None:
    """A bare id is the mark of nothing: nobody who looks at the batch or asset would meet the deviation."""
    with pytest.raises(RefusedError, match=f"subject is '{subject}'; KIND/ID is needed, for example batch/B-17"):
        way.do(D, "open", {"subject": subject, "title": "lid open"}, by="perform")
    way.do(D, "open", {"subject": "person/perform", "title": "lid open"}, by="perform")


@pytest.mark.requirement("F073")
@pytest.mark.requirement("F073", refuses=True)
@pytest.mark.parametrize("body", [{"subject": "batch/B-71"}, {"subject": "person/perform", "batch": "B-71"}])
def test_a_deviation_about_a_batch_that_is_not_there_names_those_that_are(
    way: Doorway, body: dict[str, object]
) -> None:
    """A typing error would file it where nobody looks; what has no record here is taken when its author says why."""
    act(way, "batch/B-17", "issue", lot(), by="issue")
    said: Body = {**body, "title": "lid open"}
    check_refused(way, D, "open", said, by="perform", match=r"batch/B-71, which is not known here \(known: B-17\)")
    act(way, D, "open", {"subject": "batch/B-17", "title": "lid open", "batch": "B-17"}, by="perform")
    old: Body = {"subject": "batch/B-3", "title": "lid open", "unrecorded": "made before this system"}
    act(way, "deviation/D-2", "open", old, by="perform")
    known: Body = {**old, "subject": "batch/B-17"}
    check_refused(way, "deviation/D-3", "open", known, by="perform", match="batch/B-17, which is known here")


@pytest.mark.requirement("F073", refuses=True)
def test_the_author_of_the_conclusion_does_not_close_it(way: Doorway) -> None:
    """Not even with the right to."""
    way.do(D, "open", {"subject": "batch/B1/step/freeze", "title": "lid open", "rule": "lid", "batch": "B1"})
    way.do(D, "conclude", CONCLUSION, by="investigate", signs=(proof("investigate", "authored"),))
    deviation = way.get(Deviation, D)
    assert (deviation.author, deviation.opened_at) == ("investigate", START)
    way.do(D, "return", {"reason": "say why it was open"}, by="approve", signs=(proof("approve", "returned"),))
    way.do("person/investigate", "grant", {"roles": ["all"], "reason": "small site"}, by=SECOND)
    way.do(D, "conclude", CONCLUSION, by="investigate", signs=(proof("investigate", "authored"),))
    with pytest.raises(RefusedError, match="someone else has to close it"):
        way.do(D, "close", by="investigate", signs=(proof("investigate", "approved"),))
    way.do(D, "close", by="approve", signs=(proof("approve", "approved"),))
    assert way.state(D) == "closed"
