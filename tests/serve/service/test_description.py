"""What the service says of itself (OpenAPI) is what it does: schemathesis makes requests of it."""

import json

import pytest


def test_every_path_has_its_answers_described(served):
    found = json.loads(served.ask("/openapi.json")[2])
    assert list(found["paths"]) == [
        *("/predict", "/explain", "/models", "/health", "/ready", "/metrics"),
    ]
    for path in ("/predict", "/explain"):
        described = found["paths"][path]["post"]
        assert set(described["requestBody"]["content"]) == {
            "multipart/form-data",
            "application/json",
        }
        assert {"200", "400", "413", "415", "422", "503", "504"} <= set(described["responses"])


def test_the_example_of_the_description_is_answered(served):
    found = json.loads(served.ask("/openapi.json")[2])
    content = found["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]
    status, answer = served.ask_json(
        "/predict", json.dumps(content["example"]), {"Content-Type": "application/json"}
    )
    assert status == 200
    assert answer["predictions"][0]["image"] == "photo.png"
    assert answer["predictions"][0]["labels"]


def test_answers_are_as_they_are_described(served):
    """Every operation with requests that fit its description, and with others that do not."""
    schemathesis = pytest.importorskip("schemathesis", reason="CI installs it")
    from hypothesis import HealthCheck, Phase, given, settings

    # base64 that is no photo fits the description, and cannot be accepted
    from schemathesis.specs.openapi.checks import positive_data_acceptance as accepted

    mode = schemathesis.GenerationMode
    schema = schemathesis.openapi.from_url(f"{served.address}openapi.json")
    tried = {mode.POSITIVE: 0, mode.NEGATIVE: 0}
    for result in schema.get_all_operations():
        operation = result.ok()
        asks = operation.method.upper() == "POST"  # the others take nothing that could be wrong
        for kind in [mode.POSITIVE, mode.NEGATIVE] if asks else [mode.POSITIVE]:

            @settings(
                max_examples=40,
                deadline=None,
                derandomize=True,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy(generation_mode=kind))
            def ask(case):
                tried[kind] += 1  # noqa: B023  it runs within the loop
                case.call_and_validate(excluded_checks=[accepted])

            ask()
    assert tried[mode.POSITIVE] > 50
    assert tried[mode.NEGATIVE] > 50
