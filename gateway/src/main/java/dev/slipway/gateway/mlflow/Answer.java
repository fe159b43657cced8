package dev.slipway.gateway.mlflow;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;

/** Writes the fields of a successful answer into the object that is open. */
@FunctionalInterface
public interface Answer {
  /** The answer that says nothing but success. */
  Answer EMPTY = json -> {};

  /** Writes the fields; everything that could fail but the connection has happened before. */
  void writeTo(JsonGenerator json) throws IOException;
}
