"""Figures for people, and for programs."""
import json
import math
import statistics

NAME, COLUMN = 22, 17


def number(value):
    """Four digits, in groups of three: 12.34 or 1,234,000."""
    whole = math.floor(math.log10(value)) + 1 if value >= 1 else 1
    if whole < 4:
        return f"{value:.{4 - whole}f}"
    unit = 10 ** (whole - 4)
    return f"{round(value / unit) * unit:,}"


def duration(ns):
    for unit in ("ns", "µs", "ms"):
        if ns < 1000:
            return f"{number(ns)} {unit}"
        ns /= 1000
    return f"{number(ns)} s"


def rate(size, ns):
    """MB per second."""
    return size / ns * 1000


def row(label, cells):
    return (f"{label:<{NAME}}" + "".join(f"{cell:>{COLUMN}}" for cell in cells)).rstrip()


def cells(peer, sizes, ward_ns):
    figures = {size: statistics.median(samples) for size, samples in peer.samples.items() if samples}
    ns = figures.get(0)
    call = [duration(ns), number(1e9 / ns)] if ns else ["-", "-"]
    to_ward = [f"{ns / ward_ns:.2f}" if ns and ward_ns else "-"]
    return call + to_ward + [number(rate(size, figures[size])) if size in figures else "-" for size in sizes if size]


def show(place, peers, sizes):
    """One placement."""
    ward = [statistics.median(peer.samples[0]) for peer in peers if peer.about["peer"] == "ward" and peer.samples.get(0)]
    bulk = [size for size in sizes if size]
    lines = [place.title, "", row("", ["int(int)", "calls/s", "Ward = 1"] + [f"byte[{size:,}]" for size in bulk])]
    lines += [row("", ["", "", ""] + ["MB/s"] * len(bulk))]
    lines += [row(peer.about["label"], cells(peer, sizes, ward[0] if ward else None)) for peer in peers]
    return "\n".join(lines) + "\n"


def figure(name, values, unit):
    return {"name": name, "median": statistics.median(values), "min": min(values), "unit": unit}


def figures(place, peers):
    """As `ward bench --json` gives them."""
    found = []
    for peer in peers:
        for size, samples in peer.samples.items():
            name = f"peers.{f'bytes.{size}' if size else 'int'}.{place.name}.{peer.about['peer']}"
            values = [rate(size, ns) for ns in samples] if size else samples
            if values:
                found.append(figure(name, values, "MB/s" if size else "ns"))
    return found


def to_json(found):
    return "[\n" + ",\n".join("  " + json.dumps(one) for one in found) + "\n]"
