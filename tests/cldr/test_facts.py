from collections import Counter

from babel import Locale
from babel.core import get_global
from babel.numbers import get_territory_currencies

from hbir.cldr.facts import RELATIONS, Fact, all_facts, facts
from hbir.cldr.render import renderer

LANGUAGES = ("ar", "de", "el", "en", "es", "hi", "ru", "th", "tr", "vi", "zh")


def of(relation: str) -> dict[str, str]:
    return {fact.subject: fact.object for fact in facts() if fact.relation == relation}


def test_well_known_facts():
    assert of("currency")["JP"] == "JPY"
    assert of("legal_tender")["JPY"] == "JP"
    assert of("main_language")["DE"] == "de"
    assert of("homeland")["ja"] == "JP"
    assert of("script")["ru"] == "Cyrl"
    assert of("written_language")["Cher"] == "chr"
    assert of("former_currency")["AT"] == "ATS"
    assert of("former_tender")["ATS"] == "AT"
    assert of("second_language")["UA"] == "ru"


def test_enough_facts_have_names_in_all_languages():
    renderers = [renderer(language) for language in LANGUAGES]
    common = [fact for fact in facts() if all(speaker.knows(fact) for speaker in renderers)]
    assert len(common) >= 1600
    assert len({fact.relation for fact in common}) >= 5
    assert set(Counter(fact.relation for fact in common)) == set(RELATIONS)


def test_every_question_has_one_answer():
    asked = Counter((fact.relation, fact.subject) for fact in facts())
    assert set(asked.values()) == {1}


def test_currencies_agree_with_babels_own_function():
    for territory, currency in of("currency").items():
        assert get_territory_currencies(territory) == [currency]


def test_legal_tender_is_asked_only_where_one_territory_uses_it():
    users = Counter(c for t in get_global("territory_currencies") for c in get_territory_currencies(t))
    assert "EUR" not in of("legal_tender")
    assert all(users[currency] == 1 for currency in of("legal_tender"))


def test_territories_with_several_currencies_are_not_asked():
    assert "PA" not in of("currency")


def test_former_money_is_not_in_use():
    current = {c for t in get_global("territory_currencies") for c in get_territory_currencies(t)}
    assert current.isdisjoint(of("former_tender"))
    for territory, currency in of("former_currency").items():
        assert currency not in get_territory_currencies(territory)


def test_ties_in_language_use_are_not_asked():
    assert "MW" not in of("main_language")


def test_languages_of_very_few_are_not_called_second():
    assert "VE" not in of("second_language")


def test_second_language_never_half_answers_a_homeland_question():
    homes = {(fact.subject, fact.object) for fact in all_facts() if fact.relation == "homeland"}
    assert homes.isdisjoint(
        (fact.object, fact.subject) for fact in facts() if fact.relation == "second_language"
    )


def test_no_groups_old_codes_or_unnameable_scripts():
    ends = {str(end) for fact in facts() for end in fact.ends}
    assert ends.isdisjoint({"territory:EU", "territory:ZZ", "territory:SU", "script:Hans", "language:ase"})


def test_all_entities_have_english_names():
    english = Locale("en")
    assert all(fact.object in english.currencies for fact in facts() if fact.relation == "currency")
    assert len(all_facts()) > len(facts())


def test_a_fact_and_its_inverse_share_pair_and_family():
    fact, inverse = Fact("currency", "JP", "JPY"), Fact("legal_tender", "JPY", "JP")
    assert fact.pair == inverse.pair
    assert fact.family == inverse.family
    assert fact.ends == inverse.ends[::-1]
