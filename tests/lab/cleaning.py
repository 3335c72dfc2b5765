"""Emptying a cluster between two tests, quickly.

The namespace controller lets each deleted namespace lie for 5 s, and longer
for pods with a grace period.  A test that is about deletion waits for that;
the tidying after each test does the controller's work itself instead.
"""

from __future__ import annotations

from functools import cached_property

import wait
from controllers import Controllers
from kubeapi import MERGE_PATCH, ApiError, KubeApi


class Cleaner:
    def __init__(self, api: KubeApi, controllers: Controllers):
        self.api, self.controllers = api, controllers

    def clean(self) -> None:
        """Leave no namespace but Kubernetes' own."""
        for name in self.api.namespaces():
            self._remove(name)
        # By its name alone the controller goes on to empty what it has begun,
        # though that be the next test's.
        self._let_controllers_end()

    def _let_controllers_end(self) -> None:
        wait.until(self.controllers.are_idle,
                   lambda: ("idle controllers", self.controllers.busy()))

    @cached_property
    def _kinds(self) -> list[str]:
        """Address patterns of what lives in namespaces, owners of pods before
        the pods, or they would make new ones."""
        groups = self.api("GET", "/apis")["groups"]
        roots = [f"/apis/{group['preferredVersion']['groupVersion']}"
                 for group in groups] + ["/api/v1"]
        return [f"{root}/namespaces/%s/{kind['name']}"
                for root in roots
                for kind in self.api("GET", root)["resources"]
                if kind["namespaced"]
                and {"list", "deletecollection"} <= set(kind["verbs"])]

    def _remove(self, name: str) -> None:
        path = f"/api/v1/namespaces/{name}"
        self._try("DELETE", path)       # from here on nothing is created in it
        for kind in self._kinds:
            self._empty(kind % name)
        # One who is late would make a pod of this test in the next one's
        # namespace.  In this one it is refused.
        self._let_controllers_end()
        self._try("PUT", f"{path}/finalize", {
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": name}, "spec": {"finalizers": []}})
        if self.api.exists(path):       # a test's own finalizers
            self._try("PATCH", path, {"metadata": {"finalizers": None}},
                      MERGE_PATCH)

    def _empty(self, collection: str) -> None:
        self._try("DELETE", collection, {"gracePeriodSeconds": 0,
                                         "propagationPolicy": "Background"})
        for item in self.api("GET", collection)["items"]:
            self._try("PATCH", f"{collection}/{item['metadata']['name']}",
                      {"metadata": {"finalizers": None}}, MERGE_PATCH)

    def _try(self, *request: object) -> None:
        """Somebody else may be deleting the same things."""
        try:
            self.api(*request)
        except ApiError as error:
            if error.status not in (404, 409):
                raise
