"""Pipelines spoiled in one place each, and the check that must catch it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

HOSTS = ("azure_repos", "github")


@dataclass(frozen=True)
class Mutation:
    """A text replaced by another, once, in a file of `.azure-pipelines`; no text for a new file.

    Attributes:
        hosts: Where the file has the text.
    """

    caught_by: str
    file: str
    old: str
    new: str
    hosts: tuple[str, ...] = HOSTS

    def apply(self, project: Path) -> None:
        """Spoils the project's file.

        Raises:
            LookupError: The text is not there, or a file that should be new is.
        """
        path = project / ".azure-pipelines" / self.file
        text = path.read_text() if path.exists() else ""
        if self.old not in text or path.exists() != bool(self.old):
            raise LookupError(f"{self.file} has no {self.old!r}")
        path.write_text(text.replace(self.old, self.new, 1))


PULL_REQUEST = "pull-request.yml"
COPY = "templates/pull-request-copy.yml"
STAGING = "deploy-staging.yml"
TO_STAGING = "templates/staging.yml"
PROD = "deploy-prod.yml"
RELEASE = "templates/release.yml"
ROLLBACK = "templates/rollback.yml"
MAKE = "templates/make.yml"
IDENTITY = "templates/make-with-identity.yml"
PREPARE = "templates/prepare.yml"
TESTS = "templates/test.yml"
CLEAN_UP = "templates/clean-up.yml"

EVENTS = "does what events ask"
MUTATIONS = {
    "template that is missing": Mutation(
        "templates exist", PROD, "templates/release.yml", "templates/releases.yml"
    ),
    "parameter that a template does not take": Mutation(
        "template parameters match", PROD, "environment:", "environments:"
    ),
    "parameter that is left out": Mutation(
        "template parameters match", STAGING, "          connection: flight-delays-staging\n", ""
    ),
    "value that a parameter does not allow": Mutation(
        "template parameters match", "rollback.yml", "default: release", "default: all"
    ),
    "expression that is unknown": Mutation(
        "expressions are known", MAKE, "${{ parameters.verb }}\n    displayName", "${{ verb }}\n    displayName"
    ),
    "pipeline that nobody knows": Mutation(
        "has the pipelines known and no other", "hotfix.yml", "", "steps:\n  - bash: make deploy\n"
    ),
    "failed step that stops nothing": Mutation(
        "fails where a step fails", MAKE, "    env:", "    continueOnError: true\n    env:"
    ),
    "failed job that stops nothing": Mutation(
        "fails where a step fails", COPY, "  - job: copy\n", "  - job: copy\n    continueOnError: true\n"
    ),
    "condition that the table overlooks": Mutation(
        "puts conditions on stages and steps", TO_STAGING, "  - deployment: deploy\n", "  - deployment: deploy\n    condition: always()\n"
    ),
    "dependency on no stage": Mutation(
        "depends on stages that exist", STAGING, "dependsOn: test", "dependsOn: tests"
    ),
    "variable that nobody sets": Mutation(
        "uses variables that exist", PREPARE, "$(Pipeline.Workspace)", "$(Pipeline.Workspaces)"
    ),
    "condition on a variable that nobody sets": Mutation(
        "uses variables that exist", PULL_REQUEST, "System.PullRequest.IsFork", "System.IsFork"
    ),
    "logic in a script": Mutation(
        "calls one verb in each script", COPY, "verb: cli", "verb: cli || true"
    ),
    "unpinned CLI": Mutation(
        "calls one verb in each script",
        COPY,
        "verb: cli",
        "verb: cli; curl -fsSL https://raw.githubusercontent.com/databricks/setup-cli/main/install.sh | sh",
    ),
    "verb that the Makefile lacks": Mutation(
        "calls verbs that exist", TESTS, "verb: check", "verb: checks"
    ),
    "latest image": Mutation("pins images", COPY, "ubuntu-24.04", "ubuntu-latest"),
    "unknown version of a task": Mutation("pins tasks", PREPARE, "Cache@2", "Cache@1"),
    "job without a timeout": Mutation(
        "limits the time of each job", TESTS, "    timeoutInMinutes: 60\n", ""
    ),
    "variable group": Mutation(
        "holds no secret", PROD, "\nstages:", "\nvariables:\n  - group: prod-secrets\n\nstages:"
    ),
    "client secret in the environment": Mutation(
        "holds no secret", IDENTITY, "azure-cli\n", "azure-cli\n      ARM_CLIENT_SECRET: $(ClientSecret)\n"
    ),
    "token for a build of a pull request": Mutation(
        "holds no secret", MAKE, ".uv\n", ".uv\n      SYSTEM_ACCESSTOKEN: $(System.AccessToken)\n"
    ),
    "environment dump": Mutation(
        "prints no environment", IDENTITY, "inlineScript: make", "inlineScript: env | sort; make"
    ),
    "prod connection in the pull request": Mutation(
        "names its own connection only", PULL_REQUEST, "flight-delays-dev", "flight-delays-prod"
    ),
    "prod connection in staging": Mutation(
        "names its own connection only", STAGING, "connection: flight-delays-staging", "connection: flight-delays-prod"
    ),
    "prod connection under the input's real name": Mutation(
        "names its own connection only",
        COPY,
        "    steps:\n",
        "    steps:\n      - task: AzureCLI@2\n        inputs:\n          connectedServiceNameARM: flight-delays-prod\n",
    ),
    "connection that is somebody else's": Mutation(
        "names its own connection only", PULL_REQUEST, "flight-delays-dev", "platform-admin"
    ),
    "connection under another name": Mutation(
        "names connections in one way", IDENTITY, "azureSubscription:", "connectedServiceNameARM:"
    ),
    "steps after a failure": Mutation(
        "strategies are known",
        TO_STAGING,
        "      runOnce:\n",
        "      runOnce:\n        on:\n          failure:\n            steps:\n              - bash: make deploy\n",
    ),
    "steps before a deployment": Mutation(
        "strategies are known",
        RELEASE,
        "          runOnce:\n",
        "          runOnce:\n            preDeploy:\n              steps:\n                - bash: make deploy\n",
    ),
    "deployment that rolls": Mutation("strategies are known", TO_STAGING, "runOnce:", "rolling:"),
    "identity for the tests": Mutation(
        "has an identity for the workspace only",
        TESTS,
        "template: make.yml\n        parameters:\n          verb: check",
        "template: make-with-identity.yml\n        parameters:\n          connection: flight-delays-dev\n          verb: check",
    ),
    "deployment without an identity": Mutation(
        "has an identity for the workspace only",
        COPY,
        "template: make-with-identity.yml\n        parameters:\n          connection: ${{ parameters.connection }}\n          verb: deploy",
        "template: make.yml\n        parameters:\n          verb: deploy",
    ),
    "session that ends after ten minutes": Mutation(
        "keeps the identity alive", IDENTITY, "keepAzSessionActive: true", "keepAzSessionActive: false"
    ),
    "other kind of authentication": Mutation(
        "keeps the identity alive", IDENTITY, "azure-cli", "azure-devops-oidc"
    ),
    "CLI that is not installed": Mutation(
        "installs the cli before it is used",
        COPY,
        "      - template: make.yml\n        parameters:\n          verb: cli\n",
        "",
    ),
    "removed destroy": Mutation(
        "destroys always",
        COPY,
        "verb: destroy TARGET=pull_request\n          condition: always()",
        "verb: verify TARGET=pull_request",
    ),
    "destroy after success only": Mutation(
        "destroys always", COPY, "          condition: always()\n", ""
    ),
    "no time to destroy": Mutation(
        "destroys always", COPY, "    cancelTimeoutInMinutes: 30\n", ""
    ),
    "shared test target": Mutation(
        "deploys a pull request to its own copy", COPY, "deploy TARGET=pull_request", "deploy TARGET=staging"
    ),
    "staging deployed as prod": Mutation(
        "deploys to the target of its connection", TO_STAGING, "deploy TARGET=staging", "deploy TARGET=prod"
    ),
    "deployment without an environment": Mutation(
        "guards the environment", PROD, "environment: flight-delays-prod", "environment: flight-delays-dev"
    ),
    "runs side by side": Mutation(
        "guards the environment", RELEASE, "    lockBehavior: sequential\n", ""
    ),
    "model rolled back side by side": Mutation(
        "guards the environment", ROLLBACK, "    lockBehavior: sequential\n", ""
    ),
    "deployment without its plan": Mutation(
        "plans before it deploys", RELEASE, "deploy TARGET=prod PLAN=build/plan", "deploy TARGET=prod"
    ),
    "plan that nobody can see": Mutation(
        "plans before it deploys", RELEASE, "targetPath: build/plan", "targetPath: build/other"
    ),
    "artifact that was not published": Mutation(
        "passes on what it published", RELEASE, "artifact: wheel", "artifact: wheels"
    ),
    "missing approval of the plan": Mutation(
        "parts plan and deployment",
        RELEASE,
        "          - task: PublishPipelineArtifact@1\n            displayName: Publish the plan",
        "          - template: make-with-identity.yml\n            parameters:\n"
        "              connection: ${{ parameters.connection }}\n"
        "              verb: deploy TARGET=prod PLAN=build/plan\n"
        "          - task: PublishPipelineArtifact@1\n            displayName: Publish the plan",
    ),
    "wheel built again": Mutation(
        "builds the wheel once", RELEASE, 'env:\n                BUNDLE_VAR_build: "true"', "env: {}"
    ),
    "deployment that nobody verifies": Mutation(
        "verifies what it deployed", TO_STAGING, "verb: verify TARGET=staging", "verb: start JOB=features TARGET=staging"
    ),
    "older release overtakes": Mutation(
        "checks the version first", RELEASE, "verb: check-version", "verb: validate"
    ),
    "results of failed tests are lost": Mutation(
        "publishes results of failed tests too",
        "templates/publish-tests.yml",
        "    condition: succeededOrFailed()\n",
        "",
    ),
    "results are not published": Mutation(
        "publishes results of failed tests too",
        COPY,
        "      - template: publish-tests.yml\n        parameters:\n          title: Copy of the pull request\n",
        "",
    ),
    "git's token left to every job": Mutation(
        "keeps gits token where origin is asked", PREPARE, "default: false", "default: true"
    ),
    "origin that cannot be asked": Mutation(
        "keeps gits token where origin is asked", RELEASE, "keepCredentials: true", "keepCredentials: false"
    ),
    "clone that is not clean": Mutation(
        "starts from a clean clone", PREPARE, "    clean: true\n", ""
    ),
    "reason pasted into a shell": Mutation(
        "keeps typed text out of scripts",
        ROLLBACK,
        "roll-back-model TARGET=prod",
        'roll-back-model TARGET=prod REASON="${{ parameters.reason }}"',
    ),
    "reason pasted into a condition": Mutation(
        "keeps typed text out of scripts",
        ROLLBACK,
        "eq('${{ parameters.what }}', 'model')",
        "eq('${{ parameters.reason }}', 'model')",
    ),
    "model version that cannot be left out": Mutation(
        "asks for nothing that may be empty", "rollback.yml", 'default: " "', 'default: ""'
    ),
    "staging on every branch": Mutation(
        "starts on its own branches", STAGING, "      - main", "      - '*'"
    ),
    "pull requests start staging": Mutation(
        "starts on its own branches", STAGING, "pr: none\n", ""
    ),
    "tags that go to prod": Mutation(
        EVENTS, PROD, "      - release/*\n", "      - release/*\n  tags:\n    include:\n      - v*\n"
    ),
    "no trigger for pull requests": Mutation(
        EVENTS, PULL_REQUEST, "      - main\n", "      - develop\n", ("github",)
    ),
    "copy beside the tests": Mutation(EVENTS, PULL_REQUEST, "dependsOn: test", "dependsOn: []"),
    "swapped condition of forks": Mutation(EVENTS, PULL_REQUEST, "'False'", "'True'"),
    "copy even when the tests failed": Mutation(
        EVENTS, PULL_REQUEST, "and(succeeded(), eq(", "and(always(), eq("
    ),
    "condition without its guard": Mutation(
        EVENTS, STAGING, "condition: and(succeeded(), eq(variables['Build.SourceBranch'], 'refs/heads/main'))", "condition: always()"
    ),
    "staging from a feature branch": Mutation(
        EVENTS, STAGING, "eq(variables['Build.SourceBranch'], 'refs/heads/main')", "ne(variables['Build.SourceBranch'], 'refs/heads/x')"
    ),
    "prod from any branch": Mutation(
        EVENTS, RELEASE, "startsWith(variables['Build.SourceBranch'], 'refs/heads/release/')", "startsWith(variables['Build.SourceBranch'], 'refs/heads/')"
    ),
    "deployment beside its plan": Mutation(EVENTS, RELEASE, "dependsOn: plan", "dependsOn: build"),
    "rollback that is tagged": Mutation(EVENTS, ROLLBACK, "forward: false", "forward: true"),
    "both rollbacks at once": Mutation(
        EVENTS, ROLLBACK, "      when: eq('${{ parameters.what }}', 'release')\n", ""
    ),
    "night without a branch": Mutation(EVENTS, "clean-up.yml", "        - main", "        - develop"),
    "report that nobody gets when tests fail": Mutation(
        EVENTS, TESTS, "and(succeededOrFailed(), ", "and(succeeded(), "
    ),
    "no tests before staging": Mutation(EVENTS, STAGING, "dependsOn: test", "dependsOn: []"),
}  # fmt: skip
