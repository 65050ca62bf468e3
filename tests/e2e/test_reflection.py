"""Health and server reflection, as standard tools use them."""

import grpc
import support
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from grpc.health.v1 import health_pb2, health_pb2_grpc
from grpc.reflection.v1 import reflection_pb2 as v1, reflection_pb2_grpc as v1_grpc
from grpc.reflection.v1alpha import reflection_pb2 as v1alpha, reflection_pb2_grpc as v1alpha_grpc

SERVICES = {
    "isoyard.v1.WorkerService", "isoyard.v1.ExecutionService", "isoyard.v1.PoolService", "isoyard.v1.LogService",
    "grpc.health.v1.Health",
    "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection",
}


class Health(support.ServerCase):
    def setUp(self):
        self.health = health_pb2_grpc.HealthStub(self.channel)

    def check(self, service=""):
        return self.health.Check(health_pb2.HealthCheckRequest(service=service), timeout=support.PATIENCE)

    def test_check(self):
        for service in "", "isoyard.v1.WorkerService", "isoyard.v1.ExecutionService", "isoyard.v1.PoolService", "isoyard.v1.LogService":
            self.assertEqual(self.check(service).status, health_pb2.HealthCheckResponse.SERVING)

    def test_check_of_an_unknown_service(self):
        self.refused(grpc.StatusCode.NOT_FOUND, self.check, "isoyard.v1.Nothing")

    def test_watch(self):
        watch = self.health.Watch(health_pb2.HealthCheckRequest(service=""))
        self.assertEqual(next(watch).status, health_pb2.HealthCheckResponse.SERVING)
        watch.cancel()

    def test_watch_of_an_unknown_service_goes_on(self):
        watch = self.health.Watch(health_pb2.HealthCheckRequest(service="isoyard.v1.Nothing"), timeout=1)
        self.assertEqual(next(watch).status, health_pb2.HealthCheckResponse.SERVICE_UNKNOWN)
        with self.assertRaises(grpc.RpcError) as caught:
            next(watch)
        self.assertEqual(caught.exception.code(), grpc.StatusCode.DEADLINE_EXCEEDED)

    def test_many_watchers_that_come_and_go(self):
        for _ in range(50):
            watch = self.health.Watch(health_pb2.HealthCheckRequest())
            next(watch)
            watch.cancel()
        self.assertEqual(self.check().status, health_pb2.HealthCheckResponse.SERVING)

    def test_garbage_to_watch(self):
        call = self.channel.unary_stream("/grpc.health.v1.Health/Watch", request_serializer=lambda data: data)
        for garbage in b"\xff\xff\xff", b"\x0a\x01\xff":
            self.refused(grpc.StatusCode.INVALID_ARGUMENT, lambda data: list(call(data)), garbage)


