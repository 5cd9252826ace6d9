"""Nothing in the package runs code that came with data."""

from pathlib import Path

import pytest

from tests.closed.calls import PICKLING, findings

ROOT = Path(__file__).parents[2]
BETWEEN_PROCESSES = {"hbir/encoding/ranks.py", "hbir/encoding/rank_tensors.py", "hbir/cluster/pool.py"}
"""What processes of one training tell each other goes through torch's pickles; a worker on Ray answers in
bytes, which Ray hands over as they are. docs/security.md says so."""
FILES = sorted(
    path
    for name in ("hbir", "stages", "perf", "studies", "docs", "verify")
    for path in (ROOT / name).rglob("*.py")
)


def test_no_file_unpickles_evaluates_or_listens_to_everyone():
    found = {str(path.relative_to(ROOT)): findings(path.read_text(encoding="utf-8")) for path in FILES}
    for name in BETWEEN_PROCESSES & found.keys():
        found[name] = [line for line in found[name] if not line.endswith(PICKLING)]
    assert {name: lines for name, lines in found.items() if lines} == {}
    assert len(found) > 300


@pytest.mark.parametrize(
    "code",
    [
        "import pickle\npickle.loads(b'')",
        "from pickle import loads",
        "import joblib",
        "import yaml",
        "from yaml import load",
        "import cloudpickle as quick",
        "import pickle\nread = pickle.Unpickler",
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "torch.load(path, weights_only=chosen)",
        "np.load(path, allow_pickle=True)",
        "np.load(path, allow_pickle=chosen)",
        "eval(text)",
        "exec(text)",
        "os.system('ls')",
        "subprocess.run(text, shell=True)",
        "archive.extractall(folder)",
        "pd.read_pickle(path)",
        "AutoModel.from_pretrained(name, trust_remote_code=True)",
        "YAML(typ='unsafe')",
        "distributed.all_gather_object(values, value)",
        "ray.get(ticket)",
        "server.bind(('0.0.0.0', 80))",
        "requests.get(url, verify=False)",
    ],
)
def test_what_is_looked_for_is_found(code: str):
    assert findings(code)


@pytest.mark.parametrize(
    "code",
    [
        "import pickle\ntry:\n    torch.load(a, weights_only=True)\nexcept pickle.UnpicklingError:\n    pass",
        "np.load(path, mmap_mode='r')",
        "YAML(typ='safe', pure=True).load(text)",
        "YAML().load(text)",
        "model.eval()",
        "re.compile(text)",
    ],
)
def test_what_is_harmless_passes(code: str):
    assert findings(code) == []
