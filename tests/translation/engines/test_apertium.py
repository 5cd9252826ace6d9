import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hbir.core.errors import DataError, LanguageError, ModelError, ParamsError
from hbir.translation.engines import apertium, apertium_stream
from hbir.translation.engines.apertium import PAIRS, ApertiumParams, ApertiumTranslator
from hbir.translation.engines.apertium_stream import decoded, encoded, isolated
from hbir.translation.engines.engine import Segment
from tests.translation.makers import assignment, engine_of, translate_params

MODES = Path("/usr/share/apertium/modes")
real = pytest.mark.skipif(
    shutil.which("apertium-wblank-mode") is None or not (MODES / "eng-spa.mode").is_file(),
    reason="apertium and apertium-eng-spa are not installed (`make apertium`)",
)
RESERVED = r"[a] {b} /c \d ^e$ @f <g> ~h * # + & &amp; %"

SPECIAL = [
    RESERVED,
    "😀 👩\u200d👩\u200d👧",
    "12,345.67",
    *("^", "$^", "~", "\x00", "\ud800", "[]"),
    "[<STREAMCMD:FLUSH>]",
    "^a<n><sg>$",
]


def translator(target="es", threads=1, **options) -> ApertiumTranslator:
    return ApertiumTranslator(ApertiumParams(name="apertium", **options), assignment(target, threads))


# The exchange format


def test_reserved_characters_stand_behind_a_backslash_and_what_would_be_lost_as_its_code():
    assert encoded("a/b [c] d^e~f") == r"a\/b \[c\] d[5e]e[7e]f"
    assert encoded("a\x00b\ud800\uffff") == "a[0]b[d800][ffff]"


def test_what_the_programs_add_is_taken_away():
    assert decoded(r"La  casa \[5e\] [5e]  [] ") == "La casa [5e] ^"


@given(st.text(st.characters(codec=None)))
def test_every_text_comes_back(text):
    assert decoded(encoded(text)) == " ".join(text.split())
    assert "\0" not in encoded(text)
    encoded(text).encode()


def test_a_markov_tagger_starts_anew_for_every_text():
    pipeline = "lt-proc -z 'a' | apertium-tagger -z -g $2 'b' | lt-proc -z $1 'c'\n"
    first, loop, last = isolated(pipeline).split(" | ", 1)[0], isolated(pipeline), isolated(pipeline)[-20:]
    assert first == "lt-proc -z 'a'"
    assert last.endswith("lt-proc -z $1 'c'")
    assert "while IFS= read" in loop
    assert "apertium-tagger -g $2 'b'" in loop


def test_a_perceptron_tagger_forgets_by_itself():
    pipeline = "cg-proc -z 'a' | apertium-tagger -z -gx 'b'"
    assert isolated(pipeline) == pipeline


# The real programs


@pytest.fixture(scope="module")
def spanish():
    return translator()


@real
def test_it_translates(spanish):
    texts = ["The house is red.", "What is this?", "7 dogs"]
    assert spanish.translate(texts) == ["La casa es roja.", "Qué es esto?", "7 perros"]


@real
def test_unknown_words_stand_as_they_are_or_marked(spanish):
    assert spanish.translate(["the kwyjibo"]) == ["El kwyjibo"]
    assert translator(mark_unknown=True).translate(["the kwyjibo"]) == ["El *kwyjibo"]


@real
def test_special_characters_survive(spanish):
    """All in one company, and each alone."""
    house = "The house."
    others = spanish.translate([house, *[text for special in SPECIAL for text in (special, house)]])
    assert others[::2] == ["La casa."] * (len(SPECIAL) + 1)
    for text, translated in zip(SPECIAL, others[1::2], strict=True):
        assert spanish.translate([text]) == [translated]
        kept = set("[]{}/\\^$@<>~😀👩👧\x00\ud8001234567") & set(text)
        assert kept <= set(translated)


@real
def test_nothing_stays_nothing_and_a_long_text_whole(spanish):
    long = "The house number 7 is red and 9 dogs sleep. " * 300
    empty, translated, blank = spanish.translate(["", long, " \n\t "])
    assert (empty, blank) == ("", "")
    assert translated.count("7") == translated.count("9") == 300
    assert "\n" not in spanish.translate(["one\ntwo\nthree"])[0]


@real
def test_a_text_does_not_change_what_follows(spanish, monkeypatch):
    """After "included", the tagger alone takes "elected" for another part of speech."""
    [alone] = spanish.translate(["elected"])
    assert spanish.translate(["included", "elected"])[1] == alone
    monkeypatch.setattr(apertium, "isolated", lambda pipeline: pipeline)
    assert spanish.translate(["included", "elected"])[1] != alone


