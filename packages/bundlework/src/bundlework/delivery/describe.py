"""Describes the bundle for people: docs/bundle.md, and the job graph in the README."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import astuple
from itertools import groupby
from pathlib import Path
from typing import Any

from bundlework.bundle.contract import Contract, read_contract
from bundlework.bundle.loading import Bundle, load_bundle
from bundlework.bundle.validate import list_targets

from .plan import HOLD_DATA
from .waiting import list_waits

START, END = "<!-- job graph: make docs -->", "<!-- end of job graph -->"
# Kinds of resources that hold or show data, and the effect of removing one.
DATA_KINDS = {
    "schemas": "a dropped table comes back with `UNDROP TABLE` within 7 days",
    "volumes": "its files are gone: the source delivers them again",
    "registered_models": "its versions are gone: train again",
    "experiments": "it is in the trash for 30 days",
    "dashboards": "the next deployment makes it anew",
}
MACHINES = {
    "SPOT_WITH_FALLBACK_AZURE": "spot",
    "SPOT_AZURE": "spot without fallback",
    "ON_DEMAND_AZURE": "on demand",
}
HEAD = """# The bundle, resource by resource

What is deployed, who may do what with it, what it costs, and what happens when it fails.
`make docs` writes this page from the YAML, and a test keeps the two equal.
"""


def write_documents(root: Path) -> None:
    """Renews both documents."""
    page, readme = root / "docs" / "bundle.md", root / "README.md"
    page.write_text(describe_bundle(root), encoding="utf-8")
    text = readme.read_text(encoding="utf-8")
    bundle = load_bundle(root, read_contract(root).need("targets.production"))
    readme.write_text(put_graph(text, draw_graph(bundle)), encoding="utf-8")


def describe_bundle(root: Path) -> str:
    """The page docs/bundle.md."""
    bundles = {target: load_bundle(root, target) for target in list_targets(root)}
    named = {name: bundles[name] for name in astuple(read_contract(root).targets) if name}
    guarded = [kind for kind in DATA_KINDS if kind in HOLD_DATA]
    parts = [
        HEAD,
        "## Jobs\n",
        "A job costs nothing while it does not run. After a failure, Repair run goes on with what"
        " failed.\n",
        *list_jobs(bundles),
        "\n## How long a job waits\n",
        "Every job run starts compute of its own, and a job that runs jobs waits for one after the"
        " other. A run that takes too long is told to the same people as a failure.\n",
        *list_waits(named, list_keys(named, "jobs")),
        "\n## What holds data, and what shows it\n",
        "Where one is missing, the jobs that need it fail until it is there again. `make deploy`"
        f" stops before it deletes any of the {', '.join(guarded).replace('_', ' ')}.\n",
        *list_data(bundles),
        *describe_serving(get_live(bundles)),
        "\n## Roles\n",
        "Groups of the Databricks account, each named by a variable. Who deploys owns everything"
        " that is deployed, and may do everything with it.\n",
        *list_roles(bundles),
    ]
    return "\n".join(parts) + "\n"


def list_jobs(bundles: Mapping[str, Bundle]) -> Iterator[str]:
    """A row for each job, the jobs that production lacks at the end."""
    yield "| job | does | starts | who may do what | costs while running | when a task fails |"
    yield "|---|---|---|---|---|---|"
    for key in list_keys(bundles, "jobs"):
        bundle = choose_bundle(bundles, "jobs", key)
        job, callers = bundle.jobs[key], find_callers(bundle)
        cells = [
            f"`{key}`{describe_targets(bundles, 'jobs', key)}",
            job["description"].rstrip("."),
            describe_start(bundle, job, callers.get(key, [])),
            describe_rights(job),
            describe_cost(job),
            describe_failure(job),
        ]
        yield f"| {' | '.join(cells)} |"


def get_live(bundles: Mapping[str, Bundle]) -> Bundle:
    """The bundle of the production target."""
    contract = next(iter(bundles.values())).contract
    return bundles[contract.need("targets.production")]


def list_keys(bundles: Mapping[str, Bundle], kind: str) -> list[str]:
    """The resources of a kind in any target, those of production first."""
    listed = (get_live(bundles), *bundles.values())
    return list(dict.fromkeys(k for b in listed for k in b.config["resources"].get(kind, {})))


def choose_bundle(bundles: Mapping[str, Bundle], kind: str, key: str) -> Bundle:
    """The target that a resource is described from: production, or the last shared one."""
    having = [b for b in bundles.values() if key in b.config["resources"].get(kind, {})]
    if get_live(bundles) in having:
        return get_live(bundles)
    shared = [bundle for bundle in having if not bundle.is_development]
    return (shared or having)[-1]


def describe_targets(bundles: Mapping[str, Bundle], kind: str, key: str) -> str:
    """The targets of a resource that production lacks."""
    having = [t for t, b in bundles.items() if key in b.config["resources"].get(kind, {})]
    if get_live(bundles).target in having:
        return ""
    chosen = choose_bundle(bundles, kind, key).target
    return f" (in {', '.join(having)}{f'; as in {chosen}' if len(having) > 1 else ''})"


def find_callers(bundle: Bundle) -> dict[str, list[str]]:
    """The jobs that run a job."""
    calls = [
        (bundle.get_job(task["run_job_task"]["job_id"]), key)
        for key, job in bundle.jobs.items()
        for task in job["tasks"]
        if "run_job_task" in task
    ]
    return {child: [k for _, k in group] for child, group in groupby(sorted(calls), lambda c: c[0])}


def describe_trigger(trigger: dict[str, Any]) -> str:
    """Describes the schedule or the trigger that starts a job."""
    if "quartz_cron_expression" in trigger:
        return f"`{trigger['quartz_cron_expression']}` ({trigger['timezone_id']})"
    if "periodic" in trigger:
        every = trigger["periodic"]
        return f"every {every['interval']} {every['unit'].lower().rstrip('s')}(s)"
    return "when a source table changes"


def describe_start(bundle: Bundle, job: dict[str, Any], callers: list[str]) -> str:
    """When a job runs."""
    told, ways = bundle.contract.parameters, [f"by `{caller}`" for caller in callers]
    for kind in ("schedule", "trigger"):
        if kind in job:
            is_paused = job[kind].get("pause_status") == "PAUSED"
            where = "paused" if is_paused else f"in {bundle.contract.targets.production}"
            ways.append(f"{describe_trigger(job[kind])}, {where}")
    if {told.model_name, told.model_version} <= {p["name"] for p in job.get("parameters", [])}:
        ways.append("by every new model version")
    return ", ".join(["by hand", *ways])


def describe_cost(job: dict[str, Any]) -> str:
    """The compute that a run is billed for, and its longest duration."""
    limit = f"at most {job['timeout_seconds'] / 3600:g} h"
    clusters = [cluster["new_cluster"] for cluster in job.get("job_clusters", [])]
    if all("run_job_task" in task for task in job["tasks"]):
        return "the jobs that it runs"
    if not clusters:
        return f"serverless, {job['performance_target']}, {limit}"
    return f"{describe_cluster(clusters[0])}, {limit}"


def describe_cluster(cluster: dict[str, Any]) -> str:
    """How many machines there are, and of what kind."""
    scale = cluster.get("autoscale")
    fixed = cluster.get("num_workers", 0)
    workers = f"{scale['min_workers']} to {scale['max_workers']}" if scale else fixed
    # The default of Azure.
    availability = cluster.get("azure_attributes", {}).get("availability", "ON_DEMAND_AZURE")
    machines = f"{workers} workers and a driver {cluster['node_type_id']}"
    return f"{machines}, {MACHINES[availability]}"


def describe_failure(job: dict[str, Any]) -> str:
    """How often a failed task is repeated, and the address that is told."""
    retries = {t["task_key"]: t["max_retries"] for t in job["tasks"] if "max_retries" in t}
    again = ", ".join(
        f"`{task}` is tried {n} times more" if int(n) else f"`{task}` is not repeated"
        for task, n in retries.items()
    )
    heard = f"{', '.join(job['email_notifications']['on_failure'])} hears"
    return f"{again}; {heard}" if again else heard


def list_data(bundles: Mapping[str, Bundle]) -> Iterator[str]:
    """A row for each resource but the jobs."""
    yield "| resource | name in prod | holds | who may do what | costs idle | when it is removed |"
    yield "|---|---|---|---|---|---|"
    for kind, lost in DATA_KINDS.items():
        for key in list_keys(bundles, kind):
            resource = choose_bundle(bundles, kind, key).config["resources"][kind][key]
            where = describe_targets(bundles, kind, key)
            cells = [
                f"`{kind}.{key}`{where}",
                "one for each developer" if where else f"`{get_name(kind, resource)}`",
                resource.get("comment", kind.rstrip("s")).rstrip("."),
                describe_rights(resource),
                "storage" if kind != "dashboards" else "nothing; while seen, the SQL warehouse",
                lost,
            ]
            yield f"| {' | '.join(cells)} |"


def describe_serving(bundle: Bundle) -> Iterator[str]:
    """The online store and the endpoint, which a job makes and the bundle does not own."""
    contract = bundle.contract
    online, endpoint = contract.variables.online, contract.variables.endpoint
    if not (contract.jobs.serving and online and endpoint):
        return
    name = bundle.config["variables"][endpoint]["value"]
    yield "\n## What a job makes, and the bundle does not own\n"
    yield (
        f"Nothing, until the variable `{online}` is true. Then the job `{contract.jobs.serving}`"
        f" makes two things of one name, in prod `{name}`: an **online store** with the latest"
        " features, which costs as long as it is there; and an **endpoint**, which costs while it"
        " is awake and sleeps while nobody asks. When one is removed, requests fail, no data is"
        " lost, and the next run of the job makes it anew. `make destroy` removes both while"
        f" `{online}` is true."
    )


def get_name(kind: str, resource: dict[str, Any]) -> str:
    """The name that people see."""
    if kind == "experiments":
        return str(resource["name"]).split("/")[-1]
    return str(resource.get("display_name") or resource["id"])


def describe_rights(resource: dict[str, Any]) -> str:
    """Groups and what they may do with a resource."""
    return "<br>".join(f"{who}: {what}" for who, what in list_rights(resource))


def list_rights(resource: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Groups and what they may do with a resource; its owner is left out."""
    for grant in resource.get("grants", []):
        yield grant["principal"], ", ".join(grant["privileges"])
    for permission in resource.get("permissions", []):
        if "group_name" in permission:
            yield permission["group_name"], permission["level"]


