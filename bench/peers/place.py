"""On which processors host and server run: both on one, or on two, in two cores of one package where the machine has that."""
import collections
import os
import pathlib

Place = collections.namedtuple("Place", "name title host server")

PROCESSORS = 64  # ward_limits.cpu_affinity can name no others


def topology(cpu, what):
    try:
        return pathlib.Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/{what}").read_text()
    except OSError:
        return None


def relation(a, b):
    """The less the better: two threads of one core slow each other down by spinning, and packages are further apart than cores."""
    if topology(a, "physical_package_id") is None or topology(a, "physical_package_id") != topology(b, "physical_package_id"):
        return 1, "two packages"
    if topology(a, "core_id") == topology(b, "core_id"):
        return 2, "two threads of one core"
    return 0, "two cores of one package"


def choose():
    cpus = sorted(cpu for cpu in os.sched_getaffinity(0) if cpu < PROCESSORS)
    places = [Place("one", f"Both on processor {cpus[0]}", cpus[0], cpus[0])]
    if len(cpus) > 1:
        other = min(cpus[1:], key=lambda cpu: relation(cpus[0], cpu)[0])
        title = f"On processors {cpus[0]} and {other}, {relation(cpus[0], other)[1]}"
        places.append(Place("two", title, cpus[0], other))
    return places