WORDS = st.sampled_from(
    ["included", "elected", "the house", "his", "dogs.", "can't", "kwyjibo", "of 1969", *"^~$[\\"]
)
TEXTS = st.lists(st.lists(WORDS | st.text(max_size=8), min_size=1, max_size=8).map(" ".join), max_size=8)


@real
@settings(max_examples=8)
@given(TEXTS)
def test_a_translation_is_the_same_alone_and_in_company(spanish, texts):
    together = spanish.translate(texts)
    assert len(together) == len(texts)
    assert spanish.translate(texts[::-1]) == together[::-1]
    assert spanish.translate(texts[:1]) == together[:1]
    parts = translator(threads=3)
    assert parts.translate(texts) == together


@real
@pytest.mark.parametrize(
    ("target", "expected"),
    [("ca", "La casa és vermell."), ("eo", "La domo estas ruĝa."), ("gl", "A casa é vermella.")],
)
def test_other_languages(target, expected):
    if not (MODES / f"{PAIRS[target][0]}.mode").is_file():
        pytest.skip(f"{PAIRS[target][1]} is not installed (`make apertium`)")
    [translated] = translator(target).translate(["The house is red."])
    assert translated == expected


@real
def test_the_engine_joins_sentences(tmp_path):
    params = translate_params(engine="apertium", memory=str(tmp_path))
    [text] = engine_of(params, "es").translate([Segment("", "The house is red. It has 2 doors.")])
    assert text == "La casa es roja. Tiene 2 puertas."


@real
def test_words_are_counted(spanish):
    assert spanish.lengths(["one two  three", "", "four"]) == [3, 0, 1]
    assert spanish.limit is None


