"""``python -m vernal`` is ``vernal``."""

import sys

from vernal.cli import main

sys.exit(main())
