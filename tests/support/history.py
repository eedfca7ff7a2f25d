"""Thirty small batches of one site, written by hand into a real ledger, for questions, metrics and charts.

Every batch has one step ``count`` with a viability and a yield. Lot MED-B went into six of them, and counter-02 counted
the same six; each of them has a deviation, and B-20 and B-21 are the only others that person ``second`` had a hand in.
One room has a sampling point with forty settle plates, and one media fill of sixteen units was looked at in it. An
improvement was on trial from B-17 on, and an area was audited by 5S.
Units: s of the test's clock; %, mL.
"""

from pathlib import Path
from typing import Final

import msgspec

from automation.kernel import ids
from automation.ledger.event import Draft
from tests.support.commands import simulated_site
from tests.support.doors import Doorway, doorway, proof

BATCHES: Final = tuple(f"B-{number:02d}" for number in range(1, 31))
FAILED: Final = ("B-11", "B-12", "B-13", "B-14", "B-15", "B-16")
LOTS: Final = ("MED-A", "MED-B")
SEED: Final = 12
FIRST_TRIED: Final = "B-17"
_DAY: Final = 86_400.0


def viability(batch: str) -> float:
    """Give the viability that a batch counted (%), to two decimals."""
    return round(91.0 + 1.2 * ids.normal(SEED, "viability", batch), 2)


def history(folder: Path) -> Path:
    """Make a site folder with the batches in its ledger; it is left closed."""
    made = simulated_site(folder)
    with doorway(made) as way:
        for lot in LOTS:
            body = {"what": "medium", "supplier": "Maker", "quantity": 9000, "unit": "mL", "expiry": "2028-06"}
            way.do(f"lot/{lot}", "receive", body)
            way.do(f"lot/{lot}", "release", by="release-material", signs=(proof("release-material", "approved"),))
        for batch in BATCHES:
            if batch == FIRST_TRIED:
                _try(way)
            _batch(way, batch)
        _monitor(way)
        _fill(way)
        _measure(way)
        way.ledger.seal()
    return made


def _try(way: Doorway) -> None:
    """Begin to try what somebody thought of."""
    idea = {
        "title": "one counter for all",
        "problem": "cells are lost at the second counter",
        "idea": "count at the first one only",
        "measure": "right-first-time",
        "heading": "right first time",
        "better": "higher",
        "since": "2026-11-22T00:00",
        "owner": "perform",
    }
    way.do("improvement/I-1", "propose", idea, by="verify")
    trial = {"ends": "2026-12-23T00:00", "no_change": "both counters are qualified"}
    way.do("improvement/I-1", "try", trial, by="supervise", signs=(proof("supervise", "approved"),))


def _measure(way: Doorway) -> None:
    """Look what came of it, and audit an area."""
    said = {"conclusion": "no lot failed since"}
    way.do("improvement/I-1", "measure", said, by="perform", signs=(proof("perform", "authored"),))
    area = {"area": "the counting bench", "keeper": "perform", "every_days": 30}
    way.do("five-s/bench", "plan", area, by="supervise", signs=(proof("supervise", "authored"),))
    scores = [
        {"criterion": one, "score": 3, "evidence": "event 7"}
        for one in ("sort", "set in order", "shine", "standardise", "sustain")
    ]
    way.do("five-s/bench", "audit", {"scores": scores}, by="verify", signs=(proof("verify", "performed"),))


def _monitor(way: Doorway) -> None:
    """Read forty plates of one point: growth on every tenth, beyond the action limit of 5 on the last."""
    approved = (proof("approve", "approved"),)
    way.do("room/EM-1", "register", {"grade": "B"}, by="approve", signs=approved)
    plan = {"room": "EM-1", "place": "bench", "method": "settle plate", "grade": "B", "every_h": 24.0, "alert": 3}
    way.do("sampling-point/SP-1", "plan", {**plan, "rationale": "nearest"}, by="approve", signs=approved)
    for number in range(1, 41):
        count, verdict = (9.0, "action") if number == 40 else (float(number % 10 == 0), "normal")
        way.do("sampling-point/SP-1", "note", {"sample": f"EM-{number}", "value": count, "verdict": verdict})
        way.clock.go(_DAY)


