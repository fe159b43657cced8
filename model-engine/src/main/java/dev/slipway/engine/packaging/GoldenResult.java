package dev.slipway.engine.packaging;

import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.HalfFloats;
import dev.slipway.engine.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * How one golden request came out.
 *
 * @param name the case
 * @param maxAbsoluteDeviation the largest {@code |actual - expected|} over all numbers that both
 *     have; infinite where one is NaN or infinite and the other is not
 * @param maxRelativeDeviation the largest {@code |actual - expected| / |expected|} over the same,
 *     expected zeros aside
 * @param problems what was outside the tolerances, at most one line per output; empty when the case
 *     passed
 */
public record GoldenResult(
    String name, double maxAbsoluteDeviation, double maxRelativeDeviation, List<String> problems) {

  /** Copies the list. */
  public GoldenResult {
    problems = List.copyOf(problems);
  }

  /** Tells whether every expected output is there and within the tolerances. */
  public boolean passed() {
    return problems.isEmpty();
  }

  /** Returns the result of a case whose prediction failed. */
  public static GoldenResult failed(GoldenCase golden, String reason) {
    return new GoldenResult(
        golden.name(), Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY, List.of(reason));
  }

  /**
   * Compares what a model answered with what it should. Datatype and shape must be equal;
   * floating-point values may differ within the tolerances, NaN equals NaN; everything else must be
   * equal.
   */
  public static GoldenResult compare(GoldenCase golden, List<Tensor> actual) {
    Map<String, Tensor> byName =
        actual.stream()
            .collect(Collectors.toMap(Tensor::name, Function.identity(), (first, second) -> first));
    Comparison comparison = new Comparison(golden.atol(), golden.rtol());
    for (Tensor expected : golden.outputs()) {
      Tensor answered = byName.get(expected.name());
      if (answered == null) {
        comparison.problems.add("output " + expected.name() + ": the model did not answer it");
      } else if (!answered.metadata().equals(expected.metadata())) {
        comparison.problems.add(
            "output " + expected.name() + ": expected " + expected + ", answered " + answered);
      } else {
        comparison.compare(expected, answered);
      }
    }
    return new GoldenResult(
        golden.name(), comparison.maxAbsolute, comparison.maxRelative, comparison.problems);
  }

  /** Walks pairs of values and remembers the worst. */
  private static final class Comparison {

    private final double atol;
    private final double rtol;
    private final List<String> problems = new ArrayList<>();
    private double maxAbsolute;
    private double maxRelative;

    Comparison(double atol, double rtol) {
      this.atol = atol;
      this.rtol = rtol;
    }

    void compare(Tensor expected, Tensor actual) {
      List<Integer> wrong = new ArrayList<>();
      if (expected.datatype() == DataType.BYTES) {
        byte[][] left = expected.toBytes();
        byte[][] right = actual.toBytes();
        for (int i = 0; i < left.length; i++) {
          if (!Arrays.equals(left[i], right[i])) {
            wrong.add(i);
          }
        }
      } else {
        ByteBuffer left = expected.data();
        ByteBuffer right = actual.data();
        for (int i = 0; left.hasRemaining(); i++) {
          if (!agrees(expected.datatype(), left, right)) {
            wrong.add(i);
          }
        }
      }
      if (!wrong.isEmpty()) {
        problems.add(
            "output "
                + expected.name()
                + ": "
                + wrong.size()
                + " of "
                + expected.elementCount()
                + " values are outside the tolerances, the first at index "
                + wrong.get(0));
      }
    }

    private boolean agrees(DataType datatype, ByteBuffer left, ByteBuffer right) {
      return switch (datatype) {
        case BOOL -> exact(left.get() != 0 ? 1 : 0, right.get() != 0 ? 1 : 0);
        case INT8 -> exact(left.get(), right.get());
        case UINT8 -> exact(Byte.toUnsignedInt(left.get()), Byte.toUnsignedInt(right.get()));
        case INT16 -> exact(left.getShort(), right.getShort());
        case UINT16 ->
            exact(Short.toUnsignedInt(left.getShort()), Short.toUnsignedInt(right.getShort()));
        case INT32 -> exact(left.getInt(), right.getInt());
        case UINT32 ->
            exact(Integer.toUnsignedLong(left.getInt()), Integer.toUnsignedLong(right.getInt()));
        case INT64 -> exact(left.getLong(), right.getLong());
        case UINT64 -> {
          long expected = left.getLong();
          long actual = right.getLong();
          note(unsigned(expected), unsigned(actual));
          yield expected == actual;
        }
        case FP16 ->
            near(HalfFloats.fp16ToFloat(left.getShort()), HalfFloats.fp16ToFloat(right.getShort()));
        case BF16 ->
            near(HalfFloats.bf16ToFloat(left.getShort()), HalfFloats.bf16ToFloat(right.getShort()));
        case FP32 -> near(left.getFloat(), right.getFloat());
        case FP64 -> near(left.getDouble(), right.getDouble());
        case BYTES -> throw new IllegalStateException("BYTES has no fixed element");
      };
    }

    private static double unsigned(long value) {
      return value >= 0 ? (double) value : (double) (value >>> 1) * 2.0;
    }

    private boolean exact(long expected, long actual) {
      note((double) expected, (double) actual);
      return expected == actual;
    }

    private boolean near(double expected, double actual) {
      // Also true for two NaN and for equal infinities.
      if (Double.compare(expected, actual) == 0 || expected == actual) {
        return true;
      }
      note(expected, actual);
      return Double.isFinite(expected)
          && Double.isFinite(actual)
          && Math.abs(actual - expected) <= atol + rtol * Math.abs(expected);
    }

    private void note(double expected, double actual) {
      double absolute = Math.abs(actual - expected);
      if (Double.isNaN(absolute)) {
        absolute = Double.POSITIVE_INFINITY;
      }
      maxAbsolute = Math.max(maxAbsolute, absolute);
      if (expected != 0) {
        double relative = absolute / Math.abs(expected);
        maxRelative =
            Math.max(maxRelative, Double.isNaN(relative) ? Double.POSITIVE_INFINITY : relative);
      }
    }
  }
}
