"""A picture file without metadata: without all that its pixels do not need."""

from typing import NamedTuple


class StrippedPicture(NamedTuple):
    """What a decoder is given of an upload, and the two facts of its metadata that change how it is displayed."""

    body: bytes
    """A file of the same format: decoders never meet what was left out."""
    orientation: int
    """As Exif numbers it, 1 to 8; UPRIGHT when the file says nothing."""
    profile: bytes
    """The ICC profile as it came, empty without one."""
