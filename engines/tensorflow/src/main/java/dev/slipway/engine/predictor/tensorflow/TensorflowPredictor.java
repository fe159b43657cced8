package dev.slipway.engine.predictor.tensorflow;

import dev.slipway.engine.error.InvalidInputException;
import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.error.PredictionException;
import dev.slipway.engine.predictor.PredictRequest;
import dev.slipway.engine.predictor.Predictions;
import dev.slipway.engine.predictor.Predictor;
import dev.slipway.engine.predictor.RequestedOutputs;
import dev.slipway.engine.predictor.TensorInputs;
import dev.slipway.engine.predictor.TensorOutputs;
import dev.slipway.engine.signature.ModelSignature;
import dev.slipway.engine.signature.SignatureChecks;
import dev.slipway.engine.tensor.Tensor;
import dev.slipway.engine.tensor.TensorMetadata;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.tensorflow.Result;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.Session;
import org.tensorflow.exceptions.TFInvalidArgumentException;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.proto.TensorInfo;

/**
 * One signature of a SavedModel. Bytes are copied once on the way in, into memory aligned as
 * TensorFlow wants it, and once on the way out, to the heap.
 */
final class TensorflowPredictor implements Predictor {

  private final SavedModelBundle model;
  private final TensorInputs inputs;
  private final List<TensorMetadata> outputs;

  /** The tensors of the graph by the names of the signature's inputs and outputs. */
  private final Map<String, String> feeds;

  private final Map<String, String> fetches;
  private volatile boolean closed;

  private TensorflowPredictor(
      SavedModelBundle model, SignatureDef signature, Optional<ModelSignature> declared) {
    this.model = model;
    this.inputs =
        TensorInputs.of(
            declared.flatMap(ModelSignature::inputs), metadata(signature.getInputsMap()));
    this.outputs =
        TensorOutputs.of(
            declared.flatMap(ModelSignature::outputs), metadata(signature.getOutputsMap()));
    this.feeds = names(signature.getInputsMap());
    this.fetches = names(signature.getOutputsMap());
  }

  /**
   * Loads a SavedModel.
   *
   * @throws ModelPackageException if it is incomplete or corrupt, lacks the tags or the signature,
   *     or contradicts the package's signature
   */
  static TensorflowPredictor load(SavedModel savedModel, Optional<ModelSignature> declared) {
    TensorflowLibrary.start();
    SavedModelBundle model = open(savedModel);
    try {
      Map<String, SignatureDef> signatures = model.metaGraphDef().getSignatureDefMap();
      SignatureDef signature = signatures.get(savedModel.signature());
      if (signature == null) {
        throw new ModelPackageException(
            savedModel.name()
                + " has no signature "
                + savedModel.signature()
                + " but "
                + signatures.keySet().stream().sorted().toList());
      }
      return new TensorflowPredictor(model, signature, declared);
    } catch (RuntimeException | Error e) {
      model.close();
      throw e;
    }
  }

  private static SavedModelBundle open(SavedModel savedModel) {
    try {
      return SavedModelBundle.loader(savedModel.folder().toString())
          .withTags(savedModel.tags().toArray(String[]::new))
          .withConfigProto(TensorflowLibrary.sessionConfig())
          .load();
    } catch (RuntimeException e) {
      // The binding's exceptions have nothing else in common.
      throw new ModelPackageException(
          "TensorFlow cannot load "
              + savedModel.name()
              + " with the tags "
              + savedModel.tags()
              + ": "
              + TensorflowLibrary.words(e),
          e);
    }
  }

  /** Returns the tensors in the order of their names, which is all that a SavedModel keeps. */
  private static List<TensorMetadata> metadata(Map<String, TensorInfo> tensors) {
    List<TensorMetadata> metadata = new ArrayList<>();
    new TreeMap<>(tensors)
        .forEach((name, info) -> metadata.add(TensorflowTypes.metadata(name, info)));
    return List.copyOf(metadata);
  }

  private static Map<String, String> names(Map<String, TensorInfo> tensors) {
    Map<String, String> names = new HashMap<>();
    tensors.forEach((name, info) -> names.put(name, info.getName()));
    return names;
  }

  @Override
  public String platform() {
    return "tensorflow_savedmodel";
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
    List<Tensor> bound = inputs.bind(inputs.checks().check(request.inputs()));
    List<String> wanted = RequestedOutputs.resolve(request, outputs);
    List<org.tensorflow.Tensor> fed = new ArrayList<>(bound.size());
    try {
      Session.Runner runner = model.session().runner();
      for (Tensor tensor : bound) {
        org.tensorflow.Tensor copy = NativeTensors.copyIn(tensor);
        fed.add(copy);
        runner.feed(feeds.get(tensor.name()), copy);
      }
      wanted.forEach(name -> runner.fetch(fetches.get(name)));
      try (Result result = run(runner)) {
        List<Tensor> answered = new ArrayList<>(wanted.size());
        for (int i = 0; i < wanted.size(); i++) {
          answered.add(NativeTensors.copyOut(result.get(i), output(wanted.get(i))));
        }
        return new Predictions(answered);
      }
    } finally {
      fed.forEach(org.tensorflow.Tensor::close);
    }
  }

  private static Result run(Session.Runner runner) {
    try {
      return runner.run();
    } catch (TFInvalidArgumentException e) {
      // Such as an index beyond a table, or a size that only the graph knows to be wrong.
      throw InvalidInputException.of(
          "inputs", "the model refuses them: " + TensorflowLibrary.words(e));
    } catch (RuntimeException e) {
      // The binding's exceptions have nothing else in common.
      throw new PredictionException("TensorFlow failed: " + TensorflowLibrary.words(e), e);
    }
  }

  private TensorMetadata output(String name) {
    return outputs.stream().filter(output -> output.name().equals(name)).findFirst().orElseThrow();
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      model.close();
    }
  }
}
