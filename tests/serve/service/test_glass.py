"""Questions of the glass box, to a server in a process of its own."""

import base64
import json
import re
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from src.classic_nn.serialization import load_model
from src.inference.classifier import Classifier
from tests.load.photos import save
from tests.serve.process import Served, run
from tests.serve.service.conftest import needs_packages
from tests.serve.service.glass_models import CLASSES


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    return save(tmp_path_factory.mktemp("photo") / "0.png", 5, width=30, height=26)


def ask(served, what, **more):
    body = json.dumps({"what": what, **more}).encode()
    return served.ask_json("/glass/ask", body)


def unpacked(value):
    kinds = {"f4": "<f4", "u1": "u1", "i4": "<i4"}
    array = np.frombuffer(base64.b64decode(value["data"]), kinds[value["type"]])
    return array.reshape(value["shape"])


@pytest.fixture(scope="module")
def x(glass, photo):
    status, found = ask(glass, "prepare", photo=base64.b64encode(photo.read_bytes()).decode())
    assert status == 200, found
    return found["x"]


def test_a_photo_becomes_the_input_that_predict_gives_it(folder, photo, x, glass):
    from src.load.images import open_image

    classifier = Classifier(load_model(folder / "model.safetensors"))
    np.testing.assert_array_equal(unpacked(x), classifier.prepare(open_image(photo)))
    status, found = ask(glass, "forward", x=x)
    assert status == 200
    (answer,) = glass.predict((photo.name, photo.read_bytes()))[1]["predictions"]
    np.testing.assert_allclose(
        unpacked(found["probabilities"]), [answer["probabilities"][c] for c in CLASSES], rtol=1e-5
    )
    assert found["labels"] == answer["labels"]


def test_the_diagram_says_how_training_went(glass):
    status, found = ask(glass, "network")
    assert status == 200
    assert found["epochs"] == [1, 2, 3]
    assert found["curves"]["cost"] == [[1, 1.0], [2, 0.5], [3, pytest.approx(1 / 3)]]
    assert found["findings"] == [{"epoch": 2, "text": "epoch 2: dead ReLU in relu: 54%"}]
    assert {"Add", "Concatenate", "Mean", "Multiply"} <= {n["operation"] for n in found["nodes"]}


def test_each_epoch_answers_with_its_own_model(glass, folder, x):
    for epoch in (1, 2, 3, None):
        name = "model" if epoch is None else f"epochs/epoch-{epoch:04d}"
        network = load_model(folder / f"{name}.safetensors").network
        expected = network.forward(unpacked(x)[np.newaxis])[0][0]
        _, found = ask(glass, "probabilities", x=x, epoch=epoch)
        np.testing.assert_allclose(unpacked(found["logits"]), expected, rtol=1e-4, atol=1e-5)


def test_numbers_of_every_operation_add_up_both_ways(glass, x):
    _, diagram = ask(glass, "network")
    rng = np.random.default_rng(0)
    for node in diagram["nodes"]:
        place = [int(rng.integers(size)) for size in node["shape"]]
        for what in ("value", "gradient"):
            status, found = ask(glass, what, x=x, path=node["path"], place=place, chosen=[1])
            assert status == 200, found
            assert found["total"] == pytest.approx(found["value"], rel=1e-5, abs=1e-6)
        for name in node["arrays"] if node["trained"] else ():
            if not name.startswith("running"):
                place = [int(rng.integers(size)) for size in node["arrays"][name]]
                settings = {"path": node["path"], "name": name, "place": place}
                status, found = ask(glass, "weight", x=x, chosen=[1], optimizer="adam", **settings)
                assert status == 200, found
                assert found["total"] == pytest.approx(found["value"], rel=1e-4, abs=1e-6)
                assert found["step"][-1][0] == "w - step"


