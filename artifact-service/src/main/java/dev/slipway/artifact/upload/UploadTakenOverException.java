package dev.slipway.artifact.upload;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Says that a newer stream has taken an upload over, or that it was aborted. */
public final class UploadTakenOverException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure from the values concerned. */
  public UploadTakenOverException(String uploadName) {
    super(
        ErrorKind.ABORTED,
        "UPLOAD_TAKEN_OVER",
        "upload " + uploadName + " was taken over by a newer stream, or aborted",
        Map.of("upload_id", uploadName));
  }
}
