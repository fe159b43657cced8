package dev.slipway.gateway.mlflow;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;

/** Writes the fields of a successful answer into the object that is open. */
@FunctionalInterface
public interface Answer {
  /** The answer that says nothing but success. */
  Answer EMPTY = json -> {};

  /**
   * Writes the fields.
   *
   * @throws IOException if the client is away
   * @throws io.grpc.StatusRuntimeException if the rest of a long list cannot be had; the connection
   *     is then broken off, since it is too late for an error
   */
  void writeTo(JsonGenerator json) throws IOException;
}
