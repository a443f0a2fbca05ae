"""One picture of a topic: how many times better brood is than each peer, by gnuplot, as SVG for light and dark pages."""
import statistics
import subprocess

import figures

COLOURS = "#d55e00 #0a84d6 #009e73 #b88600 #c05f96 #7a7ae0 #808080".split()
INK = "#24292f"  # gnuplot writes it as rgb( 36,  41,  47)

# A page in the dark has the paper dark and the ink light.
DARK = """<style>@media (prefers-color-scheme: dark) {
rect[fill="#ffffff"] { fill: #0d1117 } text, g[fill="rgb(36,41,47)"] { fill: #e6edf3 }
g[color="black"] { color: #8b949e } path[stroke="rgb( 36,  41,  47)"] { stroke: #8b949e }
}</style>"""


def series_of(peer):
    """Python's call of the same kind is one series, whatever the call."""
    if peer in ("Py submit", "Py executor"):
        return "Python's executor"
    if peer in ("Py Queue", "Py Simple", "Py Pipe") or not peer.startswith("Py"):
        return peer
    return "Python"


def bare(name):
    return " (bare)" if name in figures.BARE and "bare" not in name else ""


def middle(values):
    """The middle half."""
    return (min(values), max(values)) if len(values) < 4 else tuple(statistics.quantiles(values, n=4)[::2])


def points(ours, rows):
    """By series: gain, its middle half, and the row."""
    series = {}
    for y, row in enumerate(ours):
        for peer in row.peers:
            other = rows.get((row.case, peer))
            if other is not None and other.who in figures.PEERS:
                low, high = middle(figures.gains(row, other))
                middle_gain = figures.gain(row, other)
                series.setdefault(series_of(peer), []).append(
                    (middle_gain, min(low, middle_gain), max(high, middle_gain), y))
    return series


def draw(file, topic, rows):
    ours = [row for row in rows.values() if row.who not in figures.PEERS and any(p in figures.PEERS for p in row.peers)]
    series = points(ours, rows)
    step = 0.6 / max(1, len(series) - 1)
    label = lambda row: f"{row.case}: {row.who}".replace("'", "")
    tics = ", ".join(f"'{label(row)}' {y}" for y, row in enumerate(ours))
    height = 150 + 30 * len(ours)
    data, plots = [], []
    for i, (name, dots) in enumerate(series.items()):
        data.append(f"$s{i} << end\n" + "\n".join(
            f"{x:.6g} {y - 0.3 + i * step:.3f} {low:.6g} {high:.6g}" for x, low, high, y in dots) + "\nend")
        style = f"lc rgb '{COLOURS[i % len(COLOURS)]}' lw 2 pt {(7, 5, 9, 13, 11, 15, 4)[i % 7]} ps 0.8"
        plots.append(f"$s{i} using 1:2:3:4 with xerrorbars {style} title \"{name}{bare(name)}\"")
    script = f"""
set terminal svg size 960,{height} noenhanced font 'sans-serif,14' background '#ffffff'
set output '{file}'
set border 3 lc rgb '{INK}'
set label "{topic}: how many times better than each peer" at screen 0.5, screen {1 - 18 / height} center tc rgb '{INK}'
set xlabel 'worse than the peer  |  1: the same  |  better than the peer' tc rgb '{INK}'
set logscale x 10
set format x '%g'
set xtics nomirror tc rgb '{INK}'
set ytics nomirror ({tics}) tc rgb '{INK}'
set yrange [{len(ours) - 0.4}:-0.6]
set grid x y lc rgb '#909090' lw 0.4
set bars 0
set tmargin at screen {1 - 85 / height}
set key at screen 0.5, screen {1 - 30 / height} center top horizontal maxcols 4 samplen 1 tc rgb '{INK}'
set arrow from 1,graph 0 to 1,graph 1 nohead lc rgb '#909090' lw 2 back
{chr(10).join(data)}
plot {", ".join(plots)}
"""
    subprocess.run(["gnuplot"], input=script, text=True, check=True)
    svg = file.read_text()
    start = svg.index(">", svg.index("<svg")) + 1
    file.write_text(svg[:start] + DARK + svg[start:])
