"""What a change of the template does to a project is seen in the golden files."""

from __future__ import annotations

from pathlib import Path

import pytest
from golden import GOLDEN, render_choice
from rendering import CHOICES, TEMPLATE, list_files, render


@pytest.mark.parametrize("choice", CHOICES)
def test_rendering_gives_the_golden_files(choice: str, tmp_path: Path) -> None:
    rendered = render_choice(choice, tmp_path)
    golden = {n.removesuffix(".golden"): c for n, c in list_files(GOLDEN / choice).items()}
    assert sorted(rendered) == sorted(golden), "renew with: make golden"
    for name, content in rendered.items():
        assert content.decode() == golden[name].decode(), f"{name}: renew with: make golden"


def test_the_lock_file_differs_by_the_projects_name_only(project: Path) -> None:
    template = (TEMPLATE / "uv.lock").read_text()
    expected = template.replace("{{ cookiecutter.__project_slug }}", "flight-delays")
    assert (project / "uv.lock").read_text().strip() == expected.strip()


def test_another_name_changes_nothing_but_the_name(project: Path, tmp_path: Path) -> None:
    other = render(tmp_path, project_name="Churn 2")
    assert other.name == "churn-2"
    for name, content in list_files(project).items():
        text = content.decode().replace("flight_delays", "churn_2")
        text = text.replace("flight-delays", "churn-2").replace("Flight Delays", "Churn 2")
        there = other / name.replace("flight_delays", "churn_2")
        assert there.read_text() == text, name
