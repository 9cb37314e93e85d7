"""Where a next link leads, below our own base address. Pure; not here: asking for it (``paging.py``).

Measured servers write another host name into their links than the one they were asked by, gateways another
path in front, and relative links count from the service's root, or, as RFC 3986 has it, from the request.
But the next page of a collection is a page of the same collection. So a link that ends like the path that
was asked leads there, whatever stands in front; of any link only path and query are taken, unchanged to the
byte, and put below the base address: no token goes to another host.
"""

import re
from urllib.parse import unquote, urlsplit


def place_below(base_url: str, link: str, path: str) -> str | None:
    """Turn a next link into an address below the base; None when it leads elsewhere.

    Args:
        base_url: The service's base address.
        link: As the service wrote it: whole, absolute path, relative to the root or to the request, or a
            mere query.
        path: Path of the question, below the base.

    """
    if link.startswith("?"):
        return path + link
    if not re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*://|/", link):
        return None if _climbs(link) else _same_collection(link, path) or link
    whole = re.sub(r"^([a-zA-Z][a-zA-Z0-9+.-]*:)?//[^/?#]*", "", link)
    root = urlsplit(base_url).path.rstrip("/") + "/"
    below = whole[len(root) :]
    if _climbs(whole):
        return None
    if whole.lower().startswith(root.lower()):
        return below
    return _tail(whole, path)


def _same_collection(link: str, path: str) -> str | None:
    """Put a relative link that names the last segments of ``path`` behind its first ones; None for others."""
    count = len(_segments(link))
    asked = path.split("/")
    if count > len(asked) or _segments(path)[-count:] != _segments(link):
        return None
    return "/".join([*asked[:-count], link]) if count < len(asked) else link


def _tail(whole: str, path: str) -> str | None:
    """Cut off what a gateway's inside has in front of ``path``; None when the link does not end with it."""
    count = len(_segments(path))
    if _segments(whole)[-count:] != _segments(path):
        return None
    address, mark, query = whole.partition("?")
    return "/".join(address.split("/")[-count:]) + mark + query


def _segments(address: str) -> list[str]:
    return [unquote(segment) for segment in address.partition("?")[0].split("/")]


def _climbs(address: str) -> bool:
    return ".." in _segments(address)
