package dev.slipway.artifact.upload;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Says that an upload was resumed with another spec than it was begun with. */
public final class UploadSpecChangedException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure from the values concerned. */
  public UploadSpecChangedException(UploadId uploadId) {
    super(
        ErrorKind.FAILED_PRECONDITION,
        "UPLOAD_SPEC_CHANGED",
        "upload " + uploadId + " was begun with another spec; choose another upload_id",
        Map.of("upload_id", uploadId.value()));
  }
}
