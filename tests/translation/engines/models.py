"""Make tiny translation models with random weights, saved in the official formats of their families."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import sentencepiece
import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    M2M100Config,
    M2M100ForConditionalGeneration,
    M2M100Tokenizer,
    MarianConfig,
    MarianMTModel,
    MarianTokenizer,
    PreTrainedTokenizerFast,
    T5Config,
    T5ForConditionalGeneration,
)

from hbir.core.languages import LANGUAGES

SENTENCES = [
    "The capital of Peru is Lima.",
    "Who wrote the first book about the river?",
    "A small bird sat on the roof and sang until the sun went down.",
    "In 1969 two people walked on the moon.",
    "How many people live in the largest city of the country?",
    "Bread, milk and honey were sold on the market.",
    "Die Hauptstadt von Peru ist Lima.",
    "Wer schrieb das erste Buch über den Fluss?",
]
NLLB_CODES = ["arb_Arab", "deu_Latn", "eng_Latn", "spa_Latn", "tha_Thai", "zho_Hans"]
"""Some: with all of them the random weights, and what they write, would change with the table of languages."""
SMALL = {
    "d_model": 16,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 32,
    "decoder_ffn_dim": 32,
    "init_std": 0.5,
}


def _pieces(
    folder: Path, name: str, sentences: Sequence[str] = SENTENCES, size: int = 120, **options: Any
) -> list[str]:
    """Train SentencePiece; return its pieces."""
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(sentences),
        model_prefix=str(folder / "trained"),
        vocab_size=size,
        hard_vocab_limit=False,
        minloglevel=2,
        **options,
    )
    (folder / "trained.model").rename(folder / name)
    (folder / "trained.vocab").unlink()
    model = sentencepiece.SentencePieceProcessor(model_file=str(folder / name))
    return [model.id_to_piece(i) for i in range(model.get_piece_size())]


def marian(
    folder: Path,
    targets: tuple[str, ...] = (),
    sentences: Sequence[str] = SENTENCES,
    size: int = 120,
    **options: Any,
) -> Path:
    """Make a model of OPUS-MT: source.spm, target.spm, vocab.json, as on the Hub."""
    folder.mkdir(parents=True)
    sides = ("source.spm", "target.spm")
    pieces = [piece for side in sides for piece in _pieces(folder, side, sentences, size)]
    words = [piece for piece in dict.fromkeys(pieces) if piece not in ("<unk>", "<s>", "</s>")]
    vocab = {token: i for i, token in enumerate(["</s>", "<unk>", *words, *targets, "<pad>"])}
    (folder / "vocab.json").write_text(json.dumps(vocab))
    tokenizer = MarianTokenizer(
        str(folder / "source.spm"),
        str(folder / "target.spm"),
        str(folder / "vocab.json"),
        source_lang="eng",
        target_lang="deu",
    )
    tokenizer.save_pretrained(str(folder))
    config = MarianConfig(
        vocab_size=len(vocab),
        pad_token_id=vocab["<pad>"],
        eos_token_id=0,
        decoder_start_token_id=vocab["<pad>"],
        forced_eos_token_id=0,
        scale_embedding=True,
        **SMALL | {"max_position_embeddings": 64} | options,
    )
    model = _seeded(MarianMTModel, config)
    model.generation_config.bad_words_ids = [[vocab["<pad>"]]]
    model.save_pretrained(str(folder))
    return folder


def m2m100(folder: Path, **options: Any) -> Path:
    """Make a model of M2M-100: vocab.json and sentencepiece.bpe.model."""
    folder.mkdir(parents=True)
    pieces = _pieces(folder, "sentencepiece.bpe.model", model_type="bpe")
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    vocab = {token: i for i, token in enumerate([*special, *(p for p in pieces if p not in special)])}
    (folder / "vocab.json").write_text(json.dumps(vocab))
    codes = [f"__{known.m2m100}__" for known in LANGUAGES.values() if known.m2m100 and known.code != "nb"]
    tokenizer = M2M100Tokenizer(
        str(folder / "vocab.json"),
        str(folder / "sentencepiece.bpe.model"),
        additional_special_tokens=codes,
    )
    tokenizer.save_pretrained(str(folder))
    _m2m(folder, len(vocab) + 100 + 8, **options)
    return folder


def nllb(folder: Path, **options: Any) -> Path:
    """Make a model of NLLB-200: tokenizer.json with the languages last, their code after the text as of old."""
    folder.mkdir(parents=True)
    core = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True))
    core.normalizer = normalizers.NFKC()
    core.pre_tokenizer = pre_tokenizers.Metaspace()
    core.decoder = decoders.Metaspace()
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    core.train_from_iterator(SENTENCES, trainers.BpeTrainer(vocab_size=150, special_tokens=special))
    core.add_special_tokens([*NLLB_CODES, "<mask>"])
    core.post_processor = processors.TemplateProcessing(
        single="$A </s> eng_Latn",
        special_tokens=[("</s>", 2), ("eng_Latn", core.token_to_id("eng_Latn"))],
    )
    names = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}
    saved = PreTrainedTokenizerFast(tokenizer_object=core, **names, mask_token="<mask>")
    saved.save_pretrained(str(folder))
    _named(folder, tokenizer_class="NllbTokenizer")
    _m2m(folder, core.get_vocab_size(), **options)
    return folder


def madlad(folder: Path) -> Path:
    """Make a model of MADLAD-400: a T5 whose tokenizer has `<unk>` first and the languages as pieces."""
    folder.mkdir(parents=True)
    core = Tokenizer(models.Unigram())
    core.pre_tokenizer = pre_tokenizers.Metaspace()
    core.decoder = decoders.Metaspace()
    special = ["<unk>", "<s>", "</s>", *(known.madlad for known in LANGUAGES.values() if known.madlad)]
    trainer = trainers.UnigramTrainer(
        vocab_size=400, special_tokens=list(dict.fromkeys(special)), unk_token="<unk>", show_progress=False
    )
    core.train_from_iterator(SENTENCES, trainer)
    core.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 2)])
    names = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<s>"}
    PreTrainedTokenizerFast(tokenizer_object=core, **names).save_pretrained(str(folder))
    _named(folder, tokenizer_class="T5Tokenizer", extra_ids=0)
    config = T5Config(
        vocab_size=core.get_vocab_size(),
        d_model=16,
        d_kv=8,
        d_ff=32,
        num_layers=2,
        num_heads=2,
        feed_forward_proj="gated-gelu",
        tie_word_embeddings=False,
        pad_token_id=1,
        eos_token_id=2,
        decoder_start_token_id=0,
        initializer_factor=3.0,
    )
    _seeded(T5ForConditionalGeneration, config).save_pretrained(str(folder))
    return folder


MAKERS = {"opus": marian, "m2m100": m2m100, "nllb": nllb, "madlad": madlad}


def _m2m(folder: Path, vocabulary: int, **options: Any) -> None:
    config = M2M100Config(
        vocab_size=vocabulary,
        pad_token_id=1,
        eos_token_id=2,
        decoder_start_token_id=2,
        scale_embedding=True,
        **SMALL | {"max_position_embeddings": 64} | options,
    )
    _seeded(M2M100ForConditionalGeneration, config).save_pretrained(str(folder))


def _named(folder: Path, **entries: Any) -> None:
    """Write into the tokenizer's config what the one on the Hub says."""
    path = folder / "tokenizer_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | entries))


def _seeded(kind: Any, config: Any) -> Any:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return kind(config)
