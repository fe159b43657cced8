package dev.slipway.artifact.upload;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/**
 * Says that another stream of an upload has brought the whole file, which is just being published.
 */
public final class UploadFinishingException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure from the values concerned. */
  public UploadFinishingException(UploadId uploadId) {
    super(
        ErrorKind.ABORTED,
        "UPLOAD_FINISHING",
        "upload " + uploadId + " is whole and just being published; ask for its state again",
        Map.of("upload_id", uploadId.value()));
  }
}
