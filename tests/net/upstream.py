"""The other side of the HTTP client's tests: servers on loopback that answer well, badly, or not at all.

Prints one line of "key=value" words when everything listens, and runs until it is ended. Standard library only.
"""
import asyncio
import contextlib
import gzip
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import urllib.parse
import zlib

import names

connections = 0
PATIENCE_S = 60  # what never answers gives up at last


class Request:
    def __init__(self, method, target, headers, body, number, connection):
        self.method, self.target, self.headers, self.body = method, target, headers, body
        self.number, self.connection = number, connection
        parts = urllib.parse.urlsplit(target)
        self.path = parts.path
        self.query = dict(urllib.parse.parse_qsl(parts.query))

    def __getitem__(self, name):
        return next((value for key, value in self.headers if key == name), "")


def answer(body=b"", status="200 OK", headers=(), length=True):
    lines = [f"HTTP/1.1 {status}"] + [f"{name}: {value}" for name, value in headers]
    if length:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


async def never():
    await asyncio.sleep(PATIENCE_S)


async def echo(request, writer):
    text = json.dumps({
        "method": request.method,
        "target": request.target,
        "headers": "".join(f"{name}: {value}\n" for name, value in request.headers),
        "body": request.body.decode("latin-1"),
        "number": request.number,
        "connection": request.connection,
    }, separators=(",", ":"))
    writer.write(answer(text.encode(), headers=[("Content-Type", "application/json")]))


async def slow(request, writer):
    await asyncio.sleep(int(request.query["ms"]) / 1000)
    await echo(request, writer)


meeting = []


async def meet(request, writer):
    """Answers nobody before so many have come."""
    gate = asyncio.get_running_loop().create_future()
    meeting.append(gate)
    if len(meeting) == int(request.query["count"]):
        for waiting in meeting:
            waiting.set_result(None)
        meeting.clear()
    await gate
    await echo(request, writer)


async def stall_headers(request, writer):
    writer.write(b"HTTP/1.1 200 OK\r\nX-Begun: yes\r\n")
    await writer.drain()
    await never()


async def stall_body(request, writer):
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nbegun")
    await writer.drain()
    await never()


async def redirect(request, writer):
    to = [("Location", request.query["to"])] if "to" in request.query else []
    to += [("Location", request.query["also"])] if "also" in request.query else []
    writer.write(answer(b"moved", status=request.query.get("status", "302") + " Moved", headers=to))


async def redirect_count(request, writer):
    left = int(request.path.rsplit("/", 1)[1])
    to = "/echo" if left == 0 else f"/redirect/count/{left - 1}"
    writer.write(answer(b"x" * 100, status="302 Found", headers=[("Location", to)]))


async def redirect_large(request, writer):
    writer.write(answer(b"x" * (1 << 20), status="302 Found", headers=[("Location", "/echo")]))


async def coded(request, writer):
    """A body in the coding of the query; brotli's is ready-made, for lack of a module."""
    coding = request.query["coding"]
    text = b"hello"
    bodies = {
        "gzip": gzip.compress(text),
        "deflate": zlib.compress(text),
        "br": b"\x0b\x02\x80hello\x03",
        "gzip, gzip": gzip.compress(gzip.compress(text)),
    }
    writer.write(answer(bodies.get(coding.lower().removeprefix("x-"), text), headers=[("Content-Encoding", coding)]))


async def bomb(request, writer):
    """Zeros, gzip: a thousandth of their size on the wire."""
    packer = zlib.compressobj(9, wbits=31)
    writer.write(answer(headers=[("Content-Encoding", "gzip"), ("Transfer-Encoding", "chunked")], length=False))
    for _ in range(int(request.query["mib"])):
        data = packer.compress(bytes(1 << 20))
        if data:
            writer.write(chunk(data))
            await writer.drain()
    writer.write(chunk(packer.flush()) + b"0\r\n\r\n")


async def body(request, writer):
    left = int(request.query["bytes"])
    head = answer(headers=[("Transfer-Encoding", "chunked")] if "chunked" in request.query
                  else [("Content-Length", left)], length=False)
    while head or left > 0:  # a small body is in one piece with its head
        data = b"z" * min(left, 1 << 16)
        writer.write(head + (chunk(data) if data and "chunked" in request.query else data))
        await writer.drain()
        head = b""
        left -= len(data)
    if "chunked" in request.query:
        writer.write(b"0\r\n\r\n")


async def big_headers(request, writer):
    count, size = int(request.query["count"]), int(request.query["bytes"])
    writer.write(answer(b"ok", headers=[(f"X-{i}", "y" * size) for i in range(count)]))


async def asked_names(request, writer):
    writer.write(answer(" ".join(names.asked).encode()))


KEPT = {  # written as they are, and the connection is kept
    "/kept/excess": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nX-Smuggled: 1\r\n"
                    b"Content-Length: 0\r\n\r\n",
    "/kept/both": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
}

