"""Several credentials in one configuration, each with its own permissions; what one loses, the others keep."""

import base64
import json
import urllib.parse
import urllib.request
from types import SimpleNamespace

import pytest

from exepron_pipeline.engine import open_engine
from exepron_pipeline.errors import AuthRejectedError
from exepron_pipeline.events import Notice, SyncReport
from exepron_pipeline.sandbox import credentials
from exepron_pipeline.settings import load_settings
from exepron_pipeline.sync import sync_all

SETS = ("projects", "tasks", "task_revenues")
ROWS = "SELECT _account_id, count(*) AS rows, count(_deleted_at) AS gone FROM core.{} GROUP BY ALL ORDER BY 1"


class Southern:
    """The second user: a client of their own, registered as a person would, and its end.

    Args:
        sandbox: A running one.
        user: Their record.

    """

    def __init__(self, sandbox, user):
        self._sandbox = sandbox
        self.username = user["email"]
        self.password = credentials.password(sandbox.state.seed, user["email"])
        first = sandbox.environment["EXEPRON_CLIENT_ID"], sandbox.environment["EXEPRON_CLIENT_SECRET"]
        self._own_token = self._token(*first)
        registered = self._ask(
            "/Account/Manage/ApiClients", b"", {"Authorization": f"Bearer {self._own_token}"}
        )
        self.client_id, self.secret = registered["client_id"], registered["client_secret"]

    def revoke(self, token):
        """End a token, then take the client away, as its owner does in the profile settings."""
        self._form("/connect/revocation", {"token": token}, self.client_id, self.secret)
        request = urllib.request.Request(
            f"{self._sandbox.identity_url}/Account/Manage/ApiClients/{self.client_id}",
            headers={"Authorization": f"Bearer {self._own_token}"},
            method="DELETE",
        )
        with urllib.request.urlopen(request) as answer:
            assert answer.status == 204

    def _token(self, client_id, secret):
        form = {"grant_type": "password", "username": self.username, "password": self.password}
        return self._form("/connect/token", form, client_id, secret)["access_token"]

    def _form(self, path, form, client_id, secret):
        words = ":".join(urllib.parse.quote_plus(word) for word in (client_id, secret))
        basic = {"Authorization": f"Basic {base64.b64encode(words.encode()).decode()}"}
        return self._ask(path, urllib.parse.urlencode(form).encode(), basic)

    def _ask(self, path, body, headers):
        request = urllib.request.Request(f"{self._sandbox.identity_url}{path}", body, headers)
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read() or b"{}")


@pytest.fixture
def south(lab):
    """A user of the second account who may not see costs and revenues."""
    account = lab.portfolio.accounts()[1]["accountId"]
    return Southern(lab.sandbox, lab.portfolio.restricted_user(account))


@pytest.fixture
def settings(empty_lab, south):
    """Two accounts in one configuration, each with credentials of its own."""
    given = empty_lab.environment
    return load_settings(
        identity_url=given["EXEPRON_IDENTITY_URL"],
        api_url=given["EXEPRON_API_URL"],
        data_dir=empty_lab.data_dir,
        rate=0,
        accounts={
            "north": {
                "client_id": given["EXEPRON_CLIENT_ID"],
                "client_secret": given["EXEPRON_CLIENT_SECRET"],
                "username": given["EXEPRON_USERNAME"],
                "password": given["EXEPRON_PASSWORD"],
            },
            "south": {
                "client_id": south.client_id,
                "client_secret": south.secret,
                "username": south.username,
                "password": south.password,
            },
        },
    )


def run(settings, mode="incremental", listen=None):
    """Sync a few sets; gives the report."""
    with open_engine(settings) as engine:
        if listen:
            engine.listen = lambda event: listen(engine, event)
        return sync_all(engine, SETS, mode=mode)


def rows(lab, name):
    """Live and deleted rows of each account."""
    return {row["_account_id"]: (row["rows"], row["gone"]) for row in lab.query(ROWS.format(name))}


def test_one_account_revoked_half_way_harms_no_other(lab, empty_lab, settings, south, monkeypatch):
    """Revoked in the middle of a run: the other account is whole, nothing is marked deleted, and the report says who failed.

    So in the run itself, and in a reconcile after it, which looks for deletions. Nothing is read ahead here, so that
    the middle of the run is where it is revoked.
    """
    monkeypatch.setattr("exepron_pipeline.ahead.WAITING", 0)
    portfolio = lab.portfolio
    north, south_id = (str(each["accountId"]) for each in portfolio.accounts()[:2])
    whole = {name: len(portfolio.truth(name, int(north))) for name in SETS}

    first = run(settings)
    assert {name: report.status for name, report in first.entity_sets.items()} == dict.fromkeys(SETS, "ok")
    before = {name: rows(empty_lab, name) for name in SETS}
    assert before["tasks"][south_id] == (len(portfolio.truth("tasks", int(south_id))), 0)
    assert south_id not in before["task_revenues"]

    def revoke(engine, event):
        if isinstance(event, SyncReport) and event.entity_set == "projects":
            south.revoke(engine.tenants[1].keeper.token())

    def check(report, *failed):
        found = {name: each.status for name, each in report.entity_sets.items()}
        assert found == {name: "failed" if name in failed else "ok" for name in SETS}
        assert not report.ok
        for name in SETS:
            if name in failed:
                assert isinstance(report.entity_sets[name].failure, AuthRejectedError)
            assert rows(empty_lab, name)[north] == (whole[name], 0)
            assert rows(empty_lab, name).get(south_id) == before[name].get(south_id)

    check(run(settings, listen=revoke), "tasks")  # what was not permitted before is not asked for
    reconciled = run(settings, "reconcile")
    check(reconciled, *SETS)
    assert "[accounts.south]: " in reconciled.entity_sets["projects"].error
    assert sum(report.deleted for report in reconciled.entity_sets.values()) == 0


