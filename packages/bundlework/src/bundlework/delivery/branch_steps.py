"""The steps that let main and release branches change by reviewed, tested pull requests alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .steps import Setting, Step

BRANCHES = {"main": "exact", "release": "prefix"}
REVIEW = (
    "approver-count", "create", "--minimum-approver-count", "1", "--creator-vote-counts", "false",
    "--allow-downvotes", "false", "--reset-on-source-push", "true",
)  # fmt: skip


def list_policies(pipeline: str) -> dict[str, tuple[tuple[str, ...], str]]:
    """By its kind: how a policy is made, and what tells it from others of its kind."""
    build = (
        "build", "create", "--build-definition-id", f"<pipeline {pipeline}>",
        "--display-name", pipeline, "--manual-queue-only", "false",
        "--queue-on-source-update-only", "true", "--valid-duration", "720",
    )  # fmt: skip
    own = f" && settings.buildDefinitionId==`<pipeline {pipeline}>`"
    return {"Build": (build, own), "Minimum number of reviewers": (REVIEW, "")}


def make_repository_step(setting: Setting) -> Step:
    """The repository in Azure Repos, which pipelines and policies are made for."""
    where = ("--organization", setting.organisation, "--project", setting.project)
    find = ("--repository", setting.repository, "--query", "id", "-o", "tsv")
    return Step(
        "repository",
        ("az", "repos", "show", *where, *find),
        ("az", "repos", "create", *where, "--name", setting.repository),
    )


def list_policy_steps(pipeline: str, setting: Setting) -> Iterator[Step]:
    """Azure Repos ignores `pr:` in the YAML: its policies start the pipeline."""
    where = ("--organization", setting.organisation, "--project", setting.project)
    for branch in BRANCHES:
        for kind, (made, own) in list_policies(pipeline).items():
            yield _make_policy_step(branch, kind, made, own, where)


def _make_policy_step(
    branch: str, kind: str, made: Sequence[str], own: str, where: Sequence[str]
) -> Step:
    reference = f"settings.scope[0].refName=='refs/heads/{branch}'"
    query = f"[?type.displayName=='{kind}' && {reference}{own}].id | [0]"
    where = (*where, "--repository-id", "<repository>")
    scope = ("--branch", branch, "--branch-match-type", BRANCHES[branch])
    rules = ("--blocking", "true", "--enabled", "true")
    return Step(
        f"policy {kind} of {branch}",
        ("az", "repos", "policy", "list", *where, "--query", query, "-o", "tsv"),
        ("az", "repos", "policy", *made, *scope, *rules, *where),
    )


def list_ruleset_steps(pipeline: str, setting: Setting) -> Iterator[Step]:
    """GitHub's own rules: reviews, the pipeline as a check before a merge, a team that releases."""
    owner = setting.repository.partition("/")[0]
    yield Step("team", ("gh", "api", f"orgs/{owner}/teams/{setting.team}", "--jq", ".id"))
    yield _make_ruleset_step(
        setting, "pipelines", "refs/heads/main", "refs/heads/release/**",
        "rules[][type]=deletion", "rules[][type]=non_fast_forward", "rules[][type]=pull_request",
        "rules[][parameters][required_approving_review_count]=1",
        "rules[][parameters][dismiss_stale_reviews_on_push]=true",
        "rules[][parameters][require_code_owner_review]=false",
        "rules[][parameters][require_last_push_approval]=true",
        "rules[][parameters][required_review_thread_resolution]=false",
        "rules[][type]=required_status_checks",
        "rules[][parameters][strict_required_status_checks_policy]=true",
        # The push that cuts a release branch comes before the check could have run.
        "rules[][parameters][do_not_enforce_on_create]=true",
        f"rules[][parameters][required_status_checks][][context]={pipeline}",
    )  # fmt: skip
    # A ruleset of its own: the team that may skip this rule still obeys the others.
    yield _make_ruleset_step(
        setting, "releases", "refs/heads/release/**", "rules[][type]=creation",
        "bypass_actors[][actor_id]=<team>", "bypass_actors[][actor_type]=Team",
        "bypass_actors[][bypass_mode]=always",
    )  # fmt: skip


def _make_ruleset_step(setting: Setting, name: str, *given: str) -> Step:
    """A ruleset, of the branches and fields given."""
    rules = f"repos/{setting.repository}/rulesets"
    included = "conditions[ref_name][include][]="
    fields = (
        f"name={name}", "target=branch", "enforcement=active",
        *(f"{included}{word}" if word.startswith("refs/") else word for word in given),
        "conditions[ref_name][exclude][]",
    )  # fmt: skip
    return Step(
        f"ruleset {name}",
        ("gh", "api", rules, "--jq", f'.[] | select(.name=="{name}") | .id'),
        ("gh", "api", rules, "--method", "POST", *(w for field in fields for w in ("-F", field))),
    )