RAW = {  # written as they are, and then the connection is closed
    "/raw/nothing": b"",
    "/raw/garbage": b"this is no HTTP\r\n\r\n",
    "/raw/cut": b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nonly this",
    "/raw/cut-chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n100\r\nonly this",
    "/raw/cut-last-chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n",
    "/raw/cut-headers": b"HTTP/1.1 200 OK\r\nX-Half: ",
    "/raw/bad-chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nok\r\n0\r\n\r\n",
    "/raw/until-close": b"HTTP/1.1 200 OK\r\n\r\nuntil the end",
    "/raw/length-conflict": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 20\r\n\r\nok",
    "/raw/length-twice": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
    "/raw/length-list": b"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok",
    "/raw/length-bad": b"HTTP/1.1 200 OK\r\nContent-Length: 2x\r\n\r\nok",
    "/raw/length-negative": b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok",
    "/raw/length-huge": b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\nok",
    "/raw/length-space": b"HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok",
    "/raw/no-colon": b"HTTP/1.1 200 OK\r\nno colon here\r\nContent-Length: 2\r\n\r\nok",
    "/raw/nul": b"HTTP/1.1 200 OK\r\nX-Nul: a\0b\r\nContent-Length: 2\r\n\r\nok",
    "/raw/cr": b"HTTP/1.1 200 OK\r\nX-Cr: a\rb\r\nContent-Length: 2\r\n\r\nok",
    "/raw/fold": b"HTTP/1.1 200 OK\r\nX-Fold: a\r\n  b\r\nContent-Length: 2\r\n\r\nok",
    "/raw/fold-length": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n 0\r\n\r\nok",
    "/raw/latin": b"HTTP/1.1 200 Gr\xfc\xdfe\r\nX-Name: caf\xe9\r\nContent-Length: 2\r\n\r\nok",
    "/raw/cookies": b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 2\r\n\r\nok",
    "/raw/interim": b"HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "/raw/switch": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nok",
    "/raw/trailers": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Trailer: 1\r\n\r\n",
    "/raw/no-content": b"HTTP/1.1 204 No Content\r\nX-Kept: 1\r\n\r\n",
    "/raw/no-reason": b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok",
    "/raw/http-1.0": b"HTTP/1.0 200 OK\r\n\r\nold",
    "/raw/status-999": b"HTTP/1.1 999 Odd\r\nContent-Length: 2\r\n\r\nok",
    "/raw/gzip-garbage": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
    "/raw/gzip-empty": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n",
    "/raw/location-utf8": b"HTTP/1.1 302 Found\r\nLocation: /echo/gr\xc3\xbc\xc3\x9fe\r\nContent-Length: 0\r\n\r\n",
}

PATHS = {
    "/echo": echo,
    "/slow": slow,
    "/meet": meet,
    "/stall/headers": stall_headers,
    "/stall/body": stall_body,
    "/redirect": redirect,
    "/redirect/large": redirect_large,
    "/coded": coded,
    "/bomb": bomb,
    "/body": body,
    "/headers": big_headers,
    "/names": asked_names,
}


async def respond(request, writer):
    """False where the connection is not to be used again."""
    if request.path in RAW:
        writer.write(RAW[request.path])
        await writer.drain()
        return False
    if request.path in KEPT:
        writer.write(KEPT[request.path])
        await writer.drain()
        return True
    handler = PATHS.get(request.path)
    if request.path.startswith("/redirect/count/"):
        handler = redirect_count
    elif request.path.startswith("/echo"):
        handler = echo
    if handler:
        await handler(request, writer)
    else:
        writer.write(answer(b"no such path", status="404 Not Found"))
    await writer.drain()
    return True


async def read_request(reader, writer, number, connection):
    method, target, _ = (await reader.readline()).decode("latin-1").split(" ", 2)
    headers = []
    while (line := (await reader.readline()).decode("latin-1").rstrip("\r\n")):
        name, value = line.split(":", 1)
        headers.append((name, value.strip()))
    request = Request(method, target, headers, b"", number, connection)
    if request.path == "/stall/upload":  # the body is never read
        await never()
    if request["Content-Length"]:
        request.body = await reader.readexactly(int(request["Content-Length"]))
    return request


async def serve(reader, writer):
    global connections
    connections += 1
    connection, number = connections, 0
    with contextlib.suppress(ValueError, ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
        while True:
            number += 1
            request = await read_request(reader, writer, number, connection)
            if not await respond(request, writer):
                break
    writer.close()


async def silence(reader, writer):
    await never()
    writer.close()


def make_certificate(folder):
    certificate, key = os.path.join(folder, "ca.pem"), os.path.join(folder, "key.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=upstream",
         "-addext", "subjectAltName=DNS:tls.test,IP:127.0.0.1"],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return certificate, context


def full_port():
    """A port whose queue of connections is full: a handshake of TCP that gets no answer."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    fillers = []
    for _ in range(8):
        filler = socket.socket()
        filler.setblocking(False)
        filler.connect_ex(listener.getsockname())
        fillers.append(filler)
    return listener, fillers


async def listen(handler, host="127.0.0.1", context=None):
    server = await asyncio.start_server(handler, host, 0, ssl=context, backlog=2048, limit=1 << 20)
    return server.sockets[0].getsockname()[1]


async def main():
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    with tempfile.TemporaryDirectory() as folder:
        ca_file, context = make_certificate(folder)
        ports = {
            "http": await listen(serve),
            "other": await listen(serve),
            "tls": await listen(serve, context=context),
            "silent": await listen(silence),
            "six": 0,
            "dns": await names.listen(),
        }
        with contextlib.suppress(OSError):
            ports["six"] = await listen(serve, host="::1")
        full, fillers = full_port()
        ports["full"] = full.getsockname()[1]
        print(" ".join(f"{key}={value}" for key, value in ports.items()), f"ca={ca_file}", flush=True)
        await stop.wait()
        del full, fillers
    os._exit(0)  # what never answers is not waited for


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    asyncio.run(main())
