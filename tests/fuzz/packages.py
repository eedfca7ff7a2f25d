"""Targets: the files of a transfer that are read back: a package when it is planned, a report when it is concluded."""

from collections.abc import Sequence
from functools import partial

import msgspec

from automation.views.transfer.concluded import concluded
from automation.views.transfer.package import PACKAGE, thawed
from tests.fuzz.target import Target, pure

_UNIT = {"name": "Site B", "ledger": "0" * 32, "seq": 9, "hash": "a" * 64, "simulated": True}
_GAP = {"id": "equipment: washer", "severity": "blocks", "sentence": "there is none"}
_PROTOCOL = {
    "title": "freezing",
    "cqa": ["count.viability"],
    "margins": ["count.viability=5 %"],
    "runs": 3,
    "references": 3,
    "rationale": "three show it",
}
_WHOLE = {
    "is": PACKAGE,
    "simulated": True,
    "sending": _UNIT,
    "receiving": _UNIT,
    "recipe": "freeze-day",
    "digest": "d" * 64,
    "protocol": _PROTOCOL,
    "gaps": [_GAP],
    "critical": ["count.viability"],
}
_REPORTS = (
    {"is": "transfer report", "transfer": "T-1", "equivalent": True, "deviations": [["B-1-D01", "closed"]]},
    {"is": "ppq report", "ppq": "P-1", "met": False, "deviations": []},
)
_HASHED = "the SHA-256 of the very bytes is what is signed"


def _packages() -> Sequence[bytes]:
    return (msgspec.json.encode(_WHOLE),)


def _reports() -> Sequence[bytes]:
    return tuple(msgspec.json.encode(one) for one in _REPORTS)


PACKAGES = (
    Target(
        name="file transfer package",
        covers=("automation.views.transfer.package",),
        corpus=_packages,
        fresh=pure(partial(thawed, where="package.json")),
        harmless=_HASHED,
        share=0.1,
    ),
    Target(
        name="file transfer report",
        covers=("automation.views.transfer.concluded",),
        corpus=_reports,
        fresh=pure(partial(concluded, where="report.json")),
        harmless=_HASHED,
        share=0.1,
    ),
)
