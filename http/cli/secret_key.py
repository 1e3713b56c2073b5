"""`quarterjack secret-key`: the file with the key that secret parameters are encrypted with."""

from pathlib import Path

import click

from quarterjack.runtime.vault.keyring import WrongKeyFile, make_key_file, rotate_key_file

from .failure import ClientError
from .help_text import examples


@click.command(
    "secret-key",
    epilog=examples(
        "quarterjack secret-key /etc/quarterjack/secret.key",
        "quarterjack secret-key /etc/quarterjack/secret.key --rotate",
    ),
)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--rotate", is_flag=True, help="Put a new key before those in the file.")
def secret_key(file: Path, *, rotate: bool) -> None:
    """Make FILE with a new key, readable by its owner only, for `serve --secret-key-file`.

    The key is not printed. A file that is there is left alone, unless --rotate says that it gets another
    key: new values are encrypted with that, and those that are stored are still decrypted.
    """
    try:
        rotate_key_file(file) if rotate else make_key_file(file)
    except WrongKeyFile as error:
        raise ClientError(str(error)) from None
