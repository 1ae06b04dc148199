"""What comes before what in a run."""

from __future__ import annotations

from typing import Any

from identity import CONNECTIONS, WORKSPACE_VERBS
from project import Found, Project
from reader import get_option, get_verb, list_steps


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
