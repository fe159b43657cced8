package dev.slipway.registry.event;

/**
 * Says that what is stored of an event cannot be read: it was damaged, or written by a later
 * version of this program. Another attempt on another replica may fare better.
 */
public final class UnreadableEventException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** Creates the failure. */
  public UnreadableEventException(long revision, Throwable cause) {
    super("event " + revision + " cannot be read; the server's log says why", cause);
  }
}
