"""What several packages need: files written whole, tables, look-up by name, checks, command lines.

It imports nothing of ours.
"""
