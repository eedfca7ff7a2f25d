"""Reads ``alarms``, ``policies``, ``roster``, ``stores`` and ``watches`` of a site file, with line and column.

Units:  limits as written (operator, number, unit); a deadband in the limit's unit, in K for degC; times to s.
Source: docs/alarms.md.
"""

import re
from collections.abc import Collection, Mapping

from automation.engine.alarmmodel import (
    PLAIN_UNITS,
    Action,
    Definition,
    OnCall,
    Policy,
    StoreEntry,
    Vigilance,
    WatchEntry,
)
from automation.engine.recipe.yaml_source import Node, nearest
from automation.formulas.alarming import Bound, Side
from automation.formulas.cold_store import Holding
from automation.gmp.plant.alarms import LONGEST_SHELVING, Priority
from automation.kernel import quantity
from automation.kernel.errors import InputError
from automation.kernel.quantity import Celsius, Kelvin, Percent, Seconds

SECTIONS = ("alarms", "policies", "roster", "stores", "watches")
_LIMIT = re.compile(r"(<=|>=|<|>) *(\S+ \S+)")
_DURING = re.compile(r"[a-z_]+\.[a-z][a-z ]*")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_SIZES: dict[str, object] = {"%": Percent, "degC": Celsius}
_BANDS: dict[str, object] = {"%": Percent, "degC": Kelvin}
_TEXTS = ("consequence", "response", "owner", "version")
_SHORTEST = Seconds(1.0)


def read_vigilance(pairs: Mapping[str, Node], *, assets: Collection[str], people: Collection[str]) -> Vigilance:
    """Read what stands in the file; ``people`` is empty where the file names none. Raises InputError."""
    alarms = {name: _definition(name, node, assets) for name, node in _named(pairs, "alarms")}
    roster = tuple(_on_call(node, people) for node in (pairs["roster"].sequence() if "roster" in pairs else ()))
    policies = {name: _policy(name, node) for name, node in _named(pairs, "policies")}
    for name, policy in policies.items():
        if Action.CALL in policy.actions and not roster:
            raise pairs["policies"].pairs[name].wrong("calls people, and the file has no roster")
    stores = {name: _store(name, node, assets) for name, node in _named(pairs, "stores")}
    watches = {name: _watch(name, node, assets, stores=stores) for name, node in _named(pairs, "watches")}
    return Vigilance(alarms, policies, roster, stores, watches)


def _named(pairs: Mapping[str, Node], key: str) -> list[tuple[str, Node]]:
    found = list(pairs[key].mapping().items()) if key in pairs else []
    for name, node in found:
        if not _NAME.fullmatch(name):
            raise InputError(f"{name!r} is no name; letters, digits and '._-' are allowed", where=node.key_where)
    return found


def _definition(name: str, node: Node, assets: Collection[str]) -> Definition:
    times = ("on_delay", "off_delay", "alarm_again", "shelve_at_most")
    flags = ("latching", "highly_managed", "product")
    pairs = node.fields(
        required=("asset", "channel", "limit", "priority", "respond_within", *_TEXTS),
        optional=("deadband", "message", "suppressed_in", *times, *flags),
    )
    bound, unit = _bound(pairs)
    highly = _flag(pairs, "highly_managed")
    return Definition(
        id=name,
        asset=pairs["asset"].choice(assets),
        channel=pairs["channel"].string(),
        bound=bound,
        unit=unit,
        priority=Priority(pairs["priority"].choice(list(Priority))),
        consequence=pairs["consequence"].string(),
        response=pairs["response"].string(),
        respond_within=_time(pairs["respond_within"]),
        owner=pairs["owner"].string(),
        version=pairs["version"].string(),
        message=pairs["message"].string() if "message" in pairs else "",
        alarm_again=_time(pairs["alarm_again"]) if "alarm_again" in pairs else Seconds(0.0),
        shelve_at_most=_shelving(pairs["shelve_at_most"], highly=highly) if "shelve_at_most" in pairs else Seconds(0.0),
        latching=_flag(pairs, "latching"),
        highly_managed=highly,
        product=_flag(pairs, "product"),
        suppressed_in=_states(pairs["suppressed_in"]) if "suppressed_in" in pairs else (),
        where=node.where,
    )


def _flag(pairs: Mapping[str, Node], key: str) -> bool:
    return pairs[key].flag() if key in pairs else False


def _shelving(node: Node, *, highly: bool) -> Seconds:
    most = _time(node, least=_SHORTEST)
    if highly:
        raise node.wrong("is given, but a highly managed alarm is never shelved")
    if most > LONGEST_SHELVING:
        raise node.wrong(f"is {node.text!r}; at most one shift, 8 h, is allowed")
    return most


