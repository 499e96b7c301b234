"""What a run or a comparison gives back: tables, a summary, figures, and a way to keep them in a folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abm.errors import InputError
from abm.experiments.files import new_folder, read_tables, write_manifest, write_tables
from abm.scenario import Scenario

if TYPE_CHECKING:
    import pandas
    import polars as pl
    from matplotlib.figure import Figure

    from abm.chains.answer import Chains
    from abm.outcome.story import Sentence
    from abm.outcome.summary import Summary
    from abm.outcome.tables import Tables
    from abm.outcome.why import Answer
    from abm.report.data import ComparisonData

TWINS = ("all_off", "no_news", "belief_only")
LABELS = ("speed", "verdict_real", "verdict_financial")
DIFFERENCES = {
    "member": "String",
    "less_member": "String",
    "key": "String",
    "mean": "Float64",
    "low": "Float64",
    "high": "Float64",
    "standard_error": "Float64",
    "pairs": "Int64",
}


class RunPlots:
    """The figures of a run, as matplotlib figures."""

    def __init__(self, result: RunResult) -> None:
        self._result = result
        self._ticks = result.ticks

    def prices(self) -> Figure:
        """Each market's price beside what news alone would have made of it."""
        from abm.figures import run

        return run.prices(self._ticks)

    def belief_and_depth(self) -> Figure:
        """How many believe, how deep markets are, what buyers have left."""
        from abm.figures import run

        return run.belief_and_depth(self._ticks)

    def forced_sales(self) -> Figure:
        """Forced sales by seller, day by day and summed up."""
        from abm.figures import run

        return run.forced_sales(self._ticks)

    def failures_and_capital(self) -> Figure:
        """How many have failed, and what capital the lenders have left."""
        from abm.figures import run

        return run.failures_and_capital(self._ticks)

    def contagion(self) -> Figure:
        """Who pushed whom, by kinds of actors, with dollars and channels."""
        from abm.figures import contagion

        return contagion.contagion_figure(self._result.chains)

    def save(self, folder: str | Path) -> dict[str, bytes]:
        """Write all figures as PNG and SVG into a folder that exists; return the SVG by name of the figure."""
        from abm.figures.run import run_figures
        from abm.figures.style import save_all

        return save_all(run_figures(self._ticks) | {"contagion": self.contagion()}, folder)


class ComparisonPlots:
    """The figures of a comparison, as matplotlib figures."""

    def __init__(self, data: ComparisonData) -> None:
        self._data = data

    def paths(self) -> Figure:
        """Prices with their spread over seeds, one member under the other on the same axes."""
        from abm.figures import comparison

        return comparison.paths(self._data)

    def strain(self) -> Figure:
        """Belief, depth, forced sales and lenders' capital, one member under the other."""
        from abm.figures import comparison

        return comparison.strain(self._data)

    def speed(self) -> Figure:
        """Speed, acceleration and amplification of every seed."""
        from abm.figures import comparison

        return comparison.speed(self._data)

    def first_failures(self) -> Figure:
        """Who failed first, second, third, on a time line."""
        from abm.figures import comparison

        return comparison.first_failures(self._data)

    def who_sold_what(self) -> Figure:
        """Forced sales by seller and market."""
        from abm.figures import comparison

        return comparison.who_sold_what(self._data)

    def verdicts(self) -> Figure:
        """Shares of seeds with each label."""
        from abm.figures import comparison

        return comparison.verdicts(self._data)

    def save(self, folder: str | Path) -> dict[str, bytes]:
        """Write all figures as PNG and SVG into a folder that exists; return the SVG by name of the figure."""
        from abm.figures.comparison import comparison_figures
        from abm.figures.style import save_all

        return save_all(comparison_figures(self._data), folder)


class Result:
    """What can be kept in a folder."""

    def write(self, folder: str | Path, *, force: bool = False) -> Path:
        """Write everything into a new folder and return it; `force` replaces the results of an old one."""
        with new_folder(folder, force) as hidden:
            self.write_into(hidden)
        return Path(folder)

    def write_into(self, folder: Path) -> None:
        """Write everything into a folder that is there."""
        raise NotImplementedError


