"""What the moves of suppliers, materials and lots state, and what is there before them.

Source: the bodies themselves; numbers are made up.
"""

from collections.abc import Collection
from typing import Final

from tests.support.doors import SYSTEM, Doorway
from tests.unit.gmp import moves_of_quality as quality

Body = dict[str, object]
_WHY: Final[Body] = {"reason": "because the test says so"}
_QUALIFIED: Final[Body] = {"materials": ["DMSO"], "basis": "audit", "evidence": "AR-17"}
PROPOSED: Final[Body] = {**_QUALIFIED, "role": "manufacturer"}
REQUALIFIED: Final[Body] = {**_QUALIFIED, "until": "2027-12-31T00:00"}
RECEIPT: Final[Body] = {
    "what": "DMSO",
    "supplier": "ACME",
    "quantity": 10.0,
    "unit": "mL",
    "expiry": "2027-03",
    "maker_lot": "M-77",
    "lowest_c": 2.0,
    "highest_c": 8.0,
}
PREPARATION: Final[Body] = {
    "what": "wash buffer",
    "quantity": 5.0,
    "unit": "mL",
    "components": [{"lot": "COMP-1", "quantity": 0.1}],
    "procedure": "SOP-8@2",
    "made": "2026-11-22T09:00",
    "expiry": "2026-11-23T09:00",
}
WARM: Final[Body] = {
    "since": "2026-11-22T06:00",
    "until": "2026-11-22T08:00",
    "lowest_c": 4.0,
    "highest_c": 12.0,
    "source": "LOG-7, file 12",
}
SEEN: Final[Body] = {"intact": True, "labelled": True}
SAMPLED: Final[Body] = {"quantity": 0.5, "containers": ["1"], "plan": "SOP-4@1"}
FOUND: Final[Body] = {"test": "identity", "value": "conforms", "method": "M-3@1", "data": "notebook 4/17"}
CERTIFIED: Final[Body] = {"number": "C-1", "maker_lot": "M-77", "sha256": "a" * 64}
JUDGED: Final[Body] = {"verdict": "fit for use", "rationale": "two hours at 12 degC are covered by stability data"}
BATCH: Final[Body] = {
    "recipe": "freeze-day",
    "recipe_version": "1.0",
    "recipe_digest": "d" * 64,
    "lot_type": "engineering",
    "product": "T cells",
    "identity": "COI-1",
    "release": "0.1.0",
    "operations": {},
    "site_digest": "f" * 64,
}
SCANNED: Final[Body] = {"lot": "KITS", "maker_lot": "M-77", "batch": "MAT-1", "intact": True}
JOINED: Final[Body] = {"sort": "sterile connector", "joins": "bag to set", "good": True}
TIGHT: Final[Body] = {"method": "SOP-9@1", "start_kpa": 20.0, "end_kpa": 19.8, "minutes": 5.0, "drop_kpa": 0.5}
CHANGE: Final = "CC-9"
EXTENDED: Final[Body] = {"expiry": "2027-09-30", "change": CHANGE, "rationale": "stability data until month 36"}
EXPLAINED: Final[Body] = {"material": "DMSO", "reason": "a syringe was dropped"}
BILL: Final[Body] = {"bill": [{"material": "DMSO", "quantity": 1.5, "unit": "mL", "step": "wash"}]}
_FOR_BATCH: Final[Body] = {"batch": "MAT-1", "quantity": 1.0}
_CRITERION: Final[Body] = {"test": "identity", "method": "M-3", "passes": ["conforms"]}
DEFINED: Final[Body] = {"unit": "mL", "criteria": [_CRITERION], "lowest_c": 2.0, "highest_c": 8.0}
BODIES: Final[dict[str, dict[str, Body]]] = {
    "supplier": {
        **dict.fromkeys(("propose", "revise"), PROPOSED),
        "approve": {"until": "2027-12-31T00:00"},
        **dict.fromkeys(("requalify", "reinstate"), REQUALIFIED),
    },
    "material": {
        **dict.fromkeys(("write", "revise"), DEFINED),
        "order": {"quantity": 100.0, "supplier": "ACME", "number": "PO-1"},
    },
    "bill": {"explain": EXPLAINED, "reconcile": {"conclusion": "all is accounted for"}},
    "kit": {"scan": SCANNED, **dict.fromkeys(("join", "remove"), JOINED), "test": TIGHT},
    "lot": {
        "receive": RECEIPT,
        "prepare": PREPARATION,
        "inspect": SEEN,
        "sample": SAMPLED,
        "report": FOUND,
        "certify": CERTIFIED,
        "log_storage": WARM,
        "evaluate": JUDGED,
        "extend": EXTENDED,
        **dict.fromkeys(("reserve", "issue", "give_back"), _FOR_BATCH),
        "unreserve": {"batch": "MAT-1"},
        "open": {"container": "1", "quantity": 2.0, "batch": "MAT-1"},
        "discard": {"container": "1"},
        "destroy": {"quantity": 1.0, **_WHY},
        "use": {"quantity": 1.5, "batch": "B1"},
    },
}
BEFORE: Final[dict[tuple[str, str, str], tuple[str, ...]]] = {
    ("material", "effective", "approve"): ("revise",),
    ("kit", "scanned", "use"): ("test",),
    **{("lot", state, "evaluate"): ("log_storage",) for state in ("quarantine", "released")},
    ("lot", "released", "unreserve"): ("reserve",),
    ("lot", "released", "give_back"): ("issue",),
    ("lot", "released", "discard"): ("open",),
}
_IN_USE: Final = ("scan", "test", "use")
PATHS: Final[dict[tuple[str, str, str], tuple[str, ...]]] = {
    **{("kit", "in use", command): _IN_USE for command in ("join", "test", "remove", "discard", "none")},
    ("kit", "removed", "none"): (*_IN_USE, "remove"),
    ("lot", "quarantine", "give_back"): ("receive", "release", "issue", "quarantine"),
    ("lot", "quarantine", "discard"): ("receive", "release", "open", "quarantine"),
    ("lot", "withdrawn", "discard"): ("receive", "release", "open", "withdraw"),
    ("lot", "rejected", "discard"): ("receive", "release", "open", "quarantine", "reject"),
}


