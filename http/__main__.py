"""`python -m quarterjack.http` is the command `quarterjack`."""

from .cli.main import main

if __name__ == "__main__":
    main(prog_name="quarterjack")
