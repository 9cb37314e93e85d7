"""Paging against any service: everything exactly once, or an honest doubt."""

from types import ModuleType
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from exepron_pipeline.errors import PageLoopError, RequestRejectedError
from exepron_pipeline.odata.dialect import DIALECTS
from exepron_pipeline.odata.paging import Walk
from exepron_pipeline.odata.query import KeyPart, Query
from exepron_pipeline.odata.question import Question

OPTIONS = ("$filter", "$orderby", "$skip", "$top")
ENVELOPES = {"bare": "g2", "value": "g3", "links": "odata4", "d": "odata2"}
EXAMPLES = 10 * settings.default.max_examples  # one example takes a millisecond


def _records(keys: list[Any]) -> list[dict[str, Any]]:
    return [{"a": key[0], "b": key[1]} for key in keys]


keys = st.lists(
    st.tuples(st.integers(0, 9), st.sampled_from(["", "x", "O'Brien", "or"])), unique=True, max_size=25
)


def _walk(fake: ModuleType, service: Any, size: int, **flags: Any) -> tuple[Walk[Any], list[Any]]:
    dialect = DIALECTS[ENVELOPES[service.envelope]]
    decode = fake.decoder(("a", "b"), dialect)

    parts = (KeyPart("a"), KeyPart("b", "text"))
    question = Question(service.base_url, "Things", parts, dialect, Query(**flags), size)
    walk = Walk(
        question, service.get, lambda response: decode(response.body, response.headers), service.in_flight
    )
    return walk, [key for page in walk for key in page.keys]


@settings(max_examples=EXAMPLES)
@given(
    keys=keys,
    size=st.integers(2, 12),
    cap=st.none() | st.integers(2, 12),
    in_flight=st.integers(1, 5),
    refuses=st.booleans(),
    counts=st.booleans(),
    envelope=st.sampled_from(sorted(ENVELOPES)),
)
def test_an_obedient_service_gives_every_record_once(
    fake: ModuleType,
    keys: list[Any],
    size: int,
    cap: int | None,
    in_flight: int,
    refuses: bool,
    counts: bool,
    envelope: str,
) -> None:
    """Any page size, cap, envelope and parallelism gives every record exactly once, proven, by few requests."""
    service = fake.FakeService(
        _records(keys),
        ("a", "b"),
        envelope,
        cap=cap,
        cap_refuses=refuses,
        counts=counts,
        in_flight=in_flight,
    )
    walk, got = _walk(fake, service, size)
    assert sorted(got) == sorted(keys)
    assert len(got) == len(set(got))
    assert walk.evidence in {"count", "exhausted"}
    assert walk.doubt is None
    parts = 2 * in_flight
    assert walk.asker.requests <= len(keys) // min(size, cap or size) + 5 + 3 * parts


@settings(max_examples=EXAMPLES)
@given(
    keys=keys,
    size=st.integers(1, 12),
    cap=st.none() | st.integers(1, 12),
    counts=st.booleans(),
    envelope=st.sampled_from(sorted(ENVELOPES)),
    ignores=st.frozensets(st.sampled_from(OPTIONS)),
    refuses=st.frozensets(st.sampled_from(["$filter", "$skip"])),
)
def test_a_service_that_ignores_options_causes_no_silent_loss(
    fake: ModuleType,
    keys: list[Any],
    size: int,
    cap: int | None,
    counts: bool,
    envelope: str,
    ignores: frozenset[str],
    refuses: frozenset[str],
) -> None:
    """Whatever is ignored or refused: all records, or evidence ``none`` and a reason, or an error; never a loop."""
    service = fake.FakeService(
        _records(keys), ("a", "b"), envelope, cap=cap, counts=counts, ignores=ignores, refuses=refuses
    )
    try:
        walk, got = _walk(fake, service, size)
    except (PageLoopError, RequestRejectedError):
        assert ignores | refuses
    else:
        complete = set(got) == set(keys)
        assert complete or (walk.evidence == "none" and walk.doubt)
        if walk.evidence != "none":
            assert complete
    assert len(service.asked) <= 3 * len(keys) + 12
