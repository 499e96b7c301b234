"""What a run or a comparison gives back: tables, a summary, figures, and a way to keep them in a folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abm.errors import InputError
from abm.outcome.files import new_folder, read_tables, write_manifest, write_tables
from abm.scenario import Scenario

if TYPE_CHECKING:
    import pandas
    import polars as pl

    from abm.outcome.recorder import Tables
    from abm.outcome.summary import Summary
    from abm.report.data import ComparisonData

TWINS = ("all_off", "no_news", "belief_only")


@dataclass(frozen=True)
class RunResult:
    """One run: its tables, and `twins`, the daily series of the runs it is measured against (or none).

    Money is in $bn, time in trading days; `n_agents` counts all that decide.
    """

    scenario: Scenario
    seed: int
    n_agents: int
    tables: Tables = field(repr=False)
    twins: Mapping[str, pl.DataFrame] = field(repr=False, default_factory=dict)

    @property
    def ticks(self) -> pl.DataFrame:
        """One row a day, one column a series."""
        return self.tables.ticks

    @property
    def events(self) -> pl.DataFrame:
        """What happened to whom, and because of what."""
        return self.tables.events

    @cached_property
    def summary(self) -> Summary:
        """Speed, acceleration, amplification, failures and the verdict; what a missing twin would give is None."""
        from abm.outcome.summary import summarise

        twins = {name: self.twins.get(name) for name in TWINS}
        return summarise(self.ticks, scenario=self.scenario, **twins)

    def overview(self) -> dict[str, Any]:
        """Number of agents, seed and the flat summary, ready for JSON."""
        return {"agents": self.n_agents, "seed": self.seed, "summary": self.summary.to_dict()}

    @property
    def plot(self) -> RunPlots:
        """The figures: `result.plot.paths()`."""
        return RunPlots(self)

    @dataclass(frozen=True)
class ComparisonResult:
    """A comparison: `data` holds its tables, `scenario` what its members have in common."""

    scenario: Scenario
    data: ComparisonData

    @property
    def tables(self) -> dict[str, pl.DataFrame]:
        """Its tables by name; `summaries` has a row per member and seed."""
        return self.data.tables()

    @property
    def failures(self) -> list[tuple[int, int, str]]:
        """Runs without a result: days of news, seed, reason."""
        return self.data.failed_runs.rows()

    @property
    def plot(self) -> ComparisonPlots:
        """The figures: `result.plot.paths()`."""
        return ComparisonPlots(self)

    def to_pandas(self, table: str = "summaries") -> pandas.DataFrame:
        """One of the tables as a pandas frame."""
        return to_pandas(self.tables, table)

    def write(self, folder: str | Path, *, force: bool = False) -> Path:
        """Write tables, figures and report into a new folder and return it; `force` replaces an old one's."""
        with new_folder(folder, force) as hidden:
            self.write_into(hidden)
        return Path(folder)

    def write_into(self, folder: Path) -> None:
        """Write everything into a folder that is there."""
        from abm.report.pages import comparison_report

        write_tables(folder, self.tables)
        (folder / "report.html").write_text(comparison_report(self.data), "utf-8")
        self.plot.save(folder)
        how = {"days": list(self.data.members), "seeds": list(self.data.seeds), "horizon": self.data.horizon}
        write_manifest(folder, "comparison", self.scenario, **how)

    @classmethod
    def from_folder(cls, folder: Path, manifest: Mapping[str, Any]) -> ComparisonResult:
        """The result that `write` left in a folder with this manifest."""
        from abm.report.data import comparison_data

        scenario = Scenario.from_dict(manifest["scenario"])
        how = {name: manifest[name] for name in ("days", "seeds", "horizon")}
        empty = comparison_data(scenario, (), **how)
        return cls(scenario, replace(empty, **read_tables(folder, tuple(empty.tables()))))


def to_pandas(self, table: str = "ticks") -> pandas.DataFrame:
        """One of the tables as a pandas frame."""
        return to_pandas(vars(self.tables), table)

    def write(self, folder: str | Path, *, force: bool = False) -> Path:
        """Write everything into a new folder and return it; `force` replaces the results of an old one."""
        with new_folder(folder, force) as hidden:
            self.write_into(hidden)
        return Path(folder)

    def write_into(self, folder: Path) -> None:
        """Write everything into a folder that is there."""
        import json

        write_tables(folder, vars(self.tables))
        write_tables(folder, {f"twin_{name}": ticks for name, ticks in self.twins.items()})
        text = json.dumps(self.overview(), indent=1, allow_nan=False)
        (folder / "summary.json").write_text(text + "\n", "utf-8")
        self.plot.save(folder)
        twins = sorted(self.twins)
        write_manifest(folder, "run", self.scenario, seed=self.seed, agents=self.n_agents, twins=twins)

    @classmethod
    def from_folder(cls, folder: Path, manifest: Mapping[str, Any]) -> RunResult:
        """The result that `write` left in a folder with this manifest."""
        from abm.outcome.recorder import Tables

        twins = tuple(name for name in TWINS if name in manifest["twins"])
        frames = read_tables(folder, tuple(f"twin_{name}" for name in twins))
        return cls(
            scenario=Scenario.from_dict(manifest["scenario"]),
            seed=manifest["seed"],
            n_agents=manifest["agents"],
            tables=Tables(**read_tables(folder, tuple(table.name for table in fields(Tables)))),
            twins={name: frames[f"twin_{name}"] for name in twins},
        )


def to_pandas(tables: Mapping[str, pl.DataFrame], name: str) -> pandas.DataFrame:
    """A table by name as a pandas frame, without pyarrow."""
    import pandas

    if name not in tables:
        raise InputError(f"table = {name!r} is not known; allowed are {', '.join(tables)}")
    return pandas.DataFrame({column.name: column.to_numpy() for column in tables[name]})


class ComparisonResult:
    from_folder = None