# Stand-ins for the programs


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Install programs of which a mode is what a test writes."""
    programs, modes = tmp_path / "bin", tmp_path / "share" / "apertium" / "modes"
    programs.mkdir()
    modes.mkdir(parents=True)
    outputs = {
        "apertium-wblank-mode": 'cat "$2"',
        "apertium": "echo 'Apertium 9'",
        "lt-proc": "echo 'lt-proc 9'",
    }
    for name, body in outputs.items():
        path = programs / name
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.delenv("APERTIUM_DATADIR", raising=False)
    return lambda commands, mode="eng-spa": (modes / f"{mode}.mode").write_text(commands)


def test_a_language_without_a_pair_is_refused(installed):
    with pytest.raises(LanguageError, match=r"ca, eo, es, gl, found 'de'"):
        translator("de")


def test_a_missing_program_is_told_with_the_command(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ModelError, match=r"`sudo apt-get install apertium apertium-eo-en`, or `make apertium`"):
        translator("eo")


def test_a_missing_pair_is_told_with_what_is_installed(installed):
    installed("cat", "en-gl")
    installed("cat", "cat-eng")
    with pytest.raises(
        ModelError, match=r"mode eng-spa, found cat-eng, en-gl in .*install apertium apertium-eng-spa"
    ):
        translator("es")


def test_a_mode_can_be_chosen_and_is_checked(installed):
    installed("cat", "eng-cat_valencia")
    assert translator("ca", mode="eng-cat_valencia").identity["mode"] == "eng-cat_valencia"
    with pytest.raises(ParamsError, match="Did you mean 'eng-cat_valencia'"):
        translator("ca", mode="eng-cat_valenci")


@pytest.mark.parametrize(
    ("target", "mode"),
    [
        ("es", "eng-cat"),
        ("es", "spa-eng"),
        ("xx", "eng-cat_valencia"),
        ("es", "spa"),
        ("ca", "eng-spa_cat"),
        ("es", "spa_eng-spa"),
    ],
)
def test_a_mode_of_another_language_is_refused(installed, target, mode):
    installed("cat", mode)
    with pytest.raises(
        ParamsError, match=f"mode: expected a mode from English into '{target}', .*found '{mode}'"
    ):
        translator(target, mode=mode)


@pytest.mark.parametrize(
    ("target", "mode"),
    [("es", "en-es"), ("es", "eng-spa_x"), ("de", "eng-deu"), ("no", "eng-nob"), ("an", "en-an")],
)
def test_a_mode_of_the_language_may_be_named_in_any_way(installed, target, mode):
    installed("cat", mode)
    assert translator(target, mode=mode).identity["mode"] == mode


def test_the_data_may_be_elsewhere(installed, monkeypatch, tmp_path):
    modes = tmp_path / "own" / "modes"
    modes.mkdir(parents=True)
    (modes / "eng-spa.mode").write_text("tr a b")
    monkeypatch.setenv("APERTIUM_DATADIR", str(tmp_path / "own"))
    assert translator().translate(["a"]) == ["b"]


def test_another_version_of_the_data_is_another_identity(installed, tmp_path):
    data = tmp_path / "eng-spa.bin"
    data.write_bytes(b"1")
    installed(f"lt-proc -z '{data}'")
    before = translator().identity
    assert before == translator().identity
    data.write_bytes(b"2")
    assert translator().identity["data"] != before["data"]
    marked = translator(mark_unknown=True).identity
    assert marked["mark_unknown"] is not before["mark_unknown"]


def test_the_same_data_elsewhere_is_the_same(installed, tmp_path):
    identities = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "eng-spa.bin").write_bytes(b"1")
        installed(f"lt-proc -z '{tmp_path / name / 'eng-spa.bin'}'")
        identities.append(translator().identity)
    assert identities[0] == identities[1]


def test_a_failing_program_is_told_with_what_it_said(installed):
    installed("cat | (echo 'no such rule' >&2; exit 3) | cat")
    with pytest.raises(ModelError, match="exit code 3: no such rule"):
        translator().translate(["a"])


def test_a_killed_program_is_told(installed):
    installed("cat | sh -c 'kill -9 $$' | cat")
    with pytest.raises(ModelError, match="exit code 137"):
        translator().translate(["a"])


def test_a_failing_tagger_is_told(installed, tmp_path):
    tagger = tmp_path / "bin" / "apertium-tagger"
    tagger.write_text("#!/bin/sh\necho broken >&2\nexit 4\n")
    tagger.chmod(0o755)
    installed("cat | apertium-tagger -z -g 'x' | cat")
    with pytest.raises(ModelError, match="exit code 4: broken"):
        translator().translate(["a", "b"])


def test_a_text_over_which_a_program_crashes_is_empty_and_told(installed, caplog):
    reader = (
        'while IFS= read -r -d "" text; do [[ $text == *boom* ]] && kill -SEGV $$; printf "%s\\0" "$text"; done'
    )
    installed(f"cat | bash -c '{reader}' | cat")
    texts = [f"text {number}" for number in range(7)]
    assert translator().translate([*texts, "boom", *texts]) == [*texts, "", *texts]
    assert "no translation of 'boom' (exit code 139)" in caplog.text


def test_what_crashes_once_is_tried_again(installed, tmp_path, caplog):
    """As where another program took all memory."""
    installed(
        f"cat | bash -c '[ -e {tmp_path}/seen ] || {{ touch {tmp_path}/seen; kill -SEGV $$; }}; cat' | cat"
    )
    assert translator().translate(["a"]) == ["a"]
    assert "no translation" not in caplog.text


@pytest.mark.parametrize("commands", ["tr -d '\\000'", "tr a '\\000'", "head -c 4", "sed 's/\\[\\]//'"])
def test_programs_that_lose_count_are_told(installed, commands):
    installed(commands)
    with pytest.raises(DataError, match="3 translations"):
        translator().translate(["one", "a", "two"])


@pytest.mark.timeout(40)
def test_programs_that_hang_are_ended(installed, monkeypatch, caplog):
    monkeypatch.setattr(apertium_stream, "_SECONDS", 0)
    reader = 'while IFS= read -r -d "" text; do [[ $text == *boom* ]] && sleep 60; printf "%s\\0" "$text"; done'
    installed(f"cat | bash -c '{reader}' | cat")
    assert translator().translate(["a", "b", "boom"]) == ["a", "b", ""]
    assert "no translation of 'boom' (no end after 1 s)" in caplog.text


@pytest.mark.parametrize("name", ["lt-proc", "apertium", "apertium-wblank-mode"])
def test_programs_that_are_missing_or_broken_are_told(installed, tmp_path, monkeypatch, name):
    installed("cat")
    program = tmp_path / "bin" / name
    program.write_text("#!/bin/sh\necho no data >&2; exit 3\n")
    with pytest.raises(ModelError, match="programs and data of Apertium .*no data. .*`make apertium`"):
        _ = translator().identity
    if name == "lt-proc":
        program.unlink()
        monkeypatch.setenv("PATH", str(program.parent))
        monkeypatch.setattr(ApertiumTranslator, "_modes", tmp_path / "share" / "apertium" / "modes")
        (tmp_path / "bin" / "cat").symlink_to("/bin/cat")
        with pytest.raises(ModelError, match="No such file.*lt-proc.*`make apertium`"):
            _ = translator().identity


def test_data_that_is_missing_is_told(installed, tmp_path):
    installed(f"lt-proc -z '{tmp_path / 'gone.bin'}'")
    with pytest.raises(ModelError, match="gone.bin.*`make apertium`"):
        _ = translator().identity


def test_without_bash(installed, monkeypatch):
    installed("cat")
    spanish = translator()
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(subprocess, "Popen", lambda *given, **options: Path("/no/bash").read_bytes())
    with pytest.raises(ModelError, match="the program bash"):
        spanish.translate(["a"])
