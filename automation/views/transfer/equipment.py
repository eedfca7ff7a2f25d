"""Gaps of equipment: who acts on a device, its model, how its driver is founded, how it is set, which program it has.

Compared are the assets that each site would take, the readiest of their class. A program that a recipe holds for one
model of device is looked for under the model of the receiving site.
"""

from collections.abc import Iterator
from typing import Final

from automation.engine.recipe.model import Literal, Step
from automation.engine.recipe.spec import parameters_of
from automation.gmp.bodies.assets import Driving, Stage, Support
from automation.gmp.plant.assets import Asset
from automation.views.transfer.units import Gap, Pair, Severity, Topic, Unit, listed
from automation.views.wording import show

_ACTING: Final = {
    Driving.DRIVEN: "driven by the program",
    Driving.OBSERVED: "started by people and watched",
    Driving.MANUAL: "worked and read by people",
}
_OWN = frozenset({"serial", "plate_serial", "port", "maker", "model"})  # settings that say which device it is
_LEVELS, _STAGES = tuple(Support), tuple(Stage)


def gaps(pair: Pair) -> Iterator[Gap]:
    """Give what differs between the assets that stand at both sites, and what a device there has no program for."""
    for wanted in dict.fromkeys(pair.recipe.equipment.values()):
        one, other = (chosen(unit, wanted) for unit in (pair.sending, pair.receiving))
        if other is None:
            continue  # its gate is closed
        if one is not None:
            yield from _programs(pair, one=one, other=other)
            yield from _differences(pair, one=one, other=other)


def chosen(unit: Unit, wanted: str) -> Asset | None:
    """Give the asset of a class that a site would take; None when it has none."""
    now = unit.objects.now
    return min(fitting(unit, wanted), key=lambda asset: (len(asset.ready(now)), asset.id), default=None)


def fitting(unit: Unit, wanted: str) -> list[Asset]:
    """Give every asset of a class that a site could take."""
    every = (thing for thing in unit.objects.every("asset") if isinstance(thing, Asset))
    return [asset for asset in every if asset.asset_class == wanted and asset.driver]


def _differences(pair: Pair, *, one: Asset, other: Asset) -> Iterator[Gap]:
    here, there = pair.receiving.name, pair.sending.name
    what = other.asset_class
    if one.kind is not other.kind:
        yield _gap(
            f"{what}, who acts",
            f"the {_is(what)} {_ACTING[one.kind]} at {there} ({one.id}) and {_ACTING[other.kind]} at {here}"
            f" ({other.id})",
            remedy="write down who enters and who verifies what, train people on it, and show it in an engineering lot",
        )
    if (one.maker, one.model) != (other.maker, other.model):
        named = [f"{asset.maker} {asset.model}".strip() or "not stated" for asset in (one, other)]
        yield _gap(
            f"{what}, model",
            f"the {_is(what)} {named[0]} at {there} ({one.id}) and {named[1]} at {here} ({other.id})",
            remedy="show over the range of the recipe that it does the same, and compare its results with a margin",
        )
    elif one.firmware and other.firmware and one.firmware != other.firmware:
        yield _gap(
            f"{what}, firmware",
            f"the {_is(what)} run by firmware {one.firmware} at {there} ({one.id}) and {other.firmware} at {here}"
            f" ({other.id})",
            remedy="read what changed between them, or bring both to one firmware",
        )
    if settings := _settings(pair, one=one, other=other):
        yield _gap(
            f"{what}, settings",
            f"the {_is(what)} set otherwise at {here} than at {there}: {settings}",
            remedy="set it as at the sending site, or say why it does not matter",
        )
    yield from _founded(pair, one=one, other=other)
    yield from _besides(pair, other)


def _besides(pair: Pair, chosen: Asset) -> Iterator[Gap]:
    """Tell which devices of another model a batch there may take as well."""
    what, model = chosen.asset_class, (chosen.maker, chosen.model)
    more = [one for one in fitting(pair.receiving, what) if (one.maker, one.model) != model]
    if more:
        named = listed(f"{one.id} ({f'{one.maker} {one.model}'.strip() or 'not stated'})" for one in more)
        yield _gap(
            f"{what}, others",
            f"compared is {chosen.id} of {pair.receiving.name}; a batch there may also take {named}",
            remedy="show the same for it, or keep it out of the process",
            severity=Severity.TELLS,
        )


def _is(what: str) -> str:
    return f"{what} are" if what.endswith("s") else f"{what} is"


