"""Where a next link leads, below our own base address. Pure; not here: asking for it (``paging.py``).

Two measured servers write another host name into their links than the one they were asked by, and
relative links count from the service's root, not from the request. So only path and query of a link are
taken, unchanged to the byte, and put below the base address: no token goes to another host.
"""

import re
from urllib.parse import urlsplit


def place_below(base_url: str, link: str, path: str) -> str | None:
    """Turn a next link into an address below the base; None when it leads elsewhere.

    Args:
        base_url: The service's base address.
        link: As the service wrote it: whole, absolute path, relative to the root, or a mere query.
        path: Path of the question, below the base, for links that hold only a query.

    """
    if link.startswith("?"):
        return path + link
    if not re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*://|/", link):
        return None if _climbs(link) else link
    whole = re.sub(r"^([a-zA-Z][a-zA-Z0-9+.-]*:)?//[^/?#]*", "", link)
    root = urlsplit(base_url).path.rstrip("/") + "/"
    below = whole[len(root) :]
    return below if whole.lower().startswith(root.lower()) and not _climbs(below) else None


def _climbs(address: str) -> bool:
    return ".." in address.partition("?")[0].split("/")
