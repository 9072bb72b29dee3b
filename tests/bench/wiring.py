"""The wire of delay.c, built for this run and started."""
import pathlib
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
