"""The kinds of objects, each one module; the word is the prefix of its streams."""

from automation.gmp.materials import bills, definitions, kits, lots, suppliers
from automation.gmp.objects import Kind
from automation.gmp.people import curricula, persons, prompts, subjects, terminals, training
from automation.gmp.plant import (
    alarms,
    assets,
    backups,
    calibrations,
    calls,
    em_samples,
    faults,
    maintenance,
    media_fills,
    qualifications,
    rooms,
    sampling_points,
)
from automation.gmp.product import (
    batches,
    blinds,
    collections,
    containers,
    custody,
    donors,
    infusions,
    labels,
    locations,
    manifests,
    messages,
    orders,
    partners,
    recalls,
    releases,
    reserves,
    rule_profiles,
    shipments,
    splits,
    templates,
    testing,
    tray,
)
from automation.gmp.quality import (
    actions,
    capa,
    changes,
    complaints,
    corrections,
    deviations,
    documents,
    feedback,
    five_s,
    forms,
    holds,
    hypotheses,
    improvements,
    inspections,
    meetings,
    nonconformances,
    observations,
    ppq,
    questions,
    risks,
    safety_notices,
    specifications,
    stability,
    threads,
    timers,
    transfers,
    trend_reports,
)

KINDS: dict[str, Kind] = {
    module.KIND.word: module.KIND
    for module in (
        *(persons, terminals, curricula, training, subjects, prompts, orders, collections, custody, batches),
        *(containers, labels, testing, tray, releases, shipments, infusions),
        *(donors, locations, manifests, splits, templates, rule_profiles, blinds, recalls, reserves),
        *(partners, messages),
        *(suppliers, definitions, lots, bills, kits, assets, alarms, backups, calls),
        *(calibrations, qualifications, maintenance, rooms, sampling_points, em_samples, media_fills, faults),
        *(specifications, stability, documents, changes, forms, deviations, corrections, nonconformances),
        *(improvements, five_s, hypotheses),
        *(observations, actions, meetings, complaints, safety_notices, threads),
        *(transfers, feedback, ppq),
        *(risks, inspections, questions, capa, holds, timers, trend_reports),
    )
}
