"""One run of a recipe: training, evaluation, files, report."""
