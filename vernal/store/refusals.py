"""What is raised when a disk or a network refuses."""

from __future__ import annotations

import sys

# Errors of libraries behind fsspec that are no OSError: no credentials, a connection that breaks, ...
_OTHERS = {
    "aiohttp": ("ClientError",),
    "azure.core.exceptions": ("AzureError",),
    "botocore.exceptions": ("BotoCoreError", "ClientError"),
    "gcsfs.retry": ("HttpError",),
    "google.auth.exceptions": ("GoogleAuthError",),
}


def refusals() -> tuple[type[Exception], ...]:
    """`OSError`, and what the libraries of remote file systems raise beside it, of those that are loaded by now.

    Examples:
        >>> OSError in refusals()
        True
    """
    loaded = ((sys.modules[module], names) for module, names in _OTHERS.items() if module in sys.modules)
    return (OSError, *(getattr(module, name) for module, names in loaded for name in names))
