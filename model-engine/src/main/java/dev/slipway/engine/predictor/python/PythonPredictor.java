package dev.slipway.engine.predictor.python;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.slipway.engine.error.EngineUnavailableException;
import dev.slipway.engine.error.InvalidInputException;
import dev.slipway.engine.error.PredictionException;
import dev.slipway.engine.predictor.PredictRequest;
import dev.slipway.engine.predictor.Predictions;
import dev.slipway.engine.predictor.Predictor;
import dev.slipway.engine.predictor.RequestedOutputs;
import dev.slipway.engine.signature.CheckedInputs;
import dev.slipway.engine.signature.SignatureChecks;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.Tensor;
import dev.slipway.engine.tensor.TensorMetadata;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A package that worker processes have loaded. Each call has a worker to itself. A call whose
 * worker ends is made once more on another, since predictions change nothing; one whose worker was
 * stopped, because the call exceeded its limits, is not.
 */
final class PythonPredictor implements Predictor {

  private static final int TRIES = 2;

  private final PythonSignature signature;
  private final WorkerPool workers;
  private final Duration callTimeout;
  private final Runnable onClose;
  private final AtomicBoolean closed = new AtomicBoolean();

  /**
   * Creates it over started workers.
   *
   * @param workers its own from then on
   * @param onClose run after the workers ended, once
   */
  PythonPredictor(
      PythonSignature signature, WorkerPool workers, Duration callTimeout, Runnable onClose) {
    this.signature = signature;
    this.workers = workers;
    this.callTimeout = callTimeout;
    this.onClose = onClose;
  }

  @Override
  public String platform() {
    return "python_function";
  }

  @Override
  public SignatureChecks inputChecks() {
    return signature.inputChecks();
  }

  @Override
  public List<TensorMetadata> outputs() {
    return signature.outputs();
  }

  @Override
  public boolean waits() {
    return true;
  }

  @Override
  public int parallelCalls() {
    return workers.size();
  }

  @Override
  public long childProcessBytes() {
    return workers.residentBytes();
  }

  @Override
  public Predictions predict(PredictRequest request) {
    CheckedInputs checked = signature.inputChecks().check(request.inputs());
    List<String> wanted = RequestedOutputs.resolve(request, signature.outputs());
    JsonNode header = header(signature, checked, request.parameters(), wanted);
    Frame answer = exchange(header, checked.tensors());
    return switch (answer.kind()) {
      case Frame.ANSWER -> predictions(answer, wanted);
      case Frame.ERROR -> throw failure(answer.header());
      default -> throw new PredictionException("a worker answered " + answer.kind());
    };
  }

  private Frame exchange(JsonNode header, List<Tensor> tensors) {
    for (int tries = 1; ; tries++) {
      try {
        Worker worker = workers.take(callTimeout);
        Frame answer = worker.exchange(Frame.PREDICT, header, tensors, callTimeout);
        workers.give(worker);
        return answer;
      } catch (WorkerEndedException e) {
        if (e.stopped() || tries == TRIES) {
          throw new PredictionException(
              e.getMessage() + (e.stopped() ? "" : "; so did the worker that tried before"), e);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new EngineUnavailableException("the wait for a worker was interrupted", e);
      }
    }
  }

  /** Returns the header of a prediction's frame, as {@code worker.py} reads it. */
  static JsonNode header(
      PythonSignature signature,
      CheckedInputs checked,
      Map<String, Object> parameters,
      List<String> wanted) {
    ObjectNode header = Frame.JSON.createObjectNode();
    ArrayNode tensors = header.putArray("tensors");
    for (Tensor tensor : checked.tensors()) {
      ObjectNode described = tensors.addObject();
      described.put("name", tensor.name());
      described.put("datatype", tensor.datatype().name());
      ArrayNode shape = described.putArray("shape");
      tensor.shape().toList().forEach(shape::add);
      described.put("bytes", tensor.sizeBytes());
    }
    header.put("matrix", signature.isMatrix(checked));
    header.set("params", Frame.JSON.valueToTree(parameters));
    header.set("outputs", Frame.JSON.valueToTree(wanted));
    return header;
  }

  private Predictions predictions(Frame answer, List<String> wanted) {
    List<Tensor> outputs = new ArrayList<>();
    int at = 0;
    try {
      for (JsonNode described : answer.header().path("tensors")) {
        String name = described.path("name").asText();
        TensorMetadata declared = declared(name);
        List<Long> shape = new ArrayList<>();
        described.path("shape").forEach(size -> shape.add(size.asLong(Shape.ANY)));
        Shape given = Shape.of(shape);
        int size = described.path("bytes").asInt(-1);
        ByteBuffer data = answer.data().slice(at, size);
        at += Math.toIntExact(Frame.padded(size));
        if (!declared.shape().accepts(given)) {
          throw new IllegalArgumentException(name + " has the shape " + given);
        }
        outputs.add(Tensor.of(name, declared.datatype(), given, data));
      }
      if (!outputs.stream().map(Tensor::name).toList().equals(wanted)) {
        throw new IllegalArgumentException("the outputs are " + outputs);
      }
    } catch (IllegalArgumentException
        | IllegalStateException
        | ArithmeticException
        | IndexOutOfBoundsException e) {
      throw new PredictionException("a worker answered what is no answer: " + e.getMessage(), e);
    }
    return new Predictions(outputs);
  }

  private TensorMetadata declared(String name) {
    return signature.outputs().stream()
        .filter(output -> output.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no output " + name));
  }

  private static RuntimeException failure(JsonNode error) {
    String text = WorkerError.text(error);
    return error.path("kind").asText().equals("input")
        ? InvalidInputException.of("inputs", text)
        : new PredictionException(text);
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      workers.close();
      onClose.run();
    }
  }
}
