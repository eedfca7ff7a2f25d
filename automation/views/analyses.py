"""Batch analyses: every result of every lot by one specification, for the section of a submission that asks for them.

Results stand as they were reported, those that do not count with the reason; nothing is left out or put together.
Source: ICH M4Q(R1), 3.2.S.4.4 and 3.2.P.5.4 (batch analyses), 3.2.S.4.1 and 3.2.P.5.1 (specification).
"""

from collections.abc import Iterator

from automation.gmp.product.testing import QcTest, State, judge_by
from automation.gmp.quality.specifications import Specification
from automation.kernel.errors import CellwrightError, InputError
from automation.views.objects import Objects

FIELDS = ("lot", "sample", "test", "method", "criterion", "result", "status", "judged", "measured", "events")
SET_ASIDE = "set aside"  # of a result that does not count
_REPORTS = frozenset({"report_preliminary", "report", "correct"})


def of_analyses(objects: Objects, specification: str) -> tuple[str, ...]:
    """Give the streams of a specification and of what was tested by it; raises InputError when nothing was."""
    objects.known("specification", specification)
    tests = tuple(f"test/{one.id}" for one in _tests(objects, specification))
    if not tests:
        raise InputError(f"no lot has a result by {specification}")
    return (f"specification/{specification}", *tests)


def batch_analyses(objects: Objects, specification: str) -> Iterator[tuple[str, ...]]:
    """Give one row for each result that counts or was set aside, in the order of lots and criteria."""
    demanded = objects.find("specification", specification)
    if not isinstance(demanded, Specification):
        raise InputError(f"{specification} is no specification")
    approved = [event.seq for event in objects.streams[f"specification/{specification}"] if event.kind == "approve"]
    order = {one.test: place for place, one in enumerate(demanded.criteria)}
    found = [one for one in _tests(objects, specification) if one.request is not None]
    for one in sorted(
        found, key=lambda one: (one.batch, order.get(one.request.test if one.request else "", 0), one.id)
    ):
        criterion = demanded.criterion(one.request.test if one.request else "")
        said = one.results[-1]
        events = [
            event.seq for event in objects.streams[f"test/{one.id}"] if event.kind in _REPORTS or event.kind == "review"
        ]
        yield (
            one.batch,
            one.sample,
            criterion.test if criterion else "",
            said.method,
            criterion.says if criterion else "",
            said.value,
            _status(one),
            _judged(one, objects),
            said.analysed,
            " ".join(map(str, (*events, *approved))),
        )


def _tests(objects: Objects, specification: str) -> Iterator[QcTest]:
    for one in objects.every("test"):
        if isinstance(one, QcTest) and one.results and one.request and one.request.specification == specification:
            yield one


def _status(one: QcTest) -> str:
    if one.state is State.INVALIDATED:
        return f"{SET_ASIDE}: {one.set_aside}"
    return f"{one.statuses[-1]}, {'reviewed' if one.state is State.REVIEWED else 'not reviewed'}"


def _judged(one: QcTest, objects: Objects) -> str:
    try:
        return str(judge_by(one, objects)[0])
    except CellwrightError:
        return "not evaluable"
