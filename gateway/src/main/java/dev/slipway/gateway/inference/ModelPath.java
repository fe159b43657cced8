package dev.slipway.gateway.inference;

import io.javalin.http.Context;

/**
 * Names the model that a request is about.
 *
 * @param version a number, a stage, {@code latest} or an alias; empty when the path has none
 */
record ModelPath(String model, String version) {
  /** Reads the path of a request; the model is empty when the path has none. */
  static ModelPath of(Context context) {
    return new ModelPath(
        context.pathParamMap().getOrDefault("model", ""),
        context.pathParamMap().getOrDefault("version", ""));
  }
}
