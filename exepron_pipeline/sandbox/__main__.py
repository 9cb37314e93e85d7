"""``python -m exepron_pipeline.sandbox``: the sandbox as a process of its own.

Here belong its arguments. Not here: the command of the pipeline (``exepron sandbox``), which offers the
same and more.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import get_args

from exepron_pipeline.sandbox import state
from exepron_pipeline.sandbox.errors import SandboxError
from exepron_pipeline.sandbox.offer import GenerationName, ProfileName, Stamps, offer_of
from exepron_pipeline.sandbox.process import RunningSandbox
from exepron_pipeline.sandbox.service import serve


def main(arguments: list[str] | None = None) -> int:
    """Run with command line arguments; the exit code is 0, 2 for a wrong use, 130 after Ctrl-C."""
    options = _parser().parse_args(arguments)
    try:
        kept = state.settle(options.data_dir, port=options.port, seed=options.seed, size=options.size)
        serve(
            options.data_dir,
            kept,
            _say_ready,
            offer=offer_of(
                options.generation,
                options.profile,
                options.stamps,
                tuple(options.limit),
                tuple(options.fault),
            ),
            with_parent=options.with_parent,
        )
    except SandboxError as error:
        sys.stderr.write(f"{error} {error.hint}\n")
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def _say_ready(running: RunningSandbox) -> None:
    sys.stdout.write(f"Sandbox (a simulation) ready on {running.url}\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m exepron_pipeline.sandbox")
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--port", type=int)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--size", choices=get_args(state.Size))
    parser.add_argument("--generation", choices=get_args(GenerationName), help="shape of the API")
    parser.add_argument("--profile", choices=get_args(ProfileName), help="what is served of it")
    parser.add_argument("--stamps", choices=get_args(Stamps), help="in UTC, or in the account's zone")
    parser.add_argument("--limit", action="append", default=[], help="like page=100:cut; repeatable")
    parser.add_argument("--fault", action="append", default=[], help="like unavailable:2-4; repeatable")
    parser.add_argument("--with-parent", action="store_true", help="end when standard input ends")
    return parser


if __name__ == "__main__":
    os.umask(0o077)  # a data folder is for its owner
    sys.exit(main())
