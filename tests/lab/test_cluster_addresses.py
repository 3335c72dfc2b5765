"""The addresses that deploy-preview finds, of each kind there is."""

from __future__ import annotations

import pytest
import yaml

import environments
import routes

NAMES = ["--repository-name", "shop", "--branch", "fix", "--namespace",
         "shop-fix"]
SERVICES = "/api/v1/namespaces/shop-fix/services"


def entry(api: str, kind: str, name: str, spec: dict, version: str = "v1",
          **metadata: str) -> dict:
    return {"apiVersion": f"{api}/{version}", "kind": kind,
            "metadata": {"name": name} | metadata, "spec": spec}


ROUTES = [
    entry(routes.GATEWAY, "HTTPRoute", "shop", {
        "hostnames": ["route.example.com"],
        "parentRefs": [{"name": "edge", "namespace": "infra"}],
        "rules": [{"matches": [{"path": {"type": "PathPrefix",
                                         "value": "/shop"}}]}]}),
    entry(routes.ISTIO, "Gateway", "mesh-edge", {"servers": [
        {"port": {"number": 443, "name": "https", "protocol": "HTTPS"},
         "hosts": ["virtual.example.com"]}]}),
    entry(routes.ISTIO, "VirtualService", "shop", {
        "hosts": ["virtual.example.com"], "gateways": ["mesh-edge"]}),
]
BALANCER = {"metadata": {"name": "public"},
            "spec": {"type": "LoadBalancer", "ports": [{"port": 443}]}}


@pytest.fixture
def kinds(cluster):
    with routes.kinds(cluster.api):
        yield


def test_addresses_of_all_kinds(cluster, kinds, run_step, helm4, tmp_path):
    def urls(*command: object, **options: object) -> list[str]:
        return run_step(*command, **options).json["urls"]

    cluster.api.create_namespace("infra")
    cluster.api("POST", f"/apis/{routes.GATEWAY}/v1/namespaces/infra/gateways",
                entry(routes.GATEWAY, "Gateway", "edge", {"listeners": [
                    {"name": "web", "protocol": "HTTP", "port": 80},
                    {"name": "secure", "protocol": "HTTPS", "port": 443}]}))
    # not in the chart: the lab has no cloud that would give it an address
    cluster.api.create_namespace("shop-fix")
    chart = environments.chart(tmp_path, "shop", "1.0.0")
    (chart / "templates" / "all.yaml").write_text(yaml.safe_dump_all(
        [*ROUTES, yaml.safe_load(environments.INGRESS)]))
    deploy = ["deploy-preview", *NAMES, "--helm", helm4.path, "--output",
              "json"]
    cluster.api("POST", SERVICES, BALANCER)
    cluster.api("PATCH", f"{SERVICES}/public/status", {"status": {
        "loadBalancer": {"ingress": [{"ip": "192.0.2.7"}]}}},
        "application/merge-patch+json")

    assert urls(*deploy, chart, env=cluster.env) == [
        "https://shop.example.com/", "http://plain.example.com/",
        "https://route.example.com/shop", "https://virtual.example.com/",
        "https://192.0.2.7/"]

    # the example's rights are enough; who may not see gateways does not guess
    renew = [*deploy, "--renew", "--kubeconfig"]
    rights = environments.rights("deploy-preview")
    assert len(urls(*renew, cluster.user("enough", rights))) == 5
    narrow = [rule for rule in rights if "gateways" not in rule["resources"]]
    assert urls(*renew, cluster.user("narrow", narrow))[2:4] == [
        "http://route.example.com/shop", "http://virtual.example.com/"]


def test_addresses_that_only_a_status_tells(cluster, run_step, helm4, tmp_path):
    """What is for any host, on a cluster with the older Gateway API alone."""
    ingresses = "/apis/networking.k8s.io/v1/namespaces/shop-fix/ingresses"
    gateways = f"/apis/{routes.GATEWAY}/v1beta1/namespaces/shop-fix/gateways"
    merge = "application/merge-patch+json"
    chart = environments.chart(tmp_path, "shop", "1.0.0")
    (chart / "templates" / "all.yaml").write_text(yaml.safe_dump_all([
        entry("networking.k8s.io", "Ingress", "any", {
            "tls": [{"secretName": "any-tls"}],
            "rules": [{"http": {"paths": [{
                "path": "/shop/*", "pathType": "ImplementationSpecific",
                "backend": {"service": {"name": "shop",
                                        "port": {"number": 80}}}}]}}]}),
        entry(routes.GATEWAY, "Gateway", "edge", {"listeners": [
            {"name": "web", "protocol": "HTTP", "port": 8080}]}, "v1beta1"),
        entry(routes.GATEWAY, "HTTPRoute", "shop", {
            "parentRefs": [{"name": "edge"}]}, "v1beta1")]))
    deploy = ["deploy-preview", *NAMES, "--helm", helm4.path, "--output",
              "json"]

    with routes.kinds(cluster.api, "v1beta1"):
        assert run_step(*deploy, chart,
                        env=cluster.env).json["urls"] == []

        cluster.api("PATCH", f"{ingresses}/any/status", {"status": {
            "loadBalancer": {"ingress": [{"hostname": "lb.example.com"}]}}},
            merge)
        cluster.api("PATCH", f"{gateways}/edge", {"status": {"addresses": [
            {"type": "IPAddress", "value": "192.0.2.8"}]}}, merge)
        assert run_step(*deploy, "--renew", env=cluster.env).json["urls"] == [
            "https://lb.example.com/shop/", "http://192.0.2.8:8080/"]
