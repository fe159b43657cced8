package dev.slipway.serving.cache;

import dev.slipway.engine.tensor.BatchAxis;
import dev.slipway.engine.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Makes the keys of one request: package, outputs, parameters and inputs, every part behind its
 * kind or length so that none runs into the next. Not thread-safe.
 */
public final class CacheKeys {
  private final MessageDigest sha = sha256();
  private final ByteBuffer scratch = ByteBuffer.allocate(Long.BYTES);
  private final String packageDigest;
  private final List<String> outputs;
  private final Map<String, Object> parameters;

  /**
   * Creates it.
   *
   * @param packageDigest the package that answers
   * @param outputs names of the wanted outputs, in order
   * @param parameters checked parameters: Boolean, Long, Double, String, or lists of them
   */
  public CacheKeys(String packageDigest, List<String> outputs, Map<String, Object> parameters) {
    this.packageDigest = packageDigest;
    this.outputs = outputs;
    this.parameters = new TreeMap<>(parameters);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Returns the key of a whole request. */
  public CacheKey ofRequest(List<Tensor> inputs) {
    sha.update(prefix("request", inputs, 0));
    inputs.forEach(input -> sha.update(input.data()));
    return key(sha.digest());
  }

  /**
   * Returns the key of each row; that of a row is the same in every request.
   *
   * @param inputs at least one, all with this first dimension
   */
  public List<CacheKey> ofRows(List<Tensor> inputs, int rows) {
    byte[] prefix = prefix("row", inputs, 1);
    List<Integer> ones = Collections.nCopies(rows, 1);
    List<List<Tensor>> split = inputs.stream().map(input -> BatchAxis.split(input, ones)).toList();
    List<CacheKey> keys = new ArrayList<>(rows);
    for (int row = 0; row < rows; row++) {
      sha.update(prefix);
      for (List<Tensor> input : split) {
        sha.update(input.get(row).data());
      }
      keys.add(key(sha.digest()));
    }
    return keys;
  }

  /** Returns the hash of all but the inputs' bytes, whose lengths it settles. */
  private byte[] prefix(String kind, List<Tensor> inputs, int firstDimension) {
    text(kind);
    text(packageDigest);
    number(outputs.size());
    outputs.forEach(this::text);
    number(parameters.size());
    parameters.forEach(
        (name, value) -> {
          text(name);
          value(value);
        });
    number(inputs.size());
    for (Tensor input : inputs) {
      text(input.name());
      text(input.datatype().name());
      number(input.shape().rank());
      for (int i = firstDimension; i < input.shape().rank(); i++) {
        number(input.shape().dimension(i));
      }
    }
    return sha.digest();
  }

  private void value(Object value) {
    if (value instanceof List<?> list) {
      text("list");
      number(list.size());
      list.forEach(this::value);
    } else if (value instanceof Double number) {
      text("double");
      number(Double.doubleToRawLongBits(number));
    } else {
      text(value.getClass().getName());
      text(value.toString());
    }
  }

  private void text(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    number(bytes.length);
    sha.update(bytes);
  }

  private void number(long number) {
    sha.update(scratch.clear().putLong(number).flip());
  }

  private static CacheKey key(byte[] hash) {
    ByteBuffer bytes = ByteBuffer.wrap(hash);
    return new CacheKey(bytes.getLong(), bytes.getLong(), bytes.getLong(), bytes.getLong());
  }
}
