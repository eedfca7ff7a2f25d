"""The record of a batch as one BatchML document.

Our own record with its proof stays the original: the document names the signed head over it, and the SHA-256 of the
very bytes of ``record`` in a JSON file that is written as of the same event. Its change indication is the SHA-256 of
the hashes of all its events: it changes when the record does, and whoever has the document alone can work it out.
Source: MESA B2MML-BatchML 7.0.1 (BatchProductionRecordType); ANSI/ISA-88.00.04; 21 CFR 11.10(b).
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import msgspec

from automation.exchange.batchml.data import data_sets
from automation.exchange.batchml.events import events
from automation.exchange.batchml.parts import constant, entry, event, value
from automation.exchange.batchml.samples import samples
from automation.exchange.batchml.steps import elements, performance
from automation.exchange.batchml.xml import Node, node, written
from automation.gmp.product.testing import QcTest
from automation.gmp.quality.corrections import Correction
from automation.gmp.registry import KINDS
from automation.ledger.read import Reader
from automation.views.record import BatchRecord, Equipment, Finding, Person, Signature
from automation.views.story import Told, tell

VERSION = "BatchML 7.0.1"


@dataclass(frozen=True, slots=True)
class Beside:
    """What belongs to a batch and stands beside its record: tests of the laboratory, corrections with both values."""

    tests: tuple[Told[QcTest], ...] = ()
    corrections: tuple[Told[Correction], ...] = ()


def beside(reader: Reader, batch: str) -> Beside:
    """Read what stands beside a record, stream by stream."""
    found: dict[str, list[Told[object]]] = {}
    for word in ("test", "correction"):
        told = (tell(KINDS[word], tuple(reader.stream(f"{word}/{name}"))) for name in reader.names(word))
        found[word] = [one for one in told if getattr(one.now, "batch", "") == batch]
    return Beside(
        cast("tuple[Told[QcTest], ...]", tuple(found["test"])),
        cast("tuple[Told[Correction], ...]", tuple(found["correction"])),
    )


def digest(record: BatchRecord) -> str:
    """Give the SHA-256 of a record as it stands in the JSON file (hex)."""
    return hashlib.sha256(msgspec.json.encode(record)).hexdigest()


def indication(record: BatchRecord) -> str:
    """Give the SHA-256 of the hashes of a record's events, each in hex on a line of its own (hex)."""
    return hashlib.sha256("".join(f"{one.hash}\n" for one in record.trail).encode()).hexdigest()


def batchml(record: BatchRecord, other: Beside) -> bytes:
    """Give a record as a BatchML document, the same bytes each time."""
    header, proof = record.header, record.proof
    made = {one.now.seq: _values(one.now) for one in other.corrections if one.now.setting}
    marks = [mark for mark, holds in (("SIMULATED", record.simulated), ("DRAFT", record.draft)) if holds]
    root = node(
        "BatchProductionRecord",
        "Record",
        ID=f"batch/{header.batch}",
        **entry(
            "record",
            "Batch Production Record",
            at=record.drawn,
            reference=f"{header.ledger}:{proof.head_seq}:{proof.head}",
        ),
        Description=[
            *marks,
            record.verdict,
            f"{VERSION}; the original is the JSON record, sha256:{digest(record)} as of event {record.as_of}",
        ],
        EquipmentScope=header.site,
        PublishedDate=record.drawn,
        CreationDate=header.issued,
        BatchID=header.batch,
        BatchProductionRecordSpec=f"{header.recipe}@{header.recipe_version}",
        ChangeIndication=f"sha256:{indication(record)}",
        Language="en",
        LastChangedDate=header.closed or record.drawn,
        LotID=header.batch,
        MaterialDefinitionID=header.product,
        RecordStatus=" ".join([*marks, str(header.state)]),
        Version=str(record.as_of),
        ChangeHistory=_some("ChangeHistory", "Changes", Change=[_change(one) for one in other.corrections]),
        Comments=_some("Comments", "Comments", Comment=[_comment(*one) for one in enumerate(record.findings, 1)]),
        ControlRecipes=_some("ControlRecipes", "ControlRecipes", ControlRecipeRecord=list(_control(record))),
        DataSets=_some("DataSets", "DataSets", DataSet=list(data_sets(record))),
        Events=_some("Events", "Events", Event=list(events(record.trail, made))),
        MasterRecipes=_some("MasterRecipes", "MasterRecipes", MasterRecipeRecord=_master(record)),
        PersonnelIdentification=_some(
            "PersonnelIdentification", "People", PersonnelIdentificationManifest=list(_people(record))
        ),
        OperationsPerformances=_some(
            "OperationsPerformances", "Performances", OperationsPerformanceRecord=performance(record)
        ),
        RecipeElements=_some("RecipeElements", "Elements", RecipeElementRecord=list(elements(record))),
        ResourceQualifications=_some(
            "ResourceQualifications", "Qualifications", ResourceQualificationsManifest=list(_ready(record))
        ),
        Samples=_some("Samples", "Samples", Sample=list(samples(record.steps, other.tests))),
    )
    return written(root)


