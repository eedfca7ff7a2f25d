"""Review by exception: the rules, each with its definition, what was checked under it, and what was found.

Source: 21 CFR 211.100(b), 211.192 (deviations, unexplained discrepancies), 211.111 (time limits), 11.10(e) (changes
        never obscure), Annex 11 draft 8 (alarms with acknowledgement), EU GMP Annex 11 9 (review of the audit trail).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from automation.views import findings_of_balances as balances
from automation.views import findings_of_people as people
from automation.views import findings_of_process as process
from automation.views import findings_of_quality as quality
from automation.views.finding import Found, Shown
from automation.views.record import Finding, Rule
from automation.views.story import Story

Look = Callable[[Story, Shown], Found]


@dataclass(frozen=True, slots=True)
class _Rule:
    id: str
    name: str
    definition: str
    look: Look


RULES = (
    _Rule("E01", "Deviations", "Every deviation on the batch, its steps or its containers.", quality.deviations),
    _Rule("E02", "Limits", "Every result beyond an alert, action or reject limit, or not evaluable.", process.limits),
    _Rule("E03", "Acceptance", "Every criterion that was not met or could not be judged.", process.acceptance),
    _Rule("E04", "Time limits", "Every time limit that was warned of or overrun.", quality.time_limits),
    _Rule("E05", "Alarms", "Every alarm of the batch, who acknowledged it, how long it stood.", quality.alarms),
    _Rule("E06", "Identity", "Every wrong scan, every lock of a step, every line clearance.", people.scans),
    _Rule("E07", "Refusals", "Every command or act that the door, a gate or a device refused.", people.refusals),
    _Rule("E08", "Corrections", "Every entry disputed, corrected, late or never made.", people.corrections),
    _Rule("E09", "Overrides", "Every parameter, step, gate or claim that somebody changed.", quality.overrides),
    _Rule("E10", "Doubts", "Every act whose effect nobody knew, and who decided.", process.doubts),
    _Rule("E11", "Retries", "Every act that failed, was tried again or was settled by asking.", process.retries),
    _Rule("E12", "Gaps in data", "Every time without readings, every sample or file missing.", process.gaps),
    _Rule("E13", "Holds and stops", "Every hold, pause, stop, abort, take-over and QA hold.", quality.holds),
    _Rule("E14", "Interruptions", "Every restart, clock step or changed configuration.", quality.interruptions),
    _Rule(
        "E15",
        "Reconciliation",
        "Every balance of amounts or labels that does not close.",
        balances.balances,
    ),
)


def findings(story: Story, shown: Shown) -> tuple[tuple[Rule, ...], tuple[Finding, ...]]:
    """Apply every rule; gives the rules with their counts, and the exceptions in the order of their events."""
    rules: list[Rule] = []
    every: list[Finding] = []
    for rule in RULES:
        found = rule.look(story, shown)
        rules.append(Rule(rule.id, rule.name, rule.definition, found.checked, len(found.items)))
        every += _joined(one.under(rule.id, story.zone) for one in found.items)
    return tuple(rules), tuple(sorted(every, key=lambda one: (one.events[:1], one.rule)))


def _joined(found: Iterable[Finding]) -> list[Finding]:
    """Draw what came again and again in the very same words into one exception, so that it hides no other."""
    lines: dict[tuple[str, str, str, bool], Finding] = {}
    for one in found:
        key = (one.step, one.what, one.outcome, one.is_open)
        first = lines.get(key)
        lines[key] = replace(first, events=first.events + one.events, times=first.times + 1) if first else one
    return list(lines.values())
