"""The glass box: every number on the way of a photo through a network, and of the gradient back."""
