"""Lay the source folders out as one import tree of links, for tools that read files.

Type checkers and the import linter look for `quarterjack/storage/...`; the folders lie side by side
at the top of the repository. `build/tree` shows each file where its import name says it is.
"""

import configparser
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TREE = ROOT / "build" / "tree"
SUFFIXES = {".py", ".pyi", ".typed"}

config = configparser.ConfigParser()
config.read(ROOT / "setup.cfg", encoding="utf-8")
shutil.rmtree(TREE, ignore_errors=True)
for line in config["options"]["package_dir"].strip().splitlines():
    package, folder = (part.strip() for part in line.split("="))
    for source in (ROOT / folder).rglob("*"):
        if source.suffix in SUFFIXES:
            link = TREE / package.replace(".", "/") / source.relative_to(ROOT / folder)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(source)
