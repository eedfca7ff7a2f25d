"""An operation written without any check: the binding refuses what it asks, before a byte goes to the device."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import ClassVar

import pytest

from automation.engine.handles import Container, Lot
from automation.engine.journal import Fell
from automation.engine.prompts import Operator
from automation.engine.recipe.spec import spec_of
from automation.engine.site import Site
from automation.engine.visit import Move, Visit
from automation.kernel.machine import Row, Table
from instruments.interfaces.freezer import ControlledRateFreezer
from tests.support.runs import BATCH, Hook, Run, make_site, run_batch, when
from tests.support.scenes import CASSETTE, calibrated, change_site, enter, insist, ordered

RECIPE = """
recipe: {id: careless, version: "1", title: No check at all, status: draft}
product: {name: T cells}
equipment: {freezer: controlled-rate freezer}
steps:
  - {id: freeze, operation: careless, title: Start at once, equipment: {freezer: freezer}}
"""


class State(StrEnum):
    """Where it stands."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class Results:
    """Nothing is kept."""


@dataclass(frozen=True, slots=True)
class Careless:
    """Start the freezer on whatever it is told, after a person has said so."""

    freezer: ControlledRateFreezer
    operator: Operator

    touched: ClassVar[tuple[object, ...]] = ()
    results: ClassVar = Results
    good: ClassVar = frozenset({State.AFTER})
    table: ClassVar = Table(State.BEFORE, (Row("start", State.BEFORE, State.AFTER),))

    async def before(self, _visit: Visit[Results]) -> Move:
        """Ask for no identity, no lot and no readiness."""
        await self.operator.confirm("Shall it start?")
        await self.freezer.start(containers=self.touched)  # type: ignore[arg-type]  # as somebody careless would
        return Move("start")


def careless(folder: Path, *touched: object, hooks: tuple[Hook, ...] = (), until: float = 3600.0) -> Run:
    """Run a batch of the careless operation on what is given; it is looked at after an hour."""

    def teach(site: Site) -> None:
        operation = type("Careless", (Careless,), {"touched": touched, "__slots__": (), "__module__": __name__})
        site.house = replace(site.house, operations={"careless": spec_of(operation, name="careless")})
        for person in ("anna", "ben"):
            insist(enter(site, f"person/{person}", "train", {"operation": "careless"}, by="system:setup"))

    recipe = folder / "careless.yaml"
    recipe.write_text(RECIPE, encoding="utf-8")
    return run_batch(folder, teach, *hooks, recipe=str(recipe), until=until)


def fell(run: Run) -> list[tuple[str, str]]:
    """Give how effects were refused: the kind of error and what was said."""
    events = [e for e in run.events if e.stream == f"batch/{BATCH}/step/freeze" and e.kind == "refused"]
    return [(fall.error, fall.message) for fall in (event.read(Fell) for event in events)]


def unreleased(folder: Path) -> Path:
    """Make a site whose cassettes wait for their release."""
    return change_site(make_site(folder), (CASSETTE, CASSETTE.replace("}", ", released: false}")))


CASES: dict[str, tuple[object, str, str]] = {
    "another patient's bag": (Container("BAG-0002"), "IdentityError", "another chain of identity than batch B-001"),
    "a bag that nobody knows": (Container("BAG-9999"), "IdentityError", "not known at this site"),
    "a bag that never came in": (Container("BAG-0001"), "GateError", "is expected, not in process"),
    "a lot in quarantine": (Lot("CASS-2201"), "GateError", "is quarantine, not released"),
    "a lot that nobody knows": (Lot("CASS-9999"), "GateError", "is absent, not released"),
}


@pytest.mark.requirement("F006", "F020.2", "F096", "C01", refuses=True)
@pytest.mark.parametrize("case", CASES)
def test_the_binding_refuses_what_a_careless_protocol_touches(tmp_path: Path, case: str) -> None:
    """Refused on the record, the step held with an alarm, and the device never heard of it."""
    touched, error, words = CASES[case]
    run = careless(unreleased(tmp_path), touched)
    [(kind, said)] = fell(run)
    assert (kind, words in said) == (error, True)
    assert "call" not in run.kinds("freeze")
    assert (run.state, run.acts["crf-01"]["start"]) == ("held", 0)
    assert any(words in alarm for alarm in run.alarms())


def broken_claim(site: Site) -> None:
    """Let the supervisor take the freezer away while the step waits for a person."""
    body = {"reason": "needed elsewhere"}
    take = enter, site, "asset/crf-01", "break_claim", body
    when(site, "freeze", "before", lambda: insist(take[0](*take[1:], by="carla", responsible="carla")), after=1.0)


def gone_bad(site: Site) -> None:
    """Let the calibration run out while the step waits for a person."""
    calibrated("2026-01-05T08:00:05+01:00")(site)


@pytest.mark.requirement("F151", "F166", refuses=True)
@pytest.mark.parametrize(
    ("hook", "words"),
    [(broken_claim, "is claimed by nobody, not by B-001/freeze"), (gone_bad, "is out of calibration since")],
)
def test_the_binding_refuses_equipment_that_is_not_the_steps_or_not_ready(
    tmp_path: Path, hook: Callable[[Site], None], words: str
) -> None:
    """What was ready when the step began is asked again at the act."""
    run = careless(make_site(tmp_path), hooks=(hook,))
    [(kind, said)] = fell(run)
    assert (kind, words in said) == ("GateError", True)
    assert (run.state, run.acts["crf-01"]["start"]) == ("held", 0)


@pytest.mark.requirement("F020.2", refuses=True)
def test_a_name_is_no_handle(tmp_path: Path) -> None:
    """A protocol can't name a container by text; it needs one that was identified."""
    run = careless(make_site(tmp_path), "BAG-0001")
    assert any("a handle from a verified scan or a recorded transfer is needed" in alarm for alarm in run.alarms())
    assert (run.state, run.acts["crf-01"]["start"]) == ("held", 0)


@pytest.mark.requirement("F020.2", refuses=True)
def test_what_was_refused_is_refused_again_after_a_restart(tmp_path: Path) -> None:
    """A restart is no way around a gate."""
    hook = ordered("freeze", "before", "restart", after=600.0)
    run = careless(make_site(tmp_path), Container("BAG-0002"), hooks=(hook,))
    assert [kind for kind, _ in fell(run)] == ["IdentityError", "IdentityError"]
    assert (run.state, run.acts["crf-01"]["start"]) == ("held", 0)
