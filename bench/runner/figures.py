"""A line of the table, and what every row is given to make some. Knows no row of the contract."""

import dataclasses
import statistics
import tempfile
from pathlib import Path


@dataclasses.dataclass
class Figure:
    """One line of the table. The ratio must be at most or at least what the contract says, if it says anything.

    `ratios` are those of the rounds: limit and FlashBid of one round ran one right after the other, so what else the
    machine did touched both alike, and their median is steadier than the ratio of two medians."""
    row: str
    what: str
    unit: str
    flashbid: float
    limit: float
    at_most: float | None = None
    at_least: float | None = None
    ratios: list = dataclasses.field(default_factory=list)
    rounds: list = dataclasses.field(default_factory=list)

    @property
    def ratio(self):
        return statistics.median(self.ratios) if self.ratios else self.flashbid / self.limit

    @property
    def required(self):
        if self.at_most is None and self.at_least is None:
            return ""
        return f"<= {self.at_most:g}" if self.at_most is not None else f">= {self.at_least:g}"

    @property
    def reached(self):
        return ((self.at_most is None or self.ratio <= self.at_most) and
                (self.at_least is None or self.ratio >= self.at_least))


@dataclasses.dataclass
class Run:
    """How long and how often, and where: what every row is given."""
    folder: Path
    seconds: float
    rounds: int
    watchers: list

    def new_folder(self):
        return Path(tempfile.mkdtemp(dir=self.folder))

    def write(self, name, content):
        path = self.new_folder() / name
        path.write_bytes(content)
        return path


def median(rounds, side, name):
    return statistics.median(one[side][name] for one in rounds)


def figure(row, what, unit, rounds, name, limit_name=None, **required):
    """`name` of FlashBid's side beside the limit's (`limit_name` if that is called otherwise there)."""
    limit_name = limit_name or name
    return Figure(row, what, unit, median(rounds, "flashbid", name), median(rounds, "limit", limit_name),
                  rounds=rounds, ratios=[one["flashbid"][name] / one["limit"][limit_name] for one in rounds],
                  **required)
