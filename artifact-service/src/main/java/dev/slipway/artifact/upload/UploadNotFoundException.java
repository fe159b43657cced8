package dev.slipway.artifact.upload;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Says that an upload is not known (any more). */
public final class UploadNotFoundException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure from the values concerned. */
  public UploadNotFoundException(UploadId uploadId) {
    super(
        ErrorKind.NOT_FOUND,
        "UPLOAD_NOT_FOUND",
        "no upload " + uploadId + " is known; begin at offset 0",
        Map.of("upload_id", uploadId.value()));
  }
}
