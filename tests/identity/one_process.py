"""What one of several processes does with a keeper: get a token, and write down what came of it.

Run by ``test_processes.py`` and ``test_killed.py`` through runpy, in processes that have the imports already.
"""

import os
from pathlib import Path
from typing import Any

from exepron_pipeline.auth.keeper import Keeper
from exepron_pipeline.errors import ExepronError
from exepron_pipeline.http.transport import Transport
from exepron_pipeline.settings import Connection


def get_token(connection: dict[str, Any], folder: Path, refused: str | None) -> None:
    """Write the token, or the error and its hint, to a file of this process.

    With ``refused``, which the API refused, another token is got.
    """
    with Transport(timeout=30) as transport:
        keeper = Keeper(Connection(**connection), transport, folder / "state")
        (folder / "begun" / str(os.getpid())).touch()
        try:
            outcome = keeper.renew(refused) if refused else keeper.token()
        except ExepronError as error:
            outcome = f"{type(error).__name__}: {error.message} {error.hint}"
    (folder / "outcomes" / str(os.getpid())).write_text(outcome)


if __name__ == "a_process":
    get_token(CONNECTION, FOLDER, REFUSED)  # type: ignore[name-defined]  # noqa: F821 # handed in by runpy
