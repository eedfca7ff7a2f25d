"""A small simulated site where protocols are executed: a freezer, its logger, a balance, and the program itself.

Units: s.
"""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Final, TypeVar

from automation.bootstrap import Way, begins, open_site, read_site
from automation.engine.site import Site
from automation.gmp.bodies.protocols import Protocol
from automation.gmp.door import Command, Proof
from automation.gmp.plant.assets import Asset
from automation.gmp.plant.qualifications import KIND, Qualification
from automation.kernel.clock import SimulatedClock, iso, run_simulated
from automation.qualification.executor import Work, perform

T = TypeVar("T")
QUIET: Final = Way(staffed=False)
SITE: Final = """\
site: {name: Bench, mode: simulated, zone: UTC, seed: 1, start: 2026-01-05T08:00:00}
roles:
  operator: [perform, read]
  engineer: [maintain, read]
  quality: [review, approve, investigate, read]
  qualified person: [release, approve, read]
  administrator: [administer, read]
people:
  anna: {name: Anna Berg, roles: [operator]}
  erik: {name: Erik Holm, roles: [engineer], trained: [qualification]}
  dora: {name: Dora Lind, roles: [quality]}
  hugo: {name: Hugo Wirth, roles: [qualified person]}
  ida: {name: Ida Storm, roles: [administrator]}
assets:
  crf-01:
    class: controlled rate freezer
    driver: eurotherm_modbus
    port: memory
    fake: eurotherm_freezer
    settings: {power_fail: continue}
    maker: Eurotherm
    model: "2408"
    serial: SIM-2408-01
  logger-01: {class: temperature probes, needs_cleaning: false}
  balance-01: {class: balance, needs_cleaning: false}
  system-01: {class: computerised system, needs_cleaning: false, needs_calibration: false}
"""


def bench(folder: Path) -> Path:
    """Make the site's folder; it has no ledger yet."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "site.yaml").write_text(SITE, encoding="utf-8")
    return folder


def at_bench(folder: Path, job: Callable[[Site], Awaitable[T]], way: Way = QUIET) -> T:
    """Open the site in simulated time, let a job be done, and leave it."""
    file = read_site(folder)

    async def main(clock: SimulatedClock) -> T:
        site = await open_site(folder, way, clock=clock)
        try:
            return await job(site)
        finally:
            await site.leave()

    return run_simulated(main, start=begins(folder, file))


async def move(site: Site, name: str, body: Mapping[str, object], *, command: str, by: str = "erik") -> None:
    """Move an execution, signed by whoever moves it as its row says."""
    door, stream = site.house.door, f"qualification/{name}"
    row = KIND.table.decide(door.find("qualification", name).state, command)
    meanings = row.signs or ("",)
    proofs = tuple(Proof(by, f"{by}-simulated", meaning) for meaning in meanings)
    await door.submit(Command(stream, command, body, by, "", proofs))


async def begun(site: Site, name: str, protocol: Protocol, *, asset: str, equipment: Mapping[str, str]) -> None:
    """Plan an execution, let it be approved, and begin."""
    stated = protocol.model_dump(mode="json", exclude_defaults=True)
    await move(site, name, {"asset": asset, "protocol": stated}, command="plan")
    await move(site, name, {"digest": protocol.digest}, command="approve", by="dora")
    given = [_equipped(site, role, asset=one) for role, one in equipment.items()]
    await move(site, name, {"digest": protocol.digest, "equipment": given}, command="begin")


def _equipped(site: Site, role: str, *, asset: str) -> dict[str, object]:
    thing = site.house.door.find("asset", asset)
    assert isinstance(thing, Asset)
    assert thing.calibration_due is not None
    return {"role": role, "asset": asset, "certificate": thing.calibration, "due": iso(thing.calibration_due)}


def execution(site: Site, name: str) -> Qualification:
    """Give an execution as it stands."""
    thing = site.house.door.find("qualification", name)
    assert isinstance(thing, Qualification)
    return thing


async def by_program(site: Site, name: str, folder: Path | None = None) -> dict[str, str]:
    """Let the program do what it can; gives what came out of each step."""
    return await perform(site, name, Work("erik", folder))
