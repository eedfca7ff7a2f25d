"""A site that sends its tests to a fake laboratory over real sockets, and bundles as a laboratory writes them.

Units: s, days where it says so.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from automation.engine.site import Site
from automation.kernel.quantity import Instant, Seconds
from automation.opener import Staying
from fakes.laboratory import FakeLaboratory
from fakes.serve import Seat, Server, serving
from tests.support.commands import Said, cellwright
from tests.support.runs import SITES

DAY: Final = 86_400.0
IDENTITY: Final = "CHA999926X7K2QD"
TOKEN: Final = "a secret of the laboratory"
Body = dict[str, object]
LOT: Final[Body] = {
    "recipe": "freeze-day",
    "recipe_version": "1",
    "recipe_digest": "d" * 64,
    "lot_type": "engineering",
    "product": "T cells",
    "identity": IDENTITY,
    "release": "0.1.0",
    "operations": {},
    "site_digest": "f" * 64,
}
CRITERIA: Final[list[Body]] = [
    {"test": "viability", "method": "7-AAD", "limit": "at least 70.0 %"},
    {"test": "endotoxin", "method": "USP <85>", "limit": "at most 5.0 EU/mL", "below_loq": "pass"},
    {"test": "sterility", "method": "USP <71>", "passes": ["no growth"], "so_far": ["no growth to date"]},
]


@dataclass(slots=True)
class Ticking:
    """The clock of the laboratory, which goes when the site's does."""

    at: float = 0.0

    def micros(self) -> int:
        """Give the moment (us)."""
        return round(self.at * 1e6)


@dataclass(slots=True)
class Linked:
    """A simulated site that stays open, and the laboratory at the other end of its cable."""

    folder: Path
    house: Staying
    laboratory: FakeLaboratory
    server: Server
    clock: Ticking = field(default_factory=Ticking)

    def do(self, *words: object, **fields: object) -> Said:
        """Give a command; fields go as JSON where they are no text."""
        more = [part for name, value in fields.items() for part in (f"--{name.replace('_', '-')}", _text(value))]
        return cellwright(*words, *more, "--site", self.folder, house=lambda: self.house)

    def good(self, *words: object, **fields: object) -> Said:
        """Give a command that has to succeed."""
        said = self.do(*words, **fields)
        assert said.status == 0, said.err
        return said

    def pass_days(self, days: float) -> None:
        """Let time pass, here and there."""

        async def wait(site: Site) -> Instant:
            await site.house.clock.sleep(Seconds(days * DAY))
            return site.house.clock.now()

        self.clock.at = float(self.house.work(self.folder, wait))

    def fault(self, kind: str, test: str = "") -> None:
        """Let the laboratory make a mistake from now on."""
        self.laboratory.hand("fault", {"kind": kind, "test": test}, Instant(0.0))

    def mend(self, kind: str) -> None:
        """Let it make the mistake no more."""
        self.laboratory.hand("mend", {"kind": kind}, Instant(0.0))

    def asked(self, name: str, *tests: str, identity: str = IDENTITY) -> str:
        """Ask tests of a new lot and its sample, on a manifest to the laboratory; gives the sample."""
        batch, sample = f"B-{name}", f"QC-{name}"
        self.good("do", "batch", batch, "issue", **{**LOT, "identity": identity, "as": "carla"})
        place = {"identity": identity, "batch": batch, "purpose": "aliquot", "volume_ml": 2, "as": "carla"}
        self.good("do", "container", sample, "expect", **place)
        self.good("do", "container", sample, "receive", **{"as": "anna"})
        for test in tests:
            what = {"batch": batch, "specification": "SPEC@1", "test": test, "due": "2026-03-01T12:00", "as": "dora"}
            self.good("do", "test", f"{name}-{test}", "request", **what)
        said = {"samples": [{"sample": sample, "tests": [f"{name}-{test}" for test in tests]}], "results_h": 400}
        said |= {"laboratory": "lab-1", "courier": "lab-1", "kept": "refrigerated", "content": "category b"}
        said |= {"leaves": "2026-02-01T11:00", "arrives": "2026-02-01T15:00", "coolant": "gel packs", "as": "carla"}
        self.good("do", "manifest", f"M-{name}", "plan", **said)
        return sample

    def take_in(self, name: str, *tests: str) -> None:
        """Take the sample in for its tests."""
        for test in tests:
            self.good(
                "do", "test", f"{name}-{test}", "take_in", sample=f"QC-{name}", condition="cold", **{"as": "anna"}
            )

    @property
    def ledger(self) -> str:
        """Give the id of the ledger."""

        async def read(site: Site) -> str:
            return site.house.ledger.genesis.ledger

        return self.house.work(self.folder, read)

    def events(self) -> tuple[str, ...]:
        """Give everything that the ledger holds, as text."""

        async def read(site: Site) -> tuple[str, ...]:
            return tuple(f"{one.stream} {one.kind} {one.body!r}" for one in site.house.ledger.events())

        return self.house.work(self.folder, read)


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _people_only() -> str:
    """Give the packaged site C without its devices, so that days pass at once."""
    parts = re.split(r"^(?=[a-z])", (SITES / "c" / "site.yaml").read_text(encoding="utf-8"), flags=re.MULTILINE)
    return "".join(part for part in parts if part.partition(":")[0] in {"site", "roles", "people"})


@contextmanager
def linked(folder: Path, *, administrator: bool = False) -> Iterator[Linked]:
    """Open a site with a specification and its laboratory on loopback; ``administrator``: ada works there too."""
    fake, clock = FakeLaboratory(7, TOKEN), Ticking()
    with serving(Seat(fake, clock, "laboratory"), tcp=0) as (server, port):
        host = port.removeprefix("tcp:")
        folder.mkdir()
        text = _people_only()
        if administrator:
            text = text.replace("roles:\n", "roles:\n  administrator: [administer, read]\n", 1)
            text = text.replace("people:\n", "people:\n  ada: {name: Ada Kern, roles: [administrator]}\n", 1)
        (folder / "site.yaml").write_text(text, encoding="utf-8")
        (folder / "lims.token").write_text(TOKEN, encoding="utf-8")
        (folder / "lims.token").chmod(0o600)
        block = f"lims: {{url: 'http://{host}/fhir', laboratory: lab-1, secret: 'file:lims.token', patience: 0.1 s}}\n"
        with (folder / "site.yaml").open("a", encoding="utf-8") as file:
            file.write(f"\n{block}")
        house = Staying()
        try:
            made = Linked(folder, house, fake, server, clock)
            made.pass_days(0.0)
            made.good("do", "specification", "SPEC@1", "write", product="T cells", criteria=CRITERIA, **{"as": "dora"})
            made.good("do", "specification", "SPEC@1", "approve", **{"as": "hugo"})
            yield made
        finally:
            house.leave()
