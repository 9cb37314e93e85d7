"""The questions of ``exepron init`` and their order; a wrong answer is explained and asked for again.

Not here: how a terminal is asked (``dialogue.py``), how answers are tested (``trial.py``).
"""

from exepron_pipeline.auth.refusal import GrantRefusedError
from exepron_pipeline.cli.setup import words
from exepron_pipeline.cli.setup.answers import WAYS, Answers, Way, has, of_way, way_of
from exepron_pipeline.cli.setup.dialogue import (
    ask,
    ask_address,
    ask_hidden,
    choose,
    confirm,
    good,
    say,
    wrong,
)
from exepron_pipeline.cli.setup.trial import Trial
from exepron_pipeline.errors import AuthRejectedError, ConfigurationError, ExepronError

KEEP = "  Keep this address all the same?"
_NO_SUCH_WAY = {"unauthorized_client", "unsupported_grant_type"}
"""Refusals that no other password cures."""


def question(answers: Answers, way: Way | None, trial: Trial) -> tuple[Answers, Way, bool]:
    """Ask for all that a connection needs; the last thing given is True when the API knew who we are.

    Args:
        answers: What is there already; it is offered.
        way: How runs sign in; None: it is asked for.
        trial: Tests each answer.

    """
    say(words.BEFORE)
    _ask_identity(answers, trial)
    way = _sign_in(answers, way or _ask_way(way_of(answers)), trial)
    while (is_known := _ask_api(answers, way, trial)) is None:
        way = _sign_in(answers, way, trial)
    return of_way(answers, way), way, is_known


def _ask_identity(answers: Answers, trial: Trial) -> None:
    """Ask for the identity server until one is found there, or a person insists."""
    while True:
        answers["identity_url"] = ask_address("Address of the identity server", answers["identity_url"])
        try:
            found = trial.identity(_addresses(answers))
        except ExepronError as error:
            wrong(error)
            continue
        if found.is_described:
            good(f"found; tokens come from {found.token_endpoint}")
            return
        say(f"  There is no discovery document. Tokens would be asked for at {found.token_endpoint}.")
        if not _offered(answers, "identity_url", trial.other_identity(_addresses(answers))) and confirm(KEEP):
            return


def _ask_way(way: Way) -> Way:
    return WAYS[choose("How will runs sign in", list(words.WAYS.values()), WAYS.index(way))]


def _sign_in(answers: Answers, way: Way, trial: Trial) -> Way:
    """Ask for what signs in, until it does; what may be wrong besides is asked for again too. Gives the way."""
    refused = 0
    while True:
        _ask_credentials(answers, way)
        if way == "browser":
            good("to be tested by exepron login")
            return way
        try:
            good(trial.sign_in(of_way(answers, way)))
        except GrantRefusedError as error:
            wrong(error)
            refused += 1
            if refused > 1 or error.code in _NO_SUCH_WAY:
                way, refused = _ask_way(way), 0
        except ExepronError as error:
            wrong(error)
            if way != "token":
                _ask_identity(answers, trial)
        else:
            return way


def _ask_credentials(answers: Answers, way: Way) -> None:
    if way == "password":
        say(words.LOCK_OUT)
    if way == "token":
        _ask_secret(answers, "token", "Token")
        return
    answers["client_id"] = ask("Client id", answers.get("client_id", ""))
    _ask_secret(answers, "client_secret", "Client secret", needed=way == "client")
    if way == "password":
        answers["username"] = ask("User name", answers.get("username", ""))
        _ask_secret(answers, "password", "Password")


def _ask_secret(answers: Answers, name: str, label: str, *, needed: bool = True) -> None:
    given = ask_hidden(label, is_there=has(answers, name), needed=needed)
    if given:
        answers[name] = given
        answers.pop(f"{name}_file", None)


def _ask_api(answers: Answers, way: Way, trial: Trial) -> bool | None:
    """Ask for the API's address.

    Returns:
        False when it is kept although the API does not answer as ours there; None when it does not take the token.

    """
    while True:
        answers["api_url"] = ask_address("Address of the API", answers["api_url"])
        try:
            if way == "browser":
                trial.check(_addresses(answers))  # no token yet: only the form of the address can be tested
            else:
                good(trial.api(of_way(answers, way)))
        except AuthRejectedError as error:
            wrong(error)
            return None
        except ExepronError as error:
            wrong(error)
            if not _elsewhere(answers, way, trial, error) and _keeps_it(error):
                return False
        else:
            return True


def _elsewhere(answers: Answers, way: Way, trial: Trial, error: ExepronError) -> bool:
    """Look for the API at another base path, where something answered at all."""
    if not isinstance(error, ConfigurationError):
        return False
    try:
        return _offered(answers, "api_url", trial.other_api(of_way(answers, way)))
    except ExepronError:  # the address itself is wrong, which was said
        return False


def _offered(answers: Answers, name: str, found: str | None) -> bool:
    """Offer an address that answers as the next answer; False when there is none."""
    if found:
        say(f"  It answers at {found}.")
        answers[name] = found
    return found is not None


def _keeps_it(error: ExepronError) -> bool:
    """Ask whether an address that could be asked is to be kept all the same."""
    return "EXEPRON_API_URL:" not in error.message and confirm(KEEP)


def _addresses(answers: Answers) -> Answers:
    return {name: answers[name] for name in ("identity_url", "api_url")}
