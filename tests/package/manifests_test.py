#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The manifests of Kubernetes and the files of the container, as far as they can be held without a cluster:
manifests_test.py THIMBLE THIMBLE_VENDORS; --write makes monitoring/rule.yaml out of deploy/prometheus/rules.yml.

Objects have the kinds, required and known fields of the documented API; names that they use exist; pods keep the
"restricted" profile; what they run is a command line that the binary takes, and probes ask for routes that it has.
"""

import copy
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

from place import server

ROOT = Path(__file__).resolve().parent.parent.parent
KUBERNETES = ROOT / "deploy/kubernetes"
CONTAINER = ROOT / "deploy/container"
MADE_BY_THE_OPERATOR = {"thimble-tls": {"tls.crt", "tls.key", "ca.crt"}, "thimble-refresh-token": {"token"}}

# -- What the documented API knows: kind -> apiVersion, required and optional fields of `spec` ----------------------------

API = {
    "Namespace": ("v1", "", ""),
    "Deployment": ("apps/v1", "selector template", "replicas strategy minReadySeconds revisionHistoryLimit"),
    "Service": ("v1", "ports", "selector type clusterIP sessionAffinity"),
    "PodDisruptionBudget": ("policy/v1", "selector", "minAvailable maxUnavailable"),
    "NetworkPolicy": ("networking.k8s.io/v1", "podSelector", "policyTypes ingress egress"),
    "CronJob": ("batch/v1", "schedule jobTemplate", "concurrencyPolicy suspend timeZone startingDeadlineSeconds"),
    "ServiceMonitor": ("monitoring.coreos.com/v1", "selector endpoints", "jobLabel namespaceSelector"),
    "PrometheusRule": ("monitoring.coreos.com/v1", "", "groups"),
}
FIELDS = {  # of parts: required, optional
    "pod": ("containers", "automountServiceAccountToken restartPolicy securityContext terminationGracePeriodSeconds "
                          "topologySpreadConstraints volumes"),
    "container": ("name image", "args command ports startupProbe livenessProbe readinessProbe resources securityContext "
                                "volumeMounts env"),
    "probe": ("", "httpGet exec periodSeconds timeoutSeconds failureThreshold initialDelaySeconds"),
    "httpGet": ("path port", "scheme host httpHeaders"),
    "mount": ("name mountPath", "subPath readOnly"),
    "secret": ("secretName", "defaultMode items optional"),
    "rule": ("expr", "alert for labels annotations"),
}


def fields(where, value, required, optional):
    for name in required.split():
        if name not in value:
            yield f"{where}: {name} is missing"
    for name in value:
        if name not in required.split() + optional.split():
            yield f"{where}: {name} is no field of it"


def pod_of(item):
    spec = item["spec"]
    if item["kind"] == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    return spec["template"] if "template" in spec else None


def probes(container):
    return [container[name] for name in ("startupProbe", "livenessProbe", "readinessProbe") if name in container]


def schema(item):
    kind = item.get("kind")
    where = f"{kind} {item.get('metadata', {}).get('name')}"
    if kind not in API:
        yield f"{where}: unknown kind"
        return
    version, required, optional = API[kind]
    yield from fields(where, item, "apiVersion kind metadata" + (" spec" if required or optional else ""), "")
    if item["apiVersion"] != version:
        yield f"{where}: apiVersion is {item['apiVersion']}, not {version}"
    if not re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", item["metadata"].get("name", "")):
        yield f"{where}: no name"
    yield from fields(where, item.get("spec", {}), required, optional)
    if "spec" in item and (pod := pod_of(item)):
        yield from pod_schema(where, pod["spec"])


def pod_schema(where, spec):
    yield from fields(f"{where}: pod", spec, *FIELDS["pod"])
    for container in spec["containers"]:
        at = f"{where}: container {container.get('name')}"
        yield from fields(at, container, *FIELDS["container"])
        for probe in probes(container):
            yield from fields(f"{at}: probe", probe, *FIELDS["probe"])
            if ("httpGet" in probe) == ("exec" in probe):
                yield f"{at}: a probe asks in one way"
            if "httpGet" in probe:
                yield from fields(f"{at}: httpGet", probe["httpGet"], *FIELDS["httpGet"])
        for mount in container.get("volumeMounts", []):
            yield from fields(f"{at}: mount", mount, *FIELDS["mount"])
    for volume in spec.get("volumes", []):
        if "secret" in volume:
            yield from fields(f"{where}: secret", volume["secret"], *FIELDS["secret"])


# -- Names that are used exist ------------------------------------------------------------------------------------------

def labels_match(selector, labels):
    return selector.get("matchLabels", selector).items() <= labels.items()


def references(items, generated):
    of_kind = lambda kind: [item for item in items if item["kind"] == kind]
    pods = [(item, pod_of(item)) for item in items if "spec" in item and pod_of(item)]
    for item, pod in pods:
        yield from pod_references(f"{item['kind']} {item['metadata']['name']}", pod["spec"], generated)
    for item in of_kind("Deployment"):
        if not labels_match(item["spec"]["selector"], pod_of(item)["metadata"]["labels"]):
            yield "Deployment: its selector does not match its pods"
    served = [pod for item, pod in pods if item["kind"] == "Deployment"]
    for kind, selector in (("Service", "selector"), ("PodDisruptionBudget", "selector"), ("NetworkPolicy", "podSelector")):
        for item in of_kind(kind):
            if not any(labels_match(item["spec"][selector], pod["metadata"]["labels"]) for pod in served):
                yield f"{kind}: selects no pod"
    for item in of_kind("Service"):
        if any(labels_match(item["spec"]["selector"], pod["metadata"]["labels"]) for other, pod in pods
               if other["kind"] == "CronJob"):
            yield "Service: sends requests to the refresh, too"
        for port in item["spec"]["ports"]:
            if not any(port["targetPort"] == named["name"] for pod in served for named in pod["spec"]["containers"][0]["ports"]):
                yield f"Service: no port {port['targetPort']}"
    for item in of_kind("ServiceMonitor"):
        services = [one for one in of_kind("Service") if labels_match(item["spec"]["selector"], one["metadata"]["labels"])]
        if not services:
            yield "ServiceMonitor: selects no Service"
        elif services[0]["metadata"]["labels"].get(item["spec"]["jobLabel"]) != "thimble":
            yield "ServiceMonitor: the alerts ask for job=\"thimble\""
        ports = {port["name"] for service in services for port in service["spec"]["ports"]}
        yield from (f"ServiceMonitor: no port {end['port']}" for end in item["spec"]["endpoints"] if end["port"] not in ports)


def pod_references(where, spec, generated):
    volumes = {volume["name"]: volume for volume in spec.get("volumes", [])}
    for container in spec["containers"]:
        for mount in container.get("volumeMounts", []):
            if mount["name"] not in volumes:
                yield f"{where}: no volume {mount['name']}"
        ports = {port["name"] for port in container.get("ports", [])}
        for probe in probes(container):
            if "httpGet" in probe and probe["httpGet"]["port"] not in ports:
                yield f"{where}: no port {probe['httpGet']['port']}"
    known = {**generated, **MADE_BY_THE_OPERATOR}
    for volume in volumes.values():
        secret = volume.get("secret")
        if secret and secret["secretName"] not in known:
            yield f"{where}: nobody makes the secret {secret['secretName']}"
        for item in (secret or {}).get("items", []):
            if item["key"] not in known.get(secret["secretName"], ()):
                yield f"{where}: {secret['secretName']} has no {item['key']}"


def restricted(items):
    """The profile "restricted" of the pod security standards, and a root file system that is only read."""
    for item in items:
        pod = pod_of(item) if "spec" in item else None
        if not pod:
            continue
        where, spec = f"{item['kind']} {item['metadata']['name']}", pod["spec"]
        context = spec.get("securityContext", {})
        if context.get("runAsNonRoot") is not True or not context.get("runAsUser"):
            yield f"{where}: may run as root"
        if context.get("seccompProfile", {}).get("type") != "RuntimeDefault":
            yield f"{where}: no seccomp profile"
        if spec.get("automountServiceAccountToken") is not False:
            yield f"{where}: has a token of the cluster"
        for container in spec["containers"]:
            own = container.get("securityContext", {})
            if own.get("allowPrivilegeEscalation") is not False or own.get("readOnlyRootFilesystem") is not True:
                yield f"{where}: may gain rights, or write to its root"
            if own.get("capabilities", {}).get("drop") != ["ALL"]:
                yield f"{where}: keeps capabilities"
            if "memory" not in container.get("resources", {}).get("limits", {}):
                yield f"{where}: no limit of memory"


# -- What they run -------------------------------------------------------------------------------------------------------

def run(*command):
    return subprocess.run(command, capture_output=True, text=True)


def checked_config(thimble, source, scratch):
    """check-config of the file, with certificates in the place of those that are mounted."""
    made = Path(scratch) / "init"
    if not made.exists():
        run(thimble, "init", str(made), "--host", "localhost")
    text = source.read_text().replace("/etc/thimble/tls/tls.crt", str(made / "server.pem"))
    path = Path(scratch) / "checked.toml"
    path.write_text(text.replace("/etc/thimble/tls/tls.key", str(made / "server.key")))
    done = run(thimble, "check-config", str(path))
    return [] if done.returncode == 0 else [f"{source.name}: {done.stderr.strip()}"]


def commands(items):
    """(where, the words after the binary's name)"""
    for item in items:
        pod = pod_of(item) if "spec" in item else None
        for container in pod["spec"]["containers"] if pod else ():
            yield item["kind"], container["args"]
            for probe in probes(container):
                if "exec" in probe:
                    yield f"{item['kind']}: probe", probe["exec"]["command"][1:]
    text = (CONTAINER / "Containerfile").read_text().replace("\\\n", " ")
    for name, words in re.findall(r"(?m)^\s*(?:HEALTHCHECK.*)?\b(CMD|ENTRYPOINT) (\[.*\])", text):
        words = yaml.safe_load(words)
        yield f"Containerfile: {name}", [word for word in words if word != "/usr/bin/thimble"]


def command_faults(thimble, where, words):
    """`--help` behind a verb's options reads all of them, and then only prints."""
    if not words:
        return
    done = run(thimble, *words, "--help")
    if done.returncode != 0:
        yield f"{where}: {' '.join(words)}: {done.stderr.strip()}"
    known = set(re.findall(r"--[a-z-]+", done.stdout))
    yield from (f"{where}: no option {word}" for word in (w.split("=")[0] for w in words if w.startswith("--"))
                if word not in known)


def live_faults(items, running, thimble):
    for item in items:
        pod = pod_of(item) if "spec" in item else None
        for container in pod["spec"]["containers"] if pod else ():
            for probe in probes(container):
                path = probe.get("httpGet", {}).get("path")
                if path and running.get(path)[0] != 200:
                    yield f"probe: GET {path} is {running.get(path)[0]}"
                if "exec" in probe:
                    words = probe["exec"]["command"][1:]
                    asked = words[:words.index("--config")] + ["--data", str(running.data)]
                    if run(thimble, *asked).returncode != 0:
                        yield f"probe: {' '.join(asked)} does not hold of a running server"
        for end in item["spec"].get("endpoints", []) if item["kind"] == "ServiceMonitor" else ():
            if running.get(end["path"])[0] != 200:
                yield f"ServiceMonitor: GET {end['path']}"


# -- Reading -------------------------------------------------------------------------------------------------------------

def kustomization(folder):
    """Its objects, labelled as kustomize would, and the secrets that it makes."""
    config = yaml.safe_load((folder / "kustomization.yaml").read_text())
    named = set(config["resources"]) | {"kustomization.yaml"}
    unnamed = {path.name for path in folder.glob("*.yaml")} - named
    assert not unnamed, f"{folder}: not in the kustomization: {unnamed}"
    items = [item for name in config["resources"] for item in yaml.safe_load_all((folder / name).read_text())]
    for entry in config.get("labels", []):
        for item in items:
            item["metadata"].setdefault("labels", {}).update(entry["pairs"])
    secrets = {entry["name"]: set(entry["files"]) for entry in config.get("secretGenerator", [])}
    for files in secrets.values():
        assert all((folder / name).is_file() for name in files), files
    return items, secrets


def rule_object():
    groups = yaml.safe_load((ROOT / "deploy/prometheus/rules.yml").read_text())["groups"]
    return {"apiVersion": "monitoring.coreos.com/v1", "kind": "PrometheusRule", "metadata": {"name": "thimble"},
            "spec": {"groups": copy.deepcopy(groups)}}


class Plain(yaml.SafeDumper):
    def ignore_aliases(self, data):
        return True


def rule_text():
    return ("# Made by tests/package/manifests_test.py --write out of deploy/prometheus/rules.yml.\n" +
            yaml.dump(rule_object(), Dumper=Plain, sort_keys=False, width=1000))


def compose():
    services = yaml.safe_load((CONTAINER / "compose.yaml").read_text())
    for name, service in services["services"].items():
        for mount in service.get("volumes", []):
            source = mount.split(":")[0]
            if source.startswith(".") and not (CONTAINER / source).is_file():
                yield f"compose: {name}: no file {source}"
            if not source.startswith(".") and source not in services["volumes"]:
                yield f"compose: {name}: no volume {source}"
        yield from (f"compose: {name}: {port} is open to the network" for port in service.get("ports", [])
                    if not port.startswith("127.0.0.1:"))
    thimble = services["services"]["thimble"]
    if not (thimble.get("read_only") and thimble.get("cap_drop") == ["ALL"]):
        yield "compose: thimble can write to its root, or keeps capabilities"
    text = (CONTAINER / "Containerfile").read_text()
    if not re.search(r"(?m)^USER [1-9]\d*:[1-9]\d*$", text):
        yield "Containerfile: its user is not a number"
    for source in re.findall(r"(?m)^COPY (?!--from)(\S+) ", text):
        if not (ROOT / source).exists():
            yield f"Containerfile: no {source}"


def told_secrets(thimble, text):
    """The Secrets that the manual has people make: the keys that pods use, out of files that `thimble init` makes."""
    with tempfile.TemporaryDirectory() as scratch:
        assert run(thimble, "init", scratch).returncode == 0
        made = {path.name for path in Path(scratch).iterdir()}
    told = dict(re.findall(r"(?m)create secret generic (\S+)((?: --from-file=\S+)+)$", text))
    for name in MADE_BY_THE_OPERATOR.keys() | told.keys():
        files = dict(re.findall(r"--from-file=([\w.]+)=DIR/(\S+)", told.get(name, "")))
        if files.keys() != MADE_BY_THE_OPERATOR.get(name, set()):
            yield f"INSTALL.md: Secret {name} has the keys {sorted(files)}"
        yield from (f"INSTALL.md: Secret {name}: `thimble init` makes no {file}" for file in files.values() if file not in made)


def self_test(items, generated):
    """Each breach is found."""
    def with_change(kind, change):
        changed = copy.deepcopy(items)
        change(next(item for item in changed if item["kind"] == kind))
        return changed

    def container(item):
        return pod_of(item)["spec"]["containers"][0]
    for check, kind, change in [
        (schema, "Deployment", lambda d: d.update(apiVersion="extensions/v1beta1")),
        (schema, "Deployment", lambda d: d["spec"].pop("selector")),
        (schema, "Deployment", lambda d: container(d).update(livnessProbe={})),
        (schema, "CronJob", lambda d: d["spec"].pop("schedule")),
        (restricted, "Deployment", lambda d: pod_of(d)["spec"]["securityContext"].pop("runAsNonRoot")),
        (restricted, "CronJob", lambda d: container(d)["securityContext"].pop("capabilities")),
        (references, "Service", lambda d: d["spec"]["selector"].update({"app.kubernetes.io/component": "x"})),
        (references, "Service", lambda d: d["spec"]["selector"].pop("app.kubernetes.io/component")),
        (references, "Service", lambda d: d["spec"]["ports"][0].update(targetPort="http")),
        (references, "Deployment", lambda d: pod_of(d)["spec"]["volumes"].pop()),
        (references, "CronJob", lambda d: pod_of(d)["spec"]["volumes"][0]["secret"].update(secretName="other")),
        (references, "ServiceMonitor", lambda d: d["spec"]["endpoints"][0].update(port="http")),
    ]:
        changed = with_change(kind, change)
        found = {schema: lambda: [f for item in changed for f in schema(item)], restricted: lambda: list(restricted(changed)),
                 references: lambda: list(references(changed, generated))}[check]()
        assert found, f"{check.__name__} of {kind} finds nothing"


def main(thimble, vendors):
    base, generated = kustomization(KUBERNETES)
    more, _ = kustomization(KUBERNETES / "monitoring")
    items = base + more
    wrong = [fault for item in items for fault in schema(item)]
    wrong += references(items, generated)
    wrong += restricted(items)
    wrong += compose()
    install = (ROOT / "docs/INSTALL.md").read_text()
    wrong += told_secrets(thimble, install)
    for bent in ("tls.crt=DIR/server.pem", "tls.crt"), ("DIR/ca.pem", "DIR/ca.crt"), ("generic thimble-tls", "generic tls"):
        assert list(told_secrets(thimble, install.replace(*bent))), bent
    self_test(items, generated)
    if (KUBERNETES / "monitoring/rule.yaml").read_text() != rule_text():
        wrong.append("deploy/kubernetes/monitoring/rule.yaml is not that of rules.yml: run manifests_test.py --write")
    with tempfile.TemporaryDirectory() as scratch:
        for source in (KUBERNETES / "thimble.toml", CONTAINER / "thimble.toml"):
            wrong += checked_config(thimble, source, scratch)
    for where, words in commands(items):
        wrong += command_faults(thimble, where, words)
    assert list(command_faults(thimble, "self", ["serve", "--configure", "x"])), "an unknown option passes"
    with server(thimble, vendors) as running:
        wrong += live_faults(items, running, thimble)
    print("\n".join(wrong) or f"{len(items)} objects hold")
    return 1 if wrong else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        (KUBERNETES / "monitoring/rule.yaml").write_text(rule_text())
        sys.exit(0)
    sys.exit(main(*sys.argv[1:]))
