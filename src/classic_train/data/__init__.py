"""The data of the recipes, in splits for training, validation and test."""
