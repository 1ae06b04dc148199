"""The steps that let main and release branches change by reviewed, tested pull requests alone."""

from __future__ import annotations

from collections.abc import Iterator

from .identities import Setting, Step


def list_policy_steps(setting: Setting) -> Iterator[Step]:
    """Azure Repos ignores `pr:` in the YAML: its policies start the pipeline."""
    where = ("--organization", setting.organisation, "--project", setting.project)
    yield Step(
        "repository",
        (
            "az",
            "repos",
            "show",
            *where,
            "--repository",
            setting.repository,
            "--query",
            "id",
            "-o",
            "tsv",
        ),
        ("az", "repos", "create", *where, "--name", setting.repository),
    )
    for branch, match in (("main", "exact"), ("release", "prefix")):
        scope = (
            "--branch",
            branch,
            "--branch-match-type",
            match,
            "--repository-id",
            "<repository>",
        )
        rules = (*scope, "--blocking", "true", "--enabled", "true")
        policies = {
            "Build": ("build", "create", *rules, "--build-definition-id", "<pipeline pull-request>",
                      "--display-name", "pull-request", "--manual-queue-only", "false",
                      "--queue-on-source-update-only", "true", "--valid-duration", "720"),
            "Minimum number of reviewers": (
                "approver-count", "create", *rules, "--minimum-approver-count", "1",
                "--creator-vote-counts", "false", "--allow-downvotes", "false",
                "--reset-on-source-push", "true"),
        }  # fmt: skip
        for kind, make in policies.items():
            query = (
                f"[?type.displayName=='{kind}' && settings.scope[0].refName=='refs/heads/{branch}']"
                ".id | [0]"
            )
            yield Step(
                f"policy {kind} of {branch}",
                ("az", "repos", "policy", "list", *where, "--query", query, "-o", "tsv"),
                ("az", "repos", "policy", *make, *where),
            )


def list_ruleset_steps(name: str, setting: Setting) -> Iterator[Step]:
    """GitHub's own rules: a review, and the pipeline as a check that a merge waits for."""
    rules = f"repos/{setting.repository}/rulesets"
    fields = (
        "name=pipelines", "target=branch", "enforcement=active",
        "conditions[ref_name][include][]=refs/heads/main",
        "conditions[ref_name][include][]=refs/heads/release/**",
        "conditions[ref_name][exclude][]",
        "rules[][type]=deletion", "rules[][type]=non_fast_forward", "rules[][type]=pull_request",
        "rules[][parameters][required_approving_review_count]=1",
        "rules[][parameters][dismiss_stale_reviews_on_push]=true",
        "rules[][parameters][require_code_owner_review]=false",
        "rules[][parameters][require_last_push_approval]=true",
        "rules[][parameters][required_review_thread_resolution]=false",
        "rules[][type]=required_status_checks",
        "rules[][parameters][strict_required_status_checks_policy]=true",
        f"rules[][parameters][required_status_checks][][context]={name}-pull-request",
    )  # fmt: skip
    yield Step(
        "ruleset",
        ("gh", "api", rules, "--jq", '.[] | select(.name=="pipelines") | .id'),
        ("gh", "api", rules, "--method", "POST", *(w for field in fields for w in ("-F", field))),
    )
