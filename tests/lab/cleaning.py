"""Emptying a cluster between two tests, quickly.

The namespace controller lets each deleted namespace lie for 5 s, and longer
for pods with a grace period.  A test that is about deletion waits for that;
the tidying after each test does the controller's work itself instead.
"""

from __future__ import annotations

import time
from datetime import datetime
from functools import cached_property

from kubeapi import MERGE_PATCH, ApiError, KubeApi


# Seconds: when after a deletion the controller begins, with some to spare, and how
# long it may then go on to empty what has the name, though it be a new namespace.
CONTROLLER_BEGINS = 4
CONTROLLER_ENDS = 3


class Cleaner:
    def __init__(self, api: KubeApi):
        self.api = api

    def clean(self) -> None:
        """Leave no namespace but Kubernetes' own."""
        begun = self._first_deletion()
        for name in self.api.namespaces():
            self._remove(name)
        if time.time() - begun > CONTROLLER_BEGINS:
            time.sleep(CONTROLLER_ENDS)

    def _first_deletion(self) -> float:
        """Now, if none that is there was deleted by the test."""
        items = self.api("GET", "/api/v1/namespaces")["items"]
        deleted = [datetime.fromisoformat(when.replace("Z", "+00:00")).timestamp()
                   for item in items
                   if (when := item["metadata"].get("deletionTimestamp"))]
        return min([time.time(), *deleted])

    @cached_property
    def _kinds(self) -> list[str]:
        """Address patterns of what lives in namespaces."""
        groups = self.api("GET", "/apis")["groups"]
        roots = ["/api/v1"] + [
            f"/apis/{group['preferredVersion']['groupVersion']}"
            for group in groups]
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
