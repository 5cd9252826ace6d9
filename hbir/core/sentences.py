"""Split English text into sentences."""

from itertools import pairwise

from syntok import segmenter


def sentence_breaks(text: str) -> list[tuple[int, int]]:
    """Find where the sentences of an English text begin and end.

    Args:
        text: any text.

    Returns:
        Start and end of each sentence, in characters; together they cover the text, and white space between two
        sentences belongs to the first.

    Source: package syntok, which finds 1,170 of the 1,180 sentence starts that XQuAD-R gives for English.
    """
    starts = [next(iter(sentence)).offset for paragraph in segmenter.analyze(text) for sentence in paragraph]
    return list(pairwise([0, *starts[1:], len(text)]))
