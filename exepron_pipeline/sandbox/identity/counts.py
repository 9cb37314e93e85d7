"""What the identity server did, in numbers: for tests and for whoever watches a pipeline.

Here belongs counting. The page that shows it is the sandbox's own; no real server has it.
"""

import json
from collections import Counter
from dataclasses import dataclass, field

from starlette.responses import Response

from exepron_pipeline.sandbox.identity.refresh import RefreshTokens
from exepron_pipeline.sandbox.identity.subjects import Visit


@dataclass
class Counts:
    """Counters that only grow, and the refresh tokens that are alive."""

    refresh_tokens: RefreshTokens
    issued: Counter[str] = field(default_factory=Counter)
    """Tokens by kind."""
    _visits: dict[str, Counter[str]] = field(default_factory=dict)
    _grants: dict[str, Counter[str]] = field(default_factory=dict)

    def note(self, visit: Visit) -> None:
        """Count a request that was answered, by what came of it."""
        if visit.response is not None:
            outcome = _outcome(visit.response)
            self._visits.setdefault(visit.endpoint, Counter())[outcome] += 1
            if visit.endpoint == "token":
                self._grants.setdefault(visit.grant, Counter())[outcome] += 1

    def document(self) -> dict[str, object]:
        """All of it: requests by endpoint, token requests by grant, tokens issued, refresh tokens alive."""
        alive: dict[str, dict[str, int]] = {}
        for (user_id, client_id), number in self.refresh_tokens.alive().items():
            alive.setdefault(str(user_id), {})[client_id] = number
        return {
            "requests": self._visits,
            "token_requests": self._grants,
            "issued": self.issued,
            "refresh_tokens_alive": alive,
        }


def _outcome(response: Response) -> str:
    """``ok``, OAuth's word for what was wrong, or the status."""
    if response.status_code == 200:
        return "ok"
    try:
        return str(json.loads(bytes(response.body))["error"])
    except (ValueError, KeyError, TypeError):
        return str(response.status_code)
