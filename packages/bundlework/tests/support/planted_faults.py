"""Faults planted in a bundle, and what must be said of each."""

from __future__ import annotations

TRAINING = "resources/training.job.yml"
VALIDATION = "resources/validation.job.yml"
LIFECYCLE = "resources/lifecycle.job.yml"
RAW = "resources/raw.schema.yml"
MAIN = "databricks.yml"
TASK = r"resources/training.job.yml:\d+: resources.jobs.training.tasks.0"

# What is planted: file, text, its replacement; and what must be said.
FAULTS = {
    "unknown field of a job": (
        (TRAINING, "timeout_seconds: 7200", "timeout_second: 7200"),
        r"training.job.yml:\d+: resources.jobs.training.timeout_second: Unexpected field .*: remove it, or c",
    ),
    "unknown key of an experiment": (
        (MAIN, "skip_artifact_cleanup", "skip_artefact_cleanup"),
        r"databricks.yml:\d+: experimental.skip_artefact_cleanup: unknown key skip_artefact_cleanup: there",
    ),
    "value of a wrong type": (
        (TRAINING, "timeout_seconds: 7200", "timeout_seconds: soon"),
        r"training.job.yml:\d+: resources.jobs.training.timeout_seconds: 'soon' is no whole number: write one",
    ),
    "value that is not in the list": (
        (RAW, "privileges: [USE_SCHEMA, SELECT]", "privileges: [USE_SCHEMA, LOOK]"),
        r"raw.schema.yml:\d+: resources.schemas.raw.grants.1.privileges.1: 'LOOK' is not a valid Privilege: write one of A",
    ),
    "unknown field deep inside": (
        (TRAINING, "entry_point: training", "entry_point: training\n            entrypoint: x"),
        rf"{TASK}.python_wheel_task.entrypoint: Unexpected field 'entrypoint'",
    ),
    "missing field": (
        ("resources/landing.volume.yml", "      name: landing\n", ""),
        r"landing.volume.yml:\d+: resources.volumes.landing: name is missing",
    ),
    "missing field that a type asks for": (
        ("resources/landing.volume.yml", "      schema_name: ${resources.schemas.raw.name}\n", ""),
        r"landing.volume.yml:\d+: resources.volumes.landing: 'schema_name' is missing: write it",
    ),
    "value of another shape": (
        (TRAINING, "parameters:\n        - name: as_of\n          default: ${var.as_of}", "parameters: as_of"),
        r"training.job.yml:\d+: resources.jobs.training.parameters: a list is expected, not 'as_of': write one",
    ),
    "unknown kind of resource": (
        ("resources/landing.volume.yml", "  volumes:", "  volume:"),
        r"resources.volume: unknown key volume: write volumes, or give",
    ),
    "task key used twice": (
        (VALIDATION, "task_key: promote", "task_key: validate"),
        r"validation.job.yml:\d+: .*task_key validate is used twice: give each",
    ),
    "dependency on no task": (
        (LIFECYCLE, "- task_key: training\n          run_job", "- task_key: trainin\n          run_job"),
        r"lifecycle.job.yml:\d+: .*validation depends on trainin, which is no task",
    ),
    "cycle of tasks": (
        (LIFECYCLE, "- task_key: setup\n", "- task_key: setup\n          depends_on: [{task_key: monitoring}]\n"),
        r"lifecycle.job.yml:\d+: resources.jobs.lifecycle: tasks wait in a circle: ",
    ),
    "task without a type": (
        (VALIDATION, "condition_task:\n            op: EQUAL_TO\n            left: \"{{tasks.validate.values.accepted}}\"\n            right: \"true\"", "timeout_seconds: 60"),
        r"validation.job.yml:\d+: .*task is_accepted has nothing to do, and needs one of",
    ),
    "entry point that is not in pyproject.toml": (
        (TRAINING, "entry_point: training", "entry_point: trainig"),
        rf"{TASK}: task train: entry point trainig is not in \[project.scripts\]",
    ),
    "entry point that leads nowhere": (
        ("pyproject.toml", "tasks:monitoring", "tasks:monitorin"),
        r"pyproject.toml:\d+: project.scripts.monitoring: \w+.tasks has no monitorin: there are",
    ),
    "parameter that the entry point does not take": (
        (MAIN, "      window_days: ${var.window_days}", "      window_days: ${var.window_days}\n      colour: red"),
        r"training.job.yml:\d+: .*training takes no parameter colour: remove it",
    ),
    "job parameter that the entry point does not take": (
        (TRAINING, "default: ${var.as_of}", "default: ${var.as_of}\n        - name: colour\n          default: red"),
        rf"{TASK}.*: training takes no parameter colour: remove it from the task's or the job's",
    ),
    "required parameter that no job passes": (
        (MAIN, "      predictions: ${resources.schemas.predictions.id}\n", ""),
        r"training.job.yml:\d+: .*training needs the parameter predictions: pass it",
    ),
    "job parameter that is not declared": (
        (TRAINING, "- name: as_of", "- name: date"),
        rf"{TASK}: task train: the job has no parameter as_of",
    ),
    "parameter that the job to run does not have": (
        (LIFECYCLE, "job_parameters:\n              as_of", "job_parameters:\n              date"),
        r"lifecycle.job.yml:\d+: .*task setup: the job it runs has no parameter date",
    ),
    "value that nobody gives": (
        (VALIDATION, "{{tasks.validate.values.accepted}}", "{{tasks.validate.accepted}}"),
        r"validation.job.yml:\d+: .*\{\{tasks.validate.accepted\}\} is not a value",
    ),
    "notebook that is missing": (
        (TRAINING, "python_wheel_task:\n            package_name: ${var.package}\n            entry_point: training\n            named_parameters: ${var.settings}", "notebook_task:\n            notebook_path: ../notebooks/train.py"),
        rf"{TASK}.notebook_task.notebook_path: there is no notebook notebooks/train.py",
    ),
    "file that is missing": (
        ("resources/model_health.dashboard.yml", "model_health.lvdash", "model_helth.lvdash"),
        r"model_health.dashboard.yml:\d+: .*file_path: there is no file dashboards/model_helth.*: add it, or",
    ),
    "include that matches nothing": (
        (MAIN, "- resources/*.yml", "- resources/*.yml\n  - more/jobs.yml"),
        r"databricks.yml:\d+: include: more/jobs.yml matches no file",
    ),
    "cron expression with five fields": (
        (MAIN, "quartz_cron_expression: 0 0 4 1 * ?", "quartz_cron_expression: 0 4 1 * ?"),
        r"lifecycle.job.yml:\d+: resources.jobs.lifecycle.schedule: .*has 5 fields",
    ),
    "cron expression out of range": (
        (MAIN, "quartz_cron_expression: 0 0 4 1 * ?", "quartz_cron_expression: 0 0 24 1 * ?"),
        r"lifecycle.job.yml:\d+: .*schedule: '0 0 24 1 \* \?': 24 is no hours: write 0 to 23, or \*",
    ),
    "cron expression with both days": (
        (MAIN, "quartz_cron_expression: 0 0 4 1 * ?", "quartz_cron_expression: 0 0 4 1 * MON"),
        r"schedule: .*exactly one of day of month and day of week is \?: write \? for",
    ),
    "time zone that does not exist": (
        (MAIN, "timezone_id: UTC", "timezone_id: Europe/Berlyn"),
        r"lifecycle.job.yml:\d+: .*there is no time zone 'Europe/Berlyn'",
    ),
    "schedule that is live in staging": (
        (MAIN, "trigger_pause_status: PAUSED\n    sync", "trigger_pause_status: UNPAUSED\n    sync"),
        r"resources.jobs.lifecycle.schedule: is live in staging: set presets",
    ),
    "variable that is not defined": (
        (TRAINING, "${var.training_job_clusters}", "${var.training_cluster_list}"),
        r"training.job.yml:\d+: .*job_clusters: \$\{var.training_cluster_list\} is not defined",
    ),
    "resource that is not defined": (
        (MAIN, "${resources.jobs.validation.id}", "${resources.jobs.validate.id}"),
        r"databricks.yml:\d+: .*\$\{resources.jobs.validate.id\} is not defined",
    ),
    "variable of a target that is not declared": (
        (MAIN, "      retries: 0", "      retrys: 0"),
        r"databricks.yml:\d+: targets.dev.variables.retrys: there is no variable retrys: declare it",
    ),
    "variable without a value": (
        (MAIN, "      catalog: staging\n", "      retries: 1\n"),
        r"databricks.yml:\d+: variables.catalog: no value: give it with --var",
    ),
    "hard-coded catalog": (
        (RAW, "catalog_name: ${var.catalog}", "catalog_name: prod"),
        r"raw.schema.yml:\d+: resources.schemas.raw.catalog_name: 'prod' is hard-coded",
    ),
    "hard-coded schema": (
        ("resources/landing.volume.yml", "${resources.schemas.raw.name}", "flight_delays_raw"),
        r"landing.volume.yml:\d+: .*schema_name: 'flight_delays_raw' is hard-coded",
    ),
    "hard-coded table in a dashboard": (
        ("dashboards/model_health.lvdash.json", "FROM metrics", "FROM prod.flight_delays_monitoring.metrics"),
        r"dashboards/model_health.lvdash.json:\d+: datasets.performance: 'prod\.\S+' is hard-coded",
    ),
    "write to the catalog of prod": (
        (MAIN, "      predictions: ${resources.schemas.predictions.id}", "      predictions: prod.flight_delays_predictions"),
        r"batch_inference.job.yml:\d+: .*predictions is prod.\w+, outside the target's catalog dev",
    ),
    "unprefixed name in dev": (
        (MAIN, "      models: ${resources.schemas.models.id}", "      models: ${var.catalog}.${var.package}_models"),
        r"training.job.yml:\d+: .*models is dev.flight_delays_models, undeclared: refer to",
    ),
    "volume outside a prefixed schema": (
        ("resources/landing.volume.yml", "${resources.schemas.raw.name}", "${var.package}_files"),
        r"landing.volume.yml:\d+: resources.volumes.landing: its name has no prefix in dev",
    ),
    "the same catalog for dev and prod": (
        (MAIN, "      catalog: dev\n", "      catalog: prod\n"),
        r"databricks.yml:\d+: targets.dev.variables.catalog: prod is the catalog of prod too",
    ),
    "names that collide": (
        (MAIN, "name_prefix: pr${var.pull_request}_", "name_prefix: \"[dev me] \""),
        r"targets.pull_request.variables.catalog: .*dev has the same",
    ),
    "package that the prefix runs into": (
        (MAIN, "default: flight_delays\n", "default: 2flight_delays\n"),
        r"resources.schemas.\w+.name: '2flight_delays_\w+' begins with a digit, as the prefix 'pr0_' ends",
    ),
    "host that is none": (
        (MAIN, "host: https://adb-2", "host: adb-2"),
        r"databricks.yml:\d+: targets.staging.workspace.host: 'adb-2\S+' is no workspace",
    ),
    "folder that everybody may write to": (
        (MAIN, "/Workspace/Users/${var.deployer}/.bundle/${bundle.name}/${bundle.target}", "/Workspace/Shared/x"),
        r"databricks.yml:\d+: targets.staging.workspace.root_path: the folder is not the deployer's",
    ),
    "folder of whoever deploys": (
        (MAIN, "/Workspace/Users/${var.deployer}/.bundle/${bundle.name}/${bundle.target}", "/Workspace/Users/${workspace.current_user.userName}/x"),
        r"targets.staging.workspace.root_path: the folder is not the deployer's alone",
    ),
    "prod that is not in production mode": (
        (MAIN, "  prod:\n    mode: production\n", "  prod:\n"),
        r"databricks.yml:\d+: targets.prod.mode: mode is not set: write production",
    ),
    "host that is missing": (
        (MAIN, "      host: https://adb-3333333333333333.3.azuredatabricks.net\n", ""),
        r"databricks.yml:\d+: targets.prod.workspace.host: '' is no workspace",
    ),
    "host that is something else": (
        (MAIN, "https://adb-3333333333333333.3.azuredatabricks.net", "https://example.com"),
        r"targets.prod.workspace.host: 'https://example.com' is no workspace",
    ),
    "schema in the catalog of prod": (
        ("resources/predictions.schema.yml", "${var.catalog}", "${var.mirrored_catalog}"),
        r"predictions.schema.yml:\d+: .*predictions.catalog_name: prod is not the target's catalog dev",
    ),
    "the catalog of prod in other letters": (
        (MAIN, "      catalog: dev\n", "      catalog: PROD\n"),
        r"targets.dev.variables.catalog: prod is the catalog of prod too",
    ),
    "source hard-coded in the settings": (
        (MAIN, "source: ${var.source_catalog}.${var.source_schema}", "source: prod.flight_delays_raw"),
        r"databricks.yml:\d+: variables.settings.default.source: 'prod.flight_delays_raw' is hard",
    ),
    "schema hard-coded behind a variable": (
        (MAIN, "source: ${var.source_catalog}.${var.source_schema}", "source: ${var.catalog}.flight_delays_raw"),
        r"variables.settings.default.source: '\$\{var.catalog\}.flight_delays_raw' is hard-coded",
    ),
    "notebook that is told to write to prod": (
        (TRAINING, "python_wheel_task:\n            package_name: ${var.package}\n            entry_point: training\n            named_parameters: ${var.settings}", "notebook_task:\n            notebook_path: ../notebooks/explore.py\n            base_parameters: {sink: \"${var.mirrored_catalog}.x\"}"),
        rf"{TASK}.notebook_task.base_parameters: sink is prod.x, outside the target's catalog dev",
    ),
    "notebook that is told to write to prod in other letters": (
        (TRAINING, "python_wheel_task:\n            package_name: ${var.package}\n            entry_point: training\n            named_parameters: ${var.settings}", "notebook_task:\n            notebook_path: ../notebooks/explore.py\n            base_parameters: {sink: PROD.x.y}"),
        rf"{TASK}.notebook_task.base_parameters: sink is PROD.x.y, outside the target's catalog dev",
    ),
    "notebook that is told to write to the catalog of staging": (
        (TRAINING, "python_wheel_task:\n            package_name: ${var.package}\n            entry_point: training\n            named_parameters: ${var.settings}", "notebook_task:\n            notebook_path: ../notebooks/explore.py\n            base_parameters: {sink: \"a, staging.x.y\"}"),
        rf"{TASK}.notebook_task.base_parameters: sink is a, staging.x.y, outside .* dev: write",
    ),
    "notebook whose sink is called nearly like a source": (
        (TRAINING, "python_wheel_task:\n            package_name: ${var.package}\n            entry_point: training\n            named_parameters: ${var.settings}", "notebook_task:\n            notebook_path: ../notebooks/explore.py\n            base_parameters: {source_sink: \"${var.mirrored_catalog}.x\"}"),
        rf"{TASK}.notebook_task.base_parameters: source_sink is prod.x, outside",
    ),
    "catalog by itself": (
        (TRAINING, "python_wheel_task:\n            package_name: ${var.package}\n            entry_point: training\n            named_parameters: ${var.settings}", "notebook_task:\n            notebook_path: ../notebooks/explore.py\n            base_parameters: {sink_catalog: \"${var.mirrored_catalog}\"}"),
        rf"{TASK}.notebook_task.base_parameters: sink_catalog is prod, outside",
    ),
    "job parameter in another catalog": (
        (TRAINING, "default: ${var.as_of}", "default: ${var.as_of}\n        - name: sink\n          default: ${var.mirrored_catalog}.x"),
        r"training.job.yml:\d+: resources.jobs.training.parameters.1: sink is prod.x, outside",
    ),
    "job parameter in another catalog, given by a calling job": (
        (LIFECYCLE, "as_of: \"{{job.parameters.as_of}}\"\n        - task_key: ingestion", "as_of: ${var.mirrored_catalog}.x\n        - task_key: ingestion"),
        r"lifecycle.job.yml:\d+: .*tasks.0.run_job_task.job_parameters: as_of is prod.x, outside",
    ),
    "parameter of a wheel in another catalog": (
        (TRAINING, "named_parameters: ${var.settings}", "parameters: [\"--sink=${var.mirrored_catalog}.x\"]"),
        rf"{TASK}.python_wheel_task.parameters: 0 is --sink=prod.x, outside",
    ),
    "environment that a target declares again": (
        ("resources/mirror.job.yml", "environments: ${var.environments}", "environments: [{environment_key: a, spec: {environment_version: \"5\"}}, {environment_key: a, spec: {environment_version: \"5\"}}]"),
        r"mirror.job.yml:\d+: resources.jobs.mirror.environments: environment_key a is used twice: w",
    ),
    "key of the bundle that there is not": (
        (MAIN, "bundle:\n", "bundle:\n  cluster: x\n"),
        r"databricks.yml:\d+: bundle.cluster: unknown key cluster: there are",
    ),
    "key of the workspace that is not known": (
        (MAIN, "    workspace:\n", "    workspace:\n      hots: x\n"),
        r"databricks.yml:\d+: targets.dev.workspace.hots: unknown key hots: there are",
    ),
    "identity that is none": (
        (MAIN, "\ntargets:\n", "\nrun_as: {}\n\ntargets:\n"),
        r"databricks.yml:\d+: run_as: name exactly one of service_principal_name and user_name",
    ),
    "value of another kind in a target": (
        (MAIN, "      trigger_pause_status: UNPAUSED\n", "      trigger_pause_status: UNPAUSED\n      tags: none\n"),
        r"databricks.yml:\d+: targets.prod.presets.tags: a mapping is expected, not 'none': write one",
    ),
    "value of a task that does not exist": (
        (VALIDATION, "tasks.validate.values.accepted", "tasks.validat.values.accepted"),
        r"validation.job.yml:\d+: .*validat is no task of the job",
    ),
    "value of a task that nothing waits for": (
        (VALIDATION, "          depends_on:\n            - task_key: validate\n          condition", "          condition"),
        r"validation.job.yml:\d+: resources.jobs.validation.tasks.1: task is_accepted: \{\{tasks.validate.values.accepted\}\} may not be there yet: add validate to depends_on",
    ),
    "misspelt dynamic value of a job parameter": (
        (TRAINING, "default: ${var.as_of}", "default: \"{{job.start_time.iso_dat}}\""),
        r"training.job.yml:\d+: resources.jobs.training.parameters.0: \{\{job.start_time.iso_dat\}\} is not a value",
    ),
    "operator that does not exist": (
        (VALIDATION, "op: EQUAL_TO", "op: LIKE"),
        r"validation.job.yml:\d+: .*condition_task: 'LIKE' is not a valid ConditionTaskOp: write one of EQ",
    ),
    "environment that does not exist": (
        (TRAINING, "environment_key: ${var.environment_key}", "environment_key: defualt"),
        r"task train: environment_key defualt is not among the job's environments",
    ),
    "job to run that does not exist": (
        (LIFECYCLE, "${resources.jobs.setup.id}", "123"),
        r"lifecycle.job.yml:\d+: .*task setup: job_id 123 is no job of this bundle",
    ),
    "jobs that run each other": (
        (LIFECYCLE, "${resources.jobs.setup.id}", "${resources.jobs.lifecycle.id}"),
        r"lifecycle.job.yml:\d+: .*jobs run each other in a circle: lifecycle > lifecycle: remove one",
    ),
    "queue that is off": (
        (TRAINING, "enabled: true", "enabled: false"),
        r"training.job.yml:\d+: resources.jobs.training.queue: queue.enabled is not true",
    ),
    "failure that nobody hears of": (
        (MAIN, "      on_failure:\n        - ${var.owner}\n", ""),
        r"training.job.yml:\d+: .*email_notifications: on_failure is not set",
    ),
    "job without its stage": (
        (TRAINING, "      tags:\n        stage: training\n", ""),
        r"training.job.yml:\d+: resources.jobs.training.tags: stage not set: set stage in the job",
    ),
    "jobs without their cost centre": (
        (MAIN, "    cost_centre: ${var.cost_centre}\n", ""),
        r"training.job.yml:\d+: resources.jobs.training.tags: cost_centre not set: set stage",
    ),
    "run that may take any time unnoticed": (
        (TRAINING, "metric: RUN_DURATION_SECONDS", "metric: STREAMING_BACKLOG_BYTES"),
        r"training.job.yml:\d+: .*training.health: no rule has the metric RUN_DURATION_SECONDS: add",
    ),
    "task that says nothing of repeating": (
        (TRAINING, "          max_retries: ${var.retries}\n", ""),
        rf"{TASK}: max_retries is not set: say whether",
    ),
    "misspelt key of a target": (
        (MAIN, "  staging:\n    mode: production\n", "  staging:\n    mode: production\n    preset: {}\n"),
        r"databricks.yml:\d+: targets.staging.preset: unknown key preset: there are",
    ),
    "preset that there is not": (
        (MAIN, "      trigger_pause_status: UNPAUSED\n", "      trigger_pause_status: UNPAUSED\n      source_linked: true\n"),
        r"targets.prod.presets.source_linked: unknown key source_linked: there",
    ),
    "misspelt key of what is synchronised": (
        (MAIN, "sync:\n  exclude:", "sync:\n  excludes:"),
        r"databricks.yml:\d+: sync.excludes: unknown key excludes: there are exc",
    ),
    "misspelt key of what a target synchronises": (
        (MAIN, "    sync:\n      exclude:", "    sync:\n      excludes:"),
        r"databricks.yml:\d+: targets.staging.sync.excludes: unknown key excludes",
    ),
    "misspelt key of an artifact": (
        (MAIN, "    build: ${var.build}", "    buidl: ${var.build}"),
        r"databricks.yml:\d+: artifacts.wheel.buidl: unknown key buidl: there",
    ),
    "lookup of what there is not": (
        (MAIN, "      warehouse: ${var.warehouse}", "      warehose: ${var.warehouse}"),
        r"databricks.yml:\d+: variables.warehouse_id.lookup.warehose: unknown key warehose",
    ),
    "level that a target does not have": (
        (MAIN, "        level: CAN_RUN\n", "        level: CAN_RUM\n"),
        r"databricks.yml:\d+: permissions.1: CAN_RUM is no level: write one of CAN_VIEW, CAN_RUN, CA",
    ),
    "level of a resource in a target": (
        (MAIN, "        level: CAN_VIEW\n", "        level: CAN_EDIT\n"),
        r"databricks.yml:\d+: permissions.1: CAN_EDIT is no level: write one of CAN_VIEW",
    ),
    "level that a job does not have": (
        (TRAINING, "permissions: ${var.managers}", "permissions: [{group_name: x, level: CAN_QUERY}]"),
        r"training.job.yml:\d+: resources.jobs.training.permissions.0: CAN_QUERY is no level: write one",
    ),
    "permission without a level": (
        (TRAINING, "permissions: ${var.managers}", "permissions: [{group_name: x}]"),
        r"training.job.yml:\d+: .*training.permissions.0: level is missing: write one of CAN_VIEW",
    ),
    "permission of nobody": (
        (TRAINING, "permissions: ${var.managers}", "permissions: [{group: x, level: CAN_VIEW}]"),
        r"training.job.yml:\d+: .*permissions.0: .* names nobody, or several: write one of group_name",
    ),
    "job without a time limit": (
        (TRAINING, "      timeout_seconds: 7200\n", ""),
        r"training.job.yml:\d+: resources.jobs.training: timeout_seconds is not set",
    ),
    "job that runs twice at once": (
        (TRAINING, "max_concurrent_runs: 1", "max_concurrent_runs: 2"),
        r"training.job.yml:\d+: .*max_concurrent_runs is not 1",
    ),
    "key used by two kinds": (
        ("resources/landing.volume.yml", "    landing:", "    raw:"),
        r"resources/\w+.\w+.yml:\d+: resources.\w+.raw: the key is used in resources.\w+ too: give",
    ),
    "two files with one resource": (
        ("resources/features.job.yml", "    features:", "    training:"),
        r"training.job.yml:\d+: resources.jobs.training: jobs.training is declared twice: remove one",
    ),
    "broken YAML": ((RAW, "comment:", "comment: :"), r"raw.schema.yml:\d+: broken YAML"),
}  # fmt: skip


# Every fault begins so; each planted one has a single line.