def billed(way: Doorway, name: str, *, used: float = 1.5) -> None:
    """Issue a batch with a bill of 1.5 mL DMSO, use some (mL), and end it."""
    released(way, f"{name}-L")
    way.do(f"batch/{name}", "issue", {**BATCH, **BILL}, by="issue")
    way.do(f"lot/{name}-L", "use", {"quantity": used, "batch": name, "step": "wash"}, by="perform")
    way.do(f"batch/{name}", "abort", _WHY, by="perform")


def before(way: Doorway, kind: str, commands: Collection[str]) -> None:
    """Make what the moves of a lot are about, once: a batch, a component, a definition with a test, a change."""
    if kind == "kit":
        in_stock(way, "KITS", batch="MAT-1")
    if kind != "lot":
        return
    if "open" in commands:
        begun(way, "MAT-1")
    if "prepare" in commands and way.state("lot/COMP-1") == "absent":
        released(way, "COMP-1")
    if "report" in commands:
        defined(way, "DMSO")
    elif way.state("material/DMSO") == "effective":
        quality.act(way, "material/DMSO", "withdraw", _WHY, by="approve")
    if "extend" in commands and way.state(f"change/{CHANGE}") == "absent":
        agreed(way)


def begun(way: Doorway, batch: str) -> None:
    """Issue a batch, once."""
    if way.state(f"batch/{batch}") == "absent":
        way.do(f"batch/{batch}", "issue", BATCH, by="issue")


def in_stock(way: Doorway, lot: str, *, batch: str, issued: float = 50.0) -> None:
    """Release a lot of kits and issue them to a batch, once."""
    begun(way, batch)
    if way.state(f"lot/{lot}") == "absent":
        released(way, lot, what="tubing set", quantity=50.0, unit="pcs")
        way.do(f"lot/{lot}", "issue", {"batch": batch, "quantity": issued})


def with_filter(way: Doorway) -> None:
    """Issue kits to a batch that have a filter of a lot that is kept here, too."""
    released(way, "FILTER", what="filter", maker_lot="SF-2")
    begun(way, "MAT-1")
    parts = [{"what": "filter", "maker_lot": "SF-2"}]
    released(way, "KITS", what="tubing set", quantity=50.0, unit="pcs", parts=parts)
    way.do("lot/KITS", "issue", {"batch": "MAT-1", "quantity": 5.0})


def recalled(way: Doorway) -> None:
    """Withdraw the filters."""
    quality.act(way, "lot/FILTER", "withdraw", {"reason": "recalled by its maker"}, by="release-material")


def without_filter(way: Doorway) -> None:
    """Issue kits with other filters to the batch."""
    in_stock(way, "GOOD", batch="MAT-1", issued=5.0)


def released(way: Doorway, lot: str, **said: object) -> None:
    """Receive a lot and release it."""
    way.do(f"lot/{lot}", "receive", {**RECEIPT, **said}, by=SYSTEM)
    quality.act(way, f"lot/{lot}", "release", by="release-material")


def defined(way: Doorway, what: str, **said: object) -> None:
    """Bring the definition of a material into force."""
    command = "revise" if way.state(f"material/{what}") == "effective" else "write"
    quality.act(way, f"material/{what}", command, {**DEFINED, **said}, by="review")
    quality.act(way, f"material/{what}", "approve", by="approve")


def approved(way: Doorway, supplier: str, **said: object) -> None:
    """Bring a supplier on the list."""
    proposal = {**BODIES["supplier"]["propose"], **said}
    quality.act(way, f"supplier/{supplier}", "propose", proposal, by="review")
    quality.act(way, f"supplier/{supplier}", "approve", {"until": "2027-12-31T00:00"}, by="approve")


def agreed(way: Doorway) -> None:
    """Bring a change to its approval."""
    stream = f"change/{CHANGE}"
    quality.act(way, stream, "propose", quality.BODIES["change"]["propose"], by="perform")
    quality.act(way, stream, "assess", quality.NAMED["change", "assess"]("", quality.OWNER), by="review")
    quality.act(way, stream, "approve", by="approve")


def _deviation(way: Doorway) -> None:
    """Open, conclude and close a deviation about the lot."""
    stream = "deviation/L1-D01"
    quality.act(way, stream, "open", {"subject": "lot/L1", "title": "foreign material"})
    quality.act(way, stream, "conclude", {"cause": "a wrong vial", "impact": "none"}, by="investigate")
    quality.act(way, stream, "close", by="approve")


DEVIATION: Final = (_deviation,)
