"""What has to be told before a move of donors, recalls, reserves, locations and releases, beyond the story."""

from collections.abc import Callable
from typing import Final

from automation.gmp import shelf_lives
from automation.gmp.product.donors import AGENTS
from tests.support.doors import Doorway, proof
from tests.support.partners import public, signature
from tests.support.thread import HOURS, Thread

Body = dict[str, object]
MONTH: Final = float(shelf_lives.MONTH)  # s
CHILDREN: Final = ("1", "2")  # of a split, each of 2 mL
TEMPLATE: dict[str, object] = {"title": "bag of 50 mL", "stock": "LN2 stock 4"}
REASON: Final[Body] = {"reason": "because the test says so"}


def planned(name: str) -> Body:
    """Give the plan of a split of a container of the same name."""
    children = [{"container": f"{name}-{one}", "volume_ml": 2.0, "what": "retention"} for one in CHILDREN]
    return {"parent": name, "children": children, "loss_ml": 0.2, "tolerance_ml": 0.1, "at": "2026-11-23T12:00"}


def executed(name: str) -> Body:
    """Give how it was done: as it was planned."""
    filled = [{"container": f"{name}-{one}", "volume_ml": 2.0} for one in CHILDREN]
    return {"parent": name, "before_ml": 10.0, "filled": filled, "left_ml": 5.8, "loss_ml": 0.2, "labels_printed": 2}


def issued(name: str) -> Body:
    """Give the first label of a container."""
    lines = [name, "Chain of identity COI-1"]
    return {"container": name, "lines": lines, "marks": ["SIMULATED"], "template": "container", "template_version": "1"}


def reissued(name: str) -> Body:
    """Give one more."""
    return {**issued(name), "marks": ["SIMULATED", "REPRINT"], **REASON}


RULES: Final[Body] = {
    "negative_to_date": True,
    "early_clause": "local rule 4",
    "out_of_specification": False,
    "supply_clause": "local rule 5",
    "labels": [{"lot_type": "clinical", "text": "for study 12 only", "clause": "local rule 6"}],
    "effective": "2026-11-22T00:00",
    "changes": "the authority's letter of October",
}


def registered(name: str, *may: str, party: str = "lab-1") -> Body:
    """Give how a partner is registered."""
    return {"party": party, "key": public(name), "may": list(may), "seen": "read out on the telephone"}


def sent_results(name: str) -> Body:
    """Give the envelope of a message of results of a partner of this name."""
    said = {"partner": name, "number": "1", "sent": "2026-11-22T09:00", "about": "results", "sha256": "a" * 64}
    return {**said, "signature": signature(name, "a" * 64)}


NAMED: Final[dict[tuple[str, str], Callable[[str], Body]]] = {
    **{("split", one): planned for one in ("plan", "replan")},
    ("split", "execute"): executed,
    ("label", "issue"): issued,
    ("label", "reissue"): reissued,
    ("label", "verify"): lambda name: {"code": f"CONTAINER:{name}"},
    ("label", "apply"): lambda name: {"container": name},
    ("split", "reconcile"): lambda _: {"conclusion": "adds up"},
    ("partner", "register"): lambda name: registered(name, "results"),
    ("partner", "renew_key"): lambda name: {"key": public(f"{name}, renewed"), "seen": "read out on the telephone"},
    **{("partner", one): lambda _: REASON for one in ("suspend", "resume", "end")},
    ("message", "take"): sent_results,
}


def partnered(way: Doorway, name: str, *may: str, party: str = "lab-1") -> None:
    """Register a partner, as two people do."""
    signs = (proof("administer", "responsible"), proof("verify", "verified"))
    way.do(f"partner/{name}", "register", registered(name, *may, party=party), by="administer", signs=signs)


def brought_by_message(thread: Thread) -> Body:
    """Take the message that reports the collection, and let nothing follow from it yet; gives the report."""
    name = f"{thread.name}-P"
    partnered(thread.way, name, "collections", party="centre-1")
    said = {**sent_results(name), "about": "collections", "collection": thread.name}
    said |= {"report": thread.body("collection", "report"), "performed_by": "nurse-7", "verified_by": "nurse-9"}
    thread.way.do(f"message/{name}.1", "take", {**said, "sent": thread.at(0)})
    return {"message": f"{name}.1", "performed_by": "nurse-7", "verified_by": "nurse-9"}


def before(way: Doorway, kind: str, *, name: str) -> None:
    """Make what an object is about."""
    if kind == "message":
        partnered(way, name, "results")
    if kind == "split":
        way.do(f"container/{name}", "expect", {"identity": "COI-1", "volume_ml": 10.0, "purpose": "aliquot"})
        way.do(f"container/{name}", "receive", {})


def labelled(way: Doorway, command: str, *, name: str) -> str:
    """Make the container of a label and the template that people print from; gives the stream of the label."""
    way.do(f"container/{name}", "expect", {"identity": "COI-1"})
    if way.state("template/container@1") == "absent":
        way.do("template/container@1", "write", TEMPLATE, by="review", signs=(proof("review", "authored"),))
        way.do("template/container@1", "approve", by="approve", signs=(proof("approve", "approved"),))
    if command != "reissue":
        return f"label/{name}-L1"
    for before, said in (("issue", issued(name)), ("print", {}), ("destroy", REASON)):
        way.do(f"label/{name}-L1", before, said)
    return f"label/{name}-L2"


