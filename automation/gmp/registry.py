"""The kinds of objects, each one module; the word is the prefix of its streams."""

from automation.gmp.materials import lots
from automation.gmp.objects import Kind
from automation.gmp.people import persons, prompts, terminals
from automation.gmp.plant import alarms, assets, backups, calls
from automation.gmp.product import (
    batches,
    collections,
    containers,
    custody,
    infusions,
    labels,
    orders,
    releases,
    shipments,
    testing,
    tray,
)
from automation.gmp.quality import capa, changes, deviations, documents, nonconformances, specifications, timers

KINDS: dict[str, Kind] = {
    module.KIND.word: module.KIND
    for module in (
        *(persons, terminals, prompts, orders, collections, custody, batches),
        *(containers, labels, testing, tray, releases, shipments, infusions),
        *(lots, assets, alarms, backups, calls),
        *(specifications, documents, changes, deviations, nonconformances, capa, timers),
    )
}
