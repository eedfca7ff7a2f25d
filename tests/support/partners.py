"""What the own program of a partner does: it makes a key, writes a message and signs it.

Written without the readers of ours: what stands here is what docs/exchange.md asks of such a program.
"""

import hashlib
import json
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

UCUM: Final = "http://unitsofmeasure.org"
Body = dict[str, object]


def key_of(name: str) -> Ed25519PrivateKey:
    """Give the key of a partner of the tests."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())


def public(name: str) -> str:
    """Give its public key (hex)."""
    return key_of(name).public_key().public_bytes_raw().hex()


def signature(name: str, sha256: str) -> str:
    """Sign a digest (hex) as the page says; gives hex."""
    return key_of(name).sign(f"cellwright message 1 {sha256}\n".encode()).hex()


def signed(name: str, data: bytes) -> str:
    """Sign a file; gives hex."""
    return signature(name, hashlib.sha256(data).hexdigest())


def report(ledger: str, *, number: str, collection: str, patient: tuple[str, str], sent: str, **changed: str) -> Body:
    """Write the report of a collection of one bag; ``patient`` is chain of identity and recipient code.

    ``changed``: din, bag, tnc, unit (of cells), performed, verified, collected.
    """

    def named(kind: str, value: str) -> Body:
        return {"system": f"urn:x-cellwright:{ledger}:{kind}", "value": value}

    def counted(what: str, value: float) -> Body:
        amount = {"value": value, "system": UCUM, "code": changed.get("unit", "{cells}")}
        return {"resourceType": "Observation", "status": "final", "code": {"text": what}, "valueQuantity": amount}

    def performer(role: str, who: str) -> Body:
        return {"function": {"text": role}, "actor": {"identifier": {"value": who}}}

    codes = [named("identity", patient[0]), named("subject", patient[1])]
    procedure: Body = {
        "resourceType": "Procedure",
        "identifier": [named("collection", collection)],
        "status": "completed",
        "subject": {"reference": "Patient/1"},
        "occurrenceDateTime": changed.get("collected", sent),
        "performer": [
            performer("performed", changed.get("performed", "nurse-7")),
            performer("verified", changed.get("verified", "nurse-9")),
        ],
    }
    bag: Body = {
        "resourceType": "BiologicallyDerivedProduct",
        "identifier": [named("container", changed.get("bag", f"BAG-{number}"))],
        "biologicalSourceEvent": named("donation", changed.get("din", "A9999260009117")),
        "property": [
            {"type": {"text": "volume"}, "valueQuantity": {"value": 180, "system": UCUM, "code": "mL"}},
            {"type": {"text": "seal"}, "valueString": "SL-1"},
        ],
    }
    resources: list[Body] = [
        {
            "resourceType": "MessageHeader",
            "eventCoding": {"system": "urn:x-cellwright:event", "code": "collection-report"},
            "source": {"name": "ward program", "endpointUrl": "https://ward.example"},
        },
        {"resourceType": "Patient", "id": "1", "identifier": codes},
        procedure,
        bag,
        counted("nucleated cells", float(changed.get("tnc", "4.1e9"))),
        counted("CD3+ cells", 1.7e9),
    ]
    entries = [
        {"fullUrl": f"{one['resourceType']}/{one.get('id', n)}", "resource": one} for n, one in enumerate(resources)
    ]
    return {
        "resourceType": "Bundle",
        "type": "message",
        "identifier": named("message", number),
        "timestamp": sent,
        "entry": entries,
    }


def found(ledger: str, *, number: str, sample: str, value: float, sent: str, unit: str = "%") -> Body:
    """Write the message of a laboratory with one result, of the viability of a sample."""

    def named(kind: str, name: str) -> Body:
        return {"system": f"urn:x-cellwright:{ledger}:{kind}", "value": name}

    header = {"eventCoding": {"system": "urn:x-cellwright:event", "code": "results"}, "source": {"name": "LIMS"}}
    result: Body = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "viability"},
        "specimen": {"identifier": named("container", sample)},
        "effectiveDateTime": sent,
        "method": {"text": "M-12@2"},
        "valueQuantity": {"value": value, "system": UCUM, "code": unit},
    }
    entries = [{"resource": {"resourceType": "MessageHeader", **header}}, {"resource": result}]
    return {
        "resourceType": "Bundle",
        "type": "message",
        "identifier": named("message", number),
        "timestamp": sent,
        "entry": entries,
    }


def no_growth(ledger: str, sample: str, *, identity: str, analysed: str) -> Body:
    """Write what a laboratory sends of a sample's sterility, for the patient of a chain of identity."""

    def named(kind: str, name: str) -> Body:
        return {"identifier": {"system": f"urn:x-cellwright:{ledger}:{kind}", "value": name}}

    result: Body = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "sterility"},
        "subject": named("identity", identity),
        "specimen": named("container", sample),
        "effectiveDateTime": analysed,
        "method": {"text": "LAB-71@3"},
        "valueString": "no growth",
    }
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": result}]}


def as_bytes(message: Body) -> bytes:
    """Give the file."""
    return json.dumps(message, indent=1).encode()
