"""The steps of the one-time setup, in order."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from bundlework.bundle.contract import Contract
from bundlework.bundle.loading import Bundle
from bundlework.bundle.writes import get_catalog

from .branch_steps import list_policy_steps, list_ruleset_steps, make_repository_step
from .steps import Setting, Step

# Azure DevOps, as Entra ID knows it.
DEVOPS = "499b84ac-1321-427f-aa17-267ca6975798"
# Azure Databricks, as Entra ID knows it.
DATABRICKS = "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d"
CHECKS = "_apis/pipelines/checks/configurations"
ENDPOINTS = "_apis/serviceendpoint/endpoints"
# What `az devops`, `az pipelines`, `az repos` and `az databricks` are parts of.
EXTENSIONS = ("azure-devops", "databricks")
# The kinds of checks, as Azure DevOps numbers them.
APPROVAL = {"id": "8c6f20a7-a545-4486-9777-f762fafe0d4d", "name": "Approval"}
LOCK = {"id": "2ef31ad6-baa0-403a-8b45-2cbc9b4e5563", "name": "ExclusiveLock"}
TASK = {"id": "fe1de3ee-a436-41b4-bb20-f6eb4cb879a7", "name": "Task Check"}
BRANCH_CONTROL = {
    "id": "86b05a0c-73e6-4f7d-b3cf-e38f3b39a75b",
    "name": "evaluatebranchProtection",
    "version": "0.0.1",
}
# The branches that may use the connection of a target, by its role.
BRANCHES = {
    # Pull requests are built from a merge that Azure makes.
    "development": "refs/heads/main,refs/pull/*",
    "staging": "refs/heads/main",
    "production": "refs/heads/release/*",
}
# Azure shows the same text at both approvals of a run.
INSTRUCTIONS = (
    "Each approval hands this branch's own code the identity that deploys prod. Before the first:"
    " the branch is one commit of `make release` on a reviewed commit of main. Before the second:"
    " the plan on the run's summary."
)
# The role of the target that a pipeline deploys to, by the pipeline's own role.
PIPELINES = {
    "pull_request": "development",
    "clean_up": "development",
    "staging": "staging",
    "production": "production",
    "rollback": "production",
}


def list_steps(bundles: Mapping[str, Bundle], setting: Setting) -> Iterator[Step]:
    """Identities first, then the pipelines that may use them, then the rules of branches."""
    bundle = next(iter(bundles.values()))
    name, contract = bundle.config["bundle"]["name"], bundle.contract
    environments = (contract.targets.staging, contract.targets.production)
    where = ("--organization", setting.organisation, "--project", setting.project)
    for extension in EXTENSIONS:
        yield make_extension_step(extension)
    yield Step("tenant", ("az", "account", "show", "--query", "tenantId", "-o", "tsv"))
    yield Step("project", ("az", "devops", "project", "show", *where, "--query", "id", "-o", "tsv"))
    for target, bundle in bundles.items():
        yield from list_principal_steps(f"{name}-{target}", target)
        yield from list_role_steps(bundle, target, setting)
        yield from list_connection_steps(f"{name}-{target}", target, setting)
        yield from list_workspace_steps(bundle, target)
        yield from list_group_steps(bundle, target)
        yield from list_check_steps(contract, target, setting)
    for target in environments:
        yield from list_environment_steps(f"{name}-{target}", target, setting)
    if not setting.github:
        yield make_repository_step(setting)
    for role, target_role in PIPELINES.items():
        pipeline, target = (
            contract.need(f"pipelines.{role}"),
            contract.find(f"targets.{target_role}"),
        )
        yield from list_pipeline_steps(f"{name}-{pipeline}", pipeline, target, setting)
        if target in environments:
            yield make_permission_step(pipeline, "environment", f"environment of {target}", setting)
    pipeline = contract.need("pipelines.pull_request")
    if setting.github:
        yield from list_ruleset_steps(f"{name}-{pipeline}", setting)
    else:
        yield from list_policy_steps(pipeline, setting)


def make_extension_step(name: str) -> Step:
    """A part of the Azure CLI that does not come with it."""
    query = ("--query", f"[?name=='{name}'].name | [0]", "-o", "tsv")
    extension = ("az", "extension")
    return Step(
        f"extension {name}",
        (*extension, "list", *query),
        (*extension, "add", "--name", name),
    )


def list_principal_steps(name: str, target: str) -> Iterator[Step]:
    """A service principal without a secret."""
    app = f"application of {target}"
    exact = ("--filter", f"displayName eq '{name}'", "--query", "[0].appId", "-o", "tsv")
    yield Step(
        app,
        ("az", "ad", "app", "list", *exact),
        ("az", "ad", "app", "create", "--display-name", name),
    )
    named = ("--filter", f"appId eq '<{app}>'", "--query", "[0].id", "-o", "tsv")
    yield Step(
        f"service principal of {target}",
        ("az", "ad", "sp", "list", *named),
        ("az", "ad", "sp", "create", "--id", f"<{app}>"),
    )


def list_role_steps(bundle: Bundle, target: str, setting: Setting) -> Iterator[Step]:
    """The right to see the workspace: without any right on a subscription, az cannot log in."""
    host = bundle.config["workspace"]["host"].removeprefix("https://").rstrip("/")
    query = ("--query", f"[?workspaceUrl=='{host}'].id | [0]", "-o", "tsv")
    yield Step(
        f"resource of {target}",
        ("az", "databricks", "workspace", "list", "--subscription", setting.subscription, *query),
    )
    assignment, app = ("az", "role", "assignment"), f"<application of {target}>"
    role = ("--role", "Reader", "--scope", f"<resource of {target}>")
    principal = ("--assignee-object-id", f"<service principal of {target}>")
    yield Step(
        f"role of {target}",
        (*assignment, "list", "--assignee", app, *role, "--query", "[0].id", "-o", "tsv"),
        (*assignment, "create", *principal, "--assignee-principal-type", "ServicePrincipal", *role),
    )


def list_connection_steps(name: str, target: str, setting: Setting) -> Iterator[Step]:
    """The service connection, and the trust that lets it act as the service principal."""
    app = f"application of {target}"
    named = f"{ENDPOINTS}?endpointNames={name}&"
    made = make_connection(name, app, setting)
    yield Step(
        f"connection of {target}",
        ask_devops(setting, named, "value[0].id"),
        tell_devops("post", f"{setting.organisation.rstrip('/')}/{ENDPOINTS}?", made),
    )
    for part in ("Issuer", "Subject"):
        path = f"value[0].authorization.parameters.workloadIdentityFederation{part}"
        yield Step(f"{part.lower()} of {target}", ask_devops(setting, named, path))
    federated = ("az", "ad", "app", "federated-credential")
    trust = {
        "name": name,
        "issuer": f"<issuer of {target}>",
        "subject": f"<subject of {target}>",
        "audiences": ["api://AzureADTokenExchange"],
    }
    query = ("--query", f"[?name=='{name}'].id | [0]", "-o", "tsv")
    yield Step(
        f"trust in the connection of {target}",
        (*federated, "list", "--id", f"<{app}>", *query),
        (*federated, "create", "--id", f"<{app}>", "--parameters", json.dumps(trust)),
    )


def make_connection(name: str, app: str, setting: Setting) -> dict[str, Any]:
    """An Azure Resource Manager connection with workload identity federation."""
    project = {"name": setting.project, "id": "<project>"}
    return {
        "name": name,
        "type": "AzureRM",
        "url": "https://management.azure.com/",
        "authorization": {
            "scheme": "WorkloadIdentityFederation",
            "parameters": {"tenantid": "<tenant>", "serviceprincipalid": f"<{app}>"},
        },
        "data": {
            "subscriptionId": setting.subscription,
            "subscriptionName": setting.subscription,
            "environment": "AzureCloud",
            "scopeLevel": "Subscription",
            "creationMode": "Manual",
        },
        "serviceEndpointProjectReferences": [{"name": name, "projectReference": project}],
    }


def list_workspace_steps(bundle: Bundle, target: str) -> Iterator[Step]:
    """The workspace knows the service principal, and its catalog lets it make schemas."""
    app, catalog = f"<application of {target}>", get_catalog(bundle)
    option = ("--target", target)
    members, grants = ("databricks", "service-principals"), ("databricks", "grants")
    named = ("--filter", f'applicationId eq "{app}"', "--output", "json")
    display = ("--display-name", f"deployer of {target}")
    yield Step(
        f"member of the workspace of {target}",
        (*members, "list", *named, *option),
        (*members, "create", "--application-id", app, *display, *option),
    )
    privileges = ("USE_CATALOG", "CREATE_SCHEMA")
    grant = {"changes": [{"principal": app, "add": privileges}]}
    asked = ("--principal", app, "--output", "json")
    yield Step(
        f"grants on the catalog of {target}",
        (*grants, "get", "catalog", catalog, *asked, *option),
        (*grants, "update", "catalog", catalog, "--json", json.dumps(grant), *option),
        holds=privileges,
    )


def list_group_steps(bundle: Bundle, target: str) -> Iterator[Step]:
    """Each group that the bundle names in permissions, assigned to the workspace."""
    host = bundle.config["workspace"]["host"].rstrip("/")
    assigned = f"{host}/api/2.0/preview/permissionassignments"
    for group in list_groups(bundle):
        account, number = f"group {group} of the account", f"<group {group} of the account>"
        named = f'{host}/api/2.0/account/scim/v2/Groups?filter=displayName eq "{group}"'
        yield Step(
            account, (*_ask_workspace("get", named), "--query", "Resources[0].id", "-o", "tsv")
        )
        own = f"permission_assignments[].principal.principal_id | [?@==`{number}`] | [0]"
        put = _ask_workspace("put", f"{assigned}/principals/{number}")
        yield Step(
            f"group {group} in the workspace of {target}",
            (*_ask_workspace("get", assigned), "--query", own, "-o", "tsv"),
            (*put, "--body", json.dumps({"permissions": ["USER"]})),
        )


def list_groups(bundle: Bundle) -> list[str]:
    """The groups that the bundle names in permissions."""
    resources = [r for kind in bundle.config["resources"].values() for r in kind.values()]
    holders = (bundle.config, *resources)
    named = [given for holder in holders for given in holder.get("permissions") or []]
    return sorted({given["group_name"] for given in named if given.get("group_name")})


def list_check_steps(contract: Contract, target: str, setting: Setting) -> Iterator[Step]:
    """The checks of the connection itself, whatever a pipeline's YAML says."""
    branch = next(b for role, b in BRANCHES.items() if contract.find(f"targets.{role}") == target)
    resource = {"type": "endpoint", "id": f"<connection of {target}>"}
    branches = {
        "displayName": "Branch control",
        "definitionRef": BRANCH_CONTROL,
        "inputs": {
            "allowedBranches": branch,
            "ensureProtectionOfBranch": str(target != contract.targets.development).lower(),
            "allowUnknownStatusBranch": "false",
        },
    }
    same = (
        f"settings.definitionRef.id=='{BRANCH_CONTROL['id']}' && "
        f"settings.inputs.allowedBranches=='{branch}'"
    )
    yield make_check(f"branch control of {target}", TASK, resource, branches, setting, same)
    if target == contract.targets.production:
        approval = {
            "approvers": [{"id": setting.approvers}],
            "minRequiredApprovers": 1,
            "requesterCannotBeApprover": True,
            "instructions": INSTRUCTIONS,
        }
        yield make_check(f"approval of {target}", APPROVAL, resource, approval, setting)


