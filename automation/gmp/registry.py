"""The kinds of objects, each one module; the word is the prefix of its streams."""

from automation.gmp.materials import lots
from automation.gmp.objects import Kind
from automation.gmp.people import persons, prompts
from automation.gmp.plant import alarms, assets, backups, calls
from automation.gmp.product import batches, containers, labels, tray
from automation.gmp.quality import deviations, timers

KINDS: dict[str, Kind] = {
    module.KIND.word: module.KIND
    for module in (
        *(persons, prompts, batches, containers, labels, tray, lots),
        *(assets, alarms, backups, calls, deviations, timers),
    )
}