def _fill(way: Doorway) -> None:
    """Fill sixteen units with medium, and look at them."""
    two = (proof("perform", "performed"), proof("second", "verified"))
    written = (proof("supervise", "authored"), proof("approve", "approved"))
    way.do(
        "curriculum/media-fill", "write", {"title": "Media fill", "valid_days": 182}, by="supervise", signs=written[:1]
    )
    way.do("curriculum/media-fill", "approve", by="approve", signs=written[1:])
    way.do("asset/inc-1", "register", {"asset_class": "incubator"})
    way.do("asset/inc-1", "install", {"due": "2028-06-30"})
    seen = {"purpose": "periodic", "room": "EM-1", "curriculum": "media-fill", "units": 16, "worst_case": "two people"}
    did = {"interventions": ["bag changed"]}
    way.do("media-fill/MF-1", "plan", {"process": "final day", **seen, **did}, by="supervise", signs=written)
    given = {"people": ["perform"], "medium": "MED-A", "filled": 16, "since": "2026-11-22T09:00:00", "asset": "inc-1"}
    way.do("media-fill/MF-1", "incubate", {**given, **did, "low_c": 20.0, "high_c": 25.0}, by="perform", signs=two)
    way.do("media-fill/MF-1", "look", {"grown": 0}, by="verify")


def _batch(way: Doorway, batch: str) -> None:
    bad = batch in FAILED
    body = {
        "recipe": "count-day",
        "recipe_version": "1",
        "recipe_digest": "ab" * 32,
        "lot_type": "engineering",
        "product": "T cells",
        "identity": f"COI-{batch}",
        "release": "0.1.0",
        "operations": {"count": "cd" * 32},
        "site_digest": "ef" * 32,
    }
    way.do(f"batch/{batch}", "issue", body, by="issue")
    way.clock.go(600.0)
    way.do(f"batch/{batch}", "start", by="perform")
    way.do(f"lot/{LOTS[bad]}", "use", {"quantity": 100.0, "batch": batch, "step": "count", "unit": "mL"})
    _count(way, batch, counter="counter-02" if bad else "counter-01")
    way.do(f"batch/{batch}", "complete")
    way.do(f"batch/{batch}", "close", {"head": "00" * 32, "seq": 1})
    if bad:
        said = {"subject": f"batch/{batch}", "title": "too few cells", "rule": "yield", "batch": batch}
        way.do(f"deviation/{batch}-D01", "open", said, by="perform")
    way.clock.go(_DAY)


def _count(way: Doorway, batch: str, *, counter: str) -> None:
    bound = {"volume": {"value": 40.0 + BATCHES.index(batch) % 3, "text": "", "unit": "mL"}}
    results = {"viability": "%"}
    _note(way, batch, "bound", operation="count", assets={"counter": counter}, parameters=bound, results=results)
    way.clock.go(120.0)
    _note(way, batch, "procedural", state="running")
    _note(way, batch, "enter", visit=1, state="drawn")
    ask = f"prompt/{batch}.count.1.1"
    opening = {"kind": "confirm", "text": "Count", "batch": batch, "step": "count", "asks": ["perform"]}
    way.do(ask, "open", opening)
    way.clock.go(300.0)
    person = "second" if batch in {*FAILED, "B-20", "B-21"} else "perform"
    way.do(ask, "answer", {"values": {}}, by=person)
    found = {"viability": viability(batch)}
    _note(way, batch, "move", visit=1, command="agree", source="drawn", dest="counted", results=found)
    _note(way, batch, "procedural", state="complete")
    said = {"what": "viability", "raw": str(found["viability"]), "unit": "%", "band": "within limits"}
    _note(way, batch, "judged", **said)
    _note(way, batch, "judged", what="cells recovered", raw="96.5", unit="%", band="within limits", kind="yield")


def _note(way: Doorway, batch: str, kind: str, /, **body: object) -> None:
    draft = Draft(f"batch/{batch}/step/count", kind, msgspec.json.encode(body), "system:runner")
    way.ledger.append([draft], at=way.clock.micros())
