"""What was seen of options goes into the profile of the service, which every read and ``plan`` obey."""

from collections.abc import Iterable
from dataclasses import replace

from exepron_pipeline.discover.entries import Finding
from exepron_pipeline.extract.profile import Profile
from exepron_pipeline.extract.style import Style
from exepron_pipeline.odata.dialect import Dialect


def remember(
    profile: Profile, findings: Iterable[Finding], account_ids: Iterable[str], dialect: Dialect
) -> None:
    """Keep how each set is to be asked, and how many records it gives at once; the profile is not saved.

    Args:
        profile: Of the service that was looked at.
        findings: Under the names of the catalogue.
        account_ids: The accounts that were read.
        dialect: How the service speaks.

    """
    accounts = list(account_ids)
    for finding in findings:
        if finding.capabilities and finding.capabilities.page:
            profile.keep_page_limit(finding.name, finding.capabilities.page)
        style = style_of(finding, dialect)
        if style != Style.best(dialect):
            for account_id in accounts:
                profile.keep_style(finding.name, account_id, style)


def style_of(finding: Finding, dialect: Dialect) -> Style:
    """How to ask for a set: every option but those that were seen to have no effect."""
    best, seen = Style.best(dialect), finding.capabilities
    if seen is None:
        return best
    return replace(
        best,
        select="all" if seen.select is False else best.select,
        stamp=(finding.cursor.form if finding.cursor else None) or best.stamp,
        sized=seen.top is not False,
        ordered=seen.orderby is not False,
        counted=seen.count is not False,
        keyset=seen.filter is not False,
        counts_all=(seen.records or 0) > (seen.page or seen.records or 0),
    )
