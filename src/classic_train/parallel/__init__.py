"""Threads, processes and machines that train together."""
