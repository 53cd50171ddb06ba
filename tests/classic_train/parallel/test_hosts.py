"""Two hosts with addresses of their own, on one machine: network namespaces joined by a cable."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.classic_train.parallel.mpi import MPIEXEC, environment, needs_mpi
from tests.classic_train.parallel.test_one_writer import RECIPE, alone, curve, only_run  # noqa: F401

pytestmark = needs_mpi

HOSTS = ("10.77.31.1", "10.77.31.2")


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


def sent(namespace, device):
    """Bytes that a host has sent through its cable."""
    path = f"/sys/class/net/{device}/statistics/tx_bytes"
    done = subprocess.run(
        ["ip", "netns", "exec", namespace, "cat", path], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


@pytest.fixture
def hosts(tmp_path):
    """Names of the namespaces, and a program that runs a command on a host as ssh would."""
    if shutil.which("ip") is None:
        pytest.skip("needs ip, of Debian's iproute2")
    if os.geteuid():
        pytest.skip("needs root, to make network namespaces")
    mark = f"{os.getpid():x}"
    names = [f"cn{mark}a", f"cn{mark}b"]
    try:
        try:
            for name in names:
                ip("netns", "add", name)
            ip("link", "add", f"v{mark}a", "type", "veth", "peer", "name", f"v{mark}b")
            for name, side, address in zip(names, "ab", HOSTS, strict=True):
                ip("link", "set", f"v{mark}{side}", "netns", name)
                ip("-n", name, "addr", "add", f"{address}/24", "dev", f"v{mark}{side}")
                ip("-n", name, "link", "set", "lo", "up")
                ip("-n", name, "link", "set", f"v{mark}{side}", "up")
        except subprocess.CalledProcessError as error:
            pytest.skip(f"cannot make network namespaces here: {error.stderr.decode().strip()}")
        shell = tmp_path / "shell"
        shell.write_text(
            "#!/bin/sh\n"
            'while [ "${1#-}" != "$1" ]; do shift; done\n'
            f"case $1 in {HOSTS[0]}) ns={names[0]};; {HOSTS[1]}) ns={names[1]};; esac\n"
            'shift; exec ip netns exec $ns sh -c "$*"\n'
        )
        shell.chmod(0o755)
        yield names, mark, shell
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)


def test_two_hosts_train_as_one_over_tcp(hosts, alone, tmp_path):  # noqa: F811
    (first, second), mark, shell = hosts
    command = [
        *("ip", "netns", "exec", first, MPIEXEC, "-launcher", "ssh", "-launcher-exec", shell),
        *("-hosts", ",".join(HOSTS), "-n", "2", "-ppn", "1"),
        *(sys.executable, "-m", "src.classic_train", *RECIPE, "--epochs", "4", "--distributed"),
    ]
    before = sent(second, f"v{mark}b")
    done = subprocess.run(
        list(map(str, command)),
        cwd=tmp_path,
        env=environment(UCX_TLS="tcp,self"),  # one kernel: shared memory would be found
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert np.allclose(curve(only_run(tmp_path)), curve(only_run(alone)), rtol=1e-9)
    gradients = 8 * 39_301 * 4 * -(-300 // 32)  # bytes, parameters, epochs, steps
    assert sent(second, f"v{mark}b") - before > gradients


def test_a_process_that_dies_on_the_other_host_ends_all(hosts, tmp_path):
    (first, _), _, shell = hosts
    failing = Path(__file__).with_name("failing.py")
    command = [
        *("ip", "netns", "exec", first, MPIEXEC, "-launcher", "ssh", "-launcher-exec", shell),
        *("-hosts", ",".join(HOSTS), "-n", "2", "-ppn", "1"),
        *(sys.executable, failing, "1", "validation", "kill"),
        *(*RECIPE, "--train-samples", "500", "--epochs", "4", "--distributed"),
    ]
    done = subprocess.run(
        list(map(str, command)),
        cwd=tmp_path,
        env=environment(UCX_TLS="tcp,self"),
        capture_output=True,
        text=True,
        timeout=40,
    )
    assert done.returncode != 0
    assert (only_run(tmp_path) / "last.safetensors").exists()
