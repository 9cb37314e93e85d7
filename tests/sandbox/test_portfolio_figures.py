"""The figures that the manual gives of the portfolio."""

import importlib.util
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.full
@pytest.mark.timeout(1200)
def test_the_manual_has_the_figures_of_today() -> None:
    """Each figure of docs/sandbox-portfolio.md is what its script works out of the simulation as it is."""
    spec = importlib.util.spec_from_file_location("sandbox_figures", DOCS / "images/sandbox_figures.py")
    assert spec
    assert spec.loader
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    manual = (DOCS / "sandbox-portfolio.md").read_text(encoding="utf-8")
    figures = script.figures()
    span = figures.pop(script.SPAN)
    assert f"{script.SPAN}: {span}" in manual
    assert [
        f"| {name} | {value} |" for name, value in figures.items() if f"| {name} | {value} |" not in manual
    ] == []
