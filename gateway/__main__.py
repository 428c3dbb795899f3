"""``python -m gateway`` is ``hotline``."""

import sys

from gateway.cli import main

sys.exit(main())
