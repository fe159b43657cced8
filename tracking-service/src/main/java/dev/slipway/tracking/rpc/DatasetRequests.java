package dev.slipway.tracking.rpc;

import dev.slipway.runtime.error.Violations;
import dev.slipway.tracking.dataset.Dataset;
import dev.slipway.tracking.dataset.DatasetInput;
import dev.slipway.tracking.entry.Tag;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads the parts of requests that say which dataset is meant. */
final class DatasetRequests {
  private DatasetRequests() {}

  static String name(String field, String name, Violations violations) {
    return EntryRequests.text(field, name, Dataset.MAX_NAME_CHARS, violations);
  }

  static String digest(String field, String digest, Violations violations) {
    return EntryRequests.text(field, digest, Dataset.MAX_DIGEST_CHARS, violations);
  }

  /** Reads dataset inputs; of equal datasets the first one counts. */
  static List<DatasetInput> inputs(
      String field, List<dev.slipway.tracking.v1.DatasetInput> messages, Violations violations) {
    EntryRequests.atMost(field, messages.size(), DatasetInput.MAX_PER_REQUEST, violations);
    List<DatasetInput> inputs = new ArrayList<>();
    Set<List<String>> seen = new HashSet<>();
    for (int i = 0; i < messages.size(); i++) {
      String path = field + "[" + i + "].";
      Dataset dataset = dataset(path + "dataset.", messages.get(i).getDataset(), violations);
      List<Tag> tags = tags(path + "tags", messages.get(i).getTagsList(), violations);
      if (seen.add(List.of(dataset.name(), dataset.digest()))) {
        inputs.add(new DatasetInput(dataset, tags, false));
      }
    }
    return inputs;
  }

  private static Dataset dataset(
      String path, dev.slipway.tracking.v1.Dataset message, Violations violations) {
    violations.required(path + "name", message.getName());
    violations.required(path + "digest", message.getDigest());
    violations.required(path + "source_type", message.getSourceType());
    violations.required(path + "source", message.getSource());
    return new Dataset(
        name(path + "name", message.getName(), violations),
        digest(path + "digest", message.getDigest(), violations),
        EntryRequests.text(
            path + "source_type",
            message.getSourceType(),
            Dataset.MAX_SOURCE_TYPE_CHARS,
            violations),
        EntryRequests.text(
            path + "source", message.getSource(), Dataset.MAX_SOURCE_CHARS, violations),
        EntryRequests.text(
            path + "schema", message.getSchema(), Dataset.MAX_SCHEMA_CHARS, violations),
        EntryRequests.text(
            path + "profile", message.getProfile(), Dataset.MAX_PROFILE_CHARS, violations));
  }

  /**
   * Reads the tags of an input, whose keys are freer than others; of equal keys the last counts.
   */
  private static List<Tag> tags(
      String field, List<dev.slipway.tracking.v1.Tag> messages, Violations violations) {
    EntryRequests.atMost(field, messages.size(), Tag.MAX_PER_REQUEST, violations);
    Map<String, Tag> tags = new LinkedHashMap<>();
    for (int i = 0; i < messages.size(); i++) {
      String path = field + "[" + i + "].";
      String key = messages.get(i).getKey();
      String value = messages.get(i).getValue();
      violations.required(path + "key", key);
      EntryRequests.text(path + "key", key, DatasetInput.MAX_TAG_KEY_CHARS, violations);
      EntryRequests.text(path + "value", value, DatasetInput.MAX_TAG_VALUE_CHARS, violations);
      tags.put(key, new Tag(key, value));
    }
    return List.copyOf(tags.values());
  }
}
