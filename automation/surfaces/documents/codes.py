"""Codes that a scanner reads: Data Matrix as SVG.

Source: ISO/IEC 16022 (Data Matrix), written by zxing-cpp.
"""


def data_matrix(text: str) -> str:
    """Give a Data Matrix code of ASCII text as SVG text."""
    import zxingcpp  # noqa: PLC0415  only needed here

    return str(zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.DataMatrix, force_square=True).to_svg())
