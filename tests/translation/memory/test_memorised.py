import logging
import sys
from io import StringIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hbir.cluster.params import ClusterParams
from hbir.core.errors import DataError, ParamsError
from hbir.translation.engines.engine import Engine, Segment, Translator
from hbir.translation.engines.registry import ENGINES, EngineKind
from hbir.translation.memory.memorised import MemorisedEngine
from hbir.translation.memory.memory import Memory
from hbir.translation.memory.progress import Progress
from hbir.translation.memory.sentences import Unit, cut, join, spans, translatable
from hbir.translation.params import ChecksParams, EngineParams, TranslateParams
from tests.translation.fakes import Mixing, Upper, passages
from tests.translation.makers import engine_of, read_only


@pytest.fixture
def memory(tmp_path):
    return Memory(tmp_path / "es.sqlite")


def engine(translator, memory, target="es", **options):
    options = {"batch_tokens": 30, **options}
    return MemorisedEngine("upper", translator, memory, target, **options)


def translated(translator, memory, *texts, target="es", **options):
    return engine(translator, memory, target, **options).translate([Segment("", t) for t in texts])


def test_by_hand(memory):
    upper: Translator = (asked := Upper())
    whole: Engine = engine(upper, memory, batch_tokens=8)
    segments = [Segment("k", text) for text in ("Is it? It is.\n12.", " It is. ", "", "...")]
    assert whole.translate(segments) == ["IS IT? IT IS.\n12.", " IT IS. ", "", "..."]
    assert asked.batches == [["Is it?", "It is."]]
    assert (whole.name, whole.truncated, whole.mixes_languages) == ("upper", 0, False)


def slow_twin(translator, text, target):
    units = [
        Unit(translator.translate([unit.text])[0] if translatable(unit.text) else unit.text, unit.gap)
        for unit in cut(text, spans(text))
    ]
    return join(units, target)


pieces = st.sampled_from(["Oslo is cold. ", "Why not? ", "\n", " ", "7 ", "It is late. ", "... ", "river\n"])
some_texts = st.lists(st.lists(pieces).map("".join), unique=True)


@settings(max_examples=40)
@given(some_texts, st.integers(1, 60), st.sampled_from(["es", "zh", "th"]))
def test_as_sentence_by_sentence(tmp_path_factory, texts, budget, target):
    memory = Memory(tmp_path_factory.mktemp("memory") / "m.sqlite")
    expected = [slow_twin(Upper(), text, target) for text in texts]
    assert translated(Upper(), memory, *texts, target=target, batch_tokens=budget) == expected


def test_the_second_run_asks_nothing(memory):
    first = Mixing()
    once = engine(first, memory).translate(passages(40))
    assert len(first.asked) == len(set(first.asked)) > 30
    second = Mixing()
    assert engine(second, memory).translate(passages(40)) == once
    assert second.asked == second.measured == []


def test_a_changed_corpus_asks_for_what_is_new(memory):
    translated(Upper(), memory, "Oslo is cold. Why not?", "It is late.")
    upper = Upper()
    texts = ("Oslo is cold. Never mind. Why not?", "It is late!")
    assert translated(upper, memory, *texts) == [text.upper() for text in texts]
    assert sorted(upper.asked) == ["It is late!", "Never mind."]


def test_another_option_asks_again(memory):
    translated(Upper(beams=4), memory, "It is late.")
    upper = Upper(beams=5)
    translated(upper, memory, "It is late.")
    assert upper.asked == ["It is late."]


def test_another_language_asks_again(memory):
    translated(Upper(), memory, "It is late.")
    upper = Upper()
    translated(upper, memory, "It is late.", target="ca")
    assert upper.asked == ["It is late."]


def test_equal_texts_are_asked_once(memory):
    upper = Upper()
    keys = [Segment("one", "It is late."), Segment("two", "It is late.")]
    assert engine(upper, memory).translate(keys) == ["IT IS LATE."] * 2
    assert upper.asked == ["It is late."]


def test_texts_longer_than_the_model_are_counted_and_remembered(memory):
    long, short = "One two three four five.", "Hi there."
    texts = [f"{long} {short}", short, long, "Six words are too many, too."]
    for limit in (5, 5):
        upper = Upper(limit=limit)
        counting = engine(upper, memory, batch_tokens=10)
        counting.translate([Segment("", text) for text in texts])
        assert counting.truncated == 3
    assert upper.batches == []


def test_the_end_that_is_cut_off_takes_no_room(memory):
    upper = Upper(limit=3)
    translated(upper, memory, "a b c d e f g", "h i j k l m n o p", batch_tokens=6)
    assert len(upper.batches) == 1


