package dev.slipway.runtime.error;

import java.util.Map;
import java.util.Objects;

/**
 * Is the root of every failure that a service foresees.
 *
 * <p>A subclass is named for the fact ({@code RunNotFoundException}) and carries the values
 * concerned as metadata. {@link StatusMapper} turns it into a gRPC status; nothing between the
 * throw and the interceptor handles it. Immutable.
 */
public abstract class ServiceException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ErrorKind kind;
  private final String reason;
  private final transient Map<String, String> metadata;

  /**
   * Creates a failure without a cause.
   *
   * @param reason stable upper-snake identifier that clients may switch on, at most 63 characters
   * @param message what happened and what to do next, in the caller's vocabulary
   * @param metadata values concerned, keyed by lower-snake names
   */
  protected ServiceException(
      ErrorKind kind, String reason, String message, Map<String, String> metadata) {
    this(kind, reason, message, metadata, null);
  }

  /** Creates a failure with the cause that is logged but never sent to the caller. */
  protected ServiceException(
      ErrorKind kind,
      String reason,
      String message,
      Map<String, String> metadata,
      Throwable cause) {
    super(message, cause);
    this.kind = Objects.requireNonNull(kind);
    this.reason = Objects.requireNonNull(reason);
    this.metadata = Map.copyOf(metadata);
  }

  /** Returns the class of failure, which fixes the gRPC code. */
  public final ErrorKind kind() {
    return kind;
  }

  /** Returns the stable identifier sent as {@code ErrorInfo.reason}. */
  public final String reason() {
    return reason;
  }

  /** Returns the values concerned, sent as {@code ErrorInfo.metadata}. */
  public final Map<String, String> metadata() {
    return metadata == null ? Map.of() : metadata;
  }
}
