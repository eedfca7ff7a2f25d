"""Fake laboratory: a system with a FHIR interface that takes requests, tests for days, and makes mistakes when told to.

Physics: a result is there a fixed number of days after its request came, plus up to a day that depends on seed and
         sample alone; numbers scatter about a usual value, words are the good ones. Asking never changes anything.
Units:   s; those of the tests, as UCUM codes.
Source:  HL7 FHIR R5 (RESTful interface, transaction, search); days and values are assumed.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import parse_qs, urlsplit

from automation.kernel.clock import iso
from automation.kernel.errors import FailedError, WireError
from automation.kernel.ids import normal, uniform
from automation.kernel.quantity import Instant
from fakes import http
from fakes.freezer import text
from fakes.world import World

Resource = dict[str, object]
DAY = 86_400.0  # s
BASE = "/fhir"
UCUM = "http://unitsofmeasure.org"
FAULTS = ("late", "corrected", "unit", "sample", "patient", "error", "silent", "half")
_COMMANDS = (b"GET ", b"POST ")


@dataclass(frozen=True, slots=True)
class Assay:
    """What the laboratory knows of a test: days to the result, a usual value and its scatter, or a word."""

    days: float
    value: float = 0.0
    scatter: float = 0.0
    decimals: int = 1
    unit: str = ""
    below: str = ""  # limit of quantitation that usual samples stay below
    word: str = ""
    so_far: str = ""  # what is said half-way


ASSAYS = {
    "viability": Assay(1.0, 91.0, 1.5, 1, "%"),
    "endotoxin": Assay(2.0, unit="[EU]/mL", below="0.05"),
    "sterility": Assay(14.0, word="no growth", so_far="no growth to date"),
    "vcn": Assay(5.0, 2.4, 0.2, 1, "{copies}/{cell}"),
}
OTHER = Assay(3.0, word="complies")


@dataclass(slots=True)
class FakeLaboratory:
    """What the laboratory's system answers, and the mistakes that hands make there."""

    seed: int
    token: str = ""  # that every request has to show; none when empty
    acts: dict[str, int] = field(default_factory=lambda: {"order": 0})
    _held: dict[str, Resource] = field(default_factory=dict)  # by Type/id
    _came: dict[str, Instant] = field(default_factory=dict)  # of a ServiceRequest
    _faults: dict[str, str] = field(default_factory=dict)  # fault to the id of the test it is for; empty: any
    _received: bytes = b""

    def feed(self, data: bytes, now: Instant) -> bytes:
        """Answer every complete request; one that was broken off is forgotten when the next one begins."""
        self._received = data if data.startswith(_COMMANDS) else self._received + data
        out = b""
        while self._received:
            try:
                request, self._received = http.take(self._received)
            except WireError:
                self._received = b""
                return out + http.answer(400, _outcome("not an HTTP request"))
            if request is None:
                return out
            out += self._answer(request, now)
        return out

    def hand(self, action: str, details: dict[str, object], now: Instant) -> None:  # noqa: ARG002  a mistake has no time
        """Let somebody there make a mistake; raises FailedError for another action.

        ``fault`` {kind: one of ``FAULTS``, test: its id, any when empty} and ``mend`` {kind}.
        """
        kind = text(details, "kind")
        if action not in {"fault", "mend"} or kind not in FAULTS:
            raise FailedError(f"hand action is {action!r} {kind!r}; there are fault and mend of {', '.join(FAULTS)}")
        if action == "fault":
            self._faults[kind] = str(details.get("test", ""))
        else:
            self._faults.pop(kind, None)

    def unasked(self, now: Instant) -> bytes:  # noqa: ARG002  it never speaks by itself
        """Say nothing."""
        return b""

    def due(self, now: Instant) -> Instant | None:  # noqa: ARG002  as above
        """Wait for nothing."""
        return None

    def _answer(self, request: http.Request, now: Instant) -> bytes:
        if self.token and request.header("authorization") != f"Bearer {self.token}":
            return http.answer(401, _outcome("who are you?"))
        if "error" in self._faults:
            return http.answer(500, _outcome("the database is down"))
        parts = urlsplit(request.target)
        said = http.answer(404, _outcome("no such page"))
        if (request.method, parts.path) == ("POST", BASE):
            said = self._taken(request.body, now)
        elif (request.method, parts.path) == ("GET", f"{BASE}/Observation"):
            asked = parse_qs(parts.query).get("based-on.identifier", [""])[0]
            said = http.answer(200, json.dumps(self._found(asked, now)).encode())
        if "silent" in self._faults:
            return b""
        return said[: len(said) // 2] if "half" in self._faults else said

    def _taken(self, body: bytes, now: Instant) -> bytes:
        """Take a transaction: all of it or nothing, and what is there already once."""
        try:
            entries = [cast("Resource", one) for one in cast("list[object]", json.loads(body)["entry"])]
            kept = [self._place(entry) for entry in entries]
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            return http.answer(400, _outcome(f"no transaction: {type(error).__name__}"))
        answers: list[Resource] = []
        for place, entry in zip(kept, entries, strict=True):
            fresh = place not in self._held
            if fresh:
                self._held[place] = cast("Resource", entry["resource"])
                if place.startswith("ServiceRequest/"):
                    self.acts["order"] += 1
                    self._came[place] = now
            answers.append({"response": {"status": "201 Created" if fresh else "200 OK", "location": place}})
        return http.answer(200, json.dumps(_bundle("transaction-response", answers)).encode())

    def _place(self, entry: Resource) -> str:
        """Give the place of an entry: that of what has its identifier already, else a new one."""
        resource = cast("Resource", entry["resource"])
        own = cast("list[Resource]", resource["identifier"])[0]
        name = f"{own['system']}|{own['value']}"
        if cast("Resource", entry["request"])["ifNoneExist"] != f"identifier={name}":
            raise ValueError(name)
        return f"{resource['resourceType']}/{name}"

    def _found(self, asked: str, now: Instant) -> Resource:
        place = f"ServiceRequest/{asked}"
        return _bundle("searchset", [] if place not in self._held else list(self._results(place, now)))

    def _results(self, place: str, now: Instant) -> Iterator[Resource]:
        """Give the result of a request as it stands, with its request and sample."""
        request = self._held[place]
        test = str(cast("Resource", cast("Resource", request["code"])["concept"])["text"])
        sample = cast("list[Resource]", request["specimen"])[0]
        assay, which = ASSAYS.get(test.lower(), OTHER), place.rpartition("|")[2]
        noise = (self.seed, place, test)
        days = assay.days + uniform(*noise, "days") + (7.0 if self._wrong("late", which) else 0.0)
        done = Instant(float(self._came[place]) + days * DAY)
        half = Instant(float(self._came[place]) + assay.days / 2 * DAY)
        final = now >= done
        if not final and not (assay.so_far and now >= half):
            return
        status = "preliminary" if not final else "corrected" if self._wrong("corrected", which) else "final"
        said = self._value(assay, which, noise, final=final)
        named = cast("Resource", sample["identifier"])
        if self._wrong("sample", which):
            named = {**named, "value": "DOE-JANE-1970"}
        patient = cast("Resource", request["subject"])
        if self._wrong("patient", which):
            own = cast("Resource", patient["identifier"])
            patient = {**patient, "identifier": {**own, "value": "CHA999926ZZZZ99"}}
        yield {"fullUrl": place, "resource": request}
        yield {
            "fullUrl": f"Observation/{place}",
            "resource": {
                "resourceType": "Observation",
                "status": status,
                "basedOn": [{"reference": place}],
                "code": {"text": test},
                "subject": patient,
                "specimen": {"identifier": named},
                "effectiveDateTime": iso(done if final else half),
                "method": {"text": f"LAB-{test}@3"},
                **said,
                **({"note": [{"text": "read from the wrong line"}]} if status == "corrected" else {}),
            },
        }

    def _value(self, assay: Assay, which: str, noise: tuple[int, str, str], *, final: bool) -> Resource:
        if assay.word:
            return {"valueString": assay.word if final else assay.so_far}
        shift = 1.0 if self._wrong("corrected", which) else 0.0
        number = round(assay.value + assay.scatter * normal(*noise, "value") - shift, assay.decimals)
        unit = "mg/mL" if self._wrong("unit", which) else assay.unit
        amount: Resource = {"value": float(assay.below) if assay.below else number, "system": UCUM, "code": unit}
        return {"valueQuantity": amount | ({"comparator": "<"} if assay.below else {})}

    def _wrong(self, kind: str, which: str) -> bool:
        return kind in self._faults and self._faults[kind] in {"", which}


def _bundle(kind: str, entries: list[Resource]) -> Resource:
    """Give a bundle; FHIR has no empty lists."""
    return {"resourceType": "Bundle", "type": kind, **({"entry": entries} if entries else {})}


def _outcome(why: str) -> bytes:
    issue = {"severity": "error", "code": "processing", "diagnostics": why}
    return json.dumps({"resourceType": "OperationOutcome", "issue": [issue]}).encode()


def build(world: World, _name: str, settings: Mapping[str, str]) -> FakeLaboratory:
    """Make the laboratory; ``token`` is what every request has to show."""
    return FakeLaboratory(world.seed, settings.get("token", ""))
