"""MLflow for tests: its own server in a thread of this process, and databases that need not be migrated anew."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import threading
from functools import cache
from pathlib import Path

import pytest


@cache
def _migrated() -> Path:
    """An empty database; MLflow takes seconds to make one."""
    from mlflow import MlflowClient

    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    MlflowClient(f"sqlite:///{folder}/empty.db").search_experiments()
    return folder / "empty.db"


def database(folder: Path) -> str:
    """The URI of an empty database in a folder."""
    pytest.importorskip("mlflow")
    pytest.importorskip("sqlalchemy")
    shutil.copy(_migrated(), folder / "mlflow.db")
    return f"sqlite:///{folder}/mlflow.db"


@cache
def server() -> str:
    """The address of MLflow's own server: one for all tests, which use experiments of their own."""
    pytest.importorskip("mlflow")
    for package in ("sqlalchemy", "flask", "flask_cors", "werkzeug"):
        pytest.importorskip(package)
    from werkzeug.serving import WSGIRequestHandler, make_server

    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ["_MLFLOW_SERVER_FILE_STORE"] = database(folder)  # what `mlflow server` sets for its workers
    os.environ["_MLFLOW_SERVER_ARTIFACT_ROOT"] = str(folder / "artifacts")
    from mlflow.server import app

    class Quiet(WSGIRequestHandler):
        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Keep it to itself."""

    served = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    threading.Thread(target=served.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{served.port}"
