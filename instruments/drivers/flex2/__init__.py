"""BioProfile FLEX2: result files of the metabolite and blood-gas analyser."""
