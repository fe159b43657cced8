package dev.slipway.gateway.http;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;

/** Says what is wrong with JSON that a client sent. */
public final class JsonFaults {
  /** Where the parser begins to speak of its own buffers. */
  private static final String PARSER_TALK = " \\(start marker";

  private JsonFaults() {}

  /** Returns the fault and where it is, fit for the client to see. */
  public static String describe(JsonProcessingException fault) {
    JsonLocation location = fault.getLocation();
    String where =
        location == null
            ? ""
            : " at line %d, column %d".formatted(location.getLineNr(), location.getColumnNr());
    return "The request body is not valid JSON"
        + where
        + ": "
        + fault.getOriginalMessage().split(PARSER_TALK, 2)[0];
  }
}