@dataclass(frozen=True)
class RunResult(Result):
    """One run: its tables, and `twins`, the daily series of the runs it is measured against (or none).

    Money is in $bn, time in trading days; `n_agents` counts all that decide. `origin` is the saved state that the
    run went on from: SHA-256 of the file, and the day; `past` are the scenarios that held before, each with the day
    on which it ended.
    """

    scenario: Scenario = field(repr=False)
    seed: int
    n_agents: int
    tables: Tables = field(repr=False)
    twins: Mapping[str, pl.DataFrame] = field(repr=False, default_factory=dict)
    past: tuple[tuple[int, Scenario], ...] = field(repr=False, default=())
    origin: Mapping[str, Any] | None = field(repr=False, default=None)

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
        """Speed, acceleration, amplification, failures, verdict; None where a twin is missing."""
        from abm.outcome.summary import summarise

        twins = {name: self.twins.get(name) for name in TWINS}
        return summarise(self.ticks, scenario=self.scenario, **twins)

    def overview(self) -> dict[str, Any]:
        """Number of agents, seed and the flat summary, ready for JSON."""
        return {"agents": self.n_agents, "seed": self.seed, "summary": self.summary.to_dict()}

    def story(self) -> list[Sentence]:
        """The run in at most twenty dated sentences."""
        from abm.outcome.story import tell

        return tell(self.ticks, self.events, self.tables.agents, self.summary.to_dict())

    def why(self, about: str) -> Answer:
        """From somebody's failure, `bank:7`, or the event of a number, `1234`, back to its roots."""
        from abm.outcome.why import why

        return why(self.events, self.tables.agents, about)

    @cached_property
    def chains(self) -> Chains:
        """Who pushed whom, `result.chains.graph()`, and the shortest chain from the news to each failure."""
        from abm.chains.answer import chains

        return chains(self.events, self.tables.agents, self.ticks)

    @property
    def plot(self) -> RunPlots:
        """The figures: `result.plot.prices()`."""
        return RunPlots(self)

    def to_pandas(self, table: str = "ticks") -> pandas.DataFrame:
        """One of the tables as a pandas frame."""
        return to_pandas(vars(self.tables), table)

    def write_into(self, folder: Path) -> None:
        """Write everything into a folder that is there."""
        import json

        from abm.report.pages import run_report

        write_tables(folder, vars(self.tables))
        write_tables(folder, {f"twin_{name}": ticks for name, ticks in self.twins.items()})
        text = json.dumps(self.overview(), indent=1, allow_nan=False)
        (folder / "summary.json").write_text(text + "\n", "utf-8")
        drawn = self.plot.save(folder)  # drawing takes seconds: once for the files and the page
        (folder / "report.html").write_text(run_report(self, drawn), "utf-8")
        write_manifest(folder, "run", self.scenario, **self.how())

    def how(self) -> dict[str, Any]:
        """What the manifest says beside the scenario."""
        how: dict[str, Any] = {"seed": self.seed, "agents": self.n_agents, "twins": sorted(self.twins)}
        if self.origin is not None:
            how["from_state"] = dict(self.origin)
        if self.past:
            how["past"] = [{"until": day, "scenario": held.to_dict()} for day, held in self.past]
        return how

    @classmethod
    def from_folder(cls, folder: Path, manifest: Mapping[str, Any]) -> RunResult:
        """The result that `write` left in a folder with this manifest."""
        from abm.outcome.tables import Tables

        twins = tuple(name for name in TWINS if name in manifest["twins"])
        frames = read_tables(folder, tuple(f"twin_{name}" for name in twins))
        return cls(
            scenario=Scenario.from_dict(manifest["scenario"]),
            seed=manifest["seed"],
            n_agents=manifest["agents"],
            tables=Tables(**read_tables(folder, tuple(table.name for table in fields(Tables)))),
            twins={name: frames[f"twin_{name}"] for name in twins},
            past=tuple((held["until"], Scenario.from_dict(held["scenario"])) for held in manifest.get("past", ())),
            origin=manifest.get("from_state"),
        )


