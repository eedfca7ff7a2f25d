"""The messages of partners: which number, sent when, about what; then what each kind says.

Elements: Bundle (type message; identifier: number of the message in this list; timestamp: when it was sent) with a
MessageHeader whose eventCoding is ``collection-report`` or ``results``. The name of the list holds the id of the site's
ledger, so that a message for one site is none for another.
Source: HL7 FHIR R5 (messaging); docs/exchange.md.
"""

import re

from automation.engine.partnermail import Said
from automation.exchange.fhir.bundle import Received
from automation.exchange.fhir.codes import Naming
from automation.exchange.fhir.read import Element, shown
from automation.exchange.fhir.results import ALLOWED as OF_RESULTS
from automation.exchange.partners.collection import ALLOWED as OF_COLLECTIONS
from automation.exchange.partners.collection import collection_report, the_one
from automation.gmp.product.partners import May

EVENTS = "urn:x-cellwright:event"
COLLECTION, RESULTS = "collection-report", "results"
_ALLOWED = tuple(dict.fromkeys((*OF_COLLECTIONS, *OF_RESULTS)))
_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def read_message(data: bytes, *, ledger: str, simulated: bool) -> Said:
    """Read a message of a partner; raises InputError that names the element, its value and what is allowed."""
    naming = Naming(ledger, simulated)
    received = Received(data, naming, allowed=_ALLOWED)
    received.bundle.choice("type", ("message",))
    header = the_one(received, "MessageHeader").said
    coding = header.child("eventCoding")
    if coding is None:
        raise header.wrong("eventCoding", "is missing")
    coding.choice("system", (EVENTS,))
    kind, sent = coding.choice("code", (COLLECTION, RESULTS)), received.bundle.moment("timestamp")
    number = _number(received.bundle, naming)
    if kind == RESULTS:
        return Said(number, {"sent": sent, "about": May.RESULTS})
    return Said(number, {"sent": sent, "about": May.COLLECTIONS, **collection_report(received, naming)})


def _number(bundle: Element, naming: Naming) -> str:
    """Give the number of the message, which has to be of the list of this very site."""
    named = bundle.child("identifier")
    if named is None:
        raise bundle.wrong("identifier", "is missing; a message has a number that is used once")
    named.choice("system", (naming.system("message"),))
    number = named.text("value", needed=True)
    if not _NUMBER.fullmatch(number):
        raise named.wrong("value", f"is {shown(number)}; 1 to 64 letters, digits, '.', '_', '-' are needed")
    return number
