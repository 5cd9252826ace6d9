"""The slow twin of the measures of language bias: read each off the sorted list, query by query."""

from scipy.stats import chi2, spearmanr

K = 10


def of_ranks(task, query, ranked, relevant):
    """Return what the places of the relevant passages in the sorted pool of all languages say."""
    lang, own = task.passage_langs, task.query_langs[query]
    places = [place for place, passage in enumerate(ranked, start=1) if passage in relevant]
    if len({lang[passage] for passage in relevant}) < 2:
        return {}
    values = {
        "rank_distance_share": (places[-1] - places[0]) / len(ranked),
        "max@r": places[-1],
        "tlr@10": _recall([p for p in relevant if lang[p] != own], ranked[:10]),
        "map_other": _without_own(task, query, ranked, relevant),
    }
    if len(ranked) > len(relevant):
        values["max@r_share"] = (places[-1] - len(relevant)) / (len(ranked) - len(relevant))
    if own in {lang[passage] for passage in relevant}:
        values["language_preference"] = float(lang[ranked[places[0] - 1]] == own)
    groups: dict[str, list[int]] = {}
    for place in places:
        groups.setdefault(lang[ranked[place - 1]], []).append(place)
    if len(places) > len(groups):
        values["peer"] = peer(list(groups.values()))
    return values


def peer(groups):
    """Return the p-value of equal mean ranks of groups of ranks."""
    every = [rank for group in groups for rank in group]
    mean = sum(every) / len(every)
    between = sum(len(group) * (sum(group) / len(group) - mean) ** 2 for group in groups)
    total = sum((rank - mean) ** 2 for rank in every)
    return chi2.sf((len(every) - 1) * between / total, len(groups) - 1)


def of_top(task, query, tops):
    """Return what the languages of the first ten, and those of the query's translations, say."""
    values = {}
    lang, own = task.passage_langs, task.query_langs[query]
    if len(set(lang)) > 1 and len(lang) > K:
        share = sum(lang[passage] == own for passage in tops[query]) / K
        values["same_language@10"] = share
        values["same_language_excess@10"] = share - lang.count(own) / len(lang)
    found = []
    for other, key in enumerate(task.query_keys or []):
        if key == task.query_keys[query] and task.query_langs[other] != own:
            found.append(correlation(tops[query], tops[other]))
    found = [value for value in found if value is not None]
    if found:
        values["mrc@10"] = sum(found) / len(found)
    return values


def correlation(one, other):
    """Correlate two lists over all that either holds; what one lacks stands behind its last."""
    union = sorted({*one, *other})
    if len(union) < 2:
        return None
    ranks = [[ranking.index(p) if p in ranking else len(ranking) for p in union] for ranking in (one, other)]
    return spearmanr(*ranks).statistic


def preferences(task, tops, ranked, relevant):
    """Return (query language, passage language) → share and chance in the first ten, and of being first."""
    table = {}
    n = len(task.passage_langs)
    for row in {*task.query_langs}:
        asked = [q for q, lang in enumerate(task.query_langs) if lang == row and relevant[q]]
        several = [q for q in asked if len({task.passage_langs[p] for p in relevant[q]}) > 1]
        for column in {*task.passage_langs}:
            shares = [sum(task.passage_langs[p] == column for p in tops[q]) / len(tops[q]) for q in asked]
            first, chance = [], []
            for q in several:
                best = next(p for p in ranked[q] if p in relevant[q])
                langs = [task.passage_langs[p] for p in relevant[q]]
                first.append(task.passage_langs[best] == column)
                chance.append(langs.count(column) / len(langs))
            table[row, column] = (
                _mean(shares),
                task.passage_langs.count(column) / n if asked else None,
                _mean(first),
                _mean(chance),
            )
    return table


def _mean(values):
    return sum(values) / len(values) if values else None


def _recall(wanted, found):
    return sum(passage in found for passage in wanted) / len(wanted)


def _without_own(task, query, ranked, relevant):
    own = task.query_langs[query]
    rest = [p for p in ranked if not (p in relevant and task.passage_langs[p] == own)]
    places = [place for place, passage in enumerate(rest, start=1) if passage in relevant]
    return sum(number / place for number, place in enumerate(places, start=1)) / len(places)
