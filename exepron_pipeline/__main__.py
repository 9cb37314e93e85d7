"""``python -m exepron_pipeline`` is ``exepron``."""

from exepron_pipeline.cli.main import run

if __name__ == "__main__":
    run()
