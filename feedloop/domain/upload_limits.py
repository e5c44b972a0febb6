"""Limits of an upload."""

MOST_BYTES = 10_000_000

MOST_PIXELS = {"image/jpeg": 40_000_000, "image/png": 12_000_000, "image/webp": 12_000_000}
"""The accepted types; a tiny PNG or WebP can ask for a huge picture, and is decoded whole."""

MOST_PIXELS_IN_FOUR_INKS = 30_000_000
"""Of a CMYK JPEG, which takes a third more memory per pixel."""

MOST_SIDE = 65_500
"""Pixels; what a JPEG can hold."""

LEAST_SIDE = 16
"""Pixels; no class can be told from less."""
