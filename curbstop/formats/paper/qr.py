"""QR codes as SVG, in memory."""

import zint


def qr_svg(payload: str) -> str:
    """Draw a QR code (ISO/IEC 18004, error correction M, its quiet zone around it) of the payload, UTF-8.

    :raises ValueError: an empty payload, or one too long for any QR code
    """
    symbol = zint.Symbol()
    symbol.symbology = zint.Symbology.QRCODE
    symbol.input_mode = zint.InputMode.UNICODE
    symbol.option_1 = 2  # error correction M: 15 percent of the modules may be lost to a fold or a stain
    symbol.output_options = zint.OutputOptions.BARCODE_MEMORY_FILE | zint.OutputOptions.BARCODE_QUIET_ZONES
    symbol.outfile = "qr.svg"
    if not payload:
        raise ValueError("an empty QR payload: give the pay link or the scan line")
    try:
        symbol.encode(payload)
        symbol.print()
    except Exception as error:
        raise ValueError(f"a QR payload of {len(payload)} characters: {error}; shorten the link") from error
    drawn = symbol.memfile
    if drawn is None:
        raise ValueError(f"a QR payload of {len(payload)} characters came out empty; report it with the payload")
    return bytes(drawn).decode("ascii")
