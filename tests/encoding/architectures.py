"""Miniatures of the presets' architectures: random weights, in the files that the Hub has of the real ones."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sentencepiece
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import (
    BertConfig,
    BertForMaskedLM,
    BertModel,
    BertTokenizer,
    MT5Config,
    MT5ForConditionalGeneration,
    PreTrainedModel,
    XLMRobertaConfig,
    XLMRobertaForMaskedLM,
    XLMRobertaModel,
    XLMRobertaTokenizer,
)

TEXTS = [
    *(f"{lang} which number is {n} times {n % 7}" for lang in ("aa", "bb", "cc") for n in range(30)),
    *(f"{lang} the number {n * 3} comes of {n}" for lang in ("aa", "bb", "cc") for n in range(30)),
    "Which currency is used in Japan? Query: Passage: query: passage:",
    "जापान की मुद्रा क्या है?",
    "Ποιο είναι το νόμισμα της Ιαπωνίας;",
]
WIDTH, POSITIONS = 16, 64
# As narrow as this, a first token hardly sees the others at a deviation of 0.02, and dropout drowns it.
_SIZES: dict[str, Any] = {
    "hidden_size": WIDTH,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "initializer_range": 0.06,
    "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0,
}


def make_mbert(folder: Path) -> None:
    """Save as `bert-base-multilingual-cased` is: a masked language model with its head."""
    vocabulary = _wordpiece(folder)
    config = BertConfig(vocab_size=vocabulary, max_position_embeddings=POSITIONS, **_SIZES)
    _save(BertForMaskedLM, config, folder)


def make_labse(folder: Path) -> None:
    """Save as `LaBSE` is: a sentence-transformers folder with a dense layer after the first token's state."""
    vocabulary = _wordpiece(folder)
    config = BertConfig(vocab_size=vocabulary, max_position_embeddings=POSITIONS, **_SIZES)
    _save(BertModel, config, folder)
    _modules(folder, "Pooling", "Dense", "Normalize", longest=48)
    _pooling(folder, "cls_token")
    dense = {"linear.weight": torch.eye(WIDTH), "linear.bias": torch.zeros(WIDTH)}
    settings = {"in_features": WIDTH, "out_features": WIDTH, "bias": True}
    _write(
        folder / "2_Dense/config.json", settings | {"activation_function": "torch.nn.modules.activation.Tanh"}
    )
    save_file(dense, folder / "2_Dense/model.safetensors")


def make_xlm_roberta(folder: Path) -> None:
    """Save as `xlm-roberta-base` is: a masked language model with its head, and without a pooler."""
    _save(XLMRobertaForMaskedLM, _xlm_roberta_config(folder), folder)


def make_e5(folder: Path) -> None:
    """Save as `multilingual-e5-base` is: a sentence-transformers folder that takes the mean."""
    _save(XLMRobertaModel, _xlm_roberta_config(folder), folder)
    _modules(folder, "Pooling", "Normalize", longest=48)
    _pooling(folder, "mean_tokens")


def make_bge_m3(folder: Path) -> None:
    """Save as `bge-m3` is: the first token's state, and pickled weights of other heads beside it."""
    _save(XLMRobertaModel, _xlm_roberta_config(folder), folder)
    _modules(folder, "Pooling", "Normalize", longest=POSITIONS)
    _pooling(folder, "cls_token")
    torch.save({"weight": torch.zeros(1, WIDTH)}, folder / "sparse_linear.pt")


def make_mt5(folder: Path) -> None:
    """Save as `mt5-small` is: encoder and decoder, and a SentencePiece model alone as the tokenizer."""
    pieces = _sentencepiece(folder / "spiece.model", pad_id=0, eos_id=1, unk_id=2, bos_id=-1)
    _write(folder / "tokenizer_config.json", {"tokenizer_class": "T5Tokenizer", "extra_ids": 0})
    config = MT5Config(
        vocab_size=len(pieces),
        d_model=WIDTH,
        d_kv=8,
        d_ff=32,
        num_layers=2,
        num_decoder_layers=2,
        num_heads=2,
        dropout_rate=0.0,
        tie_word_embeddings=False,
        tokenizer_class="T5Tokenizer",
    )
    _save(MT5ForConditionalGeneration, config, folder)


