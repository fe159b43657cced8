package dev.slipway.engine.predictor.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.slipway.engine.TestModels;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PinnedOutputsTest {
  private final OrtEnvironment environment = OrtEnvironment.getEnvironment();

  @Test
  void outputOfAnotherShapeThanItsPlace_isTheOnlyMisfit() throws Exception {
    try (OnnxTensor row = tensor(OnnxJavaType.FLOAT, 8, 1, 2);
        OnnxTensor one = tensor(OnnxJavaType.FLOAT, 4, 1);
        OnnxTensor two = tensor(OnnxJavaType.FLOAT, 8, 2);
        OnnxTensor known = tensor(OnnxJavaType.INT64, 8, 1);
        OnnxTensor beyond = beyondTheTable()) {
      assertThat(failure("twice", row, row)).matches(PinnedOutputs::isMisfit);
      assertThat(failure("gather", known, two)).matches(PinnedOutputs::isMisfit);
      assertThat(failure("gather", beyond, one)).matches(e -> !PinnedOutputs.isMisfit(e));
    }
  }

  private OrtException failure(String model, OnnxTensor in, OnnxTensor out) throws OrtException {
    try (OrtSession session =
        environment.createSession(TestModels.file(model + ".onnx").toString())) {
      return catchThrowableOfType(
          OrtException.class,
          () -> session.run(Map.of("in", in), Set.of(), Map.of("out", out)).close());
    }
  }

  private OnnxTensor beyondTheTable() throws OrtException {
    ByteBuffer index = ByteBuffer.allocateDirect(8).order(ByteOrder.nativeOrder());
    return OnnxTensor.createTensor(
        environment, index.putLong(0, 99), new long[] {1}, OnnxJavaType.INT64);
  }

  private OnnxTensor tensor(OnnxJavaType type, int bytes, long... shape) throws OrtException {
    ByteBuffer zeros = ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
    return OnnxTensor.createTensor(environment, zeros, shape, type);
  }
}
