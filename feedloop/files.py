"""Files that change in one step."""

import os
from pathlib import Path


def replace(path: Path, body: bytes, *, durable: bool = False, mode: int = 0o666) -> None:
    """Let a file hold `body`: readers, and a run after a kill, find the old bytes or the new ones, never a part.

    They are written to `<name>.part` beside it, which a kill may leave there. `durable` waits until they are on disk;
    `mode` are the permissions of the file, less the umask. Raises OSError.
    """
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(body)
        if durable:
            file.flush()
            os.fsync(file.fileno())
    part.replace(path)
