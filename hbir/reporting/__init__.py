"""Show results: on the terminal, as Markdown, as a page, and as data for plots."""
