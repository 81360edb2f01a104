"""The application: what a user runs."""

import getpass
import os

try:
    getpass.getuser()
except (KeyError, ImportError, OSError):
    # PyTorch names a folder after the user when it is imported, and fails where nobody has this number (in containers).
    os.environ["LOGNAME"] = "nobody"
