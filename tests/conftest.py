"""What holds for all tests."""

import os
import tempfile
from pathlib import Path

# Hypothesis keeps tables of Unicode on disk; here they go where they leave nothing behind.
os.environ.setdefault(
    "HYPOTHESIS_STORAGE_DIRECTORY", str(Path(tempfile.gettempdir()) / "quarterjack-hypothesis")
)
