"""The tables of the schema ``ops``: what happened, for operators. Not here: who writes their rows (``ledger.py``).

A change here needs a file in ``migrations/``.
"""

from exepron_pipeline.land.ddl import Field, Table
from exepron_pipeline.land.sql import INSTANT

_LOAD_ID = Field("load_id", "VARCHAR", "The load; one for all entity sets of a run.")
_ENTITY_SET = Field("entity_set", "VARCHAR", "The entity set, as its table in core is called.")
_ACCOUNT_ID = Field("account_id", "VARCHAR", "The Exepron account that was read.")
_EVIDENCE = Field(
    "evidence",
    "VARCHAR",
    "Why nothing of the scope was missed: count, exhausted; or none, when that is not known.",
)
_SOURCE_COUNT = Field("source_count", "BIGINT", "How many records the service counted, where it counts.")
_FETCHED = Field("fetched", "BIGINT", "Records that came, doubles included.")


def _ops(name: str, comment: str, *fields: Field) -> Table:
    return Table("ops", name, fields, comment)


META = _ops(
    "meta",
    "What made this file.",
    Field("version", "BIGINT", "Version of the tables of ours."),
    Field("created_at", INSTANT, "When the file was made (UTC)."),
    Field("hashes", "VARCHAR", "What the function behind _row_hash makes of known values."),
)
SOURCE = _ops(
    "source",
    "Where everything in this file comes from. Another source is refused.",
    Field("issuer", "VARCHAR", "The identity server."),
    Field("api_url", "VARCHAR", "The API's base address."),
    Field("account_id", "VARCHAR", "An account that is read there; null while none was known."),
    Field("pinned_at", INSTANT, "Since when it belongs to this file (UTC)."),
)
LOADS = _ops(
    "loads",
    "One row per load, entity set and account that landed. What failed is told in state/last_runs.json.",
    _LOAD_ID,
    _ENTITY_SET,
    _ACCOUNT_ID,
    Field(
        "mode",
        "VARCHAR",
        "full, incremental, reconcile, replay (of rejected records), or by_key (of records that others name).",
    ),
    Field("status", "VARCHAR", "ok, failed, not_offered, not_permitted or skipped."),
    Field("started_at", INSTANT, "When reading began (UTC)."),
    Field("finished_at", INSTANT, "When it was landed: _loaded_at and _known_from of its rows (UTC)."),
    Field("seconds", "DOUBLE", "Time that reading took, in seconds."),
    Field("requests", "BIGINT", "Requests sent, repeated ones included."),
    Field("pages", "BIGINT", "Pages read."),
    _FETCHED,
    Field("inserted", "BIGINT", "Keys that are new, or came back."),
    Field("updated", "BIGINT", "Keys whose record changed."),
    Field("unchanged", "BIGINT", "Keys whose record did not change; their rows were not written again."),
    Field("deleted", "BIGINT", "Keys that were found to be gone."),
    Field("quarantined", "BIGINT", "Records that were rejected; see ops.quarantine."),
    _EVIDENCE,
    Field("complete", "BOOLEAN", "True when the evidence shows that no record of the scope was missed."),
    _SOURCE_COUNT,
    Field("watermark_before", INSTANT, "The watermark that the load began with (UTC)."),
    Field("watermark_after", INSTANT, "The watermark that it left (UTC)."),
    Field("error", "VARCHAR", "Why it failed; null when it landed."),
)
WATERMARKS = _ops(
    "watermarks",
    "How far each entity set of each account was read: the latest change that has landed.",
    _ENTITY_SET,
    _ACCOUNT_ID,
    Field("watermark", INSTANT, "The greatest cursor value of all landed records (UTC)."),
    Field("watermark_text", "VARCHAR", "The same as ISO 8601 text."),
    _LOAD_ID,
    Field("moved_at", INSTANT, "When that load landed (UTC)."),
)
SCOPES = _ops(
    "scopes",
    "Filters of the catalogue that entity sets were read under; what one leaves out is out of scope, not deleted.",
    _ENTITY_SET,
    _ACCOUNT_ID,
    Field("filter", "VARCHAR", "The filter, in the service's words; empty for everything."),
    Field("since", INSTANT, "Rows written before may be out of scope (UTC); null: none are."),
    _LOAD_ID,
)
READERS = _ops(
    "readers",
    "Who compared each entity set of each account last, as far as known: another user may see less.",
    _ENTITY_SET,
    _ACCOUNT_ID,
    Field("user_id", "VARCHAR", "The signed-in user, as the service names it."),
    Field("role_id", "VARCHAR", "The user's role, where the service tells it."),
    Field("subject", "VARCHAR", "Whose token it was, as the token says."),
    Field("scope", "VARCHAR", "The token's scopes for the API."),
    _LOAD_ID,
)
COUNTS = _ops(
    "counts",
    "How many records the service, the load and the table had.",
    _LOAD_ID,
    _ENTITY_SET,
    _ACCOUNT_ID,
    Field("counted_at", INSTANT, "When the load landed (UTC)."),
    _SOURCE_COUNT,
    _FETCHED,
    Field("distinct_keys", "BIGINT", "Keys among them."),
    Field("live_rows", "BIGINT", "Rows of the account in core afterwards that are not deleted."),
    _EVIDENCE,
)
QUARANTINE = _ops(
    "quarantine",
    "Records that did not land. Their content stays in the spool.",
    _LOAD_ID,
    _ENTITY_SET,
    _ACCOUNT_ID,
    Field("key", "VARCHAR", "The record's key, where it could be read."),
    Field("reason", "VARCHAR", "Why it was rejected."),
    Field("page", "VARCHAR", "The raw page that holds it."),
    Field("quarantined_at", INSTANT, "When the load landed (UTC)."),
    Field("position", "BIGINT", "Its place on the page, from 0."),
    Field(
        "closed_at", INSTANT, "When it was settled: landed, rejected anew, or gone (UTC); null: it is open."
    ),
    Field("closed_by", "VARCHAR", "The load that settled it."),
)
SCHEMA_CHANGES = _ops(
    "schema_changes",
    "Changes of the columns of existing tables, and fields that the catalogue does not name.",
    Field("changed_at", INSTANT, "When (UTC)."),
    _LOAD_ID,
    Field("schema_name", "VARCHAR", "Schema of the table."),
    Field("table_name", "VARCHAR", "The table."),
    Field("column_name", "VARCHAR", "The column; the service's name where it is none; null: the table."),
    Field(
        "change",
        "VARCHAR",
        "added, widened, vanished (no longer in the contract, null in new rows), left_out (missing in a copy that was "
        "published without it), returned, dropped, hashed or revealed (by EXEPRON_PERSONAL); or of a field without a column: unknown (kept in _extra), discarded, or "
        "accepted (moved from _extra to where the catalogue says).",
    ),
    Field("type_before", "VARCHAR", "Its type before."),
    Field("type_after", "VARCHAR", "Its type since."),
)
REQUESTS = _ops(
    "requests",
    "What each load asked of the service.",
    _LOAD_ID,
    _ENTITY_SET,
    _ACCOUNT_ID,
    Field("requests", "BIGINT", "Requests sent, repeated ones included."),
    Field("pages", "BIGINT", "Pages read."),
    Field("finished_at", INSTANT, "When the load landed (UTC)."),
)
SNAPSHOT = _ops(
    "snapshot",
    "When this was published for analysts, and from which load; in the writer's file: when it was last tried.",
    Field("published_at", INSTANT, "When (UTC)."),
    _LOAD_ID,
    Field("package_version", "VARCHAR", "Version of the program that published it."),
)

# `ensure` records column changes, so their table comes first.
TABLES = (
    SCHEMA_CHANGES,
    META,
    SOURCE,
    LOADS,
    WATERMARKS,
    SCOPES,
    READERS,
    COUNTS,
    QUARANTINE,
    REQUESTS,
    SNAPSHOT,
)
