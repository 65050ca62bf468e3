"""The server's pages over HTTP, for the tests that ask for them."""

import http.client
import json
import re

import support

WAYS = """
export default {
  async fetch(request) {
    const path = new URL(request.url).pathname;
    if (path === "/throw") throw new TypeError("on purpose");
    if (path === "/loop") for (;;);
    if (path === "/wait") await new Promise((resolve) => setTimeout(resolve, 3000));
    return new Response("hi");
  },
};
"""


def http_address(server):
    return re.search(r"msg=ready .*? http=(\S+)", server.log())[1]


class Site:
    """An HTTP client of one server, which sends what it is told to."""

    def __init__(self, address):
        self.address = address
        self.origin = f"http://{address}"

    def request(self, method, path, headers=None, body=None):
        connection = http.client.HTTPConnection(self.address, timeout=support.PATIENCE)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            return response, response.read().decode()
        finally:
            connection.close()

    def get(self, path, **headers):
        return self.request("GET", path, headers)

    def token(self):
        return json.loads(self.get("/api/token")[1])["token"]

    def post(self, path, value, **changed):
        """As the page does it, but for headers that are changed, or left out: None."""
        headers = {"Origin": self.origin, "X-Isoyard-Token": self.token(), "Content-Type": "application/json"}
        headers.update({name.replace("_", "-"): text for name, text in changed.items()})
        headers = {name: text for name, text in headers.items() if text is not None}
        body = value if isinstance(value, str) else json.dumps(value)
        return self.request("POST", path, headers, body)

    def metrics(self):
        """Samples by name and labels, as they stand in the text."""
        samples = {}
        for line in self.get("/metrics")[1].splitlines():
            if not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                samples[name] = float(value)
        return samples

    def event(self):
        """The next event of the dashboard's."""
        connection = http.client.HTTPConnection(self.address, timeout=support.PATIENCE)
        try:
            connection.request("GET", "/api/events")
            response = connection.getresponse()
            if response.status != 200:
                raise AssertionError(response.read())
            while True:
                line = response.readline().decode()
                if line.startswith("data: {"):
                    return json.loads(line[6:])
        finally:
            connection.close()

    def control(self):
        return self.event()["control"]


class HttpCase(support.ServerCase):
    flags = ("--http", "127.0.0.1:0")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.site = Site(http_address(cls.server))
