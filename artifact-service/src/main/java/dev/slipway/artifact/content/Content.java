package dev.slipway.artifact.content;

/**
 * Names bytes that are stored.
 *
 * @param sha256 their digest
 * @param sizeBytes how many there are, 0 or more
 */
public record Content(Sha256 sha256, long sizeBytes) {
  /** Checks the size. */
  public Content {
    if (sizeBytes < 0) {
      throw new IllegalArgumentException("a size is not negative: " + sizeBytes);
    }
  }
}
