package dev.slipway.cli.batch;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * Waits before what a server could not do is asked of it again: twice as long each time, up to ten
 * seconds, and not longer than allowed without an answer in between. Of one thread.
 */
final class BackOff {
  private static final Set<Status.Code> PASSING =
      Set.of(Status.Code.UNAVAILABLE, Status.Code.RESOURCE_EXHAUSTED);
  private static final long FIRST_MILLIS = 100;
  private static final long LONGEST_MILLIS = 10_000;

  private final Duration patience;
  private long failingSince;
  private int failures;

  /** Creates it with the longest time between the first of several failures and the last. */
  BackOff(Duration patience) {
    this.patience = patience;
  }

  /** Takes note that the server answers. */
  void answered() {
    failures = 0;
  }

  /**
   * Waits after a failure.
   *
   * @throws StatusRuntimeException the failure, if it does not pass or has lasted for too long
   */
  void pause(StatusRuntimeException failure) throws InterruptedException {
    long now = System.nanoTime();
    if (failures == 0) {
      failingSince = now;
    }
    if (!PASSING.contains(failure.getStatus().getCode())
        || now - failingSince >= patience.toNanos()) {
      throw failure;
    }
    long longest = Math.min(LONGEST_MILLIS, FIRST_MILLIS << Math.min(failures, 10));
    failures++;
    // Those who were refused together must not come back together.
    TimeUnit.MILLISECONDS.sleep(ThreadLocalRandom.current().nextLong(longest / 2, longest + 1));
  }
}
