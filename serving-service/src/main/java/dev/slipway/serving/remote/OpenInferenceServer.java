package dev.slipway.serving.remote;

import com.google.protobuf.ByteString;
import dev.slipway.engine.error.EngineException;
import dev.slipway.engine.error.EngineUnavailableException;
import dev.slipway.engine.error.InvalidInputException;
import dev.slipway.engine.error.PredictionException;
import dev.slipway.engine.error.UnsupportedModelException;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.Tensor;
import dev.slipway.engine.tensor.TensorMetadata;
import dev.slipway.inference.GRPCInferenceServiceGrpc;
import dev.slipway.inference.GRPCInferenceServiceGrpc.GRPCInferenceServiceFutureStub;
import dev.slipway.inference.InferParameter;
import dev.slipway.inference.ModelInferRequest;
import dev.slipway.inference.ModelInferRequest.InferInputTensor;
import dev.slipway.inference.ModelInferRequest.InferRequestedOutputTensor;
import dev.slipway.inference.ModelInferResponse;
import dev.slipway.inference.ModelInferResponse.InferOutputTensor;
import dev.slipway.inference.ModelMetadataRequest;
import dev.slipway.inference.ModelMetadataResponse;
import dev.slipway.inference.ModelReadyRequest;
import dev.slipway.serving.contents.TypedContents;
import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A model behind the Open Inference Protocol over gRPC. */
final class OpenInferenceServer implements RemoteServer {
  private final RemoteModel model;
  private final ManagedChannel channel;

  private OpenInferenceServer(RemoteModel model, ManagedChannel channel) {
    this.model = model;
    this.channel = channel;
  }

  /** Returns the model; a connection is made by the first call. */
  static OpenInferenceServer connect(RemoteModel model, Optional<Path> authorities) {
    RemoteEndpoint endpoint = model.endpoint();
    return new OpenInferenceServer(
        model,
        Grpc.newChannelBuilderForAddress(
                endpoint.host(), endpoint.port(), credentials(endpoint, authorities))
            .maxInboundMessageSize(MAX_ANSWER_BYTES)
            .disableRetry()
            .build());
  }

  private static ChannelCredentials credentials(
      RemoteEndpoint endpoint, Optional<Path> authorities) {
    if (!endpoint.usesTls()) {
      return InsecureChannelCredentials.create();
    }
    if (authorities.isEmpty()) {
      return TlsChannelCredentials.create();
    }
    try {
      return TlsChannelCredentials.newBuilder().trustManager(authorities.get().toFile()).build();
    } catch (IOException e) {
      throw new UnsupportedModelException("the trusted authorities cannot be read: " + e, e);
    }
  }

  @Override
  public String platform() {
    return "openinference_grpc";
  }

  private GRPCInferenceServiceFutureStub stub(Duration timeout) {
    return GRPCInferenceServiceGrpc.newFutureStub(channel)
        .withDeadlineAfter(timeout.toNanos(), TimeUnit.NANOSECONDS);
  }

  @Override
  public Description describe(Duration timeout) {
    GRPCInferenceServiceFutureStub stub = stub(timeout);
    boolean ready =
        await(
                stub.modelReady(
                    ModelReadyRequest.newBuilder()
                        .setName(model.name())
                        .setVersion(model.version())
                        .build()),
                timeout)
            .getReady();
    if (!ready) {
      throw new EngineUnavailableException(
          model.endpoint() + " is not ready to run " + model.name());
    }
    ModelMetadataResponse metadata =
        await(
            stub.modelMetadata(
                ModelMetadataRequest.newBuilder()
                    .setName(model.name())
                    .setVersion(model.version())
                    .build()),
            timeout);
    return new Description(
        metadata.getInputsList().stream().map(OpenInferenceServer::metadata).toList(),
        metadata.getOutputsList().stream().map(OpenInferenceServer::metadata).toList());
  }

  private static TensorMetadata metadata(ModelMetadataResponse.TensorMetadata tensor) {
    try {
      return new TensorMetadata(
          tensor.getName(), datatype(tensor.getDatatype()), Shape.of(tensor.getShapeList()));
    } catch (IllegalArgumentException e) {
      throw new UnsupportedModelException(
          "the server describes " + tensor.getName() + " oddly: " + e.getMessage(), e);
    }
  }

  private static DataType datatype(String name) {
    return DataType.findByOipName(name)
        .orElseThrow(() -> new IllegalArgumentException("unknown datatype \"" + name + "\""));
  }

