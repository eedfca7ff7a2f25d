"""``throughput``: how many patients a month a site could take, what holds them up, and what more of it would bring.

Units: h and days; a month is 30 days; shares in %.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import click

from automation.gmp.capacity import Sort, of_sort
from automation.kernel.errors import InputError
from automation.kernel.quantity import Percent, Seconds, read
from automation.surfaces.cli.asking import looked
from automation.surfaces.cli.common import Session, as_json, emit, mark, pair, session, site, table
from automation.views.objects import Objects
from automation.views.planning.board import there
from automation.views.planning.plans import RecipePlan, read_plans
from automation.views.planning.throughput import SUITES, Shop, Throughput, measured, simulate
from automation.views.questions.tables import Tables

_MOST = 5000  # lots
_HEADS = ("what", "there are", "in use", "a lot waits for it", "bears a month")


def _more(_ctx: click.Context, _option: click.Parameter, texts: tuple[str, ...]) -> dict[str, int]:
    found = {}
    for name, value in (pair(text, what="--with") for text in texts):
        if not value.isdecimal() or not 1 <= int(value) <= 999:
            raise click.UsageError(f"--with {name} is {value!r}; a number from 1 to 999 is needed")
        found[name] = int(value)
    return found


@click.command(epilog="Example: cellwright throughput --plan car-t.json --per-month 20 --with 'cell washer=2'")
@click.option("--plan", required=True, type=click.Path(path_type=Path, dir_okay=False), help="By rehearse --plan.")
@click.option("--per-month", required=True, type=click.FloatRange(0.1, 1000.0), help="Patients that come in 30 days.")
@click.option("--months", type=click.IntRange(1, 120), default=12, show_default=True, help="How long they come.")
@click.option(
    "--with", "more", multiple=True, callback=_more, metavar="WHAT=NUMBER", help="What if there were so many."
)
@click.option("--assume", default="", metavar="PERCENT", help="Spread of every step where none is measured: '20 %'.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Another chance.")
@site
@as_json
@session
def throughput(  # noqa: PLR0913  as options
    session: Session,
    /,
    folder: Path,
    *,
    plan: Path,
    per_month: float,
    months: int,
    more: Mapping[str, int],
    assume: str,
    seed: int,
    as_json: bool,
) -> None:
    """Simulate how many patients a month the site could take, and name what holds them up."""
    if per_month * months > _MOST:
        raise click.UsageError(
            f"{per_month:g} a month in {months} months are too many lots; {_MOST} are simulated at most"
        )
    made = read_plans([plan])[0]
    with looked(session, folder) as (file, objects):
        spread = _assumed(made, assume) if assume else measured(Tables(objects), made)
        counts, slot = _counted(objects, made)
    unknown = [name for name in more if name not in counts]
    if unknown:
        raise InputError(f"--with names {unknown[0]!r}; what this plan shares is {', '.join(counts) or 'nothing'}")
    shop = Shop(plan=made, spread=spread, there=counts, slot=slot, per_month=per_month, months=months, seed=seed)
    found = [simulate(shop)]
    if more:
        found.append(simulate(replace(shop, there={**counts, **more})))
    if as_json:
        told = {"assumed": bool(assume), "spread": spread, "runs": [_data(one) for one in found]}
        emit({"simulated": file.simulated, "recipe": made.recipe, "version": made.version, **told})
        return
    mark(file.name, simulated=file.simulated)
    how = f"assumed, {assume}" if assume else "as measured here"
    click.echo(
        f"{made.recipe} version {made.version}, day and night, spread of the steps {how}; no promise, a simulation"
    )
    for one, said in zip(
        found, ("as it is", f"with {', '.join(f'{name} {many}' for name, many in more.items())}"), strict=False
    ):
        click.echo(_page(one, said))


def _assumed(plan: RecipePlan, text: str) -> dict[str, float]:
    share = float(Percent(read(text, Percent, what="--assume"))) / 100.0
    if not 0.0 <= share <= 2.0:
        raise InputError(f"--assume is {text!r}; 0 % to 200 % is allowed")
    return {step.step: share for step in plan.steps}


def _counted(objects: Objects, plan: RecipePlan) -> tuple[dict[str, int], Seconds]:
    """Count what the plan shares; raises InputError for equipment that is not there. Suites count as one kind."""
    every = there(objects)
    suites = of_sort(objects.capacities, Sort.SUITE)
    needed = {name for step in plan.steps for name in step.equipment}
    missing = sorted(name for name in needed if every.get(name) == 0)
    if missing:
        raise InputError(f"the plan needs a {missing[0]}, and none is in service at this site")
    found = {name: many for name, many in every.items() if name not in suites and many}
    counts = {name: many for name, many in found.items() if name in needed or not _is_class(objects, name)}
    if suites:
        counts[SUITES] = sum(every[name] for name in suites)
    return counts, max((objects.capacities[name].takes for name in suites), default=Seconds(0.0))


def _is_class(objects: Objects, name: str) -> bool:
    return any(getattr(one, "asset_class", "") == name for one in objects.every("asset"))


def _page(one: Throughput, said: str) -> str:
    first = f"{said}: {one.came} came and {one.done} were done in {one.months * 30} days"
    if one.done:
        first += f"; half in {one.median:.1f} h, nine in ten in {one.nine_in_ten:.1f} h"
    most = one.bottleneck
    last = f"bottleneck: {most.what}, {100 * most.used:.0f} % in use" if most else "nothing is shared"
    rows = (
        (load.what, load.there, f"{100 * load.used:.0f} %", f"{load.waited:.1f} h", f"{load.most:.1f}")
        for load in one.loads
    )
    return f"\n{first}\n{table(_HEADS, rows)}\n{last}"


def _data(one: Throughput) -> dict[str, object]:
    times = {"median_h": one.median if one.done else None, "nine_in_ten_h": one.nine_in_ten if one.done else None}
    most = one.bottleneck
    return {"came": one.came, "done": one.done, **times, "bottleneck": most.what if most else "", "loads": one.loads}


COMMANDS = {"throughput": throughput}
