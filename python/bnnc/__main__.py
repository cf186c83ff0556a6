"""``python -m bnnc`` is the ``bnnc`` command."""

import sys

from bnnc._command import main

sys.exit(main())