def test_several_calls_add_up(memory):
    counting = engine(Upper(limit=2), memory)
    for text in ("One two three.", "Four five six."):
        counting.translate([Segment("", text)])
    assert counting.truncated == 2


def test_a_text_that_lost_a_sentence_is_empty(memory):
    texts = ("Say it. It is a MUTE.", "Say it.", "MUTE")

    class Mute(Upper):
        def translate(self, batch):
            return ["  " if "MUTE" in text else f" {text} " for text in super().translate(batch)]

    assert translated(Mute(), memory, *texts) == ["", "SAY IT.", ""]
    again = Mute()
    assert translated(again, memory, *texts) == ["", "SAY IT.", ""]
    assert again.batches == []


def test_a_translator_that_loses_count(memory):
    class Losing(Upper):
        def translate(self, texts):
            return super().translate(texts)[1:]

    with pytest.raises(DataError, match=r"engine upper, es: expected 2 translations, found 1.*\['Is it\?'\]"):
        translated(Losing(), memory, "Is it? It is.")
    assert translated(Upper(), memory, "Is it? It is.") == ["IS IT? IT IS."]


def test_what_came_before_a_failure_is_kept(memory):
    class Failing(Mixing):
        def translate(self, texts):
            if len(self.batches) == 3:
                raise RuntimeError("out of memory")
            return super().translate(texts)

    failing, resumed, whole = Failing(), Mixing(), Mixing()
    with pytest.raises(RuntimeError, match="out of memory"):
        engine(failing, memory).translate(passages(40))
    texts = engine(resumed, memory).translate(passages(40))
    assert failing.batches + resumed.batches == whole_batches(whole, memory)
    assert texts == engine(whole, memory).translate(passages(40))


def whole_batches(translator, memory):
    fresh = Memory(memory.path.with_name("fresh.sqlite"))
    engine(translator, fresh).translate(passages(40))
    return translator.batches


def test_batches_elsewhere(memory):
    given = []

    def runner(batches):
        for batch in batches:
            given.append(batch)
            yield [text.upper() for text in batch]

    upper = Upper()
    here = translated(Upper(), Memory(memory.path.with_name("here.sqlite")), *[p.text for p in passages(20)])
    assert translated(upper, memory, *[p.text for p in passages(20)], runner=runner) == here
    assert upper.batches == []
    assert len(given) > 3
    kept = Upper()
    translated(kept, memory, *[p.text for p in passages(20)])
    assert kept.batches == []


def test_where_all_is_known_nothing_is_started_elsewhere(memory):
    translated(Upper(), memory, "It is late.")
    translated(Upper(), memory, "It is late.", runner=lambda batches: pytest.fail("it was started"))


@pytest.mark.parametrize(
    ("results", "message"), [([], "1 translations, found 0"), ([["A"], ["B"]], "0 .*found 1")]
)
def test_results_that_are_too_few_or_too_many(memory, results, message):
    with pytest.raises(DataError, match=rf"engine upper, es: expected {message}"):
        translated(Upper(), memory, "It is late.", runner=lambda batches: iter(results))


def test_after_an_error_nothing_goes_on_elsewhere(memory):
    closed = []

    def runner(batches):
        try:
            for _ in batches:
                yield []
        finally:
            closed.append(True)

    with pytest.raises(DataError) as kept:  # its traceback keeps the generator
        translated(Upper(), memory, *"abc", batch_tokens=2, runner=runner)
    assert kept.value
    assert closed == [True]


def test_what_may_only_be_read_is_read_and_nothing_is_begun(memory, monkeypatch):
    translated(Upper(), memory, "It is late.", "We go.")
    read_only(monkeypatch)
    upper = Upper()
    assert translated(upper, memory, "It is late.", "We go.") == ["IT IS LATE.", "WE GO."]
    with pytest.raises(DataError, match=r"sentences\.sqlite: expected a file that can be written"):
        translated(upper, memory, "It is late. We go.")
    with pytest.raises(DataError, match=r"es\.sqlite: expected a file that can be written.*translate\.memory"):
        translated(Upper(beams=2), memory, "It is late.")
    assert not upper.measured
    assert not upper.batches


def test_the_first_of_two_is_right_for_both(memory):
    """Another process commits the same sentence while this one translates it."""

    class Overtaken(Upper):
        def translate(self, texts):
            translated(Mixing(), memory, "It is late.", "Now other words come.")
            return super().translate(texts)

    (text,) = translated(Overtaken(), memory, "It is late.")
    assert text is not None
    assert text.startswith("IT IS LATE. <")
    assert translated(Upper(), memory, "It is late.") == [text]


