"""Networks in other people's formats: ONNX."""
