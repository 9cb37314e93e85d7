"""JSON where a service would rather send Atom. Pure; not here: asking (``service.py``).

``Accept`` is what the standards name; services before OData 3 that do not heed it take ``$format=json``.
"""

import re

from exepron_pipeline.http.transport import Response

_XML = re.compile(r"(application|text)/(atom(svc)?\+)?xml")
_ELSEWHERE = re.compile(r"\$metadata([?/]|$)|[?&](\$|%24)format=", re.IGNORECASE)


def is_xml(response: Response) -> bool:
    """True when an answer is Atom or other XML."""
    return _XML.fullmatch(response.media_type) is not None


def in_json(address: str) -> str:
    """Ask for JSON in the address itself; it stays as it is where it names a format, or is the service's metadata."""
    if _ELSEWHERE.search(address):
        return address
    return f"{address}{'&' if '?' in address else '?'}$format=json"
