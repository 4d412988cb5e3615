"""What a hostile or careless client may try over HTTP: refused, and nobody else notices."""

import os
import socket
import ssl
import sys
import threading

from http_client import *

FLOOD = 200
MIB = 1 << 20


def raw(run, text, read=True):
    """Sends bytes; returns the status line, or "" when the connection was closed without one."""
    with socket.create_connection(("127.0.0.1", run.port), timeout=30) as connection:
        try:
            connection.sendall(text)
            return connection.recv(65536).decode(errors="replace").split("\r\n")[0] if read else ""
        except ConnectionError:
            return ""


def is_alive(run):
    assert run.ask("GET", "/snapshot")["ok"]


def with_neighbour(run, attack):
    """Runs the attack while somebody else asks all the time; everybody else's answers are right."""
    stop = threading.Event()
    failures = []

    def neighbour():
        while not stop.is_set():
            try:
                is_alive(run)
            except Exception as failure:  # Shown below.
                failures.append(repr(failure))
                return

    threads = [threading.Thread(target=neighbour) for _ in range(2)]
    for thread in threads:
        thread.start()
    attack()
    stop.set()
    for thread in threads:
        thread.join()
    assert not failures, failures


def test_secrets_and_scopes(folder):
    run = Run(folder)
    status, answer, response = run.call("GET", "/snapshot")
    assert status == 401 and answer["detail"] and response.getheader("WWW-Authenticate")
    for token in ["", "a", run.admin[:-1], run.admin + "a", run.admin.swapcase(), run.password]:
        assert run.call("GET", "/snapshot", token=token)[0] in (401, 429), token
    assert run.call("GET", "/healthz")[:2] == (200, {"status": "ok"})
    assert run.call("GET", "/metrics")[0] in (401, 429)
    for token in run.read, run.trade, run.admin:
        assert run.call("GET", "/snapshot", token=token)[0] == 200
    stop = {"actions": [{"action": "stop_executor", "executor_id": "x"}]}
    assert run.call("POST", "/actions", stop, token=run.read)[0] == 403
    assert run.call("POST", "/actions", stop, token=run.trade)[0] == 200
    assert run.call("POST", "/shutdown", {}, token=run.trade)[0] == 403
    basic = {"Authorization": f"Basic {run.basic()}"}
    assert run.call("GET", "/snapshot", headers=basic)[0] == 200
    run.finish()


def test_wrong_places(folder):
    run = Run(folder, control={"origins": ["https://desk.example"], "hosts": ["desk.example"]})
    for origin, status in [("http://evil.example", 403), ("null", 403),
                           ("https://desk.example", 200)]:
        found = run.call("GET", "/snapshot", token=run.admin, headers={"Origin": origin})
        assert found[0] == status, (origin, found)
        assert found[2].getheader("Access-Control-Allow-Origin") is None
    for host, status in [("evil.example", 403), ("127.0.0.1.evil.example", 403),
                         ("desk.example", 200), ("localhost:1", 200)]:
        found = run.call("GET", "/snapshot", token=run.admin, headers={"Host": host})
        assert found[0] == status, (host, found)
    for path, status in [("/../etc/passwd", 400), ("/%2e%2e/%2e%2e/etc/passwd", 400),
                         ("/events/..", 400), ("/a%2fb", 400), ("/%00", 400), ("/%zz", 400),
                         ("/nothing", 404), ("//snapshot", 404), ("/snapshot/x", 404)]:
        found = run.call("GET", path, token=run.admin)
        assert found[0] == status, (path, found)
    found = run.call("DELETE", "/snapshot", token=run.admin)
    assert found[0] == 405 and found[2].getheader("Allow") == "GET", found
    run.finish()


def test_bad_bodies(folder):
    run = Run(folder)
    config = executor()
    good = {"action": "create_executor", "action_id": "g", "executor_id": "good",
            "executor_config": config}
    deep = "[" * 40 + "]" * 40
    for body in ["", "{", "[]", "null", "{} {}", '{"actions":[],"actions":[]}', '{"actions":1}',
                 '{"request":"shutdown","actions":[]}', '{"actions":[{}],"x":1}', b"\xff\xfe",
                 '{"actions":' + deep + "}", '{"actions":[{"action":"dance"}]}',
                 '{"actions":[{"action":"stop_executor"}]}', '{"actions":NaN}']:
        status, answer, _ = run.call("POST", "/actions", body, token=run.trade)
        assert status == 400 and answer["detail"], (body, status, answer)
    for number in "NaN", "Infinity", "1e999", "-1e999", "9007199254740993", '"NaN"', '"inf"', "1e":
        text = json.dumps({"actions": [good]}).replace('"0.1"', number)
        status, answer, _ = run.call("POST", "/actions", text, token=run.trade)
        refused = status == 400 or not answer["answers"][0]["ok"]
        assert refused, (number, answer)
    assert run.ask("GET", "/snapshot")["executors"] == []
    run.finish()


