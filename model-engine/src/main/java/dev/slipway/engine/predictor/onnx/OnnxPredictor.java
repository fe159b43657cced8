package dev.slipway.engine.predictor.onnx;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import dev.slipway.engine.error.InvalidInputException;
import dev.slipway.engine.error.PredictionException;
import dev.slipway.engine.predictor.PredictRequest;
import dev.slipway.engine.predictor.Predictions;
import dev.slipway.engine.predictor.Predictor;
import dev.slipway.engine.predictor.RequestedOutputs;
import dev.slipway.engine.predictor.TensorInputs;
import dev.slipway.engine.predictor.TensorOutputs;
import dev.slipway.engine.signature.CheckedInputs;
import dev.slipway.engine.signature.ModelSignature;
import dev.slipway.engine.signature.SignatureChecks;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Tensor;
import dev.slipway.engine.tensor.TensorBuffers;
import dev.slipway.engine.tensor.TensorMetadata;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * A session of ONNX Runtime. Inputs in direct buffers are read where they lie; others pass through
 * a pooled direct buffer, since the binding takes no heap buffer of multi-byte elements. Outputs
 * are copied once, to the heap; small ones of known shape are written to {@link PinnedOutputs}.
 *
 * <p>Text crosses the binding in modified UTF-8. What that changes on the way to the model,
 * characters beyond the basic multilingual plane and U+0000, is refused; a model that writes such
 * characters by itself answers them garbled.
 */
final class OnnxPredictor implements Predictor {

  private static final long MAX_IDLE_BUFFER_BYTES = 8 << 20;

  private final OrtEnvironment environment;
  private final OrtSession session;
  private final TensorInputs inputs;
  private final List<TensorMetadata> outputs;
  private final UnsignedCasts casts;
  private final Map<String, TensorMetadata> outputsByName;
  private final TensorBuffers buffers = new TensorBuffers(MAX_IDLE_BUFFER_BYTES);

  /** Turned off for a model whose outputs turn out to have other shapes than it declares. */
  private volatile boolean pins;

  private volatile boolean closed;

  OnnxPredictor(OrtEnvironment environment, OrtSession session, Optional<ModelSignature> signature)
      throws OrtException {
    this.environment = environment;
    this.session = session;
    List<TensorMetadata> sessionInputs = metadata(session.getInputInfo().values());
    this.inputs = TensorInputs.of(signature.flatMap(ModelSignature::inputs), sessionInputs);
    this.outputs =
        TensorOutputs.of(
            signature.flatMap(ModelSignature::outputs), metadata(session.getOutputInfo().values()));
    this.outputsByName =
        outputs.stream().collect(Collectors.toMap(TensorMetadata::name, Function.identity()));
    this.pins = PinnedOutputs.canPin(outputs, session.getInputNames(), batched());
    Set<DataType> types = EnumSet.noneOf(DataType.class);
    sessionInputs.forEach(input -> types.add(input.datatype()));
    this.casts = new UnsignedCasts(environment, types);
  }

  private static List<TensorMetadata> metadata(Collection<NodeInfo> nodes) {
    return nodes.stream().map(OnnxTypes::metadata).toList();
  }

  @Override
  public String platform() {
    return "onnxruntime_onnx";
  }

  @Override
  public SignatureChecks inputChecks() {
    return inputs.checks();
  }

  @Override
  public List<TensorMetadata> outputs() {
    return outputs;
  }

  @Override
  public Predictions predict(PredictRequest request) {
    if (closed) {
      throw new IllegalStateException("the predictor is closed");
    }
    CheckedInputs checked = inputs.checks().check(request.inputs());
    List<Tensor> bound = inputs.bind(checked);
    List<String> wanted = RequestedOutputs.resolve(request, outputs);
    try (Resources resources = new Resources()) {
      Map<String, OnnxTensor> values = new HashMap<>();
      for (Tensor tensor : bound) {
        values.put(tensor.name(), value(tensor, resources));
      }
      return new Predictions(run(values, wanted, checked.rows()));
    } catch (OrtException e) {
      if (e.getCode() == OrtException.OrtErrorCode.ORT_INVALID_ARGUMENT) {
        // Such as an index beyond a table, or a size that only the graph knows to be wrong.
        throw InvalidInputException.of("inputs", "the model refuses them: " + e.getMessage());
      }
      throw new PredictionException("ONNX Runtime failed: " + e.getMessage(), e);
    }
  }

