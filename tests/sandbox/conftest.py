"""A small portfolio written by hand, and a server that serves it on a port of the loopback.

The rows hold what trips a query language: quotes, percent signs, underscores, null, empty and wide text,
several rows with the same stamp, stamps with and without a fraction.
"""

import base64
import datetime as dt
import hashlib
import http.client
import json
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, urlencode, urlsplit
from zoneinfo import ZoneInfo

import pytest

from exepron_pipeline.sandbox import credentials
from exepron_pipeline.sandbox.schema import BY_NAME, ENTITY_SETS

SEED = 7
SERVICE, GUEST, MANAGER, STRANGER = 1, 2, 3, 4
TASK_NAMES = [
    "Frame", "O'Brien's weld", "100% done", "100 done", "a_b", "axb", "Prüfung Ölkühler", "検査", '"quoted"',
    "back\\slash", "", None, "x, y (z)", "NULL", "trailing ", "Frame; DROP TABLE tasks;--",
]  # fmt: skip
STAMPS = [
    "2026-01-05T08:00:00.000",
    "2026-01-05T08:00:00.000",
    "2026-01-06T09:30:00.120",
    "2026-01-07T23:59:59.999",
]


class TinyPortfolio:
    """Two accounts, four users, three projects, a task for each awkward name."""

    seed, size, day = SEED, "small", 0
    today = dt.date(2026, 1, 8)

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.connection = sqlite3.connect(":memory:", check_same_thread=False)
        for entity_set in ENTITY_SETS:
            columns = ", ".join(f'"{name}"' for name in entity_set.field_names)
            self.connection.execute(
                f'CREATE TABLE "{entity_set.name}" ({columns}, _account, _project, _task)'
            )
        self._add_people()
        self._add_projects()

    def add(
        self, name: str, account: int, project: int | None = None, task: int | None = None, **values: Any
    ) -> None:
        """One row; fields that are not given are null."""
        row = [values.get(field_name) for field_name in BY_NAME[name].field_names]
        marks = ", ".join("?" * (len(row) + 3))
        self.connection.execute(f'INSERT INTO "{name}" VALUES ({marks})', [*row, account, project, task])

    def _add_people(self) -> None:
        people = [
            (SERVICE, 10, "sync", "ten"),
            (GUEST, 10, "guest", "ten"),
            (MANAGER, 10, "Ann", "ten"),
            (STRANGER, 20, "sync", "twenty"),
        ]
        for user_id, account, name, company in people:
            self.add(
                "users", account, userId=user_id, accountId=account, userName=name, email=f"{name}@{company}.example",
                lastName=f"O'{name}", isProjectManager=int(user_id == MANAGER), lastModifiedOn=STAMPS[0],
            )  # fmt: skip
        self.add("roles", 10, roleId=1, roleName="All", isCustom=0, permissions='["planning","financial"]')
        self.add(
            "resource_types",
            10,
            resourceTypeId=1,
            resourceTypeName="Welder",
            quantity="2.50",
            hourlyCost="80.10",
        )

    def _add_projects(self) -> None:
        for project, account, status in ((100, 10, 3), (101, 10, 2), (200, 20, 3)):
            self.add(
                "projects", account, project, projectId=project, projectName=f"P{project}", accountId=account,
                status=status, bufferPenetration=-12.5, projectManagerID=None if project == 101 else MANAGER,
                projectDueDate="2026-06-30T00:00:00.000", isTemplate=0, lastModifiedOn=STAMPS[2],
            )  # fmt: skip
        for number, name in enumerate(TASK_NAMES, start=1):
            project = 100 if number % 2 else 101
            self.add(
                "tasks", 10, project, number, taskId=number, taskNumber=f"1.{number}", taskName=name,
                projectId=project, duration=number, remainingDuration=None if number % 5 == 0 else number // 2,
                status=number % 3, taskManagerId=MANAGER, isMilestone=number % 2, isCriticalChain=0,
                lastModifiedOn=STAMPS[number % 4], lastModifiedByUserID=MANAGER,
            )  # fmt: skip
            self.add("work_hours", 10, project, number, workHourId=number, taskId=number, userId=MANAGER,
                     workDate=f"2026-01-{number:02}", hours=f"{number / 4:.2f}", cost="99.95", lastModifiedOn=STAMPS[0])  # fmt: skip
        self.add(
            "task_revenues", 10, 100, 1, taskRevenueId=1, taskId=1, amount="10.10", revenueDate="2026-01-05"
        )
        self.add("tasks", 20, 200, 900, taskId=900, projectId=200, taskName="another account's", status=0)

    def accounts(self) -> list[dict[str, Any]]:
        """The first is where most rows are."""
        return [{"accountId": 10}, {"accountId": 20}]

    def service_user(self, account_id: int) -> dict[str, Any]:
        """The user with all permissions."""
        return {
            10: {"userId": SERVICE, "userName": "sync", "email": "sync@ten.example"},
            20: {"userId": STRANGER, "userName": "sync", "email": "sync@twenty.example"},
        }[account_id]

    def may_see_financial(self, user_id: int) -> bool:
        """All but one may."""
        return user_id != GUEST

    def visible_projects(self, _user_id: int) -> None:
        """No role hides a project."""

    def zone_of(self, account_id: int) -> ZoneInfo:
        """The first account has no summer time, the second one has."""
        return ZoneInfo({10: "Asia/Kolkata", 20: "Europe/Berlin"}[account_id])

    def projects_of(self, user_id: int) -> set[int]:
        """All of the account for a service user."""
        return {SERVICE: {100, 101}, MANAGER: {100}, STRANGER: {200}}.get(user_id, set())


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()


