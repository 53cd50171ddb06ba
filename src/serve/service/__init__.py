"""A trained model as a service: photos in by HTTP, answers out, and a page for people."""
