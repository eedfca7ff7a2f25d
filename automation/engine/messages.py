"""Takes a signed message of a partner: who sent it is known by the signature alone, so nobody's secret is asked.

The bytes are read by the process that owns the site, so that what the record says is what was signed. A message of an
unknown sender is answered and not recorded; of a known one everything is, taken or refused.
Units:  bytes.
Source: 21 CFR 11.30; design: what can't be read as a command is answered, not recorded.
"""

import hashlib
from base64 import b64decode
from binascii import Error
from collections.abc import Mapping
from typing import cast

from automation.engine.site import Site
from automation.gmp.door import Command
from automation.gmp.product.messages import Message, message_id
from automation.gmp.product.partners import Partner
from automation.kernel.errors import InputError, RefusedError
from automation.kernel.quantity import Seconds

EXCHANGE = "system:exchange"
LARGEST = 180_000
"""Bytes of a message: what fits into one request to the owner of a site, before anybody knows who sent it."""


async def take(site: Site, partner: str, body: Mapping[str, object]) -> tuple[str, int, dict[str, str]]:
    """Take a message (``data`` in base64, ``signature`` in hex) and what follows from it.

    Gives the message, its event, and what became of what it is about. Raises InputError for what can't be read and for
    an unknown sender; RefusedError, on record, for a message that the rules refuse, or whose report they refuse.
    """
    sender = cast("Partner", site.house.door.find("partner", partner))
    if sender.state == "absent":
        raise InputError(f"partner {partner!r} is not registered at this site")
    if site.reads is None:
        raise InputError("no messages are read here")
    data, signature = _bytes(body), str(body.get("signature", ""))
    check_size(data)
    said = site.reads(data, ledger=site.house.ledger.genesis.ledger, simulated=site.file.simulated)
    digest = hashlib.sha256(data).hexdigest()
    given = {**said.fields, "partner": partner, "number": said.number, "sha256": digest, "signature": signature}
    name = message_id(partner, said.number)
    _check_number(site, name, digest=digest)
    if sender.has_signed(digest, signature):
        site.house.blobs.put(data)
    event = site.house.door.enter(Command(f"message/{name}", "take", given, EXCHANGE))
    await site.house.ledger.durable(event.seq)
    return name, event.seq, await _came_of(site, name, event.seq)


def check_size(data: bytes) -> None:
    """Raise InputError for a message that is too large to be read before its signature is known to be good."""
    if len(data) > LARGEST:
        raise InputError(f"the message has {len(data)} bytes; at most {LARGEST} are taken")


def _check_number(site: Site, name: str, *, digest: str) -> None:
    """Refuse a message that was taken, on record, and say whether it is the very same."""
    was = site.house.door.find("message", name)
    if not isinstance(was, Message) or was.envelope is None:
        return
    same = "the same bytes" if was.envelope.sha256 == digest else "other bytes under its number"
    why = RefusedError(f"message {name} was taken before; this is a replay, with {same}")
    site.house.door.note_refusal(Command(f"message/{name}", "take", by=EXCHANGE), why)
    raise why


async def _came_of(site: Site, name: str, seq: int) -> dict[str, str]:
    """Wait until what follows is done; raises RefusedError with the words of the rule that refused it."""
    message = cast("Message", site.house.door.find("message", name))
    about = message.envelope.collection if message.envelope else ""
    if not about:
        return {}
    await site.house.clock.sleep(Seconds(0.0))  # what follows is done at the next turn of the loop
    ledger = site.house.ledger
    refused = [one for one in ledger.stream(f"refusals/collection/{about}") if one.seq > seq]
    if refused:
        raise RefusedError(f"message {name} is taken, and what it asks for is refused: {refused[-1].fields['why']}")
    return {f"collection/{about}": str(site.house.door.find("collection", about).state)}


def _bytes(body: Mapping[str, object]) -> bytes:
    try:
        return b64decode(str(body.get("data", "")), validate=True)
    except Error:
        raise InputError("data is no base64") from None