def test_a_memory_deleted_meanwhile(memory):
    class Deleting(Upper):
        def translate(self, texts):
            memory.path.unlink(missing_ok=True)
            return super().translate(texts)

    assert translated(Deleting(), memory, *"abc", batch_tokens=2) == ["A", "B", "C"]


def test_the_last_line(memory, caplog):
    caplog.set_level(logging.INFO, "hbir")
    translated(Upper(), memory, "Is it? It is.")
    translated(Upper(), memory, "Is it? It is.")
    first, second = caplog.messages
    assert first.startswith("es: 2 sentences translated, 0 remembered, ")
    assert first.endswith(" sentences/s")
    assert second == "es: 0 sentences translated, 2 remembered"


def test_a_line_a_minute_without_a_terminal(caplog):
    caplog.set_level(logging.INFO, "hbir")
    seconds = iter([0, 30, 30, 61, 61, 61, 61, 70, 70, 100]).__next__
    with pytest.raises(RuntimeError), Progress("es", 4000, 1000, 5, clock=seconds) as progress:
        progress.add(1000, 500)
        progress.add(1000, 250)
        assert caplog.messages == ["es: 2,000 of 4,000 sentences, 33 sentences/s, 00:20 left"]
        progress.add(1000, 100)
        raise RuntimeError
    assert len(caplog.messages) == 1


def test_a_bar_on_a_terminal(monkeypatch, caplog):
    class Terminal(StringIO):
        def isatty(self):
            return True

    caplog.set_level(logging.INFO, "hbir")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with Progress("es", 4000, 1000, 5, clock=iter(range(0, 1000, 100)).__next__) as progress:
        progress.add(1000, 750)
        progress.bar.refresh()
        shown = terminal.getvalue()
    assert "translate es:  75%|" in shown
    assert "1,000 of 4,000 sentences, 10 sentences/s, 00:00 left" in shown
    assert caplog.messages == ["es: 1,000 sentences translated, 5 remembered, 5 sentences/s"]


NO_CHECKS = ChecksParams(
    copied_words=None, script=None, length_ratio=None, repetitions=None, lost_numbers=None, max_rejected=1.0
)


@pytest.fixture
def params(tmp_path, monkeypatch):
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    made = []

    def make(options, assignment):
        made.append((options.name, assignment.target, assignment.threads))
        return Upper()

    monkeypatch.setitem(ENGINES, "upper", EngineKind(EngineParams, make))

    def params(**fields):
        given = {
            "engine": "cldr",
            "languages": {"es": {"name": "upper"}},
            "memory": "kept",
            "batch_tokens": 100,
            "checks": NO_CHECKS,
            "cluster": None,
        }
        return TranslateParams(**{**given, **fields})

    params.made = made  # type: ignore[attr-defined]
    return params


def test_the_engine_of_a_language(params, tmp_path):
    upper = engine_of(params(), "es", threads=3)
    assert isinstance(upper, MemorisedEngine)
    assert upper.name == "upper"
    assert upper.translate([Segment("", "It is.")]) == ["IT IS."]
    assert params.made == [("upper", "es", 3)]
    assert (tmp_path / "kept" / "es.sqlite").is_file()
    assert engine_of(params(), "de").name == "cldr"


def test_an_unknown_engine_is_told_where_it_stands(params):
    with pytest.raises(ParamsError, match=r"translate\.languages\.es: .*'uper'\. Did you mean 'upper'\?"):
        engine_of(params(languages={"es": "uper"}), "es")
    with pytest.raises(ParamsError, match=r"translate\.engine: .*'uper'\. Did you mean 'upper'\?"):
        engine_of(params(engine="uper"), "de")


def test_an_unknown_key_is_told_where_it_stands(params):
    with pytest.raises(ParamsError, match=r"translate\.languages\.es: .*'beam'"):
        engine_of(params(languages={"es": {"name": "upper", "beam": 5}}), "es")
    with pytest.raises(ParamsError, match=r"translate\.engine: expected a `name`"):
        engine_of(params(engine={"beam": 5}), "de")


def test_a_cluster_gets_the_batches(params, monkeypatch):
    asked = []

    def runner(make, threads, cluster):
        asked.append((make().identity["engine"], threads, cluster.workers))
        return lambda batches: ([f"far {text}" for text in batch] for batch in batches)

    module = type(sys)("hbir.translation.cluster")
    module.RayRunner = runner  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "hbir.translation.cluster", module)
    made = engine_of(params(cluster=ClusterParams(address="local", workers=2)), "es", threads=3)
    assert asked == [("upper", 3, 2)]
    assert made.translate([Segment("", "It is.")]) == ["far It is."]
