"""The one place that imports Lightning."""

import subprocess
import sys

import pytest
import torch

from vernal.base import ConfigError
from vernal.training import Training, make_fabric

LOOK = """
import sys
import vernal.training
assert "lightning_fabric" in sys.modules
print(*[name for name in ("torchmetrics", "matplotlib", "scipy") if name in sys.modules])
import torchmetrics
print(torchmetrics.Accuracy.__name__)
"""


def test_what_fabric_only_asks_the_version_of_is_not_imported_and_can_be_later():
    ran = subprocess.run([sys.executable, "-c", LOOK], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines() == ["", "Accuracy"]


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has what the test needs missing")
def test_devices_that_are_not_there_are_a_clear_error():
    with pytest.raises(ConfigError, match="'cuda' with 1 devices and `precision` '32-true' cannot be used here"):
        make_fabric(Training(accelerator="cuda"))
