"""The wait for a person who signs in on another device (RFC 8628, 3.4 and 3.5). Not here: the requests (``auth/client.py``)."""

import time
from collections.abc import Callable

from exepron_pipeline.auth.client import TokenClient
from exepron_pipeline.auth.device_code import DeviceCode
from exepron_pipeline.auth.exchange import Granted
from exepron_pipeline.auth.refusal import GrantRefusedError, refusal
from exepron_pipeline.errors import TransientError

SLOWER = 5.0  # seconds more between two questions, each time that the server asks for it

Sleep = Callable[[float], None]


def wait_for_device(client: TokenClient, code: DeviceCode, sleep: Sleep = time.sleep) -> Granted:
    """Ask until the person has signed in.

    Args:
        client: The identity server.
        code: What it gave for this sign-in.
        sleep: Waits for so many seconds.

    Raises:
        GrantRefusedError: The person refused, or did not come in time.

    """
    interval, left = code.interval, code.expires_in
    while left > 0:
        wait = min(interval, left)
        sleep(wait)
        left -= wait
        try:
            return client.poll_device(code.device_code)
        except TransientError:
            interval *= 2  # RFC 8628, 3.5
        except GrantRefusedError as error:
            if error.code not in {"authorization_pending", "slow_down"}:
                raise
            interval += SLOWER if error.code == "slow_down" else 0.0
    raise refusal(client.provider.issuer, "device_code", "expired_token", "")
