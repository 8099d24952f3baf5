#!/usr/bin/python3
"""sarif_check.py SCHEMA FILE...: does each hold against the schema, and do its references?"""
import json
import sys

from jsonschema import Draft7Validator


def references(run):
    """What no schema can say: indices lead to what is named, bases exist, orders are one sequence."""
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    notices = [notice["id"] for notice in run["tool"]["driver"]["notifications"]]
    bases = run["originalUriBaseIds"]
    if len(set(rules)) != len(rules):
        yield "two rules have one ID"
    for result in run["results"]:
        if rules[result["ruleIndex"]] != result["ruleId"]:
            yield f"ruleIndex {result['ruleIndex']} is not {result['ruleId']}"
        for flow in result.get("codeFlows", []):
            steps = [step for thread in flow["threadFlows"] for step in thread["locations"]]
            orders = sorted(step["executionOrder"] for step in steps)
            if orders != list(range(1, len(steps) + 1)):
                yield f"the steps' order is {orders}"
    for notification in run["invocations"][0]["toolExecutionNotifications"]:
        if notices[notification["descriptor"]["index"]] != notification["descriptor"]["id"]:
            yield "a notification's index is another's"
    used = {base for base in ("SRCROOT", "TRIAGE") if f'"uriBaseId": "{base}"' in json.dumps(run)}
    if not used <= set(bases):
        yield f"bases are missing: {used - set(bases)}"


def main(schema, files):
    with open(schema, encoding="utf-8") as file:
        content = json.load(file)
    Draft7Validator.check_schema(content)
    validator = Draft7Validator(content)
    wrong = 0
    for name in files:
        with open(name, encoding="utf-8") as file:
            log = json.load(file)
        faults = [f"{'/'.join(map(str, e.path))}: {e.message[:200]}" for e in validator.iter_errors(log)]
        if not faults:
            faults = list(references(log["runs"][0]))
        for fault in faults[:5]:
            print(f"{name}: {fault}", file=sys.stderr)
        wrong += bool(faults)
    return wrong > 0


sys.exit(main(sys.argv[1], sys.argv[2:]))
