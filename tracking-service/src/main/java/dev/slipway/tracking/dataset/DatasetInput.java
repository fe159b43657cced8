package dev.slipway.tracking.dataset;

import dev.slipway.tracking.entry.Tag;
import java.util.List;

/**
 * Is a dataset as the input of a run.
 *
 * @param tags labels of this use, in order of key
 * @param detailsOmitted whether source, schema and profile are empty only because they were not
 *     read
 */
public record DatasetInput(Dataset dataset, List<Tag> tags, boolean detailsOmitted) {
  /** The most inputs of one request. */
  public static final int MAX_PER_REQUEST = 1000;

  /** The most characters of a tag's key. */
  public static final int MAX_TAG_KEY_CHARS = 255;

  /** The most characters of a tag's value. */
  public static final int MAX_TAG_VALUE_CHARS = 500;

  /** The tag that says what the dataset was used for, such as {@code training}. */
  public static final String CONTEXT_TAG = "mlflow.data.context";

  /** Copies the tags. */
  public DatasetInput {
    tags = List.copyOf(tags);
  }

  /** Returns what the dataset was used for; empty when no tag says so. */
  public String context() {
    return tags.stream()
        .filter(tag -> tag.key().equals(CONTEXT_TAG))
        .map(Tag::value)
        .findFirst()
        .orElse("");
  }
}
