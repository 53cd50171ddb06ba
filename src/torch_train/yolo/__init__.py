"""A YOLO model of Ultralytics, used directly: the other way from photos to labels."""
