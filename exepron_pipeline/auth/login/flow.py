"""The flow of a sign-in by a person, in its three ways, to tokens that are kept.

Here: the order of the steps. Not here: any step (its file beside this one), the words (``cli/login.py``).
"""

import threading
import webbrowser
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from exepron_pipeline.auth.client import TokenClient
from exepron_pipeline.auth.device_code import DeviceCode
from exepron_pipeline.auth.exchange import Granted
from exepron_pipeline.auth.login.answer import code_from_paste, code_from_redirect
from exepron_pipeline.auth.login.device import wait_for_device
from exepron_pipeline.auth.login.id_token import check_id_token
from exepron_pipeline.auth.login.loopback import listen
from exepron_pipeline.auth.login.person import Person, who_signed_in
from exepron_pipeline.auth.login.question import Question, make_question
from exepron_pipeline.auth.offer import has_device_grant, worth_trying
from exepron_pipeline.auth.token import Tokens
from exepron_pipeline.errors import ConfigurationError, ExepronError

PATIENCE = 300.0  # seconds that a person has in the browser

Show = Callable[[str], None]


@dataclass(frozen=True)
class SignedIn:
    """What a sign-in came to; no secret is in its representation."""

    person: Person
    tokens: Tokens


class Login:
    """Signs a person in.

    Every way raises a `GrantRefusedError` when server or person refuse, another `AuthRejectedError` when what
    came may not be believed, and a `TransientError` when the server cannot be reached now.

    Args:
        client: The identity server.
        keep: Keeps tokens durably, before they are used.

    """

    def __init__(self, client: TokenClient, keep: Callable[[Tokens], None]) -> None:
        self._client, self._keep = client, keep

    def by_browser(self, show: Show, *, opens: bool = True, patience: float = PATIENCE) -> SignedIn:
        """Sign in by a browser on this machine.

        Args:
            show: Is given the address to open.
            opens: Open it in the browser that this machine has.
            patience: Seconds to wait for the browser to come back.

        Raises:
            ConfigurationError: The server has no such grant, or the redirect URI cannot be listened at.

        """
        question = make_question(self._client)
        with listen(question.redirect_uri) as loopback:
            show(question.address)
            if opens:
                # In a thread, since some browsers return only when they are closed.
                threading.Thread(target=webbrowser.open, args=(question.address,), daemon=True).start()
            redirect = loopback.wait(patience)
            try:
                signed_in = self._redeem(code_from_redirect(redirect.query, question, self._client), question)
            except ExepronError as error:
                redirect.show("Sign-in failed", f"{error.message} {error.hint}")
                raise
            redirect.show("Signed in", f"Signed in as {signed_in.person}. You may close this window.")
            return signed_in

    def by_paste(self, show: Show, read: Callable[[], str]) -> SignedIn:
        """Sign in by a browser anywhere, whose last address is pasted here.

        Args:
            show: Is given the address to open.
            read: Returns what was pasted.

        Raises:
            ConfigurationError: The server has no such grant.

        """
        question = make_question(self._client)
        show(question.address)
        return self._redeem(code_from_paste(read(), question, self._client), question)

    def by_device(self, show: Callable[[DeviceCode], None]) -> SignedIn:
        """Sign in on another device.

        Args:
            show: Is given the address to open and the code to type in there.

        Raises:
            ConfigurationError: The server has no such grant.

        """
        provider, connection = self._client.provider, self._client.connection
        if not has_device_grant(provider):
            hint = worth_trying(provider, connection, "device_code")
            raise ConfigurationError(f"{provider.issuer} does not offer the device grant.", hint=hint)
        code = self._client.start_device()
        show(code)
        return self._finish(wait_for_device(self._client, code), None)

    def _redeem(self, code: str, question: Question) -> SignedIn:
        granted = self._client.exchange_code(code, question.verifier, question.redirect_uri)
        return self._finish(granted, question.nonce)

    def _finish(self, granted: Granted, nonce: str | None) -> SignedIn:
        claims: Mapping[str, Any] = {}
        if granted.id_token:
            claims = check_id_token(granted.id_token, self._client, nonce)
        tokens = replace(granted.tokens, subject=claims.get("sub"))
        self._keep(tokens)
        return SignedIn(who_signed_in(self._client, tokens, claims), tokens)