@dataclass(frozen=True)
class ComparisonResult(Result):
    """A comparison: `data` holds its tables, `scenario` is what its members come from, or the first of several."""

    scenario: Scenario = field(repr=False)
    data: ComparisonData

    @property
    def tables(self) -> dict[str, pl.DataFrame]:
        """Its tables by name; `summaries` has a row per member and seed."""
        return {**self.data.tables(), "differences": self.differences}

    @cached_property
    def differences(self) -> pl.DataFrame:
        """Of every number of the summary: the mean difference, member less the reference, over paired seeds.

        The reference is the slowest where speeds are compared, else the first. Columns: member, less_member, key,
        mean, low, high (95 % interval), standard_error, pairs.
        """
        import polars as pl

        from abm.outcome.paired import paired_difference
        from abm.outcome.reduce import schema

        numbers = [name for name, kind in self.data.summaries.schema.items() if kind.is_numeric() and name != "seed"]
        reference = self.data.reference
        rows = []
        for label in self.data.others:
            pairs = self.data.of(label).join(
                self.data.of(reference), on="seed", suffix="_reference", maintain_order="left"
            )
            for key in numbers:
                found = paired_difference(pairs[key].to_list(), pairs[f"{key}_reference"].to_list())
                if found is not None:
                    interval = (found.low, found.high, found.standard_error)
                    rows.append((label, reference, key, found.mean, *interval, found.n))
        return pl.DataFrame(rows, schema=schema(DIFFERENCES), orient="row")

    def overview(self) -> dict[str, Any]:
        """Seeds, failed runs and, by member, medians and shares of labels, ready for JSON."""
        members = {}
        for label in self.data.members:
            own = self.data.of(label).drop("member", "seed")
            numbers = [name for name, kind in own.schema.items() if kind.is_numeric()]
            medians = {name: own[name].median() for name in numbers}
            labels = {
                name: dict(sorted(own[name].drop_nulls().value_counts().rows()))
                for key in LABELS
                for name in (key, f"no_news_{key}")
            }
            members[label] = {"runs": own.height, "medians": medians, "labels": labels}
        return {
            "seeds": list(self.data.seeds),
            "horizon": self.data.horizon,
            "failed_runs": len(self.failures),
            "reference": self.data.reference,
            "members": members,
            "differences": self.differences.to_dicts(),
        }

    @property
    def failures(self) -> list[tuple[str, int, str]]:
        """Runs without a result: member, seed, reason."""
        return self.data.failed_runs.rows()

    @property
    def plot(self) -> ComparisonPlots:
        """The figures: `result.plot.paths()`."""
        return ComparisonPlots(self.data)

    def to_pandas(self, table: str = "summaries") -> pandas.DataFrame:
        """One of the tables as a pandas frame."""
        return to_pandas(self.tables, table)

    def write_into(self, folder: Path) -> None:
        """Write everything into a folder that is there."""
        from abm.report.pages import comparison_report

        write_tables(folder, self.tables)
        drawn = self.plot.save(folder)
        (folder / "report.html").write_text(comparison_report(self.data, drawn), "utf-8")
        how: dict[str, Any] = {
            "members": [member.to_dict() for member in self.data.members.values()],
            "reference": self.data.reference,
            "seeds": list(self.data.seeds),
            "horizon": self.data.horizon,
        }
        if self.data.origin is not None:
            how["from_state"] = dict(self.data.origin)
        write_manifest(folder, "comparison", self.scenario, **how)

    @classmethod
    def from_folder(cls, folder: Path, manifest: Mapping[str, Any]) -> ComparisonResult:
        """The result that `write` left in a folder with this manifest."""
        from abm.report.data import comparison_data
        from abm.report.members import Member

        scenario = Scenario.from_dict(manifest["scenario"])
        members = [Member.from_dict(member) for member in manifest["members"]]
        how = {name: manifest[name] for name in ("reference", "seeds", "horizon")}
        empty = comparison_data(scenario, (), members=members, **how, origin=manifest.get("from_state"))
        return cls(scenario, replace(empty, **read_tables(folder, tuple(empty.tables()))))


def to_pandas(tables: Mapping[str, pl.DataFrame], name: str) -> pandas.DataFrame:
    """A table by name as a pandas frame, without pyarrow."""
    import pandas

    if name not in tables:
        raise InputError(f"table = {name!r} is not known; allowed are {', '.join(tables)}")
    return pandas.DataFrame({column.name: column.to_numpy() for column in tables[name]})
