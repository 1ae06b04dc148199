"""Every verb of `bundlework`: its function, its help and its options."""

from __future__ import annotations

import getpass
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Option:
    """An option of a verb, as `argparse` takes it."""

    names: tuple[str, ...]
    details: dict[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Verb:
    """A verb.

    Attributes:
        function: `module:function` inside the package. The function takes the bundle's folder and
            the options, and returns an exit code or nothing.
    """

    name: str
    function: str
    help: str
    options: tuple[Option, ...] = ()


def _option(*names: str, **details: Any) -> Option:
    return Option(names, details)


def _folder(default: str) -> Option:
    return _option("--into", type=Path, dest="folder", default=Path(default))


TARGET = _option("--target", help="target of the bundle; default: the bundle's default")
VARIABLES = _option("--var", action="append", default=[], dest="variables", metavar="NAME=VALUE")
PLAN = _option("--plan", type=Path, dest="folder", help="folder of the plan")
PORT = _option("--port", type=int, default=5001, help="port of the server")
RUNS = _option(
    "--runs",
    choices=("", "wait", "refuse", "go-on"),
    default="",
    help="what to do while its jobs run; default: wait, but go-on in development and in copies",
)
DRY_RUN = _option("--dry-run", action="store_true", help="only print the calls")
# Where pipelines and identities live; `delivery.steps.Setting` describes each.
SETTING = tuple(
    _option(f"--{name}", default="")
    for name in (
        "organisation", "project", "repository", "subscription", "approvers", "github", "team",
    )
)  # fmt: skip

ON_THIS_MACHINE = (
    Verb(
        "run",
        "laptop.commands:run_job",
        "play a job of the bundle, once for each date",
        (
            _option("--job", help="key of the job; default: the one that the project declares"),
            _option("--as-of", default="", help="dates YYYY-MM-DD, separated by commas"),
            _option(
                "--param", action="append", default=[], dest="parameters", metavar="NAME=VALUE"
            ),
            TARGET,
            VARIABLES,
        ),
    ),
    Verb(
        "repair",
        "laptop.commands:repair_run",
        "play again the tasks that failed in a run",
        (
            _option("number", nargs="?", type=int, help="number of the run; default: the last"),
            VARIABLES,
        ),
    ),
    Verb(
        "answer",
        "laptop.commands:answer_approval",
        "answer a task that waits for approval, and go on",
        (
            _option("--version", required=True, help="the model version that waits"),
            _option("--answer", choices=("Approved", "Rejected"), default="Approved"),
            _option("--by", default=getpass.getuser(), help="the person who answers"),
            VARIABLES,
        ),
    ),
    Verb("times", "laptop.show:show_times", "show how long each task of the last command took"),
    Verb("tables", "laptop.show:show_tables", "show rows and hashes of all tables"),
    Verb(
        "show",
        "laptop.show:show_rows",
        "show rows of a table or view",
        (
            _option("--table", required=True, help="its name, or the end of it: schema.table"),
            _option("--where", default="", help="a condition in SQL, such as \"origin = 'JFK'\""),
        ),
    ),
    Verb("ui", "laptop.commands:open_ui", "open MLflow's pages"),
    Verb(
        "serve",
        "laptop.serving:serve",
        "publish features, and serve the champion",
        (TARGET, PORT),
    ),
    Verb(
        "predict",
        "laptop.serving:predict",
        "ask what is served for the prediction of an example",
        (_option("--key", required=True, help="its key; of several columns, with commas"), PORT),
    ),
    Verb("clean", "laptop.commands:remove_state", "remove everything that the runs have made"),
)
CHECKS = (
    Verb("validate", "bundle.validate:validate", "find the faults of the bundle"),
    Verb("describe", "delivery.describe:write_documents", "write docs/bundle.md"),
)
FROM_THE_TEMPLATE = (
    Verb(
        "update",
        "delivery.updating.update:update",
        "take over a newer version of the template",
        (
            _option("--version", default="", help="tag, branch or commit; default: the newest"),
            _option("--template", default="", help="its address; default: the recorded one"),
            _option("--made-from", default="", help="its version, if none is recorded"),
            _option("--answer", action="append", default=[], dest="answers", metavar="NAME=VALUE"),
        ),
    ),
)
IN_A_WORKSPACE = (
    Verb(
        "cli",
        "delivery.install:install_pinned_cli",
        "fetch the pinned Databricks CLI",
        (
            _folder(".tools/bin"),
            _option("--version", default="", help="move the pin to this version first"),
        ),
    ),
    Verb(
        "protect", "delivery.protect:protect", "make prod's catalog read-only elsewhere", (DRY_RUN,)
    ),
    Verb(
        "identities",
        "delivery.identities:set_up",
        "let the pipelines deploy without a secret",
        (DRY_RUN, *SETTING),
    ),
    Verb("plan", "delivery.deploy:plan", "keep a plan for review", (TARGET, PLAN)),
    Verb("deploy", "delivery.deploy:deploy", "deploy a target", (TARGET, PLAN, RUNS)),
    Verb(
        "start",
        "delivery.deploy:start",
        "run a deployed job",
        (
            TARGET,
            _option("--job", help="key of the job; default: the one that the project declares"),
        ),
    ),
    Verb("destroy", "delivery.deploy:destroy", "remove a deployment", (TARGET,)),
    Verb("verify", "delivery.verify:verify", "check a deployment", (TARGET,)),
    Verb(
        "integration",
        "delivery.integration:run_integration_test",
        "run the integration test in the workspace",
        (
            TARGET,
            _option("--junit", type=Path, dest="page", default=Path("junit-integration.xml")),
        ),
    ),
    Verb(
        "roll-back-model",
        "delivery.model:roll_back_model",
        "return to the former champion in the workspace",
        (TARGET, *(_option(name, default="") for name in ("--version", "--reason", "--by"))),
    ),
)
FOR_PIPELINES = (
    Verb(
        "wheel",
        "delivery.wheel:build_wheel",
        "build the wheel, named after its content",
        (_option("options", nargs="*", help="of uv build, after --"),),
    ),
    Verb(
        "release",
        "delivery.release:release",
        "cut a release branch",
        (_option("--version", required=True),),
    ),
    Verb("check-version", "delivery.release:check_version", "refuse a release older than prod's"),
    Verb("tag", "delivery.release:tag", "tag the release that is in prod"),
    Verb(
        "report",
        "delivery.report:write_report",
        "tell a reviewer what a branch changes",
        (_option("--base", required=True), _folder("build/report")),
    ),
    Verb(
        "clean-up",
        "delivery.clean_up:clean_up",
        "destroy copies of closed and old pull requests",
        (_option("--days", type=int, required=True),),
    ),
)
VERBS = (*ON_THIS_MACHINE, *CHECKS, *FROM_THE_TEMPLATE, *IN_A_WORKSPACE, *FOR_PIPELINES)
