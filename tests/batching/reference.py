"""Plan batches slowly: lists alone, everything recomputed, every pair of examples compared."""

from typing import Any

from hbir.core.seeds import generator
from hbir.core.text import normalise


class CannotFillError(Exception):
    """Stands for PlanError."""


class SlowWalk:
    def __init__(self, names, items, size, seed, keys, whole=False):
        self.items, self.size, self.keys, self.whole = items, size, keys, whole
        self.orders = generator(seed, "batches", "shuffle", *names)
        self.choices = generator(seed, "batches", "pairing", *names)
        self.dealt = []
        self.waiting = []
        self.room: Any = None

    def reserve(self):
        entries = [all_keys(pair, choices) for pair, choices in self.items]
        every = [key for keys in entries for key in keys]
        rank = sorted(range(len(entries)), key=lambda i: sum(every.count(key) for key in entries[i]))
        found: list[int] = []
        for i in rank:
            full = self.is_full([self.items[j] for j in found])
            if not full and not any(set(entries[i]) & set(entries[j]) for j in found):
                found.append(i)
        return [self.items[i][0] for i in found]

    def fills(self):
        return self.is_full([[pair] for pair in self.reserve()])

    def is_full(self, batch):
        return sum(len(pair["texts"]) if self.whole else 1 for pair, *_ in batch) >= self.size

    def next_step(self):
        batch: list[Any] = []
        tried, self.waiting = self.waiting, []
        for place, example in enumerate(tried):
            if self.is_full(batch):
                self.waiting += tried[place:]
                break
            self.offer(batch, example)
        while not self.is_full(batch) and self.dealt:
            self.offer(batch, self.dealt.pop(0))
        while not self.is_full(batch):
            before = len(batch)
            self.shuffle()
            while not self.is_full(batch) and self.dealt:
                self.offer(batch, self.dealt.pop(0))
            if len(batch) == before:
                return self.from_reserve(batch)
        return batch

    def offer(self, batch, example):
        own = self.keys(example)
        free = not any(set(own) & set(self.keys(other)) for other in batch)
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
            if example[0]["pair_id"] in wanted and not self.is_full(batch):
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


def keys_in_either(example):
    """The passage may change to the language of the query."""
    pair, query_lang, _ = example
    return [*keys(example), ("passage text", normalise(pair["texts"][query_lang][1]))]


def keys_in_all(example):
    pair, query_lang, _ = example
    passages = [key for lang in pair["texts"] for key in keys((pair, query_lang, lang))]
    return [*keys(example), *passages]


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
        row_coin = self.stream("coin", "rows")
        rows = []
        for step in range(self.params.steps):
            part = heads if coin.random() < self.alpha(step) else tails
            for pair, query, passage in parts[part]():
                if composition == "hybrid_rows" and row_coin.random() < self.alpha(step):
                    passage = query
                rows.append((step, pair["pair_id"], query, passage))
        return rows

    def alpha(self, step):
        alpha = self.params.hybrid.alpha
        segments = [[1.0, alpha]] if isinstance(alpha, float) else alpha
        return next(value for until, value in segments if step / self.params.steps < until)

    def walks(self, composition, options, language=None, keys=keys, whole=False):
        walks = []
        for source, pairs in self.sources.items():
            items = [(pair, options(sorted(pair["texts"]))) for pair in pairs]
            names = (composition, source, language) if language else (composition, source)
            items = [(pair, choices) for pair, choices in items if choices]
            walks.append(SlowWalk(names, items, self.params.size, self.seed, keys, whole))
        return walks

    def choice(self, walks, stream, deal=SlowWalk.next_step):
        usable = [walk for walk in walks if walk.fills()]
        if not usable:
            raise CannotFillError
        weights = [len(walk.items) ** self.params.size_exponent for walk in usable]
        shares = [weight / sum(weights) for weight in weights]
        return lambda: deal(usable[stream.choice(len(usable), p=shares)])

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

    def over_all(self, composition, walks, deal=SlowWalk.next_step):
        if any(walk.items and not walk.fills() for walk in walks):
            raise CannotFillError
        return self.choice(walks, self.stream("source", composition), deal)

    def xy(self, keys=keys):
        if len(self.languages) < 2:
            raise CannotFillError
        options = lambda ls: [(q, p) for q in ls for p in ls if q != p]  # noqa: E731
        return self.over_all("xy", self.walks("xy", options, keys=keys))

    def hybrid_rows(self):
        return self.xy(keys_in_either)

    def all_languages(self):
        if self.params.size <= max(len(pair["texts"]) for pairs in self.sources.values() for pair in pairs):
            raise CannotFillError
        name, options = "all_languages", lambda langs: [(x, x) for x in langs]
        walks = self.walks(name, options, keys=keys_in_all, whole=True)
        for walk, source in zip(walks, self.sources, strict=True):
            walk.room = self.stream("room", name, source)
        next_step = self.over_all(name, walks, lambda walk: (walk.next_step(), walk.room))
        return lambda: list(self.with_passages(*next_step()))

    def with_passages(self, queries, room):
        """List a row for each language of each query; of the last one, for some by chance."""
        left = self.params.size
        for pair, query, _ in queries:
            langs = sorted(pair["texts"])
            if pair is queries[-1][0]:
                numbers = dict(zip(self.languages, room.random(len(self.languages)).tolist(), strict=True))
                langs = sorted(sorted(langs, key=numbers.__getitem__)[:left])
            left -= len(langs)
            yield from ((pair, query, lang) for lang in langs)

    def mixed(self):
        return self.over_all("mixed", self.walks("mixed", lambda langs: [(x, x) for x in langs]))

    def english(self):
        if "en" not in self.languages:
            raise CannotFillError
        options = lambda langs: [("en", "en")] if "en" in langs else []  # noqa: E731
        return self.over_all("english", self.walks("english", options, "en"))