def test_too_much(folder):
    run = Run(folder)
    head = (f"POST /actions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {run.admin}\r\n")

    def attack():
        big = head + f"Content-Length: {300 * MIB}\r\n\r\n"
        assert " 413 " in raw(run, big.encode())  # Refused before the body comes.
        with socket.create_connection(("127.0.0.1", run.port), timeout=30) as connection:
            sent = 0
            try:
                connection.sendall(big.encode())
                while sent < 300:
                    connection.sendall(b"x" * MIB)
                    sent += 1
            except ConnectionError:
                pass
            assert sent < 300  # Nobody took it in.
        assert " 411 " in raw(run, (head + "Transfer-Encoding: chunked\r\n\r\n").encode())
        long_header = head + "X: " + "x" * (64 << 10) + "\r\n\r\n"
        assert " 200 " not in raw(run, long_header.encode())
        many_headers = head + "".join(f"X-{i}: x\r\n" for i in range(5000)) + "\r\n"
        assert " 200 " not in raw(run, many_headers.encode())
        assert " 414 " in raw(run, f"GET /{'x' * 2000} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        for noise in [b"\x16\x03\x01\x02\x00\x01", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\r\n" * 99,
                      os.urandom(4096), b"GET / HTTP/9.9\r\n\r\n", b"CONNECT x:1 HTTP/1.1\r\n\r\n"]:
            raw(run, noise, read=False)
        assert " 400 " in raw(run, (head + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}")
                              .encode())

    with_neighbour(run, attack)
    usage = int(re.search(r"VmHWM:\s+(\d+)", open(f"/proc/{run.process.pid}/status").read())[1])
    assert "san" in PROGRAM or usage < 200 << 10, f"{usage} KiB"  # The sanitizers take more.
    run.finish()


