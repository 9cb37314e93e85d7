"""The code with which a person signs in on another device (RFC 8628, 3.2). Not here: asking for it (``client.py``)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from exepron_pipeline.auth.provider import HINT
from exepron_pipeline.auth.refusal import printable
from exepron_pipeline.errors import AuthRejectedError

_INTERVAL = 5.0  # seconds, where the server names none
_LIFETIME = 300.0  # seconds, where the server names none, against the standard


@dataclass(frozen=True)
class DeviceCode:
    """What a person needs, and what we ask with meanwhile. Times are in seconds."""

    device_code: str = field(repr=False)
    user_code: str
    address: str
    whole_address: str | None
    """The address with the code in it already, where the server gives one."""
    expires_in: float
    interval: float


def read_device_code(answer: Mapping[str, Any]) -> DeviceCode:
    """Read the answer of a device authorization endpoint.

    Raises:
        AuthRejectedError: It holds no code, or no address that a person could open.

    """
    address = answer.get("verification_uri", "")
    if not (
        answer.get("device_code") and answer.get("user_code") and address.startswith(("https:", "http:"))
    ):
        raise AuthRejectedError("The device authorization endpoint answered without a code.", hint=HINT)
    return DeviceCode(
        device_code=answer["device_code"],
        user_code=printable(answer["user_code"]),
        address=printable(address),
        whole_address=printable(answer.get("verification_uri_complete", "")) or None,
        expires_in=answer.get("expires_in", _LIFETIME),
        interval=answer.get("interval", _INTERVAL),
    )