def list_environment_steps(name: str, target: str, setting: Setting) -> Iterator[Step]:
    """The environment, for one deployment at a time and for its history."""
    environments = "_apis/distributedtask/environments"
    yield Step(
        f"environment of {target}",
        ask_devops(setting, f"{environments}?name={name}&", f"value[?name=='{name}'].id | [0]"),
        tell_devops("post", f"{locate(setting)}/{environments}?", {"name": name}),
    )
    resource = {"type": "environment", "id": f"<environment of {target}>"}
    yield make_check(f"exclusive lock of {target}", LOCK, resource, {}, setting)


def make_check(
    what: str,
    kind: dict[str, str],
    resource: dict[str, str],
    settings: dict[str, Any],
    setting: Setting,
    same: str = "",
) -> Step:
    """A check on a connection or an environment; found by its kind, or by what is `same`."""
    where = f"resourceType={resource['type']}&resourceId={resource['id']}"
    condition = same or f"type.name=='{kind['name']}'"
    body = {"type": kind, "settings": settings, "resource": resource, "timeout": 43200}
    return Step(
        what,
        ask_devops(setting, f"{CHECKS}?$expand=settings&{where}&", f"value[?{condition}].id | [0]"),
        tell_devops("post", f"{locate(setting)}/{CHECKS}?", body),
    )