  private List<Tensor> run(Map<String, OnnxTensor> values, List<String> wanted, OptionalLong rows)
      throws OrtException {
    if (!pins) {
      return run(values, wanted);
    }
    List<TensorMetadata> known = new ArrayList<>(wanted.size());
    for (String name : wanted) {
      known.add(outputsByName.get(name));
    }
    Optional<PinnedOutputs> place = PinnedOutputs.of(environment, known, rows, buffers);
    if (place.isEmpty()) {
      return run(values, wanted);
    }
    try (PinnedOutputs pinned = place.get()) {
      // What is pinned stays open.
      session.run(values, Set.of(), pinned.tensors()).close();
      return pinned.copies();
    } catch (OrtException e) {
      if (!PinnedOutputs.isMisfit(e)) {
        throw e;
      }
      List<Tensor> answered = run(values, wanted);
      pins = false;
      return answered;
    }
  }

  private List<Tensor> run(Map<String, OnnxTensor> values, List<String> wanted)
      throws OrtException {
    try (OrtSession.Result result = session.run(values, new LinkedHashSet<>(wanted))) {
      List<Tensor> answered = new ArrayList<>(wanted.size());
      for (String name : wanted) {
        answered.add(copy(name, result.get(name).orElseThrow()));
      }
      return answered;
    }
  }

  private OnnxTensor value(Tensor tensor, Resources resources) throws OrtException {
    long[] shape = tensor.shape().toArray();
    if (tensor.datatype() == DataType.BYTES) {
      OnnxTensor text = OnnxTensor.createTensor(environment, text(tensor), shape);
      return resources.add(text);
    }
    ByteBuffer data = tensor.data();
    if (!data.isDirect()) {
      TensorBuffers.Lease lease = resources.add(buffers.acquire(tensor.sizeBytes()));
      data = lease.buffer().put(data).flip();
    }
    OnnxTensor value =
        resources.add(
            OnnxTensor.createTensor(
                environment, data, shape, OnnxTypes.javaType(tensor.datatype())));
    if (casts.needed(tensor.datatype())) {
      return (OnnxTensor) resources.add(casts.cast(value, tensor.datatype())).get(0);
    }
    return value;
  }

  private static String[] text(Tensor tensor) {
    byte[][] encoded = tensor.toBytes();
    String[] values = new String[encoded.length];
    for (int i = 0; i < values.length; i++) {
      try {
        values[i] =
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(encoded[i])).toString();
      } catch (CharacterCodingException e) {
        throw InvalidInputException.of(
            "inputs", "element " + i + " of \"" + tensor.name() + "\" is not UTF-8");
      }
      if (values[i].chars().anyMatch(c -> c == 0 || Character.isSurrogate((char) c))) {
        throw InvalidInputException.of(
            "inputs",
            "element "
                + i
                + " of \""
                + tensor.name()
                + "\" has U+0000 or a character beyond the basic multilingual"
                + " plane, which ONNX Runtime's Java binding does not carry unchanged");
      }
    }
    return values;
  }

  private static Tensor copy(String name, OnnxValue value) throws OrtException {
    if (!(value instanceof OnnxTensor tensor)) {
      throw new PredictionException(
          "the model answered " + value.getType() + " as \"" + name + "\", not a tensor");
    }
    TensorInfo info = tensor.getInfo();
    TensorMetadata metadata = OnnxTypes.metadata(new NodeInfo(name, info));
    if (metadata.datatype() == DataType.BYTES) {
      List<String> strings = new ArrayList<>();
      flatten(tensor.getValue(), strings);
      return Tensor.ofStrings(name, metadata.shape(), strings.toArray(String[]::new));
    }
    return Tensor.of(name, metadata.datatype(), metadata.shape(), tensor.getByteBuffer());
  }

  private static void flatten(Object nested, List<String> strings) {
    if (nested instanceof Object[] array) {
      for (Object element : array) {
        flatten(element, strings);
      }
    } else {
      strings.add((String) nested);
    }
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    try {
      session.close();
      casts.close();
    } catch (OrtException e) {
      throw new PredictionException("ONNX Runtime cannot free the model: " + e.getMessage(), e);
    }
  }

  /** What one call borrows, given back in reverse order. */
  private static final class Resources implements AutoCloseable {

    private final Deque<AutoCloseable> borrowed = new ArrayDeque<>();

    <T extends AutoCloseable> T add(T resource) {
      borrowed.push(resource);
      return resource;
    }

    @Override
    public void close() {
      for (AutoCloseable resource : borrowed) {
        try {
          resource.close();
        } catch (Exception e) {
          throw new PredictionException("cannot free a tensor: " + e.getMessage(), e);
        }
      }
    }
  }
}
