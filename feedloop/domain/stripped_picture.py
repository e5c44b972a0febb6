"""A picture file without all that its pixels do not need."""

from typing import NamedTuple


class StrippedPicture(NamedTuple):
    """What a decoder is given of an upload, and what the upload told about showing it."""

    body: bytes
    """A file of the same format: decoders never meet what was left out."""
    orientation: int
    """As Exif numbers it; UPRIGHT when nothing was said."""
    profile: bytes
    """The ICC profile as it came, empty without one."""
