"""Secret parameters: how they are marked, what may be given for them, and that nothing repeats them."""

import copy
import json
import pickle
import re
import string
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import msgpack
import pytest

from quarterjack.actors.secret import MASK, Secret
from quarterjack.actors.secret_params import (
    Reference,
    admitted,
    checkable,
    is_sealed,
    shown,
    with_stored,
)
from quarterjack.actors.secret_places import SecretPlaces
from quarterjack.actors.workflow import Workflow, WorkflowDefinitionError

VALUE = "correct horse"
PLACES = SecretPlaces(frozenset({"password"}), frozenset({"headers"}))


class Vault:
    """Turns texts round, and allows what begins with `OK`."""

    def __init__(self, *, has_key: bool = True) -> None:
        self.has_key = has_key

    def seal(self, text: str) -> str:
        return text[::-1]

    def unsealed(self, sealed: str) -> str:
        return sealed[::-1]

    def refusal(self, reference: Reference) -> str | None:
        return None if reference.name.startswith("OK") else f"the {reference} may not be used"

    def looked_up(self, reference: Reference) -> str:
        return f"value of {reference}"


# The object that a step gets


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(str, id="str"),
        pytest.param(repr, id="repr"),
        pytest.param(lambda secret: f"{secret} {secret!r} {secret:>20}", id="f-string"),
        pytest.param(lambda secret: "%s %r" % (secret, secret), id="percent"),  # noqa: UP031
        pytest.param("{0} {0!r}".format, id="format"),
        pytest.param(lambda secret: string.Template("$a").substitute(a=secret), id="template"),
        pytest.param(lambda secret: repr({"a": [secret, (secret,)]}), id="containers"),
    ],
)
def test_what_formats_a_secret_shows_stars(made: Callable[[Secret], str]) -> None:
    text = made(Secret(VALUE))

    assert MASK in text
    assert VALUE not in text


@pytest.mark.parametrize(
    "use",
    [
        pytest.param(lambda secret: "x" + secret, id="add"),
        pytest.param(lambda secret: "".join([secret]), id="join"),
        pytest.param(json.dumps, id="json"),
        pytest.param(msgpack.packb, id="msgpack"),
        pytest.param(pickle.dumps, id="pickle"),
        pytest.param(lambda secret: VALUE in secret, id="in"),
        pytest.param(vars, id="vars"),
    ],
)
def test_what_takes_text_refuses_a_secret(use: Callable[[Any], object]) -> None:
    with pytest.raises(TypeError) as error:
        use(Secret(VALUE))
    assert VALUE not in str(error.value)


def test_a_secret_is_equal_to_one_with_the_same_text_only() -> None:
    assert Secret(VALUE) == Secret(VALUE)
    assert Secret(VALUE) != Secret("another one")
    assert Secret(VALUE) != VALUE
    assert len({Secret(VALUE), Secret(VALUE)}) == 1
    assert copy.deepcopy({"a": Secret(VALUE)})["a"].reveal() == VALUE


# How a parameter is marked


def annotated() -> Workflow:
    found = Workflow("annotated")

    @found.step
    def send(password: Secret, again: Secret | None = None, region: str = "eu") -> None: ...

    return found


def as_text() -> Workflow:
    found = Workflow("as-text")

    def send(password: str, again: str | None = None, region: int = 1) -> None: ...

    send.__annotations__ |= {
        "password": "Secret",
        "again": "Annotated[Secret | None, 1]",
        "region": "OfTypeCheckersOnly",
    }
    found.step(send)
    return found


def by_name() -> Workflow:
    found = Workflow("by-name", secrets=("password", "again"))

    @found.step
    def send(password: str, again: str, region: str) -> None: ...

    return found


def in_annotated() -> Workflow:
    found = Workflow("in-annotated", secrets=["again"])

    @found.step(when=lambda again: True)  # noqa: ARG005
    def send(password: Annotated[Secret, "of the mail server"], region: str) -> None: ...

    return found


@pytest.mark.parametrize("make", [annotated, as_text, by_name, in_annotated])
def test_secrets_are_marked_by_name_or_annotation(make: Callable[[], Workflow]) -> None:
    assert make().secrets.names == {"password", "again"}


def test_what_goes_into_a_secret_of_a_sub_workflow_is_secret() -> None:
    outer = Workflow("outer")
    outer.subworkflow(annotated(), params={"password": "mail_password"})

    assert outer.secrets.names == {"mail_password", "again"}


def _unknown() -> Workflow:
    found = Workflow("mail", secrets=("passwort",))

    @found.step
    def send(password: str) -> None: ...

    return found


def _step_result() -> Workflow:
    found = Workflow("mail")

    @found.step
    def password() -> str:
        return VALUE

    @found.step
    def send(password: Secret) -> None: ...

    return found


def _a_step() -> Workflow:
    found = Workflow("mail", secrets=("send",))

    @found.step
    def send() -> None: ...

    @found.step
    def after(send: None) -> None: ...

    return found


def _items() -> Workflow:
    found = Workflow("mail", secrets=("passwords",))

    @found.step(map={"password": "passwords"})
    def send(password: str) -> None: ...

    return found


def _items_as_secrets() -> Workflow:
    found = Workflow("mail")

    @found.step(map={"password": "passwords"})
    def send(password: Secret) -> None: ...

    return found


def _event_key() -> Workflow:
    found = Workflow("mail", secrets=("order",))
    found.wait_for_event("paid", key="order")
    return found


def _open_child() -> Workflow:
    found, child = Workflow("mail", secrets=("text",)), Workflow("child")

    @child.step
    def say(text: str) -> None: ...

    found.subworkflow(child)
    return found