  @Override
  public List<Tensor> predict(
      List<Tensor> inputs,
      Map<String, Object> parameters,
      List<TensorMetadata> outputs,
      Duration timeout) {
    ModelInferRequest request = request(inputs, parameters, outputs);
    ModelInferResponse response = await(stub(timeout).modelInfer(request), timeout);
    try {
      return read(response, outputs);
    } catch (InvalidInputException | IllegalArgumentException e) {
      throw new PredictionException(
          model.endpoint() + " answers with malformed tensors: " + e.getMessage(), e);
    }
  }

  private ModelInferRequest request(
      List<Tensor> inputs, Map<String, Object> parameters, List<TensorMetadata> outputs) {
    ModelInferRequest.Builder request =
        ModelInferRequest.newBuilder().setModelName(model.name()).setModelVersion(model.version());
    for (Tensor input : inputs) {
      request
          .addInputs(
              InferInputTensor.newBuilder()
                  .setName(input.name())
                  .setDatatype(input.datatype().oipName())
                  .addAllShape(input.shape().toList()))
          // A copy: a call that ran out of time may still be writing while the buffer is lent anew.
          .addRawInputContents(ByteString.copyFrom(input.data()));
    }
    parameters.forEach((name, value) -> request.putParameters(name, parameter(name, value)));
    outputs.forEach(
        output ->
            request.addOutputs(InferRequestedOutputTensor.newBuilder().setName(output.name())));
    return request.build();
  }

  private static InferParameter parameter(String name, Object value) {
    InferParameter.Builder parameter = InferParameter.newBuilder();
    if (value instanceof Boolean flag) {
      return parameter.setBoolParam(flag).build();
    } else if (value instanceof Long number) {
      return parameter.setInt64Param(number).build();
    } else if (value instanceof Double number) {
      return parameter.setDoubleParam(number).build();
    } else if (value instanceof String text) {
      return parameter.setStringParam(text).build();
    }
    throw InvalidInputException.of(
        "parameters." + name, "is a list, which the Open Inference Protocol cannot carry");
  }

  private static List<Tensor> read(ModelInferResponse response, List<TensorMetadata> wanted) {
    boolean raw = response.getRawOutputContentsCount() > 0;
    if (raw && response.getRawOutputContentsCount() != response.getOutputsCount()) {
      throw new IllegalArgumentException("not one chunk of raw contents for each output");
    }
    Map<String, Tensor> given = new HashMap<>();
    for (int i = 0; i < response.getOutputsCount(); i++) {
      InferOutputTensor output = response.getOutputs(i);
      DataType datatype = datatype(output.getDatatype());
      ByteBuffer data =
          raw
              ? response.getRawOutputContents(i).asReadOnlyByteBuffer()
              : TypedContents.of(datatype, output.getContents());
      given.put(
          output.getName(),
          Tensor.of(output.getName(), datatype, Shape.of(output.getShapeList()), data));
    }
    List<Tensor> tensors = new ArrayList<>();
    for (TensorMetadata output : wanted) {
      Tensor tensor = given.get(output.name());
      if (tensor == null) {
        throw new IllegalArgumentException("no output \"" + output.name() + "\"");
      }
      tensors.add(tensor);
    }
    return tensors;
  }

  /**
   * Waits for a reply. Its deadline ends the call too, but only where the threads of the connection
   * are free, and a model that runs on one of them may hang.
   */
  private <T> T await(Future<T> reply, Duration timeout) {
    try {
      return reply.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      reply.cancel(true);
      throw new EngineUnavailableException(
          model.endpoint() + " did not answer within " + timeout.toMillis() + " ms", e);
    } catch (ExecutionException e) {
      throw translate(Status.fromThrowable(e.getCause()).asRuntimeException());
    } catch (InterruptedException e) {
      reply.cancel(true);
      Thread.currentThread().interrupt();
      throw new EngineUnavailableException("interrupted while " + model.endpoint() + " ran", e);
    }
  }

  private EngineException translate(StatusRuntimeException failure) {
    String said = failure.getStatus().getDescription();
    String problem =
        model.endpoint()
            + " answers "
            + failure.getStatus().getCode()
            + (said == null ? "" : ": " + said);
    return switch (failure.getStatus().getCode()) {
      case UNAVAILABLE,
          DEADLINE_EXCEEDED,
          RESOURCE_EXHAUSTED,
          ABORTED,
          CANCELLED,
          NOT_FOUND,
          FAILED_PRECONDITION ->
          new EngineUnavailableException(problem, failure);
      case INVALID_ARGUMENT, OUT_OF_RANGE -> InvalidInputException.of("inputs", problem);
      default -> new PredictionException(problem, failure);
    };
  }

  @Override
  public void close() {
    channel.shutdownNow();
  }
}