def test_a_user_who_sees_little_is_served(lab, lab_kit, proxy_for, proxy_kit, tmp_path):
    """With "my projects" only, every row that may be seen lands; rows whose parents are hidden warn, and stop nothing."""
    portfolio, told = lab.portfolio, []
    user = next(user for user in portfolio.truth("users", lab.account_id) if user["isProjectManager"])
    mine = portfolio.projects_of(user["userId"])
    tasks = portfolio.truth("tasks", lab.account_id)
    with proxy_for(lab.sandbox.api_url) as proxy:
        proxy.instead[f"/Accounts/{lab.account_id}/Projects?"] = proxy_kit.Instead(404, b"{}")
        own = {
            "EXEPRON_API_URL": proxy.api_url,
            "EXEPRON_USERNAME": user["email"],
            "EXEPRON_PASSWORD": credentials.password(lab.sandbox.state.seed, user["email"]),
        }
        little = lab_kit.Lab(lab.sandbox, tmp_path / "data", own)
        with open_engine(little.load_settings()) as engine:
            engine.listen = told.append
            report = sync_all(engine, ["projects", "tasks"])
            built = engine.build_marts()
    assert report.ok
    assert {row["project_id"] for row in little.query("SELECT project_id FROM core.projects")} == mine
    assert little.query("SELECT count(*) AS n FROM core.tasks") == [{"n": len(tasks)}]
    hidden = sum(task["projectId"] not in mine for task in tasks)
    assert 0 < hidden < len(tasks)
    [warned] = [event.text for event in told if isinstance(event, Notice) and event.entity_set == "tasks"]
    assert warned.startswith(
        f"{hidden:,} of {len(tasks):,} rows name in project_id a record that core.projects does not"
    )
    assert built


@pytest.fixture
def twins(lab_kit, other_kit, tmp_path):
    """Two accounts that one user sees, whose orders have the same ids; a run of them has landed."""
    (tmp_path / "catalogue.yaml").write_text(
        other_kit.CATALOGUE.replace("{path: Orders,", '{path: "Accounts/{accountId}/Orders",')
    )
    with other_kit.other_service() as service:
        for account in "12":
            service.sets[f"/odata/Accounts/{account}/Orders"] = other_kit.orders(37)
        given = service.environment(str(tmp_path / "data"), str(tmp_path / "catalogue.yaml"))
        stand_in = SimpleNamespace(environment=given | {"EXEPRON_ACCOUNTS": "1,2"}, service=service)
        lab = lab_kit.Lab(stand_in, tmp_path / "data")
        assert lab.sync("orders").entity_sets["orders"].inserted == 2 * 37
        yield lab


def test_the_same_ids_live_side_by_side(twins):
    """What changes or goes in one account leaves the same key of the other as it was: rows, lists, history, any moment."""
    by_account = "SELECT _account_id AS account, count(*) AS n FROM {} GROUP BY ALL ORDER BY ALL"
    tables = ("core.orders", "history.orders", "core.orders__tags", "history.orders__tags")
    before = {table: twins.query(by_account.format(table)) for table in tables}
    for table, found in before.items():
        assert [row["account"] for row in found] == ["1", "2"], table
        assert found[0]["n"] == found[1]["n"] > 0

    second = twins.sandbox.service.sets["/odata/Accounts/2/Orders"]
    changed, gone = second[5]["OrderID"], second.pop(8)["OrderID"]
    second[5] |= {"Number": -1, "Tags": ["moved"]}
    report = twins.sync("orders", mode="reconcile").entity_sets["orders"]
    assert (report.updated, report.deleted, report.inserted) == (1, 1, 0)

    def found(table, key, columns):
        where = f"order_id = '{key}'"
        return twins.query(
            f"SELECT _account_id AS account, {columns} FROM {table} WHERE {where} ORDER BY ALL"
        )

    [one, two] = found("core.orders", changed, "number")
    assert (one["account"], two) == ("1", {"account": "2", "number": -1})
    assert found("core.orders", gone, "_deleted_at IS NULL AS lives") == [
        {"account": "1", "lives": True},
        {"account": "2", "lives": False},
    ]
    assert [row["tag"] for row in found("core.orders__tags", changed, "tag")] == ["new", "tag 5", "moved"]
    assert [row["account"] for row in found("core.orders__tags", gone, "tag")][:2] == ["1", "1"]
    counts = {table: twins.query(by_account.format(table))[0] for table in tables}
    assert counts == {table: rows[0] for table, rows in before.items()}

    [landed] = twins.query(
        "SELECT min(finished_at)::VARCHAR AS first, max(finished_at)::VARCHAR AS last FROM "
        "(SELECT finished_at FROM ops.loads WHERE account_id = '2')"
    )
    now = "now() + INTERVAL 1 DAY"
    as_of = "history.orders_as_of({0}, {1})".format
    then = found(as_of(now, f"TIMESTAMPTZ '{landed['first']}'"), changed, "number")
    assert then == [{"account": "1", "number": one["number"]}, {"account": "2", "number": one["number"]}]
    assert found(as_of(now, now), changed, "number") == [one, two]
    assert [row["account"] for row in found(as_of(now, now), gone, "number")] == ["1"]
