"""Records what a project was made from: the template's address, a commit, the answers."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from importlib.metadata import Distribution, PackageNotFoundError
from pathlib import Path
from urllib.parse import urlparse
from urllib.request import url2pathname

RECORD = ".template.json"
PACKAGE = "packages/bundlework"


@dataclass(frozen=True)
class Origin:
    """A version of the template and what its questions were answered.

    Attributes:
        template: Address of the template, as cookiecutter takes it.
        commit: Nothing for a project that was made from a zip.
    """

    template: str
    commit: str | None
    answers: dict[str, str]


def read_origin(root: Path) -> Origin | None:
    """Reads a project's record; a project older than the record has none."""
    record = root / RECORD
    return Origin(**json.loads(record.read_text(encoding="utf-8"))) if record.exists() else None


def write_origin(folder: Path, origin: Origin) -> None:
    """Writes the record, as the template's hook does."""
    text = json.dumps(asdict(origin), indent=2, ensure_ascii=False)
    (folder / RECORD).write_text(f"{text}\n", encoding="utf-8")


def find_own_template() -> str:
    """Finds the template that `uvx --from TEMPLATE/packages/bundlework` took this package from."""
    try:
        text = Distribution.from_name("bundlework").read_text("direct_url.json")
    except PackageNotFoundError:
        return ""
    source = json.loads(text or "{}")
    if "vcs_info" in source:
        return str(source["url"]) if source.get("subdirectory") == PACKAGE else ""
    folder = url2pathname(urlparse(source.get("url", "")).path)
    return folder.removesuffix(f"/{PACKAGE}") if folder.endswith(f"/{PACKAGE}") else ""
