"""What runs in a function's container: the handler beside it, as the same application that `make run` serves."""

import os

from feedloop.server import create_app
from feedloop.settings import Settings
from function.handler import handle

app = create_app(handle, os.environ["FUNCTION_NAME"], origins=Settings.read().allowed_origins)
