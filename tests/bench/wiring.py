"""The wire of delay.c, built for this run and started."""
import pathlib
import socket
import subprocess

SOURCE = pathlib.Path(__file__).resolve().parent / "delay.c"


def build(directory):
    """The program, built into the directory."""
    program = pathlib.Path(directory) / "delay"
    subprocess.run(["cc", "-O2", "-D_GNU_SOURCE", "-o", program, SOURCE], check=True)
    return program


def start(program, listen, server, round_trip_ms):
    """The process, and the port where its near end listens."""
    process = subprocess.Popen([program, str(listen), str(server), str(round_trip_ms)], stdout=subprocess.PIPE, text=True)
    return process, int(process.stdout.readline())


def free_ports(n):
    """Loopback ports that are free now; all are held until all are known, so they differ."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(n)]
    ports = [s.getsockname()[1] for s in held]
    for s in held:
        s.close()
    return ports
