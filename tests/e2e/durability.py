"""Kills the server in the middle of deployments, again and again: no acknowledged version is lost, no half one
appears.

    durability.py [ROUNDS]
"""

import random
import sys
import threading
import time

import grpc
import support
from support import Api, worker_pb2

ROUNDS = 30
WORKERS = ["alpha", "beta", "gamma"]


def source(text):
    """A worker's main file and the one it imports."""
    main = "import { text } from './text.js';\nexport default { fetch: () => new Response(text) };\n"
    return main, f"export const text = {text!r};\n//" + "x" * 20000


class Book:
    """What was acknowledged, and what may have happened without an acknowledgement."""

    def __init__(self):
        self.lock = threading.Lock()
        self.versions = {worker: {} for worker in WORKERS}  # number: (text, sha256)
        self.active = {worker: 0 for worker in WORKERS}
        self.unsure = {worker: False for worker in WORKERS}  # whether an activation was cut off

    def deployed(self, worker, version, text, activates):
        with self.lock:
            assert version.number not in self.versions[worker], "a number was given twice"
            self.versions[worker][version.number] = (text, version.sha256)
            if activates:
                self.active[worker] = version.number


def deploy_for_ever(api, worker, book, tag, is_over):
    """One thread for each worker, so that what it knows of the order is true."""
    count = 0
    while not is_over.is_set():
        count += 1
        text = f"{worker}-{tag}-{count}"
        main, lib = source(text)
        activates = random.random() < 0.7
        try:
            version = api.deploy(worker, None, files={"main.js": main, "text.js": lib}, message=text,
                                 skip_activation=not activates)
        except grpc.RpcError:
            book.unsure[worker] = book.unsure[worker] or activates
            return
        book.deployed(worker, version, text, activates)


def all_versions(api, worker):
    versions, token = [], ""
    while True:
        page = api.worker.ListVersions(worker_pb2.ListVersionsRequest(worker=worker, page_token=token))
        versions += page.versions
        token = page.next_page_token
        if not token:
            return versions


def check_worker(api, worker, book, seen):
    versions = {version.number: version for version in all_versions(api, worker)}
    numbers = sorted(versions)
    assert numbers == list(range(1, len(numbers) + 1)), f"{worker} has gaps: {numbers}"
    for number, (text, sha256) in book.versions[worker].items():
        assert number in versions, f"{worker} version {number} was acknowledged and is lost"
        assert versions[number].sha256 == sha256 and versions[number].message == text, f"{worker} {number} has changed"
    active = [number for number in numbers if versions[number].is_active]
    assert len(active) <= 1, f"{worker} has {len(active)} active versions"
    known = book.active[worker]
    if not book.unsure[worker]:
        assert active == ([known] if known else []), f"{worker}: {active} is active, {known} was acknowledged"
    elif known:
        assert active and active[0] >= known, f"{worker}: {active} is active after {known} was"
    # Those that nobody has run yet, whether they were acknowledged or not: each must be whole.
    for number in numbers:
        if (worker, number) in seen:
            continue
        api.worker.Activate(worker_pb2.ActivateRequest(worker=worker, version=number))
        answer = api.execute(worker)
        assert answer.report.version == number
        assert answer.response.body_text == versions[number].message, f"{worker} version {number} is not whole"
        book.versions[worker][number] = (versions[number].message, versions[number].sha256)
        book.active[worker] = number
        seen.add((worker, number))
    book.unsure[worker] = False


def run_round(number, db, book, seen):
    server = support.start(db=db)
    try:
        channel = server.channel()
        api = Api(channel)
        existing = {worker.name for worker in api.worker.ListWorkers(worker_pb2.ListWorkersRequest()).workers}
        for worker in WORKERS:
            if worker in existing:
                check_worker(api, worker, book, seen)
            else:
                assert not book.versions[worker], f"{worker} was acknowledged and is lost"
        is_over = threading.Event()
        threads = [threading.Thread(target=deploy_for_ever, args=(api, worker, book, number, is_over))
                   for worker in WORKERS]
        for thread in threads:
            thread.start()
        time.sleep(random.uniform(0.03, 0.4))
        server.kill()
        is_over.set()
        for thread in threads:
            thread.join(support.PATIENCE)
            assert not thread.is_alive()
        channel.close()
    finally:
        server.kill()


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    seed = random.randrange(1 << 32)
    random.seed(seed)
    print(f"seed {seed}")
    db = support.SCRATCH / "durable.db"
    book, seen = Book(), set()
    for number in range(rounds):
        run_round(number, db, book, seen)
    run_round(rounds, db, book, seen)
    total = sum(len(versions) for versions in book.versions.values())
    print(f"{rounds} rounds, {total} versions, all there")
    assert total >= rounds, "too little was deployed for this to mean anything"


if __name__ == "__main__":
    main()
