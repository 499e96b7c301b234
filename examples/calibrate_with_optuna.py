"""How bad must the news be for AI equity to fall by so much? One dial fitted to a target, with Optuna.

    python examples/calibrate_with_optuna.py

Needs the extra `analysis`: pip install "powderkeg[analysis]". The fall is the median over a few seeds, the same in
every trial, so that a trial differs from another by the dial alone.
"""

from statistics import median

import numpy as np
import optuna

import abm
from abm.outcome.falls import largest_fall


def fall(series: np.ndarray) -> float:
    """Largest fall of a price that opens at 1."""
    return largest_fall(np.append(1.0, series[:, 0])).drawdown


def main(target: float = 0.5, trials: int = 30, n_ticks: int = 250, seeds: int = 3) -> tuple[float, float]:
    """Look for the spark [log points] after which AI equity falls by `target`; return it and the fall it makes."""
    simulate = abm.simulator(parameters=["spark.total"], series=["price_ai_equity"])

    def distance(trial: optuna.Trial) -> float:
        theta = [trial.suggest_float("spark.total", 0.0, 1.0)]  # suggest_int for days and counts
        middle = median(fall(simulate(theta, n_ticks, seed)) for seed in range(seeds))
        trial.set_user_attr("fall", middle)
        return abs(middle - target)

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=1))
    study.optimize(distance, n_trials=trials)

    print(f"AI equity is to fall by {target:.0%} within {n_ticks} days; the best of {trials} trials:")
    print("spark.total    fall")
    for trial in sorted(study.trials, key=lambda trial: trial.value)[:5]:
        print(f"{trial.params['spark.total']:11.3f}{trial.user_attrs['fall']:8.1%}")
    return study.best_params["spark.total"], study.best_trial.user_attrs["fall"]


if __name__ == "__main__":
    main()
