"""Hidden widths of a network as text: read without torch, so that a claim is refused before anything is loaded."""

from __future__ import annotations

from evenhand.errors import DataError

REFERENCE_LAYERS = "2048,1024,1024,512,512,512,256,128,64"


def parse_layers(text: str) -> tuple[int, ...]:
    """Hidden widths from a text such as ``512,256,64``; ``linear`` is no hidden layer.

    Raises:
        DataError: it does not parse, or a width is below 1.
    """
    if text.strip() == "linear":
        return ()
    try:
        widths = tuple(int(part) for part in text.split(","))
    except ValueError:
        raise DataError(
            f"Layers are whole numbers with commas between (2048,1024,64) or 'linear'; found '{text}'."
        ) from None
    if min(widths) < 1:
        raise DataError(f"Every layer needs at least one unit; found '{text}'.")
    return widths
