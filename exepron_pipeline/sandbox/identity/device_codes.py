"""Sign-ins of devices that wait for their user (RFC 8628).

Here belongs what is kept of them, in memory, and how often a device may ask. Not here: the requests
(``device.py``), the page (``sign_in.py``).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from exepron_pipeline.sandbox.identity.session import Session

_SLOWER = 5
"""Seconds that each poll that came too early adds (RFC 8628, 3.5)."""
_SLACK = 0.1
"""Seconds; the clocks of two machines are not better than that."""


@dataclass
class DeviceLogin:
    """One that was begun; the methods are authlib's."""

    client_id: str
    scope: str
    user_code: str
    ends: float
    interval: float
    clock: Callable[[], float] = field(repr=False)
    session: Session | None = None
    """Once the user agreed."""
    refused: bool = False
    asked: float | None = None

    def get_client_id(self) -> str:
        """Who began it."""
        return self.client_id

    def get_scope(self) -> str:
        """What was asked for."""
        return self.scope

    def get_user_code(self) -> str:
        """What the user types."""
        return self.user_code

    def is_expired(self) -> bool:
        """True when its time is up."""
        return self.ends <= self.clock()

    @property
    def is_waiting(self) -> bool:
        """True while the user may still decide."""
        return not (self.session or self.refused or self.is_expired())

    def is_too_early(self) -> bool:
        """Note a poll; true when it came before its time, and then the next one may come later still."""
        now, before = self.clock(), self.asked
        self.asked = now
        if before is None or now - before + _SLACK >= self.interval:
            return False
        self.interval += _SLOWER
        return True


@dataclass
class DeviceLogins:
    """All that were begun; ``lifetime`` and ``interval`` in seconds."""

    lifetime: int
    interval: int
    clock: Callable[[], float] = time.monotonic
    _by_device_code: dict[str, DeviceLogin] = field(default_factory=dict, repr=False)

    def begin(self, device_code: str, user_code: str, client_id: str, scope: str) -> None:
        """Remember one."""
        ends = self.clock() + self.lifetime
        self._by_device_code[device_code] = DeviceLogin(
            client_id, scope, user_code, ends, self.interval, self.clock
        )

    def find(self, device_code: str) -> DeviceLogin | None:
        """The one that a device asks for."""
        return self._by_device_code.get(device_code)

    def of_user_code(self, typed: str) -> DeviceLogin | None:
        """The one that a user may decide, however they type its code (RFC 8628, 6.1)."""
        for login in self._by_device_code.values():
            if login.is_waiting and _letters(login.user_code) == _letters(typed):
                return login
        return None

    def end(self, login: DeviceLogin) -> None:
        """Forget one whose device got its tokens."""
        self._by_device_code = {
            code: each for code, each in self._by_device_code.items() if each is not login
        }


def _letters(code: str) -> str:
    return "".join(filter(str.isalnum, code)).upper()
