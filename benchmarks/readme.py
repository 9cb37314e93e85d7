"""``python -m benchmarks.readme``: the figures of ``results.json`` as a table in README.md, between its two marks.

Not here: measuring. Nothing is written from results of a small scale.
"""

import json
import sys
from typing import Any

from benchmarks.bench import HERE

README = HERE.parent / "README.md"
BEGIN, END = "<!-- benchmarks: begin -->\n", "<!-- benchmarks: end -->\n"


def as_markdown(results: dict[str, Any]) -> str:
    """A table with a line for each figure, and the machine below it."""
    lines = ["| measure | measured | must | |", "|---|---|---|---|"]
    for case in results["cases"].values():
        for figure in case["figures"]:
            sense = "at least" if figure["at_least"] else "at most"
            verdict = "missed" if figure["verdict"] == "MISSED" else "met"
            value = f"{_short(figure['value'])} {figure['unit']}"
            lines.append(f"| {figure['what']} | {value} | {sense} {_short(figure['must'])} | {verdict} |")
    about = results["about"]
    return "\n".join([*lines, "", f"On {about['machine']}; {about['at']}; medians.", ""])


def _short(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"  # noqa: PLR2004 # three digits are shown


def put_into(readme: str, table: str) -> str:
    """The text of the README with the table between its marks.

    Raises:
        ValueError: The marks are not there.

    """
    before, _, rest = readme.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise ValueError(f"README.md has no line {BEGIN.strip()} with {END.strip()} below it")
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


def main() -> None:
    """Write the table, or say why not."""
    path = HERE / "results.json"
    results = json.loads(path.read_text()) if path.exists() else None
    if results is None or results["about"]["scale"] != "full":
        sys.exit("There are no results of full scale: make bench")
    README.write_text(put_into(README.read_text(), as_markdown(results)))


if __name__ == "__main__":
    main()
