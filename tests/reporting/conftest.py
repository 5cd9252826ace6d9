import pytest

from tests.reporting.builder import KINDS, build


@pytest.fixture(scope="session")
def results(tmp_path_factory):
    return build(tmp_path_factory.mktemp("scores"))


@pytest.fixture(scope="session")
def many(tmp_path_factory):
    samplers = ("xx", "xy", "hybrid", "mixed", "english")
    return build(tmp_path_factory.mktemp("scores"), samplers, benchmarks=("cldr", "xquad-r"))


@pytest.fixture(scope="session")
def single(tmp_path_factory):
    return build(tmp_path_factory.mktemp("scores"), samplers=("xx",), languages=("de",), groups=False)


@pytest.fixture(scope="session")
def five(tmp_path_factory):
    """Benchmarks that differ in measures, settings and languages, with slashes in their names."""
    return build(tmp_path_factory.mktemp("scores"), benchmarks=KINDS, groups=False)
