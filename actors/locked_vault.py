"""The vault of a book that was given none: it has no key and looks nowhere."""

from typing import Final, NoReturn

from .secret_params import Reference, SecretUnavailable, Vault


class _Locked:
    has_key = False

    def seal(self, text: str) -> NoReturn:  # noqa: ARG002
        raise SecretUnavailable("there is no key to encrypt with")

    def refusal(self, reference: Reference) -> str:
        return f"the {reference} can't be used here"

    def unsealed(self, sealed: str) -> NoReturn:  # noqa: ARG002
        raise SecretUnavailable("there is no key to decrypt it with")

    def looked_up(self, reference: Reference) -> NoReturn:
        raise SecretUnavailable(self.refusal(reference))


LOCKED: Final[Vault] = _Locked()
