"""ResNet50 on TensorFlow, with a batch normalization layer written by hand."""
