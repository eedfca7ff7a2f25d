"""Prints a label that a person issued, at a label printer of the site; noted before it is sent, so never sent twice.

When nobody knows whether it came out, the label stays *issued*: a person looks, and says that it came out (``print``)
or that nothing did (``void``).
Source: 21 CFR 211.125 (every label accounted for); ZPL printers acknowledge nothing.
"""

from dataclasses import replace
from typing import get_type_hints

import msgspec

from automation.engine.handles import Container
from automation.engine.house import Device
from automation.engine.labelling import TEMPLATE, VERSION
from automation.engine.site import Site
from automation.gmp.door import Command
from automation.gmp.plant.assets import Asset
from automation.gmp.product.labels import Label
from automation.kernel.errors import FailedError, InputError, RefusedError, UnknownError
from automation.ledger.event import Event

CLASS, EFFECT = "label printer", "print"


async def printed(site: Site, command: Command, *, asset: str) -> Event:
    """Send a label to a printer and note that it came out; gives that event.

    Raises RefusedError when nothing was sent (the label is void then), FailedError when nobody knows.
    """
    earlier = site.house.door.earlier(command.id)
    if earlier is not None:
        return earlier
    device = _printer(site, asset)
    name = command.stream.partition("/")[2]
    _check_free(site, device)
    ids = {what: f"{command.id}/{what}" if command.id else "" for what in ("send", "void")}
    await site.house.door.submit(replace(command, command="send", body={"asset": device.asset}, id=ids["send"]))
    label = site.house.door.find("label", name)
    if not isinstance(label, Label):
        raise TypeError(label)
    try:
        done = await _sent(device, label)
    except RefusedError as refusal:
        reason = {"reason": f"nothing was sent to {device.asset}: {refusal}"}
        await site.house.door.submit(replace(command, command="void", body=reason, id=ids["void"]))
        raise
    except UnknownError as doubt:
        way_out = f"do label {name} print, if it came out; else do label {name} void --reason ..."
        raise FailedError(f"label {name}: nobody knows whether it came out ({doubt}); look, then {way_out}") from doubt
    if done["data"]:
        site.house.blobs.put(done["data"].encode("latin-1"))
    return await site.house.door.submit(replace(command, command="print", body={"sha256": done["sha256"]}))


async def _sent(device: Device, label: Label) -> dict[str, str]:
    """Send a label as the printer's interface takes it; gives the bytes that were sent, and their hash."""
    send = getattr(device.driver, EFFECT)
    kind = get_type_hints(getattr(device.interface, EFFECT))["label"]
    said: dict[str, object] = {name: getattr(label, name) for name in ("id", "code", "lines", "marks")}
    drawn = msgspec.convert({**said, "template": TEMPLATE, "template_version": VERSION}, kind)  # the printer's layout
    done = await send(label=drawn, container=Container(label.container))
    return {name: str(getattr(done, name)) for name in ("sha256", "data")}


def _printer(site: Site, asset: str) -> Device:
    """Give the printer that was named, else the one that the site has; raises InputError."""
    known = {name: one for name, one in site.house.devices.items() if one.capability == CLASS}
    if asset:
        if asset not in known:
            raise InputError(f"printer is {asset!r}; label printers of this site: {', '.join(known) or 'none'}")
        return known[asset]
    if len(known) != 1:
        raise InputError(f"name the printer; label printers of this site: {', '.join(known) or 'none'}")
    return next(iter(known.values()))


def _check_free(site: Site, device: Device) -> None:
    """Raise RefusedError for a printer that is not ready, or that a batch has claimed."""
    thing = site.house.door.find("asset", device.asset)
    if not isinstance(thing, Asset):
        raise TypeError(thing)
    wrong = [*thing.ready(site.house.door.now)]
    if thing.claim is not None:
        wrong.append(f"asset {device.asset} is claimed by batch {thing.claim[0]}, step {thing.claim[1]}")
    if wrong:
        raise RefusedError(f"nothing was sent: {'; '.join(wrong)}")
