"""Secret values among a run's parameters: what may be given, what is stored, and what is shown. Pure.

A secret parameter is stored as a reference (`{"env": NAME}`, `{"file": PATH}`) or encrypted
(`{"$secret": TEXT}`), never as it is; nobody can give the encrypted form. Shown is the reference, or `***`.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple, Protocol, TypeGuard

from quarterjack.storage import QuarterjackError

from .secret import MASK
from .secret_places import SecretPlaces

SEALED: Final = "$secret"
SHORTEST: Final = 4
"""Characters: something shorter could not be taken out of what a step writes."""
LONGEST: Final = 65_536
KINDS: Final = ("env", "file")
_FORMS: Final = 'text, or a reference: {"env": NAME} or {"file": PATH}'
_LONGEST_REFERENCE: Final = 4_096


class Reference(NamedTuple):
    """Where the server finds a value."""

    kind: str
    """One of `KINDS`."""
    name: str

    def __str__(self) -> str:
        what = "environment variable" if self.kind == "env" else "file"
        return f"{what} {self.name!r}"


class SecretUnavailable(QuarterjackError):
    """A step's secret is not where it should be, or can't be decrypted; the message says which."""


class Vault(Protocol):
    """Encrypts what is given as it is, and knows which references are allowed."""

    @property
    def has_key(self) -> bool:
        """Whether it can encrypt."""
        ...

    def seal(self, text: str) -> str:
        """The text, encrypted."""
        ...

    def refusal(self, reference: Reference) -> str | None:
        """Why the server does not look there; None: it does."""
        ...

    def unsealed(self, sealed: str) -> str:
        """What was encrypted. Raises `SecretUnavailable`."""
        ...

    def looked_up(self, reference: Reference) -> str:
        """The value that is there. Blocks; raises `SecretUnavailable`."""
        ...


NO_KEY: Final = (
    'is secret, and the server has no key to encrypt it with: give a reference, {"env": NAME} or '
    '{"file": PATH}, or start the server with --secret-key-file (`quarterjack secret-key` makes one)'
)


class Admitted(NamedTuple):
    """Parameters as they may be stored, and what is wrong with them: names and sentences."""

    params: dict[str, Any]
    wrong: list[tuple[str, str]]


def admitted(
    places: SecretPlaces,
    given: Mapping[str, Any],
    stored: Mapping[str, Any],
    vault: Vault,
) -> Admitted:
    """What was given, its secrets encrypted; `***` stands for what is stored. Values are not repeated."""
    params, wrong = dict(given), list[tuple[str, str]]()
    for name, value in with_stored(places, given, stored).items():
        try:
            params[name] = _admitted(places, name, value, stored, vault)
        except ValueError as error:
            wrong.append((name, str(error)))
    return Admitted(params, wrong)


def with_stored(
    places: SecretPlaces, given: Mapping[str, Any], stored: Mapping[str, Any]
) -> dict[str, Any]:
    """The parameters, with what is stored where `***` was given for a secret."""
    return {
        name: stored[name] if _is_kept(places, name, value, stored) else value
        for name, value in given.items()
    }


def shown(places: SecretPlaces, params: dict[str, Any]) -> dict[str, Any]:
    """The parameters with `***` for their secrets; the same object when there are none."""
    hidden = {
        name: MASK
        for name, value in params.items()
        if is_sealed(value) or (name in places.names and _is_plain(value))
    }
    return {**params, **hidden} if hidden else params


class Found(NamedTuple):
    """A secret among stored parameters."""

    path: tuple[str, ...]
    """The parameter, and the name in the map that it is."""
    value: Any
    """As it is stored."""


def secrets_in(places: SecretPlaces, params: Mapping[str, Any]) -> Iterator[Found]:
    """All that is secret there; also what is encrypted though the workflow does not say so any more."""
    for name, value in params.items():
        if is_sealed(value) or (name in places.names and value is not None):
            yield Found((name,), value)
        elif name in places.maps and isinstance(value, Mapping):
            for inner, each in value.items():
                if reference_in(each) is not None:
                    yield Found((name, inner), each)


def checkable(places: SecretPlaces, params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters for whoever checks them, with `***` for every secret."""
    found: dict[str, Any] = dict(params)
    for path, _ in secrets_in(places, params):
        name, *inner = path
        found[name] = {**found[name], inner[0]: MASK} if inner else MASK
    return found


def is_sealed(value: object) -> TypeGuard[Mapping[str, str]]:
    """Whether a value is encrypted."""
    return isinstance(value, Mapping) and SEALED in value


def reference_in(value: object) -> Reference | None:
    """The reference that a value is.

    >>> reference_in({"env": "QUARTERJACK_SECRET_SMTP"})
    Reference(kind='env', name='QUARTERJACK_SECRET_SMTP')
    >>> reference_in("env"), reference_in({"env": 1})
    (None, None)
    """
    if not isinstance(value, Mapping) or len(value) != 1:
        return None
    ((kind, name),) = value.items()
    return Reference(kind, name) if kind in KINDS and isinstance(name, str) else None


def _admitted(
    places: SecretPlaces, name: str, value: Any, stored: Mapping[str, Any], vault: Vault
) -> Any:
    """The value as it is stored. Raises `ValueError` with a sentence that does not repeat it."""
    if name in places.names:
        return _secret(name, value, stored, vault)
    if is_sealed(value):
        if value == stored.get(name):
            raise ValueError("is stored encrypted, but is no secret any more; give it again")
        raise ValueError(f"{SEALED!r} can't be a name in a parameter; choose another")
    if name in places.maps and isinstance(value, Mapping):
        for inner, each in value.items():
            if isinstance(each, Mapping):
                _check_reference(each, vault, f"{inner}: ")
    return value


def _secret(name: str, value: Any, stored: Mapping[str, Any], vault: Vault) -> Any:
    if value is None or (is_sealed(value) and value == stored.get(name)):
        return value
    if isinstance(value, str):
        if value == MASK:
            raise ValueError(
                f"{MASK} stands for a value that is stored, but none is; give {_FORMS}"
            )
        if problem := text_problem(value):
            raise ValueError(problem)
        if not vault.has_key:
            raise ValueError(NO_KEY)
        return {SEALED: vault.seal(value)}
    if not isinstance(value, Mapping) or is_sealed(value):
        raise ValueError(f"is secret: give {_FORMS}")
    _check_reference(value, vault)
    return value


def text_problem(text: str) -> str | None:
    """Why a text can't be a secret; None: it can."""
    if not SHORTEST <= len(text) <= LONGEST:
        return f"a secret has {SHORTEST} to {LONGEST:,} characters"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "it is no valid Unicode"
    return None


def _check_reference(value: Mapping[str, Any], vault: Vault, place: str = "") -> None:
    reference = reference_in(value)
    if reference is None or not 1 <= len(reference.name) <= _LONGEST_REFERENCE:
        raise ValueError(f"{place}is no reference to a secret: give {_FORMS}")
    if refusal := vault.refusal(reference):
        raise ValueError(f"{place}{refusal}")


def _is_kept(places: SecretPlaces, name: str, value: Any, stored: Mapping[str, Any]) -> bool:
    return value == MASK and name in places.names and stored.get(name) is not None


def _is_plain(value: Any) -> bool:
    return value is not None and reference_in(value) is None
