"""The EPCIS document of something: its events in the order of their times, as bytes that are the same each time.

Its date is that of the last event of the ledger that was looked at, and it names that event with its hash: no other
clock is asked. A document of a simulated site says so, and so does each of its events.
Source: GS1 EPCIS 2.0 (document in JSON-LD).
"""

import msgspec

from automation.engine.exchangefile import Partners
from automation.exchange.epcis.custody import custody
from automation.exchange.epcis.life import life
from automation.exchange.epcis.model import CONTEXT, PREFIX, SIMULATED, TERMS, Body, Document
from automation.exchange.epcis.naming import Naming
from automation.exchange.epcis.process import process
from automation.exchange.epcis.recalls import recalls
from automation.exchange.epcis.sensors import sensors
from automation.exchange.epcis.writing import Writer
from automation.kernel.clock import MICRO, iso
from automation.kernel.quantity import Instant
from automation.views.objects import Objects
from automation.views.trends import Files

DOCUMENT, VERSION = "EPCISDocument", "2.0"


def document(objects: Objects, files: Files, start: str, *, partners: Partners) -> Document:
    """Tell the life of the containers that a stream or a chain of identity stands for.

    Raises InputError for what stands for no container.
    """
    genesis = objects.reader.genesis
    naming = Naming(genesis.ledger, partners)
    told = life(objects, start)
    writer = Writer(told, naming, zone=objects.zone, site=genesis.site, simulated=objects.simulated)
    dated = sorted(
        (*custody(writer), *process(writer), *recalls(writer), *sensors(writer, files)), key=lambda one: one.order
    )
    last = objects.last
    return Document(
        context=(CONTEXT, {PREFIX: TERMS}),
        type=DOCUMENT,
        version=VERSION,
        created=iso(Instant(last.at / MICRO), zone=objects.zone),
        instance=f"{genesis.ledger}:{last.seq}:{last.hash.hex()}",
        sender=naming.party(genesis.site),
        mode=SIMULATED if objects.simulated else "",
        body=Body(events=tuple(one.event for one in dated)),
    )


def encode(made: Document) -> bytes:
    """Give a document as a file's bytes."""
    return msgspec.json.format(msgspec.json.encode(made), indent=1) + b"\n"
