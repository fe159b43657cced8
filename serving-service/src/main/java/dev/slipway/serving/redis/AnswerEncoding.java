package dev.slipway.serving.redis;

import dev.slipway.engine.error.InvalidInputException;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.Tensor;
import dev.slipway.serving.cache.CacheKey;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * How an answer lies in Redis. The key is {@link #PREFIX}, then the 32 bytes of the hash. The value
 * is big-endian: {@code "SLPA"}, a byte for the version of this form, the time of computation as
 * milliseconds since 1970, the number of tensors; of each the name, the datatype's name in the Open
 * Inference Protocol, the shape and the raw bytes, each behind its length or rank; in the end the
 * CRC-32C of hash and value, so that what is damaged, or lies under another key than its own, is no
 * answer.
 */
final class AnswerEncoding {
  /** What all keys begin with. */
  static final String PREFIX = "slipway:prediction:";

  private static final byte[] PREFIX_BYTES = PREFIX.getBytes(StandardCharsets.US_ASCII);
  private static final int HASH_BYTES = 4 * Long.BYTES;
  private static final int MAGIC = 0x534c5041;
  private static final byte VERSION = 1;
  private static final int HEAD_BYTES = Integer.BYTES + 1 + Long.BYTES + Integer.BYTES;

  private AnswerEncoding() {}

  /**
   * An answer and when it was computed.
   *
   * @param computedMillis milliseconds since 1970
   */
  record Dated(List<Tensor> outputs, long computedMillis) {}

  static byte[] key(CacheKey key) {
    return ByteBuffer.allocate(PREFIX_BYTES.length + HASH_BYTES)
        .put(PREFIX_BYTES)
        .put(hash(key))
        .array();
  }

  private static byte[] hash(CacheKey key) {
    return ByteBuffer.allocate(HASH_BYTES)
        .putLong(key.first())
        .putLong(key.second())
        .putLong(key.third())
        .putLong(key.fourth())
        .array();
  }

  /** Returns the value of an answer; empty if it would have more bytes than these. */
  static Optional<byte[]> encode(CacheKey key, Dated answer, int mostBytes) {
    long bytes = HEAD_BYTES + Integer.BYTES;
    List<byte[]> names = new ArrayList<>();
    for (Tensor output : answer.outputs()) {
      byte[] name = text(output.name());
      names.add(name);
      bytes += Integer.BYTES + name.length;
      bytes += Integer.BYTES + text(output.datatype().oipName()).length;
      bytes += Integer.BYTES + (long) output.shape().rank() * Long.BYTES;
      bytes += Integer.BYTES + output.sizeBytes();
    }
    if (bytes > mostBytes) {
      return Optional.empty();
    }
    ByteBuffer value = ByteBuffer.allocate((int) bytes);
    value.putInt(MAGIC).put(VERSION).putLong(answer.computedMillis());
    value.putInt(answer.outputs().size());
    for (int i = 0; i < names.size(); i++) {
      Tensor output = answer.outputs().get(i);
      put(value, names.get(i));
      put(value, text(output.datatype().oipName()));
      value.putInt(output.shape().rank());
      for (long dimension : output.shape().toArray()) {
        value.putLong(dimension);
      }
      value.putInt(output.sizeBytes()).put(output.data());
    }
    return Optional.of(value.putInt(checksum(key, value.array())).array());
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static void put(ByteBuffer value, byte[] text) {
    value.putInt(text.length).put(text);
  }

  /** Returns the checksum of a hash and all of a value but its last four bytes. */
  private static int checksum(CacheKey key, byte[] value) {
    CRC32C sum = new CRC32C();
    sum.update(hash(key));
    sum.update(value, 0, value.length - Integer.BYTES);
    return (int) sum.getValue();
  }

  /** Reads a value; empty if it is not an answer to this key in this form. */
  static Optional<Dated> decode(CacheKey key, byte[] value) {
    if (value.length < HEAD_BYTES + Integer.BYTES) {
      return Optional.empty();
    }
    ByteBuffer read = ByteBuffer.wrap(value);
    if (read.getInt(value.length - Integer.BYTES) != checksum(key, value)) {
      return Optional.empty();
    }
    read.limit(value.length - Integer.BYTES);
    try {
      if (read.getInt() != MAGIC || read.get() != VERSION) {
        return Optional.empty();
      }
      long computedMillis = read.getLong();
      int count = read.getInt();
      List<Tensor> outputs = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        outputs.add(tensor(read));
      }
      return read.hasRemaining()
          ? Optional.empty()
          : Optional.of(new Dated(List.copyOf(outputs), computedMillis));
    } catch (BufferUnderflowException | IllegalArgumentException | InvalidInputException e) {
      return Optional.empty();
    }
  }

  private static Tensor tensor(ByteBuffer read) {
    String name = text(read);
    DataType datatype =
        DataType.findByOipName(text(read))
            .orElseThrow(() -> new IllegalArgumentException("unknown datatype"));
    long[] dimensions = new long[length(read, Long.BYTES)];
    for (int i = 0; i < dimensions.length; i++) {
      dimensions[i] = read.getLong();
    }
    int bytes = length(read, 1);
    ByteBuffer data = read.slice(read.position(), bytes);
    read.position(read.position() + bytes);
    return Tensor.of(name, datatype, Shape.of(dimensions), data);
  }

  private static String text(ByteBuffer read) {
    byte[] text = new byte[length(read, 1)];
    read.get(text);
    return new String(text, StandardCharsets.UTF_8);
  }

  /** Reads how many parts of this size follow, which must be there. */
  private static int length(ByteBuffer read, int partBytes) {
    int length = read.getInt();
    if (length < 0 || length > read.remaining() / partBytes) {
      throw new IllegalArgumentException("ends too early");
    }
    return length;
  }
}
