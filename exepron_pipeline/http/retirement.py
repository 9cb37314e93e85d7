"""What an answer says about its own end: ``Deprecation`` (RFC 9745) and ``Sunset`` (RFC 8594). Pure.

Not here: who is told. A header that cannot be read still counts as a warning: its author meant one.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from exepron_pipeline.http.redact import redact

LONGEST = 200
_LINK = re.compile(r'<([^<>\s]+)>[^,<]*;\s*rel="?(?:deprecation|sunset)"?', re.IGNORECASE)


def retirement(headers: Mapping[str, str]) -> str | None:
    """Say in words that a service announces its end; None when it does not.

    Args:
        headers: Of an answer, with names in lower case.

    """
    deprecated, sunset = headers.get("deprecation", "").strip(), headers.get("sunset", "").strip()
    said = []
    if deprecated and deprecated.lower() not in {"false", "?0"}:
        day = _day(deprecated)
        said.append(f"is deprecated{f' as of {day}' if day else ''}")
    if sunset:
        day = _day(sunset)
        said.append(f"goes away {f'on {day}' if day else 'soon'}")
    if not said:
        return None
    link = _LINK.search(headers.get("link", ""))
    where = f" (see {redact(link[1])[:LONGEST]})" if link else ""
    return f"the service says that this address {' and '.join(said)}{where}"


def _day(text: str) -> str | None:
    """Read ``@1688169599`` (RFC 9745) or an HTTP date (its drafts, and RFC 8594)."""
    try:
        seconds = re.fullmatch(r"@(-?\d+)", text)
        moment = datetime.fromtimestamp(int(seconds[1]), UTC) if seconds else parsedate_to_datetime(text)
    except (ValueError, OverflowError, OSError):
        return None
    return f"{moment:%Y-%m-%d}"
