"""The peers' own environments: made once under ``benchmarks/.cache``, so that their libraries never meet ours.

Not here: what runs in them (``contestants/``).
"""

import subprocess
import sys
from pathlib import Path

CACHE = Path(__file__).parent / ".cache"
"""Everything that is kept between runs: environments and records. Git does not see it."""

NEEDS = {
    "dlt": ("dlt[duckdb,parquet]==1.31.0", "duckdb==2.0.0", "pyarrow==26.0.1"),
    "pandas": ("requests==2.34.2", "pandas==3.1.1", "pyarrow==26.0.1", "duckdb==2.0.0"),
}
"""What each peer needs; newer versions are welcome, and change what is compared."""


def python_of(peer: str) -> str:
    """The interpreter of a peer's environment, which is made if it is not there.

    Raises:
        SystemExit: It cannot be made; the message says why.

    """
    folder = CACHE / "peers" / peer
    python, ready = folder / "bin" / "python", folder / ".ready"
    if ready.exists() and ready.read_text() == repr(NEEDS[peer]):
        return str(python)
    sys.stderr.write(f"Installing {peer} for the comparison ...\n")
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *NEEDS[peer]]
    for command in ([sys.executable, "-m", "venv", "--clear", str(folder)], install):
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 # pip and venv
        if done.returncode:
            lines = [line for line in done.stderr.splitlines() if "WARNING" not in line]
            reason = " ".join(lines[-2:])
            raise SystemExit(f"{peer} cannot be installed ({reason}). Leave it out: make bench PEERS=no")
    ready.write_text(repr(NEEDS[peer]))
    return str(python)
