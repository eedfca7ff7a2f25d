"""What happens around a batch, as it was recorded at a door: its patient's story, its solution, its balance.

The story of a patient goes from the order to the infusion; a wash buffer is prepared of a lot of albumin; a balance is
calibrated. Each is told once in a folder of its own, and renamed to what the batch of the big ledger calls the same.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from automation.formulas.isbt128 import check_character
from automation.gmp.product.batches import Batch
from automation.gmp.product.containers import Container
from automation.gmp.registry import KINDS
from automation.ledger.event import Event
from automation.ledger.read import Reader
from automation.views.objects import Objects
from tests.support.doors import Doorway, doorway
from tests.support.runs import BATCH
from tests.support.thread import STORY, Thread
from tests.unit.gmp.moves_of_materials import released
from tests.unit.gmp.moves_of_plant import POINT, RECORD
from tests.unit.gmp.moves_of_quality import act, following

BALANCE, BUFFER, ALBUMIN, CALIBRATION = "balance-01", "BUF-3301", "ALB-3300", "CAL-0001"
_NAME = "X1"  # of everything in the story of the patient
_OWN = ("batch/", "container/", "label/", "person/")  # streams of which the recorded batch tells itself


@dataclass(frozen=True, slots=True)
class Stories:
    """Events by what they tell of, in order; what led to an event is not told."""

    before: tuple[Event, ...]  # from the order to the receipt of what was collected
    after: tuple[Event, ...]  # from the first deviation to the CAPA that worked
    solution: tuple[Event, ...]
    calibration: tuple[Event, ...]


def told(folder: Path) -> Stories:
    """Tell the stories in the names of the batch of a site folder."""
    with Reader(folder) as reader:
        objects = Objects(reader)
    batch = objects.find("batch", BATCH)
    if not isinstance(batch, Batch):
        raise TypeError(batch)
    bag = objects.find("container", batch.containers[0])
    if not isinstance(bag, Container):
        raise TypeError(bag)
    events = _recorded(_patient)
    begun = next(event.seq for event in events if event.stream == f"batch/{_NAME}")
    names = {**_names(batch, bag), _NAME: BATCH}
    kept = [event for event in events if _is_told(event)]
    story = dict(zip((event.seq for event in kept), _renamed(kept, names), strict=True))
    return Stories(
        before=tuple(event for seq, event in story.items() if seq < begun),
        after=tuple(event for seq, event in story.items() if seq > begun),
        solution=tuple(_renamed(_of(_recorded(_solution), "lot/"), {"COMP-1": ALBUMIN, "P1": BUFFER})),
        calibration=tuple(_renamed(_of(_recorded(_calibrated), "calibration/", "asset/"), {"C-1": CALIBRATION})),
    )


def ordered(event: Event) -> Event:
    """Give the issue of a batch as one for the order of the patient."""
    said = msgspec.json.decode(event.body, type=dict[str, object])
    given = said["given"]
    if not isinstance(given, Mapping):
        raise TypeError(given)
    body = msgspec.json.encode({**said, "given": {**given, "order": BATCH, "lot_type": "clinical"}})
    return msgspec.structs.replace(event, body=body)


def _recorded(tell: Callable[[Doorway], None]) -> list[Event]:
    with TemporaryDirectory() as name, doorway(Path(name)) as way:
        first = way.ledger.last.seq
        tell(way)
        return [event for event in way.ledger.events(after=first) if event.stream.partition("/")[0] in KINDS]


def _patient(way: Doorway) -> None:
    what, command = STORY[-1][1:]
    Thread(way, _NAME).through(what, command)


def _solution(way: Doorway) -> None:
    released(way, "COMP-1", what="albumin", quantity=1e6)
    made = {"what": "wash buffer", "quantity": 1e6, "unit": "mL", "components": [{"lot": "COMP-1", "quantity": 1e5}]}
    times = {"procedure": "SOP-8@2", "made": "2026-11-22T09:00", "expiry": "2026-12-31"}
    act(way, "lot/P1", "prepare", {**made, **times}, by="perform")
    following(way)
    act(way, "lot/P1", "release", by="release-material")


def _calibrated(way: Doorway) -> None:
    way.do(f"asset/{BALANCE}", "register", {"asset_class": "balance", "needs_cleaning": False})
    way.do(f"asset/{BALANCE}", "install", {"due": "2027-06-30"})
    act(way, "calibration/C-1", "record", {**RECORD, "asset": BALANCE, "points": [POINT]}, by="maintain")
    act(way, "calibration/C-1", "accept", by="review")
    following(way)


def _is_told(event: Event) -> bool:
    return not event.stream.startswith(_OWN)


def _of(events: Iterable[Event], *prefixes: str) -> list[Event]:
    """Give the events of some streams, but for how an asset came to be: the site has its own."""
    return [
        event for event in events if event.stream.startswith(prefixes) and event.kind not in {"register", "install"}
    ]


def _names(batch: Batch, bag: Container) -> dict[str, str]:
    """Give what the story calls otherwise than the batch: its bags, its codes."""
    way = Thread(way=None, name=_NAME)  # type: ignore[arg-type]  # only its names are asked for
    codes = {way.identity: batch.identity, way.din: bag.din + check_character(bag.din)}
    return {**codes, f"{_NAME}-A": bag.id, f"{_NAME}-P": f"{BATCH}-01"}


def _renamed(events: Iterable[Event], names: Mapping[str, str]) -> Iterable[Event]:
    ordered_names = sorted(names, key=len, reverse=True)
    found = re.compile(rf"\b(?:{'|'.join(map(re.escape, ordered_names))})(?!\w)".encode())

    def name(match: re.Match[bytes]) -> bytes:
        return names[match[0].decode()].encode()

    for event in events:
        stream = found.sub(name, event.stream.encode()).decode()
        yield msgspec.structs.replace(event, stream=stream, body=found.sub(name, event.body), cause=None)
