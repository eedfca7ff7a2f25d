"""Vi-CELL XR: result files of the cell counter, as text and as workbook."""
