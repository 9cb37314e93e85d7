"""Faults of the way back from the sign-in page to the client.

Here belongs what a browser brings to the redirect URI. Not here: refusal and wrong passwords, which are
no faults.
"""

from collections.abc import Callable

from exepron_pipeline.sandbox.faults.fault import Fault
from exepron_pipeline.sandbox.identity.subjects import Landing


def _with(**changed: str) -> Callable[[Landing], None]:
    def act(landing: Landing) -> None:
        landing.parameters.update(changed)

    return act


def _fail(landing: Landing) -> None:
    del landing.parameters["code"]
    landing.parameters["error"] = "server_error"


def _has_code(landing: Landing) -> bool:
    return "code" in landing.parameters


FAULTS = (
    Fault(
        "state-changed", "the redirect back to the client brings another `state`", "landing", _with(state="another"),
        lambda landing: "state" in landing.parameters,
    ),
    Fault(
        "issuer-changed", "the redirect back to the client names another issuer in `iss`", "landing",
        _with(iss="https://elsewhere.example"),
    ),
    Fault(
        "code-spoilt", "the redirect back to the client brings a code that is not good", "landing",
        _with(code="not-a-good-code"), _has_code,
    ),
    Fault("sign-in-error", "the redirect back to the client says `server_error`, once", "landing", _fail, _has_code,
          when="1"),
)  # fmt: skip
