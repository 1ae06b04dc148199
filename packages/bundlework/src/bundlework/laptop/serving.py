"""The endpoint on a laptop: MLflow's server with the champion, and the look-up of Model Serving.

The model runs where the requirements in its files are installed, and nothing else of this machine;
so it does in a workspace, too.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path

import yaml

from bundlework import BEGAN
from bundlework.bundle.contract import get_state, read_contract
from bundlework.bundle.loading import load_bundle
from bundlework.errors import Refusal

from .commands import run_job
from .online_store import OnlineTable, find_served, list_published
from .postgres import PORT, USER, run_server
from .runs import RunStore
from .session import open_session
from .workspace import ONLINE

SERVER = Path(__file__).with_name("scoring_server.py")
# What Model Serving has beside a model's requirements; MLflow 3.8's server works with these.
BESIDE = (
    "databricks-feature-lookup==1.17.0",
    "fastapi==0.124.4",
    "starlette==0.50.0",
    "uvicorn==0.54.0",
)


def serve(root: Path, target: str | None, port: int) -> int:
    """Publishes the features that there are, and serves the champion until a person stops it.

    Raises:
        Refusal: There is no champion.
    """
    contract = read_contract(root)
    job, online = contract.need("jobs.serving"), contract.need("variables.online")
    code = run_job(root, job, "", [], target, [f"{online}=true"])
    if code:
        return code
    folder = get_state(root) / ONLINE
    endpoint = load_bundle(root, target).config["variables"][contract.need("variables.endpoint")]
    served = find_served(folder, str(endpoint["value"]))
    if served is None:
        raise Refusal("there is no champion to serve: make run")
    model, version = served
    files = find_files(root, model, version)
    with run_server(folder) as socket:
        print(f"version {version} of {model}: http://127.0.0.1:{port}/invocations", flush=True)
        return run_until_stopped(files, port, tell_server(files, list_published(folder), socket))


def run_until_stopped(files: Path, port: int, told: Mapping[str, str]) -> int:
    """Runs the server until this process is stopped, however that is done.

    Args:
        told: From `tell_server`.

    Returns:
        The exit code of a server that ended by itself; 0 when it was stopped.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with subprocess.Popen(name_server(files, port), env=os.environ | told) as server:
        try:
            return server.wait()
        except KeyboardInterrupt:
            return 0
        finally:
            server.terminate()


def predict(root: Path, key: str, port: int) -> int:
    """Asks the server for the prediction of an example, and prints request and answer.

    Returns:
        1 when the server refuses the request, else 0.

    Raises:
        Refusal: Nothing is served, or no example has that key.
    """
    contract = read_contract(root)
    reader, job = contract.need("request"), contract.need("jobs.serving")
    runs = [run for run in RunStore(get_state(root) / "runs.db").list_jobs() if run.job == job]
    if not runs:
        raise Refusal("nothing is served yet: make serve")
    with open_session(load_bundle(root, runs[-1].target), BEGAN) as session:
        try:
            request = session.call(reader, runs[-1], key)
        except LookupError as fault:
            raise Refusal(str(fault)) from None
    print(json.dumps(request))
    status, answer = ask(port, {"dataframe_records": [request]})
    print(answer)
    return int(status != HTTPStatus.OK)


def ask(port: int, body: object) -> tuple[int, str]:
    """Sends a request to the server, and returns the status and the answer.

    Raises:
        Refusal: No server answers.
    """
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        told = {"Content-Type": "application/json"}
        connection.request("POST", "/invocations", json.dumps(body), told)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except OSError as fault:
        raise Refusal(f"no server answers at port {port}: {fault}: make serve") from None
    finally:
        connection.close()


def find_files(root: Path, model: str, version: int) -> Path:
    """Finds the files of a version."""
    import mlflow

    from .tracking import open_tracking

    open_tracking(get_state(root))
    return Path(mlflow.artifacts.download_artifacts(f"models:/{model}/{version}"))


def name_server(files: Path, port: int) -> list[str]:
    """Names the command that serves a model where its requirements are installed."""
    words = [word for package in BESIDE for word in ("--with", package)]
    words += ["--with-requirements", str(files / "requirements.txt"), "--python", sys.executable]
    command = ["uv", "run", "--quiet", "--isolated", "--no-project", *words]
    return [*command, "python", str(SERVER), str(files), str(port)]


def tell_server(files: Path, published: Mapping[str, OnlineTable], socket: str) -> dict[str, str]:
    """Makes the variables that tell the server where the features are that its model looks up.

    Raises:
        Refusal: A table is not published.
    """
    spec = yaml.safe_load((files / "data/feature_store/feature_spec.yaml").read_text())
    names = [name for entry in spec.get("input_tables", []) for name in entry]
    for name in names:
        if name not in published:
            raise Refusal(f"{name} is not published, and the model looks it up")
    tables = {name: asdict(published[name]) for name in names}
    told = {"host": socket, "port": PORT, "user": USER, "tables": tables}
    return {"IS_ENDPOINT": "true", "ONLINE_TABLES": json.dumps(told)}
