package dev.slipway.engine.tensor;

import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The element types of the Open Inference Protocol, {@code BF16} of Triton included. The constant's
 * name is the protocol's name and is compared exactly.
 */
public enum DataType {
  /** One byte, 0 or 1; any other value reads as true. */
  BOOL(1, "bool"),
  /** Unsigned 8 bits. */
  UINT8(1, "uint8"),
  /** Unsigned 16 bits. */
  UINT16(2, "uint16"),
  /** Unsigned 32 bits. */
  UINT32(4, "uint32"),
  /** Unsigned 64 bits. */
  UINT64(8, "uint64"),
  /** Signed 8 bits. */
  INT8(1, "int8"),
  /** Signed 16 bits. */
  INT16(2, "int16"),
  /** Signed 32 bits. */
  INT32(4, "int32"),
  /** Signed 64 bits. */
  INT64(8, "int64"),
  /** IEEE 754 binary16. */
  FP16(2, "float16"),
  /** The high half of IEEE 754 binary32. */
  BF16(2, "bfloat16"),
  /** IEEE 754 binary32. */
  FP32(4, "float32"),
  /** IEEE 754 binary64. */
  FP64(8, "float64"),
  /**
   * A string of bytes: a 4-byte little-endian unsigned length, then that many bytes. UTF-8 by
   * habit.
   */
  BYTES(0, "object");

  private static final Map<String, DataType> BY_OIP_NAME =
      Arrays.stream(values())
          .collect(Collectors.toUnmodifiableMap(DataType::name, Function.identity()));
  private static final Map<String, DataType> BY_NUMPY_NAME =
      Arrays.stream(values())
          .collect(Collectors.toUnmodifiableMap(DataType::numpyName, Function.identity()));

  private final int elementSizeBytes;
  private final String numpyName;

  DataType(int elementSizeBytes, String numpyName) {
    this.elementSizeBytes = elementSizeBytes;
    this.numpyName = numpyName;
  }

  /** Returns the bytes of one element, 0 for {@link #BYTES}, whose elements differ in length. */
  public int elementSizeBytes() {
    return elementSizeBytes;
  }

  /** Tells whether every element has the same length: all types but {@link #BYTES}. */
  public boolean isFixedSize() {
    return elementSizeBytes > 0;
  }

  /** Returns the name in the Open Inference Protocol. */
  public String oipName() {
    return name();
  }

  /** Returns NumPy's name; {@code object} for {@link #BYTES}. */
  public String numpyName() {
    return numpyName;
  }

  /** Tells whether values are floating point, of whatever width. */
  public boolean isFloat() {
    return switch (this) {
      case FP16, BF16, FP32, FP64 -> true;
      default -> false;
    };
  }

  /** Tells whether values are whole numbers, signed or not; {@link #BOOL} is not. */
  public boolean isInteger() {
    return switch (this) {
      case UINT8, UINT16, UINT32, UINT64, INT8, INT16, INT32, INT64 -> true;
      default -> false;
    };
  }

  /** Finds the type of an exact Open Inference Protocol name. */
  public static Optional<DataType> findByOipName(String name) {
    return Optional.ofNullable(BY_OIP_NAME.get(name));
  }

  /**
   * Finds the type that carries a NumPy dtype as MLflow writes it: {@code float32}, and {@code
   * str}, {@code bytes} and {@code object} for {@link #BYTES}. Complex types have none.
   */
  public static Optional<DataType> findByNumpyName(String name) {
    return switch (name) {
      case "str", "bytes" -> Optional.of(BYTES);
      default -> Optional.ofNullable(BY_NUMPY_NAME.get(name));
    };
  }
}