def test_changes_and_steps(glass, x):
    _, plain = ask(glass, "probabilities", x=x)
    changes = {"occlude": [0, 0, 1, 0.5], "rotate": 20, "dropped": {"relu": [1, 2]},
               "weights": [["conv", "b", [0], 3.0]]}  # fmt: skip
    _, changed = ask(glass, "forward", x=x, changes=changes)
    assert (unpacked(changed["logits"]) != unpacked(plain["logits"])).all()
    _, again = ask(glass, "probabilities", x=x)
    assert again == plain
    status, step = ask(glass, "step", x=x, chosen=[2], optimizer="sgd", rate=0.01)
    assert status == 200
    assert step["loss"][1] < step["loss"][0]


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ({"what": "everything"}, "what: expected one of network"),
        ({"what": "forward"}, "x: expected the prepared photo"),
        ({"what": "prepare", "photo": "%%%"}, "the photo is no base64"),
        ({"what": "prepare", "photo": "", "invert": "yes"}, "invert: expected true or false"),
        ({"what": "maps", "path": "conv", "of": "weights"}, "of: expected values or gradients"),
        ({"what": "last_step", "number": 3}, "expected a class below 3, got 3"),
        ({"what": "prepare", "photo": base64.b64encode(b"no photo").decode()}, "the photo"),
        ({"what": "value", "path": "nowhere", "place": [0]}, "has no such operation"),
        ({"what": "value", "path": "conv", "place": [99, 0, 0]}, "expected a place within"),
        ({"what": "value", "path": "conv", "place": [0.5, 0, 0]}, "expected a whole number"),
        ({"what": "value", "path": "conv", "place": [-1, 0, 0]}, "expected a place within"),
        ({"what": "weight", "path": "relu", "name": "W", "place": [0]}, "weight: "),
        ({"what": "weight", "path": "conv", "name": "x", "place": [0]}, "weight: "),
        ({"what": "channel", "path": "conv", "channel": 99}, "expected a channel below 8"),
        ({"what": "channel", "path": "conv", "of": "dreams"}, "of: expected values or gradients"),
        ({"what": "backward", "chosen": [7]}, "expected numbers from 0 to 2"),
        ({"what": "backward", "chosen": [0, 1]}, "expected one class"),
        ({"what": "step", "optimizer": "luck"}, "optimizer: expected one of"),
        ({"what": "step", "rate": -1}, "rate: expected a number from"),
        ({"what": "forward", "changes": {"shift": [1]}}, "shift: expected a list"),
        ({"what": "forward", "changes": {"noise": "much"}}, "noise: expected a number"),
        ({"what": "forward", "changes": {"magic": 1}}, "changes: expected dropped"),
        ({"what": "forward", "changes": {"weights": [["conv", "W", [9, 9, 9, 9], 1.0]]}}, "within"),
        ({"what": "forward", "changes": {"weights": [["nowhere", "W", [0], 1.0]]}}, "nowhere"),
        ({"what": "forward", "changes": {"dropped": {"conv": [99]}}}, "forward: "),
        ({"what": "forward", "epoch": 9}, "there is no model of epoch 9"),
        ({"what": "forward", "epoch": "last"}, "epoch: expected a whole number"),
    ],
)
def test_a_wrong_question_gets_one_line(glass, x, question, said):
    given = {} if question == {"what": "forward"} else {"x": x}
    status, found = ask(glass, **{**given, **question})
    assert status == 422, found
    assert said in found["error"]
    assert "\n" not in found["error"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"[" * 100_000])
def test_a_body_that_is_no_question(glass, body):
    status, found = glass.ask_json("/glass/ask", body, method="POST")
    assert status == 422
    assert "\n" not in found["error"]


def test_an_input_of_another_size_or_with_nan_is_refused(glass, x):
    short = {**x, "data": x["data"][:400]}
    wild = unpacked(x).copy()
    wild[0, 0, 0] = np.nan
    nan = {**x, "data": base64.b64encode(wild.tobytes()).decode()}
    for given, said in ((short, "expected 1,200 numbers"), (nan, "not finite")):
        status, found = ask(glass, "forward", x=given)
        assert status == 422
        assert said in found["error"]


def memory(served):
    total = 0
    for number in served.workers():
        with open(f"/proc/{number}/status") as file:
            total += int(re.search(r"VmRSS:\s+(\d+)", file.read())[1])
    return total / 1024


def test_memory_stays_flat(glass, x):
    def question(number):
        rng = np.random.default_rng(number)
        given = unpacked(x) + rng.normal(size=unpacked(x).shape).astype(np.float32)
        packed = {**x, "data": base64.b64encode(given.astype("<f4").tobytes()).decode()}
        return ask(glass, "backward", x=packed, epoch=number % 3 + 1)[0]

    with ThreadPoolExecutor(8) as people:  # so that both workers are asked
        # until each worker keeps all that it may, however the questions are divided among them
        assert set(people.map(question, range(400))) == {200}
        before = memory(glass)
        assert set(people.map(question, range(400, 1200))) == {200}
    assert memory(glass) < before + 10


def test_without_the_option_there_is_none(served):
    assert served.ask("/glass")[0] == 404
    assert served.ask_json("/glass/ask", b"{}")[0] == 404


def test_the_token_is_asked_for(folder, tmp_path):
    needs_packages()
    token = tmp_path / "token"
    token.write_text("a-long-enough-token")
    token.chmod(0o600)
    served = Served(tmp_path / "out", folder, "--glass", "--token-file", token)
    try:
        assert served.ask("/glass")[0] == 200
        body = b'{"what": "network"}'
        assert served.ask("/glass/ask", body)[0] == 401
        right = {"Authorization": "Bearer a-long-enough-token"}
        assert served.ask("/glass/ask", body, right)[0] == 200
    finally:
        served.kill()


def test_a_folder_without_a_model_is_one_line(tmp_path):
    status, said = run(tmp_path, "--glass")
    assert status == 2
    assert "expected model files, directories of runs" in said
    assert len(said.splitlines()) == 1
