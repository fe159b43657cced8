package dev.slipway.engine.predictor.pytorch;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.JniUtils;
import dev.slipway.engine.error.PredictionException;
import dev.slipway.engine.predictor.PredictRequest;
import dev.slipway.engine.predictor.Predictions;
import dev.slipway.engine.predictor.Predictor;
import dev.slipway.engine.predictor.RequestedOutputs;
import dev.slipway.engine.signature.SignatureChecks;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.Tensor;
import dev.slipway.engine.tensor.TensorMetadata;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A TorchScript module in evaluation mode. Inputs are copied into memory of libtorch's own, since a
 * module may change its arguments or keep them; outputs are copied to the heap.
 */
final class PytorchPredictor implements Predictor {

  private final PtNDManager memory;
  private final PtSymbolBlock module;
  private final TorchSignature signature;
  private volatile boolean closed;

  private PytorchPredictor(PtNDManager memory, PtSymbolBlock module, TorchSignature signature) {
    this.memory = memory;
    this.module = module;
    this.signature = signature;
  }

  /**
   * Loads a module.
   *
   * @throws EngineException if libtorch refuses it
   */
  static PytorchPredictor load(Path file, TorchSignature signature) {
    PtNDManager memory = LibTorch.newManager();
    try {
      // Mapped to the processor: the file may say that weights were on a device.
      PtSymbolBlock module =
          JniUtils.loadModule(memory, file, true, new String[0], new String[0], false);
      JniUtils.enableInferenceMode(module);
      return new PytorchPredictor(memory, module, signature);
    } catch (RuntimeException | Error e) {
      memory.close();
      throw e;
    }
  }

  @Override
  public String platform() {
    return "pytorch_libtorch";
  }

  @Override
  public SignatureChecks inputChecks() {
    return signature.checks();
  }

  @Override
  public List<TensorMetadata> outputs() {
    return signature.outputs();
  }

  @Override
  public Predictions predict(PredictRequest request) {
    if (closed) {
      throw new IllegalStateException("the predictor is closed");
    }
    List<Tensor> arguments = signature.arguments(signature.checks().check(request.inputs()));
    List<String> wanted = RequestedOutputs.resolve(request, signature.outputs());
    LibTorch.enter();
    try (PtNDManager call = LibTorch.newManager()) {
      return new Predictions(answer(call, arguments, wanted));
    } catch (EngineException | UnsupportedOperationException | IllegalArgumentException e) {
      throw new PredictionException("PyTorch failed: " + LibTorch.words(e), e);
    }
  }

  private List<Tensor> answer(PtNDManager call, List<Tensor> arguments, List<String> wanted) {
    List<IValue> values = new ArrayList<>(arguments.size());
    try {
      for (Tensor argument : arguments) {
        values.add(IValue.from(copyIn(call, argument)));
      }
      try (IValue answer = module.forward(values.toArray(IValue[]::new))) {
        boolean named = answer.isMap();
        NDList arrays = answer.toNDList(call);
        List<Tensor> tensors = new ArrayList<>(wanted.size());
        for (String name : wanted) {
          tensors.add(copyOut(array(arrays, named, name), output(name)));
        }
        return tensors;
      }
    } finally {
      values.forEach(IValue::close);
    }
  }

  private TensorMetadata output(String name) {
    return signature.outputs().stream()
        .filter(output -> output.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  /** Returns an answer by its name where the module answers a dict, else by its place. */
  private NDArray array(NDList arrays, boolean named, String name) {
    List<String> declared = signature.outputs().stream().map(TensorMetadata::name).toList();
    if (named) {
      for (NDArray array : arrays) {
        if (name.equals(array.getName())) {
          return array;
        }
      }
      throw new PredictionException(
          "the model answered "
              + arrays.stream().map(NDArray::getName).sorted().toList()
              + ", but the signature declares "
              + declared);
    }
    if (arrays.size() != declared.size()) {
      throw new PredictionException(
          "the model answered "
              + arrays.size()
              + " tensors, but the signature declares "
              + declared);
    }
    return arrays.get(declared.indexOf(name));
  }

  private static PtNDArray copyIn(PtNDManager call, Tensor tensor) {
    PtNDArray array =
        call.create(
            new ai.djl.ndarray.types.Shape(tensor.shape().toArray()),
            TorchTypes.find(tensor.datatype()).orElseThrow());
    if (tensor.sizeBytes() > 0) {
      ByteBuffer target = array.toByteBuffer(true);
      if (tensor.datatype() == DataType.BOOL) {
        // libtorch counts on 0 and 1.
        ByteBuffer source = tensor.data();
        while (source.hasRemaining()) {
          target.put((byte) (source.get() == 0 ? 0 : 1));
        }
      } else {
        target.put(tensor.data());
      }
    }
    return array;
  }

  private static Tensor copyOut(NDArray array, TensorMetadata declared) {
    Shape shape = Shape.of(array.getShape().getShape());
    boolean fits =
        TorchTypes.find(declared.datatype()).orElseThrow() == array.getDataType()
            && !array.isSparse()
            && declared.shape().accepts(shape);
    if (!fits) {
      throw new PredictionException(
          "the model answered "
              + array.getDataType()
              + " "
              + shape
              + " as \""
              + declared.name()
              + "\", but the signature declares "
              + declared.datatype()
              + " "
              + declared.shape());
    }
    int size = Math.toIntExact(shape.elementCount() * declared.datatype().elementSizeBytes());
    ByteBuffer copy = ByteBuffer.allocate(size);
    if (size > 0) {
      copy.put(array.toByteBuffer(true)).flip();
    }
    return Tensor.of(declared.name(), declared.datatype(), shape, copy);
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      memory.close();
    }
  }
}
