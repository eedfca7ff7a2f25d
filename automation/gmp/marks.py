"""Marks: words under which objects are found among those of their kind, so that nobody looks through all of all times.

An object carries a mark as long as its ``found_by`` names it; see ``things``.
"""

import unicodedata

OPEN = "open"
"""Something or somebody is waited for: what is open, asked, called, counted, up or expected."""

LISTED = "listed"
"""A supplier or a material that a site keeps a list of."""


SHELF_LIFE = "shelf life"
"""A stability study that has decided a shelf life."""

TO_RECORD = "needed to record"
"""A curriculum without which nobody records anything."""


def at_batch(batch: str) -> str:
    """Give the mark of the lots of which something stands at a batch that nobody has accounted for."""
    return f"at batch {batch}"


def from_supplier(supplier: str) -> str:
    """Give the mark of the lots of a supplier or manufacturer."""
    return f"supplier {supplier}"


def booked_on(day: str) -> str:
    """Give the mark of what has booked a run or a slot that begins on a day (UTC, year-month-day)."""
    return f"booked on {day}"


def done_by(person: str, operation: str) -> str:
    """Give the mark of what a person has answered for an operation."""
    return f"done {operation} by {person}"


def filled_in(room: str) -> str:
    """Give the mark of the media fills of a room."""
    return f"filled in {room}"


def in_room(room: str) -> str:
    """Give the mark of the assets in a room that are claimed."""
    return f"room {room}"


def known_as(identifier: str) -> str:
    """Give the mark of the containers with a donation number or a chain of identity."""
    return f"known as {identifier}"


def of_asset(asset: str) -> str:
    """Give the mark of the calibrations, maintenance plans and faults of an asset."""
    return f"asset {asset}"


def made_by(digest: str) -> str:
    """Give the mark of the batches that are made by a recipe with a digest."""
    return f"made by {digest}"


def made_of(lot: str) -> str:
    """Give the mark of the lots that were prepared of a lot."""
    return f"made of {lot}"


def of_batch(batch: str) -> str:
    """Give the mark of what belongs to a batch."""
    return f"batch {batch}"


def of_container(container: str) -> str:
    """Give the mark of the labels of a container."""
    return f"container {container}"


def of_curriculum(curriculum: str) -> str:
    """Give the mark of the trainings by a curriculum."""
    return f"curriculum {curriculum}"


def of_material(what: str) -> str:
    """Give the mark of the lots of a material."""
    return f"material {what}"


def of_order(order: str) -> str:
    """Give the mark of what was done for a therapy order."""
    return f"order {order}"


def of_owner(owner: str) -> str:
    """Give the mark of the deviations that are numbered under a batch, an asset or the site."""
    return f"owner {owner}"


def of_person(person: str) -> str:
    """Give the mark of what is about a person."""
    return f"person {person}"


def of_shift(batch: str, step: str) -> str:
    """Give the mark of the batch of which a step was taken over."""
    return f"shift {batch}/{step}"


def of_name(name: str) -> str:
    """Give the mark of the accounts that people would take for one another, as far as large and small letters go."""
    return f"name {name.casefold()}"


def of_process(process: str) -> str:
    """Give the mark of the media fills of a process."""
    return f"process {process}"


def of_party(party: str) -> str:
    """Give the mark of the persons who sign hand-overs for a party."""
    return f"party {party}"


def of_staff(number: str) -> str:
    """Give the mark of the account of somebody of the staff: ``17``, ``0017`` and ``00-17`` are one number."""
    plain = "".join(one for one in unicodedata.normalize("NFKC", number).casefold() if one.isalnum())
    return f"staff {plain.lstrip('0') or plain}"


def told_of(recipe: str) -> str:
    """Give the mark of the feedback on a recipe."""
    return f"told of {recipe}"


def of_subject(subject: str) -> str:
    """Give the mark of the deviations of an object."""
    return f"subject {subject}"


def opening(operation: str) -> str:
    """Give the mark of the curricula that open an operation to people."""
    return f"opens {operation}"


def teaching(document: str) -> str:
    """Give the mark of the curricula that teach a document."""
    return f"teaches {document}"


def stored_at(position: str) -> str:
    """Give the mark of what is stored at a position."""
    return f"position {position}"


def with_file(sha256: str) -> str:
    """Give the mark of the prompts that were answered with a file."""
    return f"file {sha256}"
