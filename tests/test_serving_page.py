"""What docs/serving.md says of the options and of TLS is so."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import redis
from served import SOON, environment

from kvlite import Server, Store
from kvlite.serving.help import HELP
from kvlite.serving.options import ALIASES, LOOPBACK, OWN, VARIABLES
from kvlite.wire.config import Config
from kvlite.wire.parameters import NAMES

PAGE = (Path(__file__).parent.parent / "docs" / "serving.md").read_text()
ROW = re.compile(r"^\| `--([a-z-]+)` \| `(\w+)` \| (.+) \| (?:`(.*)` )?\|$", re.MULTILINE)
ROWS = {option: (variable, default or "") for option, variable, _, default in ROW.findall(PAGE)}
DOCKERFILE = re.search(r"^```dockerfile\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
SHELL = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_every_row_of_the_table_is_read() -> None:
    assert len(ROWS) == PAGE.count("\n| `--") > 20


@pytest.mark.parametrize("option", ROWS)
def test_an_option_has_its_variable_and_its_default(option: str) -> None:
    variable, default = ROWS[option]
    assert VARIABLES[variable] == option
    name = ALIASES.get(option, option)
    if name in OWN:
        assert default == ""
    elif name == "bind":
        assert tuple(default.split()) == LOOPBACK
    else:
        assert NAMES[name].kind.read([default]) == Config()[name]


def test_the_help_lists_no_option_that_the_table_has_not() -> None:
    assert set(re.findall(r"--([a-z-]+)", HELP)) <= ROWS.keys()


def of_dockerfile(instruction: str) -> list[str]:
    """The words of an instruction, which may be run anywhere: of this Python."""
    assert DOCKERFILE is not None
    found = re.search(rf"^{instruction} (\[.*\])$", DOCKERFILE[1], re.MULTILINE)
    assert found is not None
    words: list[str] = json.loads(found[1])
    assert words[0] == "python"
    return [sys.executable, *words[1:]]


def test_a_container_serves_until_it_is_stopped(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    words = [word.replace("/data", str(tmp_path)) for word in of_dockerfile("ENTRYPOINT")]
    check = [word.replace("6379", port) for word in of_dockerfile("HEALTHCHECK CMD")]
    assert subprocess.run(check, check=False, capture_output=True).returncode != 0
    variables = environment(KVLITE_REQUIREPASS="secret")
    with subprocess.Popen(
        [*words, "--port", port, "--maxmemory", "1gb"], env=variables, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "ready" in line:
                break
        subprocess.run(check, check=True)
        with redis.Redis(port=int(port), password="secret") as client:
            assert client.set("a", "1")
        process.terminate()
        assert process.wait(SOON) == 0
    with Store(tmp_path / "app.kv") as store:
        assert store.get("a") == b"1"


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_the_commands_for_tls_make_what_a_server_and_a_client_need(tmp_path: Path) -> None:
    (commands,) = [block for block in SHELL.findall(PAGE) if block.startswith("openssl ")]
    subprocess.run(["sh", "-ec", commands], cwd=tmp_path, check=True, capture_output=True)
    for who in ("server", "client"):
        strictly = ["openssl", "verify", "-x509_strict", "-CAfile", "ca.crt", f"{who}.crt"]
        subprocess.run(strictly, cwd=tmp_path, check=True, capture_output=True)

    def path(name: str) -> str:
        return str(tmp_path / name)

    server = Server(
        *(Store(), "127.0.0.1", None, 0),
        tls_cert_file=path("server.crt"),
        tls_key_file=path("server.key"),
        tls_ca_cert_file=path("ca.crt"),
    )
    shown = {"ssl_certfile": path("client.crt"), "ssl_keyfile": path("client.key")}
    with server, redis.Redis.from_url(server.url, ssl_ca_certs=path("ca.crt"), **shown) as client:
        assert client.ping()