def list_roles(bundles: Mapping[str, Bundle]) -> Iterator[str]:
    """A row for each group and the resources that it may do the same with."""
    columns = list_role_targets(get_live(bundles).contract)
    yield f"| group | resources | {' | '.join(columns)} |"
    yield f"|---|---|{'---|' * len(columns)}"
    rights = [collect_rights(bundles[target]) for target in columns.values()]
    pairs = sorted({pair for of_target in rights for pair in of_target})
    rows = [(g, *(each.get((g, r), "nothing") for each in rights), r) for g, r in pairs]
    for (group, *may), same in groupby(sorted(rows), lambda row: row[:-1]):
        names = ", ".join(f"`{row[-1]}`" for row in same)
        yield f"| {group} | {names} | {' | '.join(may)} |"


def list_role_targets(contract: Contract) -> dict[str, str]:
    """Targets with rights of their own by a column's title; staging mirrors production."""
    targets = contract.targets
    shared = " and ".join(filter(None, (targets.staging, targets.production)))
    own = (targets.pull_request, targets.development)
    return {shared: targets.production} | {name: name for name in own if name}


def collect_rights(bundle: Bundle) -> dict[tuple[str, str], str]:
    """The rights of each group on each resource; all jobs count as one resource."""
    rights: dict[tuple[str, str], str] = {}
    for kind, group in bundle.config["resources"].items():
        for key, resource in group.items():
            for who, what in list_rights(resource):
                resource_name = "jobs" if kind == "jobs" else f"{kind}.{key}"
                known = rights.get((who, resource_name), what)
                rights[who, resource_name] = known if what in known else f"{known}, {what}"
    return rights


