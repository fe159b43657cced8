package dev.slipway.client;

/**
 * Hears of what went wrong with what a job logs. Called on the thread that sends, never on that of
 * the job; sending waits for it. What it throws is logged and otherwise ignored.
 */
public interface RunListener {
  /**
   * Hears that points were dropped: at once for the first, then every ten seconds at most.
   *
   * @param inAll all drops of the run so far
   */
  default void dropped(DroppedPoints inAll) {}

  /**
   * Hears that the service has refused something for good: a param, a tag, or all metrics or the
   * creation of the run, which are kept in the spill then.
   */
  default void refused(TrackingException reason) {}
}
