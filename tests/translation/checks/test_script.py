import pytest
from hypothesis import given
from hypothesis import strategies as st

from hbir.core.languages import LANGUAGES
from hbir.translation.checks.script import ScriptCheck

HAN = ScriptCheck(("Han",))
JAPANESE = ScriptCheck(("Han", "Hiragana", "Katakana"))
LATIN = ScriptCheck(("Latin",))


@pytest.mark.parametrize(
    ("check", "source", "translation", "share"),
    [
        (HAN, "the money", "金钱", 1.0),
        (HAN, "the money", "деньги", 0.0),
        (HAN, "the money", "金钱 деньги", 0.25),
        (HAN, "100 %", "100 %", 1.0),
        (LATIN, "the money", "金钱", 0.0),
        (LATIN, "angle α", "Winkel α", 1.0),
        (JAPANESE, "Take a taxi now", "今すぐタクシーに", 1.0),
        (JAPANESE, "a taxi", "택시를", 0.0),
        (ScriptCheck(("Thai",)), "the house", "บ้าน", 1.0),  # its vowel signs are no letters
    ],
)
def test_the_share_of_letters_in_the_languages_scripts(check: ScriptCheck, source, translation, share):
    assert check.share(source, translation) == share


@pytest.mark.parametrize(
    "text",
    ["Visual Studio Code", "iPhone", "src/app/main.py", "https://example.org/a-page", "main.bicep.", "HTTP/2"],
)
def test_names_paths_and_code_may_stay(text: str):
    assert HAN.share(f"Open {text} now", text) == 1.0
    assert HAN.share(f"Open {text} now", f"打开 {text}") == 1.0


def test_english_words_in_small_letters_count_from_ten_letters_on():
    source = "Ask what the environment variables control."
    assert HAN.share(source, "control 是") == 1.0
    assert HAN.share(source, "environment 是") == 1 / 12
    assert HAN.share(source, source) == 0.0


def test_a_name_that_is_no_word_of_the_source_counts():
    assert HAN.share("Open it", "Excel") == 0.0


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_known_language_has_scripts_that_unicode_knows(code: str):
    assert ScriptCheck(LANGUAGES[code].scripts).share("a", "1") == 1.0


@given(st.text(), st.text())
def test_it_is_a_share_of_any_two_texts(source: str, translation: str):
    assert 0 <= JAPANESE.share(source, translation) <= 1
