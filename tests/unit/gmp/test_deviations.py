"""Deviations: concluded by one, closed by another."""

import pytest

from automation.gmp.quality.deviations import Deviation
from automation.kernel.errors import RefusedError
from tests.support.doors import SECOND, START, Doorway, proof

D = "deviation/B1-D01"
CONCLUSION = {"cause": "the lid was open", "impact": "none, the curve is in limits"}


@pytest.mark.requirement("F073", refuses=True)
@pytest.mark.parametrize("subject", ["crf-01", "B-17", "freezer/crf-01", "asset/", ""])
def test_a_deviation_is_about_something_that_can_be_found_by_it(way: Doorway, subject: str) -> None:
    """A bare id is the mark of nothing: nobody who looks at the batch or asset would meet the deviation."""
    with pytest.raises(RefusedError, match=f"subject is '{subject}'; KIND/ID is needed, for example batch/B-17"):
        way.do(D, "open", {"subject": subject, "title": "lid open"}, by="perform")
    way.do(D, "open", {"subject": "asset/crf-01", "title": "lid open"}, by="perform")


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
