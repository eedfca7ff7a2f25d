"""A small batch with an eventful life, written by hand into a real ledger: what views and documents are tested on.

Units: s of the test's clock; degC, us in process data.
"""

import contextlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from automation.engine.trends import digest, pack
from automation.kernel.clock import MICRO
from automation.ledger.blobs import Blobs
from automation.ledger.event import Draft, Mode
from tests.support.doors import SYSTEM, Doorway, doorway, proof

BATCH = "B-001"
OTHER = "B-002"
MASTER = b"recipe:\n  id: freeze-day  # <one> bag\n\nsteps: []\n"
BAG = "bag-1"
ASSETS = {"freezer": ("Eurotherm", "2408", "driven"), "probes": ("Keysight", "34970A", "observed")}
STEP = f"batch/{BATCH}/step"


@dataclass(frozen=True, slots=True)
class Life:
    """The site in which the batch lives."""

    folder: Path
    way: Doorway
    blobs: Blobs

    def note(self, step: str, kind: str, after: float = 1.0, /, **body: object) -> int:
        """Write one event of a step, a while after the last (s); gives its number."""
        self.way.clock.go(after)
        draft = Draft(f"{STEP}/{step}", kind, msgspec.json.encode(body), "system:runner")
        return self.way.ledger.append([draft], at=self.way.clock.micros())[0].seq

    def end(self) -> None:
        """Complete, close and seal the batch."""
        self.way.do(f"batch/{BATCH}", "complete")
        last = self.way.ledger.last
        self.way.do(f"batch/{BATCH}", "close", {"head": last.hash.hex(), "seq": last.seq})
        self.way.ledger.seal()


@contextlib.contextmanager
def life(folder: Path, *, mode: Mode = Mode.SIMULATED) -> Iterator[Life]:
    """Open a site with equipment, a lot, a bag, and a batch that has started."""
    with doorway(folder, mode=mode) as way:
        made = Life(folder, way, Blobs(folder / "blobs", sync=False))
        for name, (maker, model, kind) in ASSETS.items():
            body = {"asset_class": name, "maker": maker, "model": model, "serial": f"SN-{name}", "firmware": "4.1"}
            way.do(f"asset/{name}", "register", {**body, "kind": kind, "support": "L1", "driver": f"{model}-driver"})
            way.do(f"asset/{name}", "install", {"due": "2027-03-31"})
        lot = {"what": "Cassette", "supplier": "Maker", "quantity": 10, "unit": "pcs", "expiry": "2027-06"}
        way.do("lot/L-7", "receive", lot)
        way.do("lot/L-7", "release", by="release-material", signs=(proof("release-material", "approved"),))
        way.do(f"container/{BAG}", "expect", {"identity": "COI-1", "din": "A999921123456", "kind": "bag 20 mL"})
        issue(way, BATCH, BAG, master=made.blobs.put(MASTER))
        way.clock.go(60)
        way.do(f"batch/{BATCH}", "start", by="perform")
        yield made


def issue(way: Doorway, batch: str, *containers: str, master: str = "") -> None:
    """Issue a batch."""
    body = {
        "recipe": "freeze-day",
        "recipe_version": "1",
        "recipe_digest": "ab" * 32,
        "recipe_file": master,
        "lot_type": "engineering",
        "product": "Autologous T cells",
        "identity": "COI-1",
        "containers": list(containers),
        "release": "0.1.0",
        "operations": {"freeze": "cd" * 32},
        "site_digest": "ef" * 32,
        "seed": 1,
        "overrides": [{"step": "freeze", "parameter": "every", "value": "20 s", "reason": "a shorter record"}],
    }
    way.do(f"batch/{batch}", "issue", body, by="issue")


def prompt(made: Life, name: str, step: str, **body: object) -> str:
    """Open a prompt of a step; gives its stream."""
    stream = f"prompt/{BATCH}.{step}.{name}"
    made.way.clock.go(5)
    opening = {"kind": "confirm", "text": "Is it done?", "batch": BATCH, "step": step, **body}
    made.way.do(stream, "open", opening)
    return stream


def receive(made: Life) -> None:
    """Receive the bag: a wrong scan first, then the right one, then a signature of two."""
    made.note("receive", "bound", operation="receive", assets={}, parameters={}, materials={})
    made.note("receive", "procedural", state="running")
    made.note("receive", "enter", visit=1, state="waiting")
    scan = prompt(made, "1.1", "receive", kind="scan", text="Scan the label <of the bag>", accept=["A999921123456"])
    wrong = {"scanned_kind": "product code", "hint": "Scan the identification number, not the product code"}
    made.way.do(scan, "mismatch", wrong)
    made.way.clock.go(4)
    made.way.do(scan, "answer", {"values": {"code": "A999921123456"}}, by="perform")
    made.way.do(f"container/{BAG}", "receive", {"batch": BATCH, "step": "receive", "exposure_s": 300})
    made.note(
        "receive", "move", visit=1, command="accept", source="waiting", dest="accepted", results={"exposure": 1500.0}
    )
    made.note("receive", "judged", what="exposure", raw="25", reported="25", unit="min", band="alert",
              sentence="exposure: 25 min is beyond the alert limit <= 20 min", limits=["<= 20 min"])  # fmt: skip
    sign = prompt(made, "signatures", "receive", kind="witness", text="receive ended as 'accepted'")
    both = (proof("perform", "performed"), proof("second", "verified"))
    made.way.do(sign, "witness", by="perform", signs=both)
    made.note("receive", "procedural", state="complete")


