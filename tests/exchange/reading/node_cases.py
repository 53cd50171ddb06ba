"""The backend node tests of ONNX as files with one computed input and constants."""

import warnings
from pathlib import Path

import numpy as np

from src.exchange.reading.operators import OPERATORS


def read_tensor(path):
    import onnx

    return onnx.numpy_helper.to_array(onnx.load_tensor(path))


def data_of(test):
    """Inputs and outputs of a case."""
    if test.data_sets is not None:
        return test.data_sets[0]
    folders = (
        sorted(Path(test.model_dir).glob(f"*_0/{kind}_*.pb")) for kind in ("input", "output")
    )
    return tuple([read_tensor(path) for path in paths] for paths in folders)


def load_cases():
    """{name: (model, input, outputs)} of all cases of the operators that are read, with images or
    features; the first input is given, the others are constants."""
    import onnx
    from onnx.backend.test.loader import load_model_tests

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # making the cases of other operators overflows
        tests = [*load_model_tests(kind="node"), *load_model_tests(kind="pytorch-converted")]
    cases = {}
    for test in tests:
        model = onnx.ModelProto()
        model.CopyFrom(test.model or onnx.load(Path(test.model_dir, "model.onnx")))
        operators = {node.op_type for node in model.graph.node} - {"Constant"}
        if not operators or not operators <= set(OPERATORS):
            continue
        inputs, outputs = data_of(test)
        known = {array.name for array in model.graph.initializer}
        given = [value for value in model.graph.input if value.name not in known]
        x = np.asarray(inputs[0]) if inputs else np.zeros(0)
        if x.ndim not in (2, 4) or x.dtype.kind != "f":
            continue
        for value, array in zip(given[1:], inputs[1:], strict=False):
            model.graph.initializer.append(
                onnx.numpy_helper.from_array(np.asarray(array), value.name)
            )
        cases[test.name] = (model, x, outputs)
    return cases