def _both() -> Workflow:
    found = Workflow("mail", secrets=("env",), secret_maps=("env",))

    @found.step
    def send(env: dict[str, str]) -> None: ...

    return found


@pytest.mark.parametrize(
    ("make", "told"),
    [
        pytest.param(_unknown, "no step has that parameter", id="unknown"),
        pytest.param(_step_result, "result of 'password', which is stored", id="step-result"),
        pytest.param(_a_step, "'send' is a step", id="a-step"),
        pytest.param(_items, "map takes the items of 'passwords'", id="items"),
        pytest.param(_items_as_secrets, "takes the items of a list", id="items-as-secrets"),
        pytest.param(_event_key, "the keys of events are stored", id="event-key"),
        pytest.param(_open_child, "'text' of 'child' is not; mark it there", id="open-child"),
        pytest.param(_both, "secret as a whole and a map", id="both"),
    ],
)
def test_a_definition_that_would_store_a_secret_in_plain_is_refused(
    make: Callable[[], Workflow], told: str
) -> None:
    with pytest.raises(WorkflowDefinitionError, match=told):
        _ = make().graph


@pytest.mark.parametrize("annotation", ["list[Secret]", "Secret | Unknown", "dict[str, Secret]"])
def test_an_annotation_that_can_not_be_kept_is_refused(annotation: str) -> None:
    def send(password: str) -> None: ...

    send.__annotations__["password"] = annotation

    with pytest.raises(WorkflowDefinitionError, match="Secret"):
        Workflow("mail").step(send)


# What may be given


def test_a_plain_value_is_encrypted_and_a_reference_kept() -> None:
    given = {"password": VALUE, "region": "eu", "headers": {"A": {"env": "OK"}, "B": "text"}}

    params, wrong = admitted(PLACES, given, {}, Vault())

    assert not wrong
    assert params == {**given, "password": {"$secret": VALUE[::-1]}}
    assert is_sealed(params["password"])
    assert admitted(PLACES, {"password": {"file": "OK"}}, {}, Vault()).params["password"] == {
        "file": "OK"
    }
    assert admitted(PLACES, {"password": None}, {}, Vault()).params == {"password": None}


def test_without_a_key_a_plain_value_is_refused_with_both_ways_out() -> None:
    _, ((name, told),) = admitted(PLACES, {"password": VALUE}, {}, Vault(has_key=False))

    assert name == "password"
    assert '{"env": NAME}' in told
    assert '{"file": PATH}' in told
    assert "--secret-key-file" in told
    assert VALUE not in told


@pytest.mark.parametrize(
    ("given", "told"),
    [
        pytest.param({"password": {"$secret": VALUE}}, "give text", id="sealed-by-hand"),
        pytest.param({"region": {"$secret": VALUE}}, "can't be a name", id="sealed-elsewhere"),
        pytest.param({"password": {"env": VALUE}}, "may not be used", id="not-allowed"),
        pytest.param({"password": {"env": 1}}, "no reference", id="env-no-text"),
        pytest.param({"password": {"file": ""}}, "no reference", id="empty"),
        pytest.param({"password": {"env": "OK", "file": "OK"}}, "no reference", id="two"),
        pytest.param({"password": {"url": "OK"}}, "no reference", id="unknown-kind"),
        pytest.param({"password": 12345}, "give text", id="number"),
        pytest.param({"password": [VALUE]}, "give text", id="list"),
        pytest.param({"password": "abc"}, "4 to", id="short"),
        pytest.param({"password": "x" * 65_537}, "4 to 65,536", id="long"),
        pytest.param({"password": "a\ud800bcde"}, "no valid Unicode", id="surrogate"),
        pytest.param({"password": "***"}, "none is", id="stars"),
        pytest.param({"headers": {"A": {"env": "NO"}}}, "A: .*may not be used", id="map-refused"),
        pytest.param({"headers": {"A": {"x": "OK"}}}, "A: is no reference", id="map-wrong"),
    ],
)
def test_what_is_no_secret_is_refused(given: dict[str, Any], told: str) -> None:
    _, ((name, sentence),) = admitted(PLACES, given, {}, Vault())

    assert name in given
    assert re.search(told, sentence), sentence


def test_stars_stand_for_what_is_stored() -> None:
    stored = {"password": {"$secret": "sealed"}, "region": "eu"}

    given = {"password": MASK, "region": MASK}

    assert admitted(PLACES, given, stored, Vault()) == (
        {"password": stored["password"], "region": MASK},
        [],
    )
    assert with_stored(PLACES, given, {}) == given
    again = admitted(PLACES, stored, stored, Vault())
    assert again == (stored, [])


def test_shown_are_references_and_stars() -> None:
    params = {"password": {"$secret": "sealed"}, "region": "eu"}
    assert shown(PLACES, params) == {"password": MASK, "region": "eu"}
    assert shown(SecretPlaces(), params)["password"] == MASK

    referring = {"password": {"env": "OK"}}
    assert shown(PLACES, referring) is referring

    from_before = {"password": "stored in plain, before it was secret"}
    assert shown(PLACES, from_before) == {"password": MASK}


def test_the_check_of_a_workflow_sees_no_secret() -> None:
    seen: list[dict[str, Any]] = []

    def check(params: Mapping[str, Any]) -> list[tuple[str, str]]:
        seen.append(dict(params))
        return []

    workflow = Workflow("mail", secrets=["password"], secret_maps=["headers"], params_check=check)

    @workflow.step
    def send(password: str, headers: dict[str, str]) -> None: ...

    params = {"password": {"$secret": "sealed"}, "headers": {"A": {"env": "OK"}, "B": "text"}}

    assert workflow.check_params(params) == []
    assert seen == [{"password": MASK, "headers": {"A": MASK, "B": "text"}}]
    assert checkable(PLACES, params) == seen[0]