def freeze(made: Life, *, samples: int = 300) -> None:
    """Freeze the bag: acts, an alarm, a gap, a doubt that a person settles, a curve, criteria not all met."""
    way = made.way
    _bind(made)
    for asset in ASSETS:
        way.do(f"asset/{asset}", "claim", {"batch": BATCH, "step": "freeze"})
    timer = {"what": "exposure before freezing", "batch": BATCH, "step": "freeze", "due": float(way.clock.now()) + 600}
    way.do(f"timer/{BATCH}.exposure", "start", {**timer, "warn": float(way.clock.now()) + 1, "rule": "at most 10 min"})
    way.clock.go(20)
    way.do(f"timer/{BATCH}.exposure", "warn")
    made.note("freeze", "enter", visit=1, state="empty")
    made.note("freeze", "read", visit=1, n=1, value="continue", asset="freezer", method="power_fail", args={})
    made.note("freeze", "call", visit=1, n=2, asset="freezer", method="load", args={"program": "COMP-20"}, kind="act")
    made.note("freeze", "doubt", visit=1, n=2, error="LinkError", message="the device can't say whether it happened")
    way.do(f"batch/{BATCH}", "hold", {"reason": "doubt about freezer.load", "step": "freeze"})
    made.note("freeze", "procedural", state="held", reason="doubt about freezer.load", by="system:runner")
    made.note("freeze", "resolved", visit=1, n=2, outcome="done", by="supervise", reason="seen at the panel")
    way.do(f"batch/{BATCH}", "done")
    way.do(f"batch/{BATCH}", "restart", {"reason": "seen at the panel"}, by="supervise")
    way.do(f"batch/{BATCH}", "done")
    made.note("freeze", "move", visit=1, command="prepare", source="empty", dest="freezing", results={})
    way.do(f"timer/{BATCH}.exposure", "meet")
    begun = way.clock.micros()
    made.note("freeze", "enter", visit=2, state="freezing")
    alarm = f"alarm/{BATCH}.freeze.lid"
    raising = {"source": "freezer", "message": "lid open", "priority": "high", "batch": BATCH, "step": "freeze"}
    way.do(alarm, "raise", raising)
    way.clock.go(30)
    way.do(alarm, "acknowledge", {"comment": "closed it again"}, by="perform")
    way.do(alarm, "clear")
    made.note("freeze", "gap", what="probes.scan", why="no answer in time")
    made.note("freeze", "gap", 40, what="probes.scan", over=True)
    way.clock.go(samples * 10.0)
    seal(made, begun, samples)
    _judge(made)
    way.do(f"deviation/{BATCH}-D01", "open", {"subject": f"{STEP}/freeze", "title": "plateau too long", "batch": BATCH})
    made.note("freeze", "procedural", state="complete")


def _bind(made: Life) -> None:
    parameters = {
        "every": {"value": 20.0, "text": "20 s", "unit": "s"},
        "acceptance": {"value": {"rate_from": -10.0, "rate_to": -40.0, "rise": 2.0, "rise_within": 60.0}, "text": ""},
    }
    assets, materials = {name: name for name in ASSETS}, {"cassette": "L-7"}
    made.note("freeze", "bound", operation="freeze", assets=assets, parameters=parameters, materials=materials)
    made.note("freeze", "procedural", state="running")


def seal(made: Life, begun: int, samples: int, channels: tuple[str, ...] = ("probes.chamber", "probes.sample")) -> None:
    """Seal process data: a chamber that falls in a straight line and a sample that lags, supercools and rises."""
    for channel in channels:
        times = [begun + n * 10 * MICRO for n in range(samples)]
        values: list[float | None] = [_celsius(channel, n / 6) for n in range(samples)]
        values[5] = None
        blob = made.blobs.put(pack(times, values))
        arrays = digest(times, values)
        made.note("freeze", "data", channel=channel, first=times[0], last=times[-1], count=samples, digest=arrays,
                  blob=blob, unit="degC")  # fmt: skip


def _celsius(channel: str, minutes: float) -> float:
    chamber = max(4.0 - 2.0 * minutes, -90.0)
    if channel.endswith("chamber"):
        return chamber
    lag = 4.0 - 2.0 * max(0.0, minutes - 4.0 * (1.0 - math.exp(-minutes / 4.0)))
    if minutes < 9.5:
        return lag
    return max(min(-4.0, -4.0 - 1.6 * (minutes - 14.0)), -88.0)


def _judge(made: Life) -> None:
    criteria = [
        {"name": "nucleation", "verdict": "pass", "value": -7.5, "unit": "degC", "limit": ">= -12 degC and <= -5 degC",
         "sentence": "nucleation at 9.5 min: -7.5 degC meets both"},
        {"name": "plateau", "verdict": "fail", "value": 700, "unit": "s", "limit": "<= 600 s",
         "sentence": "plateau within 1 K of -4.0 degC: 700 s is beyond the reject limit <= 600 s"},
        {"name": "cooling rate", "verdict": "not evaluable", "value": None, "unit": "", "limit": "",
         "sentence": "the sample did not cool through -10 to -40 degC"},
    ]  # fmt: skip
    results = {"verdict": "fail", "criteria": criteria, "end": -88.0}
    made.note("freeze", "move", visit=2, command="refuse", source="freezing", dest="not accepted", results=results)


@contextlib.contextmanager
def whole(folder: Path) -> Iterator[Life]:
    """Open a site whose batch is received, frozen, closed and sealed, beside another one."""
    with life(folder) as made:
        issue(made.way, OTHER)
        receive(made)
        freeze(made)
        made.way.do(f"batch/{OTHER}", "start", by="perform")
        with contextlib.suppress(Exception):
            made.way.do(f"batch/{BATCH}", "pause", {"reason": "no right"}, by=SYSTEM)
        made.end()
        yield made
