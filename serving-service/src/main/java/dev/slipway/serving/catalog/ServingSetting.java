package dev.slipway.serving.catalog;

import com.google.errorprone.annotations.Immutable;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;

/**
 * One setting that a model may have of its own: its name, as in the contract, and which values it
 * takes. Values are {@link Long}, {@link Boolean}, {@link Duration} or {@link Granularity}.
 */
public enum ServingSetting {
  /** Requests that may wait for one version. */
  MAX_QUEUED("admission.max_queued", new Whole(0, 1_000_000)),
  /** Engine calls of one version at once. */
  MAX_RUNNING("admission.max_running", new Whole(1, 1_024)),
  /** Whether requests are joined. */
  BATCHING("batching.enabled", new YesNo()),
  /** Rows that requests are joined up to. */
  MAX_BATCH_ROWS("batching.max_rows", new Whole(1, 1 << 20)),
  /** Longest wait for company. */
  MAX_DELAY("batching.max_delay", new Time(Duration.ZERO, Duration.ofSeconds(1))),
  /** Whether answers are kept. */
  CACHED("cache.enabled", new YesNo()),
  /** Bytes of answers that are kept. */
  MAX_CACHE_BYTES("cache.max_bytes", new Whole(0, Long.MAX_VALUE)),
  /** How long an answer is kept. */
  TIME_TO_LIVE("cache.time_to_live", new Time(Duration.ofMillis(1), Duration.ofDays(365))),
  /** What one kept answer is for. */
  GRANULARITY("cache.granularity", new OneOf()),
  /** How long a replaced version stays. */
  ROLLBACK_RETENTION("rollback_retention", new Time(Duration.ZERO, Duration.ofHours(24)));

  private final String path;
  private final Range range;

  ServingSetting(String path, Range range) {
    this.path = path;
    this.range = range;
  }

  /** What one entry of the prediction cache is for. */
  public enum Granularity {
    /** One row. */
    ROW,
    /** One whole request. */
    REQUEST
  }

  /** Returns the name, a path from the settings on: {@code admission.max_queued}. */
  public String path() {
    return path;
  }

  /** Finds a setting by its path. */
  public static Optional<ServingSetting> find(String path) {
    return Arrays.stream(values()).filter(setting -> setting.path.equals(path)).findFirst();
  }

  /**
   * Returns the value if it may be set.
   *
   * @throws IllegalArgumentException if it may not; the message says what may
   */
  public Object check(Object value) {
    if (!range.contains(value)) {
      throw new IllegalArgumentException("must be " + range);
    }
    return value;
  }

  /**
   * Reads a value as {@link #write} writes it.
   *
   * @throws IllegalArgumentException if it is none, or may not be set
   */
  public Object read(String text) {
    try {
      return check(range.read(text));
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException("must be " + range, e);
    }
  }

  /** Writes a value: {@code 12}, {@code true}, {@code 0.5s}, {@code ROW}. */
  public static String write(Object value) {
    if (value instanceof Duration duration) {
      BigDecimal seconds =
          BigDecimal.valueOf(duration.getSeconds())
              .add(BigDecimal.valueOf(duration.getNano(), 9))
              .stripTrailingZeros();
      return seconds.toPlainString() + "s";
    }
    return value.toString();
  }

  /** Which values a setting takes; {@code toString} says it to people. */
  @Immutable
  private interface Range {
    Object read(String text);

    boolean contains(Object value);
  }

  @Immutable
  private record Whole(long least, long most) implements Range {
    @Override
    public Object read(String text) {
      return Long.valueOf(text);
    }

    @Override
    public boolean contains(Object value) {
      return value instanceof Long number && number >= least && number <= most;
    }

    @Override
    public String toString() {
      return most == Long.MAX_VALUE ? "at least " + least : least + " to " + most;
    }
  }

  @Immutable
  private record YesNo() implements Range {
    @Override
    public Object read(String text) {
      return switch (text) {
        case "true" -> true;
        case "false" -> false;
        default -> throw new IllegalArgumentException("must be " + this);
      };
    }

    @Override
    public boolean contains(Object value) {
      return value instanceof Boolean;
    }

    @Override
    public String toString() {
      return "true or false";
    }
  }

  @Immutable
  private record Time(Duration least, Duration most) implements Range {
    @Override
    public Object read(String text) {
      if (!text.endsWith("s")) {
        throw new IllegalArgumentException("must be " + this);
      }
      BigDecimal nanos = new BigDecimal(text.substring(0, text.length() - 1)).movePointRight(9);
      return Duration.ofNanos(nanos.longValueExact());
    }

    @Override
    public boolean contains(Object value) {
      return value instanceof Duration time
          && time.compareTo(least) >= 0
          && time.compareTo(most) <= 0;
    }

    @Override
    public String toString() {
      return write(least) + " to " + write(most);
    }
  }

  @Immutable
  private record OneOf() implements Range {
    @Override
    public Object read(String text) {
      return Granularity.valueOf(text);
    }

    @Override
    public boolean contains(Object value) {
      return value instanceof Granularity;
    }

    @Override
    public String toString() {
      return "ROW or REQUEST";
    }
  }
}
