"""What a site costs: a map over the region, one price for all, or a table of stations."""

from __future__ import annotations

from dataclasses import dataclass

import autograd.numpy as anp
import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.problems.seismology.grids import Grid
from adjointdesign.problems.seismology.network import NO_NETWORK, Network
from adjointdesign.problems.seismology.tables import Table
from adjointdesign.tape import taped


@dataclass(frozen=True, eq=False)
class CostMap:
    """The price of a site (in any one currency) as a function of the place: a map, or the same everywhere.

    Raises
    ------
    InputError
        When a price is negative.
    """

    price: Grid | float

    def __post_init__(self):
        least = float(np.nanmin(self.price.values if isinstance(self.price, Grid) else self.price))
        if not least >= 0:
            raise InputError("cost", "no negative price", f"{least:g}", "check the map")

    def at(self, positions):
        """Price of a site at each of the Cartesian positions (n, 3); on the tape."""
        return self.price.at(positions) if isinstance(self.price, Grid) else _same(positions, float(self.price))

    def total(self, positions):
        """Price of them all together; on the tape."""
        return _sum(self.at(positions))


@taped
def _same(positions, price: float):
    return price + 0.0 * positions[..., 0]


@taped
def _sum(prices):
    return anp.sum(prices)


def read_costs(path, network: Network) -> np.ndarray:
    """The cost of each station of a network from a table with columns ``code`` (or station) and ``cost`` (or price).

    Raises
    ------
    InputError
        When the file is no such table, a station is missing or comes twice, or a cost is negative.
    """
    table = Table(path)
    names = [name if "." in name else f"{NO_NETWORK}.{name}" for name in table.text(("code", "station", "sta"))]
    costs = table.numbers(("cost", "price"))
    twice = sorted({name for name in names if names.count(name) > 1})
    lacking = [code for code in network.codes if code not in names]
    if twice or lacking:
        got = f"{', '.join(twice)} twice" if twice else f"none for {', '.join(lacking[:5])}"
        raise InputError(f"costs in {path}", "one row for every station", got, "mend the table")
    if np.min(costs) < 0:
        raise InputError(f"costs in {path}", "no negative cost", f"{np.min(costs):g}", "mend the table")
    return np.array([costs[names.index(code)] for code in network.codes])
