"""A trader of your own in the world of late 2025, as an ordinary Mesa agent.

    python examples/own_trader.py

It holds cash, and buys AI equity in equal parts over a month once the price has fallen far below its best. Was
that wise, and did it help anybody else? The same run without it says so.
"""

import mesa

from abm.model import PowderKegModel


class BargainHunter(mesa.Agent):
    """Waits for a fall of `patience` from the best price so far, then spends its cash over `days` days."""

    def __init__(self, model: PowderKegModel, cash: float, patience: float = 0.5, days: int = 20) -> None:
        super().__init__(model)
        self.patience, self.daily = patience, cash / days
        self.account = model.add_trader(self, cash=cash)

    def decide(self, seen):
        """Return orders by market, in units, from what was seen last night."""
        price = seen.price["ai_equity"]
        best = max(seen.history("price_ai_equity"), default=price)
        if price < (1 - self.patience) * best:
            return {"ai_equity": min(self.daily, seen.deposit) / price}
        return {}

    @property
    def worth(self) -> float:
        return sum(self.account.balance_sheet().values())


def price_at_lowest(model: PowderKegModel) -> float:
    while model.running:
        model.step()
    return model.datacollector.get_model_vars_dataframe()["price_ai_equity"].min()


def main(cash: float = 200.0, seed: int = 7, **dials) -> tuple[float, float, float]:
    """Run the world without the trader and with it; return its profit and both lowest prices."""
    without = price_at_lowest(PowderKegModel(seed=seed, **dials))
    model = PowderKegModel(seed=seed, **dials)
    hunter = BargainHunter(model, cash)
    lowest = price_at_lowest(model)
    profit = hunter.worth - cash
    print(f"It began with {cash:,.0f} $bn and made {profit:+,.1f}.")
    print(f"AI equity's lowest price was {lowest:.3f} with it and {without:.3f} without.")
    return profit, lowest, without


if __name__ == "__main__":
    main()
