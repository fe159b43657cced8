package dev.slipway.tracking.metric;

import java.nio.ByteBuffer;

/**
 * Writes and reads numbers in 1 to 10 bytes: 7 bits a byte, least significant first; signed ones
 * zigzag-coded.
 */
final class Varints {
  private Varints() {}

  static void put(ByteBuffer out, long number) {
    long rest = number;
    while ((rest & ~0x7FL) != 0) {
      out.put((byte) ((rest & 0x7F) | 0x80));
      rest >>>= 7;
    }
    out.put((byte) rest);
  }

  static void putSigned(ByteBuffer out, long number) {
    put(out, (number << 1) ^ (number >> 63));
  }

  static long get(ByteBuffer in) {
    long number = 0;
    for (int shift = 0; shift < Long.SIZE; shift += 7) {
      byte next = in.get();
      number |= (long) (next & 0x7F) << shift;
      if (next >= 0) {
        return number;
      }
    }
    throw new IllegalStateException("a packed number has more than 10 bytes");
  }

  static int getInt(ByteBuffer in) {
    return Math.toIntExact(get(in));
  }

  static long getSigned(ByteBuffer in) {
    long number = get(in);
    return (number >>> 1) ^ -(number & 1);
  }
}
