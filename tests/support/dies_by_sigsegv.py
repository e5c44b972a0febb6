"""A process that its model crashes."""

import os
import signal

os.kill(os.getpid(), signal.SIGSEGV)
