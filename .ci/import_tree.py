"""Lay the source folders out as one import tree of links, for tools that read files.

Type checkers and the import linter look for `quarterjack/storage/...`; the folders lie side by side
at the top of the repository. `build/tree` shows each file where its import name says it is.

mypy looks into the current folder before the standard library, and takes the folder `http` for the
standard package; the tree, where it looks first, has that package's stubs.
"""

import configparser
import shutil
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TREE = ROOT / "build" / "tree"
SUFFIXES = {".py", ".pyi", ".typed"}


def lay_out(folder: Path, package: str) -> None:
    """Link each file of a folder, and of those in it, to where its import name says it is."""
    for source in folder.rglob("*"):
        if source.suffix in SUFFIXES:
            link = TREE / package.replace(".", "/") / source.relative_to(folder)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(source)


config = configparser.ConfigParser()
config.read(ROOT / "setup.cfg", encoding="utf-8")
shutil.rmtree(TREE, ignore_errors=True)
for line in config["options"]["package_dir"].strip().splitlines():
    name, place = (part.strip() for part in line.split("="))
    lay_out(ROOT / place, name)
mypy = find_spec("mypy")
if mypy is not None:
    for location in mypy.submodule_search_locations or ():
        lay_out(Path(location) / "typeshed" / "stdlib" / "http", "http")
