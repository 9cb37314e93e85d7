"""What the tests of identity share: an independent provider, a browser, a sandbox whose wire is seen."""

import importlib.util
import json
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import gettempdir
from types import ModuleType
from typing import Any

import pytest
import stamina

from exepron_pipeline.auth.keeper import Keeper
from exepron_pipeline.http import redact
from exepron_pipeline.http.transport import Transport
from exepron_pipeline.settings import Connection

HERE = Path(__file__).parent
FLOW = HERE.parent / "flow"


def helper(path: Path) -> ModuleType:
    """A module of tests that is no test."""
    name = f"identity_{path.stem}"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec
        assert spec.loader
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@pytest.fixture(autouse=True)
def _own_secrets(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test remembers its own secrets, and a failed attempt is repeated at once."""
    monkeypatch.setattr(redact, "_SECRETS", redact._Secrets())
    with stamina.set_testing(True, attempts=6, cap=True):
        yield


@pytest.fixture(scope="session")
def transport() -> Iterator[Transport]:
    """Give one transport for all: reading the system's authorities takes long."""
    with Transport(timeout=60) as opened:
        yield opened


@pytest.fixture(scope="session")
def until() -> Callable[[Callable[[], Any]], Any]:
    """Waits for a condition that another thread or process brings about, and gives what it gave."""

    def wait(condition: Callable[[], Any], seconds: float = 30.0) -> Any:
        end = time.monotonic() + seconds
        while not (found := condition()) and time.monotonic() < end:
            time.sleep(0.02)
        assert found, "it did not come about"
        return found

    return wait


# -- the independent provider, and a person at a browser -----------------------------------------------------


@pytest.fixture(scope="session")
def children_kit() -> ModuleType:
    """The module ``children.py``."""
    return helper(HERE / "children.py")


@pytest.fixture(scope="session")
def children(children_kit: ModuleType) -> ModuleType:
    """The same, with Node and its packages at hand."""
    children_kit.prepare(Path(gettempdir()) / f"node-packages-of-tests-{os.getuid()}.lock")
    return children_kit


@pytest.fixture(scope="session")
def provider_kit() -> ModuleType:
    """The module ``provider.py``."""
    return helper(HERE / "provider.py")


@dataclass
class Independent:
    """A provider, and an OData service that takes its tokens."""

    provider: Any
    service: Any


@pytest.fixture(scope="session")
def independent(
    children: ModuleType, provider_kit: ModuleType, flow_kit: ModuleType
) -> Iterator[Independent]:
    """A certified provider whose access tokens live 60 seconds, and an API that takes them and no others."""
    provider = provider_kit.Provider()
    service = provider_kit.protected(flow_kit.OtherService, provider.accepts, flow_kit.TOKEN)
    with ExitStack() as stack:
        stack.enter_context(flow_kit.other_service(service))
        provider.api = f"{service.url}/odata"
        argument = json.dumps({"lifetime": 60, "api": provider.api, "secret": provider_kit.SECRET})
        node = stack.enter_context(children.Child("server.mjs", argument, provider.notice))
        provider.issuer = node.answer()["issuer"]
        provider.settle = partial(node.answer, {})
        yield Independent(provider, service)


@pytest.fixture(scope="session")
def person(children: ModuleType) -> Iterator[Callable[..., dict[str, Any]]]:
    """Someone at a headless Chromium, who goes through the pages of an address in a profile without a past."""
    path = children.needed(*children.BROWSERS)
    with children.Child("walk.mjs", path, lambda line: pytest.fail(f"unasked: {line}")) as browser:
        browser.answer()
        yield lambda url, **words: browser.answer({"url": url, **words})


# -- the sandbox, with its wire in view ----------------------------------------------------------------------


@pytest.fixture(scope="session")
def portfolio() -> Any:
    """The small one: making it takes two seconds."""
    from exepron_pipeline.sandbox.portfolio import Portfolio

    return Portfolio(1, "small", 0)


@pytest.fixture
def tapped(portfolio: Any) -> Iterator[Callable[..., Any]]:
    """Serve the sandbox with limits for the time of the test."""
    kit = helper(HERE / "tap.py")
    with ExitStack() as stack:
        yield lambda *limits, **more: stack.enter_context(kit.tapped(portfolio, *limits, **more))


@pytest.fixture(scope="session")
def flow_kit() -> ModuleType:
    """The module ``other_service.py`` of ``tests/flow``."""
    return helper(FLOW / "other_service.py")


@pytest.fixture(scope="session")
def terminal_kit() -> ModuleType:
    """The module ``terminal.py``."""
    return helper(HERE / "terminal.py")


@pytest.fixture(scope="session")
def canary_kit() -> ModuleType:
    """The module ``canary.py``."""
    return helper(HERE / "canary.py")


@pytest.fixture(scope="session")
def leaks_kit() -> ModuleType:
    """The module ``leaks.py``."""
    return helper(HERE / "leaks.py")


@pytest.fixture(scope="session")
def lab_kit() -> ModuleType:
    """The module ``lab.py`` of ``tests/flow``."""
    return helper(FLOW / "lab.py")


@pytest.fixture(scope="session")
def reply() -> type[Any]:
    """The class of answers that a tap gives by itself."""
    return helper(HERE / "tap.py").Reply


@dataclass(frozen=True)
class Here:
    """A state folder, and what is done with it."""

    state_dir: Path
    transport: Transport

    def keeper(self, connection: dict[str, Any], **changes: Any) -> Keeper:
        """A keeper as a new process would make one."""
        return Keeper(Connection(**{**connection, **changes}), self.transport, self.state_dir)

    @property
    def stored(self) -> Any:
        """The tokens that are kept, by name; there is one session."""
        return _member(json.loads(self._file().read_text()), "access_token")

    def age(self, seconds: float = 1_000_000) -> None:
        """Let the stored tokens be so much older."""
        path = self._file()
        document = json.loads(path.read_text())
        _member(document, "access_token")["obtained_at"] -= seconds
        path.write_text(json.dumps(document))

    def _file(self) -> Path:
        [found] = [
            path for path in (self.state_dir / "tokens").glob("*.json") if "access_token" in path.read_text()
        ]
        return found


def _member(document: Any, name: str) -> Any:
    """The object, at any depth, that has a member of this name."""
    if not isinstance(document, dict):
        return None
    if name in document:
        return document
    return next((found for found in (_member(each, name) for each in document.values()) if found), None)


@pytest.fixture
def here(tmp_path: Path, transport: Transport) -> Here:
    """An empty state folder of this test."""
    return Here(tmp_path / "state", transport)


@pytest.fixture(scope="session")
def quick_processes() -> Any:
    """Give a context whose processes start quickly, as all imports are done once."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["exepron_pipeline.auth.keeper"])
    return context
