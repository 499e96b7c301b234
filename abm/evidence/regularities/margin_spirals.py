"""Loss spiral and margin spiral (Brunnermeier and Pedersen 2009): two by two on the same draws.

The loss spiral is `margin_calls`: losses call for sales that make losses. The margin spiral is `margin_procyclicality`:
moves raise margins, which call for sales. Everything else stays as it is. Where nobody calls, margins hurt nobody: the
margin spiral alone adds nothing, and all that it adds to calls is beyond the sum.
"""

from __future__ import annotations

import numpy as np

from abm.evidence.check import REGULARITIES, Check, Curve, Judged, Path, Picture, Runs, mean_of, several
from abm.evidence.regularities.outcomes import EDGE, measure
from abm.scenario import DEFAULT, Scenario, load

DAYS = 300  # a year from the spark on
NEITHER, LOSSES, MARGINS, BOTH = range(4)
NAMES = ("neither", "loss spiral alone", "margin spiral alone", "both")


def worlds() -> list[Scenario]:
    """Neither, either and both, in the order of NAMES."""
    switches = ((False, False), (True, False), (False, True), (True, True))
    terms = {"run.ticks": DAYS, "funds.leverage": EDGE}
    return [
        load(DEFAULT, **terms, **{"channels.margin_calls": calls, "channels.margin_procyclicality": margins})
        for calls, margins in switches
    ]


def wants(seeds: int) -> list[Path]:
    return [path for scenario in worlds() for path in several(scenario, measure, seeds)]


def judge(runs: Runs, seeds: int) -> Judged:
    samples = [runs.sample(scenario, measure, seeds) for scenario in worlds()]

    def beyond_the_sum(what: str) -> np.ndarray:
        """Both less neither, less what each adds to neither."""
        neither, losses, margins, both = (sample[what] for sample in samples)
        return both - losses - margins + neither

    falls = [sample["fall"] for sample in samples]
    bars = [mean_of(fall) for fall in falls]
    picture = Picture(
        title="Loss spiral and margin spiral together make AI equity fall further than their sum",
        x="channels that are on, beside all others",
        y="largest fall of AI equity, log points, mean over seeds",
        names=NAMES,
        curves=[
            Curve(
                f"leverage × {EDGE:g}",
                range(len(bars)),
                [bar.value for bar in bars],
                [bar.value if bar.low is None else bar.low for bar in bars],
                [bar.value if bar.high is None else bar.high for bar in bars],
                joined=False,
            )
        ],
        words="The paper proves the direction and gives no figure.",
    )
    return Judged(
        {
            "loss_spiral": mean_of(falls[LOSSES] - falls[NEITHER]),
            "margin_spiral": mean_of(falls[BOTH] - falls[LOSSES]),
            "fall_beyond_the_sum": mean_of(beyond_the_sum("fall")),
            "sales_beyond_the_sum": mean_of(beyond_the_sum("forced_sales")),
            "losses_beyond_the_sum": mean_of(beyond_the_sum("on_owners")),
        },
        picture,
    )


CHECK = Check(
    "margin_spirals",
    REGULARITIES,
    "Loss spiral and margin spiral exceed their sum",
    "Brunnermeier and Pedersen (2009)",
    judge,
    wants,
    seeds=60,
    quick_seeds=10,
)
