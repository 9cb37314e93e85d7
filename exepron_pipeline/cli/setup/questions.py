"""The questions of ``exepron init`` and their order; a wrong answer is explained and asked for again.

Not here: how a terminal is asked (``dialogue.py``), how answers are tested (``trial.py``).
"""

from exepron_pipeline.cli.setup import words
from exepron_pipeline.cli.setup.answers import WAYS, Answers, Way, has, of_way, way_of
from exepron_pipeline.cli.setup.dialogue import ask, ask_hidden, choose, confirm, good, say, wrong
from exepron_pipeline.cli.setup.trial import Trial
from exepron_pipeline.errors import AuthRejectedError, ConfigurationError, ExepronError


def question(answers: Answers, way: Way | None, trial: Trial) -> tuple[Answers, Way, bool]:
    """Ask for all that a connection needs; the last thing given is True when the API knew who we are.

    Args:
        answers: What is there already; it is offered.
        way: How runs sign in; None: it is asked for.
        trial: Tests each answer.

    """
    say(words.BEFORE)
    _ask_identity(answers, trial)
    if way is None:
        found = choose("How will runs sign in", list(words.WAYS.values()), list(WAYS).index(way_of(answers)))
        way = WAYS[found]
    _sign_in(answers, way, trial)
    is_known = _ask_api(answers, way, trial)
    return of_way(answers, way), way, is_known


def _ask_identity(answers: Answers, trial: Trial) -> None:
    while True:
        answers["identity_url"] = ask("Address of the identity server", answers["identity_url"])
        try:
            good(trial.identity(_addresses(answers)))
        except ExepronError as error:
            wrong(error)
        else:
            return


def _sign_in(answers: Answers, way: Way, trial: Trial) -> None:
    """Ask for what signs in, until it does; the address is asked for again where that may be what is wrong."""
    if way == "password":
        say(words.LOCK_OUT)
    while True:
        _ask_credentials(answers, way)
        if way == "browser":
            good("to be tested by exepron login")
            return
        try:
            good(trial.sign_in(of_way(answers, way)))
        except AuthRejectedError as error:
            wrong(error)
        except ExepronError as error:
            wrong(error)
            _ask_identity(answers, trial)
        else:
            return


def _ask_credentials(answers: Answers, way: Way) -> None:
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


def _ask_api(answers: Answers, way: Way, trial: Trial) -> bool:
    """Ask for the API's address; False when it is kept although the API does not answer as ours there."""
    while True:
        answers["api_url"] = ask("Address of the API", answers["api_url"])
        try:
            if way == "browser":
                trial.identity(
                    _addresses(answers)
                )  # no token yet: only the form of the address can be tested
                return True
            good(trial.api(of_way(answers, way)))
        except ConfigurationError as error:
            wrong(error)
            if not _elsewhere(answers, way, trial) and _keeps_it(error):
                return False
        except ExepronError as error:
            wrong(error)
            if _keeps_it(error):
                return False
        else:
            return True


def _elsewhere(answers: Answers, way: Way, trial: Trial) -> bool:
    """Look for the API at another base path; it is what is offered next."""
    try:
        found = trial.other_api(of_way(answers, way))
    except ExepronError:  # the address itself is wrong, which was said
        return False
    if found:
        say(f"  It answers at {found}.")
        answers["api_url"] = found
    return found is not None


def _keeps_it(error: ExepronError) -> bool:
    """Ask whether an address that could be asked is to be kept all the same."""
    return "EXEPRON_API_URL:" not in error.message and confirm("  Keep this address all the same?")


def _addresses(answers: Answers) -> Answers:
    return {name: answers[name] for name in ("identity_url", "api_url")}
