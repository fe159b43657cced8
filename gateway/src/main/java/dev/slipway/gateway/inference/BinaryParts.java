package dev.slipway.gateway.inference;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import java.util.Optional;

/**
 * Hands out the bytes that follow the JSON of a body, tensor after tensor, without copying them.
 * Not thread-safe.
 */
final class BinaryParts {
  private final ByteString bytes;
  private int taken;

  /** Creates the parts of a body, which must not change any more. */
  BinaryParts(byte[] body, int jsonBytes) {
    this.bytes = UnsafeByteOperations.unsafeWrap(body, jsonBytes, body.length - jsonBytes);
  }

  /** Takes the next bytes; empty if there are not that many. */
  Optional<ByteString> take(long size) {
    if (size < 0 || size > left()) {
      return Optional.empty();
    }
    int start = taken;
    taken += (int) size;
    return Optional.of(bytes.substring(start, taken));
  }

  /** Returns how many bytes nobody has taken. */
  int left() {
    return bytes.size() - taken;
  }
}
