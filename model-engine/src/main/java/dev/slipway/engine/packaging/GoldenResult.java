package dev.slipway.engine.packaging;

import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.HalfFloats;
import dev.slipway.engine.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/**
 * How one golden request came out.
 *
 * @param name the case
 * @param outputs how far each expected output is off, in the order of the case; empty when the
 *     prediction failed
 * @param problems what was outside the tolerances, at most one line per output; empty when the case
 *     passed
 */
public record GoldenResult(String name, List<OutputDeviation> outputs, List<String> problems) {

  /** Copies the lists. */
  public GoldenResult {
    outputs = List.copyOf(outputs);
    problems = List.copyOf(problems);
  }

  /** Tells whether every expected output is there and within the tolerances. */
  public boolean passed() {
    return problems.isEmpty();
  }

  /** Returns the largest deviation of all outputs; infinite when the prediction failed. */
  public double maxAbsoluteDeviation() {
    return max(OutputDeviation::maxAbsolute);
  }

  /** Returns the largest relative deviation of all outputs; infinite when the prediction failed. */
  public double maxRelativeDeviation() {
    return max(OutputDeviation::maxRelative);
  }

  private double max(ToDoubleFunction<OutputDeviation> deviation) {
    return outputs.stream().mapToDouble(deviation).max().orElse(Double.POSITIVE_INFINITY);
  }

  /** Returns the result of a case whose prediction failed. */
  public static GoldenResult failed(GoldenCase golden, String reason) {
    return new GoldenResult(golden.name(), List.of(), List.of(reason));
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
    List<OutputDeviation> outputs = new ArrayList<>();
    List<String> problems = new ArrayList<>();
    for (Tensor expected : golden.outputs()) {
      Tensor answered = byName.get(expected.name());
      if (answered == null) {
        problems.add("output " + expected.name() + ": the model did not answer it");
        outputs.add(OutputDeviation.notCompared(expected.name()));
      } else if (!answered.metadata().equals(expected.metadata())) {
        problems.add(
            "output " + expected.name() + ": expected " + expected + ", answered " + answered);
        outputs.add(OutputDeviation.notCompared(expected.name()));
      } else {
        Comparison comparison = new Comparison(golden.atol(), golden.rtol());
        comparison.compare(expected, answered);
        comparison.problem(expected).ifPresent(problems::add);
        outputs.add(comparison.deviation(expected));
      }
    }
    return new GoldenResult(golden.name(), outputs, problems);
  }

  /** Walks the pairs of values of one output and remembers the worst. */
  private static final class Comparison {

    private final double atol;
    private final double rtol;
    private double maxAbsolute;
    private double maxRelative;
    private long mismatches;
    private long first = -1;
    private long worst = -1;
    private double worstAbsolute = -1;

    /** Deviation of the pair that was compared last; 0 for what is no number. */
    private double lastAbsolute;

    Comparison(double atol, double rtol) {
      this.atol = atol;
      this.rtol = rtol;
    }

    void compare(Tensor expected, Tensor actual) {
      if (expected.datatype() == DataType.BYTES) {
        byte[][] left = expected.toBytes();
        byte[][] right = actual.toBytes();
        for (int i = 0; i < left.length; i++) {
          if (!Arrays.equals(left[i], right[i])) {
            mismatch(i);
          }
        }
      } else {
        ByteBuffer left = expected.data();
        ByteBuffer right = actual.data();
        for (long i = 0; left.hasRemaining(); i++) {
          if (!agrees(expected.datatype(), left, right)) {
            mismatch(i);
          }
        }
      }
    }

    private void mismatch(long index) {
      mismatches++;
      first = first < 0 ? index : first;
      if (lastAbsolute > worstAbsolute) {
        worstAbsolute = lastAbsolute;
        worst = index;
      }
    }

    Optional<String> problem(Tensor expected) {
      return mismatches == 0
          ? Optional.empty()
          : Optional.of(
              "output "
                  + expected.name()
                  + ": "
                  + mismatches
                  + " of "
                  + expected.elementCount()
                  + " values are outside the tolerances, the first at index "
                  + first);
    }

    OutputDeviation deviation(Tensor expected) {
      return new OutputDeviation(
          expected.name(), maxAbsolute, maxRelative, mismatches, expected.elementCount(), worst);
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
      lastAbsolute = absolute;
      maxAbsolute = Math.max(maxAbsolute, absolute);
      if (expected != 0) {
        double relative = absolute / Math.abs(expected);
        maxRelative =
            Math.max(maxRelative, Double.isNaN(relative) ? Double.POSITIVE_INFINITY : relative);
      }
    }
  }
}
