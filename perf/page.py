"""Put what was measured between two marks of a page."""

import click


def put_between(page: str, marks: tuple[str, str], content: str, where: str) -> str:
    """Replace what stands between two marks.

    Args:
        page: its text.
        marks: the first and the last, as they stand in the page.
        content: what goes between.
        where: names the page in an error.

    Returns:
        The page.

    Raises:
        ClickException: when the page lacks a mark.
    """
    first, last = marks
    before, begin, rest = page.partition(first)
    _, end, after = rest.partition(last)
    if not (begin and end):
        found = "none" if not begin else f"no {last}"
        raise click.ClickException(f"{where}: expected {first} and {last}, found {found}. Put both marks back.")
    return f"{before}{first}\n\n{content}\n\n{last}{after}"
