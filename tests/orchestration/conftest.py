"""A sandbox on a real port, and a Dagster instance of its own for each test."""

import importlib.util
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from exepron_pipeline.sandbox import process

ROOT = Path(__file__).parents[2]
OTHERS_WARNINGS = [
    # Dagster 1.13 asks pydantic for a model's fields in the way of pydantic 2.10.
    "ignore:The `__fields__` attribute is deprecated:DeprecationWarning",
    # Dagster's own SQLite storages are closed by garbage collection.
    "ignore:unclosed database:ResourceWarning",
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


@pytest.fixture
def connected(sandbox: process.RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The settings of the sandbox, with a data folder of this test's own, which is given."""
    folder = tmp_path / "data"
    for name, value in {**sandbox.environment, "EXEPRON_RATE": "0", "EXEPRON_DATA_DIR": str(folder)}.items():
        monkeypatch.setenv(name, value)
    return folder


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ``DAGSTER_HOME`` with the configuration of this repository."""
    folder = tmp_path / "dagster_home"
    folder.mkdir()
    shutil.copy(ROOT / "dagster_home" / "dagster.yaml", folder)
    monkeypatch.setenv("DAGSTER_HOME", str(folder))
    return folder


@pytest.fixture
def instance(home: Path) -> Iterator[dg.DagsterInstance]:
    """The instance of that folder."""
    with dg.DagsterInstance.get() as found:
        yield found


Run = Callable[..., dg.ExecuteInProcessResult]


@pytest.fixture
def run_job(connected: Path, instance: dg.DagsterInstance) -> Run:
    """Run a job of ours in this process, for some or all of its assets; failures are left in the result."""
    from exepron_pipeline.orchestration.definitions import build_defs
    from exepron_pipeline.orchestration.keys import ATTENDED_TAG, core_key

    def run(
        job: str,
        *sets: str,
        config: Mapping[str, Any] | None = None,
        tags: Mapping[str, str] | None = None,
        also: Sequence[dg.AssetKey] = (),
    ) -> dg.ExecuteInProcessResult:
        defs = build_defs()
        ops = {f"exepron__core__{name}": {"config": dict(config or {})} for name in sets if config}
        return defs.resolve_job_def(job).execute_in_process(
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}, "ops": ops},
            instance=instance,
            raise_on_error=False,
            asset_selection=[*(core_key("exepron", name) for name in sets), *also] or None,
            tags={ATTENDED_TAG: "yes"} if tags is None else tags,
        )

    return run


@pytest.fixture
def proxy(sandbox: process.RunningSandbox, connected: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A proxy in front of the API, through which this test sees it; ``proxy.answer(part, status)`` breaks a path."""
    kit = _flow_helper("proxy")
    through: AbstractContextManager[Any] = kit.proxy_for(sandbox.api_url)
    with through as running:
        monkeypatch.setenv("EXEPRON_API_URL", running.api_url)
        running.answer = lambda part, status, body=b"{}": running.instead.update(
            {part: kit.Instead(status, body)}
        )
        running.hold = lambda part, until: running.instead.update({part: kit.Instead(500, wait=until)})
        yield running


def _flow_helper(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(
        f"orchestration_{name}", ROOT / "tests" / "flow" / f"{name}.py"
    )
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def one_attempt() -> Iterator[None]:
    """Each request is sent once."""
    import stamina

    with stamina.set_testing(True, attempts=1):
        yield
