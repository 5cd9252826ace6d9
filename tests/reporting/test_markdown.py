from hbir.reporting.markdown import comparison_markdown
from tests.reporting.builder import build


def test_the_table_of_the_readme(results):
    lines = comparison_markdown(results, "hybrid").splitlines()
    assert lines[0] == "### cldr"
    header = next(i for i, line in enumerate(lines) if line.startswith("| sampler"))
    assert lines[header + 1] == "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    assert lines[header + 2] == "| xx | **0.9612** | **0.9312** | 0.0823 | 0.0523 | 0.1398 | 0.1598 | 4,100.4 |"
    assert lines[header + 3].endswith("| 0.2232 | **716.3** |")
    assert lines[header + 4].startswith("| ▸ hybrid | 0.9331 |")


def test_rows_have_as_many_cells_as_the_header(many):
    text = comparison_markdown(many, "xx")
    tables = [part.splitlines() for part in text.split("\n\n") if part.startswith("| sampler")]
    assert len(tables) == 2 * 4
    for table in tables:
        assert {line.count("|") for line in table} == {9}


def test_names_are_escaped(tmp_path):
    results = build(tmp_path, samplers=("xx",), languages=("de", "fr"), benchmarks=("a|b_c",))
    assert "### a\\|b\\_c" in comparison_markdown(results, "xx")


def test_benchmarks_of_all_kinds(five):
    text = comparison_markdown(five, "hybrid")
    assert "### beir/my set" in text
    assert "| sampler | cross-lingual accuracy |\n| --- | ---: |" in text
    assert "| sampler | mteb cosine\\_spearman |" in text or "| sampler | mteb cosine_spearman |" in text
