"""Requests made up from the description of the API, right ones and wrong ones: no answer is a 500."""

from __future__ import annotations

import schemathesis
from calling import call, server
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error


def test_nothing_is_a_server_error() -> None:
    with server() as address:
        schema = schemathesis.openapi.from_dict(call(address, "GET", "/openapi.json").json)
        operations = [found.ok() for found in schema.get_all_operations()]
        assert len(operations) >= 6
        seen = set()
        for operation in operations:

            @settings(max_examples=20, suppress_health_check=list(HealthCheck))
            @given(
                st.one_of(
                    operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
                    operation.as_strategy(generation_mode=GenerationMode.NEGATIVE),
                )
            )
            def check(case: schemathesis.Case) -> None:
                answer = case.call_and_validate(base_url=address, checks=[not_a_server_error])
                seen.add(answer.status_code)

            check()
    assert {200, 400, 404} <= seen
