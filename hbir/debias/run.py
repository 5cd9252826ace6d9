"""Take the language bias out of an encoder: read, hold out, score, plan, train, score, write."""

import logging
import shutil
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from sentence_transformers import SentenceTransformer

from hbir.core.errors import ModelError
from hbir.core.files import atomic_folder, read_json, write_json
from hbir.core.progress import duration
from hbir.core.training_record import TrainingRecord, read_training
from hbir.debias.budget import TRIAL, VALIDATIONS, Speed, measure, steps_within
from hbir.debias.card import debias_card
from hbir.debias.corpus import Corpus, make_corpus
from hbir.debias.lengths import Lengths, restore, shorten
from hbir.debias.options import Options
from hbir.debias.pairs import benchmark_entry, make_pairs, make_plan
from hbir.debias.scores import AFTER, BEFORE, Comparison, compared, score
from hbir.debias.settings import training_params
from hbir.debias.texts import files_of, read_texts
from hbir.debias.work import Work, check_out, working
from hbir.encoding.fingerprint import encoder_fingerprint
from hbir.encoding.model import load_encoder, open_encoder, prepare_torch, save_encoder
from hbir.encoding.settings import set_similarity
from hbir.training.lora import transformers
from hbir.training.observer import Observer
from hbir.training.run import Job, train

