"""What records say against a description: a key that is none, or finer than its type; decimals with more digits.

Not here: asking for them.
"""

import re
from collections.abc import Iterable
from decimal import Decimal

from exepron_pipeline.discover.columns import UNKNOWN_SCALE
from exepron_pipeline.discover.entries import Finding
from exepron_pipeline.odata.looker import Rows, value_at
from exepron_pipeline.odata.metadata.description import Property

_FINER = re.compile(r"\.\d{6}\d*[1-9]")
"""In a stamp: a fraction of a second beyond microseconds."""


def check_key(finding: Finding, rows: Rows) -> None:
    """See that the key is one, as far as the records seen tell."""
    wires = finding.described.key
    seen = [tuple(str(value_at(row, wire)) for wire in wires) for row in rows]
    if any(value_at(row, wire) is None for row in rows for wire in wires):
        finding.problem = f"has records without {' and '.join(wires)}, its key"
    elif len(set(seen)) < len(seen):
        finding.problem = f"has several records with one {' and '.join(wires)}, its key"


def keep_fine_keys(finding: Finding, rows: Rows) -> None:
    """Make stamps of the key text where the records seen have more digits than a timestamp holds."""
    for wire in finding.described.key:
        column = finding.laid_out.columns[finding.laid_out.names[wire]]
        if column["type"] == "timestamp" and any(_FINER.search(str(value_at(row, wire))) for row in rows):
            column["type"] = "text"


def widen_decimals(finding: Finding, rows: Rows) -> None:
    """Give decimals of unknown scale as many digits behind the point as the records have."""
    for each in _decimals(finding.described.properties, ()):
        wire = ".".join(each[0])
        scales = [_scale(value_at(row, wire)) for row in rows]
        most = max(scales, default=0)
        name = finding.laid_out.names.get(wire)
        if name and most > UNKNOWN_SCALE:
            finding.laid_out.columns[name]["type"] = f"decimal(38,{min(most, 38)})"


def _decimals(
    properties: Iterable[Property], above: tuple[str, ...]
) -> Iterable[tuple[tuple[str, ...], Property]]:
    for each in properties:
        if each.type == "Decimal" and each.scale is None and not each.many:
            yield (*above, each.name), each
        elif not each.many:
            yield from _decimals(each.fields, (*above, each.name))


def _scale(value: object) -> int:
    try:
        exponent = Decimal(str(value)).as_tuple().exponent
    except ArithmeticError:
        return 0
    return max(-exponent, 0) if isinstance(exponent, int) else 0
