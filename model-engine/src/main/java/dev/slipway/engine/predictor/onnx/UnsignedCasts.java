package dev.slipway.engine.predictor.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import dev.slipway.engine.packaging.Flavor;
import dev.slipway.engine.tensor.DataType;
import java.io.IOException;
import java.io.InputStream;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;

/**
 * Makes unsigned tensors of 16, 32 and 64 bits, which ONNX Runtime's Java binding cannot create
 * from a buffer: a model of one cast takes the signed tensor of the same bits and answers the
 * unsigned one. Any thread may cast.
 */
final class UnsignedCasts implements AutoCloseable {

  private static final Set<DataType> NEEDED_FOR =
      Set.of(DataType.UINT16, DataType.UINT32, DataType.UINT64);

  private final Map<DataType, OrtSession> sessions = new EnumMap<>(DataType.class);

  /** Loads the casts for those of the types that need one. */
  UnsignedCasts(OrtEnvironment environment, Set<DataType> types) throws OrtException {
    for (DataType type : types) {
      if (NEEDED_FOR.contains(type)) {
        try (SessionOptions options = OnnxPredictorProvider.options(new Flavor("onnx", Map.of()))) {
          sessions.put(type, environment.createSession(model(type), options));
        } catch (OrtException e) {
          close();
          throw e;
        }
      }
    }
  }

  private static byte[] model(DataType type) {
    String name = "cast_" + type.numpyName() + ".onnx";
    try (InputStream in = UnsignedCasts.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException("the resource " + name + " is missing from the jar");
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new IllegalStateException("cannot read the resource " + name, e);
    }
  }

  boolean needed(DataType type) {
    return sessions.containsKey(type);
  }

  /** Returns the result that owns the unsigned tensor of the signed one's bits, its only value. */
  OrtSession.Result cast(OnnxTensor signed, DataType type) throws OrtException {
    return sessions.get(type).run(Map.of("in", signed));
  }

  @Override
  public void close() throws OrtException {
    for (OrtSession session : sessions.values()) {
      session.close();
    }
    sessions.clear();
  }
}
