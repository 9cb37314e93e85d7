from types import ModuleType
from typing import Any, ClassVar

import pytest

from exepron_pipeline.errors import (
    AuthRejectedError,
    ConfigurationError,
    EntitySetMissingError,
    NotPermittedError,
    RequestRejectedError,
    ResponseError,
    ServerUnavailableError,
)
from exepron_pipeline.http.transport import Response
from exepron_pipeline.odata.dialect import DIALECTS, LOGGED_IN_USER
from exepron_pipeline.odata.probe import Me, find_generation, who_am_i

USER = {"userId": 7, "accountId": 5, "roleId": 3}
V3 = {"odata.metadata": "x", "value": [USER]}


@pytest.mark.parametrize(
    ("answers", "generation", "requests"),
    [
        ({LOGGED_IN_USER: [USER]}, "g2", 1),
        ({LOGGED_IN_USER: USER}, "g2", 1),
        ({LOGGED_IN_USER: V3}, "g1", 1),
        ({LOGGED_IN_USER: {"d": {"results": [USER]}}}, "g1", 1),
        ({LOGGED_IN_USER: {"@odata.context": "x", "value": [USER]}}, "g3", 1),
        ({"projects": {"value": [{"id": 1}]}}, "g3", 2),
        ({LOGGED_IN_USER: [], "projects": {"@odata.count": 0, "value": []}}, "g3", 2),
        ({LOGGED_IN_USER: RequestRejectedError("no", status=400), "projects": {"value": []}}, "g3", 2),
        ({LOGGED_IN_USER: ResponseError("a web page"), "projects": {"value": []}}, "g3", 2),
    ],
)
def test_the_generation_is_found(
    fake: ModuleType, answers: dict[str, Any], generation: str, requests: int
) -> None:
    """The shape of the first answers tells the generation, in at most two requests."""
    service = fake.FakeService([], answers=answers, paths=frozenset())
    assert find_generation(service, "auto") == generation
    assert len(service.asked) == requests


def test_an_unknown_service_has_to_be_named(fake: ModuleType) -> None:
    """A service that answers no question leads to the setting that names it; a set one asks nothing."""
    service = fake.FakeService([], paths=frozenset())
    with pytest.raises(ConfigurationError, match="EXEPRON_GENERATION"):
        find_generation(service, "auto")
    service.asked.clear()
    assert find_generation(service, "odata4") == "odata4"
    assert not service.asked
    with pytest.raises(ConfigurationError, match="g9"):
        find_generation(service, "g9")


METADATA = b"""<Edmx xmlns="http://docs.oasis-open.org/odata/ns/edmx" Version="4.0"><DataServices>
<Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" Namespace="X"/></DataServices></Edmx>"""


def failing(status: int, metadata: bool) -> Any:
    """A service that fails at every path but its metadata; ``asked`` are its questions, each with its patience."""

    class Failing:
        base_url = "http://127.0.0.1:9/odata"
        asked: ClassVar[list[tuple[str, bool]]] = []

        def get(self, address: str, headers: Any = None, *, until: float | None = None) -> Response:
            self.asked.append((address.partition("?")[0], until is not None))
            if metadata and address == "$metadata":
                return Response(200, {}, METADATA, address, 0.0)
            raise ServerUnavailableError(f"{status}", status=status)

    return Failing()


def test_a_service_that_fails_at_unknown_paths() -> None:
    """A service that answers 500 to paths that it does not know is known by its metadata, and soon."""
    service = failing(500, metadata=True)
    assert find_generation(service, "auto") == "odata4"
    assert service.asked == [(LOGGED_IN_USER, True), ("projects", True), ("$metadata", False)]


@pytest.mark.parametrize(("status", "metadata"), [(500, False), (503, True)])
def test_a_service_that_is_down_is_no_other_service(status: int, metadata: bool) -> None:
    """A service that fails everywhere, or is only unavailable, leads to no verdict, after all patience."""
    service = failing(status, metadata=metadata)
    with pytest.raises(ServerUnavailableError, match=str(status)):
        find_generation(service, "auto")
    assert service.asked[-1][1] is False


def test_a_refused_token_is_no_verdict(fake: ModuleType) -> None:
    """Who may not ask at all learns that, and not that the service is unknown."""
    service = fake.FakeService([], answers={LOGGED_IN_USER: AuthRejectedError("401")})
    with pytest.raises(AuthRejectedError):
        find_generation(service, "auto")


def test_a_sign_in_that_may_not_use_the_api(fake: ModuleType) -> None:
    """Where the API answers 403, the scope is what to look at, and the service's own words say so."""
    service = fake.FakeService(
        [], answers={LOGGED_IN_USER: NotPermittedError("403: insufficient_scope")}, paths=frozenset()
    )
    with pytest.raises(ConfigurationError, match="insufficient_scope") as raised:
        find_generation(service, "auto")
    assert "EXEPRON_SCOPE" in raised.value.hint


def test_who_am_i(fake: ModuleType) -> None:
    """Ids become text, an account comes once; nothing personal is asked for."""
    second = {"userId": 7, "accountId": 6}
    service = fake.FakeService([], answers={LOGGED_IN_USER: [USER, second, second]})
    assert who_am_i(service, DIALECTS["g2"]) == (Me("5", "7", "3"), Me("6", "7"))
    assert service.asked == [f"{LOGGED_IN_USER}?$select=userId,accountId,roleId"]


def test_who_am_i_without_a_role(fake: ModuleType) -> None:
    """Where the role may not be selected, user and account still are."""
    fields = frozenset({"userId", "accountId"})
    service = fake.FakeService([USER], fields=fields)
    assert who_am_i(service, DIALECTS["g2"]) == (Me("5", "7"),)


def test_who_am_i_where_nobody_tells(fake: ModuleType) -> None:
    """A service without such a path, or a dialect without one, gives nobody; a strange answer is an error."""
    missing = fake.FakeService([], answers={LOGGED_IN_USER: EntitySetMissingError("404")})
    assert who_am_i(missing, DIALECTS["g2"]) == ()
    assert who_am_i(missing, DIALECTS["odata4"]) == ()
    assert len(missing.asked) == 1
    with pytest.raises(ResponseError, match="accountId"):
        who_am_i(fake.FakeService([{"name": "x"}], ignores=frozenset({"$select"})), DIALECTS["g2"])
