"""Read facts such as (currency, Japan, yen) out of Babel's CLDR data, as codes."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from babel.core import get_global

from hbir.cldr.names import Entity, cldr_names
from hbir.core.languages import ENGLISH

"""The language whose names decide which facts there are; every other one is rendered from codes."""


class Relation(NamedTuple):
    """Say what a relation links; a relation and its inverse are of one family."""

    family: str
    subject: str
    object: str


RELATIONS = {
    "currency": Relation("currency", "territory", "currency"),
    "legal_tender": Relation("currency", "currency", "territory"),
    "former_currency": Relation("former_currency", "territory", "currency"),
    "former_tender": Relation("former_currency", "currency", "territory"),
    "main_language": Relation("language", "territory", "language"),
    "homeland": Relation("language", "language", "territory"),
    "second_language": Relation("second_language", "territory", "language"),
    "script": Relation("script", "language", "script"),
    "written_language": Relation("script", "script", "language"),
}


@dataclass(frozen=True, order=True)
class Fact:
    """Hold that `object` is the one true answer to a question about `subject`; both are CLDR codes."""

    relation: str
    subject: str
    object: str

    @property
    def family(self) -> str:
        """Return what the fact shares with its inverse."""
        return RELATIONS[self.relation].family

    @property
    def ends(self) -> tuple[Entity, Entity]:
        """Return subject and object with their kinds."""
        relation = RELATIONS[self.relation]
        return Entity(relation.subject, self.subject), Entity(relation.object, self.object)

    @property
    def pair(self) -> tuple[Entity, Entity]:
        """Return the two entities in an order that the direction does not change."""
        first, second = sorted(self.ends)
        return first, second

    def __str__(self) -> str:
        """Return the fact as it stands in keys."""
        return f"{self.relation}:{self.subject}:{self.object}"


Answers = dict[str, set[str]]

_LEAST_SHARE = 5.0
"""Percent of a territory's people; smaller shares are too patchy in CLDR to say what ranks second."""

# No territories: groups of them, and the code for an unknown one.
_GROUPS = {"EU", "EZ", "QO", "UN", "ZZ"}
# CLDR names these two scripts only as an addition to a language ("Simplified"); Zxxx and Sgnw are no scripts
# that people name; `ase` is a sign language; und, mul and zxx are no languages.
_UNFIT = {
    "territory": _GROUPS,
    "script": {"Hans", "Hant", "Sgnw", "Zxxx", "Zyyy", "Zinh"},
    "language": {"ase", "mul", "und", "zxx"},
    "currency": {"XXX"},
}


@cache
def facts() -> tuple[Fact, ...]:
    """Collect the facts whose entities have English names.

    Returns:
        The facts, sorted; a question about (relation, subject) has one true answer.
    """
    names = cldr_names(ENGLISH)
    return tuple(fact for fact in all_facts() if all(end in names for end in fact.ends))


@cache
def all_facts() -> tuple[Fact, ...]:
    """Collect the facts of CLDR, named or not.

    Returns:
        The facts, sorted.
    """
    found = (*_currency_facts(), *_language_facts())
    return tuple(sorted(fact for fact in found if all(_is_fit(end) for end in fact.ends)))


def _is_fit(entity: Entity) -> bool:
    if entity.kind == "territory" and entity.code in get_global("territory_aliases"):
        return False
    return entity.code not in _UNFIT[entity.kind]


def _currency_facts() -> Iterator[Fact]:
    now = _tender(current=True)
    past = {territory: old - now[territory] for territory, old in _tender(current=False).items()}
    users, past_users = _inverse(now), _inverse(past)
    yield from _single("currency", now)
    yield from _single("legal_tender", users)
    yield from _single("former_currency", past)
    yield from _single("former_tender", {c: who for c, who in past_users.items() if c not in users})


def _tender(*, current: bool) -> Answers:
    spans = get_global("territory_currencies")
    return {
        territory: {code for code, _, end, tender in history if tender and (end is None) == current}
        for territory, history in spans.items()
    }


def _language_facts() -> Iterator[Fact]:
    homes, scripts = _likely("territory"), _likely("script")
    speakers = _speakers()
    main = {territory: _top(shares) for territory, shares in speakers.items()}
    yield from _single("main_language", main)
    yield from _single("homeland", homes)
    yield from _single("script", scripts)
    yield from _single("written_language", _inverse(scripts))
    for fact in _single("second_language", _seconds(speakers, main)):
        # "L comes second in T" would half answer the question for the homeland of L.
        if fact.subject not in homes.get(fact.object, ()):
            yield fact


def _likely(part: str) -> Answers:
    place = {"script": 1, "territory": 2}[part]
    tags = get_global("likely_subtags")
    aliases = get_global("language_aliases")
    languages = [code for code in tags if "_" not in code and code not in aliases]
    found = {code: tags[code].split("_")[place] for code in languages}
    # Constructed languages have the world, "001", for a home.
    return {code: {value} for code, value in found.items() if value.isalpha()}


def _speakers() -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for territory, languages in get_global("territory_languages").items():
        shares = found.setdefault(territory, {})
        for tag, record in languages.items():
            # A script is part of some tags ("zh_Hant"); the language counts with its largest share.
            code = tag.split("_")[0]
            shares[code] = max(shares.get(code, 0.0), record["population_percent"])
    return found


def _seconds(speakers: dict[str, dict[str, float]], main: Answers) -> Answers:
    clear = (territory for territory in speakers if len(main[territory]) == 1)
    rest = {t: {c: share for c, share in speakers[t].items() if c not in main[t]} for t in clear}
    ranked = {territory: _top(shares) for territory, shares in rest.items()}
    return {t: {c for c in codes if speakers[t][c] >= _LEAST_SHARE} for t, codes in ranked.items()}


def _top(shares: dict[str, float]) -> set[str]:
    return {code for code, share in shares.items() if share == max(shares.values())}


def _inverse(answers: Answers) -> Answers:
    found: Answers = {}
    for subject, objects in answers.items():
        for code in objects:
            found.setdefault(code, set()).add(subject)
    return found


def _single(relation: str, answers: Answers) -> Iterator[Fact]:
    """Ask only where one answer is true."""
    for subject, objects in answers.items():
        if len(objects) == 1:
            yield Fact(relation, subject, *objects)
