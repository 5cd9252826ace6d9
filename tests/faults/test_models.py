"""Folders of models that are broken, hostile, or hold something else."""

import json
import pickle
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.encoding.architectures import make_labse, make_mbert
from tests.faults.harness import Case, Ran, both, cases, contents, refusal, run, write

PICKLE = pickle.dumps(Ran())
MODEL = "model"
LOOK = f"search ./{MODEL} query --corpus corpus.txt"
MERGE, CONVERT = f"merge ./{MODEL} ./{MODEL} merged", f"convert ./{MODEL} converted"


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two encoders as the Hub has them, in small."""
    folder = tmp_path_factory.mktemp("published")
    make_labse(folder / "modules")
    make_mbert(folder / "bare")
    return folder


@pytest.fixture
def models(project, published: Path):
    """Be in a project with both, and a passage."""
    shutil.copytree(published / "modules", MODEL)
    shutil.copytree(published / "bare", "bare")
    Path("corpus.txt").write_text("a passage\n")


def gone(*names: str):
    def make() -> None:
        for name in names:
            Path(MODEL, name).unlink()

    return make


def bare(*makes):
    """Take the encoder that transformers alone saved."""

    def make() -> None:
        shutil.rmtree(MODEL)
        shutil.move("bare", MODEL)

    return both(make, *makes)


def no_vocabulary():
    for name in ("vocab*", "tokenizer.json", "*.model"):
        for path in Path(MODEL).glob(name):
            path.unlink()


def keys(name: str, **changes: object):
    def make() -> None:
        path = Path(MODEL, name)
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    return make


def module(**changes: object):
    def make() -> None:
        path = Path(MODEL, "modules.json")
        first, *others = json.loads(path.read_text())
        path.write_text(json.dumps([first | changes, *others]))

    return make


def put(name: str, content):
    return write(f"{MODEL}/{name}", content)


def pickled(*names: str):
    """Replace weights in safetensors by a pickle that runs code, in each of torch's formats."""

    def make() -> None:
        for name in names:
            for path in Path(MODEL, name).parent.glob("*.safetensors"):
                path.unlink()
            torch.save({"weight": Ran()}, Path(MODEL, name))

    return make


def cut(name: str):
    def make() -> None:
        path = Path(MODEL, name)
        path.write_bytes(path.read_bytes()[:-100])

    return make


SAFE = "model.safetensors"


def weights(value: float):
    def make() -> None:
        found = load_file(Path(MODEL, SAFE))
        for tensor in found.values():
            tensor[..., :1] = value
        save_file(found, Path(MODEL, SAFE))

    return make


POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"


@cases(
    ("no config", bare(gone("config.json")), LOOK),
    ("no weights", gone(SAFE), LOOK),
    ("no vocabulary", bare(no_vocabulary), LOOK),
    ("a config that is no JSON", bare(put("config.json", "{")), LOOK, "config.json"),
    ("a config that is a list", bare(put("config.json", [1])), LOOK, "config.json"),
    ("a config nested without end", bare(put("config.json", "[" * 100_000)), LOOK, "config.json"),
    ("a config that is a pickle", bare(put("config.json", PICKLE)), LOOK, "config.json"),
    ("modules that are no list", put("modules.json", {"a": 1}), LOOK, "modules.json"),
    ("a module of nothing", module(type=5), LOOK, "modules.json"),
    ("a module that climbs", module(path="../bare"), LOOK, "outside of the folder"),
    ("a module of the system", module(path="/etc"), LOOK, "outside of the folder"),
    ("a module of Python", module(type="os.system"), LOOK, "whose code comes with the model"),
    ("a module of ours", module(type="hbir.core.files.read_json"), LOOK, "whose code comes with the model"),
    (
        "a model with code",
        bare(keys("config.json", model_type="own", auto_map={"AutoModel": "own.M"})),
        LOOK,
        "code",
    ),
    ("a decoder", bare(keys("config.json", is_decoder=True)), LOOK, "decoder"),
    ("another kind", bare(keys("config.json", model_type="gpt2")), LOOK, "gpt2"),
    (
        "a reranker",
        bare(keys("config.json", architectures=["BertForSequenceClassification"])),
        LOOK,
        "reranker",
    ),
    ("an adapter", bare(put("adapter_config.json", {"base_model_name_or_path": "../x"})), LOOK, "adapter"),
    ("a pointer", put(SAFE, POINTER), LOOK, "Git LFS"),
    ("weights in a pickle alone", pickled("pytorch_model.bin"), LOOK, "whose loading could run code"),
    ("no such model", lambda: shutil.rmtree(MODEL), LOOK),
    ("a model that is a file", both(lambda: shutil.rmtree(MODEL), write(MODEL, b"")), LOOK),
)
@pytest.mark.usefixtures("models")
@pytest.mark.filterwarnings("ignore")
def test_refused(case: Case):
    refusal(case)


@pytest.mark.slow
@pytest.mark.usefixtures("models")
def test_what_is_whole_passes():
    """Else every refusal above could be for another reason."""
    before = contents(Path(MODEL))
    result = run(LOOK)
    assert result.exit_code == 0, result.output
    assert "a passage" in result.output
    assert contents(Path(MODEL)) == before


@cases(
    ("weights that are a pickle by another name", put(SAFE, PICKLE), LOOK),
    ("weights that are nothing", put(SAFE, b""), LOOK),
    ("weights that are cut", cut(SAFE), LOOK),
    ("weights that are no numbers", weights(float("nan")), LOOK),
    ("weights without end", weights(float("inf")), LOOK),
    ("weights whose head is endless", put(SAFE, b"\xff" * 8 + b"{}"), LOOK),
    (
        "weights of one module alone pickled",
        both(pickled("2_Dense/pytorch_model.bin")),
        LOOK,
        "pytorch_model.bin",
    ),
    (
        "weights in a checkpoint",
        bare(gone(SAFE), put("model.ckpt", PICKLE)),
        LOOK,
        "whose loading could run code",
    ),
    ("a tokenizer that is a pickle", put("tokenizer.json", PICKLE), LOOK, "tokenizer.json"),
    ("a tokenizer that is cut", cut("tokenizer.json"), LOOK, "tokenizer.json"),
    ("to convert a pickle with code", pickled("pytorch_model.bin"), CONVERT, "which is code"),
    ("to convert a bare pickle", both(gone(SAFE), put("pytorch_model.bin", PICKLE)), CONVERT),
    ("to convert nothing", gone(SAFE, "2_Dense/model.safetensors"), CONVERT, "pytorch_model.bin"),
    ("to convert into a folder in use", lambda: None, f"convert ./{MODEL} ./bare", "an empty folder"),
    ("to convert below a file", lambda: None, f"convert ./{MODEL} corpus.txt/x"),
    ("to merge into a folder in use", lambda: None, f"merge ./{MODEL} ./bare ./bare", "an empty folder"),
    ("to merge two kinds", lambda: None, f"merge ./{MODEL} ./bare merged"),
    ("to merge nothing", lambda: shutil.rmtree(MODEL), MERGE),
)
@pytest.mark.slow
@pytest.mark.usefixtures("models")
@pytest.mark.filterwarnings("ignore")
def test_what_is_loaded_first_is_refused(case: Case):
    refusal(case)