def ready(thread: Thread, kind: str, command: str) -> None:
    """Tell what the rules of a move want that the story does not tell."""
    match kind, command:
        case "blind", "seal":
            thread.until("order", "confirm")
        case "donor", "find_eligible":
            _evaluated(thread, reactive="")
        case "donor", "find_ineligible":
            _evaluated(thread, reactive="HBV")
        case "collection", "report_by_program":
            brought_by_message(thread)
        case "location", "define":
            thread.until("handover", "give")
        case "location", "free":
            thread.do("location", "reserve", by="perform")
        case "stability", _:
            _studied(thread, command)
        case "manifest", _:
            _travelled(thread, command)
        case "recall", "open":
            thread.through("batch", "start")
        case "recall", "close":
            thread.do("recall", "tell_authority", by="release")
        case "release", "supply_out_of_specification":
            thread.do("test", "correct", by="perform", value="61.2")
            thread.do("test", "review", by="review")
        case "reserve", "plan":
            thread.until("container-A", "empty")
        case "reserve", "end":
            thread.do("reserve", "pull", by="perform")


def _studied(thread: Thread, command: str) -> None:
    """Tell what a study rests on: a specification, samples that are kept, results at every age."""
    match command:
        case "write":
            thread.until("test", "take_in")
        case "enrol":
            kept(thread)
        case "decide":
            enrolled(thread)
        case "end":
            enrolled(thread)
            thread.do("stability", "decide", by="approve")


def kept(thread: Thread) -> None:
    """Keep a sample for each of two ages."""
    pulls = []
    for number in (1, 2):
        sample = f"{thread.name}-S{number}"
        thread.way.do(f"container/{sample}", "expect", {"identity": thread.identity, "purpose": "aliquot"})
        pulls.append({"sample": sample, "at": thread.at(number * 3 * MONTH / HOURS), "tests": ["viability"]})
    samples, end = [one["sample"] for one in pulls], thread.at(7 * MONTH / HOURS)
    said: Body = {"samples": samples, "pulls": pulls, "window_d": 3.0, "until": end}
    thread.do("reserve-S", "plan", by="review", **said)
    thread.do("reserve-S", "approve", by="approve")


def enrolled(thread: Thread, *values: str) -> None:
    """Enrol the lot, and test it at 0, 3 and 6 months."""
    at_release, *later = values or ("84.6", "83.9", "83.5")
    kept(thread)
    thread.do("stability", "enrol", by="review")
    for command, by in (("take_in", "perform"), ("report", "perform"), ("review", "review")):
        thread.do("test", command, by=by, **({"value": at_release} if command == "report" else {}))
    for number, value in enumerate(later, 1):
        thread.way.clock.go(3 * MONTH)
        aged(thread, number, value)


def aged(thread: Thread, number: int, value: str) -> None:
    """Pull the sample of an age and test it."""
    sample, test = f"{thread.name}-S{number}", f"test-{number + 6}"
    thread.do("reserve-S", "pull", by="perform", sample=sample)
    thread.do(test, "request", by="review", sample=sample)
    thread.do(test, "take_in", by="perform", sample=sample)
    thread.do(test, "report", by="perform", value=value)
    thread.do(test, "review", by="review")


def _travelled(thread: Thread, command: str) -> None:
    """Bring the sample to where a move of its manifest begins."""
    match command:
        case "plan":
            thread.until("test", "take_in")
            _sampled(thread)
        case "dispatch":
            handed(thread, 5, giver="site-a", receiver="courier-2")
        case "receive" | "attest_receipt":
            handed(thread, 6, giver="courier-2", receiver="lab-1")
        case "answer":
            _found(thread)
        case "complete":
            _found(thread)
            thread.way.do(thread.stream("manifest"), "answer", {"test": thread.name})


def _sampled(thread: Thread) -> None:
    """Have the sample at hand, and somebody who may pack it."""
    thread.do("container-Q", "receive", by="system")
    for person in ("perform", "supervise"):
        thread.way.do(f"person/{person}", "train", {"operation": "UN3373"}, by="administer")


def handed(thread: Thread, number: int, *, giver: str, receiver: str) -> None:
    """Hand the sample over, signed by both sides."""
    sample = {"containers": [f"{thread.name}-Q"]}
    thread.do(f"handover-{number}", "give", by="perform", giver=giver, receiver=receiver, **sample)
    thread.do(f"handover-{number}", "attest_taking", by="supervise", **sample)


def _found(thread: Thread) -> None:
    """Report the test, and let nothing follow from it yet."""
    thread.way.do(f"test/{thread.name}", "take_in", thread.body("test", "take_in"), by="perform")
    signs = (proof("perform", "performed"),)
    thread.way.do(f"test/{thread.name}", "report", thread.body("test", "report"), by="perform", signs=signs)


def _evaluated(thread: Thread, *, reactive: str) -> None:
    """Screen the donor and test for every agent."""
    thread.do("donor", "screen", by="collect")
    for agent in AGENTS:
        outcome = "reactive" if agent == reactive else "negative"
        thread.do("donor", "test", by="collect", agent=agent, outcome=outcome)
