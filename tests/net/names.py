"""A name server of the test's names, over UDP."""
import asyncio
import ipaddress
import struct

A, CNAME, AAAA = 1, 5, 28
NO_ERROR, SERVER_FAILURE, NO_NAME = 0, 2, 3

ADDRESSES = {
    "good.test": ["127.0.0.1"],
    "tls.test": ["127.0.0.1"],
    "wrong.test": ["127.0.0.1"],  # is in no certificate
    "private.test": ["127.0.0.2", "10.1.2.3", "fd00::1"],
    "mixed.test": ["10.1.2.3", "127.0.0.1"],
    "six.test": ["::1"],
    "both.test": ["127.0.0.1", "::1"],
    "mapped.test": ["::ffff:127.0.0.2"],
    "empty.test": [],
}
ALIASES = {"alias.test": "good.test"}

asked = []
rebound = {}


def encode_name(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def decode_question(query):
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode())
        at += 1 + query[at]
    kind, = struct.unpack_from(">H", query, at + 1)
    return ".".join(labels).lower(), kind, query[12:at + 5]


def addresses_of(name, kind):
    """Of a name that rebinds: loopback's first address at first, its second ever after."""
    if name.startswith("rebind"):
        if kind != A:
            return []
        rebound[name] = rebound.get(name, 0) + 1
        return ["127.0.0.1" if rebound[name] == 1 else "127.0.0.2"]
    return ADDRESSES.get(name)


def record(name, kind, data):
    return encode_name(name) + struct.pack(">HHIH", kind, 1, 60, len(data)) + data


def answer_to(query):
    name, kind, question = decode_question(query)
    asked.append(name)
    if name.startswith("stalled"):
        return None
    records, code = [], NO_ERROR
    if name in ALIASES:
        records.append(record(name, CNAME, encode_name(ALIASES[name])))
        name = ALIASES[name]
    addresses = addresses_of(name, kind)
    if addresses is None:
        code = SERVER_FAILURE if name.startswith("broken") else NO_NAME
    for address in map(ipaddress.ip_address, addresses or []):
        if kind == (A if address.version == 4 else AAAA):
            records.append(record(name, kind, address.packed))
    header = query[:2] + struct.pack(">HHHHH", 0x8180 | code, 1, len(records), 0, 0)
    return header + question + b"".join(records)


class Server(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        reply = answer_to(data)
        if reply:
            self.transport.sendto(reply, address)


async def listen():
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Server, ("127.0.0.1", 0))
    return transport.get_extra_info("sockname")[1]
