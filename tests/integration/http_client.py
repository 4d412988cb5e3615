"""A client of the control interface over HTTP in plain Python, and runs that it can ask."""

import base64
import http.client
import json
import re
import socket
import time

from program import *

SECONDS_MAX = 60


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Run:
    """A paper run without executors that listens for HTTP; its tape goes by at `speed`."""

    def __init__(self, folder, speed="60", control=None, words=(), is_awaited=True, **sections):
        self.folder = folder
        self.port = free_port()
        control = {"listen": ["ipc://run.control"], "http": [f"http://127.0.0.1:{self.port}"],
                   **(control or {})}
        file = base_file(folder, run={"name": "outside", "mode": "paper", "seed": 7},
                         control=control, executors=[], **sections)
        file["feeds"][0]["speed"] = speed
        self.process = start("run", "--json", *words, write(folder, file), cwd=folder)
        self.errors = ""
        if not (folder / "test.secrets").exists():
            while "password" not in self.errors:
                line = self.process.stderr.readline()
                assert line, self.errors
                self.errors += line
            self.secrets = re.findall(r"([A-Za-z0-9_-]{43})$", self.errors, re.M)
            assert len(self.secrets) == 4, self.errors
            self.read, self.trade, self.admin, self.password = self.secrets
        if is_awaited:
            self.wait_until_ready()

    def wait_until_ready(self):
        end = time.monotonic() + SECONDS_MAX
        while True:
            try:
                if self.call("GET", "/readyz", token=getattr(self, "admin", None))[0] in (200, 401):
                    return
            except ConnectionRefusedError:
                pass
            assert time.monotonic() < end and self.process.poll() is None, self.process.stderr.read()
            time.sleep(0.02)

    def call(self, method, path, body=None, token=None, headers=None):
        """Status, decoded JSON (or text) and headers of one request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS_MAX)
        try:
            return exchange(connection, method, path, body, token, headers)
        finally:
            connection.close()

    def ask(self, method, path, body=None, status=200, **options):
        """As call() with the token for all; the status has to be as expected."""
        found, answer, _ = self.call(method, path, body, token=self.admin, **options)
        assert found == status, (method, path, found, answer)
        return answer

    def basic(self):
        return base64.b64encode(f"admin:{self.password}".encode()).decode()

    def finish(self):
        assert self.ask("POST", "/shutdown", {}) == {"ok": True}
        output, errors = self.process.communicate(timeout=SECONDS_MAX)
        self.errors += errors
        assert self.process.returncode == 0, errors
        return json.loads(output)


def exchange(connection, method, path, body=None, token=None, headers=None):
    headers = dict(headers or {})
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    if body is not None and not isinstance(body, (bytes, str)):
        body = json.dumps(body)
        headers["Content-Type"] = "application/json"
    connection.request(method, path, body, headers)
    response = connection.getresponse()
    text = response.read().decode()
    if response.getheader("Content-Type") == "application/json":
        return response.status, json.loads(text), response
    return response.status, text, response


def wait_for(run, executor_id, status):
    end = time.monotonic() + SECONDS_MAX
    while True:
        found = run.ask("GET", f"/executors/{executor_id}")
        if found["status"] == status:
            return found
        assert time.monotonic() < end, found
        time.sleep(0.02)
