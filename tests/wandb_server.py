"""A server of Weights & Biases as far as its own client asks for runs: GraphQL over HTTP, on this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class HeldRun:
    """A run that the server holds: its history row by row, and its files by name."""

    id: str
    name: str
    config: Mapping[str, Any]
    history: Sequence[Mapping[str, Any]]
    files: Mapping[str, Any] = field(default_factory=dict)
    state: str = "finished"


class _Asked(BaseHTTPRequestHandler):
    runs: Sequence[HeldRun] = ()
    asked: list[str]

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing to standard error."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if not body:  # a call that asks nothing
            self._answer(b"{}")
            return
        question = json.loads(body)
        self.asked.append(question["query"])
        self._answer(json.dumps({"data": self._data(question["query"], question.get("variables") or {})}).encode())

    def do_GET(self) -> None:
        _, _, run, name = self.path.split("/", 3)
        found = [one.files[name] for one in self.runs if one.id == run and name in one.files]
        self._answer(json.dumps(found[0]).encode(), 200) if found else self._answer(b"", 404)

    def _answer(self, body: bytes, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _data(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        if "viewer" in query:
            return {"viewer": {"id": "1", "entity": "lab", "username": "lab", "teams": {"edges": []}, "flags": "{}"}}
        if "runs(" in query:
            if variables["project"] != "p":
                return {"project": None}
            edges = [{"node": _node(one, query), "cursor": one.id} for one in self.runs]
            page = {"endCursor": None, "hasNextPage": False}
            runs = {"edges": edges, "pageInfo": page}
            return {"project": {"internalId": "1", "runCount": len(edges), "readOnly": False, "runs": runs}}
        (run,) = [one for one in self.runs if one.id in variables.values()]
        return self._of_run(run, query, variables)

    def _of_run(self, run: HeldRun, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        if "parquetHistory(" in query:
            return {"project": {"run": {"parquetHistory": {"parquetUrls": [], "liveData": []}}}}
        if "history(" in query:
            rows = [json.dumps(row) for row in run.history[variables["minStep"] : variables["maxStep"]]]
            return {"project": {"run": {"history": rows}}}
        if "files(" in query:
            return {"project": {"internalId": "1", "run": {"fileCount": 1, "files": self._files(run, variables)}}}
        return {"project": {"run": _node(run, query)}}

    def _files(self, run: HeldRun, variables: Mapping[str, Any]) -> dict[str, Any]:
        host, port = self.server.server_address[:2]
        names = [name for name in run.files if name in (variables.get("fileNames") or run.files)]
        edges = [
            {
                "node": {
                    "id": name, "name": name, "url": f"http://{host}:{port}/files/{run.id}/{name}", "sizeBytes": 1,
                    "directUrl": f"http://{host}:{port}/files/{run.id}/{name}", "mimetype": "application/json",
                    "updatedAt": "2026-01-01T00:00:00", "md5": "", "digest": "",
                },
                "cursor": name,
            }
            for name in names
        ]  # fmt: skip
        return {"edges": edges, "pageInfo": {"endCursor": None, "hasNextPage": False}}


def _node(run: HeldRun, query: str) -> dict[str, Any]:
    """The fields of a run that a query asks for; lists of runs come without their configurations."""
    known = {
        "id": run.id, "projectId": "1", "tags": [], "name": run.id, "displayName": run.name, "sweepName": None,
        "state": run.state, "group": None, "jobType": None, "commit": None, "readOnly": False,
        "createdAt": "2026-01-01T00:00:00", "heartbeatAt": "2026-01-01T00:01:00", "description": "", "notes": "",
        "historyLineCount": len(run.history), "user": {"name": "lab", "username": "lab"},
        "config": json.dumps({key: {"value": value} for key, value in run.config.items()}),
        "summaryMetrics": "{}", "systemMetrics": "{}",
        "historyKeys": {"lastStep": len(run.history) - 1, "keys": {}},
    }  # fmt: skip
    asked = set(query.split())
    return {key: value for key, value in known.items() if key in asked}


@contextmanager
def served(runs: Sequence[HeldRun]) -> Iterator[tuple[str, list[str]]]:
    """The address of a server that holds runs, and the queries that it was asked."""
    asked: list[str] = []
    handler = type("Asked", (_Asked,), {"runs": runs, "asked": asked})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()
