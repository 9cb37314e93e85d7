"""OData servers that others wrote, installed once below the environment and run on loopback.

CAP, its version 2 adapter and JayStack's server come from npm, mock-sap from PyPI. Where one cannot be installed its tests are skipped by
name, and fail where ``CI=true`` says that everything is to be there.
"""

import hashlib
import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import duckdb
import pytest
from filelock import FileLock
from typer.testing import CliRunner

from exepron_pipeline.cli.main import app

HERE = Path(__file__).parent
INSTALLED = Path(sys.prefix) / "third_party"
PATIENCE = 120  # seconds, for a server to start on a busy machine


@dataclass
class Server:
    """A running server of somebody else's."""

    url: str
    token: str = "given-by-hand"

    def ask(self, path: str, method: str = "GET", body: object = None) -> Any:
        """Ask it directly, without the pipeline."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"content-type": "application/json", "accept": "application/json"}
        request = urllib.request.Request(f"{self.url}/{path}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            text = answer.read()
        return json.loads(text) if text else None


@dataclass
class Pipeline:
    """The pipeline, pointed at a service, in a folder of its own, with ``catalogue.yaml`` as its catalogue."""

    folder: Path
    settings: dict[str, str]
    told: str = ""
    """What the last verb said besides its result."""

    @property
    def catalogue(self) -> Path:
        """Where the catalogue is written to and read from."""
        return self.folder / "catalogue.yaml"

    def exepron(self, *words: str, **settings: str) -> str:
        """Run a verb, which must succeed; give what it printed."""
        given = {f"EXEPRON_{name}": value for name, value in {**self.settings, **settings}.items()}
        ended = CliRunner().invoke(app, list(words), env=given, catch_exceptions=False)
        assert ended.exit_code == 0, ended.output
        self.told = ended.stderr
        return ended.stdout

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Rows of the writer's own file."""
        with duckdb.connect(str(self.folder / "data" / "warehouse.duckdb"), read_only=True) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            return list(connection.sql(sql).to_arrow_table().to_pylist())


@pytest.fixture(scope="session")
def cap() -> Iterator[Server]:
    """CAP with OData 4 at ``plan``, version 2 at ``odata/v2/plan``, and its store at ``store``."""
    if not shutil.which("npm"):
        _absent("Node.js with npm is not installed: CAP cannot run")
    folder = _installed("cap", ("package.json", "package-lock.json", ".npmrc", "cap"), _npm)
    command = ["node", "node_modules/@sap/cds/bin/serve.js", "all"]
    with _running(command, folder, lambda port: {"PORT": str(port)}, "store/Tasks") as url:
        yield Server(url)


@pytest.fixture(scope="session")
def jaystack() -> Iterator[Server]:
    """JayStack's server with OData 4 at ``odata``, and its records at ``store``."""
    if not shutil.which("npm"):
        _absent("Node.js with npm is not installed: JayStack's server cannot run")
    folder = _installed("jaystack", ("jaystack",), lambda folder: _npm(folder / "jaystack")) / "jaystack"
    with _running(["node", "server.js"], folder, lambda port: {"PORT": str(port)}, "store") as url:
        yield Server(url)


@pytest.fixture(scope="session")
def mock_sap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Path]]:
    """mock-sap with OData 2 behind a token of its own, and the file of its store."""
    folder = _installed("mock_sap", ("requirements.txt",), _pip)
    store = tmp_path_factory.mktemp("mock_sap") / "store.db"
    port = _free_port()
    secret = ["--oauth", "tester:secret", "--token-ttl", "86400", "--db", str(store), "--quiet"]
    command = [sys.executable, "-m", "mocksap", "--port", str(port), *secret]
    with _running(
        command, folder, lambda _: {"PYTHONPATH": str(folder / "python")}, "_mock/health", port
    ) as url:
        yield Server(url, _token(url)), store


@pytest.fixture(scope="session")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Pipeline]:
    """Points the pipeline at a service, in a new folder."""

    def point(server: Server, path: str, **settings: str) -> Pipeline:
        folder = tmp_path_factory.mktemp("pipeline")
        given = {
            "API_URL": f"{server.url}/{path}",
            "IDENTITY_URL": server.url,
            "TOKEN": server.token,
            "ACCOUNTS": "1",
            "RATE": "0",
            "TIMEOUT": str(PATIENCE),
            "DATA_DIR": str(folder / "data"),
            "CATALOGUE": str(folder / "catalogue.yaml"),
        }
        return Pipeline(folder, {**given, **settings})

    return point


def _absent(why: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)


def _installed(name: str, files: tuple[str, ...], install: Callable[[Path], None]) -> Path:
    """Install once for each content of the files, below the environment."""
    contents = [each for file in files for each in sorted((HERE / file).rglob("*")) or [HERE / file]]
    digest = hashlib.sha256(b"".join(each.read_bytes() for each in contents)).hexdigest()[:12]
    folder = INSTALLED / f"{name}-{digest}"
    INSTALLED.mkdir(exist_ok=True)
    with FileLock(INSTALLED / f"{name}.lock"):
        if not (folder / ".ready").exists():
            for old in INSTALLED.glob(f"{name}-*"):
                shutil.rmtree(old)
            folder.mkdir()
            for file in files:
                whole = HERE / file
                copy = shutil.copytree if whole.is_dir() else shutil.copy
                copy(whole, folder / file)
            install(folder)
            (folder / ".ready").touch()
    return folder


def _npm(folder: Path) -> None:
    _run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder)


def _pip(folder: Path) -> None:
    options = ["--target", "python", "--require-hashes", "--no-deps", "-r", "requirements.txt"]
    has_pip = importlib.util.find_spec("pip") is not None
    installer = [sys.executable, "-m", "pip"] if has_pip else ["uv", "pip"]
    _run([*installer, "install", "--quiet", *options], folder)


def _run(command: list[str], folder: Path) -> None:
    try:
        ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600, check=False)
    except FileNotFoundError:
        _absent(f"{command[0]} is not installed")
    if ended.returncode:
        _absent(f"{' '.join(command)} failed: {ended.stderr[-500:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def _running(
    command: list[str], folder: Path, settings: Callable[[int], dict[str, str]], ready: str, port: int = 0
) -> Iterator[str]:
    """Run a server for the time of the block, from the moment that it answers."""
    port = port or _free_port()
    clean = {name: value for name, value in os.environ.items() if not name.startswith("EXEPRON_")}
    with (folder / f"{port}.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, env={**clean, **settings(port)}, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(f"{url}/{ready}", process, Path(log.name))
            yield url
        finally:
            process.terminate()
            process.wait(PATIENCE)
    Path(log.name).unlink()


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=PATIENCE):
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"{url} does not answer: {log.read_text()[-2000:]}")


def _token(url: str) -> str:
    """Get a token from mock-sap as its clients do."""
    form = b"grant_type=client_credentials&client_id=tester&client_secret=secret"
    with urllib.request.urlopen(f"{url}/sap/bc/sec/oauth2/token", form, timeout=PATIENCE) as answer:
        token: str = json.load(answer)["access_token"]
        return token
