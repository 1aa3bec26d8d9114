"""All pages as one HTML file, which needs nothing beside it."""

from __future__ import annotations

import html

from .catalog import Lesson, lessons

MISSING = 'pages as HTML need markdown-it-py: pip install "fastshallow[exercises]"'
STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; }
body { font: 16px/1.55 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
pre, code { font: 0.9em/1.45 ui-monospace, monospace; background: var(--soft); border-radius: 4px; }
pre { padding: 0.7rem 0.9rem; overflow-x: auto; } pre code { background: none; } code { padding: 0.1em 0.25em; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
th, td { text-align: left; padding: 0.25rem 0.8rem 0.25rem 0; border-bottom: 1px solid var(--line); }
section { border-top: 1px solid var(--line); margin-top: 3rem; } details { margin: 0.4rem 0; }
summary { cursor: pointer; }
"""


def as_html(text: str) -> str:
    """Markdown with tables, as HTML."""
    try:
        from markdown_it import MarkdownIt
    except ImportError:
        raise ImportError(MISSING) from None
    rendered: str = MarkdownIt("commonmark", {"html": False}).enable("table").render(text)
    return rendered


def book() -> str:
    """A table of contents, and each page with its stub and its hints."""
    links = "\n".join(f'<li><a href="#{each.name}">{html.escape(each.exercise.title)}</a></li>' for each in lessons())
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>From loops to the limit of the hardware</title><style>{STYLE}</style>
<h1>From loops to the limit of the hardware</h1>
<p>One network with one hidden layer, computed again and again, each time faster. Begin with
<code>fastshallow exercise start</code>.</p>
<nav><ol>{links}</ol></nav>
{"".join(map(_section, lessons()))}
</html>
"""


def _section(lesson: Lesson) -> str:
    hints = "\n".join(
        f"<details><summary>Hint {level}</summary>{as_html(text)}</details>"
        for level, text in enumerate(lesson.hints, 1)
    )
    stub = f"<details><summary>{lesson.file}</summary><pre>{html.escape(lesson.stub)}</pre></details>"
    return f'<section id="{lesson.name}">\n{as_html(lesson.page)}\n{stub}\n{hints}\n</section>\n'
