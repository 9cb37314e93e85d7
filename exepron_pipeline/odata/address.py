"""Addresses: where the token may be sent, and nowhere else. Not here: sending (``service.py``)."""

import re
from urllib.parse import unquote, urlsplit

from exepron_pipeline.errors import PermanentError

_DEFAULT_PORTS = {"http": 80, "https": 443}


def resolve(base_url: str, address: str) -> str:
    """Return the whole address of ``address``, which must be at or below ``base_url``.

    Only path and query of an absolute address are taken, once its origin is seen to be the base's own:
    whatever two parsers may think of an address, the token goes to the configured host.

    Raises:
        PermanentError: Another origin, a user in front of the host, a path outside of the base or with dots.

    """
    base = urlsplit(base_url)
    path, mark, query = address.partition("?")
    if re.search(r"[\x00-\x20\x7f\\#]", path) or re.search(r"[\x00-\x1f\x7f#]", query):
        raise _refused(address, base_url)
    if not re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:|/", path):
        path = f"{base.path.rstrip('/')}/{path}"
    elif not path.startswith("/") or path.startswith("//"):
        path = _path_of_own(path, address, base_url)
    if not f"{path}/".casefold().startswith(f"{base.path.rstrip('/')}/".casefold()):
        raise _refused(address, base_url)
    if any(segment in {".", ".."} for segment in re.split(r"[/\\]", unquote(path))):
        raise _refused(address, base_url)
    return f"{base.scheme}://{base.netloc}{path}{mark}{query}"


def _path_of_own(absolute: str, address: str, base_url: str) -> str:
    if _origin(absolute) is None or _origin(absolute) != _origin(base_url):
        raise _refused(address, base_url)
    return urlsplit(absolute).path


def _origin(url: str) -> tuple[str, str, int] | None:
    """Scheme, host and port; None when there is a user, no host, or no sense in it."""
    try:
        parts = urlsplit(url)
        port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return None
    if "@" in parts.netloc or not parts.hostname or port is None:
        return None
    return parts.scheme, parts.hostname, port


def _refused(address: str, base_url: str) -> PermanentError:
    place = address.partition("?")[0].rpartition("@")[2][:200]
    message = f"Refused to send the token to {place!r}: it is not below {base_url}."
    return PermanentError(message, hint="If the API has been moved, correct EXEPRON_API_URL.")
