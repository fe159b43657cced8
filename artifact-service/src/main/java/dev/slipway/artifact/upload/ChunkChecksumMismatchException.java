package dev.slipway.artifact.upload;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Says that a chunk was altered on its way. */
public final class ChunkChecksumMismatchException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure from the values concerned. */
  public ChunkChecksumMismatchException(long offset) {
    super(
        ErrorKind.DATA_LOSS,
        "CHUNK_CHECKSUM_MISMATCH",
        "the chunk at offset " + offset + " does not have its crc32c; resume from there",
        Map.of("offset", Long.toString(offset)));
  }
}
