"""Endings: why a session is over, in words, as far as that can be known here.

Here: what a refused refresh means. Not here: what is tried next (``keeper.py``), other refusals (``refusal.py``).

A server that rotates replaces a refresh token when it answers. An answer that is lost on its way, or whose receiver is
killed before it is stored, leaves nobody with a token that works. That window cannot be closed from this side; it can
be known: ``Session.refresh_begun_at`` is on the disk before the token is sent.

The same token is then sent again, within seconds and in later runs (RFC 9700, 4.14). A server that never acted on the
lost request, or that lets a token be used twice for a while, answers, and nothing is lost. One that sees a reuse revokes
the family; but its only living member was in the lost answer, so that there is nothing left to lose by it.
"""

from exepron_pipeline.auth.refusal import GrantRefusedError
from exepron_pipeline.auth.session import Session
from exepron_pipeline.auth.token import shown

SPENT_CODES = {"invalid_grant", "invalid_scope", "unauthorized_client", "unsupported_grant_type"}
"""A refresh token refused with one of these is of no more use; any other refusal concerns the client itself."""


def ending(
    error: GrantRefusedError, session: Session, begun_at: float | None, now: float
) -> GrantRefusedError:
    """Return the refusal of a refresh token with its cause.

    Args:
        error: What the server said.
        session: As it was before the refresh.
        begun_at: When an earlier refresh with the same token began of which no answer was stored; else None.
        now: Seconds since 1970.

    """
    if error.code != "invalid_grant":
        return error
    ends = session.tokens.refresh_expires_at if session.tokens else None
    if begun_at is not None:
        cause = (
            f"A refresh begun at {shown(begun_at)} was cut off before its answer was stored: most likely the server "
            "has replaced the token by one that never arrived here."
        )
    elif ends and ends.timestamp() <= now:
        cause = f"Its life ended at {ends:%Y-%m-%d %H:%M} UTC, and no run came before to renew it."
    else:
        over = "" if ends else ", or its life is over"
        cause = (
            f"No refresh was cut off here, so it was evicted or revoked{over}: a server keeps only so many refresh "
            "tokens per user and drops the oldest, ends sessions on a new password or a sign-out, and revokes a token "
            "that a copy of this data folder has used."
        )
    return GrantRefusedError(f"{error.message} {cause}", code=error.code, hint=error.hint)
