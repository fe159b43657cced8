package dev.slipway.tracking.dataset;

/**
 * Is a dataset that runs read, identified within an experiment by name and digest.
 *
 * @param digest fingerprint of the content, computed by the client
 * @param sourceType kind of the source, such as {@code local}
 * @param source where the data came from
 * @param schema as the client describes it; possibly empty
 * @param profile summary of the content as the client describes it; possibly empty
 */
public record Dataset(
    String name, String digest, String sourceType, String source, String schema, String profile) {
  /** The most characters of a name. */
  public static final int MAX_NAME_CHARS = 500;

  /** The most characters of a digest. */
  public static final int MAX_DIGEST_CHARS = 36;

  /** The most characters of a source type. */
  public static final int MAX_SOURCE_TYPE_CHARS = 36;

  /** The most characters of a source. */
  public static final int MAX_SOURCE_CHARS = 65_535;

  /** The most characters of a schema. */
  public static final int MAX_SCHEMA_CHARS = 1_048_575;

  /** The most characters of a profile. */
  public static final int MAX_PROFILE_CHARS = 16_777_215;

  /** Returns the length of source, schema and profile together. */
  public long detailChars() {
    return (long) source.length() + schema.length() + profile.length();
  }
}