class Reflection:
    """Both versions of the service have the same messages under different names."""

    def ask(self, *requests):
        messages = [self.messages.ServerReflectionRequest(host="here", **request) for request in requests]
        answers = list(self.stub.ServerReflectionInfo(iter(messages), timeout=support.PATIENCE))
        self.assertEqual(len(answers), len(messages))
        for message, answer in zip(messages, answers):
            self.assertEqual(answer.original_request, message)
            self.assertEqual(answer.valid_host, "here")
        return answers

    def files(self, **request):
        answer = self.ask(request)[0]
        self.assertEqual(answer.WhichOneof("message_response"), "file_descriptor_response", answer)
        return [descriptor_pb2.FileDescriptorProto.FromString(data)
                for data in answer.file_descriptor_response.file_descriptor_proto]

    def error(self, code, **request):
        answer = self.ask(request)[0]
        self.assertEqual(answer.WhichOneof("message_response"), "error_response", answer)
        self.assertEqual(answer.error_response.error_code, code.value[0])
        self.assertTrue(answer.error_response.error_message)

    def test_list_services(self):
        answer = self.ask({"list_services": ""})[0]
        self.assertEqual({service.name for service in answer.list_services_response.service}, SERVICES)

    def test_file_by_name_comes_with_its_imports(self):
        files = self.files(file_by_filename="isoyard/v1/execution.proto")
        self.assertEqual([file.name for file in files], ["isoyard/v1/execution.proto", "google/protobuf/timestamp.proto",
                                                          "isoyard/v1/failure.proto"])

    def test_file_containing_symbol(self):
        for symbol, file in (("isoyard.v1.WorkerService", "isoyard/v1/worker.proto"),
                             ("isoyard.v1.WorkerService.Deploy", "isoyard/v1/worker.proto"),
                             ("isoyard.v1.ExecuteRequest", "isoyard/v1/execution.proto"),
                             ("isoyard.v1.ExecuteRequest.worker", "isoyard/v1/execution.proto"),
                             ("isoyard.v1.Limit", "isoyard/v1/failure.proto"),
                             ("isoyard.v1.LIMIT_CPU", "isoyard/v1/failure.proto"),
                             ("google.rpc.BadRequest.FieldViolation", "google/rpc/error_details.proto"),
                             ("grpc.health.v1.Health", "grpc/health/v1/health.proto"),
                             ("google.protobuf.Timestamp", "google/protobuf/timestamp.proto")):
            with self.subTest(symbol=symbol):
                self.assertEqual(self.files(file_containing_symbol=symbol)[0].name, file)

    def test_what_is_not_there(self):
        missing = grpc.StatusCode.NOT_FOUND
        self.error(missing, file_by_filename="nothing.proto")
        self.error(missing, file_containing_symbol="isoyard.v1.Nothing")
        self.error(missing, all_extension_numbers_of_type="isoyard.v1.Nothing")
        self.error(missing, all_extension_numbers_of_type="isoyard.v1.WorkerService")
        self.error(missing, file_containing_extension=self.messages.ExtensionRequest(
            containing_type="isoyard.v1.Worker", extension_number=1))
        self.error(grpc.StatusCode.INVALID_ARGUMENT)

    def test_extensions_of_a_message_without_any(self):
        answer = self.ask({"all_extension_numbers_of_type": "isoyard.v1.Worker"})[0].all_extension_numbers_response
        self.assertEqual(answer.base_type_name, "isoyard.v1.Worker")
        self.assertEqual(list(answer.extension_number), [])

    def test_many_questions_on_one_stream(self):
        answers = self.ask(*[{"file_containing_symbol": "isoyard.v1.PoolStats"}, {"list_services": ""}] * 100)
        self.assertEqual(len(answers), 200)

    def test_a_call_made_with_nothing_but_reflection(self):
        self.api.deploy("reflected", "export default { fetch: () => new Response('found') }")
        pool = descriptor_pool.DescriptorPool()
        for file in reversed(self.files(file_containing_symbol="isoyard.v1.ExecutionService")):
            pool.Add(file)
        method = pool.FindServiceByName("isoyard.v1.ExecutionService").FindMethodByName("Execute")
        factory = message_factory.MessageFactory(pool)
        request = factory.GetPrototype(method.input_type)(worker="reflected")
        request.fetch.SetInParent()
        call = self.channel.unary_unary("/isoyard.v1.ExecutionService/Execute",
                                        request_serializer=lambda message: message.SerializeToString(),
                                        response_deserializer=factory.GetPrototype(method.output_type).FromString)
        self.assertEqual(call(request, timeout=support.PATIENCE).response.body_text, "found")

    def test_garbage(self):
        call = self.channel.stream_stream(f"/{self.service}/ServerReflectionInfo", request_serializer=lambda data: data)
        for garbage in b"\xff\xff\xff", b"\x3a\x01\xff":
            self.refused(grpc.StatusCode.INVALID_ARGUMENT, lambda data: list(call(iter([data]))), garbage)
        self.refused(grpc.StatusCode.RESOURCE_EXHAUSTED, lambda data: list(call(iter([data]))),
                     b"\x3a\xff\xff\x03" + b"x" * 65535)

    def test_client_that_goes_away(self):
        for _ in range(20):
            stream = self.stub.ServerReflectionInfo(iter([self.messages.ServerReflectionRequest(list_services="")] * 50))
            next(stream)
            stream.cancel()
        self.test_list_services()


class ReflectionV1(Reflection, support.ServerCase):
    messages = v1
    service = "grpc.reflection.v1.ServerReflection"

    def setUp(self):
        self.stub = v1_grpc.ServerReflectionStub(self.channel)


class ReflectionV1Alpha(Reflection, support.ServerCase):
    messages = v1alpha
    service = "grpc.reflection.v1alpha.ServerReflection"

    def setUp(self):
        self.stub = v1alpha_grpc.ServerReflectionStub(self.channel)


if __name__ == "__main__":
    support.unittest.main()
