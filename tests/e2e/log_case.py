"""A worker that writes, and what the server's log says, for the tests of it."""

from support import PATIENCE, ServerCase, log_pb2, log_pb2_grpc

TALKER = """
export default {
    async fetch(request, env, ctx) {
        const { pathname, searchParams } = new URL(request.url);
        const text = searchParams.get("text") ?? "hello";
        switch (pathname) {
            case "/levels":
                console.debug("a debug line");
                console.info("an info line");
                console.warn("a warning");
                console.error("an error line");
                break;
            case "/throw":
                console.log(`before ${text}`);
                throw new Error(text);
            case "/spin":
                console.log("before the loop");
                for (;;) {}
            case "/heap":
                console.log("before the bomb");
                for (const all = [];;) all.push(new Array(10000).fill(0));
            case "/later":
                ctx.waitUntil(new Promise(() => setInterval(() => {}, 1000)));
                break;
            case "/many":
                for (let i = 0; i < Number(searchParams.get("n")); i++) console.log(`${text} ${i}`);
                break;
            default:
                console.log(text);
        }
        return new Response("ok");
    },
};
"""

CONSOLE = log_pb2.LOG_KIND_CONSOLE
EXECUTION = log_pb2.LOG_KIND_EXECUTION


class Logs:
    def __init__(self, channel):
        self.stub = log_pb2_grpc.LogServiceStub(channel)

    def page(self, **fields):
        return self.stub.Query(log_pb2.QueryRequest(**fields), timeout=PATIENCE)

    def all(self, **fields):
        """All records, however many pages they are."""
        records, token = [], ""
        while True:
            page = self.page(page_token=token, **fields)
            records += page.records
            token = page.next_page_token
            if not token:
                return records

    def texts(self, **fields):
        return [record.text for record in self.all(**fields)]


class LogCase(ServerCase):
    flags = ("--cpu-ms", "300", "--wait-until-ms", "300", "--heap-mib", "32")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.logs = Logs(cls.channel)

    def deploy(self):
        """A worker of the test's own."""
        name = self.id().rsplit(".", 1)[1].replace("_", "-").lower()[:60].strip("-")
        self.api.deploy(name, TALKER)
        return name
