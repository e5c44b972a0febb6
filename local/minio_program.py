"""MinIO as `make minio` builds it: which one, and where it is kept. The tests use no other."""

import os
import tempfile
from pathlib import Path

MODULE = "github.com/minio/minio"
VERSION = "v0.0.0-20260212201848-7aac2a2c5b7c"
CHECKSUM = "h1:/qdoYujxF5MBLDMVLeiYJ/7fBa1HikX39Dvzb9Ji8pA="
"""The module's, as Go computes it. The go.sum inside pins everything that MinIO is built from."""


def pinned_program() -> Path:
    """Its place in the user's cache, whether it has been built or not."""
    home = os.path.expanduser("~")  # noqa: PTH111 - Path.home() fails for a user that no system knows
    cache = os.environ.get("XDG_CACHE_HOME") or Path(tempfile.gettempdir() if home == "~" else home, ".cache")
    return Path(cache, "feedloop", f"minio-{VERSION}", "minio")
