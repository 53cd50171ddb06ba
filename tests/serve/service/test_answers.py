"""What the service answers: predictions, explanations, models, and its own state."""

import base64
import io
import json
import re
import threading

import numpy as np
import pytest
from PIL import Image

from src.inference.__main__ import main as inference
from src.inference.classifier import load_model
from tests.programs import run_main
from tests.serve.process import form

NO_IMAGE = "note.txt: is no image but a text file named .txt"


def printed(model, photos, *options):
    """What ``predict --json`` prints of photos, by name."""
    arguments = ["predict", model, *photos, "--json", *options]
    status, output, _ = run_main(inference, photos[0].parent, *arguments)
    assert status == 0
    lines = [json.loads(line) for line in output.splitlines()]
    return [{**line, "image": line["image"].rpartition("/")[2]} for line in lines]


def contents(photos):
    return [(photo.name, photo.read_bytes()) for photo in photos]


@pytest.mark.parametrize("name", ["animals", "labels", "yes"])
def test_answers_are_those_of_predict_bit_for_bit(served, runs, photos, name):
    expected = printed(runs / name / "model.safetensors", photos)
    status, found = served.predict(*contents(photos), path=f"/predict?model={name}")
    assert status == 200
    assert found == {"model": name, "predictions": expected}
    body = json.dumps(
        {"images": [{"name": n, "data": base64.b64encode(c).decode()} for n, c in contents(photos)]}
    )
    kind = {"Content-Type": "application/json"}
    assert served.ask_json(f"/predict?model={name}", body, kind) == (200, found)


def test_text_of_an_answer_is_that_of_predict(served, models, photos):
    _, output, _ = run_main(inference, photos[0].parent, "predict", models[0], "0.jpg", "--json")
    body, kind = form(*contents(photos[:1]))
    _, _, content = served.ask("/predict", body, kind)
    assert output.strip() in content.decode()


