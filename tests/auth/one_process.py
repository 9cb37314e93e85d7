"""What one of several processes does: sign in, and write down what came of it. Run by ``test_processes.py``."""

import os
from pathlib import Path
from typing import Any

from exepron_pipeline.auth.keeper import Keeper
from exepron_pipeline.errors import AuthRejectedError
from exepron_pipeline.http.transport import Transport
from exepron_pipeline.settings import Connection


def sign_in(connection: dict[str, Any], folder: Path) -> None:
    """Write the token, or the code of the refusal, to a file of this process."""
    with Transport(timeout=60) as transport:
        keeper = Keeper(Connection(**connection), transport, folder / "state")
        (folder / "begun" / str(os.getpid())).touch()
        try:
            outcome = keeper.token()
        except AuthRejectedError as error:
            outcome = type(error).__name__
    (folder / "outcomes" / str(os.getpid())).write_text(outcome)


if __name__ == "a_process":
    sign_in(CONNECTION, FOLDER)  # type: ignore[name-defined]  # noqa: F821 # handed in by runpy
