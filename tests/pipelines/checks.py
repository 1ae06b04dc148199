"""What every pipeline of a project must satisfy; each check is named as what holds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from events import EVENTS
from project import TYPED, Project, read_project
from reader import Fault, get_option, get_script, get_verb, list_steps
from runs import PIPELINES, find_started

Found = Iterator[tuple[str, str]]
TASKS = {
    "AzureCLI@2", "Cache@2", "DownloadPipelineArtifact@2", "PublishCodeCoverageResults@2",
    "PublishPipelineArtifact@1", "PublishTestResults@2", "UsePythonVersion@0",
}  # fmt: skip
VARIABLES = {
    "Agent.OS", "Build.Reason", "Build.RequestedFor", "Build.SourceBranch", "Pipeline.Workspace",
    "System.AccessToken", "System.PullRequest.IsFork",
}  # fmt: skip
# The connection that each pipeline may name.
CONNECTIONS = {
    "pull-request": "dev",
    "clean-up": "dev",
    "deploy-staging": "staging",
    "deploy-prod": "prod",
    "rollback": "prod",
}
TRIGGERS = {
    "pull-request": "none",
    "clean-up": "none",
    "rollback": "none",
    "deploy-staging": {"branches": {"include": ["main"]}},
    "deploy-prod": {"branches": {"include": ["release/*"]}},
}
# What asks a workspace, and must not run without an identity, nor anything else with one.
WORKSPACE_VERBS = {
    "clean-up", "deploy", "destroy", "integration", "plan", "roll-back-model", "start", "verify",
}  # fmt: skip
ORIGIN_VERBS = {"check-version", "clean-up", "tag"}
SCRIPT = re.compile(r'make [a-z-]+( [A-Z_]+=([\w./^-]+|"[^"$`]*"))*')
TOKEN = {"SYSTEM_ACCESSTOKEN": "$(System.AccessToken)"}


def has_the_pipelines_known_and_no_other(project: Project) -> Found:
    for file in sorted((project.folder / ".azure-pipelines").glob("*.y*ml")):
        if file.name not in {f"{name}.yml" for name in PIPELINES}:
            yield file.name, "no check looks at this pipeline: it is none of those known"


def depends_on_stages_that_exist(project: Project) -> Found:
    for name, pipeline in project.pipelines.items():
        stages = [stage["stage"] for stage in pipeline["stages"]]
        for stage in pipeline["stages"]:
            for needed in list_needed(stage):
                if needed not in stages[: stages.index(stage["stage"])]:
                    yield name, f"{stage['stage']} depends on {needed}, which is no stage before it"
    for name, stage, job in project.list_jobs():
        keys = [j.get("job") or j.get("deployment") for j in stage["jobs"]]
        for needed in list_needed(job):
            if needed not in keys:
                yield name, f"a job depends on {needed}, which is no job of {stage['stage']}"


def list_needed(part: dict[str, Any]) -> list[str]:
    needed = part.get("dependsOn", [])
    return [needed] if isinstance(needed, str) else needed


def uses_variables_that_exist(project: Project) -> Found:
    for name, pipeline in project.pipelines.items():
        text = str(pipeline)
        for variable in re.findall(r"\$\(([\w.]+)\)|variables\[\\?'([\w.]+)\\?'\]", text):
            if "".join(variable) not in VARIABLES:
                yield name, f"nobody sets {''.join(variable)}"


def calls_one_verb_in_each_script(project: Project) -> Found:
    for name, _, step in project.list_steps():
        script = get_script(step)
        if script and not SCRIPT.fullmatch(script):
            yield name, f"{script!r} is no single verb of the Makefile"


def calls_verbs_that_exist(project: Project) -> Found:
    for name, _, step in project.list_steps():
        if get_verb(step) and get_verb(step) not in project.verbs:
            yield name, f"the Makefile has no {get_verb(step)}"


def fails_where_a_step_fails(project: Project) -> Found:
    for name, pipeline in project.pipelines.items():
        if "continueOnError" in walk_keys(pipeline):
            yield name, "continueOnError lets what follows take a failure for success"


def puts_conditions_on_stages_and_steps(project: Project) -> Found:
    for name, _, job in project.list_jobs():
        if "condition" in job:
            yield name, f"{job['displayName']} has a condition, which the table of events overlooks"


def pins_images(project: Project) -> Found:
    for name, _, job in project.list_jobs():
        image = job.get("pool", {}).get("vmImage", "none")
        if not re.fullmatch(r"ubuntu-\d\d\.\d\d", image):
            yield name, f"image {image} is not pinned"


def pins_tasks(project: Project) -> Found:
    for name, _, step in project.list_steps():
        if "task" in step and step["task"] not in TASKS:
            yield name, f"task {step['task']} is not among the pinned ones"


def limits_the_time_of_each_job(project: Project) -> Found:
    for name, _, job in project.list_jobs():
        if not 0 < job.get("timeoutInMinutes", 0) <= 120:
            yield name, f"{job.get('displayName')} has no timeoutInMinutes of at most 120"


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


def walk_keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield key
            yield from walk_keys(part)
    if isinstance(value, list):
        for part in value:
            yield from walk_keys(part)


def prints_no_environment(project: Project) -> Found:
    for name, _, step in project.list_steps():
        if re.search(r"\b(printenv|env|export|set)\b(?!=)", get_script(step)):
            yield name, f"{get_script(step)!r} shows the environment"


def names_its_own_connection_only(project: Project) -> Found:
    for name, _, step in project.list_steps():
        connection = step.get("inputs", {}).get("azureSubscription")
        own = f"{project.name}-{CONNECTIONS[name]}"
        if connection is not None and connection != own:
            yield name, f"{connection} is not {own}"


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


def installs_the_cli_before_it_is_used(project: Project) -> Found:
    for name, _, job in project.list_jobs():
        verbs = [get_verb(step) for step in list_steps(job)]
        used = [verbs.index(verb) for verb in verbs if verb in WORKSPACE_VERBS]
        if used and "cli" not in verbs[: min(used)]:
            yield name, f"{job['displayName']} does not install the pinned CLI first"


def destroys_always(project: Project) -> Found:
    steps = [step for name, _, step in project.list_steps() if name == "pull-request"]
    destroying = [step for step in steps if get_verb(step) == "destroy"]
    if not destroying or destroying[-1].get("condition") != "always()":
        yield "pull-request", "the copy is not destroyed whatever happens"
    for name, _, job in project.list_jobs():
        if "destroy" in map(get_verb, list_steps(job)) and not job.get("cancelTimeoutInMinutes"):
            yield name, "a cancelled run has no time to destroy: cancelTimeoutInMinutes"


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


def guards_the_environment(project: Project) -> Found:
    for name, stage, job in project.list_jobs():
        changing = {"deploy", "roll-back-model"} & set(map(get_verb, list_steps(job)))
        if not changing or CONNECTIONS[name] == "dev":
            continue
        if job.get("environment") != f"{project.name}-{CONNECTIONS[name]}":
            yield name, f"{stage['stage']} names no environment with an exclusive lock"
        if stage.get("lockBehavior") != "sequential":
            yield name, f"{stage['stage']} has no lockBehavior: sequential"


def plans_before_it_deploys(project: Project) -> Found:
    for name in ("deploy-prod", "rollback"):
        published: dict[str, str] = {}
        planned = ""
        for step in (step for n, _, step in project.list_steps() if n == name):
            if get_verb(step) == "plan":
                planned = get_option(step, "PLAN")
            if step.get("task") == "PublishPipelineArtifact@1":
                published[step["inputs"]["targetPath"]] = step["inputs"]["artifactName"]
            if get_verb(step) == "deploy" and get_option(step, "PLAN") not in (planned or None,):
                yield name, "what is deployed is not what was planned: PLAN="
        if planned not in published:
            yield name, "the plan is not published"


def passes_on_what_it_published(project: Project) -> Found:
    for name in ("deploy-prod", "rollback"):
        published: set[tuple[str, str]] = set()
        for _, _, step in (found for found in project.list_steps() if found[0] == name):
            inputs = step.get("inputs", {})
            artifact = (inputs.get("artifactName", ""), inputs.get("targetPath", ""))
            if step.get("task") == "PublishPipelineArtifact@1":
                published.add(artifact)
            if step.get("task") == "DownloadPipelineArtifact@2" and artifact not in published:
                yield name, f"{artifact[0]} was not published from {artifact[1]}"


def parts_plan_and_deployment(project: Project) -> Found:
    for name in ("deploy-prod", "rollback"):
        for stage in project.pipelines[name]["stages"]:
            verbs = [get_verb(step) for job in stage["jobs"] for step in list_steps(job)]
            if "plan" in verbs and "deploy" in verbs:
                yield name, "plan and deployment share a stage: nobody can approve between them"


def builds_the_wheel_once(project: Project) -> Found:
    for name, job, step in project.list_steps():
        if CONNECTIONS[name] != "prod" or get_verb(step) not in ("plan", "deploy", "start"):
            continue
        fetched = [s["inputs"]["artifactName"] for s in list_steps(job) if is_download(s)]
        if "wheel" not in fetched:
            yield name, f"make {get_verb(step)} does not have the wheel that was built"
        if step["env"].get("BUNDLE_VAR_build") != "true":
            yield name, f"make {get_verb(step)} builds another wheel: BUNDLE_VAR_build"


def is_download(step: dict[str, Any]) -> bool:
    return step.get("task") == "DownloadPipelineArtifact@2"


def verifies_what_it_deployed(project: Project) -> Found:
    for name, _, job in project.list_jobs():
        verbs = [verb for verb in map(get_verb, list_steps(job)) if verb]
        if CONNECTIONS[name] in ("staging", "prod") and "deploy" in verbs:
            after = verbs[verbs.index("deploy") + 1 :]
            if after[:2] != ["start", "verify"]:
                yield name, f"after deploy comes {', '.join(after)}, not start and verify"


def checks_the_version_first(project: Project) -> Found:
    for name, _, job in project.list_jobs():
        verbs = [get_verb(step) for step in list_steps(job)]
        acts = name == "deploy-prod" and {"plan", "deploy"} & set(verbs)
        if acts and "check-version" not in verbs[: verbs.index("cli") + 2]:
            yield name, "an older release could overtake a newer one: check-version"


def publishes_results_of_failed_tests_too(project: Project) -> Found:
    for name, _, job in project.list_jobs():
        steps = list_steps(job)
        verbs = [get_verb(step) for step in steps]
        tested = [verbs.index(verb) for verb in ("test", "integration") if verb in verbs]
        results = [s for s in steps[max(tested, default=0) :] if "Publish" in s.get("task", "")]
        if tested and not any(s["task"].startswith("PublishTestResults") for s in results):
            yield name, f"the results of {job['displayName']} are not published"
        for step in (s for s in results if tested):
            if step.get("condition") != "succeededOrFailed()":
                yield name, f"{step['task']} does not publish what failed"


def keeps_gits_token_where_origin_is_asked(project: Project) -> Found:
    for name, _, job in project.list_jobs():
        steps = list_steps(job)
        keeps = any(step.get("persistCredentials") is True for step in steps)
        asks = ORIGIN_VERBS & set(map(get_verb, steps))
        if keeps != bool(asks):
            yield name, f"{job['displayName']} {'keeps' if keeps else 'lacks'} git's token"


def starts_from_a_clean_clone(project: Project) -> Found:
    for name, _, job in project.list_jobs():
        clones = [step for step in list_steps(job) if "checkout" in step]
        if not clones or clones[0].get("clean") is not True:
            yield name, f"{job['displayName']} does not start from a clean clone"


def keeps_typed_text_out_of_scripts(project: Project) -> Found:
    for name, _, step in project.list_steps():
        without = {key: value for key, value in step.items() if key != "env"}
        if TYPED in str(without):
            yield name, f"what a person types gets into {get_script(step)!r}"
    for name, stage, _ in project.list_jobs():
        if TYPED in str(stage.get("condition")):
            yield name, f"what a person types gets into the condition of {stage['stage']}"


def starts_on_its_own_branches(project: Project) -> Found:
    for name, pipeline in project.pipelines.items():
        if pipeline.get("trigger") != TRIGGERS[name]:
            yield name, f"trigger is {pipeline.get('trigger')}, not {TRIGGERS[name]}"
        if name != "pull-request" and pipeline.get("pr") != "none":
            yield name, "a pull request could start it: pr: none"


def does_what_events_ask(project: Project) -> Found:
    for what, (event, expected) in EVENTS.items():
        found = find_started(project.folder, project.host, event)
        for name in sorted({*found, *expected}):
            if found.get(name) != expected.get(name):
                ran = " ".join(found.get(name, [])) or "nothing"
                yield name, f"{what}: {f'runs {ran}' if name in found else 'does not start'}"


CHECKS: tuple[Callable[[Project], Found], ...] = (
    has_the_pipelines_known_and_no_other,
    depends_on_stages_that_exist,
    uses_variables_that_exist,
    calls_one_verb_in_each_script,
    calls_verbs_that_exist,
    fails_where_a_step_fails,
    puts_conditions_on_stages_and_steps,
    pins_images,
    pins_tasks,
    limits_the_time_of_each_job,
    holds_no_secret,
    prints_no_environment,
    names_its_own_connection_only,
    has_an_identity_for_the_workspace_only,
    keeps_the_identity_alive,
    installs_the_cli_before_it_is_used,
    destroys_always,
    deploys_a_pull_request_to_its_own_copy,
    deploys_to_the_target_of_its_connection,
    guards_the_environment,
    plans_before_it_deploys,
    passes_on_what_it_published,
    parts_plan_and_deployment,
    builds_the_wheel_once,
    verifies_what_it_deployed,
    checks_the_version_first,
    publishes_results_of_failed_tests_too,
    keeps_gits_token_where_origin_is_asked,
    starts_from_a_clean_clone,
    keeps_typed_text_out_of_scripts,
    starts_on_its_own_branches,
    does_what_events_ask,
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