def test_many_clients_at_once_get_the_same_bits(served, models, photos):
    expected = printed(models[0], photos)
    wrong = []

    def client(k):
        for turn in range(15):
            which = (k + turn) % len(photos)
            _, found = served.predict(*contents(photos[which : which + 1]))
            if found["predictions"] != expected[which : which + 1]:
                wrong.append(found)

    threads = [threading.Thread(target=client, args=(k,)) for k in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_settings_of_a_request_are_used(served, runs, photos):
    for options in (["--threshold", "0.05"], ["--threshold", "0.95"], ["--reject-below", "0.9"]):
        expected = printed(runs / "labels" / "model.safetensors", photos, *options)
        setting = options[0].removeprefix("--").replace("-", "_")
        path = f"/predict?model=labels&{setting}={options[1]}"
        assert served.predict(*contents(photos), path=path)[1]["predictions"] == expected
    assert "retake" in str(served.predict(*contents(photos), path="/predict?model=yes")[1])


def test_a_photo_that_cannot_be_read_is_told_from_the_others(served, photos):
    bad = [("note.txt", b"no photo"), ("empty.png", b"")]
    status, found = served.predict(*contents(photos[:1]), *bad)
    assert status == 200
    first, second, third = found["predictions"]
    assert first["labels"]
    assert second == {"image": "note.txt", "error": NO_IMAGE}
    assert third["error"] == "empty.png: is empty"
    status, found = served.predict(*bad)
    assert (status, found["error"]) == (422, found["predictions"][0]["error"])
    assert [set(one) for one in found["predictions"]] == [{"image", "error"}] * 2


def test_what_a_part_says_of_its_content_is_not_believed(served, photos):
    body, kind = form(*contents(photos[:1]), kind="text/html")
    assert served.ask_json("/predict", body, kind)[0] == 200


@pytest.mark.parametrize(
    ("path", "said", "status"),
    [
        ("/predict?model=cow", "no model 'cow': expected one of animals, labels, yes", 404),
        ("/predict?threshold=0.3", "gives the most probable of several classes", 422),
        ("/predict?model=labels&threshold=7", "threshold: Input should be less than", 422),
        ("/predict?model=labels&threshold=nan", "threshold: Input should be a finite", 422),
        ("/explain?class=cow", "unknown class 'cow'", 422),
        ("/explain?method=magic", "method: Input should be", 422),
        ("/explain?method=expected_gradients", "does not suit this model", 422),
        ("/explain?class=cat&against=cat", "is the class that is explained", 422),
        ("/explain?method=grad_cam&layer=none", "none", 422),
        ("/nowhere", "Not Found", 404),
    ],
)
def test_mistakes_get_one_line(served, photos, path, said, status):
    found_status, found = served.predict(*contents(photos[:1]), path=path)
    assert (found_status, list(found)) == (status, ["error"])
    assert said in found["error"]
    assert "\n" not in found["error"]


@pytest.mark.parametrize(
    ("body", "kind", "status", "said"),
    [
        (b"x", "text/plain", 415, "expected multipart/form-data"),
        (b"{", "application/json", 400, "the body is no JSON"),
        (b"[" * 100_000, "application/json", 400, "the body is no JSON"),
        (b"[1]", "application/json", 422, 'expected {"images": [...]}'),
        (b'{"images": []}', "application/json", 400, "has no photos"),
        (b'{"images": [3]}', "application/json", 422, "image 1: expected base64"),
        (b'{"images": ["%%"]}', "application/json", 422, "image 1: is no base64"),
        (b"x", "multipart/form-data", 400, "the form cannot be read"),
        (b"x", "multipart/form-data; boundary=b", 400, "the form cannot be read"),
        (form(("a", b"b"), field="other")[0], None, 400, "expected a field 'files'"),
        (
            form(*[("", b"b")] * 9)[0].replace(b'; filename=""', b""),
            None,
            400,
            "the form cannot be read: Too many fields",
        ),
    ],
)
def test_bodies_that_hold_no_photos(served, body, kind, status, said):
    kind = kind or form()[1]["Content-Type"]
    found_status, found = served.ask_json("/predict", body, {"Content-Type": kind})
    assert found_status == status
    assert said in found["error"]


def test_an_explanation_is_that_of_the_library(served, models, photos):
    name, content = contents(photos[:1])[0]
    status, found = served.predict(
        (name, content), path="/explain?method=occlusion&class=dog&baseline=black"
    )
    (expected,) = load_model(models[0]).explain(
        [content], "occlusion", class_name="dog", baseline="black"
    )
    assert status == 200
    assert found["explained"] == "dog"
    assert found["logit"] == pytest.approx(expected.score, rel=1e-6)
    assert found["baseline_logit"] == pytest.approx(expected.baseline_score, rel=1e-6)
    assert found["figures"] == expected.figures
    heat = np.asarray(Image.open(io.BytesIO(base64.b64decode(found["heat"]))))
    photo = Image.open(io.BytesIO(base64.b64decode(found["photo"])))
    assert photo.mode == "RGB"
    assert heat.shape == (*photo.size[::-1], 4)
    # the colour of the strongest place says for or against, as the values do
    row, column = np.unravel_index(np.abs(expected.heat).argmax(), expected.heat.shape)
    times = heat.shape[0] // 16
    red, _, blue, clear = heat[row * times + times // 2, column * times + times // 2].astype(int)
    assert clear > 150
    assert (red > blue) == (expected.heat[row, column] > 0)


def test_settings_of_an_explanation_are_used(served, photos):
    photo = contents(photos[:1])[0]

    def figures(path):
        return served.predict(photo, path=path)[1]["figures"]

    assert figures("/explain?steps=7")["steps"] == 7
    assert figures("/explain?method=shap&coalitions=700")["coalitions"] in range(690, 710)
    assert figures("/explain?method=grad_cam&layer=relu1")["layer"] == "relu1"
    status, against = served.predict(photo, path="/explain?class=cat&against=owl")
    assert (status, against["explained"]) == (200, "cat against owl")


def test_the_sheet_of_an_explanation_is_a_picture(served, photos):
    body, kind = form(*contents(photos[:1]))
    status, headers, content = served.ask("/explain?method=grad_cam&format=png", body, kind)
    assert (status, headers["content-type"]) == (200, "image/png")
    assert Image.open(io.BytesIO(content)).width > 600


def test_only_one_photo_is_explained_at_a_time(served, photos):
    status, found = served.predict(*contents(photos[:2]), path="/explain")
    assert (status, found["error"]) == (422, "2 photos, expected one at a time")


def test_models_have_cards(served):
    status, found = served.ask_json("/models")
    animals, labels, yes = found["models"]
    assert status == 200
    assert (animals["name"], animals["classes"]) == ("animals", ["cat", "dog", "owl"])
    assert (animals["threshold"], labels["threshold"], yes["reject_below"]) == (None, 0.4, 0.999)
    assert animals["trained_on"]["description"] == "photos of animals"
    assert animals["evaluation"]["right"]["low_95"] == 0.77
    assert labels["evaluation"] is None
    assert "expected_gradients" not in animals["methods"]


def test_state_and_counts(served, photos):
    def counted(name):
        text = served.ask("/metrics")[2].decode()
        return sum(float(v) for v in re.findall(rf"^{re.escape(name)} (\S+)$", text, re.M))

    requests = 'classic_nn_requests_total{path="/predict",status="200"}'
    answered = 'classic_nn_photos_total{model="animals",outcome="answered"}'
    unreadable = 'classic_nn_photos_total{model="animals",outcome="unreadable"}'
    before = [counted(name) for name in (requests, answered, unreadable)]
    served.predict(*contents(photos[:3]), ("x", b"x"))
    after = [counted(name) for name in (requests, answered, unreadable)]
    assert [b - a for a, b in zip(before, after, strict=True)] == [1, 3, 1]
    assert served.ask_json("/health") == (200, {"status": "ok"})
    assert served.ask_json("/ready") == (200, {"status": "ready"})
    served.ask("/some/where/else")
    text = served.ask("/metrics")[2].decode()
    assert "else" not in text
    assert 'path="other",status="404"' in text


def test_nothing_of_a_photo_is_logged(served, photos):
    served.predict(("secret-name.jpg", photos[0].read_bytes()), ("broken-name.jpg", b"x"))
    served.predict(("secret-name.jpg", b"x"), path="/explain")
    assert "name.jpg" not in served.output.read_text()
