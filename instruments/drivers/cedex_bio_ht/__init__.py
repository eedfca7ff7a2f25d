"""Cedex Bio HT: result files of the metabolite analyser."""
