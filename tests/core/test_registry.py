from typing import Any, NamedTuple

import pytest

from hbir.core.errors import ParamsError
from hbir.core.params import params_class
from hbir.core.registry import FAMILY, Registry


@params_class
class Plain:
    name: str
    size: int = 3


@params_class
class Sorted:
    kind: str


class Kind(NamedTuple):
    params: type[Any]


KINDS = Registry({"plain": Kind(Plain), "large" + FAMILY: Kind(Plain)})
SORTS = Registry({"quick": Kind(Sorted)}, key="kind")


@pytest.mark.parametrize(
    ("entry", "key", "params"),
    [
        ("plain", "plain", Plain(name="plain")),
        ({"name": "plain", "size": 4}, "plain", Plain(name="plain", size=4)),
        ("large/a", "large/<name>", Plain(name="large/a")),
        ({"name": "large/a/b"}, "large/<name>", Plain(name="large/a/b")),
    ],
)
def test_a_name_alone_or_with_keys(entry, key, params):
    kind, found = KINDS.parse(entry, "here")
    assert kind is KINDS[key]
    assert found == params
    assert KINDS.name_of(entry, "here") == params.name


def test_the_name_may_stand_under_another_key():
    assert SORTS.parse({"kind": "quick"}, "here") == (Kind(Sorted), Sorted(kind="quick"))
    with pytest.raises(ParamsError, match="here: expected a `kind`, found {'name': 'quick'}. Add the key."):
        SORTS.parse({"name": "quick"}, "here")


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("plian", r"^here: expected one of large/<name>, plain, found 'plian'. Did you mean 'plain'\?$"),
        ({"name": "plian"}, r"^here\.name: expected one of .* Did you mean 'plain'\?$"),
        ("plain/a", "^here: expected one of"),
        ({"size": 4}, "^here: expected a `name`"),
        ({"name": 4}, "^here: expected a `name`"),
        ({"name": "plain", "size": "big"}, "^here: plain.size: expected a valid integer"),
        ({"name": "plain", "sise": 1}, r"^here: plain: .*Did you mean 'size'\?$"),
    ],
)
def test_what_is_wrong_is_named(entry, message):
    with pytest.raises(ParamsError, match=message):
        KINDS.parse(entry, "here", within="here: plain")


def test_the_classes_for_the_documentation():
    assert KINDS.classes() == {"plain": Plain, "large/<name>": Plain}
