"""The macros ``history.<table>_as_of(valid_at, known_at)``. Not here: how versions come about (``history.py``)."""

from exepron_pipeline.land.ddl import Table
from exepron_pipeline.land.sql import INSTANT, name, text

COMMENT = (
    "The records as they were at valid_at, according to what the warehouse said at known_at (instants; texts "
    "without a zone are UTC). Deleted ones are left out."
)


def as_of_macro(history: Table) -> str:
    """SQL that makes the macro of a history table, with a comment.

    Its parameters have no type, so that an analyst may give a timestamp, a date or a text. Each interval
    includes its beginning and not its end.
    """
    macro = name(history.schema, f"{history.name}_as_of")
    return (
        f"CREATE OR REPLACE MACRO {macro}(valid_at, known_at) AS TABLE SELECT * FROM {history.sql} "
        f"WHERE _op <> 'delete' AND {_within('valid')} AND {_within('known')}; "
        f"COMMENT ON MACRO TABLE {macro} IS {text(COMMENT)}"
    )


def _within(axis: str) -> str:
    at = f"CAST({axis}_at AS {INSTANT})"
    return f"_{axis}_from <= {at} AND (_{axis}_to IS NULL OR {at} < _{axis}_to)"
