"""What made the results: the difference to the committed parameters, as a command, and the environment."""

import subprocess

import pytest

from hbir.reporting.reproduce import Origin, changes, environment, environment_names, origin

BEFORE = {
    "seed": 1,
    "batches": {"size": 64, "hybrid": {"alpha": 0.5}},
    "languages": ["de", "en"],
    "baselines": [],
}


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (BEFORE, {}),
        (BEFORE | {"seed": 2}, {"seed": "2"}),
        (BEFORE | {"batches": {"size": 64, "hybrid": {"alpha": 0.3}}}, {"batches.hybrid.alpha": "0.3"}),
        (
            BEFORE | {"languages": ["de"], "baselines": ["mixed"]},
            {"languages": '["de"]', "baselines": '["mixed"]'},
        ),
        (BEFORE | {"sampler": "xy"}, {"sampler": "xy"}),
        (BEFORE | {"seed": None}, {"seed": "null"}),
        ({name: value for name, value in BEFORE.items() if name != "seed"}, {"seed": "null"}),
    ],
)
def test_what_differs(after, expected):
    assert changes(BEFORE, after) == expected


def test_the_command_is_one_for_a_shell():
    assert Origin().command == "make repro"
    changed = {"seed": "2", "languages": '["de"]'}
    assert Origin(changed=changed).command == "dvc exp run -S seed=2 -S 'languages=[\"de\"]'"


def test_the_environment_leaves_out_what_differs_each_time():
    record = {
        "seconds": 1.5,
        "peak_memory_mb": 900.0,
        "device": "cpu",
        "threads": 2,
        "python": "3.11.7",
        "packages": {"torch": "2.13.0"},
        "pairs_per_second": [],
    }
    found = environment(record)
    assert found == {"device": "cpu", "threads": "2", "python": "3.11.7", "torch": "2.13.0"}
    assert environment_names({"xx": found, "xy": {"cpu": "EPYC"}}) == [*found, "cpu"]


def test_it_is_compared_with_the_commit(tmp_path):
    (tmp_path / "params.yaml").write_text("seed: 1\nsampler: xx\n")
    assert origin(tmp_path, {"seed": 2}, {"xx": None}) == Origin()  # no Git
    for command in ("init -q", "add .", "-c user.name=a -c user.email=a@example.org commit -q -m one"):
        subprocess.run(["git", *command.split()], cwd=tmp_path, check=True)
    found = origin(tmp_path, {"seed": 2, "sampler": "xx"}, {"xx": {"device": "cpu"}, "xy": None})
    assert found.changed == {"seed": "2"}
    assert len(found.commit) >= 7
    assert found.environments == {"xx": {"device": "cpu"}}