def test_silence_and_flood(folder):
    run = Run(folder)
    slow = [socket.create_connection(("127.0.0.1", run.port)) for _ in range(FLOOD)]
    for connection in slow[: FLOOD // 2]:
        try:
            connection.sendall(b"GET /snapshot HTTP/1.1\r\nX: ")
        except ConnectionError:
            pass

    def attack():
        for _ in range(FLOOD):
            raw(run, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", read=False)
        statuses = [raw(run, b"GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer x\r\n\r\n")
                    for _ in range(50)]
        assert sum(" 429 " in status for status in statuses) >= 30, statuses

    with_neighbour(run, attack)
    assert "tutti_http_displaced_total 0\n" not in run.ask("GET", "/metrics")
    for connection in slow:
        connection.close()
    run.finish()


def test_rate(folder):
    run = Run(folder, control={"requests_per_second": 20})
    statuses = [run.call("GET", "/healthz") for _ in range(100)]
    limited = [found for found in statuses if found[0] == 429]
    assert len(limited) >= 40 and limited[0][2].getheader("Retry-After") == "1"
    end = time.monotonic() + SECONDS_MAX
    while run.call("GET", "/healthz")[0] == 429:
        assert time.monotonic() < end
    while run.call("POST", "/shutdown", {}, token=run.admin)[0] == 429:
        assert time.monotonic() < end
    run.process.communicate(timeout=SECONDS_MAX)


def test_replayed_commands_count_once(folder):
    run = Run(folder)
    body = {"actions": [{"action": "create_executor", "action_id": "a", "executor_id": "one",
                         "executor_config": executor()}]}
    answers = []

    def replay():
        answers.append(run.call("POST", "/actions", body, token=run.trade))

    threads = [threading.Thread(target=replay) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(status == 200 for status, _, _ in answers), answers
    assert len({json.dumps(answer) for _, answer, _ in answers}) == 1, answers
    assert len(run.ask("GET", "/snapshot?all=true")["executors"]) == 1
    run.finish()


def test_secrets_appear_nowhere(folder):
    run = Run(folder)
    first = run.errors
    for secret in run.secrets:
        run.call("GET", f"/snapshot?token={secret}", token=secret)
        run.call("POST", "/actions", {"actions": [{"action": "stop_executor",
                                                   "executor_id": secret[:43]}]}, token="wrong")
        run.call("GET", "/snapshot", headers={"Authorization": f"Basic {secret}"})
    seen = [open(f"/proc/{run.process.pid}/{name}", "rb").read() for name in ("cmdline", "environ")]
    seen += [json.dumps(run.ask("GET", path)).encode()
             for path in ("/snapshot?all=true", "/events", "/metrics", "/openapi.json")]
    secrets = run.secrets
    seen.append(json.dumps(run.finish()).encode())
    seen.append(run.errors[len(first):].encode())
    seen += [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    for content in seen:
        for secret in secrets:
            assert secret.encode() not in content
    assert all(first.count(secret) == 1 for secret in secrets)  # Shown once.


def test_the_file_of_secrets(folder):
    run = Run(folder)
    secrets = run.secrets
    run.finish()
    path = folder / "test.secrets"
    assert path.stat().st_mode & 0o7777 == 0o600
    again = Run.__new__(Run)
    (folder / "test.db").unlink()
    again.admin = secrets[2]
    again.__init__(folder)
    assert "shown this once" not in again.errors
    assert again.call("GET", "/snapshot", token=secrets[0])[0] == 200
    again.finish()
    (folder / "test.db").unlink()
    path.chmod(0o644)
    _, errors = run_words(folder, code=1)
    assert "chmod 600" in errors, errors


def run_words(folder, code):
    done = subprocess.run([PROGRAM, "run", folder / "test.json"], cwd=folder, text=True,
                          capture_output=True, timeout=SECONDS_MAX)
    assert done.returncode == code, done.stderr
    return done.stdout, done.stderr


def test_addresses_that_others_can_reach(folder):
    for address, word in [("http://0.0.0.0:0", "control.insecure"), ("http://[::]:0", "https"),
                          ("https://0.0.0.0:0", "control.tls"), ("http://desk:80", "IP address")]:
        file = base_file(folder, run={"mode": "paper"}, control={"http": [address]})
        _, errors = run("validate", write(folder, file), cwd=folder, code=2)
        assert word in errors and "control.http[0]" in errors, errors


def test_tls(folder):
    """https with a certificate of one's own; http and old versions of TLS get nothing."""
    try:
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                        "-keyout", folder / "key.pem", "-out", folder / "cert.pem"], check=True,
                       capture_output=True)
    except FileNotFoundError:
        raise Skip("openssl is not here") from None
    port = free_port()
    run = Run(folder, control={"http": [f"https://127.0.0.1:{port}"],
                               "tls": {"certificate": str(folder / "cert.pem"),
                                       "key": str(folder / "key.pem")}},
              is_awaited=False)
    trusted = ssl.create_default_context(cafile=folder / "cert.pem")
    end = time.monotonic() + SECONDS_MAX
    while True:
        connection = http.client.HTTPSConnection("127.0.0.1", port, context=trusted, timeout=30)
        try:
            status, answer, _ = exchange(connection, "GET", "/snapshot", token=run.read)
            break
        except ConnectionRefusedError:
            assert time.monotonic() < end
            time.sleep(0.02)
    assert status == 200 and answer["ok"], answer
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    try:
        old.wrap_socket(socket.create_connection(("127.0.0.1", port)))
        raise AssertionError("TLS 1.1 was taken")
    except (ssl.SSLError, ConnectionError):
        pass
    with socket.create_connection(("127.0.0.1", port), timeout=30) as plain:
        plain.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        try:
            assert b"200" not in plain.recv(4096)
        except ConnectionError:
            pass
    session = trusted.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=30),
                                  server_hostname="localhost")
    session.sendall((f"GET /ws/executors?token={run.read} HTTP/1.1\r\nHost: localhost\r\n"
                     "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n").encode())
    received = b""
    while b'"connected"' not in received:
        part = session.recv(4096)
        assert part, received
        received += part
    assert b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in received  # RFC 6455, 1.3.
    session.close()
    assert exchange(connection, "POST", "/shutdown", {}, run.admin)[0] == 200
    run.process.communicate(timeout=SECONDS_MAX)
    assert run.process.returncode == 0


sys.exit(main(sys.modules[__name__]))
