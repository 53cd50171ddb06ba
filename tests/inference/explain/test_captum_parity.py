"""The same attributions as captum, on one network in both frameworks, in float64.

Captum's trapezoid weights add up to 1 - 1/n, so its Gauss-Legendre rule is compared.
"""

import numpy as np
import pytest

from src.classic_cnn import Conv2D, GlobalAveragePool, MaxPool2D
from src.classic_nn import Dense, ReLU, Sequential
from src.inference.explain import (
    Score,
    expected_gradients,
    grad_cam,
    gradient,
    integrated_gradients,
    occlusion,
)

torch = pytest.importorskip("torch", reason="needs the extra 'torch'")
attr = pytest.importorskip("captum.attr", reason="needs captum")

CLASS = 2


@pytest.fixture
def both(rng):
    made = Sequential(
        {
            **{"conv1": Conv2D(4), "relu1": ReLU(), "pool": MaxPool2D(), "conv2": Conv2D(5)},
            **{"relu2": ReLU(), "mean": GlobalAveragePool(), "head": Dense(3)},
        }
    )
    made.build((8, 10, 3), rng, np.float64)
    module = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),
        torch.nn.Conv2d(4, 5, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.AdaptiveAvgPool2d(1),
        torch.nn.Flatten(),
        torch.nn.Linear(5, 3),
    ).double()
    with torch.no_grad():
        for name, theirs in (("conv1", module[0]), ("conv2", module[3]), ("head", module[7])):
            w, b = made[name].parameters["W"], made[name].parameters["b"]
            b[...] = rng.normal(size=b.shape)
            w = w.transpose(3, 2, 0, 1) if w.ndim == 4 else w.T
            theirs.weight.copy_(torch.tensor(w.copy()))
            theirs.bias.copy_(torch.tensor(b))
    x, baseline = rng.normal(size=(2, 8, 10, 3))
    return Score(made, np.eye(3)[CLASS]), module, x, baseline


def to_torch(x):
    channels_first = np.moveaxis(x[np.newaxis] if x.ndim == 3 else x, -1, 1)
    return torch.tensor(channels_first, requires_grad=True)


def to_ours(tensor):
    return np.moveaxis(tensor.detach().numpy()[0], 0, -1)


def test_both_compute_the_same(both):
    score, module, x, _ = both
    assert score.of(x) == pytest.approx(module(to_torch(x))[0, CLASS].item(), rel=1e-12)


def test_gradient(both):
    score, module, x, _ = both
    theirs = attr.Saliency(module).attribute(to_torch(x), target=CLASS, abs=False)
    assert np.allclose(gradient(score, x).values, to_ours(theirs), atol=1e-12)


def test_integrated_gradients(both):
    score, module, x, baseline = both
    theirs = attr.IntegratedGradients(module).attribute(
        to_torch(x), to_torch(baseline), target=CLASS, n_steps=20, method="gausslegendre"
    )
    ours = integrated_gradients(score, x, baseline, steps=20, most_steps=20)
    assert np.allclose(ours.values, to_ours(theirs), atol=1e-12)


def test_expected_gradients_have_the_moments_of_gradient_shap(both, rng):
    score, module, x, _ = both
    background = rng.normal(size=(6, 8, 10, 3))
    torch.manual_seed(0)
    state = np.random.get_state()  # noqa: NPY002  captum draws from the global generator
    theirs = attr.GradientShap(module).attribute(
        to_torch(x), to_torch(background), target=CLASS, n_samples=20_000, stdevs=0.0
    )
    np.random.set_state(state)  # noqa: NPY002
    ours = expected_gradients(score, x, background, rng, samples=20_000)
    error = np.abs(ours.values - to_ours(theirs)).mean()
    assert error < 3 * ours.figures["standard_error"]
    assert np.corrcoef(ours.values.ravel(), to_ours(theirs).ravel())[0, 1] > 0.99


@pytest.mark.parametrize(("name", "number"), [("conv2", 3), ("relu2", 4), ("relu1", 1)])
def test_grad_cam(both, name, number):
    score, module, x, _ = both
    theirs = attr.LayerGradCam(module, module[number]).attribute(
        to_torch(x), target=CLASS, relu_attributions=True
    )
    enlarged = torch.nn.functional.interpolate(theirs, (8, 10), mode="bilinear")
    assert np.allclose(grad_cam(score, x, name).values, enlarged[0, 0].detach(), atol=1e-12)


@pytest.mark.parametrize(("window", "stride"), [(2, 1), (2, 2), (4, 2)])
def test_occlusion(both, window, stride):
    score, module, x, baseline = both
    theirs = attr.Occlusion(module).attribute(
        to_torch(x),
        sliding_window_shapes=(3, window, window),
        strides=(3, stride, stride),
        baselines=to_torch(baseline),
        target=CLASS,
    )
    ours = occlusion(score, x, baseline, window, stride)
    assert np.allclose(ours.values, to_ours(theirs)[..., 0], atol=1e-12)
