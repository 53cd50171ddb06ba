"""A saved model on photos: names, probabilities, and one answer for each image."""

import re

import numpy as np
import pytest
from PIL import Image

from src.classic_cnn.architectures import lenet, photo_cnn, small_cnn, tiny_vgg
from src.classic_nn import Dense, Sequential, SoftmaxCrossEntropy
from src.classic_nn.serialization import SavedModel, TensorFileError, save_model, write_tensor_file
from src.classic_nn.utils import predict_probabilities
from src.inference import Classifier, load_model
from src.load import ImageArrays, ImageFiles, UnreadableDataError, open_image
from src.load.transforms import (
    Compose,
    Grayscale,
    Resize,
    ToFloat,
    transform_config,
    transform_from_config,
)
from tests.inference.models import network, saved, write
from tests.load.photos import folder_of, photo, save


@pytest.fixture
def files(tmp_path):
    folder_of(tmp_path / "photos", {"a": 7})
    return sorted((tmp_path / "photos" / "a").iterdir())


def by_hand(model, paths):
    """What the network says, with the preprocessing done here."""
    transform = transform_from_config(model.preprocessing["transform"])
    x = np.stack([transform(open_image(path), np.random.default_rng(0)) for path in paths])
    return predict_probabilities(model.network, SoftmaxCrossEntropy(), x)


def test_predictions_are_those_of_the_network(tmp_path, files):
    model = saved()
    save_model(tmp_path / "m.safetensors", model)
    predictions = load_model(tmp_path / "m.safetensors").predict(files)
    expected = by_hand(model, files)
    for prediction, row, path in zip(predictions, expected, files, strict=True):
        assert prediction.name == str(path)
        assert prediction.labels == (["cat", "dog", "owl"][row.argmax()],)
        assert list(prediction.probabilities) == ["cat", "dog", "owl"]
        np.testing.assert_allclose(list(prediction.probabilities.values()), row, rtol=1e-5)


def test_paths_pictures_and_arrays_are_the_same(files):
    classifier = Classifier(saved())
    pictures = [open_image(path) for path in files]
    arrays = [np.asarray(picture) for picture in pictures]
    from_files, from_pictures, from_arrays = (
        [p.probabilities for p in classifier.predict(images)]
        for images in (files, pictures, arrays)
    )
    assert from_files == from_pictures == from_arrays
    assert [p.probabilities for p in classifier.predict(np.stack(arrays))] == from_files
    assert classifier.predict(arrays[0])[0].probabilities == from_files[0]
    assert classifier.predict(str(files[0]))[0].probabilities == from_files[0]


def test_prepared_arrays_are_taken_as_they_are(files):
    classifier = Classifier(saved())
    x = np.stack([classifier.prepare(open_image(path)) for path in files])
    assert [p.probabilities for p in classifier.predict(x)] == [
        p.probabilities for p in classifier.predict(files)
    ]
    assert len(classifier.predict(x[0])) == 1


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "CMYK", "I;16", "1"])
def test_any_mode_and_size(mode, tmp_path):
    classifier = Classifier(saved())
    if mode == "I;16":
        picture = Image.fromarray((np.arange(600).reshape(20, 30) * 100).astype(np.uint16))
    else:
        picture = photo(3, 31, 57).convert(mode)
    (prediction,) = classifier.predict(picture)
    assert prediction.error == ""
    grey = np.asarray(photo(3).convert("L"))
    assert classifier.predict([grey])[0].error == ""


def test_an_unreadable_image_has_an_error_and_the_others_an_answer(tmp_path, files):
    (tmp_path / "broken.png").write_bytes(files[0].read_bytes()[:60])
    everything = [files[0], tmp_path / "broken.png", tmp_path / "none.png", files[1]]
    predictions = Classifier(saved()).predict(everything)
    assert [bool(p.error) for p in predictions] == [False, True, True, False]
    assert "broken.png" in predictions[1].error
    assert predictions[1].probabilities is None
    alone = Classifier(saved()).predict([files[0], files[1]])
    assert [predictions[0], predictions[3]] == alone


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_numbers_do_not_depend_on_threads(threads):
    x = np.random.default_rng(1).integers(0, 256, (700, 20, 20, 3), dtype=np.uint8)
    source = ImageArrays(x)
    answers = Classifier(saved(), threads).probabilities(source, np.arange(700))
    assert np.array_equal(answers, Classifier(saved(), 2).probabilities(source, np.arange(700)))
    order = np.random.default_rng(2).permutation(700)
    shuffled = Classifier(saved(), threads).probabilities(source, order)
    assert np.array_equal(shuffled, answers[order])


