"""What the report of a sensitivity says beside its numbers: how to read them, and how they were found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abm.evidence.robustness.plans import TICKS
from abm.influence.design import LEVELS, SEEDS_OF_CORNERS
from abm.influence.effects import ALLOWED
from abm.outcome.wording import count

if TYPE_CHECKING:
    from abm.influence.run import Sensitivity

EFFECTS = (
    "Dots: the mean size of an elementary effect (Morris's μ*), with its 95 % interval over trajectories and their "
    "seeds."
)
DIAMONDS = (
    " Diamonds: the same analysis of half of the seeds against the other half, in which no number does anything: what "
    "chance alone makes."
)
INDICES = (
    "Alone: the part of the variance that would go if the number were known. In all: the part that would be left if "
    "all others were known. Apart they are where the number acts together with others; the parts in all may sum to "
    "more than one. Diamonds: the total index that chance alone gives the number."
)
SETTLING = (
    "Against all trajectories a ranking of fewer agrees in part with itself, and reaches one in the end by "
    "construction; the two halves share no run and say how much a second study of half the size would agree."
)
FLAGS = (
    "One number at a time goes to either end of its range, all others stay as shipped. A claim holds where its whole "
    "95 % interval over paired seeds lies above nought, does not hold where none of it does, and cannot be told "
    "else. It turns on the number where one that holds as shipped does not, or the reverse; it may where so many "
    "seeds cannot tell."
)


def method(found: Sensitivity) -> list[str]:
    """Return how it was found."""
    design = found.design
    seeds = count(design.seeds, "seed")
    screening = (
        f"Screening (Morris 1991; Campolongo, Cariboni and Saltelli 2007): {design.trajectories} trajectories through "
        f"all {len(design.numbers)} assumed numbers. Each number lies between half and double what is shipped, within "
        f"what is allowed, on a logarithmic scale; a grid of {LEVELS} levels in the middles of equal parts of it, so "
        "that a step is half of the range, a doubling where nothing bounds it. Whole numbers are rounded. A trajectory "
        f"has {seeds} of its own, the same at all of its worlds, so that an effect is paired and what differs between "
        "trajectories is chance of both kinds; its interval draws trajectories again (SALib)."
    )
    splitting = (
        f"Indices (Sobol' 2001; Saltelli et al. 2010): {design.samples} points of a scrambled Sobol' sequence over the "
        f"whole ranges of the first {design.top} numbers, all others as shipped, all on the same {design.shared_seeds} "
        "seeds; the outcome is the mean over them. Intervals draw points and seeds again, both at once. They are those "
        "of these ranges: a wider range makes a number more important."
    )
    chance = (
        "What chance makes is measured, not supposed: the same analysis of half of the seeds against the other half, "
        "scaled to the variance of their mean, in which no effect is left. A number is said to do something where its "
        "effects are larger than those, world by world (Wilcoxon's signed-rank test, one-sided, p up to "
        f"{ALLOWED:g}): of a hundred that do nothing it is said of one. Else it cannot be told; from fewer than seven "
        "trajectories it never can. A number without any "
        "change on any run does nothing."
    )
    length = (
        f"Runs have {design.base.run.ticks} days, 500 after the last news at most; those of the claims {TICKS} days "
        f"and {SEEDS_OF_CORNERS} seeds. One outcome ranks; intervals are each for itself."
    )
    said = [screening, splitting, chance, length]
    if design.seeds == 1:
        said.append("From one seed a trajectory chance cannot be told from effects: no number is surely above it.")
    if design.fixed:
        said.append(f"Not moved, as their range has no room for a step: {', '.join(design.fixed)}.")
    return said


def refused_words(found: Sensitivity) -> list[str]:
    """Return how many sets of worlds were drawn in vain, and why, and which runs are missing."""
    design, said = found.design, []
    for what, many, own in (
        ("trajectories", design.trajectories, found.screen),
        ("points", design.samples, found.split),
    ):
        refused = sum(times for _, times in own.refused)
        text = f"{many + refused} {what} were drawn for {many}"
        if refused:
            why = "; ".join(f"{reason} ({times})" for reason, times in own.refused[:3])
            text += (
                f": {refused} hold a world whose books contradict themselves, and were refused whole, so that no step "
                f"is left out unseen. Why: {why}. What is found is of worlds that can be"
            )
        said.append(f"{text}.")
        left_out = {name: times for name, times in own.left_out.items() if times}
        if left_out:
            listed = ", ".join(f"{times} {what} for {name}" for name, times in left_out.items())
            said.append(f"Left out, as runs failed or lack the outcome: {listed}.")
    return said


def split_words(found: Sensitivity) -> list[str]:
    """Return what the seeds make of the variance, and how far the points are from independent."""
    spread = found.split.spreads[found.design.question.text]
    said = []
    if spread.part_of_seeds is not None:
        said.append(
            f"Of the variance of single runs over these points {spread.part_of_seeds:.0%} is that of the seeds "
            f"(95 % interval {spread.low:.0%} to {spread.high:.0%}); the indices split the rest, the variance of the "
            f"mean over {found.design.shared_seeds} seeds."
        )
    refused = sum(times for _, times in found.split.refused)
    said.append(
        f"The indices suppose that numbers are independent. {refused} points were refused; in those kept the largest "
        f"rank correlation of two numbers is {found.split.dependence:.2f}."
    )
    return said
