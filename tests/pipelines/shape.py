"""What each pipeline, job and step looks like, and what events start."""

from __future__ import annotations

import re
from typing import Any

from events import EVENTS
from project import Found, Project, walk_keys
from reader import get_script, get_verb, list_steps, parse
from runs import PIPELINES, find_started

TASKS = {
    "AzureCLI@2", "Cache@2", "DownloadPipelineArtifact@2", "PublishCodeCoverageResults@2",
    "PublishPipelineArtifact@1", "PublishTestResults@2", "UsePythonVersion@0",
}  # fmt: skip
VARIABLES = {
    "Agent.OS", "Build.Reason", "Build.RequestedFor", "Build.SourceBranch", "Pipeline.Workspace",
    "System.AccessToken", "System.PullRequest.IsFork",
}  # fmt: skip
TRIGGERS = {
    "pull-request": "none",
    "clean-up": "none",
    "rollback": "none",
    "deploy-staging": {"branches": {"include": ["main"]}},
    "deploy-prod": {"branches": {"include": ["release/*"]}},
}
SCRIPT = re.compile(r'make [a-z-]+( [A-Z_]+=([\w./^-]+|"[^"$`]*"))*')


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


def starts_from_a_clean_clone(project: Project) -> Found:
    for name, _, job in project.list_jobs():
        clones = [step for step in list_steps(job) if "checkout" in step]
        if not clones or clones[0].get("clean") is not True:
            yield name, f"{job['displayName']} does not start from a clean clone"


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


def asks_for_nothing_that_may_be_empty(project: Project) -> Found:
    # The Run pane of Azure takes a blank for a text, and refuses an empty one.
    for name in PIPELINES:
        content = parse((project.folder / f".azure-pipelines/{name}.yml").read_text())
        for parameter in content.get("parameters", []):
            if not parameter.get("default"):
                yield name, f"{parameter['name']} has no default, so that the run cannot be started"


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
