"""Plan batches slowly: lists alone, everything recomputed, every pair of examples compared."""

from typing import Any

from hbir.core.seeds import generator
from hbir.core.text import normalise


class CannotFillError(Exception):
    """Stands for PlanError."""


class SlowWalk:
    def __init__(self, names, items, size, seed):
        self.items, self.size = items, size
        self.orders = generator(seed, "batches", "shuffle", *names)
        self.choices = generator(seed, "batches", "pairing", *names)
        self.dealt = []
        self.waiting = []

    def reserve(self):
        entries = [all_keys(pair, choices) for pair, choices in self.items]
        every = [key for keys in entries for key in keys]
        rank = sorted(range(len(entries)), key=lambda i: sum(every.count(key) for key in entries[i]))
        found: list[int] = []
        for i in rank:
            if len(found) < self.size and not any(set(entries[i]) & set(entries[j]) for j in found):
                found.append(i)
        return [self.items[i][0] for i in found]

    def fills(self):
        return len(self.reserve()) == self.size

    def next_step(self):
        batch: list[Any] = []
        tried, self.waiting = self.waiting, []
        for place, example in enumerate(tried):
            if len(batch) == self.size:
                self.waiting += tried[place:]
                break
            self.offer(batch, example)
        while len(batch) < self.size and self.dealt:
            self.offer(batch, self.dealt.pop(0))
        while len(batch) < self.size:
            before = len(batch)
            self.shuffle()
            while len(batch) < self.size and self.dealt:
                self.offer(batch, self.dealt.pop(0))
            if len(batch) == before:
                return self.from_reserve(batch)
        return batch

    def offer(self, batch, example):
        free = not any(collide(example, other) for other in batch)
        (batch if free else self.waiting).append(example)

    def shuffle(self):
        order = self.orders.permutation(len(self.items)).tolist()
        items = [self.items[i] for i in order]
        picks = self.choices.integers([len(choices) for _, choices in items]).tolist()
        self.dealt = [(pair, *choices[pick]) for (pair, choices), pick in zip(items, picks, strict=True)]

    def from_reserve(self, batch):
        hand, self.waiting = batch + self.waiting, []
        wanted = [pair["pair_id"] for pair in self.reserve()]
        batch = []
        for example in hand:
            if example[0]["pair_id"] in wanted:
                wanted.remove(example[0]["pair_id"])
                batch.append(example)
            else:
                self.waiting.append(example)
        return batch


def keys(example):
    pair, query_lang, passage_lang = example
    return [
        ("passage", pair["passage_id"]),
        ("query", pair["query_id"]),
        ("passage text", normalise(pair["texts"][passage_lang][1])),
        ("query text", normalise(pair["texts"][query_lang][0])),
    ]


def collide(one, other):
    return any(a == b for a in keys(one) for b in keys(other))


def all_keys(pair, choices):
    languages = sorted({language for choice in choices for language in choice})
    texts = [key for language in languages for key in keys((pair, language, language))[2:]]
    return keys((pair, languages[0], languages[0]))[:2] + texts


def grouped(pairs):
    """Return {source: [pair]} in the order of pair_id from rows of PAIRS."""
    found: dict[int, Any] = {}
    for row in pairs.to_pylist():
        if row["split"] == "train":
            pair = found.setdefault(row["pair_id"], {**row, "texts": {}})
            pair["texts"][row["lang"]] = (row["query"], row["passage"])
    by_source: dict[str, Any] = {}
    for pair_id in sorted(found):
        by_source.setdefault(found[pair_id]["source"], []).append(found[pair_id])
    return dict(sorted(by_source.items()))


class SlowPlanner:
    def __init__(self, pairs, params, seed):
        self.sources, self.params, self.seed = grouped(pairs), params, seed
        self.languages = sorted(set(pairs["lang"].to_pylist()))

    def stream(self, *names):
        return generator(self.seed, "batches", *names)

    def plan(self, composition):
        coin = self.stream("coin")
        heads, tails = ("xx", "xy") if composition == "hybrid" else (composition, composition)
        parts = {name: getattr(self, name)() for name in {heads, tails}}
        rows = []
        for step in range(self.params.steps):
            part = heads if coin.random() < self.alpha(step) else tails
            rows += [(step, pair["pair_id"], query, passage) for pair, query, passage in parts[part]()]
        return rows

    def alpha(self, step):
        alpha = self.params.hybrid.alpha
        segments = [[1.0, alpha]] if isinstance(alpha, float) else alpha
        return next(value for until, value in segments if step / self.params.steps < until)

    def walks(self, composition, options, language=None):
        walks = []
        for source, pairs in self.sources.items():
            items = [(pair, options(sorted(pair["texts"]))) for pair in pairs]
            names = (composition, source, language) if language else (composition, source)
            items = [(pair, choices) for pair, choices in items if choices]
            walks.append(SlowWalk(names, items, self.params.size, self.seed))
        return walks

    def choice(self, walks, stream):
        usable = [walk for walk in walks if walk.fills()]
        if not usable:
            raise CannotFillError
        weights = [len(walk.items) ** self.params.size_exponent for walk in usable]
        shares = [weight / sum(weights) for weight in weights]
        return lambda: usable[stream.choice(len(usable), p=shares)].next_step()

    def xx(self):
        grid = {
            language: self.walks(
                "xx", lambda langs, only=language: [(only, only)] if only in langs else [], language
            )
            for language in self.languages
        }
        for place in range(len(self.sources)):
            if not any(walks[place].fills() for walks in grid.values()):
                raise CannotFillError
        source_stream, language_stream = self.stream("source", "xx"), self.stream("language", "xx")
        by_language = [self.choice(walks, source_stream) for walks in grid.values()]
        return lambda: by_language[language_stream.integers(len(by_language))]()

    def over_all(self, composition, walks):
        if any(walk.items and not walk.fills() for walk in walks):
            raise CannotFillError
        return self.choice(walks, self.stream("source", composition))

    def xy(self):
        if len(self.languages) < 2:
            raise CannotFillError
        return self.over_all("xy", self.walks("xy", lambda ls: [(q, p) for q in ls for p in ls if q != p]))

    def mixed(self):
        return self.over_all("mixed", self.walks("mixed", lambda langs: [(x, x) for x in langs]))

    def english(self):
        if "en" not in self.languages:
            raise CannotFillError
        options = lambda langs: [("en", "en")] if "en" in langs else []  # noqa: E731
        return self.over_all("english", self.walks("english", options, "en"))
