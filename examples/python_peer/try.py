"""Runs a listener, then a client with the address that the listener prints, and ends the listener:

    try.py LISTENER CLIENT      each a program, or a script that lies beside this one
"""
import pathlib
import subprocess
import sys


def command(name):
    return [sys.executable, str(pathlib.Path(__file__).with_name(name))] if name.endswith('.py') else [name]


listener = subprocess.Popen(command(sys.argv[1]), stdout=subprocess.PIPE, text=True)
try:
    address = listener.stdout.readline().strip()
    sys.exit(subprocess.run(command(sys.argv[2]) + [address]).returncode)
finally:
    listener.terminate()
    listener.wait()
