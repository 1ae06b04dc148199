"""Sinks are declared in YAML, and what is wrong is named."""

from __future__ import annotations

import pytest

from {{ cookiecutter.__package }}.settings import ParameterError
from {{ cookiecutter.__package }}.sinks.declaration import read_sinks

FILES = "- {name: archive, kind: files, format: parquet}"
QUEUE = "- {name: events, kind: kafka, servers: 'a:1,b:1', topic: predictions}"
TABLE = (
    "- {name: planning, kind: postgresql, address: 'postgresql://host:5432/plans?sslmode=require',"
    " table: public.predictions, user: planning/user, password: planning/password}"
)
REFUSED = {
    "- {name: x, kind: fax}": "sinks.0: .* is refused: .*'files', 'kafka', 'postgresql'",
    "- {kind: files, format: json}": "0.files.name is missing",
    "- {name: X y, kind: files, format: json}": "0.files.name: 'X y' is refused",
    "- {name: x, kind: files, format: csv}": "format: 'csv' is refused: .*'parquet' or 'json'",
    "- {name: x, kind: files, format: json, folder: y}": "0.files.folder is unknown",
    f"{FILES}\n{FILES}": "two sinks are named archive",
    "{name: x": "parameter sinks is not YAML",
    "": "sinks: None is refused: .*list",
    TABLE.replace("host", "me:secret@host"): "address: 'the address' is refused",
    TABLE.replace("require", "require&password=secret"): "'the address' .* name its secret in pass",
    TABLE.replace("planning/password", "secret"): "password: 'secret' is refused",
    TABLE.replace("public.predictions", "a; DROP TABLE b"): "table: .* is refused",
}


def test_each_kind_is_read() -> None:
    sinks = read_sinks("\n".join((FILES, QUEUE, TABLE)))
    assert [(sink.name, sink.kind) for sink in sinks] == [
        ("archive", "files"),
        ("events", "kafka"),
        ("planning", "postgresql"),
    ]


def test_none_are_declared_at_first() -> None:
    assert read_sinks("none") == []


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_wrong_is_named(text: str) -> None:
    with pytest.raises(ParameterError, match=f"(?s){REFUSED[text]}") as refused:
        read_sinks(text)
    assert "=secret" not in str(refused.value)
    assert ":secret" not in str(refused.value)
