"""What a planned amendment may change, and what it may not."""

from pathlib import Path

import pytest

from automation.bootstrap import operations
from automation.engine import masters
from automation.engine.recipe.amendment import check_amendment
from automation.engine.recipe.load import load
from automation.engine.recipe.model import Recipe
from automation.kernel.errors import InputError

BEGUN = ("receive", "count-apheresis", "reduce")


def amended(folder: Path, old: str, new: str) -> Recipe:
    """Give car-t with another text."""
    text = masters.content("car-t").decode()
    assert old in text
    file = folder / "amended.yaml"
    file.write_text(text.replace(old, new), encoding="utf-8")
    return load(file, operations())


@pytest.mark.requirement("F002", refuses=True)
@pytest.mark.parametrize(
    ("old", "new", "refused"),
    [
        ("moi: 5.0", "moi: 4.0", ""),
        ("alert: at most 45 min", "alert: at most 40 min", ""),
        (
            "{name: wash, from: wash.start, to: wash.collected, max: 3 h",
            "{name: short wash, from: wash.start, to: wash.collected, max: 2 h",
            "",
        ),
        ("residual_at_most: 1.0 %", "residual_at_most: 0.9 %", "step 'reduce' has begun"),
        ("max: 24 h", "max: 30 h", "counts from step 'receive', which has begun"),
        ("washer: cell washer", "washer: cell separator", "a cell separator; wash needs a cell washer"),
        ("quantity: 250 mL", "quantity: 200 mL", "step 'reduce' has begun"),
        ("name: Autologous CAR-T cells", "name: Other cells", "product differs"),
    ],
)
def test_only_what_is_still_to_come_can_be_amended(tmp_path: Path, old: str, new: str, refused: str) -> None:
    """Parameters, limits and time limits of steps to come; nothing of a step that has begun, nor the product."""
    said = ""
    try:
        after = amended(tmp_path, old, new)
        check_amendment(load("car-t", operations()), after, begun=BEGUN, operations=operations())
    except InputError as refusal:
        said = str(refusal)
    assert refused in said
    assert bool(refused) == bool(said)


@pytest.mark.requirement("F002", "F009", refuses=True)
def test_a_step_that_identifies_containers_is_never_amended(tmp_path: Path) -> None:
    """Also before it has begun: the receipt with its scans stays as it was issued."""
    after = amended(tmp_path, "transport_highest: 8.0 degC", "transport_highest: 10.0 degC")
    with pytest.raises(InputError, match="step 'receive' identifies containers"):
        check_amendment(load("car-t", operations()), after, begun=(), operations=operations())
