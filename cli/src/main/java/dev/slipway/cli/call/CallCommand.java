package dev.slipway.cli.call;

import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import dev.slipway.cli.client.Failures;
import dev.slipway.runtime.server.Channels;
import dev.slipway.runtime.server.GrpcServerConfig;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ClientCalls;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Iterator;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * Calls any RPC of the suite from the shell: JSON in, JSON out.
 *
 * <p>Unary and server-streaming RPCs take one message; the bidirectional and client-streaming ones
 * need a client.
 */
@Command(
    name = "call",
    mixinStandardHelpOptions = true,
    description = {
      "Calls an RPC: JSON in, JSON out. Without arguments lists all RPCs.",
      "",
      "  slipway call TrackingService/SearchRuns '{\"experiment_ids\": [\"1\"]}'",
      "  slipway call RegistryService/GetRegisteredModel '{\"name\": \"digits\"}'"
    })
public final class CallCommand implements Callable<Integer> {
  @Option(
      names = "--server",
      paramLabel = "HOST:PORT",
      defaultValue = "127.0.0.1:7100",
      description = "Where the service answers. Default: ${DEFAULT-VALUE}.")
  private String server;

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      defaultValue = "60",
      description = "Deadline of the call; 0 for none. Default: ${DEFAULT-VALUE}.")
  private long timeoutSeconds;

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "SERVICE/METHOD",
      description = "The RPC; the service with or without its package.")
  private String method;

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "JSON",
      defaultValue = "{}",
      description = "The request; @FILE reads a file, - standard input. Default: ${DEFAULT-VALUE}.")
  private String json;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws InterruptedException {
    if (method == null) {
      RpcCatalog.list().forEach(spec.commandLine().getOut()::println);
      return 0;
    }
    MethodDescriptor rpc =
        RpcCatalog.find(method)
            .orElseThrow(() -> usage("no such RPC: " + method + "; `slipway call` lists them all"));
    if (rpc.isClientStreaming()) {
      throw usage(rpc.getName() + " takes a stream of requests: use a client library");
    }
    DynamicMessage request = parse(rpc);
    ManagedChannel channel = connect();
    try {
      CallOptions options = CallOptions.DEFAULT;
      if (timeoutSeconds > 0) {
        options = options.withDeadlineAfter(Duration.ofSeconds(timeoutSeconds));
      }
      print(ClientCalls.blockingServerStreamingCall(channel, grpcMethod(rpc), options, request));
      return 0;
    } catch (StatusRuntimeException e) {
      Failures.print(spec.commandLine().getErr(), e);
      return 1;
    } finally {
      channel.shutdownNow().awaitTermination(1, TimeUnit.SECONDS);
    }
  }

  private ManagedChannel connect() {
    try {
      return Channels.to(server, GrpcServerConfig.DEFAULT_MAX_MESSAGE_BYTES);
    } catch (IllegalArgumentException e) {
      throw usage("--server (SLIPWAY_SERVER): " + server + " is no host:port");
    }
  }

  private DynamicMessage parse(MethodDescriptor rpc) {
    DynamicMessage.Builder request = DynamicMessage.newBuilder(rpc.getInputType());
    try {
      JsonFormat.parser().merge(text(), request);
      return request.build();
    } catch (InvalidProtocolBufferException e) {
      throw usage("the request is no " + rpc.getInputType().getName() + ": " + e.getMessage());
    } catch (IOException e) {
      throw usage("cannot read the request: " + e);
    }
  }

  private String text() throws IOException {
    if (json.equals("-")) {
      return new String(System.in.readAllBytes(), StandardCharsets.UTF_8);
    }
    return json.startsWith("@") ? Files.readString(Path.of(json.substring(1))) : json;
  }

  private static io.grpc.MethodDescriptor<DynamicMessage, DynamicMessage> grpcMethod(
      MethodDescriptor rpc) {
    // A unary answer is a stream of one, so that one kind of call serves both.
    return io.grpc.MethodDescriptor.newBuilder(
            ProtoUtils.marshaller(DynamicMessage.getDefaultInstance(rpc.getInputType())),
            ProtoUtils.marshaller(DynamicMessage.getDefaultInstance(rpc.getOutputType())))
        .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
        .setFullMethodName(rpc.getService().getFullName() + "/" + rpc.getName())
        .build();
  }

  private void print(Iterator<DynamicMessage> answers) {
    JsonFormat.Printer printer = JsonFormat.printer().preservingProtoFieldNames();
    PrintWriter out = spec.commandLine().getOut();
    while (answers.hasNext()) {
      try {
        out.println(printer.print(answers.next()));
      } catch (InvalidProtocolBufferException e) {
        throw new IllegalStateException("an answer cannot be shown as JSON", e);
      }
      out.flush();
    }
  }

  private ParameterException usage(String problem) {
    return new ParameterException(spec.commandLine(), problem);
  }
}
