"""What must hold, as values: a figure, its bound, and the verdict. Not here: how a figure is measured (``cases/``)."""

from dataclasses import asdict, dataclass, field

from benchmarks.measured import Runs


@dataclass(frozen=True)
class Figure:
    """One figure with its bounds.

    Args:
        what: What it is, in a few words.
        value: Its value.
        unit: ``times``, ``s``, ``MB`` or a word.
        must: The bound.
        aim: The better bound that is aimed at.
        at_least: True when the value must not be less, else it must not be more.

    """

    what: str
    value: float
    unit: str
    must: float
    aim: float
    at_least: bool = False

    @property
    def verdict(self) -> str:
        """``aim``, ``met`` or ``MISSED``."""
        sign = -1 if self.at_least else 1
        if sign * self.value <= sign * self.aim:
            return "aim"
        return "met" if sign * self.value <= sign * self.must else "MISSED"

    def as_json(self) -> dict[str, object]:
        """All of it, and the verdict."""
        return {**asdict(self), "value": round(self.value, 3), "verdict": self.verdict}


@dataclass(frozen=True)
class Found:
    """What a case brought: the runs of each contestant by name, and the figures made of them."""

    runs: dict[str, Runs]
    figures: list[Figure] = field(default_factory=list)

    def as_json(self) -> dict[str, object]:
        """The same as plain values."""
        return {
            "runs": {name: runs.as_json() for name, runs in self.runs.items()},
            "figures": [figure.as_json() for figure in self.figures],
        }
