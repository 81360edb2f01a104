"""HTML pages, filled from the templates in this folder: self-contained, all text escaped."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined


def render(template: str, **values: Any) -> str:
    """Fill a template of this folder; return the page as HTML.

    Parameters
    ----------
    template
        File name of the template.
    values
        Values of the names in the template. Text among them is escaped.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent, encoding="utf-8"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # 95 % must not break over two lines.
    environment.filters["together"] = lambda text: text.replace(" %", "\u00a0%")
    return environment.get_template(template).render(**values)
