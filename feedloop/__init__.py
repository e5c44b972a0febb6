"""What the functions of Feedloop share."""

import os

# ONNX Runtime writes an identifier into the home folder and reports to its maker unless this is set before its import.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