_CODE = """
import torch
from transformers import PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import BaseModelOutput


class ToyConfig(PretrainedConfig):
    model_type = "hbir-toy"

    def __init__(self, vocab_size=1, hidden_size=1, **others):
        super().__init__(**others)
        self.vocab_size, self.hidden_size = vocab_size, hidden_size


class ToyModel(PreTrainedModel):
    config_class = ToyConfig

    def __init__(self, config):
        super().__init__(config)
        self.tokens = torch.nn.Embedding(config.vocab_size, config.hidden_size)
        self.layer = torch.nn.Linear(config.hidden_size, config.hidden_size)
        self.post_init()

    def get_input_embeddings(self):
        return self.tokens

    def forward(self, input_ids, attention_mask=None, **others):
        return BaseModelOutput(last_hidden_state=torch.tanh(self.layer(self.tokens(input_ids))))
"""


def make_custom(folder: Path) -> None:
    """Save an architecture that no library knows, with its code beside it."""
    vocabulary = _wordpiece(folder)
    (folder / "modeling_toy.py").write_text(_CODE, encoding="utf-8")
    auto = {"AutoConfig": "modeling_toy.ToyConfig", "AutoModel": "modeling_toy.ToyModel"}
    config = {"model_type": "hbir-toy", "vocab_size": vocabulary, "hidden_size": WIDTH, "auto_map": auto}
    _write(folder / "config.json", config)
    drawn = torch.Generator().manual_seed(7)
    sizes = {"tokens.weight": (vocabulary, WIDTH), "layer.weight": (WIDTH, WIDTH), "layer.bias": (WIDTH,)}
    weights = {name: torch.randn(size, generator=drawn) * 0.3 for name, size in sizes.items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


MAKERS: dict[str, Callable[[Path], None]] = {
    "mbert": make_mbert,
    "labse": make_labse,
    "xlm-roberta": make_xlm_roberta,
    "multilingual-e5": make_e5,
    "bge-m3": make_bge_m3,
    "mt5": make_mt5,
}


def family(preset: str) -> str:
    """Return the maker's name: a preset's, without its size."""
    return next(name for name in MAKERS if preset.startswith(name))


def _save(kind: type[PreTrainedModel], config: Any, folder: Path) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(7)
        kind(config).save_pretrained(folder)


def _xlm_roberta_config(folder: Path) -> XLMRobertaConfig:
    pieces = _sentencepiece(folder / "sentencepiece.bpe.model", unk_id=0, bos_id=1, eos_id=2, pad_id=-1)
    special = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
    vocabulary = [*special, *pieces[3:], ("<mask>", 0.0)]
    XLMRobertaTokenizer(vocab=vocabulary, model_max_length=POSITIONS).save_pretrained(folder)
    return XLMRobertaConfig(
        vocab_size=len(vocabulary),
        max_position_embeddings=POSITIONS + 2,
        type_vocab_size=1,
        pad_token_id=1,
        bos_token_id=0,
        eos_token_id=2,
        **_SIZES,
    )


def _sentencepiece(path: Path, **ids: int) -> list[tuple[str, float]]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(TEXTS),
            model_writer=file,
            vocab_size=150,
            hard_vocab_limit=False,
            character_coverage=1.0,
            num_threads=1,
            minloglevel=2,
            **ids,
        )
    read = sentencepiece.SentencePieceProcessor(model_file=str(path))
    return [(read.id_to_piece(i), read.get_score(i)) for i in range(read.get_piece_size())]


def _wordpiece(folder: Path) -> int:
    core = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    core.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trainer = trainers.WordPieceTrainer(vocab_size=250, special_tokens=special, show_progress=False)
    core.train_from_iterator(TEXTS, trainer)
    vocabulary = core.get_vocab()
    BertTokenizer(vocab=vocabulary, do_lower_case=False, model_max_length=POSITIONS).save_pretrained(folder)
    return len(vocabulary)


def _modules(folder: Path, *kinds: str, longest: int) -> None:
    names = ["", *(f"{number}_{kind}" for number, kind in enumerate(kinds, 1))]
    listed = [
        {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for i, (path, kind) in enumerate(zip(names, ("Transformer", *kinds), strict=True))
    ]
    _write(folder / "modules.json", listed)
    _write(folder / "sentence_bert_config.json", {"max_seq_length": longest, "do_lower_case": False})
    for name in names:
        (folder / name).mkdir(exist_ok=True)


def _pooling(folder: Path, mode: str) -> None:
    modes = ("cls_token", "mean_tokens", "max_tokens", "mean_sqrt_len_tokens")
    settings = {f"pooling_mode_{name}": name == mode for name in modes}
    _write(folder / "1_Pooling/config.json", {"word_embedding_dimension": WIDTH, **settings})


def _write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value), encoding="utf-8")
