package dev.slipway.tracking.rpc;

import dev.slipway.runtime.error.Violations;
import dev.slipway.tracking.dataset.Dataset;

/** Reads the parts of requests that say which dataset is meant. */
final class DatasetRequests {
  private DatasetRequests() {}

  static String name(String field, String name, Violations violations) {
    return EntryRequests.text(field, name, Dataset.MAX_NAME_CHARS, violations);
  }

  static String digest(String field, String digest, Violations violations) {
    return EntryRequests.text(field, digest, Dataset.MAX_DIGEST_CHARS, violations);
  }
}
