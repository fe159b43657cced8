package dev.slipway.client;

import java.io.IOException;

/** Says that a file of this machine could not be read or written: no other server mends that. */
final class LocalFileException extends IOException {
  private static final long serialVersionUID = 1L;

  LocalFileException(IOException cause) {
    super(cause.getMessage() == null ? cause.toString() : cause.getMessage(), cause);
  }
}
