"""Writes the documents that the YAML gives into the template: `make docs`.

Called in the folder of the rendered project.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from rendered import COMPUTES, ROOT, TEMPLATE, copy_project

from bundlework.bundle.loading import load_bundle
from bundlework.delivery.describe import describe_bundle, draw_graph, put_graph

# What answers make of the page.
ANSWERS = {
    "owner@example.com": "{{ cookiecutter.owner_email }}",
    "`prod-flight-delays`": "`prod-{{ cookiecutter.__project_slug }}`",
    "`prod.flight_delays_": "`{{ cookiecutter.prod_catalog }}.{{ cookiecutter.__package }}_",
}


def main() -> None:
    """Renews the page for each kind of compute, and the README's graph."""
    for compute in COMPUTES:
        with tempfile.TemporaryDirectory() as scratch:
            page = describe_bundle(copy_project(Path(scratch), compute))
        for text, answer in ANSWERS.items():
            page = page.replace(text, answer)
        name = f"{{% if cookiecutter.compute == '{compute}' %}}bundle.md{{% endif %}}"
        (TEMPLATE / "docs" / name).write_text(page)
    readme = TEMPLATE / "README.md"
    readme.write_text(put_graph(readme.read_text(), draw_graph(load_bundle(ROOT, "prod"))))


if __name__ == "__main__":
    main()