@dataclass
class Client:
    """A plain HTTP client for one server; ``token`` goes into the header when set."""

    base: str
    token: str | None = None
    seed: int = SEED
    headers: dict[str, str] = field(default_factory=dict)

    def send(self, method: str, target: str, body: bytes | None = None, **headers: str) -> Answer:
        """One request; ``target`` goes on the wire as it is."""
        connection = http.client.HTTPConnection(urlsplit(self.base).netloc, timeout=60)
        bearer = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        try:
            connection.request(method, target, body, bearer | self.headers | headers)
            response = connection.getresponse()
            return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        finally:
            connection.close()

    def get(self, path: str, **options: str) -> Answer:
        """GET below the API's base, each option with its ``$``."""
        query = "&".join(f"${name}={quote(value)}" for name, value in options.items())
        return self.send("GET", f"/api/v1/{path}" + (f"?{query}" if query else ""))

    def keys(self, path: str, key: str, **options: str) -> list[int]:
        """The values of one column of the rows."""
        answer = self.get(path, **options)
        assert answer.status == 200, answer.text
        return [row[key] for row in answer.json]

    def ask_token(self, basic: tuple[str, str] | None = None, **form: str) -> Answer:
        """POST to the token endpoint; ``basic`` is encoded as RFC 6749 2.3.1 wants it."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if basic:
            raw = ":".join(quote_plus(part) for part in basic)
            headers["Authorization"] = f"Basic {base64.b64encode(raw.encode()).decode()}"
        return self.send("POST", "/identity/connect/token", urlencode(form).encode(), **headers)

    def sign_in(self, email: str, scope: str = "openid profile exepron.restapi") -> Answer:
        """The password grant, id and secret in the form."""
        return self.ask_token(
            grant_type="password",
            client_id=credentials.CLIENT_ID,
            client_secret=credentials.client_secret(self.seed, credentials.CLIENT_ID),
            username=email,
            password=credentials.password(self.seed, email),
            scope=scope,
        )

    def as_user(self, email: str) -> "Client":
        """The same server, signed in."""
        return Client(self.base, self.sign_in(email).json["access_token"], self.seed)


class Form(HTMLParser):
    """The form on a page: where it goes, how, and the fields that it holds already."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action, self.method, self.fields = "", "", {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take what a browser would."""
        known = dict(attrs)
        if tag == "form":
            self.action, self.method = known["action"], known["method"].upper()
        elif tag == "input":
            self.fields[known["name"]] = known.get("value") or ""


VERIFIER = "verifier-" + "v" * 43
S256 = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


@dataclass
class Person:
    """Somebody at a browser, who signs in at one server; no redirect is followed."""

    client: Client
    email: str = "sync@ten.example"
    cookies: dict[str, str] = field(default_factory=dict)
    challenge: str = S256

    def open(self, target: str, method: str = "GET", body: str | None = None) -> Answer:
        """A page, with the cookies that the server gave."""
        kept = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"Cookie": kept} if kept else {}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        answer = self.client.send(method, target, None if body is None else body.encode(), **headers)
        if kept := answer.headers.get("set-cookie"):
            name, _, value = kept.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer

    def send_form(self, page: Answer, **typed: str) -> Answer:
        """The form on a page, filled in."""
        form = Form(page.text)
        fields = urlencode(form.fields | typed)
        if form.method == "GET":
            return self.open(f"{form.action}?{fields}")
        return self.open(form.action, form.method, fields)

    def decide(self, page: Answer, decision: str = "allow") -> Answer:
        """Sign in with the right password, and press a button."""
        password = credentials.password(self.client.seed, self.email)
        return self.send_form(page, username=self.email, password=password, decision=decision)

    def ask(self, **changed: str | None) -> Answer:
        """The page that an authorization request of the public client leads to; ``None`` leaves a parameter out."""
        asked = {
            "response_type": "code",
            "client_id": credentials.PUBLIC_CLIENT_ID,
            "redirect_uri": "http://127.0.0.1:50123/callback",
            "scope": "openid profile exepron.restapi offline_access",
            "state": "a&b=1",
            "code_challenge": self.challenge,
            "code_challenge_method": "S256",
        } | changed
        query = urlencode({name: value for name, value in asked.items() if value is not None})
        return self.open(f"/identity/connect/authorize?{query}")

    def landed(self, answer: Answer) -> dict[str, str]:
        """The parameters with which a redirect leads back to the client."""
        assert answer.status == 303, answer.text
        return dict(parse_qsl(urlsplit(answer.headers["location"]).query))

    def code(self, **changed: str | None) -> str:
        """An authorization code, agreed to."""
        return self.landed(self.decide(self.ask(**changed)))["code"]

    def exchange(self, code: str, **changed: str | None) -> Answer:
        """The token request of the public client for a code."""
        form = {
            "grant_type": "authorization_code",
            "client_id": credentials.PUBLIC_CLIENT_ID,
            "code": code,
            "redirect_uri": "http://127.0.0.1:50123/callback",
            "code_verifier": VERIFIER,
        } | changed
        return self.client.ask_token(**{name: value for name, value in form.items() if value is not None})

    def sign_in(self, **changed: str | None) -> dict[str, Any]:
        """The tokens of a whole sign-in."""
        return self.exchange(self.code(**changed)).json


