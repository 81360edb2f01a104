"""The name of this machine, and whether one of its processes is running."""

import os
import re
import socket

WINDOWS = os.name == "nt"


def host_name() -> str:
    """Return this machine's name, with every other character than letters and digits replaced by a hyphen."""
    return re.sub(r"[^A-Za-z0-9]", "-", socket.gethostname()) or "host"


def is_alive(pid: int) -> bool:
    """Return whether process `pid` of this machine is running; always True on Windows, where the check would end it."""
    if WINDOWS:
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
