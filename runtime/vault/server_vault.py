"""The vault of a runtime, made from its settings."""

from pathlib import Path
from typing import TYPE_CHECKING

from quarterjack.actors.secret_params import NO_KEY, SecretUnavailable
from quarterjack.storage import InvalidInput

from .places import AllowedPlaces

if TYPE_CHECKING:
    from ..settings import Settings
    from .keyring import Keyring


class ServerVault:
    """With a keyring it encrypts and decrypts; references it follows with or without."""

    def __init__(self, keyring: "Keyring | None", places: AllowedPlaces) -> None:
        self._keyring = keyring
        self._places = places
        self.refusal = places.refusal
        self.looked_up = places.looked_up

    @property
    def has_key(self) -> bool:
        """Whether it can encrypt."""
        return self._keyring is not None

    def seal(self, text: str) -> str:
        """The text, encrypted."""
        if self._keyring is None:
            raise SecretUnavailable(NO_KEY)
        return self._keyring.seal(text)

    def unsealed(self, sealed: str) -> str:
        """What was encrypted. Raises `SecretUnavailable`."""
        if self._keyring is None:
            raise SecretUnavailable("can't be decrypted: the server was started without a key file")
        return self._keyring.unsealed(sealed)


def vault_of(settings: "Settings") -> ServerVault:
    """Reads the key file, if there is one. Raises `InvalidInput`."""
    keyring = None
    if settings.secret_key_file is not None:
        from .keyring import Keyring, WrongKeyFile

        try:
            keyring = Keyring.read(Path(settings.secret_key_file))
        except WrongKeyFile as error:
            raise InvalidInput.field("secret_key_file", msg=str(error)) from None
    folders = map(Path, settings.secret_dirs)
    return ServerVault(keyring, AllowedPlaces(settings.secret_env, folders))
