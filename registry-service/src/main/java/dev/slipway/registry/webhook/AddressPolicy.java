package dev.slipway.registry.webhook;

import java.net.InetAddress;
import java.util.Arrays;
import java.util.List;

/**
 * Says which addresses webhooks may be sent to.
 *
 * <p>Allowed are those that the public network routes to somebody else: of IPv4 all but the special
 * ones of <a href="https://www.rfc-editor.org/rfc/rfc6890">RFC 6890</a> and the registry that it
 * began, multicast and the reserved rest; of IPv6 global unicast but for special and tunnelled
 * ranges. An IPv4 address inside an IPv6 address of translation counts as itself.
 *
 * @param allowPrivate whether every address is allowed
 */
public record AddressPolicy(boolean allowPrivate) {
  private static final int IPV4_BYTES = 4;
  private static final List<Range> SPECIAL_IPV4 =
      List.of(
          new Range(8, 0),
          new Range(8, 10),
          new Range(10, 100, 64),
          new Range(8, 127),
          new Range(16, 169, 254),
          new Range(12, 172, 16),
          new Range(24, 192, 0, 0),
          new Range(24, 192, 0, 2),
          new Range(24, 192, 31, 196),
          new Range(24, 192, 52, 193),
          new Range(24, 192, 88, 99),
          new Range(16, 192, 168),
          new Range(24, 192, 175, 48),
          new Range(15, 198, 18),
          new Range(24, 198, 51, 100),
          new Range(24, 203, 0, 113),
          // Multicast, and all that is reserved above it.
          new Range(3, 224));
  private static final Range GLOBAL_UNICAST = new Range(3, 0x20);
  private static final List<Range> SPECIAL_IPV6 =
      List.of(
          // Protocol assignments, with Teredo among them.
          new Range(23, 0x20, 0x01),
          new Range(32, 0x20, 0x01, 0x0d, 0xb8),
          // 6to4
          new Range(16, 0x20, 0x02),
          new Range(20, 0x3f, 0xff));
  private static final Range TRANSLATED = new Range(96, 0x00, 0x64, 0xff, 0x9b);
  private static final Range MAPPED = new Range(96, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff);

  /** Returns whether webhooks may be sent to an address. */
  public boolean allows(InetAddress address) {
    return allowPrivate || isPublic(address.getAddress());
  }

  private static boolean isPublic(byte[] address) {
    if (address.length == IPV4_BYTES) {
      return SPECIAL_IPV4.stream().noneMatch(range -> range.contains(address));
    }
    if (TRANSLATED.contains(address) || MAPPED.contains(address)) {
      return isPublic(Arrays.copyOfRange(address, address.length - IPV4_BYTES, address.length));
    }
    return GLOBAL_UNICAST.contains(address)
        && SPECIAL_IPV6.stream().noneMatch(range -> range.contains(address));
  }

  /** Is the addresses that begin with the same bits; bytes that are left out are zero. */
  private static final class Range {
    private final int bits;
    private final int[] start;

    Range(int bits, int... start) {
      this.bits = bits;
      this.start = start;
    }

    boolean contains(byte[] address) {
      for (int bit = 0; bit < bits; bit++) {
        int expected = bit / 8 < start.length ? start[bit / 8] : 0;
        int mask = 0x80 >> (bit % 8);
        if ((address[bit / 8] & mask) != (expected & mask)) {
          return false;
        }
      }
      return true;
    }
  }
}
