package dev.slipway.tracking.entry;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports an attempt to give a param another value: params are write-once. */
public final class ParamConflictException extends ServiceException {
  private static final long serialVersionUID = 1L;

  private static final int MAX_SHOWN = 200;

  /** Creates the failure. */
  public ParamConflictException(String key, String storedValue, String newValue) {
    super(
        ErrorKind.INVALID_ARGUMENT,
        "PARAM_CONFLICT",
        "param "
            + key
            + " has the value '"
            + shown(storedValue)
            + "' and cannot be changed to '"
            + shown(newValue)
            + "'; params are write-once, log it under another key or in another run",
        Map.of("key", key, "stored_value", shown(storedValue), "new_value", shown(newValue)));
  }

  /** Error details travel in headers of limited size. */
  private static String shown(String value) {
    return value.length() <= MAX_SHOWN ? value : value.substring(0, MAX_SHOWN) + "...";
  }
}
