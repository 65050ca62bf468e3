// Calls a worker: client.mjs ADDRESS WORKER PATH DEADLINE_MS [CANCEL_AFTER_MS]
//
// npm ci; PROTOS is the folder of the protos, api/ of this repository.
import grpc from "@grpc/grpc-js";
import protoLoader from "@grpc/proto-loader";
import protobuf from "protobufjs";

const protos = process.env.PROTOS ?? new URL("../../../../api", import.meta.url).pathname;
const [address, worker, path, deadlineMs, cancelAfterMs] = process.argv.slice(2);

// UNAVAILABLE means that nothing of the call has run. gRPC tries again, and waits for as long as the server asks it to
// with "grpc-retry-pushback-ms", or else for these times.
const serviceConfig = JSON.stringify({
    methodConfig: [
        {
            name: [{ service: "isoyard.v1.ExecutionService" }],
            retryPolicy: {
                maxAttempts: 5,
                initialBackoff: "0.1s",
                maxBackoff: "2s",
                backoffMultiplier: 2,
                retryableStatusCodes: ["UNAVAILABLE"],
            },
        },
    ],
});

const loading = { keepCase: true, longs: Number, enums: String, defaults: true, oneofs: true, includeDirs: [protos] };
const services = grpc.loadPackageDefinition(protoLoader.loadSync("isoyard/v1/execution.proto", loading));

// The types of an error's details, by their names.
const types = new protobuf.Root();
types.resolvePath = (origin, target) => (target.startsWith("google/protobuf/") ? null : `${protos}/${target}`);
types.loadSync(
    ["google/rpc/status.proto", "google/rpc/error_details.proto", "isoyard/v1/execution.proto", "isoyard/v1/failure.proto"],
    { keepCase: true },
);

function decode(name, bytes) {
    const type = types.lookupType(name);
    return type.toObject(type.decode(bytes), { longs: Number, enums: String, defaults: true });
}

function printReport(report) {
    console.log(`report version=${report.version} cpu_us=${report.cpu_us} wall_us=${report.wall_us}`);
}

function printAnswer(answer) {
    console.log("status OK");
    if (answer.outcome === "failure") {
        console.log(`failure ${answer.failure.message}`);
    } else {
        console.log(`http ${answer.response.status}`);
        console.log(`body ${answer.response.body_text}`);
    }
    printReport(answer.report);
}

function printError(error) {
    console.log(`status ${grpc.status[error.code]}`);
    const [packed] = error.metadata.get("grpc-status-details-bin");
    for (const { type_url, value } of packed ? decode("google.rpc.Status", packed).details : []) {
        const name = type_url.slice(type_url.lastIndexOf("/") + 1);
        const detail = decode(name, value);
        if (name === "google.rpc.ErrorInfo") console.log(`reason ${detail.reason}`);
        if (name === "isoyard.v1.LimitExceeded") {
            console.log(`limit ${detail.limit} used=${detail.used} allowed=${detail.allowed}`);
        }
        if (name === "isoyard.v1.ExecutionReport") printReport(detail);
    }
}

// One client for the whole program: it keeps its connection, and connects anew where that is lost.
const client = new services.isoyard.v1.ExecutionService(address, grpc.credentials.createInsecure(), {
    "grpc.service_config": serviceConfig,
    "grpc.max_receive_message_length": 64 << 20,
});
const deadline = Date.now() + Number(deadlineMs);
const call = client.Execute({ worker, fetch: { url: path } }, { deadline }, (error, answer) => {
    if (error) printError(error);
    else printAnswer(answer);
    client.close();
});
// The worker's signal is aborted, and its execution ends.
if (cancelAfterMs) setTimeout(() => call.cancel(), Number(cancelAfterMs));