ServeWorld = Callable[..., Client]


@pytest.fixture(scope="session")
def serve_world() -> Iterator[ServeWorld]:
    """Serve worlds on ports of their own until the tests end."""
    from exepron_pipeline.sandbox.app import create_app
    from exepron_pipeline.sandbox.server import Server, listen_on

    running: list[tuple[Server, threading.Thread]] = []

    def serve(world: Any, **settings: Any) -> Client:
        listener: socket.socket = listen_on(0)
        base = f"http://127.0.0.1:{listener.getsockname()[1]}"
        ready = threading.Event()
        server = Server(create_app(world, base, **settings), ready.set)
        thread = threading.Thread(target=server.run_on, args=(listener,))
        thread.start()
        running.append((server, thread))
        assert ready.wait(60)
        return Client(base, seed=world.seed)

    yield serve
    for server, _ in running:
        server.should_exit = True
    for _, thread in running:
        thread.join(60)


@pytest.fixture(scope="session")
def serve_tiny(serve_world: ServeWorld) -> Callable[..., tuple[Client, Any]]:
    """Serve a portfolio of its own with an offer: a client, signed in as the service user, and the world."""
    from exepron_pipeline.sandbox.faults.schedule import faults_of
    from exepron_pipeline.sandbox.offer import offer_of
    from exepron_pipeline.sandbox.world import World

    def serve(generation: str | None = None, *, sign_in: bool = True, **names: Any) -> tuple[Client, Any]:
        offer = offer_of(generation, **names)
        world = World(TinyPortfolio(), faults=faults_of(offer.faults))  # type: ignore[arg-type]  # a stand-in
        client = serve_world(world, offer=offer)
        return client.as_user("sync@ten.example") if sign_in else client, world

    return serve


@pytest.fixture(scope="session")
def client_of() -> Callable[[str, int], Client]:
    """Clients of any sandbox, by address and seed."""
    return lambda base, seed: Client(base, seed=seed)


@pytest.fixture(scope="session")
def tiny_with() -> Callable[[int], TinyPortfolio]:
    """Makes the portfolio written by hand with so many tasks and hours more."""

    def make(rows: int) -> TinyPortfolio:
        portfolio = TinyPortfolio()
        for key in range(1_000, 1_000 + rows):
            project, stamp = 100 + key % 2, f"2026-01-07T{key % 24:02}:00:00.{key % 1_000:03}"
            portfolio.add(
                "tasks", 10, project, key, taskId=key, taskNumber=f"2.{key}", taskName=f"Step {key}",
                projectId=project, duration=key % 9, status=key % 3, isMilestone=key % 2, lastModifiedOn=stamp,
            )  # fmt: skip
            portfolio.add(
                "work_hours", 10, project, key, workHourId=key, taskId=key, userId=MANAGER,
                workDate="2026-01-07", hours="1.25", lastModifiedOn=stamp,
            )  # fmt: skip
        return portfolio

    return make


@pytest.fixture(scope="session")
def tiny() -> TinyPortfolio:
    """The portfolio written by hand."""
    return TinyPortfolio()


@pytest.fixture(scope="session")
def anonymous(serve_world: ServeWorld, tiny: TinyPortfolio) -> Client:
    """A client of a server with the small portfolio, not signed in."""
    from exepron_pipeline.sandbox.world import World

    return serve_world(World(tiny))  # type: ignore[arg-type]  # a stand-in with the same interface


@pytest.fixture(scope="session")
def service(anonymous: Client) -> Client:
    """Signed in as the service user of the first account."""
    return anonymous.as_user("sync@ten.example")


@pytest.fixture(scope="session")
def person_at() -> Callable[..., Person]:
    """People at browsers, by the client of the server that they visit."""
    return Person


@pytest.fixture
def person(anonymous: Client) -> Person:
    """Somebody at a browser."""
    return Person(anonymous)
