"""What every pipeline of a project must satisfy; each check is named as what holds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import identity
import order
import shape
from project import Found, Project, read_project
from reader import Fault

CHECKS: tuple[Callable[[Project], Found], ...] = (
    shape.has_the_pipelines_known_and_no_other,
    shape.depends_on_stages_that_exist,
    shape.uses_variables_that_exist,
    shape.calls_one_verb_in_each_script,
    shape.calls_verbs_that_exist,
    shape.fails_where_a_step_fails,
    shape.puts_conditions_on_stages_and_steps,
    shape.pins_images,
    shape.pins_tasks,
    shape.limits_the_time_of_each_job,
    identity.holds_no_secret,
    identity.prints_no_environment,
    identity.names_its_own_connection_only,
    identity.names_connections_in_one_way,
    identity.has_an_identity_for_the_workspace_only,
    identity.keeps_the_identity_alive,
    order.installs_the_cli_before_it_is_used,
    order.destroys_always,
    identity.deploys_a_pull_request_to_its_own_copy,
    identity.deploys_to_the_target_of_its_connection,
    order.guards_the_environment,
    order.plans_before_it_deploys,
    order.passes_on_what_it_published,
    order.parts_plan_and_deployment,
    order.builds_the_wheel_once,
    order.verifies_what_it_deployed,
    order.checks_the_version_first,
    shape.publishes_results_of_failed_tests_too,
    identity.keeps_gits_token_where_origin_is_asked,
    shape.starts_from_a_clean_clone,
    identity.keeps_typed_text_out_of_scripts,
    shape.asks_for_nothing_that_may_be_empty,
    shape.starts_on_its_own_branches,
    shape.does_what_events_ask,
)


def find_faults(folder: Path, host: str) -> list[Fault]:
    """Every fault of a rendered project's pipelines."""
    try:
        project = read_project(folder, host)
    except Fault as fault:
        return [fault]
    return [
        Fault(check.__name__.replace("_", " "), where, text)
        for check in CHECKS
        for where, text in check(project)
    ]