@pytest.mark.parametrize("make", [tiny_vgg, small_cnn, photo_cnn, lenet])
def test_a_photo_alone_gets_the_bits_that_it_gets_among_others(make):
    made = make(5)
    made.build((32, 32, 3), np.random.default_rng(0))
    made.parameters.vector += np.random.default_rng(1).normal(0, 0.05, made.parameters.vector.shape)
    steps = transform_config(Compose([Resize((32, 32)), ToFloat()]))
    classifier = Classifier(SavedModel(made, "multi_class", list("abcde"), {"transform": steps}))
    photos = [photo(k) for k in range(21)]
    together = classifier.predict(photos)
    for k in (0, 3, 7, 8, 20):
        assert classifier.predict(photos[k])[0].probabilities == together[k].probabilities
    backwards = classifier.predict(photos[::-1])
    assert [p.probabilities for p in backwards[::-1]] == [p.probabilities for p in together]


def test_binary_models_answer_no_or_yes(files):
    for names, classes in ((["bad", "good"], ["bad", "good"]), (["good"], ["not good", "good"])):
        classifier = Classifier(saved("binary", names))
        assert classifier.classes == classes
        for prediction in classifier.predict(files):
            no, yes = prediction.probabilities.values()
            assert no + yes == pytest.approx(1)
            assert prediction.labels == (classes[int(yes >= 0.5)],)
        assert {p.labels for p in classifier.predict(files, threshold=0.0)} == {(classes[1],)}
        assert {p.labels for p in classifier.predict(files, threshold=1.0)} == {(classes[0],)}


def test_the_threshold_is_that_of_the_model(tmp_path, files):
    path = write(tmp_path / "m.safetensors", task="binary", names=["no", "yes"], threshold=1.0)
    assert load_model(path).threshold == 1.0
    assert {p.labels for p in load_model(path).predict(files)} == {("no",)}


def test_several_labels_or_none(files):
    classifier = Classifier(saved("multi_label"))
    assert {p.labels for p in classifier.predict(files, 0.0)} == {("cat", "dog", "owl")}
    assert {p.labels for p in classifier.predict(files, 1.0)} == {()}


def test_a_source_raises_at_an_unreadable_image(tmp_path, files):
    files[2].write_bytes(b"none")
    with pytest.raises(UnreadableDataError, match=files[2].name):
        Classifier(saved()).probabilities(ImageFiles(files), np.arange(7))


def test_no_images_no_answers():
    assert Classifier(saved()).predict([]) == []


USER_ERRORS = {
    "missing": "no such file",
    "checkpoint": "holds a checkpoint, expected a model",
    "regression": "a model for regression does not classify",
    "unknown transform": "unknown transform 'Blur'",
    "wrong setting": "Resize: .*colour",
}


@pytest.mark.parametrize("kind", USER_ERRORS)
def test_files_that_are_no_classifier(kind, tmp_path):
    path = tmp_path / "m.safetensors"
    if kind == "checkpoint":
        write_tensor_file(path, {"a": np.ones(2)}, {"kind": "checkpoint"})
    elif kind == "regression":
        save_model(path, SavedModel(saved().network, "regression"))
    elif kind == "unknown transform":
        save_model(
            path,
            SavedModel(
                saved().network, "multi_class", list("abc"), {"transform": [{"name": "Blur"}]}
            ),
        )
    elif kind == "wrong setting":
        steps = {"transform": [{"name": "Resize", "size": 3, "colour": 1}]}
        save_model(path, SavedModel(saved().network, "multi_class", list("abc"), steps))
    with pytest.raises(TensorFileError, match=USER_ERRORS[kind]):
        load_model(path)


def test_a_model_that_takes_no_images_says_so(tmp_path):
    points = Sequential([Dense(1)])
    points.build((2,), np.random.default_rng(0))
    classifier = Classifier(SavedModel(points, "binary", ["inside"]))
    (prediction,) = classifier.predict(save(tmp_path / "a.png"))
    assert prediction.error == f"{tmp_path / 'a.png'}: this model takes (2) numbers, not images"
    assert len(classifier.predict(np.ones((3, 2), np.float32))) == 3


