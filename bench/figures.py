"""What bench/run and bench/compare share: building, running the programs, reading and rendering their figures."""
import collections
import csv
import os
import pathlib
import platform
import re
import statistics
import subprocess
import time

top = pathlib.Path(__file__).resolve().parents[1]
TOPICS = "start lock sync pipe queue array pool manager".split()

# Rows that are not brood's.  The bare means of the system come first: they are what limits the rest.
BARE = ["bare fork", "bare spawn", "word", "sem_t", "pthread", "raw", "pipe", "OpenMP"]
PEERS = BARE + ["APR spawn", "robust", "APR", "framed", "ZeroMQ", "Boost", "one thread", "redis", "Python", "Py Semaphore",
                "Py Queue", "Py Simple", "Py Pipe", "Py apply_async", "Py map", "Py imap", "Py busy", "Py asleep",
                "Py fork", "Py submit", "Py executor", "mpi4py submit"]

Row = collections.namedtuple("Row", "case who unit target peers samples")


def output_of(*command, folder=top):
    return subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def build(source, folder, topics):
    """The programs of these topics, in Release."""
    subprocess.run(["cmake", "--preset", "release", "-B", folder, "-DBROOD_TESTS=OFF", "-DBROOD_EXAMPLES=OFF"],
                   cwd=source, stdout=subprocess.DEVNULL, check=True)
    targets = [f"bench_{topic}" for topic in topics]
    subprocess.run(["cmake", "--build", folder, "-j", str(os.cpu_count()), "--target", *targets], cwd=source,
                   stdout=subprocess.DEVNULL, check=True)


def run(folder, topic, arguments, file):
    """One run of a program; its rows in their order."""
    command = [folder / "bin" / f"bench_{topic}", "--csv", file, *arguments]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    rows = {}
    with open(file) as lines:
        for line in csv.DictReader(lines):
            key = line["case"], line["who"]
            peers = line["peers"].split(";") if line["peers"] else []
            row = rows.setdefault(key, Row(*key, line["unit"], line["target"], peers, []))
            row.samples.append(float(line["value"]))
    return rows


def less_is_better(unit):
    return re.search(r"\b(ns|us|MiB)$", unit) is not None


def gains(row, other):
    """How many times better a row was than another, round by round."""
    pairs = zip(row.samples, other.samples)
    return [b / a if less_is_better(row.unit) else a / b for a, b in pairs]


def gain(row, other):
    a, b = statistics.median(row.samples), statistics.median(other.samples)
    return b / a if less_is_better(row.unit) else a / b


def number(value):
    return f"{value:.{0 if value >= 100 else 1 if value >= 10 else 2}f}"


def machine(folder):
    """What the figures come from, as pairs."""
    cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    governor = pathlib.Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
    found = next(folder.glob("CMakeFiles/*/CMakeCCompiler.cmake")).read_text()
    name, version = (re.search(rf'\(CMAKE_C_COMPILER_{what} "([^"]*)"', found).group(1) for what in ("ID", "VERSION"))
    changed = output_of("git", "status", "--porcelain", "--untracked-files=no", "src", "include", "bench")
    return {
        "processor": f"{cpu.group(1) if cpu else platform.machine()}, {len(os.sched_getaffinity(0))} CPUs",
        "governor": governor.read_text().strip() if governor.exists() else "not told",
        "system": f"{platform.system()} {platform.release()}, {' '.join(platform.libc_ver())}",
        "compiler": f"{name} {version}, Release",
        "commit": output_of("git", "rev-parse", "--short", "HEAD") + (" with changes" if changed else ""),
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
    }
