"""Gaps of the site around the process: rooms, capacities, stores, alarms, time zone, simulated or live.

A site file does not say how many containers a freezer or washer takes: such loads stand in the recipe.
Units: times in s.
"""

from collections.abc import Iterator, Mapping
from typing import cast

from automation.engine.alarmmodel import Definition
from automation.gmp.plant.rooms import Room
from automation.views.transfer.equipment import chosen
from automation.views.transfer.units import Gap, Pair, Severity, Topic, Unit, listed


def gaps(pair: Pair) -> Iterator[Gap]:
    """Give what differs around the process."""
    yield from _rooms(pair)
    yield from _capacities(pair)
    yield from _stores(pair)
    yield from _alarms(pair)
    yield from _laboratory(pair)
    yield from _sites(pair)


def _rooms(pair: Pair) -> Iterator[Gap]:
    """Compare the rooms in which equipment of the recipe stands, each with that of the same equipment."""
    inside = dict[tuple[str, str], list[str]]()
    for wanted in dict.fromkeys(pair.recipe.equipment.values()):
        one, other = (_room(unit, wanted) for unit in (pair.sending, pair.receiving))
        if one is not None and other is not None and one.layout is not None and _unlike(one, other):
            inside.setdefault((one.id, other.id), []).append(wanted)
    for (there, here), what in inside.items():
        said = f"{listed(what)}: in {_grade(pair.sending, there)} at {pair.sending.name}, in"
        said += f" {_grade(pair.receiving, here)} at {pair.receiving.name}"
        remedy = "register the room with its grade and monitoring, or close the manipulation"
        yield _gap(Topic.ROOMS, there, said=said, remedy=remedy, severity=Severity.CHANGES)


def _unlike(one: Room, other: Room) -> bool:
    """Tell whether two rooms are of another grade or containment, or nothing is known of the second."""
    if one.layout is None or other.layout is None:
        return True
    return (one.layout.grade, one.layout.containment) != (other.layout.grade, other.layout.containment)


def _grade(unit: Unit, room: str) -> str:
    layout = cast("Room", unit.objects.find("room", room)).layout
    what = f"grade {layout.grade}, containment {layout.containment}" if layout else "of which nothing is registered"
    return f"{room or 'its room'} ({what})"


def _room(unit: Unit, wanted: str) -> Room | None:
    asset = chosen(unit, wanted)
    found = unit.objects.find("room", asset.location) if asset is not None else None
    return found if isinstance(found, Room) else None


def _capacities(pair: Pair) -> Iterator[Gap]:
    there, here = pair.sending.file.capacities, pair.receiving.file.capacities
    for name, one in there.items():
        other = here.get(name)
        if other is None:
            said = f"{pair.receiving.name} states nothing of {name} ({one.sort}, {one.at_once} at once at"
            said += f" {pair.sending.name})"
        elif other.at_once < one.at_once:
            said = (
                f"{name} takes {other.at_once} at once at {pair.receiving.name}, {one.at_once} at {pair.sending.name}"
            )
        else:
            continue
        yield _gap(Topic.CAPACITY, name, said=said, remedy="state it in the site file and plan slots by it")


def _stores(pair: Pair) -> Iterator[Gap]:
    there, here = (_places(unit) for unit in (pair.sending, pair.receiving))
    if here < there:
        said = f"the stores of {pair.receiving.name} have {here} places, those of {pair.sending.name} {there}"
        yield _gap(
            Topic.CAPACITY, "places in store", said=said, remedy="say how many lots it has to keep, and what is sent on"
        )


def _places(unit: Unit) -> int:
    return sum(one.racks * one.boxes * one.places for one in unit.file.vigilance.stores.values())


def _alarms(pair: Pair) -> Iterator[Gap]:
    there, here = (_by_class(unit) for unit in (pair.sending, pair.receiving))
    for (wanted, channel, side), one in there.items():
        other = here.get((wanted, channel, side))
        about = f"{wanted}, {channel} {side}"
        if other is None:
            said = f"{about} raises no alarm at {pair.receiving.name}; at {pair.sending.name} it does {one.limit}"
        elif (one.limit, one.priority, one.respond_within) != (other.limit, other.priority, other.respond_within):
            said = (
                f"{about} raises an alarm {other.limit} ({other.priority}, answered within {other.respond_within:g} s)"
            )
            said += f" at {pair.receiving.name}; {one.limit} ({one.priority}, {one.respond_within:g} s) at"
            said += f" {pair.sending.name}"
        else:
            continue
        remedy = "rationalise the alarm for the receiving site and write it into its site file"
        yield _gap(Topic.ALARMS, about, said=said, remedy=remedy, severity=Severity.CHANGES)
    if pair.sending.file.vigilance.roster and not pair.receiving.file.vigilance.roster:
        said = f"nobody is on call at {pair.receiving.name}"
        yield _gap(
            Topic.ALARMS, "roster", said=said, remedy="write who is called, and who after that, into the site file"
        )


def _by_class(unit: Unit) -> Mapping[tuple[str, str, str], Definition]:
    """Give the alarms by the class of their asset, their channel, and the side of their limit."""
    assets = unit.file.assets
    found = ((assets[one.asset].asset_class, one) for one in unit.file.vigilance.alarms.values() if one.asset in assets)
    return {(wanted, one.channel, str(one.bound.side)): one for wanted, one in found}


def _laboratory(pair: Pair) -> Iterator[Gap]:
    one, other = pair.sending.file.lims, pair.receiving.file.lims
    if one is None or (other is not None and one.laboratory == other.laboratory):
        return
    if other is None:
        said = f"samples are sent to {one.laboratory} by its system at {pair.sending.name}, which"
        said += f" {pair.receiving.name} has not: requests and results are written by hand there"
        remedy = "connect the laboratory, or say who enters results and who verifies them"
    else:
        said = f"samples are tested by {other.laboratory} at {pair.receiving.name}, by {one.laboratory} at"
        said += f" {pair.sending.name}"
        remedy = "transfer the methods first, and compare split samples"
    severity = Severity.TELLS if other is None else Severity.CHANGES
    yield _gap(Topic.SITE, "laboratory", said=said, remedy=remedy, severity=severity)


def _sites(pair: Pair) -> Iterator[Gap]:
    one, other = pair.sending.file, pair.receiving.file
    if one.zone != other.zone:
        said = f"{pair.receiving.name} is in {other.zone}, {pair.sending.name} in {one.zone}"
        remedy = "times of hand-over and of expiry are in the zone of each site: write the zone beside them"
        yield _gap(Topic.SITE, "time zone", said=said, remedy=remedy)
    if one.mode is not other.mode:
        said = f"{pair.receiving.name} is {other.mode}, {pair.sending.name} {one.mode}"
        yield _gap(
            Topic.SITE,
            "mode",
            said=said,
            remedy="nothing of a simulated site counts as evidence elsewhere: run it live",
        )
    roles = sorted(set(one.roles) - set(other.roles))
    if roles:
        said = f"{pair.receiving.name} has no role {listed(roles)}"
        yield _gap(
            Topic.PEOPLE, "roles", said=said, remedy="say which role there does what those do at the sending site"
        )


def _gap(topic: Topic, about: str, *, said: str, remedy: str, severity: Severity = Severity.TELLS) -> Gap:
    return Gap(topic=topic, severity=severity, about=about, sentence=said, remedy=remedy)