logger = logging.getLogger(__name__)
Say = Callable[[str], None]
SCORES = "debias.json"
"""In the output: what was chosen, and the scores before and after."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """Hold what came out."""

    corpus: Corpus
    training: TrainingRecord
    comparison: Comparison


def debias(options: Options, say: Say) -> Result:
    """Train an encoder on parallel texts for some minutes, and write it with a card.

    Args:
        options: what the user chose.
        say: takes lines for the user.

    Returns:
        What came out; the model is in `options.out`.

    Raises:
        HbirError: when the texts, the model or an option cannot be used.
        KeyboardInterrupt: when it is stopped; the same command goes on from there.
    """
    begin = time.monotonic()
    check_out(options)
    files = files_of(options.texts)
    prepare_torch(options.threads)
    dropped: Counter[str] = Counter()
    rows = read_texts(options.texts, dropped)  # before the model, which takes longer
    model = _opened(options)
    with working(options, files, encoder_fingerprint(model)) as work:
        corpus = _corpus(work, partial(make_corpus, rows, options, dropped))
        say(_told(corpus))
        lengths = shorten(model, options.max_tokens)
        entry = benchmark_entry(corpus, work.texts)
        scoring = _scored_before(model, entry, options, work)
        if not work.initial.exists():
            with atomic_folder(work.initial) as folder:
                save_encoder(model, folder)
        frozen = bool(transformers(model)) and not options.train_embeddings
        del model  # the training loads its own
        job = _planned(options, corpus, work, frozen, begin, scoring, say)
        if not work.trained.exists():
            train(job, Observer())
        trained = load_encoder(work.trained, trust_remote_code=options.trust_remote_code)
        logger.info("scoring the trained encoder on them")
        score(trained, entry, options.precision, work.scores(AFTER))
        result = Result(
            corpus=corpus,
            training=read_training(work.trained / "training.json"),
            comparison=compared(work.scores(BEFORE), work.scores(AFTER)),
        )
        _write(trained, lengths, options, result)
    return result


def _opened(options: Options) -> SentenceTransformer:
    model = open_encoder(
        options.model, trust_remote_code=options.trust_remote_code, prompts=options.prompts
    ).float()
    if model.truncate_dim is not None:
        raise ModelError(
            where=f"model {options.model}",
            expected="an encoder that is trained in all of its dimensions",
            found=f"truncate_dim {model.truncate_dim}",
            hint="Copy its folder, set `truncate_dim` to null in its config, and name the copy.",
        )
    if model.similarity_fn_name == "cosine":
        set_similarity(model, normalize=True)
    return model


def _corpus(work: Work, make: Callable[[Path], Corpus]) -> Corpus:
    if work.corpus.exists():
        kept = read_json(work.corpus)
        return Corpus(**{**kept, "languages": tuple(kept["languages"])})
    corpus = make(work.texts)
    write_json(work.corpus, asdict(corpus))
    return corpus


def _told(corpus: Corpus) -> str:
    query = "its title" if corpus.query == "title" else "a random 30 to 60 % of its words"
    held = f"{corpus.held_texts:,} texts"
    if corpus.documents:
        held += f" of {corpus.held_documents:,} of {corpus.documents:,} documents"
    left_out = ", ".join(f"{reason} {count:,}" for reason, count in corpus.dropped.items() if count)
    return (
        f"{corpus.texts:,} texts in {', '.join(corpus.languages)}; what asks for a text is {query}\n"
        f"held out: {held}; left out: {left_out or 'nothing'}"
    )


def _scored_before(model: SentenceTransformer, entry: dict[str, Any], options: Options, work: Work) -> float:
    """Score the encoder as it came, where that is not done yet, and return how long it took, in seconds."""
    if not work.scoring.exists():
        begin = time.monotonic()
        logger.info("scoring the encoder as it is on the held-out texts")
        score(model, entry, options.precision, work.scores(BEFORE))
        write_json(work.scoring, time.monotonic() - begin)
    return float(read_json(work.scoring))


def _planned(
    options: Options, corpus: Corpus, work: Work, frozen: bool, begin: float, scoring: float, say: Say
) -> Job:
    """Plan as many steps as the budget has room for, unless a stopped run of the same budget has done so."""
    budget = [options.minutes, options.steps]
    if not work.steps.exists() or read_json(work.steps)["budget"] != budget:
        shutil.rmtree(work.trained, ignore_errors=True)
        counts = make_pairs(corpus, work.texts, work.pairs)
        say(f"{counts[0]:,} pairs to train on, {counts[1]:,} to choose the checkpoint")
        steps = options.steps
        if steps is None:
            make_plan(work.pairs, work.plan, options, TRIAL)
            speed = measure(_job(options, work, TRIAL, frozen))
            left = options.minutes * 60 - (time.monotonic() - begin) - scoring
            steps = steps_within(left, speed, counts[0], options.batch_size, options.minutes)
            say(_budget(steps, speed, scoring, options))
        make_plan(work.pairs, work.plan, options, steps)
        write_json(work.steps, {"budget": budget, "steps": steps})
    return _job(options, work, int(read_json(work.steps)["steps"]), frozen)


def _budget(steps: int, speed: Speed, scoring: float, options: Options) -> str:
    training = duration(steps * speed.step + VALIDATIONS * speed.validation)
    return (
        f"{speed.step:.2f} s a step on this machine: {steps:,} steps of {options.batch_size} pairs take about "
        f"{training}, and scoring then {duration(scoring)}"
    )


def _job(options: Options, work: Work, steps: int, frozen: bool) -> Job:
    every = max(1, -(-steps // VALIDATIONS))
    return Job(
        sampler=options.sampler,
        params=training_params(options, every, frozen),
        threads=options.threads or torch.get_num_threads(),
        seed=options.seed,
        plan=work.plan,
        pairs=work.pairs,
        initial=work.initial,
        log_every=every,
        checkpoint_every=every,
        output=work.trained,
        trust_remote_code=options.trust_remote_code,
        home=work.folder / "training",
    )


def _write(model: SentenceTransformer, lengths: Lengths, options: Options, result: Result) -> None:
    """Write the trained encoder, with its own lengths, its card and its scores."""
    restore(model, lengths)
    with atomic_folder(options.out) as folder:
        save_encoder(model, folder)
        card = debias_card(options, result.corpus, result.training, result.comparison, model.prompts)
        (folder / "README.md").write_text(card, encoding="utf-8")
        before, after = (which.plain() for which in (result.comparison.before, result.comparison.after))
        corpus = asdict(result.corpus)
        params = result.training.params
        write_json(folder / SCORES, {"texts": corpus, "training": params, "before": before, "after": after})
