package dev.slipway.tracking.store;

import dev.slipway.tracking.entry.Param;
import dev.slipway.tracking.entry.Tag;
import java.util.List;

/** Estimates sizes on the wire in bytes, rather too large than too small. */
final class WireSize {
  private static final int PER_ENTRY = 32;
  private static final int PER_CHAR = 3;

  private WireSize() {}

  /** Returns the size of an entry with these texts and a few numbers. */
  static long of(String... texts) {
    long bytes = PER_ENTRY;
    for (String text : texts) {
      bytes += (long) PER_CHAR * text.length();
    }
    return bytes;
  }

  static long ofTags(List<Tag> tags) {
    return tags.stream().mapToLong(tag -> of(tag.key(), tag.value())).sum();
  }

  static long ofParams(List<Param> params) {
    return params.stream().mapToLong(param -> of(param.key(), param.value())).sum();
  }
}