def _some(name: str, kind: str, **given: Node | Sequence[Node]) -> Node | tuple[()]:
    """Give a list, nothing when it is empty."""
    return node(name, kind, **given) if any(given.values()) else ()


def _values(one: Correction) -> tuple[str, str, str]:
    said = one.setting
    return (said.name, said.was, said.value) if said else ("", "", "")


def _change(told: Told[Correction]) -> Node:
    one, said = told.now, told.now.said
    name, was, _ = _values(one)
    return node(
        "Change",
        "Change",
        **entry(f"correction/{one.id}", "Change"),
        Description=one.sentence,
        RecordReference=event(one.seq),
        PrechangeData=value(was, sort="string", key=name or one.entry),
        Reason=said.reason if said else "",
    )


def _comment(number: int, one: Finding) -> Node:
    """Give an exception of the record: which rule, what, how it ended."""
    still = ["open"] if one.is_open else []
    return node(
        "Comment",
        "Comment",
        **entry(f"exception/{number}", "Comment", at=one.at),
        Description=one.rule,
        RecordReference=" ".join(map(event, one.events)) or "record",
        CommentText=[one.what, one.outcome or "-", *still],
    )


def _master(record: BatchRecord) -> Node:
    header = record.header
    recipe = node(
        "MasterRecipe",
        "MasterRecipe",
        ID=header.recipe,
        Version=header.recipe_version,
        Description=header.recipe_status,
        Header=node("Header", "Header", ProductName=header.product),
        OtherInformation=[_digest("digest", header.recipe_digest), _digest("file", record.master.file)],
    )
    return node("MasterRecipeRecord", "MasterRecipeRecord", **entry("master", "Master Recipe"), MasterRecipe=recipe)


def _digest(name: str, found: str) -> Node:
    return node("OtherInformation", "Other", ID=name, Value=constant(found))


def _control(record: BatchRecord) -> Iterator[Node]:
    """Give the recipe that the batch was issued with, then each that an amendment put in its place."""
    header = record.header
    first = (header.recipe_version, header.recipe_digest, header.issued, "issued")
    later = [
        (one.recipe_version, one.recipe_digest, one.in_force, one.reason) for one in record.amendments if one.in_force
    ]
    for number, (version, found, since, why) in enumerate([first, *later]):
        recipe = node(
            "ControlRecipe",
            "ControlRecipe",
            ID=header.recipe,
            Version=version,
            Description=why,
            BatchID=header.batch,
            Header=node("Header", "Header", ProductName=header.product),
            OtherInformation=[
                _digest("digest", found),
                *(_digest(f"operation {name}", source) for name, source in sorted(header.operations.items())),
            ],
        )
        head = entry(f"control/{number}", "Control Recipe", at=since)
        yield node("ControlRecipeRecord", "ControlRecipeRecord", **head, ControlRecipe=recipe)


def _people(record: BatchRecord) -> Iterator[Node]:
    """Give who acted, then each signature: whose, over which event, what it means."""
    for one in record.people:
        yield _person(record, one)
    for step, signature in _signatures(record):
        yield node(
            "PersonnelIdentificationManifest",
            "Person",
            **entry(
                f"signature/{signature.seq}/{signature.by}/{signature.meaning}",
                "Personnel Identification Manifest",
                at=signature.at,
                reference=signature.shown,
            ),
            Description=[signature.signed, signature.strength, *((f"step {step}",) if step else ())],
            RecordReference=event(signature.seq),
            Name=[signature.name, signature.by],
            ChangeIndication=signature.event_hash,
            Reason=signature.meaning,
        )


def _signatures(record: BatchRecord) -> Iterator[tuple[str, Signature]]:
    """Give every signature once, with the step whose it is; those of no step too."""
    of_steps = {(one.seq, one.by, one.meaning): step.id for step in record.steps for one in step.signatures}
    return ((of_steps.get((one.seq, one.by, one.meaning), ""), one) for one in record.signatures)


def _person(record: BatchRecord, one: Person) -> Node:
    return node(
        "PersonnelIdentificationManifest",
        "Person",
        **entry(f"person/{one.id}", "Personnel Identification Manifest"),
        Description=one.roles,
        RecordReference=f"batch/{record.header.batch}",
        Name=[one.name, one.id],
        ChangeIndication=record.proof.head,
    )


def _ready(record: BatchRecord) -> Iterator[Node]:
    """Give how each device stood when a step used it."""
    for step in record.steps:
        for one in step.equipment:
            for what, due in (("calibration", one.calibration_due), ("qualification", one.qualification_due)):
                if due and due[0].isdigit():
                    yield _qualified(step.id, one, what=what, due=due)


def _qualified(step: str, one: Equipment, *, what: str, due: str) -> Node:
    return node(
        "ResourceQualificationsManifest",
        "Qualification",
        **entry(f"qualified/{step}/{one.role}/{what}", "Resource Definition Manifest"),
        RecordReference=f"element/{step}",
        ResourceID=one.asset,
        ResourceUse=one.role,
        ResourceType="Equipment",
        QualificationStatus=what,
        ExpirationTimeStamp=due,
    )
