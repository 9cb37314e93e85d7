"""A sandbox on a real port, and a Dagster instance of its own for each test."""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import dagster as dg
import pytest

from exepron_pipeline.sandbox import process

ROOT = Path(__file__).parents[2]
OTHERS_WARNINGS = [
    # Dagster 1.13 asks pydantic for a model's fields in the way of pydantic 2.10.
    "ignore:The `__fields__` attribute is deprecated:DeprecationWarning",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let Dagster warn about itself in this folder; unstable parts of it stay errors."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            for warning in OTHERS_WARNINGS:
                item.add_marker(pytest.mark.filterwarnings(warning))


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[process.RunningSandbox]:
    """A sandbox; no test moves it on."""
    with process.start(tmp_path_factory.mktemp("sandbox") / "data") as running:
        yield running


def settings_of(sandbox: process.RunningSandbox, data_dir: Path) -> dict[str, str]:
    """The environment that connects to a sandbox, with another data folder and no limit of the rate."""
    return {**sandbox.environment, "EXEPRON_RATE": "0", "EXEPRON_DATA_DIR": str(data_dir)}


def run_one(
    job: str,
    *sets: str,
    instance: dg.DagsterInstance,
    config: Mapping[str, Any] | None = None,
    tags: Mapping[str, str] | None = None,
    also: Sequence[dg.AssetKey] = (),
) -> dg.ExecuteInProcessResult:
    """Run a job of ours in this process, for some or all of its assets; failures are left in the result."""
    from exepron_pipeline.orchestration.definitions import build_defs
    from exepron_pipeline.orchestration.keys import ATTENDED_TAG, core_key

    ops = {f"exepron__core__{name}": {"config": dict(config or {})} for name in sets if config}
    job_def = build_defs().resolve_job_def(job)
    return job_def.execute_in_process(
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}, "ops": ops},
        instance=instance,
        raise_on_error=False,
        asset_selection=[*(core_key("exepron", name) for name in sets), *also] or None,
        tags={ATTENDED_TAG: "yes"} if tags is None else tags,
    )


@dataclass(frozen=True)
class Folders:
    """A ``DAGSTER_HOME`` with the configuration of this repository, and the data folder that belongs to it."""

    home: Path
    data: Path


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    """Nothing has run; to be copied, since making an instance takes a second."""
    folder = tmp_path_factory.mktemp("fresh")
    (folder / "home").mkdir()
    shutil.copy(ROOT / "dagster_home" / "dagster.yaml", folder / "home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", str(folder / "home"))
        with dg.DagsterInstance.get() as instance:
            instance.get_run_records(limit=1)
    return Folders(folder / "home", folder / "data")


@pytest.fixture(scope="session")
def filled(
    sandbox: process.RunningSandbox, fresh: Folders, tmp_path_factory: pytest.TempPathFactory
) -> Folders:
    """A few sets have landed and are published; to be copied."""
    folder = tmp_path_factory.mktemp("filled")
    shutil.copytree(fresh.home, folder / "home")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings_of(sandbox, folder / "data").items():
            patch.setenv(name, value)
        patch.setenv("DAGSTER_HOME", str(folder / "home"))
        patch.chdir(folder)
        with dg.DagsterInstance.get() as instance:
            assert run_one("refresh", "projects", "users", "roles", instance=instance).success
            assert run_one("publish", instance=instance).success
    return Folders(folder / "home", folder / "data")


@pytest.fixture
def connected(sandbox: process.RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The settings of the sandbox, with a data folder of this test's own, which is given."""
    folder = tmp_path / "data"
    for name, value in settings_of(sandbox, folder).items():
        monkeypatch.setenv(name, value)
    return folder


@pytest.fixture
def home(fresh: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ``DAGSTER_HOME`` in which nothing has run."""
    folder = tmp_path / "home"
    shutil.copytree(fresh.home, folder)
    monkeypatch.setenv("DAGSTER_HOME", str(folder))
    return folder


@pytest.fixture
def published(connected: Path, home: Path, filled: Folders) -> None:
    """The data folder and the instance are as after a refresh of projects, users and roles, and a publish."""
    shutil.copytree(filled.data, connected, symlinks=True)
    shutil.rmtree(home)
    shutil.copytree(filled.home, home)


@pytest.fixture
def instance(home: Path, request: pytest.FixtureRequest) -> Iterator[dg.DagsterInstance]:
    """The instance of that folder."""
    if "published" in request.fixturenames:
        request.getfixturevalue("published")
    with dg.DagsterInstance.get() as found:
        yield found


@pytest.fixture
def run_job(connected: Path, instance: dg.DagsterInstance) -> Callable[..., dg.ExecuteInProcessResult]:
    """Runs a job: see `run_one`."""
    return partial(run_one, instance=instance)


@pytest.fixture
def proxy(
    sandbox: process.RunningSandbox,
    connected: Path,
    monkeypatch: pytest.MonkeyPatch,
    helper: Callable[[str, str], ModuleType],
) -> Iterator[Any]:
    """A proxy in front of the API, through which this test sees it; ``proxy.answer(part, status)`` breaks a path."""
    kit = helper("flow", "proxy")
    through: AbstractContextManager[Any] = kit.proxy_for(sandbox.api_url)
    with through as running:
        monkeypatch.setenv("EXEPRON_API_URL", running.api_url)
        running.answer = lambda part, status, body=b"{}": running.instead.update(
            {part: kit.Instead(status, body)}
        )
        running.hold = lambda part, until: running.instead.update({part: kit.Instead(500, wait=until)})
        yield running


@pytest.fixture
def one_attempt() -> Iterator[None]:
    """Each request is sent once."""
    import stamina

    with stamina.set_testing(True, attempts=1):
        yield
