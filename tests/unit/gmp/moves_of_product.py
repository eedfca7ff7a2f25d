"""What has to be told before a move of donors, recalls, reserves, locations and releases, beyond the story."""

from automation.gmp.product.donors import AGENTS
from tests.support.thread import Thread

TEMPLATE: dict[str, object] = {"title": "bag of 50 mL", "stock": "LN2 stock 4"}


def ready(thread: Thread, kind: str, command: str) -> None:
    """Tell what the rules of a move want that the story does not tell."""
    match kind, command:
        case "blind", "seal":
            thread.until("order", "confirm")
        case "donor", "find_eligible":
            _evaluated(thread, reactive="")
        case "donor", "find_ineligible":
            _evaluated(thread, reactive="HBV")
        case "location", "define":
            thread.until("handover", "give")
        case "location", "free":
            thread.do("location", "reserve", by="perform")
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


def _evaluated(thread: Thread, *, reactive: str) -> None:
    """Screen the donor and test for every agent."""
    thread.do("donor", "screen", by="collect")
    for agent in AGENTS:
        outcome = "reactive" if agent == reactive else "negative"
        thread.do("donor", "test", by="collect", agent=agent, outcome=outcome)
