package dev.slipway.gateway.http;

/**
 * Says that an answer that has begun cannot be completed. The connection is broken off, so that no
 * client takes what it got for all.
 */
public final class BrokenAnswerException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure with what stopped the answer. */
  public BrokenAnswerException(Throwable cause) {
    super(cause);
  }
}
