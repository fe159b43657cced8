package dev.slipway.artifact.content;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Says that a download was to begin behind the end of the file. */
public final class OffsetBeyondEndException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure from the values concerned. */
  public OffsetBeyondEndException(long offset, long sizeBytes) {
    super(
        ErrorKind.OUT_OF_RANGE,
        "OFFSET_BEYOND_END",
        "offset " + offset + " is beyond the end; the file has " + sizeBytes + " bytes",
        Map.of("size_bytes", Long.toString(sizeBytes)));
  }
}
