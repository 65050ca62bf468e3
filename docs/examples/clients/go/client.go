// Calls a worker: client ADDRESS WORKER PATH DEADLINE_MS [CANCEL_AFTER_MS]
//
// docs/clients.md says how the package isoyard/v1 is made of the protos.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"strconv"
	"time"

	pb "isoyard/v1"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// UNAVAILABLE means that nothing of the call has run. gRPC tries again, and waits for as long as the server asks it to
// with "grpc-retry-pushback-ms", or else for these times. Before grpc-go 1.40 this takes GRPC_GO_RETRY=on.
const serviceConfig = `{
	"methodConfig": [{
		"name": [{"service": "isoyard.v1.ExecutionService"}],
		"retryPolicy": {
			"maxAttempts": 5,
			"initialBackoff": "0.1s",
			"maxBackoff": "2s",
			"backoffMultiplier": 2,
			"retryableStatusCodes": ["UNAVAILABLE"]
		}
	}]
}`

// As the specification of gRPC writes them.
var codeNames = map[codes.Code]string{
	codes.OK: "OK", codes.Canceled: "CANCELLED", codes.DeadlineExceeded: "DEADLINE_EXCEEDED",
	codes.NotFound: "NOT_FOUND", codes.ResourceExhausted: "RESOURCE_EXHAUSTED", codes.Unavailable: "UNAVAILABLE",
}

func milliseconds(text string) time.Duration {
	number, err := strconv.Atoi(text)
	if err != nil {
		log.Fatal(err)
	}
	return time.Duration(number) * time.Millisecond
}

func printReport(report *pb.ExecutionReport) {
	fmt.Printf("report version=%d cpu_us=%d wall_us=%d\n", report.GetVersion(), report.GetCpuUs(), report.GetWallUs())
}

func printAnswer(answer *pb.ExecuteResponse) {
	fmt.Println("status OK")
	if failure := answer.GetFailure(); failure != nil {
		fmt.Println("failure", failure.GetMessage())
	} else {
		fmt.Println("http", answer.GetResponse().GetStatus())
		fmt.Println("body", answer.GetResponse().GetBodyText())
	}
	printReport(answer.GetReport())
}

func printError(err error) {
	s := status.Convert(err)
	fmt.Println("status", codeNames[s.Code()])
	for _, detail := range s.Details() {
		switch d := detail.(type) {
		case *errdetails.ErrorInfo:
			fmt.Println("reason", d.GetReason())
		case *pb.LimitExceeded:
			fmt.Printf("limit %s used=%d allowed=%d\n", d.GetLimit(), d.GetUsed(), d.GetAllowed())
		case *pb.ExecutionReport:
			printReport(d)
		}
	}
}

func main() {
	if len(os.Args) < 5 {
		log.Fatal("usage: client ADDRESS WORKER PATH DEADLINE_MS [CANCEL_AFTER_MS]")
	}
	// One connection for the whole program: it connects anew where it is lost.
	connection, err := grpc.Dial(os.Args[1], grpc.WithInsecure(), grpc.WithDefaultServiceConfig(serviceConfig),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(64<<20)))
	if err != nil {
		log.Fatal(err)
	}
	defer connection.Close()

	ctx, cancel := context.WithTimeout(context.Background(), milliseconds(os.Args[4]))
	defer cancel()
	if len(os.Args) > 5 {
		// The worker's signal is aborted, and its execution ends.
		time.AfterFunc(milliseconds(os.Args[5]), cancel)
	}
	request := &pb.ExecuteRequest{
		Worker: os.Args[2],
		Event:  &pb.ExecuteRequest_Fetch{Fetch: &pb.HttpRequest{Url: os.Args[3]}},
	}
	answer, err := pb.NewExecutionServiceClient(connection).Execute(ctx, request)
	if err != nil {
		printError(err)
		return
	}
	printAnswer(answer)
}
