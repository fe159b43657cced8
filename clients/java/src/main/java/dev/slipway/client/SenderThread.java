package dev.slipway.client;

import io.grpc.Status;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs a loop on a daemon thread of its own, and tells when it dies. */
final class SenderThread {
  private static final Logger log = LoggerFactory.getLogger(SenderThread.class);

  private SenderThread() {}

  /** Does one round, which may wait. */
  interface Round {
    /** Returns whether there is another one. */
    boolean run() throws InterruptedException;
  }

  static void start(String runId, Round round, Consumer<TrackingException> death) {
    Thread thread = new Thread(() -> loop(runId, round, death), "slipway-run-" + runId);
    thread.setDaemon(true);
    thread.start();
  }

  private static void loop(String runId, Round round, Consumer<TrackingException> death) {
    try {
      boolean more = true;
      while (more) {
        more = round.run();
      }
    } catch (Throwable e) {
      // Errors too: whoever waits must hear that nothing is sent any more.
      log.error("nothing of run {} is sent any more", runId, e);
      death.accept(new TrackingException("the sender failed", Status.Code.INTERNAL, e));
    }
  }
}
