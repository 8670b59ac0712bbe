"""What deploy/ ships against what is exported: the dashboard is JSON, and each metric that it or an alert names is one of ours."""

import json
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
exporter = (root / "lib/src/recorder/metrics_text.cpp").read_text()
# Families are named as string literals there; histograms are exported as three series each.
families = set(re.findall(r'"((?:squall|process)_[a-z_]+)"', exporter))
histograms = {name for name in families if name.endswith("_seconds") and re.search(rf'put\(HistogramKind::\w+, "{name}"', exporter)}
exported = (families - histograms) | {name + end for name in histograms for end in ("_bucket", "_sum", "_count")}
assert len(histograms) == 4, histograms


def names_in(expression):
    """The metrics of an expression: words with our prefixes that are no label's value."""
    return set(re.findall(r"\b(?:squall|process)_[a-z_]+\b", re.sub(r'"[^"]*"', "", expression)))


def check(where, expression):
    used = names_in(expression)
    assert used, f"{where} names no metric: {expression}"
    unknown = used - exported
    assert not unknown, f"{where} names what is not exported: {sorted(unknown)}"
    assert expression.count("(") == expression.count(")"), f"{where}: {expression}"
    return used


dashboard = json.loads((root / "deploy/grafana/squall.json").read_text())
ids = [panel["id"] for panel in dashboard["panels"]]
assert len(ids) == len(set(ids)) >= 10
used = set()
for panel in dashboard["panels"]:
    assert panel["targets"], panel["title"]
    for target in panel["targets"]:
        used |= check(f"panel '{panel['title']}'", target["expr"])
for variable in dashboard["templating"]["list"]:
    if variable["type"] == "query":
        check(f"variable {variable['name']}", variable["query"])

rules = (root / "deploy/prometheus/squall.rules.yml").read_text()
alerts = re.findall(r"- alert: (\w+)\n\s+expr: (?:>-\n)?(.*?)\n\s+(?:for|labels):", rules, re.S)
assert len(alerts) == 3, [name for name, _ in alerts]
for name, expression in alerts:
    used |= check(f"alert {name}", expression)
assert "squall_nonsense" not in exported and not names_in('up{job="squall_x"}')
try:
    check("the test of this test", "rate(squall_nonsense_total[5m])")
except AssertionError:
    pass
else:
    raise AssertionError("a metric that is not exported was accepted")
print(f"{len(dashboard['panels'])} panels and {len(alerts)} alerts name {len(used)} of {len(exported)} series")
