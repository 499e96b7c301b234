"""Which of three dials decides how far AI equity falls? Sobol indices with SALib.

    python examples/sobol_with_salib.py

Needs the extra `analysis`: pip install "powderkeg[analysis]". All points share one seed, so that the indices are
those of the dials alone. With so few points the intervals are wide; 512 and more make them useful.
"""

import numpy as np
from SALib.analyze import sobol
from SALib.sample import sobol as points

import abm
from abm.outcome.falls import largest_fall

RANGES = {"spark.total": (0.2, 0.8), "spark.days": (1, 100), "funds.leverage": (0.5, 3.0)}


def fall(series: np.ndarray) -> float:
    """Largest fall of a price that opens at 1."""
    return largest_fall(np.append(1.0, series[:, 0])).drawdown


def main(n: int = 32, n_ticks: int = 150, seed: int = 7) -> dict[str, tuple[float, float]]:
    """Run 5 n points, n a power of 2; return the first-order and total index of AI equity's largest fall, by dial."""
    simulate = abm.simulator(parameters=list(RANGES), series=["price_ai_equity"])
    problem = {"num_vars": len(RANGES), "names": list(simulate.parameters), "bounds": list(RANGES.values())}
    thetas = points.sample(problem, n, calc_second_order=False, seed=seed)
    thetas[:, 1] = thetas[:, 1].round()  # days are whole
    falls = [fall(simulate(theta, n_ticks, seed)) for theta in thetas]
    found = sobol.analyze(problem, np.array(falls), calc_second_order=False, seed=1)

    print(f"{len(thetas)} runs of {n_ticks} days: AI equity falls by {min(falls):.0%} to {max(falls):.0%}")
    print(f"{'dial':<16}{'alone':>8}{'±':>6}{'in all':>8}{'±':>6}")
    for k, dial in enumerate(RANGES):
        print(dial.ljust(16), *(f"{found[name][k]:7.2f}" for name in ("S1", "S1_conf", "ST", "ST_conf")), sep="")
    return {dial: (float(found["S1"][k]), float(found["ST"][k])) for k, dial in enumerate(RANGES)}


if __name__ == "__main__":
    main()
