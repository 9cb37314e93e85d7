"""What a service withholds or refuses in regular operation: sizes, rates, tokens, clients, rights.

Here belongs each limit with its usual value and the texts that set them. Not here: what goes wrong
(``faults``). That the real service has these limits is known, their numbers are not: all numbers are
inventions, but for the ten active clients of an account.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from exepron_pipeline.sandbox.errors import SandboxError
from exepron_pipeline.sandbox.paging import Above, Paging

RetryAfter = Literal["seconds", "date", "nothing"]
"""How a refusal for the rate says when to come again."""

ClientAuth = Literal["header", "form", "both"]
"""Where a client's secret is read from: a Basic header, the form, or either."""

LIMITS = {
    "page": "rows of a page, then how: page=100, page=100:cut (without a word), page=100:split (next links)",
    "rate": "API requests a second for each user, then how a 429 says when: rate=5, rate=5:date, rate=5:nothing",
    "refresh-per-client": "refresh tokens of one user at one client; the oldest ends without a word (10)",
    "refresh-per-user": "refresh tokens of one user at all clients; the oldest ends without a word (25)",
    "lockout": "wrong passwords in a row that lock a user out, until the sandbox starts anew (none)",
    "clients": "active API clients that a user may have (10)",
    "token-lifetime": "of access tokens, in seconds (3600)",
    "refresh-lifetime": "of refresh tokens, in seconds from sign-in; rotation does not extend it (2592000)",
    "code-lifetime": "of authorization codes, in seconds (60)",
    "device-lifetime": "of device and user codes, in seconds (300)",
    "device-interval": "seconds between two polls of a device (5)",
    "client-auth": "how a client sends its secret: client-auth=header, client-auth=form (both)",
    "clock": "seconds that the server's clock is ahead; clock=-600 is behind (0)",
    "projects": "projects that a user may see, the first ones (all)",
    "financial": "costs and revenues: financial=no hides them (yes)",
}
"""The limits by name, with what they mean and their usual values."""


@dataclass(frozen=True)
class Limits:
    """The limits of one sandbox."""

    page: int | None = None
    above: Above | None = None
    rate: float | None = None
    retry_after: RetryAfter = "seconds"
    refresh_per_client: int = 10
    refresh_per_user: int = 25
    lockout: int | None = None
    clients: int = 10
    token_lifetime: int = 3600
    refresh_lifetime: int = 2_592_000
    code_lifetime: int = 60
    device_lifetime: int = 300
    device_interval: int = 5
    client_auth: ClientAuth = "both"
    clock: int = 0
    projects: int | None = None
    financial: bool = True

    def paging(self, usual: Paging) -> Paging:
        """The page sizes of a generation under these limits."""
        return replace(usual, cap=self.page or usual.cap, above=self.above or usual.above)


def limits_of(texts: tuple[str, ...]) -> Limits:
    """The limits that texts like ``page=100:cut`` set.

    Raises:
        SandboxError: there is no such limit, or its value is none.
    """
    limits = Limits()
    for text in texts:
        name, _, value = text.partition("=")
        try:
            limits = replace(limits, **_parsed(name, *value.partition(":")[::2]))
        except (KeyError, ValueError) as error:
            raise SandboxError(
                f"'{text}' is no limit of the sandbox.",
                f"The limits are {', '.join(LIMITS)}; 'exepron sandbox --limit list' says what they mean.",
            ) from error
    return limits


def _parsed(name: str, value: str, how: str) -> dict[str, Any]:
    """The fields that one text sets; ValueError or KeyError when it means nothing."""
    if name == "page":
        return {"page": _positive(value), "above": _one_of(how, get_args(Above)) if how else "refuse"}
    if name == "rate":
        return {
            "rate": float(_positive(value)),
            "retry_after": _one_of(how or "seconds", get_args(RetryAfter)),
        }
    if how:
        raise ValueError(how)
    if name == "financial":
        return {"financial": {"yes": True, "no": False}[value]}
    if name == "client-auth":
        return {"client_auth": _one_of(value, get_args(ClientAuth))}
    if name == "clock":
        return {"clock": int(value)}
    if name not in LIMITS:
        raise KeyError(name)
    return {name.replace("-", "_"): _positive(value)}


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def _one_of(text: str, offered: tuple[str, ...]) -> str:
    if text not in offered:
        raise ValueError(text)
    return text


@dataclass
class RateLimit:
    """Counts requests by user; so many a second, and as many at once after a pause."""

    rate: float
    clock: Callable[[], float] = time.monotonic
    _buckets: dict[int, tuple[float, float]] = field(default_factory=dict, repr=False)

    def wait(self, user_id: int) -> float:
        """Seconds until this user's request would be taken; 0 when it is taken now, and counted."""
        now = self.clock()
        left, since = self._buckets.get(user_id, (self.rate, now))
        left = min(self.rate, left + (now - since) * self.rate)
        taken = left >= 1
        self._buckets[user_id] = (left - 1 if taken else left, now)
        return 0.0 if taken else (1 - left) / self.rate