def test_threads_are_checked():
    with pytest.raises(ValueError, match="threads: expected 1 or more, got 0"):
        Classifier(saved(), threads=0)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((16, 16, 3), np.int64), "expected 8-bit levels, or floats that are prepared"),
        (np.zeros((16, 16, 3), bool), "got an array of bool"),
        (np.full((16, 16, 3), np.nan, np.float32), "not finite"),
        (np.zeros((16, 16, 4, 2), np.uint8), "expected an image"),
        (np.zeros((5, 16, 3), np.float32), "expected an input of shape"),
    ],
)
def test_arrays_that_are_neither_images_nor_prepared(array, message):
    (prediction,) = Classifier(saved()).predict([array])
    assert message in prediction.error
    assert prediction.error.startswith("[0]: ")


def test_class_names_fit_the_outputs():
    nameless = Classifier(SavedModel(saved().network, "multi_class"))
    assert nameless.classes == ["class 0", "class 1", "class 2"]
    with pytest.raises(ValueError, match="2 class names do not fit 3 outputs"):
        Classifier(SavedModel(saved().network, "multi_class", ["a", "b"]))


def grey_model():
    made = network(3, size=28, channels=1)
    steps = transform_config(Compose([Grayscale(), Resize((28, 28)), ToFloat()]))
    return Classifier(SavedModel(made, "multi_class", list("abc"), {"transform": steps}))


LEVELS = np.random.default_rng(0).integers(0, 256, (5, 28, 28), dtype=np.uint8)

ARRAYS = {
    "images": list(LEVELS),
    "samples, height, width": LEVELS,
    "samples, height, width, 1": LEVELS[..., np.newaxis],
    "samples, height, width, 3": np.repeat(LEVELS[..., np.newaxis], 3, axis=3),
    "floats": (LEVELS / 255).astype(np.float32),
    "floats with channels": (LEVELS / 255).astype(np.float32)[..., np.newaxis],
}


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_of_several_images(name):
    classifier = grey_model()
    expected = classifier.predict([Image.fromarray(levels) for levels in LEVELS])
    answers = classifier.predict(ARRAYS[name])
    assert len(answers) == 5
    for answer, reference in zip(answers, expected, strict=True):
        assert answer.error == ""
        assert answer.probabilities == pytest.approx(reference.probabilities, abs=1e-5)
    one = ARRAYS[name][0]
    assert classifier.predict(one)[0].probabilities == answers[0].probabilities


REFUSED = {
    "flat": (LEVELS[0].ravel(), r"such as \(28, 28\) or \(28, 28, 1\).*got \(784,\)"),
    "several flat": (LEVELS.reshape(5, -1), r"got \(5, 784\)"),
    "a flat column": (LEVELS[0].reshape(-1, 1), r"got \(784, 1\)"),
    "flat colours": (np.zeros((5, 3 * 784), np.uint8), r"got \(5, 2352\)"),
    "two channels": (np.zeros((28, 28, 2), np.uint8), r"got \(28, 28, 2\)"),
    "channels first": (LEVELS[:, np.newaxis], r"got \(5, 1, 28, 28\); channels come last"),
    "levels as floats": (LEVELS.astype(np.float32), "give levels from 0 to 255 as 8-bit"),
    "whole numbers": (LEVELS.astype(np.int64), "got an array of int64"),
    "lists": (LEVELS[0].tolist(), "got an array of int64"),
    "not finite": (np.full((28, 28), np.nan), "not finite"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_arrays_that_are_no_images_are_refused_with_the_shape_that_is_wanted(name):
    array, message = REFUSED[name]
    for answer in grey_model().predict(array):
        assert re.search(message, answer.error)
        assert answer.labels == ()


def test_what_is_nothing_of_the_kind():
    with pytest.raises(TypeError, match="expected images, paths or arrays, got NoneType"):
        grey_model().predict(None)
    assert grey_model().predict([]) == []
    assert "bytes" in grey_model().predict(b"abc")[0].error


def test_colour_models_take_grey_images_and_refuse_channels_first(files):
    classifier = Classifier(saved())
    assert len(classifier.predict(LEVELS)) == 5
    assert classifier.predict(np.repeat(LEVELS[0][..., np.newaxis], 3, axis=2))[0].error == ""
    (answer,) = classifier.predict(np.zeros((3, 16, 16), np.uint8))
    assert "channels come last" in answer.error
    content = classifier.predict(files[0].read_bytes())
    assert content[0].probabilities == classifier.predict(files[0])[0].probabilities


def test_two_classes_of_one_name_are_told_apart(files):
    classifier = Classifier(saved(names=["crane", "crane", "owl"]))  # of an older version
    assert list(classifier.predict(files)[0].probabilities) == ["crane (0)", "crane (1)", "owl"]
