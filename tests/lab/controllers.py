"""What the controller manager tells of itself."""

from __future__ import annotations

import http.client
import re
import ssl

COUNTS = re.compile(r'^workqueue_(queue|work)_duration_seconds_count'
                    r'\{name="namespace"\} (\S+)$', re.MULTILINE)


class Controllers:
    def __init__(self, port: int):
        self.port = port

    def are_idle(self) -> bool:
        """Is no deleted namespace being emptied?  Not: is none waiting.

        Each is counted when it leaves the queue, and when that work is done.
        """
        count = {name: float(value) for name, value
                 in COUNTS.findall(self._metrics())}
        return bool(count) and count["queue"] == count["work"]

    def _metrics(self) -> str:
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self.port, timeout=10,
            context=ssl._create_unverified_context())
        try:
            connection.request("GET", "/metrics")
            return connection.getresponse().read().decode()
        finally:
            connection.close()
