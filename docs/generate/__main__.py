"""Write docs/reference/: `python -m docs.generate` in the project's folder."""

from docs.generate.pages import write_pages

if __name__ == "__main__":
    write_pages()
