package dev.slipway.artifact.upload;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Says that the store does not have a part with the number and tag that were given. */
public final class PartMissingException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure from the values concerned. */
  public PartMissingException(UploadId uploadId, int partNumber) {
    super(
        ErrorKind.FAILED_PRECONDITION,
        "PART_MISSING",
        "the store has no part "
            + partNumber
            + " with this etag of upload "
            + uploadId
            + "; send it to its URL and complete again",
        Map.of("upload_id", uploadId.value(), "part_number", Integer.toString(partNumber)));
  }
}
