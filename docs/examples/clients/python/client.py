"""Calls a worker: client.py ADDRESS WORKER PATH DEADLINE_MS [CANCEL_AFTER_MS]

Needs grpcio and protobuf, and the stubs of the protos in the path: docs/clients.md says how they are made.
"""

import json
import sys
import threading

import google
import grpc

# Debian's python3-protobuf is a regular package "google"; google.rpc lies beside our own stubs.
google.__path__ = list(google.__path__) + [f"{path}/google" for path in sys.path]

from google.rpc import error_details_pb2, status_pb2  # noqa: E402
from isoyard.v1 import execution_pb2, execution_pb2_grpc, failure_pb2  # noqa: E402

# UNAVAILABLE means that nothing of the call has run. gRPC tries again, and waits for as long as the server asks it to
# with "grpc-retry-pushback-ms", or else for these times.
SERVICE_CONFIG = json.dumps({
    "methodConfig": [{
        "name": [{"service": "isoyard.v1.ExecutionService"}],
        "retryPolicy": {
            "maxAttempts": 5,
            "initialBackoff": "0.1s",
            "maxBackoff": "2s",
            "backoffMultiplier": 2,
            "retryableStatusCodes": ["UNAVAILABLE"],
        },
    }],
})


def print_report(report):
    print(f"report version={report.version} cpu_us={report.cpu_us} wall_us={report.wall_us}")


def print_answer(answer):
    print("status OK")
    if answer.HasField("failure"):
        print(f"failure {answer.failure.message}")
    else:
        print(f"http {answer.response.status}")
        print(f"body {answer.response.body_text}")
    print_report(answer.report)


def print_error(error):
    print(f"status {error.code().name}")
    packed = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin")
    if not packed:
        return
    for detail in status_pb2.Status.FromString(packed).details:
        info, limit = error_details_pb2.ErrorInfo(), failure_pb2.LimitExceeded()
        report = execution_pb2.ExecutionReport()
        if detail.Unpack(info):
            print(f"reason {info.reason}")
        elif detail.Unpack(limit):
            print(f"limit {failure_pb2.Limit.Name(limit.limit)} used={limit.used} allowed={limit.allowed}")
        elif detail.Unpack(report):
            print_report(report)


def main():
    address, worker, path, deadline_ms = sys.argv[1:5]
    request = execution_pb2.ExecuteRequest(worker=worker, fetch=execution_pb2.HttpRequest(url=path))
    options = [("grpc.service_config", SERVICE_CONFIG), ("grpc.max_receive_message_length", 64 << 20)]

    # One channel for the whole program: it keeps its connection, and connects anew where that is lost.
    with grpc.insecure_channel(address, options) as channel:
        execution = execution_pb2_grpc.ExecutionServiceStub(channel)
        call = execution.Execute.future(request, timeout=int(deadline_ms) / 1000)
        if len(sys.argv) > 5:
            # The worker's signal is aborted, and its execution ends.
            threading.Timer(int(sys.argv[5]) / 1000, call.cancel).start()
        try:
            print_answer(call.result())
        except grpc.FutureCancelledError:
            print("status CANCELLED")
        except grpc.RpcError as error:
            print_error(error)


main()