def _founded(pair: Pair, *, one: Asset, other: Asset) -> Iterator[Gap]:
    what, here, there = other.asset_class, pair.receiving.name, pair.sending.name
    if not pair.receiving.file.simulated and not other.may_act:
        yield Gap(
            topic=Topic.EQUIPMENT,
            severity=Severity.BLOCKS,
            about=f"{what}, driver",
            sentence=f"the driver {other.driver} of {other.id} at {here} was never run on such a device"
            f" ({other.support}) and may not act there",
            remedy="run it on the device and record that (L3), or permit it for engineering lots",
        )
    elif one.kind is other.kind is Driving.DRIVEN and _LEVELS.index(other.support) < _LEVELS.index(one.support):
        yield _gap(
            f"{what}, driver",
            f"the driver of the {what} is founded worse at {here}: {other.driver} is {other.support}, at {there}"
            f" {one.driver} is {one.support}",
            remedy="try it on the device with water runs before product comes near",
            severity=Severity.TELLS,
        )
    if _STAGES.index(other.stage) < _STAGES.index(one.stage):
        yield _gap(
            f"{what}, qualification",
            f"the {what} is qualified as far as {other.stage} at {here} ({other.id}), as far as {one.stage} at {there}",
            remedy=f"qualify it as far as {one.stage}",
        )


def _settings(pair: Pair, *, one: Asset, other: Asset) -> str:
    files = (pair.sending.file.assets.get(one.id), pair.receiving.file.assets.get(other.id))
    before, after = (dict(file.settings) if file else {} for file in files)
    same = (one.maker, one.model) == (other.maker, other.model)
    known = {*before, *after} if same else before.keys() & after.keys()  # of another model what both are asked
    names = [name for name in sorted(known - _OWN) if before.get(name) != after.get(name)]
    return "; ".join(f"{name} {before.get(name, 'not set')} there, {after.get(name, 'not set')} here" for name in names)


def _programs(pair: Pair, *, one: Asset, other: Asset) -> Iterator[Gap]:
    """Give the steps whose programs, one for each model, lack the model that stands there or hold another for it."""
    wanted = other.asset_class
    roles = {role for role, known in pair.recipe.equipment.items() if known == wanted}
    for step in pair.recipe.steps:
        programs = _by_model(step) if roles & set(step.equipment.values()) else {}
        if one.model not in programs or one.model == other.model:
            continue
        if other.model not in programs:
            yield Gap(
                topic=Topic.EQUIPMENT,
                severity=Severity.BLOCKS,
                about=f"{wanted}, program of step {step.id}",
                sentence=f"step {step.id} has programs for {listed(programs)}; {other.id} at {pair.receiving.name} is"
                f" {other.model or 'of no stated model'}, and no load is described for it",
                remedy="develop a program and its loads for that model, and add it in a new version of the recipe",
            )
        else:
            unlike = _unlike(programs[one.model], programs[other.model])
            yield _gap(
                f"{wanted}, program of step {step.id}",
                f"step {step.id} runs another program on {other.model}: {unlike}",
                remedy="compare what comes out of both with a margin; loads and wash-out are not the same",
                topic=Topic.CAPACITY,
            )


def _by_model(step: Step) -> dict[str, object]:
    """Give the programs of a step by the model of device that they are for; none when it has no such list."""
    values = (one.value for one in step.given.values() if isinstance(one, Literal))
    lists = (value for value in values if isinstance(value, tuple) and value and hasattr(value[0], "model"))
    return {str(getattr(one, "model", "")): one for value in lists for one in value}


def _unlike(one: object, other: object) -> str:
    units = {name: unit for name, spec in parameters_of(type(one), top=False).items() if (unit := spec.unit) != "1"}
    names = [name for name in getattr(one, "__slots__", ()) or vars(one) if name not in {"model", "program"}]
    pairs = ((name, getattr(one, name), getattr(other, name)) for name in names)
    told = [
        f"{name.replace('_', ' ')} {_value(a, units.get(name, ''))} becomes {_value(b, units.get(name, ''))}"
        for name, a, b in pairs
        if a != b
    ]
    return "; ".join(told) or "only its name and settings differ"


def _value(value: object, unit: str) -> str:
    every = value if isinstance(value, tuple) else (value,)
    return " and ".join(f"{show(one)} {unit}".rstrip() for one in every) or "none"


def _gap(
    about: str,
    sentence: str,
    *,
    remedy: str,
    topic: Topic = Topic.EQUIPMENT,
    severity: Severity = Severity.CHANGES,
) -> Gap:
    return Gap(topic=topic, severity=severity, about=about, sentence=sentence, remedy=remedy)
