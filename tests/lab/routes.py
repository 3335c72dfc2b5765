"""The kinds of Gateway API and Istio that deploy-preview reads addresses of,
without the controllers: any spec is accepted.

    with routes.kinds(api): ...
    with routes.kinds(api, "v1beta1"): ...      as an older cluster has them
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import wait
from kubeapi import KubeApi

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
GATEWAY, ISTIO = "gateway.networking.k8s.io", "networking.istio.io"
KINDS = [(GATEWAY, "HTTPRoute"), (GATEWAY, "Gateway"),
         (ISTIO, "VirtualService"), (ISTIO, "Gateway")]
ANY = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def _definition(group: str, kind: str, version: str) -> dict:
    plural = f"{kind.lower()}s"
    return {
        "metadata": {"name": f"{plural}.{group}", "annotations": {
            "api-approved.kubernetes.io": "unapproved, a test's own"}},
        "spec": {"group": group, "scope": "Namespaced",
                 "names": {"kind": kind, "plural": plural,
                           "singular": kind.lower(), "listKind": f"{kind}List"},
                 "versions": [{
                     "name": version, "served": True, "storage": True,
                     "schema": {"openAPIV3Schema": {
                         "type": "object",
                         "properties": {"spec": ANY, "status": ANY}}}}]}}


@contextmanager
def kinds(api: KubeApi, version: str = "v1") -> Iterator[None]:
    for group, kind in KINDS:
        api("POST", DEFINITIONS, _definition(group, kind, version))
    try:
        for group, kind in KINDS:
            wait.until(lambda group=group, kind=kind: api.exists(
                f"/apis/{group}/{version}/{kind.lower()}s"), kind)
        yield
    finally:
        for group, kind in KINDS:
            api("DELETE", f"{DEFINITIONS}/{kind.lower()}s.{group}")
        wait.until(lambda: not any(api.exists(f"/apis/{group}")
                                   for group in (GATEWAY, ISTIO)),
                   "the kinds gone")
