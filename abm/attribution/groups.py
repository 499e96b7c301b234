"""Channels in named groups: the players among whom an outcome is divided."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from abm.channels import CHANNELS
from abm.errors import InputError, shown
from abm.scenario import Scenario
from abm.scenario.reading import hint

ALWAYS_ON = "ordinary_trading"  # without it there are no earnings and no market: nothing could be compared
EACH = "each"
SWITCHED = tuple(channel for channel in CHANNELS if channel != ALWAYS_ON)
EIGHT: dict[str, tuple[str, ...]] = {
    "story": ("narrative_feedback", "common_story"),
    "margins": ("margin_calls", "margin_procyclicality", "risk_limits"),
    "funds": ("redemptions", "performance_chasing", "crowding_revealed", "cross_asset_sales"),
    "liquidity": ("depth_spiral", "finite_buyers"),
    "dealers": ("fund_default_losses", "dealer_runs"),
    "credit": ("private_credit", "credit_tightening", "real_economy"),
    "crypto": ("crypto_liquidations", "stablecoin_runs", "reserve_deposits", "reserve_treasuries"),
    "banks": ("deposit_runs", "bank_asset_sales", "interbank"),
}
WORDS = {
    "story": "Disbelief that spreads",
    "margins": "Margin calls and risk limits",
    "funds": "Money that leaves funds, and what they sell for it",
    "liquidity": "Thin markets and buyers without cash",
    "dealers": "Failed funds' losses, and runs on dealers",
    "credit": "Loan defaults and the real economy",
    "crypto": "Crypto and stablecoins",
    "banks": "Runs on banks, and banks' own sales",
}
LARGEST_FILE = 1_000_000  # bytes
FORMS = (
    "'name=channel,channel;name=channel', names of groups and channels with commas between them, "
    f"'{EACH}', or a TOML file with a table [groups]"
)


class Group(NamedTuple):
    """One player: channels that are switched together."""

    name: str
    channels: tuple[str, ...]

    @property
    def words(self) -> str:
        """The group as a reader says it."""
        if EIGHT.get(self.name) == self.channels:
            return WORDS[self.name]
        plain = self.name.replace("_", " ")
        return plain[0].upper() + plain[1:]


def parse_groups(text: str | None) -> list[Group]:
    """Return the groups that `--groups` asks for, the eight of the house by default.

    Raises InputError for what cannot be read, for a channel that is unknown or in two groups, and for a name twice.
    """
    if text is None:
        found = [Group(*item) for item in EIGHT.items()]
    elif text.strip() == EACH:
        found = [Group(channel, (channel,)) for channel in SWITCHED]
    elif text.endswith(".toml"):
        found = list(_in_file(Path(text)))
    else:
        found = list(_in_text(text))
    _refuse(found)
    return found


def _in_text(text: str) -> Iterable[Group]:
    for item in text.split(";"):
        name, given, channels = item.partition("=")
        if given:
            yield _group(name.strip(), channels.split(","))
            continue
        for one in item.split(","):
            known = one.strip()
            yield Group(known, EIGHT[known]) if known in EIGHT else _group(known, [known])


def _in_file(path: Path) -> Iterable[Group]:
    from abm.sweep.files import text_of

    text = text_of(path, f"--groups: {path}", "a TOML file with a table [groups]", LARGEST_FILE)
    try:
        groups = tomllib.loads(text)["groups"]
        listed = [(name, list(channels)) for name, channels in groups.items() if not isinstance(channels, str)]
    except (tomllib.TOMLDecodeError, KeyError, AttributeError, TypeError):
        listed = []
    if not listed:
        raise InputError(f"--groups: {path} has no groups; allowed is [groups] with lines name = [channels]")
    for name, channels in listed:
        yield _group(name, [str(channel) for channel in channels])


def _group(name: str, channels: Sequence[str]) -> Group:
    return Group(name, tuple(channel.strip() for channel in channels))


def _refuse(groups: Sequence[Group]) -> None:
    """Raise InputError for groups that are no division of channels."""
    seen: dict[str, str] = {}
    names = [group.name for group in groups]
    for group in groups:
        if not group.name.isidentifier():
            raise InputError(f"--groups: {shown(group.name)} is no name of a group; allowed is {FORMS}")
        if names.count(group.name) > 1:
            raise InputError(f"--groups: {group.name} is given twice; allowed is once")
        for channel in group.channels:
            if channel == ALWAYS_ON:
                raise InputError(f"--groups: {ALWAYS_ON} is on in every coalition; allowed are the other channels")
            if channel not in SWITCHED:
                allowed = hint(channel, (*SWITCHED, *EIGHT))
                raise InputError(f"--groups: {shown(channel)} is no channel; {allowed}")
            if channel in seen:
                raise InputError(f"--groups: {channel} is in {seen[channel]} and in {group.name}; allowed is one group")
            seen[channel] = group.name


def those_that_act(groups: Sequence[Group], scenario: Scenario) -> list[Group]:
    """Return the groups with those of their channels that the scenario has on; groups without any are left out."""
    on = scenario.channels
    kept = [Group(g.name, tuple(channel for channel in g.channels if getattr(on, channel))) for g in groups]
    return [group for group in kept if group.channels]


def left_alone(groups: Sequence[Group]) -> list[str]:
    """Return the channels that are in no group: they stay as the scenario has them."""
    grouped = {channel for group in groups for channel in group.channels}
    return [channel for channel in CHANNELS if channel not in grouped]
