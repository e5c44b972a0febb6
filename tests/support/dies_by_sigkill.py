"""A process that the system ends for its memory."""

import os
import signal

os.kill(os.getpid(), signal.SIGKILL)
