package dev.slipway.engine.predictor.python;

import com.fasterxml.jackson.databind.JsonNode;

/** What a worker says of a failure. */
final class WorkerError {

  private static final int MAX_CHARACTERS = 8_000;

  private WorkerError() {}

  /**
   * Returns the message and, line by line, the frames of the traceback, the innermost first: what
   * is cut off on the way to the caller is the least of it.
   */
  static String text(JsonNode error) {
    StringBuilder text = new StringBuilder(error.path("problem").asText());
    for (JsonNode frame : error.path("trace")) {
      text.append("\n  ").append(frame.asText());
    }
    return text.length() > MAX_CHARACTERS
        ? text.substring(0, MAX_CHARACTERS) + "…"
        : text.toString();
  }
}
