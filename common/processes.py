"""Which process of which machine wrote a file, and whether it still runs."""

import os
import re
import socket

WINDOWS = os.name == "nt"


def host_name() -> str:
    """Return this machine's name in letters, digits and hyphens."""
    return re.sub(r"[^A-Za-z0-9]", "-", socket.gethostname()) or "host"


def is_alive(pid: int) -> bool:
    """Return whether a process of this machine runs; on Windows, where asking would end it, always True."""
    if WINDOWS:
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
