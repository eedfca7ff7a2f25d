"""Capacities of a site: who has booked what, what is refused, and what is free next."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from automation.engine.sitefile import Known, load_site
from automation.gmp.capacity import Capacity, Sort
from automation.gmp.door import Door
from automation.gmp.product.collections import Collection
from automation.gmp.registry import KINDS
from automation.kernel.errors import InputError, RefusedError
from automation.kernel.quantity import Seconds
from instruments.transport.ports import read_port
from tests.support.doors import ROLES, ZONE, Doorway
from tests.support.thread import HOURS, Thread

KNOWN = Known(drivers={}, fakes=(), read_port=read_port)
FILE = """\
site: {name: C, mode: simulated, zone: UTC}
roles: {operator: [perform]}
capacities:
  S1: {is: suite, takes: 10 h, needs: [freezer]}
  freezer: {is: equipment, after: 7 h, takes: 3 h}
  car: {is: courier, at_once: 2}
"""


def shared(name: str, sort: Sort, **said: object) -> dict[str, Capacity]:
    """State one capacity."""
    return {name: Capacity(name=name, sort=sort, **said)}  # type: ignore[arg-type]  # as each case says


SUITE = shared("S1", Sort.SUITE, takes=Seconds(10 * HOURS))


def beside(way: Doorway, capacities: Mapping[str, Capacity]) -> Doorway:
    """Open the same site with capacities in its file."""
    door = Door(way.ledger, way.clock, kinds=KINDS, secrets=way.secrets, roles=ROLES, zone=ZONE, capacities=capacities)
    return Doorway(way.ledger, door, way.clock, way.secrets)


def booked(way: Doorway, name: str, **slot: object) -> Thread:
    """Schedule the collection of an order of its own."""
    thread = Thread(way, name)
    thread.until("collection", "schedule")
    thread.do("collection", "schedule", by="order", **slot)
    return thread


@pytest.mark.requirement("F053.2")
@pytest.mark.requirement("F053.2", refuses=True)
def test_a_slot_that_another_patient_has_is_refused_and_free_where_that_one_ends(way: Doorway) -> None:
    """It is said whose it is; the end of the one is the begin of the other; nothing changed meanwhile."""
    here = beside(way, SUITE)
    first = booked(here, "A1", suite="S1")
    taken = (
        r"S1 is taken by collection A1 of order A1 from 2026-11-24 09:00 to .* 19:00; next free: S1 2026-11-24 19:00"
    )
    with pytest.raises(RefusedError, match=taken):
        booked(here, "A2", suite="S1", suite_slot=first.at(57))
    assert here.state("collection/A2") == "absent"
    booked(here, "A3", suite="S1", suite_slot=first.at(58))


@pytest.mark.requirement("F053.2")
def test_a_slot_is_free_again_when_its_collection_or_order_is_cancelled(way: Doorway) -> None:
    """Nobody has to take the booking back."""
    here = beside(way, SUITE)
    for name, ends in (("A1", "collection"), ("A2", "order")):
        one = booked(here, name, suite="S1")
        one.do(ends, "cancel", by="order" if ends == "collection" else "treat")
    booked(here, "A3", suite="S1")
    assert [here.state(f"collection/{name}") for name in ("A1", "A2", "A3")] == ["cancelled", "scheduled", "scheduled"]


@pytest.mark.requirement("F053.2", refuses=True)
def test_two_at_once_are_two_and_not_three(way: Doorway) -> None:
    """Two that don't meet one another count as one beside a third that meets both."""
    here = beside(way, shared("courier-1", Sort.COURIER, at_once=2))
    for name in ("A1", "A2"):
        booked(here, name)
    with pytest.raises(RefusedError, match=r"courier-1 is taken by collection A1 .*A2.*; free then: no courier"):
        booked(here, "A3")
    with pytest.raises(RefusedError, match="courier is taxi; the site has courier-1"):
        booked(here, "A4", courier="taxi")


@pytest.mark.requirement("F053.2")
@pytest.mark.requirement("F053.2", refuses=True)
def test_after_the_collection_only_the_slot_is_moved_and_only_before_the_batch(way: Doorway) -> None:
    """By a move of its own, into what is free; a batch that has begun keeps its slot."""
    here = beside(way, SUITE)
    other = booked(here, "A1", suite="S1", suite_slot=Thread(here, "A1").at(70))
    own = Thread(here, "A2", otherwise={("collection", "schedule"): {"suite": "S1"}})
    own.through("collection", "report")
    with pytest.raises(RefusedError, match="taken by collection A1"):
        own.do("collection", "rebook", by="order", suite="S1", suite_slot=other.at(70))
    own.do("collection", "rebook", by="order", suite="S1", suite_slot=own.at(60))
    assert here.get(Collection, "collection/A2").slot_at == here.clock.now() + Seconds(60 * HOURS)
    own.through("batch", "start")
    with pytest.raises(RefusedError, match="keeps its slot: batch A2 has begun"):
        own.do("collection", "rebook", by="order", suite="S1", suite_slot=own.at(90))


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("needs: [freezer]", "needs: [frezer]", "did you mean 'freezer'"),
        ("after: 7 h", "after: 8 h", "goes on beyond its end"),
        ("takes: 10 h", "takes: 40 d", "s is allowed"),
        ("at_once: 2", "at_once: 0", "1 to 999 is allowed"),
        ("is: courier", "is: taxi", "taxi"),
    ],
)
@pytest.mark.requirement("F053.2", refuses=True)
def test_capacities_that_no_slot_could_have_are_refused(tmp_path: Path, old: str, new: str, why: str) -> None:
    """With the line and the column; the file as it stands is read."""
    (tmp_path / "site.yaml").write_text(FILE, encoding="utf-8")
    assert load_site(tmp_path, KNOWN).capacities["S1"].needs == ("freezer",)
    (tmp_path / "site.yaml").write_text(FILE.replace(old, new), encoding="utf-8")
    with pytest.raises(InputError, match=f"site.yaml:.*{why}"):
        load_site(tmp_path, KNOWN)
