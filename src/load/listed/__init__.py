"""Data sets whose images are listed in a table, a CSV file."""