def put_graph(text: str, graph: str) -> str:
    """The README with the graph between its marks."""
    between = re.compile(f"{re.escape(START)}.*?{re.escape(END)}", re.DOTALL)
    return between.sub(lambda _: f"{START}\n```mermaid\n{graph}\n```\n{END}", text)


def draw_graph(bundle: Bundle) -> str:
    """The job of the whole lifecycle and the tasks of the jobs it runs, as a Mermaid flowchart."""
    tasks = bundle.jobs[bundle.contract.need("jobs.lifecycle")]["tasks"]
    lines = ["flowchart LR"]
    for task in tasks:
        child = bundle.jobs[bundle.get_job(task["run_job_task"]["job_id"])]
        lines.append(f"  subgraph {task['task_key']}")
        lines += [f"    {line}" for line in draw_tasks(task["task_key"], child["tasks"])]
        lines.append("  end")
    for task in tasks:
        lines += [f"  {n['task_key']} --> {task['task_key']}" for n in task.get("depends_on", [])]
    return "\n".join(lines)


def draw_tasks(job: str, tasks: list[dict[str, Any]]) -> Iterator[str]:
    """The tasks of one job, conditions as rhombs."""
    for task in tasks:
        key = task["task_key"]
        shape = ("{", "}") if "condition_task" in task else ("[", "]")
        yield f"{job}.{key}{shape[0]}{key}{shape[1]}"
    for task in tasks:
        for needed in task.get("depends_on", []):
            arrow = f"-- {needed['outcome']} -->" if "outcome" in needed else "-->"
            yield f"{job}.{needed['task_key']} {arrow} {job}.{task['task_key']}"