def list_pipeline_steps(name: str, pipeline: str, target: str, setting: Setting) -> Iterator[Step]:
    """A pipeline, and what it may use: the connection and the environment of its target."""
    where = ("--organization", setting.organisation, "--project", setting.project)
    kind = ("github", "--service-connection", setting.github) if setting.github else ("tfsgit",)
    yield Step(
        f"pipeline {pipeline}",
        ("az", "pipelines", "list", *where, "--name", name, "--query", "[0].id", "-o", "tsv"),
        ("az", "pipelines", "create", *where, "--name", name, "--repository", setting.repository,
         "--repository-type", *kind, "--branch", "main", "--skip-first-run", "true",
         "--yml-path", f".azure-pipelines/{pipeline}.yml"),
    )  # fmt: skip
    yield make_permission_step(pipeline, "endpoint", f"connection of {target}", setting)


def make_permission_step(pipeline: str, kind: str, resource: str, setting: Setting) -> Step:
    """The permission that lets a pipeline use a resource without a click in its first run."""
    address = f"_apis/pipelines/pipelinePermissions/{kind}/<{resource}>?"
    query = f"pipelines[?id==`<pipeline {pipeline}>`].id | [0]"
    body = {"pipelines": [{"id": f"<pipeline {pipeline}>", "authorized": True}]}
    *call, text = tell_devops("patch", f"{locate(setting)}/{address}", body)
    # Its id is a number.
    number = text.replace(f'"<pipeline {pipeline}>"', f"<pipeline {pipeline}>")
    return Step(
        f"permission of {pipeline} for the {resource}",
        ask_devops(setting, address, query),
        (*call, number),
    )


def ask_devops(setting: Setting, path: str, query: str) -> tuple[str, ...]:
    """The call that asks Azure DevOps for an id."""
    return (*_call("get", f"{locate(setting)}/{path}"), "--query", query, "-o", "tsv")


def tell_devops(method: str, address: str, body: dict[str, Any]) -> tuple[str, ...]:
    """The call that makes or changes something in Azure DevOps."""
    return (*_call(method, address), "--body", json.dumps(body))


def locate(setting: Setting) -> str:
    """The address of the project's API."""
    return f"{setting.organisation.rstrip('/')}/{setting.project}"


def _ask_workspace(method: str, url: str) -> tuple[str, ...]:
    return ("az", "rest", "--method", method, "--resource", DATABRICKS, "--url", url)


def _call(method: str, address: str) -> tuple[str, ...]:
    version = "7.1-preview.4" if ENDPOINTS in address else "7.1-preview.1"
    url = f"{address}api-version={version}"
    return ("az", "rest", "--method", method, "--resource", DEVOPS, "--url", url)