def _bound(pairs: Mapping[str, Node]) -> tuple[Bound, str]:
    """Read the limit with what belongs to it; gives it with its unit."""
    node = pairs["limit"]
    found = _LIMIT.fullmatch(node.string())
    if found is None:
        raise node.wrong(f"is {node.text!r}; an operator (< <= > >=), a number and a unit are needed, as in '< 20 %'")
    unit = found[2].partition(" ")[2]
    band = pairs.get("deadband")
    bound = Bound(
        side=Side(found[1]),
        limit=_amount(found[2], _SIZES, node),
        deadband=_amount(band.string(), {**_BANDS, "K": Kelvin}, band) if band else 0.0,
        on_delay=_time(pairs["on_delay"]) if "on_delay" in pairs else Seconds(0.0),
        off_delay=_time(pairs["off_delay"]) if "off_delay" in pairs else Seconds(0.0),
    )
    if band is not None and (bound.deadband < 0.0 or band.text.partition(" ")[2] != {"degC": "K"}.get(unit, unit)):
        raise band.wrong(f"is {band.text!r}; a width of at least 0 in {({'degC': 'K'}).get(unit, unit)} is needed")
    return bound, unit


def _amount(text: str, units: Mapping[str, object], node: Node) -> float:
    unit = text.partition(" ")[2]
    if unit not in units and unit not in PLAIN_UNITS:
        raise node.wrong(f"is in {unit or 'no unit'}; known: {', '.join((*units, *PLAIN_UNITS))}")
    if unit in PLAIN_UNITS:
        try:
            return quantity.finite(float(text.partition(" ")[0]), what=node.name)
        except ValueError:
            raise node.wrong(f"is {text!r}; a number, a space and a unit are needed") from None
    return quantity.read(text, units[unit], what=node.name, where=node.where)


def _time(node: Node, *, least: Seconds = Seconds(0.0)) -> Seconds:
    found = Seconds(quantity.read(node.string(), Seconds, what=node.name, where=node.where))
    if found < least:
        raise node.wrong(f"is {node.text!r}; at least {least:g} s is needed")
    return found


def _states(node: Node) -> tuple[str, ...]:
    for one in node.sequence():
        if not _DURING.fullmatch(one.string()):
            raise one.wrong(f"is {one.text!r}; OPERATION.STATE is needed, for example freeze.cooling")
    return tuple(one.text for one in node.sequence())


def _policy(name: str, node: Node) -> Policy:
    pairs = node.fields(required=("do",), optional=("alarms", "least", "product", "during"))
    actions = tuple(Action(one.choice(list(Action))) for one in pairs["do"].sequence())
    if not actions:
        raise pairs["do"].wrong(f"is empty; known: {', '.join(Action)}")
    return Policy(
        id=name,
        actions=actions,
        alarms=tuple(one.string() for one in pairs["alarms"].sequence()) if "alarms" in pairs else (),
        least=Priority(pairs["least"].choice(list(Priority))) if "least" in pairs else Priority.LOW,
        product=pairs["product"].flag() if "product" in pairs else False,
        during=_states(pairs["during"]) if "during" in pairs else (),
        where=node.where,
    )


def _on_call(node: Node, people: Collection[str]) -> OnCall:
    pairs = node.fields(required=("call", "wait"))
    person = pairs["call"].string()
    if people and person not in people:
        raise pairs["call"].wrong(f"is {person!r}; {nearest(person, people)}")
    return OnCall(person, _time(pairs["wait"], least=_SHORTEST))


def _store(name: str, node: Node, assets: Collection[str]) -> StoreEntry:
    counts, times, points = ("racks", "boxes", "places"), ("empties_in", "warms_in"), ("highest", "steady", "room")
    pairs = node.fields(required=("every", "source", *counts, *times, *points))
    if name not in assets:
        raise InputError(f"{node.name} is no asset; {nearest(name, assets)}", where=node.key_where)
    racks, boxes, places = (_count(pairs[key]) for key in counts)
    highest, steady, room = (_temperature(pairs[key]) for key in points)
    empties, warms = (_time(pairs[key]) for key in times)
    source = pairs["source"].string()
    try:
        holding = Holding(highest=highest, steady=steady, room=room, empties_in=empties, warms_in=warms, source=source)
    except InputError as error:
        raise InputError(f"{node.name}: {error}", where=node.where) from None
    every = _time(pairs["every"], least=_SHORTEST)
    return StoreEntry(
        asset=name, every=every, racks=racks, boxes=boxes, places=places, holding=holding, where=node.where
    )


def _watch(name: str, node: Node, assets: Collection[str], *, stores: Collection[str]) -> WatchEntry:
    every = _time(node.fields(required=("every",))["every"], least=_SHORTEST)
    if name not in assets:
        raise InputError(f"{node.name} is no asset; {nearest(name, assets)}", where=node.key_where)
    if name in stores:
        raise InputError(f"{node.name} is watched as a store already", where=node.key_where)
    return WatchEntry(asset=name, every=every, where=node.where)


def _count(node: Node) -> int:
    if not 1 <= node.integer() <= 99:
        raise node.wrong(f"is {node.text}; 1 to 99 is allowed")
    return node.integer()


def _temperature(node: Node) -> Celsius:
    return Celsius(quantity.read(node.string(), Celsius, what=node.name, where=node.where))
