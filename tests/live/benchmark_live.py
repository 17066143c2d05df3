"""How fast the live networks run in headless Chromium; writes book/data/benchmark_live.json.

``python tests/live/benchmark_live.py``: three rounds of ten seconds each, networks in turn, on a
machine where nothing else computes. No graphics processor is used.
"""

import argparse
import json
import os
import platform
import statistics
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from live_page import NETWORK, open_network
from playwright.sync_api import Browser, sync_playwright

from wmtutor.live import bump_parameters, flexible_parameters

CASES = {
    "flexible, 4096 + 1024 cells": ("flexible", flexible_parameters),
    "bump, 1024 + 256 cells": ("bump", bump_parameters),
    "bump, 512 + 128 cells": ("bump", lambda: bump_parameters(shrink=2)),
}
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def measure(browser: Browser, kind: str, parameters: dict[str, Any], seconds: float) -> dict:
    """One page, from opening it to a stretch at full speed."""
    page = browser.new_page()
    page.add_init_script(
        "window.tasks = []; new PerformanceObserver((list) => {"
        "  for (const entry of list.getEntries()) window.tasks.push(entry.duration);"
        "}).observe({ entryTypes: ['longtask'] });"
    )
    page.goto("about:blank")
    started = time.perf_counter()
    open_network(page, kind, parameters)
    first_frame = time.perf_counter() - started
    page.evaluate(f"{NETWORK}.send({{ do: 'speed', speed: 16 }})")
    page.wait_for_function(f"{NETWORK}.frame.t > 0.6")
    page.evaluate("window.tasks.length = 0")
    speed, frames = page.evaluate(
        f"""(seconds) => new Promise((resolve) => {{
            const network = {NETWORK};
            const from = network.frame.t, then = performance.now();
            let frames = 0;
            network.listen = () => {{ frames += 1; }};
            setTimeout(() => {{
                const passed = (performance.now() - then) / 1000;
                resolve([(network.frame.t - from) / passed, frames / passed]);
            }}, 1000 * seconds);
        }})""",
        seconds,
    )
    longest = page.evaluate("Math.max(0, ...window.tasks)")
    page.close()
    return {"speed": speed, "first_frame_s": first_frame, "longest_task_ms": longest,
            "reports_per_s": frames}  # fmt: skip


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10.0)
    chosen = parser.parse_args()
    results: dict[str, list[dict]] = {name: [] for name in CASES}
    with sync_playwright() as playwright:
        path = os.environ.get("CHROMIUM", "/usr/bin/chromium")
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        version = browser.version
        for _ in range(chosen.rounds):
            for name, (kind, parameters) in CASES.items():
                results[name].append(measure(browser, kind, parameters(), chosen.seconds))
                print(name, results[name][-1], flush=True)
        browser.close()
    machine = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
         if line.startswith("model name")),
        platform.processor(),
    )  # fmt: skip
    summary = {
        name: {key: statistics.median(run[key] for run in runs) for key in runs[0]}
        | {
            # The worst of all rounds: a median would hide the one that a reader notices.
            "longest_task_ms": max(run["longest_task_ms"] for run in runs),
            "slowest": min(run["speed"] for run in runs),
            "fastest": max(run["speed"] for run in runs),
        }
        for name, runs in results.items()
    }
    out = Path(__file__).parents[2] / "book" / "data" / "benchmark_live.json"
    out.write_text(
        json.dumps(
            {
                "date": datetime.now(UTC).strftime("%Y-%m-%d"), "chromium": version,
                "machine": machine, "cores": os.cpu_count(), "rounds": chosen.rounds,
                "seconds": chosen.seconds, "results": summary,
            },
            indent=1,
        )
        + "\n"
    )  # fmt: skip
    print(f"wrote {out}")


if __name__ == "__main__":
    main()
