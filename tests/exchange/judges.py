"""Those who say what an ONNX file computes: onnxruntime, and the standard's own evaluator."""

import numpy as np


def by_onnxruntime(model, x):
    import onnxruntime

    onnxruntime.set_default_logger_severity(4)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return session.run(None, {session.get_inputs()[0].name: x})[0]


def by_reference(model, x):
    from onnx.reference import ReferenceEvaluator

    return ReferenceEvaluator(model).run(None, {model.graph.input[0].name: x})[0]


def checked(model):
    import onnx

    onnx.checker.check_model(model, full_check=True)
    return model


def first(x):
    """(samples, height, width, channels) with the channels first."""
    return np.ascontiguousarray(np.moveaxis(x, -1, 1)) if x.ndim == 4 else x


def last(y):
    return np.moveaxis(y, 1, -1) if y.ndim == 4 else y
