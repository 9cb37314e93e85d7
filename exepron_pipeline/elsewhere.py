"""Looks for the API at the other base paths that its samples use, where it does not answer at its address.

The vendor's samples of 2019 write ``/v1``, the later ones ``/api/v1``. Not here: how its generation is found.
"""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from exepron_pipeline.odata.probe import knows_us
from exepron_pipeline.tenant import Tenant

_KNOWN = ("/api/v1", "/v1")
_END = re.compile(r"(/api)?/v\d+$|/api$")


def other_base(tenant: Tenant) -> str | None:
    """Return another base address at which the API answers who is signed in; one or two requests.

    Raises:
        ExepronError: The service cannot be asked.

    """
    for address in other_bases(tenant.connection.api_url):
        other = tenant.at(address)
        try:
            if knows_us(other.service):
                return address
        finally:
            other.close()
    return None


def other_bases(api_url: str) -> Iterator[str]:
    """The addresses to try: the host with what stands before the known ends, and each of these."""
    parts = urlsplit(api_url)
    before = f"{parts.scheme}://{parts.netloc}{_END.sub('', parts.path.rstrip('/'))}"
    return (before + end for end in _KNOWN if before + end != api_url)
