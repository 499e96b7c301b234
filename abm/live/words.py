"""What the page needs to know once to say everything: scenarios, dials, policies and channels, each in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from abm.agents.leveraged_fund import STYLES
from abm.agents.stablecoin_issuer import ISSUERS
from abm.ledger.chart import INSTRUMENTS, N_TRADED
from abm.live.messages import DIALS, PACE, SPEEDS
from abm.live.world import SELLERS
from abm.outcome.wording import in_words
from abm.scenario.policy import DECREED
from abm.scenario.reading import DECLARED

if TYPE_CHECKING:
    from abm.live.session import Session

LABELS = {
    "funds.leverage": "leverage of funds",
    "funds.crowding": "crowding of funds",
    "stablecoins.supply": "stablecoins",
    "banks.capital": "capital of banks",
}
MAIN_POLICIES = ("note_purchases", "deposit_guarantee", "circuit_breaker", "leverage_cap")
POLICIES = {
    "note_purchases": ("buy notes", "the central bank buys Treasury notes until you end it"),
    "deposit_guarantee": ("guarantee deposits", "the public stands behind all deposits"),
    "circuit_breaker": ("halt trading", "shares stop trading for the day when they fall too far"),
    "leverage_cap": ("cap leverage", "hedge funds with too many securities for their money must sell some"),
    "lending": ("lend to banks", "the central bank lends to dealers and banks against notes"),
    "margin_floors": ("margin floors", "lenders may not ask for less margin than a floor"),
    "margin_buffers": ("margin buffers", "lenders ask for more margin in calm, and let it be used up in stress"),
    "bank_capital": ("capital buffer", "banks need more capital, until stress releases them"),
}
SELLERS_IN_WORDS = {
    "funds": "funds",
    "margin_accounts": "margin accounts",
    "dealers": "dealers: seized books",
    "banks": "dealers and banks short of cash",
    "crypto_holders": "crypto on credit",
    "stablecoin_issuers": "stablecoin issuers",
}


def hello(session: Session) -> dict[str, Any]:
    """Everything that the page may show or ask for, whatever is played."""
    return {
        "scenarios": [of_scenario(session, name) for name in session.scenarios()],
        "dials": [
            {
                "path": path,
                "label": LABELS[path],
                "meaning": DECLARED[path].meaning,
                "unit": DECLARED[path].unit,
                "low": low,
                "high": high,
                "step": step,
            }
            for path, (low, high, step) in DIALS.items()
        ],
        "speeds": SPEEDS,
        "pace": PACE,
        "policies": [
            {"name": name, "label": POLICIES[name][0], "about": POLICIES[name][1], "main": name in MAIN_POLICIES}
            for name in (*MAIN_POLICIES, *(name for name in DECREED if name not in MAIN_POLICIES))
        ],
        "channels": [
            {"name": path.removeprefix("channels."), "about": declared.meaning}
            for path, declared in DECLARED.items()
            if path.startswith("channels.")
        ],
        "markets": [in_words(name) for name in INSTRUMENTS[:N_TRADED]],
        "styles": [name.replace("_", " ") for name in STYLES],
        "issuers": list(ISSUERS),
        "sellers": [SELLERS_IN_WORDS[name] for name in SELLERS],
    }


def of_scenario(session: Session, name: str) -> dict[str, Any]:
    """A scenario as the page offers it, with what its dials are at."""
    scenario = session.chosen(name)
    return {
        "name": name,
        "title": scenario.title,
        "ticks": scenario.run.ticks,
        "spark": {"total": scenario.spark.total, "days": scenario.spark.days, "start": scenario.spark.start},
        "dials": {path: scenario.quantity(path).value for path in DIALS},
        "policies": {name: getattr(scenario.policy, name).on for name in DECREED},
    }
