"""What was tested: results of a step against their limits, and the laboratory's tests of the batch.

A result of a step is of a sample of that step; a laboratory's test is of the aliquot that it took in. Every value that
was reported stands, preliminary and corrected ones too, in its order.
Source: MESA B2MML-BatchML 7.0.1 (SampleType, SampleTestType, SampleTestResultType).
"""

from collections.abc import Iterator, Sequence

from automation.exchange.batchml.parts import entry, event, value
from automation.exchange.batchml.xml import Node, node
from automation.gmp.product.testing import QcTest, Result
from automation.ledger.event import Event
from automation.views.record import Criterion, Judged, Step
from automation.views.story import Told


def samples(steps: Sequence[Step], tests: Sequence[Told[QcTest]]) -> Iterator[Node]:
    """Give the samples of all steps that judged something, then those of the laboratory."""
    for step in steps:
        found = [*map(_judged, step.judged), *(_criterion(one) for run in step.acceptance for one in run.criteria)]
        if found:
            yield node(
                "Sample",
                "Sample",
                **entry(f"sample/{step.id}", "Sample", at=step.ended),
                SampleType="in process",
                ProceduralElementReference=step.id,
                SampleTest=found,
            )
    for name in dict.fromkeys(one.now.sample for one in tests):
        of_it = [one for one in tests if one.now.sample == name]
        yield node(
            "Sample",
            "Sample",
            **entry(f"sample/{name or 'not taken in'}", "Sample"),
            SampleSourceID=name,
            SampleType="laboratory",
            SampleTest=[_tested(one) for one in of_it],
        )


def _judged(one: Judged) -> Node:
    name = f"{event(one.event)}/{one.what}"
    result = node(
        "SampleTestResult",
        "TestResult",
        **entry(f"{name}/result", "Sample Test Result"),
        Description=one.sentence,
        TestDisposition=one.band,
        Results=[
            value(one.reported, sort="decimal", unit=one.unit, key="reported"),
            value(one.raw, sort="double", unit=one.unit, key="raw"),
        ],
        ExpectedResults=value(one.limit, sort="string") if one.limit else (),
    )
    return node("SampleTest", "Test", **entry(name, "Sample Test"), TestName=one.what, SampleTestResult=result)


def _criterion(one: Criterion) -> Node:
    name = f"{event(one.event)}/{one.name}"
    met = {True: "met", False: "not met", None: "not judged"}[one.met]
    result = node(
        "SampleTestResult",
        "TestResult",
        **entry(f"{name}/result", "Sample Test Result"),
        Description=one.sentence,
        TestDisposition=met,
        Results=value(one.value, sort="string", unit=one.unit),
        ExpectedResults=value(one.limit, sort="string") if one.limit else (),
    )
    return node("SampleTest", "Test", **entry(name, "Sample Test"), TestName=one.name, SampleTestResult=result)


def _tested(told: Told[QcTest]) -> Node:
    now = told.now
    asked = now.request
    return node(
        "SampleTest",
        "Test",
        **entry(f"test/{told.id}", "Sample Test"),
        Description=[str(now.state), *((now.set_aside,) if now.set_aside else ())],
        TestCode=asked.specification if asked else "",
        TestName=asked.test if asked else "",
        SampleTestResult=[
            _reported(told, *one) for one in enumerate(zip(_reports(told), now.statuses, strict=True), 1)
        ],
    )


def _reports(told: Told[QcTest]) -> list[tuple[Event, Result]]:
    """Give every result with the event that reported it."""
    pairs = zip(told.events, told.facts, strict=True)
    return [(moved, fact.body) for moved, fact in pairs if isinstance(fact.body, Result)]


def _reported(told: Told[QcTest], number: int, report: tuple[tuple[Event, Result], str]) -> Node:
    (moved, one), status = report
    return node(
        "SampleTestResult",
        "TestResult",
        **entry(f"test/{told.id}/{number}", "Sample Test Result", reference=moved.hash.hex()),
        Description=[f"by {moved.by}", f"measured {one.analysed}", f"data {one.data}", event(moved.seq)],
        TestDisposition=status,
        AnalysisUsed=one.method,
        Results=value(one.value, sort="string"),
    )
