"""What the controller manager tells of itself."""

from __future__ import annotations

import http.client
import re
import ssl
from collections import Counter, defaultdict

COUNT = re.compile(r'^workqueue_(depth|(?:queue|work)_duration_seconds_count)'
                   r'\{name="([^"]+)"\} (\S+)$', re.MULTILINE)


class Controllers:
    def __init__(self, port: int):
        self.port = port

    def are_idle(self) -> bool:
        return not self.busy()

    def busy(self) -> set[str]:
        """Whose queues hold work, or who is at some; work that is put off
        does not count.  All are if nothing is known of them.

        Each piece is counted when it leaves its queue, and when it is done.
        """
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for what, name, value in COUNT.findall(self._metrics()):
            counts[name][what] = float(value)
        return {name for name, count in counts.items()
                if count["depth"] or count["queue_duration_seconds_count"]
                != count["work_duration_seconds_count"]} if counts else {"all"}

    def _metrics(self) -> str:
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self.port, timeout=10,
            context=ssl._create_unverified_context())
        try:
            connection.request("GET", "/metrics")
            return connection.getresponse().read().decode()
        finally:
            connection.close()
