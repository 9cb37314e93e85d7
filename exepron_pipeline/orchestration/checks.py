"""Asset checks: what is asserted of each landed entity set. Here: names, verdicts and their reasons.

Not here: the audits themselves, which run inside the landing transaction (``land/audits.py``).
"""

import dagster as dg

from exepron_pipeline.events import SyncReport

COMPLETENESS = "complete"
AUDIT = "audit"
PROOF = {
    "count": "The service's own count agrees with the records that came.",
    "exhausted": "The records were read in the order of their keys until no more came.",
    "none": "The service gave no way to prove that every record came.",
}


def completeness_check(key: dg.AssetKey) -> dg.AssetCheckSpec:
    """Was every record of the read seen, and how is that known?"""
    return dg.AssetCheckSpec(
        COMPLETENESS,
        asset=key,
        description="No record of the read was missed: the service's count agrees, or its keys were read in order to the end.",
    )


def audit_check(key: dg.AssetKey) -> dg.AssetCheckSpec:
    """Did the rows pass the rules that are checked before they are committed?"""
    return dg.AssetCheckSpec(
        AUDIT,
        asset=key,
        description="Keys are unique and not null; rejected and vanished rows stay within the allowed share; no user, "
        "role or filled column went missing between two comparisons. When it fails nothing was stored.",
    )


def completeness_result(report: SyncReport) -> dg.AssetCheckResult:
    """Judge a read that has landed; one that cannot be proven complete is a warning."""
    if report.status != "ok":
        return dg.AssetCheckResult(check_name=COMPLETENESS, passed=True, description=_nothing_read(report))
    metadata: dict[str, str | int] = {"evidence": report.evidence, "fetched": report.fetched}
    if report.source_count is not None:
        metadata["source_count"] = report.source_count
    return dg.AssetCheckResult(
        check_name=COMPLETENESS,
        passed=report.complete,
        severity=dg.AssetCheckSeverity.WARN,
        metadata=metadata,
        description=PROOF[report.evidence],
    )


def audit_result(report: SyncReport) -> dg.AssetCheckResult:
    """Say that the rows which landed passed, or that there were none."""
    if report.status != "ok":
        return dg.AssetCheckResult(check_name=AUDIT, passed=True, description=_nothing_read(report))
    metadata = {"quarantined": report.quarantined, "deleted": report.deleted}
    return dg.AssetCheckResult(check_name=AUDIT, passed=True, metadata=metadata)


def failed_audit(key: dg.AssetKey, report: SyncReport) -> dg.AssetCheckResult:
    """Say why nothing was stored."""
    return dg.AssetCheckResult(asset_key=key, check_name=AUDIT, passed=False, description=report.error)


def _nothing_read(report: SyncReport) -> str:
    return f"{report.status.replace('_', ' ').capitalize()}: there was nothing to read."
