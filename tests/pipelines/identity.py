"""What runs as whom, and what reaches a script."""

from __future__ import annotations

import re

from project import TYPED, Found, Project, walk_keys, walk_texts
from reader import get_option, get_script, get_verb, list_steps

# The connection that each pipeline may name.
CONNECTIONS = {
    "pull-request": "dev",
    "clean-up": "dev",
    "deploy-staging": "staging",
    "deploy-prod": "prod",
    "rollback": "prod",
}
# The names that tasks give to a connection to Azure.
CONNECTION_INPUT = re.compile(r"(?i)azureSubscription|connectedService")
# What asks a workspace, and must not run without an identity, nor anything else with one.
WORKSPACE_VERBS = {
    "clean-up", "deploy", "destroy", "integration", "plan", "roll-back-model", "start", "verify",
}  # fmt: skip
ORIGIN_VERBS = {"check-version", "clean-up", "tag"}
TOKEN = {"SYSTEM_ACCESSTOKEN": "$(System.AccessToken)"}


def holds_no_secret(project: Project) -> Found:
    for name, pipeline in project.pipelines.items():
        if "variables" in str(list(walk_keys(pipeline))):
            yield name, "variables belong to the project, or to the step that needs them"
    for name, _, step in project.list_steps():
        allowed = TOKEN if get_verb(step) == "clean-up" else {}
        for key, value in step.get("env", {}).items():
            is_secret = re.search(r"(?i)secret|token|password|key", f"{key} {value}")
            if is_secret and allowed.get(key) != value:
                yield name, f"{key} hands a secret to make {get_verb(step)}"


def prints_no_environment(project: Project) -> Found:
    for name, _, step in project.list_steps():
        if re.search(r"\b(printenv|env|export|set)\b(?!=)", get_script(step)):
            yield name, f"{get_script(step)!r} shows the environment"


def names_its_own_connection_only(project: Project) -> Found:
    others = "|".join(sorted(set(CONNECTIONS.values())))
    for name, pipeline in project.pipelines.items():
        own = f"{project.name}-{CONNECTIONS[name]}"
        for key, value in walk_texts(pipeline):
            named = set(re.findall(rf"{project.name}-(?:{others})\b", value))
            given = {value} if CONNECTION_INPUT.match(key) else set()
            for connection in sorted({*named, *given} - {own}):
                yield name, f"{connection} is not {own}"


def names_connections_in_one_way(project: Project) -> Found:
    # A task may have several names for it, of which the other checks know one.
    for name, pipeline in project.pipelines.items():
        for key in walk_keys(pipeline):
            if CONNECTION_INPUT.match(key) and key != "azureSubscription":
                yield name, f"{key} is to be written azureSubscription"


def has_an_identity_for_the_workspace_only(project: Project) -> Found:
    for name, _, step in project.list_steps():
        verb, has = get_verb(step), "azureSubscription" in step.get("inputs", {})
        if verb and has != (verb in WORKSPACE_VERBS):
            yield name, f"make {verb} has {'an' if has else 'no'} identity"


def keeps_the_identity_alive(project: Project) -> Found:
    for name, _, step in project.list_steps():
        inputs = step.get("inputs", {})
        if "azureSubscription" in inputs and inputs.get("keepAzSessionActive") is not True:
            yield name, f"make {get_verb(step)} loses its token after ten minutes"
        if "azureSubscription" in inputs and step["env"].get("DATABRICKS_AUTH_TYPE") != "azure-cli":
            yield name, f"make {get_verb(step)} does not say DATABRICKS_AUTH_TYPE: azure-cli"


def deploys_a_pull_request_to_its_own_copy(project: Project) -> Found:
    for name, _, step in project.list_steps():
        target = get_option(step, "TARGET")
        if name == "pull-request" and target not in ("", "pull_request"):
            yield name, f"make {get_verb(step)} acts on {target}"


def deploys_to_the_target_of_its_connection(project: Project) -> Found:
    for name, _, step in project.list_steps():
        target, connection = get_option(step, "TARGET"), CONNECTIONS[name]
        allowed = {"dev": "pull_request"}.get(connection, connection)
        if target not in ("", allowed):
            yield name, f"make {get_verb(step)} acts on {target} as {connection}"


def keeps_gits_token_where_origin_is_asked(project: Project) -> Found:
    for name, _, job in project.list_jobs():
        steps = list_steps(job)
        keeps = any(step.get("persistCredentials") is True for step in steps)
        asks = ORIGIN_VERBS & set(map(get_verb, steps))
        if keeps != bool(asks):
            yield name, f"{job['displayName']} {'keeps' if keeps else 'lacks'} git's token"


def keeps_typed_text_out_of_scripts(project: Project) -> Found:
    for name, _, step in project.list_steps():
        without = {key: value for key, value in step.items() if key != "env"}
        if TYPED in str(without):
            yield name, f"what a person types gets into {get_script(step)!r}"
    for name, stage, _ in project.list_jobs():
        if TYPED in str(stage.get("condition")):
            yield name, f"what a person types gets into the condition of {stage['stage']}"
