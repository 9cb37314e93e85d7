"""The program ``exepron``: its verbs, and how an error reaches the person who typed one.

Here: the list of verbs and the one place that turns an error into two lines and an exit code. Not
here: what a verb does (one file each beside this one).
"""

import logging
import sys
from typing import Annotated, NoReturn

import typer

from exepron_pipeline import __version__
from exepron_pipeline.cli import (
    bundle,
    discover,
    doctor,
    forget,
    init,
    login,
    logout,
    plan,
    publish,
    quarantine,
    query,
    reconcile,
    restore,
    sandbox,
    status,
    sync,
)
from exepron_pipeline.errors import ExepronError, understood
from exepron_pipeline.lean import keep_out_pandas

UNEXPECTED = 1
INTERRUPTED = 130

app = typer.Typer(
    name="exepron",
    help="Every entity set of an Exepron account in DuckDB and Parquet.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(*, wanted: bool) -> None:
    if wanted:
        typer.echo(f"exepron-pipeline {__version__}")
        raise typer.Exit


@app.callback()
def options(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=lambda value: _version(wanted=value),
            is_eager=True,
            help="Show the version.",
        ),
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show each request and, on an error, where it arose.")
    ] = False,
) -> None:
    """Say what every verb has in common."""
    del version, debug  # both are dealt with before a verb runs


app.command("init")(init.init)
app.command("bundle")(bundle.bundle)
app.command("discover")(discover.discover)
app.command("sync")(sync.sync)
app.command("reconcile")(reconcile.reconcile)
app.command("publish")(publish.publish)
app.command("restore")(restore.restore)
app.command("forget")(forget.forget)
app.command("status")(status.status)
app.command("query")(query.query)
app.command("doctor")(doctor.doctor)
app.command("plan")(plan.plan)
app.command("login")(login.login)
app.command("logout")(logout.logout)
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(sandbox.app, name="sandbox")


def run() -> NoReturn:
    """Run the verb on the command line and end the process with its exit code."""
    keep_out_pandas()
    debug = _take_debug()
    _start_logging(debug=debug)
    try:
        app()
    except ExepronError as error:
        sys.exit(_tell(error, error.exit_code, debug=debug))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except Exception as error:  # noqa: BLE001 # the last one to see it: a person reads a sentence, not a traceback
        known = understood(error)
        sys.exit(_tell(known, getattr(known, "exit_code", UNEXPECTED), debug=debug))
    sys.exit(0)


def _take_debug() -> bool:
    """Accept ``--debug`` behind the verb as well, but not behind ``--``, which belongs to another program."""
    end = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    head = [word for word in sys.argv[:end] if word != "--debug"]
    debug = len(head) < end
    sys.argv[:end] = head
    return debug


def _start_logging(*, debug: bool) -> None:
    from exepron_pipeline.http.redact import RedactingFilter  # keeps `--help` quick

    handler = logging.StreamHandler()
    handler.addFilter(RedactingFilter())
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger("exepron_pipeline").setLevel(logging.DEBUG if debug else logging.WARNING)
    logging.getLogger("httpx").setLevel(logging.INFO if debug else logging.WARNING)  # one line a request


def _tell(error: Exception, code: int, *, debug: bool) -> int:
    from exepron_pipeline.http.redact import redact, redact_traceback  # keeps `--help` quick

    if debug:
        print(redact_traceback(error), file=sys.stderr)
    if isinstance(error, ExepronError):
        message, hint = error.message, error.hint
    else:
        message = f"Unexpected {type(error).__name__}: {error}"
        hint = "This is a fault of exepron-pipeline: run it again with --debug and report what it shows."
    print(redact(f"Error: {message}"), file=sys.stderr)
    if hint:
        print(redact(f"  {hint}"), file=sys.stderr)
    return code
