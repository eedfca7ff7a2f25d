"""NucleoView: result files of the cell counter NucleoCounter NC-200."""
