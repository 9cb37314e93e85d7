"""Sessions: all that is kept of one sign-in between runs, and its stored form.

Here: the record and how it is read back. Not here: where it is kept (``store.py``), what follows from it
(``keeper.py``). It is one record, so that no crash can leave one part of it new and another old.
"""

import json
from dataclasses import asdict, dataclass, field

from pydantic import TypeAdapter

from exepron_pipeline.auth.refusal import GrantRefusedError
from exepron_pipeline.auth.token import GrantName, Tokens, shown
from exepron_pipeline.errors import ConfigurationError
from exepron_pipeline.http.redact import remember_secret

FORMAT = 2
"""Of the stored form; 1 was the tokens alone."""

FIRST_HOLD = (
    3600.0  # seconds until a refused password is sent again; twice as long after each further refusal
)
LONGEST_HOLD = 24 * 3600.0


@dataclass(frozen=True)
class Refusal:
    """What the identity server refused last, for those who come later; no secret is in it.

    ``times`` counts refusals of the same credentials in a row; ``proof`` tells the credentials (``proof.py``).
    """

    at: float
    grant: GrantName
    message: str
    code: str
    hint: str = ""
    times: int = 1
    proof: str | None = field(default=None, repr=False)

    @property
    def held_until(self) -> float:
        """When the same password may be sent again: servers lock users out who send a wrong one too often."""
        return self.at + min(LONGEST_HOLD, FIRST_HOLD * 2.0 ** (self.times - 1))

    def is_held(self, now: float) -> bool:
        """True while the same password must not be sent again; a clock that was set back ends it."""
        is_password = (self.grant, self.code) == ("password", "invalid_grant")
        return is_password and self.at <= now < self.held_until

    def told_again(self, now: float) -> GrantRefusedError:
        """Return the error once more, with its time, and when the next attempt may be."""
        then = f" That was at {shown(self.at)}."
        wait = (
            f" The password is not sent again before {shown(self.held_until)} (`exepron logout` lifts that)."
            if self.is_held(now)
            else ""
        )
        return GrantRefusedError(self.message + then + wait, code=self.code, hint=self.hint)


@dataclass(frozen=True)
class Session:
    """What is kept for one issuer, client, user and scope.

    ``refresh_begun_at`` stands while a refresh is under way. Where it still stands later, the process ended
    or the answer was lost after the refresh token had been sent: a server that rotates has spent that token.
    """

    tokens: Tokens | None = None
    refresh_begun_at: float | None = None
    refusal: Refusal | None = None

    def to_json(self) -> str:
        """Its stored form; it holds secrets."""
        return json.dumps({"format": FORMAT, **asdict(self)})


_SESSION, _TOKENS = TypeAdapter(Session), TypeAdapter(Tokens)


def session_from_json(text: str, place: str) -> Session:
    """Read the stored form, found at ``place``; its secrets are remembered for redaction.

    Raises:
        ConfigurationError: A newer version wrote it.
        ValueError: It is damaged; the error shows nothing of it.

    """
    try:
        found = json.loads(text)
        version = found.pop("format", 1)
        if isinstance(version, int) and version > FORMAT:
            hint = "Install that version again, or set another EXEPRON_DATA_DIR."
            raise ConfigurationError(
                f"{place} was written by a newer version of exepron-pipeline.", hint=hint
            )
        is_old = version == 1
        session = Session(_TOKENS.validate_python(found)) if is_old else _SESSION.validate_python(found)
    except (ValueError, TypeError, AttributeError):
        raise ValueError("no stored session") from None
    if session.tokens:
        remember_secret(session.tokens.access_token)
        remember_secret(session.tokens.refresh_token)
    return session
